# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import fields, models


class PaymentRequestDispute(models.Model):
    """A payer disputes a payment with the bank: what Stripe says of it, and what it took."""

    _name = "payment.request.dispute"
    _inherit = ["payment.request.record"]
    _description = "Payment Request Dispute"
    _order = "id desc"
    _rec_name = "stripe_dispute_ref"

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
    amount = fields.Monetary(readonly=True, string="Disputed")
    state = fields.Selection(
        selection=[
            ("none", "Closed"),
            ("inquiry", "Inquiry"),
            ("open", "Open"),
            ("won", "Won"),
            ("lost", "Lost"),
        ],
        required=True,
        readonly=True,
        default="none",
    )
    is_closed = fields.Boolean(readonly=True)
    reason = fields.Char(readonly=True, help="Stripe's word for why the customer disputes.")
    due_by = fields.Datetime(string="Evidence Until", readonly=True)
    move_count = fields.Integer(
        readonly=True, help="How often Stripe moved money for it, as far as we were told."
    )
    stripe_dispute_ref = fields.Char(required=True, readonly=True, copy=False)
    move_id = fields.Many2one(
        comodel_name="account.move",
        string="Withdrawal",
        readonly=True,
        ondelete="restrict",
        index="btree_not_null",
        help="The entry by which the disputed money left, until it came back.",
    )
    fee_move_id = fields.Many2one(
        comodel_name="account.move",
        string="Fee",
        readonly=True,
        ondelete="restrict",
        index="btree_not_null",
    )

    _dispute_ref_unique = models.UniqueIndex(
        "(stripe_dispute_ref)", "A dispute of Stripe is kept once."
    )

    def action_download_evidence(self):
        """Download what speaks for us: invoices, messages, and the facts of the payment."""
        self.ensure_one()
        self.check_access("read")
        attachment = self.sudo()._create_evidence()
        return {
            "type": "ir.actions.act_url",
            "url": f"/web/content/{attachment.id}?download=true",
            "target": "self",
        }


class PaymentRequest(models.Model):
    _inherit = "payment.request"

    dispute_ids = fields.One2many("payment.request.dispute", "request_id", readonly=True)

    def _update_dispute_state(self):
        """Show the gravest of the disputes of this request."""
        for request in self:
            known = set(request.dispute_ids.mapped("state"))
            grave = ("open", "inquiry", "lost", "won")
            state = next((state for state in grave if state in known), "none")
            if state != request.dispute_state:
                request.dispute_state = state
                request._emit("disputed")


class ResCompany(models.Model):
    _inherit = "res.company"

    payment_request_fee_account_id = fields.Many2one(
        comodel_name="account.account",
        string="Stripe Fees",
        check_company=True,
        domain="[('account_type', 'in', ('expense', 'expense_direct_cost', 'expense_other'))]",
        help="Where the fees of Stripe are booked: of disputes, and of payments if you want to.",
    )
    payment_request_post_fees = fields.Boolean(
        string="Book the Fee of Each Payment",
        help="The clearing account then holds what the payout will bring.",
    )


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    payment_request_fee_account_id = fields.Many2one(
        related="company_id.payment_request_fee_account_id", readonly=False
    )
    payment_request_post_fees = fields.Boolean(
        related="company_id.payment_request_post_fees", readonly=False
    )
