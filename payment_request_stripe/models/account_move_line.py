# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import fields, models


class AccountMoveLine(models.Model):
    _name = "account.move.line"
    _inherit = ["account.move.line", "payment.request.protection"]

    _kept_by_payment_requests = frozenset({"payment_request_line_id"})

    payment_request_line_id = fields.Many2one(
        comodel_name="payment.request.line",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        help="The requested invoice that this share of a payment was quoted for.",
    )
