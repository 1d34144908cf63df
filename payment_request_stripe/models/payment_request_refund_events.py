# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, fields, models

from ..gateways.errors import GatewayError
from ..gateways.events import PaymentEvent
from ..gateways.money import to_decimal, to_major
from ..gateways.undo import parse_refund

# What waits for its payment to be booked, when Stripe tells it first.
WAITING_TYPES = ("refund.", "charge.refunded", "charge.dispute.")


class PaymentRequestEvent(models.Model):
    """What Stripe tells about money that goes back."""

    _inherit = "payment.request.event"

    awaited_ref = fields.Char(
        string="Awaited Payment Intent",
        readonly=True,
        index="btree_not_null",
        help="The payment that this event is about and that is not booked yet.",
    )

    def _apply(self):
        """Keep what is about a payment that is not booked yet: it is applied when it is."""
        state, reason = super()._apply()
        if state == "ignored" and self.event_type.startswith(WAITING_TYPES):
            intent = self.payload.get("data", {}).get("object", {}).get("payment_intent")
            self.awaited_ref = intent if isinstance(intent, str) else False
        if self.awaited_ref and state == "done":
            return "ignored", reason
        return state, reason

    def _get_booked_payment(self, checkout):
        """Return the payment that an undoing is about; when there is none yet, wait for it."""
        payment = checkout._get_payment()
        self.awaited_ref = False if payment else self.payload["data"]["object"]["payment_intent"]
        return payment

    def _get_waiting_reason(self):
        return self.env._("The payment itself is not booked yet; this waits for it.")

    def _on_refund(self, checkout, event: PaymentEvent):
        """A refund was made, went through, or failed; whoever made it."""
        refund = parse_refund(self.payload["data"]["object"])
        payment = self._get_booked_payment(checkout)
        if not payment:
            return self._get_waiting_reason()
        row = self.env["payment.request.refund"]._adopt(payment, refund)
        return row._learn(refund, checkout._get_stripe_date(event))

    def _on_charge_refunded(self, checkout, event: PaymentEvent):
        """Something was refunded, but not which: Stripe is asked for the list."""
        payment = self._get_booked_payment(checkout)
        if not payment:
            return self._get_waiting_reason()
        charge = self.payload["data"]["object"]
        refunded = to_major(charge.get("amount_refunded") or 0, event.currency)
        known = self.env["payment.request.refund"].search(
            [("payment_id", "=", payment.id), ("state", "in", ("pending", "succeeded"))]
        )
        digits = payment.currency_id.decimal_places
        if sum(to_decimal(refund.amount, digits) for refund in known) >= refunded:
            return self.env._("The refunds are known already.")
        checkout.refunds_wanted = True
        self.env["payment.request.event"]._ring_poll()
        return ""

    def _on_paid(self, checkout, event: PaymentEvent):
        reason = super()._on_paid(checkout, event)
        self._wake_waiting(event.payment_intent_ref)
        return reason

    def _wake_waiting(self, payment_intent_ref):
        """Apply now what came before the payment it is about."""
        waiting = self.search(
            [
                ("awaited_ref", "=", payment_intent_ref),
                ("provider_id", "=", self.provider_id.id),
                ("state", "=", "ignored"),
            ]
        )
        if waiting:
            waiting.write({"state": "received", "awaited_ref": False})
            self._ring()


class PaymentRequestCheckout(models.Model):
    _inherit = "payment.request.checkout"

    refunds_wanted = fields.Boolean(
        readonly=True, help="Stripe has to be asked which refunds were made of this payment."
    )

    _refunds_wanted_index = models.Index("(id) WHERE refunds_wanted")

    @api.model
    def _poll_refunds(self, limit=200):
        """Ask Stripe for the refunds of the payments that it said were refunded."""
        wanted = self.search(
            [("refunds_wanted", "=", True)], order="asked_at nulls first, id", limit=limit
        )
        self.env["payment.request.event"]._poll_each(wanted, lambda one: one._poll_refunds_of())

    def _poll_refunds_of(self):
        try:
            self._ask_refunds()
        except GatewayError as error:
            self.request_id._log_step(f"refunds not listed: {error.message}", self)

    def _ask_refunds(self):
        """Put every refund of this payment into the inbox.

        :raise GatewayError: when Stripe cannot be asked
        """
        self.ensure_one()
        provider = self.request_id.provider_id
        self.asked_at = fields.Datetime.now()
        self.request_id._commit()
        found = provider._get_stripe_gateway().list_refunds(self.stripe_payment_intent_ref)
        for payload in found:
            self.env["payment.request.event"]._store(provider, payload)
            self.request_id._commit()  # storing the next one may roll back what is not
        self.refunds_wanted = False
        self.request_id._commit()
