# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import secrets

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import email_normalize

from ..gateways.money import to_decimal

# target: the states it may be reached from. A machine's call that is not here is skipped, because
# events repeat and overtake each other; a button's call raises a sentence before it gets here.
TRANSITIONS = {
    "sent": {"draft", "failed", "expired", "processing"},
    "processing": {"sent", "failed", "expired", "cancelled"},
    # Money wins over the clock and over us.
    "completed": {"sent", "processing", "failed", "expired", "cancelled"},
    "failed": {"sent", "processing"},
    "expired": {"sent", "failed"},
    "cancelled": {"draft", "sent", "failed", "expired"},
}
OPEN_STATES = ("draft", "sent", "processing", "failed")
PAYABLE_STATES = ("sent", "failed")
# What a person may change on a request; everything else is written by the code only.
WRITABLE_FIELDS = {
    "analytic_account_id",
    "cascade",
    "delivery_method",
    "expires_at",
    "message",
    "origin",
    "to_email",
    "to_phone",
    "user_id",
}


class PaymentRequest(models.Model):
    """One customer is asked for exact amounts on one or several invoices, by one link."""

    _name = "payment.request"
    _description = "Payment Request"
    _inherit = ["mail.thread", "mail.activity.mixin", "payment.request.record"]
    _order = "id desc"
    _check_company_auto = True

    name = fields.Char(string="Number", required=True, readonly=True, copy=False, index="trigram")
    state = fields.Selection(
        selection=[
            ("draft", "Draft"),
            ("sent", "Sent"),
            ("processing", "Processing"),
            ("completed", "Completed"),
            ("failed", "Failed"),
            ("expired", "Expired"),
            ("cancelled", "Cancelled"),
        ],
        required=True,
        readonly=True,
        default="draft",
        copy=False,
        index=True,
        tracking=True,
    )
    provider_id = fields.Many2one(
        comodel_name="payment.provider",
        required=True,
        readonly=True,
        check_company=True,
        ondelete="restrict",
        help="The Stripe account that was set up when this request was made.",
    )
    company_id = fields.Many2one(
        comodel_name="res.company", required=True, readonly=True, index=True
    )
    currency_id = fields.Many2one(comodel_name="res.currency", required=True, readonly=True)
    partner_id = fields.Many2one(
        comodel_name="res.partner",
        string="Customer",
        required=True,
        readonly=True,
        check_company=True,
        ondelete="restrict",
        index=True,
    )
    analytic_account_id = fields.Many2one(
        comodel_name="account.analytic.account",
        string="Contract",
        check_company=True,
        index="btree_not_null",
    )
    origin = fields.Char()
    user_id = fields.Many2one(
        comodel_name="res.users",
        string="Person in Charge",
        default=lambda self: self.env.user,
        index=True,
    )
    line_ids = fields.One2many(
        comodel_name="payment.request.line",
        inverse_name="request_id",
        string="Invoices",
        readonly=True,
    )
    amount_total = fields.Monetary(compute="_compute_amount_total", store=True, string="Requested")
    amount_paid = fields.Monetary(
        readonly=True, copy=False, string="Paid", help="What Stripe took, before refunds."
    )
    amount_residual = fields.Monetary(
        compute="_compute_amount_residual",
        store=True,
        string="Still Asked",
        help="What the link still asks for: never more than what the invoices still owe.",
    )
    delivery_method = fields.Selection(
        selection=[
            ("email", "E-mail"),
            ("sms", "SMS"),
            ("email_sms", "E-mail and SMS"),
            ("link", "Link to copy"),
        ],
        required=True,
        default="email",
    )
    to_email = fields.Char(string="E-mail")
    to_phone = fields.Char(string="Phone")
    message = fields.Text()
    expires_at = fields.Datetime(string="Expires On", required=True, copy=False)
    access_token = fields.Char(
        required=True,
        readonly=True,
        copy=False,
        default=lambda self: secrets.token_urlsafe(24),
        groups="account.group_account_invoice,account.group_account_readonly",
    )
    pay_url = fields.Char(string="Payment Link", compute="_compute_pay_url")
    stripe_customer_ref = fields.Char(string="Stripe Customer", readonly=True, copy=False)
    stripe_checkout_session_ref = fields.Char(
        string="Checkout Session", readonly=True, copy=False, index="btree_not_null"
    )
    stripe_payment_intent_ref = fields.Char(
        string="Payment Intent", readonly=True, copy=False, index="btree_not_null"
    )
    failure_reason = fields.Char(readonly=True, copy=False)
    dispute_state = fields.Selection(
        selection=[
            ("none", "None"),
            ("inquiry", "Inquiry"),
            ("open", "Open"),
            ("won", "Won"),
            ("lost", "Lost"),
        ],
        default="none",
        required=True,
        readonly=True,
        copy=False,
    )
    stripe_fee = fields.Monetary(readonly=True, copy=False)
    sent_at = fields.Datetime(readonly=True, copy=False)
    first_sent_at = fields.Datetime(
        string="First Sent",
        readonly=True,
        copy=False,
        help="When the first message left, or a link to copy was made. Resending and reminders do "
        "not change it.",
    )
    opened_at = fields.Datetime(readonly=True, copy=False)
    paid_at = fields.Datetime(readonly=True, copy=False)
    reminder_count = fields.Integer(readonly=True, copy=False)
    delivery_ids = fields.One2many("payment.request.delivery", "request_id", readonly=True)
    event_ids = fields.One2many("payment.request.event", "request_id", readonly=True)
    checkout_ids = fields.One2many("payment.request.checkout", "request_id", readonly=True)
    refund_ids = fields.One2many("payment.request.refund", "request_id", readonly=True)
    payment_ids = fields.One2many("account.payment", "payment_request_id", readonly=True)

    _access_token_unique = models.UniqueIndex("(access_token)", "A payment link is unique.")
    _name_unique = models.UniqueIndex("(company_id, name)", "A payment request's number is unique.")
    _due_to_expire = models.Index("(expires_at) WHERE state IN ('sent', 'failed')")

    # === COMPUTE METHODS === #

    @api.depends("line_ids.amount")
    def _compute_amount_total(self):
        for request in self:
            request.amount_total = request._sum_amounts(request.line_ids.mapped("amount"))

    @api.depends("line_ids.amount_due", "state")
    def _compute_amount_residual(self):
        for request in self:
            # A cancelled link asks for nothing, whatever its invoices still owe.
            asking = request.line_ids if request.state != "cancelled" else request.line_ids.browse()
            request.amount_residual = request._sum_amounts(asking.mapped("amount_due"))

    def _sum_amounts(self, amounts):
        """Return the exact sum of amounts in the request's currency (major units)."""
        digits = self.currency_id.decimal_places
        return float(sum(to_decimal(amount, digits) for amount in amounts))

    @api.depends("access_token")
    def _compute_pay_url(self):
        for request in self:
            request.pay_url = f"{request.get_base_url()}/pay/{request.sudo().access_token}"

    # === CONSTRAINT METHODS === #

    @api.constrains("to_email", "to_phone")
    def _check_recipients(self):
        for request in self:
            if request.to_email and not email_normalize(request.to_email):
                raise ValidationError(
                    self.env._("%(email)s is not an e-mail address.", email=request.to_email)
                )
            if request.to_phone and not request._phone_format(number=request.to_phone):
                raise ValidationError(
                    self.env._("%(phone)s is not a phone number.", phone=request.to_phone)
                )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            raise AccessError(
                self.env._("Payment requests are made with Send Payment Link on the invoices.")
            )
        nameless = {}
        for vals in vals_list:
            if not vals.get("name"):
                nameless.setdefault(vals.get("company_id"), []).append(vals)
        for company_id, mine in nameless.items():
            sequences = self.env["ir.sequence"].with_company(company_id)
            numbers = sequences._draw_payment_request_numbers(len(mine))
            for vals, number in zip(mine, numbers, strict=True):
                vals["name"] = number
        return super().create(vals_list)

    def write(self, vals):
        if not self.env.su:
            mail_fields = {name for name in vals if self._fields[name]._module == "mail"}
            if forbidden := set(vals) - WRITABLE_FIELDS - mail_fields:
                raise AccessError(
                    self.env._(
                        "These fields of a payment request are kept by the system: %(fields)s.",
                        fields=", ".join(sorted(forbidden)),
                    )
                )
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_only_unused_drafts(self):
        if any(request.state != "draft" or request.checkout_ids for request in self):
            raise UserError(
                self.env._("Only drafts can be deleted. Cancel the payment request instead.")
            )

    # === BUSINESS METHODS === #

    def _get_thread_with_access(self, thread_id, *, hash=None, pid=None, token=None, **kwargs):
        """Keep the portal's chatter shut: the token of a link is for paying, not for reading."""
        return super()._get_thread_with_access(thread_id, **kwargs)

    def _transition(self, target, **values):
        """Move the requests that may reach `target` there, and return them.

        The others are left as they are: a repeated or late event is no error.
        """
        allowed = self.filtered(lambda request: request.state in TRANSITIONS[target])
        for request in self - allowed:
            if request.state != target:
                request._log_step(f"stays {request.state}, not {target}")
        if allowed:
            allowed.sudo().write({"state": target, **values})
            for request in allowed:
                request._log_step(f"is {target}")
            allowed._emit(target)
        return allowed

    def _commit(self):
        """Commit before and after a call to a vendor, so that no answer can be lost.

        In a cron this also records progress; elsewhere it just commits.
        """
        self.env["ir.cron"]._commit_progress()

    def _lock(self):
        """Wait for the row of this request and hold it until the next commit.

        When somebody else changed it meanwhile, PostgreSQL ends the transaction and Odoo runs
        the request or the worker's step again; so what was read before the lock still holds.
        """
        self.env.cr.execute(
            "SELECT id FROM payment_request WHERE id IN %s ORDER BY id FOR NO KEY UPDATE",
            [tuple(self.ids)],
            log_exceptions=False,  # done again, so no error
        )
