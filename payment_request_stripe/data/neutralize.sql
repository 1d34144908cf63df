-- A copy of a production database neither charges, nor sends, nor believes what it receives.
UPDATE payment_provider
   SET payment_request_webhook_secret = NULL,
       payment_request_webhook_ref = NULL,
       payment_request_webhook_key = NULL;
UPDATE res_company
   SET payment_request_messaging_service = NULL,
       sms_twilio_account_sid = NULL,
       sms_twilio_auth_token = NULL;
UPDATE payment_request_delivery
   SET state = 'skipped'
 WHERE state IN ('queued', 'sending');
UPDATE payment_request_batch
   SET state = 'done'
 WHERE state != 'done';
UPDATE payment_request_webhook
   SET active = FALSE,
       secret = NULL,
       old_secret = NULL;
UPDATE payment_request_webhook_event
   SET state = 'failed'
 WHERE state IN ('queued', 'sending');
-- Production's sessions at Stripe must not be reached from here, whatever keys are entered later.
UPDATE payment_request_checkout
   SET state = 'expired',
       url = NULL
 WHERE state IN ('intended', 'open');
UPDATE payment_request_refund
   SET state = 'cancelled'
 WHERE state = 'intended';
UPDATE payment_request_event
   SET state = 'ignored'
 WHERE state IN ('received', 'failed');
DELETE FROM ir_cron_trigger
 WHERE cron_id IN (
       SELECT res_id
         FROM ir_model_data
        WHERE module = 'payment_request_stripe'
          AND model = 'ir.cron'
       );
UPDATE ir_cron
   SET active = FALSE
 WHERE id IN (
       SELECT res_id
         FROM ir_model_data
        WHERE module = 'payment_request_stripe'
          AND model = 'ir.cron'
       );
DELETE FROM ir_config_parameter
 WHERE key IN (
       'payment_request_stripe.stripe_api_base',
       'payment_request_stripe.twilio_api_base'
       );
