# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from decimal import Decimal

from odoo import models

from ..gateways.money import to_decimal


class AccountPayment(models.Model):
    """What refunds under way will take: a bank may take days, and nobody gives it twice."""

    _inherit = "account.payment"

    def _get_refundable(self):
        """Return what of this payment may still be refunded at Stripe: Decimal, major units."""
        self.ensure_one()
        nothing = to_decimal(0, self.currency_id.decimal_places)
        return sum(self._get_unpromised().values(), nothing)

    def _get_unpromised(self, named=False):
        """Return ``{share: Decimal}`` of what is left when all refunds under way are made.

        :param bool named: leave refunds out that name no invoice
        """
        self.ensure_one()
        refunds = self._get_refunds_under_way().sorted("id")
        left = {share: most for share, most in self._get_undoable().items() if most > 0}
        for refund in refunds.filtered("line_ids") if named else refunds:
            amount = to_decimal(refund.amount, self.currency_id.decimal_places)
            self._take_wanted(left, refund._get_wanted(), amount)
        return {share: most for share, most in left.items() if most > 0}

    def _get_refundable_credit(self):
        """Return what no invoice uses, nor a refund under way: Decimal, major units."""
        left, nobody = self._get_unpromised(), self.env["payment.request.line"]
        taken = self._take_named(left, nobody, sum(left.values()), "open")
        return sum((part.amount for part in taken), Decimal(0))

    def _get_refunds_under_way(self):
        """Return the refunds (sudo) of these payments that are not made yet."""
        return (
            self.env["payment.request.refund"]
            .sudo()
            .search([("payment_id", "in", self.ids), ("state", "in", ("intended", "pending"))])
        )

    def _get_promised(self):
        """Return ``{share: Decimal}`` of what refunds under way will take of these payments."""
        promised = {}
        for payment in self._get_refunds_under_way().payment_id:
            left = payment._get_unpromised()
            for share, most in payment._get_undoable().items():
                if (taken := most - left.get(share, 0)) > 0:
                    promised[share] = taken
        return promised


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    def _get_free_amounts(self):
        """Return ``{credit: Decimal}`` of what is open of these and not being refunded."""
        promised = self.sudo().move_id.origin_payment_id._get_promised()
        return {
            item: max(item._get_open_amount() - promised.get(item, 0), Decimal(0)) for item in self
        }

    def _get_free_amount(self):
        """Return the same of one credit."""
        return self._get_free_amounts()[self]
