# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from datetime import timedelta

from freezegun import freeze_time

from odoo import fields
from odoo.tests import tagged

from ..models.payment_request_delivery import Outcome
from .delivery_case import DeliveryCase
from .mail_wire import mail_server


@tagged("post_install", "-at_install")
class TestCascade(DeliveryCase):
    """E-mail, then SMS, then the person in charge."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.write({"payment_request_cascade": True, "payment_request_cascade_days": 3})

    def setUp(self):
        super().setUp()
        self.request = self._ask("email")
        with mail_server(self.env):
            self._drain()

    def _drain_after(self, days, **delta):
        with freeze_time(fields.Datetime.now() + timedelta(days=days, minutes=1, **delta)):
            self._drain()
            self._drain()

    def _get_states(self):
        return [(row.channel, row.state) for row in self.request.delivery_ids.sorted("id")]

    def test_not_opened(self):
        self._drain_after(2)
        self.assertEqual(self._get_states(), [("email", "sent")])
        self._drain_after(3)
        self.assertEqual(self._get_states(), [("email", "sent"), ("sms", "sent")])
        self.assertFalse(self.request.activity_ids)
        self.assertIn("not opened in 3 days", self.request.message_ids[0].body)
        self._drain_after(5)
        self.assertFalse(self.request.activity_ids)
        self._drain_after(7)
        self.assertIn("Nobody opened", self._get_activities(self.request))
        self._drain_after(30)
        self.assertEqual(len(self.request.delivery_ids), 2)
        self.assertEqual(len(self.request.activity_ids), 1)

    def test_bounced(self):
        self.request._message_receive_bounce("petra@example.com", self.payer)
        self._drain()
        self.assertEqual(self._get_states(), [("email", "bounced"), ("sms", "sent")])
        self.assertFalse(self.request.activity_ids)

    def test_sms_fails_too(self):
        self.twilio.fail_next(status=400, code=21614)
        self.request._message_receive_bounce("petra@example.com", self.payer)
        self._drain()
        self.assertEqual(self._get_states(), [("email", "bounced"), ("sms", "failed")])
        self.assertIn("Correct the number", self._get_activities(self.request))

    def test_opened(self):
        self.request._register_opening("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0) Safari/604.1")
        self._drain_after(10)
        self.assertEqual(self._get_states(), [("email", "sent")])
        self.assertFalse(self.request.activity_ids)

    def test_scanner_is_no_customer(self):
        self.request._register_opening("Mozilla/5.0 (compatible; Barracuda Link Scanner)")
        self._drain_after(3)
        self.assertEqual(len(self.request.delivery_ids), 2)

    def test_paid_or_cancelled(self):
        self.request._transition("completed")
        self._drain_after(10)
        self.assertEqual(self._get_states(), [("email", "sent")])

    def test_no_phone(self):
        self.payer.phone = False
        self.request.to_phone = False
        self._drain_after(3)
        self.assertEqual(self._get_states(), [("email", "sent")])
        self.assertIn("not opened in 3 days", self._get_activities(self.request))

    def test_sms_is_not_set_up(self):
        self.company.sms_twilio_auth_token = False
        self._drain_after(3)
        self.assertEqual(self._get_states(), [("email", "sent")])
        self.assertIn("not opened in 3 days", self._get_activities(self.request))

    def test_opted_out_phone(self):
        self.env["phone.blacklist"].sudo()._add(["+14155550100"])
        self._drain_after(3)
        self.assertEqual(self._get_states(), [("email", "sent")])
        self.assertTrue(self.request.activity_ids)

    def test_overridden_by_the_request(self):
        self.request.with_user(self.billing_user).cascade = "no"
        self._drain_after(3)
        self.assertEqual(self._get_states(), [("email", "sent")])
        self.company.payment_request_cascade = False
        other = self._ask("email")
        other.cascade = "yes"
        other._message_receive_bounce("petra@example.com", self.payer)
        self.assertEqual(other.delivery_ids.mapped("state"), ["queued"], "it was never sent")
        with mail_server(self.env):
            self._drain()
        other._message_receive_bounce("petra@example.com", self.payer)
        self.assertEqual(sorted(other.delivery_ids.mapped("channel")), ["email", "sms"])

    def test_both_channels_were_used_already(self):
        request = self._ask("email_sms")
        with mail_server(self.env):
            self._drain()
        self._drain_after(3)
        self.assertEqual(len(request.delivery_ids), 2)
        self.assertIn("Nobody opened", self._get_activities(request))

    def test_quiet_hours_hold_the_next_channel(self):
        self.payer.tz = "America/New_York"
        self.company.write({"payment_request_quiet_from": 21, "payment_request_quiet_to": 8})
        self.request.expires_at = "2040-01-01"
        with freeze_time("2031-01-15 06:00:00"):
            self._drain()
            self.assertEqual(self._get_states(), [("email", "sent"), ("sms", "queued")])
        with freeze_time("2031-01-15 16:00:01"):
            self._drain()
        self.assertEqual(self._get_states(), [("email", "sent"), ("sms", "sent")])

    def test_stop_while_the_next_channel_waits(self):
        self.payer.tz = "America/New_York"
        self.company.write({"payment_request_quiet_from": 21, "payment_request_quiet_to": 8})
        self.request.expires_at = "2040-01-01"
        with freeze_time("2031-01-15 06:00:00"):
            self._drain()
        self.env["phone.blacklist"].sudo()._add([self.request.to_phone])
        with freeze_time("2031-01-15 16:00:01"):
            self._drain()
        self.assertEqual(self._get_states(), [("email", "sent"), ("sms", "skipped")])
        self.assertIn("wants no more messages", self._get_activities(self.request))

    def test_what_is_not_wanted_any_more_troubles_nobody(self):
        self.company.write({"payment_request_quiet_from": 21, "payment_request_quiet_to": 8})
        self.request.expires_at = "2040-01-01"
        with freeze_time("2031-01-15 06:00:00"):
            self._drain()
        self.assertEqual(self._get_states(), [("email", "sent"), ("sms", "queued")])
        self.request._transition("completed")
        self.env["phone.blacklist"].sudo()._add([self.request.to_phone])
        with freeze_time("2031-01-15 16:00:01"):
            self._drain()
        self.assertEqual(self._get_states(), [("email", "sent"), ("sms", "skipped")])
        self.assertFalse(self.request.activity_ids)


@tagged("post_install", "-at_install")
class TestLateNews(DeliveryCase):
    """That a message failed is told late, and its link may be over by then."""

    def _report(self, row, code):
        message = {"account_sid": "AC0", "sid": "SM1", "from": "+1", "to": row.recipient}
        row._apply_callback(self.twilio.callback(message, "undelivered", code))

    def _end(self, request, how):
        if how == "cancelled":
            request.with_user(self.billing_user).action_cancel()
        elif how == "expired":
            request.expires_at = fields.Datetime.now() - timedelta(minutes=1)
            self._run_cron("ir_cron_expire_requests")
        elif how == "paid by bank":
            self.env["account.payment.register"].with_context(
                active_model="account.move", active_ids=request.line_ids.move_id.ids
            ).create({})._create_payments()
        elif how:
            request._transition(how)

    def test_troubles_nobody_when_the_link_is_over(self):
        for how, tasks in (
            ("", 1),
            ("expired", 1),
            ("completed", 0),
            ("processing", 0),
            ("cancelled", 0),
            ("paid by bank", 0),
        ):
            with self.subTest(how=how):
                row = self._send()
                self._end(row.request_id, how)
                before = row.request_id.activity_ids
                self._report(row, "30003")
                self.assertEqual(row.state, "failed")
                self.assertEqual(len(row.request_id.activity_ids - before), tasks)

    def test_bounce_of_what_is_paid(self):
        with mail_server(self.env):
            row = self._send("email")
        row.request_id._transition("completed")
        row.request_id._message_receive_bounce("petra@example.com", self.payer)
        self.assertEqual(row.state, "bounced")
        self.assertFalse(row.request_id.activity_ids)

    def test_our_own_trouble_is_told_all_the_same(self):
        row = self._send()
        row.request_id._transition("completed")
        self._report(row, "30034")
        self.assertIn("Messages fail", self._get_activities(row.request_id))


@tagged("post_install", "-at_install")
class TestNotReached(DeliveryCase):
    """What troubled a person is over when the customer is reached after all."""

    def setUp(self):
        super().setUp()
        self.twilio.fail_next(status=400, code=30003)
        self.row = self._send()
        self.request = self.row.request_id

    def _is_found(self):
        return self.request in self.env["payment.request"].search([("is_unreached", "=", True)])

    def _date_back(self, row):
        """All that a test makes has one moment."""
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE payment_request_delivery SET create_date = create_date - interval '1 hour' "
            "WHERE id = %s",
            [row.id],
        )
        self.env.invalidate_all()

    def test_one_that_did_not_arrive(self):
        self.assertIn("did not reach", self._get_activities(self.request))
        self.assertTrue(self._is_found())
        self.assertTrue(self.request.is_unreached)
        others = self.env["payment.request"].search([("is_unreached", "=", False)])
        self.assertNotIn(self.request, others)

    def test_sent_again(self):
        self.row.action_send_again()
        self.assertFalse(self._is_found(), "another is on its way")
        self._drain()
        self.assertEqual(self.request.delivery_ids.mapped("state"), ["sent", "failed"])
        self.assertFalse(self.request.activity_ids)
        self.assertFalse(self._is_found())

    def test_sent_again_in_vain(self):
        self.twilio.fail_next(status=400, code=30003)
        self.row.action_send_again()
        self._drain()
        self.assertEqual(len(self.request.activity_ids), 1)
        self.assertTrue(self._is_found())

    def test_an_old_message_that_arrives_is_no_news_of_the_last_one(self):
        self.twilio.fail_next(status=400, code=30003)
        self.row.action_send_again()
        self._drain()
        self.row._apply_outcomes({self.row: Outcome("delivered")})._react()
        self.assertEqual(self.request.delivery_ids.mapped("state"), ["failed", "delivered"])
        self.assertEqual(len(self.request.activity_ids), 1)
        self.assertTrue(self._is_found())

    def test_reached_by_another_channel_later(self):
        self._date_back(self.row)
        self.request._queue_messages([(self.request, "email", "petra@example.com")])
        self.assertTrue(self._is_found(), "it is not sent yet")
        with mail_server(self.env):
            self._drain()
        self.assertFalse(self._is_found())

    def test_one_of_two_at_once(self):
        self.request._queue_messages([(self.request, "email", "petra@example.com")])
        with mail_server(self.env):
            self._drain()
        self.assertTrue(self._is_found())

    def test_a_later_one_that_was_given_up_is_no_news(self):
        self.row.action_send_again()
        self.request.delivery_ids.sorted("id")[-1]._skip("Not wanted")
        self.assertTrue(self._is_found())

    def _forward(self, state):
        row = self.request._queue_messages(
            [(self.request, "sms", "+14155550122")], automatic=True, is_forwarded=True
        )
        row.state = state
        return row

    def test_a_typing_error_of_the_payer_is_not_ours(self):
        self.row.state = "delivered"
        self._forward("failed")
        self.assertFalse(self._is_found())
        self.assertEqual(self.request.delivery_state, "sent")

    def test_a_colleague_of_the_payer_is_not_the_customer(self):
        self._date_back(self.row)
        self._forward("sent")
        self.assertTrue(self._is_found())
        self.assertEqual(self.request.delivery_state, "not_reached")

    def test_is_looked_up_again_when_a_message_turns_out_to_be_forwarded(self):
        self.assertTrue(self.request.is_unreached)
        self.row.is_forwarded = True
        self.assertFalse(self.request.is_unreached)
