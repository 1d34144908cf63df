# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, fields, models
from odoo.tools import format_date


class PaymentRequestPayout(models.Model):
    """What Stripe sent to the bank, what it consists of, and whether the books agree."""

    _name = "payment.request.payout"
    _inherit = ["payment.request.audit", "payment.request.record"]
    _description = "Payout of Stripe"
    _order = "arrives_on desc, id desc"
    _rec_name = "stripe_payout_ref"

    provider_id = fields.Many2one(
        comodel_name="payment.provider",
        required=True,
        readonly=True,
        ondelete="restrict",
        index=True,
    )
    company_id = fields.Many2one(
        comodel_name="res.company", required=True, readonly=True, index=True
    )
    currency_id = fields.Many2one(comodel_name="res.currency", required=True, readonly=True)
    stripe_payout_ref = fields.Char(string="Payout", required=True, readonly=True, copy=False)
    amount = fields.Monetary(readonly=True, help="What arrives on the bank.")
    arrives_on = fields.Date(string="On the Bank", readonly=True)
    status = fields.Selection(
        selection=[
            ("pending", "Pending"),
            ("in_transit", "On Its Way"),
            ("paid", "Paid"),
            ("failed", "Failed"),
            ("canceled", "Cancelled"),
        ],
        required=True,
        readonly=True,
    )
    failure_reason = fields.Char(readonly=True)
    proof = fields.Selection(
        selection=[
            ("asked", "Being Asked"),
            ("equal", "Equal"),
            ("different", "Different"),
            ("unknown", "Not Told by Stripe"),
        ],
        required=True,
        readonly=True,
        default="asked",
        help="Whether its parts sum up to it, and each of ours is in the books as Stripe says.",
    )
    result = fields.Text(readonly=True)
    lines_wanted = fields.Boolean(readonly=True, help="Stripe has to be asked what it consists of.")
    asked_at = fields.Datetime(readonly=True, help="When Stripe was last asked about it.")
    line_ids = fields.One2many(
        comodel_name="payment.request.payout.line", inverse_name="payout_id", readonly=True
    )
    payment_ids = fields.Many2many(
        comodel_name="account.payment", compute="_compute_payment_ids", string="Payments"
    )

    _once_per_provider = models.UniqueIndex(
        "(provider_id, stripe_payout_ref)", "A payout of Stripe is kept once."
    )
    _wanted = models.Index("(id) WHERE lines_wanted")
    _differing = models.Index("(id) WHERE proof = 'different'")

    @api.depends("arrives_on", "stripe_payout_ref")
    @api.depends_context("lang")
    def _compute_display_name(self):
        """Nobody knows a payout by Stripe's id, which finds it all the same."""
        for payout in self:
            payout.display_name = (
                self.env._("Payout of %(day)s", day=format_date(self.env, payout.arrives_on))
                if payout.arrives_on
                else payout.stripe_payout_ref
            )

    @api.depends("line_ids.payment_id")
    def _compute_payment_ids(self):
        for payout in self:
            payout.payment_ids = payout.line_ids.payment_id

    def _get_provider(self):
        return self.provider_id

    # === ACTION METHODS === #

    def action_check_again(self):
        """Compare with the books as they are now; ask Stripe again for what it has not told."""
        self.check_access("read")
        self.env["payment.request"].check_access("write")
        for payout in self.sudo():
            if payout.line_ids:
                payout._prove()
            else:
                payout._want_lines()
        return True

    def action_view_payments(self):
        """Show the payments and refunds that this payout consists of."""
        self.ensure_one()
        self.check_access("read")
        return self.payment_ids._get_records_action(
            name=self.env._("Payments: %(payout)s", payout=self.display_name),
            context={"create": False},
        )


class PaymentRequestPayoutLine(models.Model):
    """One movement of Stripe's balance that a payout consists of."""

    _name = "payment.request.payout.line"
    _inherit = ["payment.request.record"]
    _description = "Payout Line"
    _order = "id"

    payout_id = fields.Many2one(
        comodel_name="payment.request.payout",
        required=True,
        readonly=True,
        ondelete="cascade",
        index=True,
    )
    company_id = fields.Many2one(related="payout_id.company_id", store=True, index=True)
    currency_id = fields.Many2one(related="payout_id.currency_id")
    kind = fields.Selection(
        selection=[
            ("payment", "Payment"),
            ("refund", "Refund"),
            ("dispute", "Dispute"),
            ("fee", "Fee"),
            ("returned", "Returned Payout"),
            ("other", "Other"),
        ],
        required=True,
        readonly=True,
    )
    is_ours = fields.Boolean(
        string="Payment Request",
        readonly=True,
        help="Otherwise another application of the same Stripe account took or paid it.",
    )
    amount = fields.Monetary(readonly=True)
    fee = fields.Monetary(readonly=True)
    net = fields.Monetary(readonly=True)
    stripe_ref = fields.Char(string="At Stripe", readonly=True)
    stripe_balance_ref = fields.Char(string="Balance Transaction", readonly=True)
    movement = fields.Json(readonly=True, groups="base.group_system")
    payment_id = fields.Many2one(
        comodel_name="account.payment",
        readonly=True,
        ondelete="set null",
        index="btree_not_null",
        string="Booked As",
    )
    dispute_id = fields.Many2one(
        comodel_name="payment.request.dispute",
        readonly=True,
        ondelete="set null",
        index="btree_not_null",
    )
    request_id = fields.Many2one(
        comodel_name="payment.request",
        readonly=True,
        ondelete="set null",
        index="btree_not_null",
    )
    difference = fields.Char(readonly=True)


class AccountPayment(models.Model):
    _inherit = "account.payment"

    payment_request_payout_id = fields.Many2one(
        comodel_name="payment.request.payout",
        string="Payout",
        compute="_compute_payment_request_payout_id",
        help="The payout with which this money goes to the bank.",
    )
    payment_request_payout_line_ids = fields.One2many(
        comodel_name="payment.request.payout.line",
        inverse_name="payment_id",
        groups="account.group_account_invoice,account.group_account_readonly",
    )

    @api.depends("payment_request_payout_line_ids.payout_id")
    def _compute_payment_request_payout_id(self):
        for payment in self:
            payment.payment_request_payout_id = (
                payment.sudo().payment_request_payout_line_ids[:1].payout_id
            )
