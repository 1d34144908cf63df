# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from collections import Counter

from odoo import api, models

from ..gateways.errors import MalformedPayload
from ..gateways.events import parse_event
from ..gateways.money import to_decimal
from .payment_request_changes import get_native_domain
from .payment_request_pay import PAID_EVENTS


class AccountMove(models.Model):
    """What is on its way to us for an invoice, and is not in the books yet."""

    _inherit = "account.move"

    def _get_in_transit(self):
        """Return ``{invoice: Decimal}`` of what payments of any kind will settle of these.

        Major units, at most what is owed; only invoices of which something is on its way. A payment
        of the portal counts as the whole invoice: our links do not open beside one.
        """
        native = (
            self.env["payment.transaction"]
            .sudo()
            .search([("invoice_ids", "in", self.ids), *get_native_domain()])
            .invoice_ids
        )
        ours, owed = (
            self._get_payment_request_transit(),
            {
                move: to_decimal(move.amount_residual, move.currency_id.decimal_places)
                for move in self
            },
        )
        return {
            move: amount if move in native else min(amount, ours[move])
            for move, amount in owed.items()
            if move in native or move in ours
        }

    def _get_payment_request_transit(self, but=None):
        """Return ``{invoice: Decimal}`` of what payments by our links will settle, as quoted.

        :param but: a request whose own payments do not count
        """
        checkouts = self.env["payment.request.checkout"].sudo()._find_under_way(self)
        settled = Counter()
        for checkout in checkouts:
            if checkout.request_id != but:
                settled += checkout.request_id._get_settled_by(checkout.quote)
        return {move: settled[move] for move in self if settled[move]}


class PaymentRequestCheckout(models.Model):
    _inherit = "payment.request.checkout"

    @api.model
    def _find_under_way(self, moves):
        """Return the checkouts of links for `moves` that were paid, and are not in the books.

        A bank debit may take days; what could not be booked waits for a person.
        """
        if not moves:
            return self.browse()
        debits = self.search(
            [
                ("request_id.state", "=", "processing"),
                ("request_id.line_ids.move_id", "in", moves.ids),
                ("state", "=", "complete"),
            ]
        )
        unbooked = self.env["payment.request.event"]._find_unbooked(moves)
        return (debits | unbooked)._filter_unbooked()

    def _filter_unbooked(self):
        """Return those of which there is no payment yet."""
        refs = [ref for ref in self.mapped("stripe_payment_intent_ref") if ref]
        if not refs:
            return self
        payments = self.env["account.payment"].search([("stripe_payment_intent_ref", "in", refs)])
        booked = set(payments.mapped("stripe_payment_intent_ref"))
        return self.filtered(lambda one: one.stripe_payment_intent_ref not in booked)


class PaymentRequestEvent(models.Model):
    _inherit = "payment.request.event"

    @api.model
    def _find_unbooked(self, moves):
        """Return the checkouts of links for `moves` whose money the books could not take yet."""
        failed = self.search(
            [
                ("request_id.line_ids.move_id", "in", moves.ids),
                ("state", "=", "failed"),
                ("event_type", "in", PAID_EVENTS),
            ]
        )
        checkouts = self.env["payment.request.checkout"]
        for event in failed:
            try:
                checkouts |= event._find_checkout(parse_event(event.payload))
            except MalformedPayload:
                continue
        return checkouts
