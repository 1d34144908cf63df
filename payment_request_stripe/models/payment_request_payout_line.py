# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, models

from ..gateways.money import to_decimal, to_minor


class PaymentRequestPayoutLine(models.Model):
    """Where a movement of a payout stands in our books."""

    _inherit = "payment.request.payout.line"

    @api.model
    def _to_minor(self, amount, currency):
        """Return a stored amount (major units) in Stripe's minor units of `currency`."""
        return to_minor(to_decimal(amount, currency.decimal_places), currency.name)

    def _link(self):
        """Find the payment, refund or dispute of each line, and what differs of it."""
        for line in self:
            line.write(line._find_in_books())

    def _find_in_books(self):
        """Return the values that say where one movement is booked, and what is not as told."""
        self.ensure_one()
        nothing = {"payment_id": False, "dispute_id": False, "request_id": False}
        source = (self.movement or {}).get("source")
        if not self.is_ours or not isinstance(source, dict):
            return {**nothing, "difference": False}
        audit = self.payout_id
        payment = dispute = None
        if self.kind == "payment":
            ref = source.get("payment_intent")
            payment = audit._find_row("account.payment", "stripe_payment_intent_ref", ref)
        elif self.kind == "refund":
            payment = audit._find_row("account.payment", "stripe_refund_ref", source["id"])
        elif self.kind == "dispute":
            dispute = audit._find_row("payment.request.dispute", "stripe_dispute_ref", source["id"])
        request = (payment and payment.payment_request_id) or (dispute and dispute.request_id)
        return {
            "payment_id": payment.id if payment else False,
            "dispute_id": dispute.id if dispute else False,
            "request_id": request.id if request else False,
            "difference": " ".join(audit._find_difference(self.movement, source)) or False,
        }
