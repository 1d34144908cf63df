# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from decimal import Decimal

from odoo import fields, models

from ..gateways.money import to_decimal


class AccountMoveLine(models.Model):
    _name = "account.move.line"
    _inherit = ["account.move.line", "payment.request.protection"]

    _kept_by_payment_requests = frozenset(
        {
            "payment_request_credit_id",
            "payment_request_line_id",
            "payment_request_part",
            "payment_request_share_id",
            "payment_request_taken_from",
        }
    )

    payment_request_line_id = fields.Many2one(
        comodel_name="payment.request.line",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        help="The requested invoice that this share of a payment was quoted for.",
    )
    payment_request_part = fields.Selection(
        selection=[
            ("discount", "Early Payment Discount"),
            ("discount_cost", "Cost of the Discount"),
            ("credit", "Credit Applied"),
            ("credit_source", "Credit Taken"),
        ],
        readonly=True,
        copy=False,
        help="What this item of a payment settles besides the money that Stripe took.",
    )
    payment_request_credit_id = fields.Many2one(
        comodel_name="payment.request.credit",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        help="The deduction of the payment request that this item settles.",
    )

    def _get_request_shares(self):
        """Return those of these items that settle requested invoices: money, discount, credit."""
        return self.filtered(
            lambda line: (
                line.payment_request_line_id and line.payment_request_part != "discount_cost"
            )
        )

    def _get_open_amount(self):
        """Return what is open of these items, all of one side and one currency: Decimal."""
        return sum(
            (
                to_decimal(abs(line.amount_residual_currency), line.currency_id.decimal_places)
                for line in self
            ),
            Decimal(0),
        )
