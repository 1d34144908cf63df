# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, models

from ..gateways.events import PaymentEvent

# What we do about each type of event. Its keys are also what the endpoint at Stripe is created
# with, so that there is one list.
HANDLERS = {
    "checkout.session.completed": "_on_checkout_completed",
    "checkout.session.async_payment_succeeded": "_on_paid",
    "checkout.session.async_payment_failed": "_on_debit_failed",
    "checkout.session.expired": "_on_checkout_expired",
    "payment_intent.succeeded": "_on_paid",
    "payment_intent.payment_failed": "_on_declined",
    "charge.pending": "_on_debit_pending",
    "charge.updated": "_on_charge_updated",
    "charge.dispute.closed": "_on_dispute",
    "charge.dispute.created": "_on_dispute",
    "charge.dispute.funds_reinstated": "_on_dispute",
    "charge.dispute.funds_withdrawn": "_on_dispute",
    "charge.dispute.updated": "_on_dispute",
    "charge.refunded": "_on_charge_refunded",
    "payout.failed": "_on_payout",
    "payout.paid": "_on_payout",
    "payout.reconciliation_completed": "_on_payout",
    "refund.created": "_on_refund",
    "refund.failed": "_on_refund",
    "refund.updated": "_on_refund",
}


class PaymentRequestEvent(models.Model):
    """What each type of event means for the checkout it speaks of.

    Handlers return the reason why there was nothing to do, or none. They may run twice, and in
    any order: what is already known is never taken back by an older event.
    """

    _inherit = "payment.request.event"

    @api.model
    def _handled_event_types(self):
        return list(HANDLERS)

    @api.model
    def _get_handler(self, event_type):
        return getattr(self, HANDLERS[event_type]) if event_type in HANDLERS else None

    def _find_checkout(self, event: PaymentEvent):
        """Return the checkout that an event speaks of, or none when it is not ours."""
        self.ensure_one()
        checkouts = self.env["payment.request.checkout"]
        candidates = (
            ("idempotency_key", event.metadata.get("checkout")),
            ("stripe_checkout_session_ref", event.session_ref),
            ("stripe_payment_intent_ref", event.payment_intent_ref),
        )
        for field_name, value in candidates:
            if not value:
                continue
            found = checkouts.search_fetch([(field_name, "=", value)], limit=1)
            if found.request_id.provider_id == self.provider_id:
                return found
        return checkouts

    def _on_checkout_completed(self, checkout, event: PaymentEvent):
        """The payer finished at Stripe: paid at once, or a bank debit is on its way."""
        if event.is_paid:
            return self._on_paid(checkout, event)
        if checkout.state in ("failed", "complete"):
            return self.env._("What became of this debit is known already.")
        checkout._write_refs(event, state="complete")
        checkout.request_id._transition("processing", failure_reason=False)
        return ""

    def _on_paid(self, checkout, event: PaymentEvent):
        return checkout._book(event)

    def _on_debit_failed(self, checkout, event: PaymentEvent):
        """A bank debit did not go through: the link works again."""
        if checkout._get_payment():
            return self.env._("The payment was booked already.")
        if checkout.state == "failed":
            return self.env._("What became of this debit is known already.")
        reason = event.failure_message or self.env._("The bank did not carry out the debit.")
        decline = checkout._get_decline_values(event)
        checkout._write_refs(event, state="failed", failure_reason=reason, **decline)
        request = checkout.request_id
        if request._has_debit_under_way():
            return self.env._("A later debit is on its way.")
        if request._transition("failed", failure_reason=reason):
            request._renew_expiry()  # a bank may take longer than the link was to live
            request._notify_person_in_charge(
                self.env._("A bank debit failed"),
                self.env._("%(reason)s The payment link works again.", reason=reason),
                task="debit_failed",
            )
        return ""

    def _on_declined(self, checkout, event: PaymentEvent):
        """A card was declined: the payer is still on Stripe's page and may try another one."""
        request = checkout.request_id
        if checkout.state in ("complete", "failed") and event.failure_code:
            checkout.write(checkout._get_decline_values(event))  # why a debit failed
        if checkout._get_payment() or checkout.state not in ("intended", "open"):
            return self.env._("A later payment is known already.")
        checkout._write_refs(event, **checkout._get_decline_values(event))
        request._log_step(f"declined: {checkout.decline_code or 'no code'}", checkout)
        reason = event.failure_message or self.env._("The payment was declined.")
        if not request._transition("failed", failure_reason=reason):
            request.sudo().failure_reason = reason
        return ""

    def _on_checkout_expired(self, checkout, event: PaymentEvent):
        """Nobody paid in time. Our link stays; the next visit opens another session."""
        if checkout.state not in ("intended", "open"):
            return self.env._("This session is closed already.")
        checkout._write_refs(event, state="expired")
        return ""
