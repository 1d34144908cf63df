# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import models

from ..gateways.money import to_decimal


class PaymentRequestLine(models.Model):
    """What became of a line, counted by what is on its invoice now."""

    _inherit = "payment.request.line"

    def _count_lost(self, field_name, amounts):
        """Raise a count of what went back of these lines by what their invoices lost.

        :param str field_name: ``amount_refunded`` or ``amount_disputed``
        :param dict amounts: the most that each line may have lost, Decimal, major units
        """
        self._count_discounts()
        for line in self:
            digits = line.currency_id.decimal_places
            lost = min(max(line._get_net_paid() - line._get_reconciled(), 0), amounts[line])
            line[field_name] = float(to_decimal(line[field_name], digits) + lost)

    def _count_returned(self, field_name):
        """Lower a count of what went back of these lines by what their invoices got again.

        :param str field_name: as for :meth:`_count_lost`
        """
        self._count_discounts()
        for line in self:
            digits = line.currency_id.decimal_places
            got = max(line._get_reconciled() - line._get_net_paid(), 0)
            counted = to_decimal(line[field_name], digits)
            line[field_name] = float(counted - min(got, counted))

    def _count_reconciled(self):
        """Count what a person reconciled of this request's payments with its invoices.

        No more is paid than Stripe's payments gave. What is on an invoice beyond that had gone
        back, and somebody has taken the refund or dispute from elsewhere since.
        """
        lines = self.sudo()
        lines._count_discounts()
        for line in lines:
            digits = line.currency_id.decimal_places
            more = line._get_reconciled() - line._get_net_paid()
            room = line._get_given() - to_decimal(line.amount_paid, digits)
            for name, sign, most in (
                ("amount_paid", 1, room),
                ("amount_refunded", -1, to_decimal(line.amount_refunded, digits)),
                ("amount_disputed", -1, to_decimal(line.amount_disputed, digits)),
            ):
                part = max(min(more, most), 0)
                if part:
                    line[name] = float(to_decimal(line[name], digits) + sign * part)
                    more -= part

    def _get_given(self):
        """Return what Stripe's payments gave for this line: Decimal, major units."""
        self.ensure_one()
        digits = self.currency_id.decimal_places
        shares = self.env["account.move.line"].search(
            [("payment_request_line_id", "=", self.id), ("payment_request_part", "=", False)]
        )
        return sum(
            (to_decimal(-share.amount_currency, digits) for share in shares),
            to_decimal(0, digits),
        )
