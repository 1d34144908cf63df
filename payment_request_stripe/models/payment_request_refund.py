# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import uuid

from odoo import fields, models


class PaymentRequestRefund(models.Model):
    """One refund: what goes back to the payer of a booked payment."""

    _name = "payment.request.refund"
    _description = "Payment Request Refund"
    _order = "id desc"
    _rec_name = "stripe_refund_ref"

    request_id = fields.Many2one(
        comodel_name="payment.request",
        required=True,
        readonly=True,
        ondelete="restrict",
        index=True,
    )
    company_id = fields.Many2one(related="request_id.company_id", store=True, index=True)
    payment_id = fields.Many2one(
        comodel_name="account.payment",
        required=True,
        readonly=True,
        ondelete="restrict",
        index=True,
    )
    currency_id = fields.Many2one(related="payment_id.currency_id")
    amount = fields.Monetary(required=True, readonly=True)
    state = fields.Selection(
        selection=[
            ("intended", "Being Asked"),
            ("pending", "Pending"),
            ("succeeded", "Succeeded"),
            ("failed", "Failed"),
            ("cancelled", "Cancelled"),
        ],
        required=True,
        readonly=True,
        default="intended",
    )
    idempotency_key = fields.Char(
        required=True, readonly=True, copy=False, default=lambda self: str(uuid.uuid4())
    )
    stripe_refund_ref = fields.Char(readonly=True, copy=False)
    refund_payment_id = fields.Many2one(
        comodel_name="account.payment", readonly=True, ondelete="restrict", index="btree_not_null"
    )

    _refund_ref_unique = models.UniqueIndex(
        "(stripe_refund_ref) WHERE stripe_refund_ref IS NOT NULL",
        "A refund of Stripe is kept once.",
    )
    _idempotency_key_unique = models.UniqueIndex("(idempotency_key)", "A key is used once.")
