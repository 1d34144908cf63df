# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import uuid

from odoo import api, fields, models

from ..gateways.money import to_decimal


class PaymentRequestRefund(models.Model):
    """One refund: what goes back to the payer of a booked payment."""

    _name = "payment.request.refund"
    _inherit = ["payment.request.record"]
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
    line_ids = fields.One2many(
        comodel_name="payment.request.refund.line",
        inverse_name="refund_id",
        string="Invoices",
        readonly=True,
    )
    reason = fields.Char(readonly=True)
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
    parameters = fields.Json(readonly=True, groups="base.group_system")
    asked_at = fields.Datetime(readonly=True, help="When Stripe was last asked about it.")
    failure_reason = fields.Char(readonly=True)
    stripe_refund_ref = fields.Char(readonly=True, copy=False)
    refund_payment_id = fields.Many2one(
        comodel_name="account.payment", readonly=True, ondelete="restrict", index="btree_not_null"
    )

    _refund_ref_unique = models.UniqueIndex(
        "(stripe_refund_ref) WHERE stripe_refund_ref IS NOT NULL",
        "A refund of Stripe is kept once.",
    )
    _idempotency_key_unique = models.UniqueIndex("(idempotency_key)", "A key is used once.")
    _under_way = models.Index("(id) WHERE state IN ('intended', 'pending')")


class PaymentRequestRefundLine(models.Model):
    """What of a refund is meant for one invoice, or for the customer's credit."""

    _name = "payment.request.refund.line"
    _inherit = ["payment.request.record"]
    _description = "Payment Request Refund Line"
    _order = "id"

    refund_id = fields.Many2one(
        comodel_name="payment.request.refund",
        required=True,
        readonly=True,
        ondelete="cascade",
        index=True,
    )
    company_id = fields.Many2one(related="refund_id.company_id", store=True, index=True)
    currency_id = fields.Many2one(related="refund_id.currency_id")
    line_id = fields.Many2one(
        comodel_name="payment.request.line",
        string="Requested Invoice",
        readonly=True,
        ondelete="restrict",
        index="btree_not_null",
    )
    move_id = fields.Many2one(related="line_id.move_id")
    credit_move_id = fields.Many2one(
        comodel_name="account.move",
        string="Credit Note",
        readonly=True,
        ondelete="restrict",
        index="btree_not_null",
        help="The credit note that the refund answers; without one the invoice is open again.",
    )
    amount = fields.Monetary(required=True, readonly=True)


class PaymentRequest(models.Model):
    _inherit = "payment.request"

    amount_refunded = fields.Monetary(
        compute="_compute_amount_refunded",
        store=True,
        string="Refunded",
        help="What went back, whatever it was meant for: an invoice or the customer's credit.",
    )

    @api.depends("refund_ids.amount", "refund_ids.state")
    def _compute_amount_refunded(self):
        for request in self:
            counted = request.refund_ids.filtered(
                lambda refund: (
                    refund.state == "succeeded"
                    and refund.currency_id == refund.request_id.currency_id
                )
            )
            request.amount_refunded = request._sum_amounts(counted.mapped("amount"))


class PaymentRequestLine(models.Model):
    _inherit = "payment.request.line"

    def _get_reconciled(self, part=None):
        """Return what payments of this request hold reconciled with the invoice now: Decimal.

        :param part: only what is such a part of them, as ``discount``
        """
        self.ensure_one()
        digits = self.currency_id.decimal_places
        shares = self.env["account.move.line"].search(
            [("payment_request_line_id", "=", self.id), ("parent_state", "=", "posted")]
        )
        if part:
            shares = shares.filtered(lambda share: share.payment_request_part == part)
        return sum(
            (
                to_decimal(partial.credit_amount_currency, digits)
                for share in shares
                for partial in share._get_allocations()
                if partial.debit_move_id.move_id == self.move_id
            ),
            to_decimal(0, digits),
        )

    def _get_net_paid(self):
        """Return what should be reconciled by what we know: Decimal, major units.

        What was paid, granted as discount and deducted, less what went back.
        """
        self.ensure_one()
        digits = self.currency_id.decimal_places
        answered = self.env["payment.request.refund.line"].search(
            [
                ("line_id", "=", self.id),
                ("credit_move_id", "!=", False),
                ("refund_id.state", "=", "succeeded"),
            ]
        )
        return (
            self._get_settled()
            - to_decimal(self.amount_discount_withdrawn, digits)
            - to_decimal(self.amount_refunded, digits)
            - to_decimal(self.amount_disputed, digits)
            + sum(to_decimal(line.amount, digits) for line in answered)
        )

    def _count_discounts(self):
        """Write down what of the granted discounts is not on the invoice any more."""
        for line in self.filtered("amount_discount"):
            digits = line.currency_id.decimal_places
            granted = line._get_reconciled("discount")
            line.amount_discount_withdrawn = float(
                max(to_decimal(line.amount_discount, digits) - granted, 0)
            )
