# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, fields, models
from odoo.tools import LazyTranslate

from ..gateways.money import to_decimal

_lt = LazyTranslate(__name__)

# Stripe's words for why a payer disputes, https://docs.stripe.com/api/disputes/object.
CAUSES = {
    "bank_cannot_process": _lt("The bank could not process the payment"),
    "check_returned": _lt("The check was returned"),
    "credit_not_processed": _lt("A promised refund did not arrive"),
    "customer_initiated": _lt("The customer asked the bank to take it back"),
    "debit_not_authorized": _lt("The customer did not authorize the debit"),
    "duplicate": _lt("The customer says it was paid twice"),
    "fraudulent": _lt("The cardholder says somebody else paid with the card"),
    "general": _lt("No particular reason was given"),
    "incorrect_account_details": _lt("The account details are wrong"),
    "insufficient_funds": _lt("The account held too little"),
    "noncompliant": _lt("It broke a rule of the card network"),
    "product_not_received": _lt("The customer did not get what was paid for"),
    "product_unacceptable": _lt("What was paid for was not as promised"),
    "subscription_canceled": _lt("The contract had been cancelled"),
    "unrecognized": _lt("The cardholder does not recognize the payment"),
}


class PaymentRequestDispute(models.Model):
    """A payer disputes a payment with the bank: what Stripe says of it, and what it took."""

    _name = "payment.request.dispute"
    _inherit = ["payment.request.record", "payment.request.settlement"]
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
    cause = fields.Char(string="Why", compute="_compute_cause")
    due_by = fields.Datetime(string="Evidence Until", readonly=True)
    move_count = fields.Integer(
        readonly=True, help="How often Stripe moved money for it, as far as we were told."
    )
    told_at = fields.Datetime(readonly=True, help="When Stripe said what is known of it.")
    stripe_dispute_ref = fields.Char(required=True, readonly=True, copy=False)
    move_id = fields.Many2one(
        comodel_name="account.move",
        string="Withdrawal",
        readonly=True,
        ondelete="restrict",
        index="btree_not_null",
        help="The entry by which the disputed money left, until it came back.",
    )
    entry_ids = fields.Many2many(
        comodel_name="account.move",
        string="Withdrawals and Returns",
        readonly=True,
        copy=False,
        help="All that was booked of the money itself; what came back in full was reversed.",
    )

    _dispute_ref_unique = models.UniqueIndex(
        "(stripe_dispute_ref)", "A dispute of Stripe is kept once."
    )

    _stripe_entry_missing = models.Index("(id) WHERE stripe_entry_missing")

    @api.depends("reason")
    @api.depends_context("lang")
    def _compute_cause(self):
        for dispute in self:
            known = CAUSES.get(dispute.reason)
            dispute.cause = self.env._(known) if known else dispute.reason

    def _get_settled_payment(self):
        return self.payment_id

    def _get_settled_entries(self):
        return self.move_id

    def _get_all_entries(self):
        return self.move_id | self.entry_ids

    def _get_settled_ref(self):
        return self.stripe_dispute_ref

    def _is_fee_booked(self):
        return True

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
    amount_disputed = fields.Monetary(
        string="Disputed",
        compute="_compute_amount_disputed",
        help="What disputes took back of the invoices.",
    )

    @api.depends("line_ids.amount_disputed")
    def _compute_amount_disputed(self):
        for request in self:
            digits = request.currency_id.decimal_places
            disputed = (to_decimal(line.amount_disputed, digits) for line in request.line_ids)
            request.amount_disputed = float(sum(disputed))

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
