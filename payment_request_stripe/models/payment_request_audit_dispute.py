# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from dataclasses import replace

from odoo import models

from ..gateways.money import to_major
from ..gateways.undo import parse_dispute


class PaymentRequestAudit(models.AbstractModel):
    """Says what our books do not say of a dispute's movements."""

    _inherit = "payment.request.audit"

    def _compare_dispute(self, source):
        ref = source["id"]
        dispute = self._find_row("payment.request.dispute", "stripe_dispute_ref", ref)
        moves = source.get("balance_transactions") or ()
        if dispute.move_count > len(moves):  # it went on since this was told
            return []
        account = dispute.payment_id.outstanding_account_id
        money, fees = self._sum_moves(moves, "amount"), self._sum_moves(moves, "fee")
        own = dispute.stripe_fee_move_id | dispute.stripe_exchange_move_id
        entries = dispute.move_id | own | self._find_named(ref, account)
        booked = self._get_booked(entries, account)
        expected = {code: money.get(code, 0) - fees.get(code, 0) for code in {*money, *fees}}
        told = parse_dispute(source)
        if dispute.move_count == len(moves):  # how it ended may have been told since
            told = replace(told, state=dispute.state)
        is_held = dispute and dispute._get_held(told) == dispute._get_withdrawn()
        if is_held and self._is_same(booked, expected):
            return []
        if dispute and self._is_same(booked, money):
            return [self.env._("The fee of dispute %(ref)s is not booked.", ref=ref)]
        return [
            self.env._(
                "The money of dispute %(ref)s of %(money)s is not booked as it moved.",
                ref=ref,
                money=self._format(source["amount"], source["currency"]),
            )
        ]

    def _sum_moves(self, moves, name):
        """Return ``{currency: Decimal}`` of the amounts or fees of a dispute's movements."""
        totals = {}
        for move in moves:
            code = move["currency"].upper()
            totals[code] = totals.get(code, 0) + to_major(move[name], code)
        return {code: total for code, total in totals.items() if total}
