# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import fields, models
from odoo.tools import SQL

from .payment_request_decline import DECLINE_REASONS

# One row per request. Amounts are in the company's currency, at the rates of the invoices and
# rounded per request, so that any grouping adds up to the same total. What is a share or an average
# is NULL where it has no meaning: AVG leaves it out, and no group's figure is a sum of shares.
REPORT = """
SELECT
    request.id,
    request.id AS request_id,
    request.company_id,
    company.currency_id AS company_currency_id,
    request.currency_id,
    request.partner_id,
    request.user_id,
    lines.salesperson_id,
    request.analytic_account_id,
    request.provider_id,
    request.delivery_method,
    messages.template_name,
    request.state,
    checkouts.decline_reason,
    request.create_date,
    request.first_sent_at AS sent_at,
    request.is_from_customer,
    request.paid_at,
    facts.sent::int AS sent_count,
    facts.delivered::int AS delivered_count,
    facts.opened::int AS opened_count,
    facts.started::int AS started_count,
    facts.paid::int AS paid_count,
    facts.refunded::int AS refunded_count,
    facts.disputed::int AS disputed_count,
    (checkouts.decline_reason IS NOT NULL)::int AS declined_count,
    CASE WHEN facts.sent THEN 100.0 * facts.paid::int END AS conversion,
    amounts.asked AS amount_asked,
    amounts.paid AS amount_paid,
    amounts.refunded AS amount_refunded,
    amounts.disputed AS amount_disputed,
    CASE WHEN facts.paid THEN amounts.paid END AS amount_average,
    CASE WHEN facts.paid AND facts.sent
         THEN GREATEST(EXTRACT(EPOCH FROM request.paid_at - request.first_sent_at), 0) / 86400
         END AS days_to_pay
FROM payment_request request
JOIN res_company company ON company.id = request.company_id
JOIN res_currency money ON money.id = company.currency_id
CROSS JOIN LATERAL (
    SELECT
        SUM(line.amount / COALESCE(NULLIF(move.invoice_currency_rate, 0), 1)::numeric)
            / NULLIF(SUM(line.amount), 0) AS rate,
        COALESCE(SUM(line.amount_disputed), 0) AS disputed,
        (ARRAY_AGG(move.invoice_user_id ORDER BY line.amount DESC, line.id))[1] AS salesperson_id
    FROM payment_request_line line
    JOIN account_move move ON move.id = line.move_id
    WHERE line.request_id = request.id
) lines
-- A request that was made again for lost money has no invoices: the rate of its payments holds.
CROSS JOIN LATERAL (
    SELECT SUM(payment.amount_company_currency_signed) / NULLIF(SUM(payment.amount), 0) AS rate
    FROM account_payment payment
    WHERE lines.rate IS NULL
        AND payment.payment_request_id = request.id
        AND payment.payment_type = 'inbound'
        AND payment.currency_id = request.currency_id
) payments
CROSS JOIN LATERAL (
    SELECT
        COALESCE(BOOL_OR(
            delivery.state = 'delivered' OR delivery.channel = 'email' AND delivery.state = 'sent'
            OR delivery.bounced_for IS NOT NULL
        ), FALSE) AS delivered,
        (ARRAY_AGG(delivery.template_name ORDER BY delivery.id DESC)
            FILTER (WHERE delivery.template_name IS NOT NULL))[1] AS template_name
    FROM payment_request_delivery delivery
    WHERE delivery.request_id = request.id
) messages
CROSS JOIN LATERAL (
    SELECT
        COALESCE(
            BOOL_OR(checkout.stripe_checkout_session_ref IS NOT NULL), FALSE
        ) AS started,
        (ARRAY_AGG(checkout.decline_reason ORDER BY checkout.id DESC)
            FILTER (WHERE checkout.decline_reason IS NOT NULL))[1] AS decline_reason
    FROM payment_request_checkout checkout
    WHERE checkout.request_id = request.id
) checkouts
CROSS JOIN LATERAL (
    SELECT
        request.first_sent_at IS NOT NULL AS sent,
        messages.delivered OR request.opened_at IS NOT NULL OR checkouts.started AS delivered,
        request.opened_at IS NOT NULL OR checkouts.started AS opened,
        checkouts.started,
        COALESCE(request.amount_paid, 0) > 0 AS paid,
        COALESCE(request.amount_refunded, 0) > 0 AS refunded,
        request.dispute_state != 'none' AS disputed
) facts
CROSS JOIN LATERAL (
    SELECT
        ROUND(COALESCE(request.amount_total * used.rate, 0), money.decimal_places) AS asked,
        ROUND(COALESCE(request.amount_paid * used.rate, 0), money.decimal_places) AS paid,
        ROUND(COALESCE(request.amount_refunded * used.rate, 0), money.decimal_places) AS refunded,
        ROUND(COALESCE(lines.disputed * used.rate, 0), money.decimal_places) AS disputed
    FROM (SELECT COALESCE(lines.rate, payments.rate) AS rate) used
) amounts
WHERE request.is_setup_test IS NOT TRUE
"""


class PaymentRequestReport(models.Model):
    """What became of payment requests, to be counted by whatever one wants to know."""

    _name = "payment.request.report"
    _description = "Payment Request Statistics"
    _auto = False
    _rec_name = "request_id"
    _order = "id desc"

    request_id = fields.Many2one("payment.request", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    company_currency_id = fields.Many2one("res.currency", readonly=True)
    currency_id = fields.Many2one("res.currency", string="Currency Asked", readonly=True)
    partner_id = fields.Many2one("res.partner", string="Customer", readonly=True)
    user_id = fields.Many2one("res.users", string="Person in Charge", readonly=True)
    salesperson_id = fields.Many2one(
        "res.users", readonly=True, help="Of the invoice with the largest share."
    )
    analytic_account_id = fields.Many2one(
        "account.analytic.account", string="Contract", readonly=True
    )
    provider_id = fields.Many2one("payment.provider", readonly=True)
    delivery_method = fields.Selection(
        selection=lambda self: self.env["payment.request"]._fields["delivery_method"].selection,
        string="Channel",
        readonly=True,
    )
    template_name = fields.Char(
        string="Template", readonly=True, help="Of the last message that was written."
    )
    state = fields.Selection(
        selection=lambda self: self.env["payment.request"]._fields["state"].selection,
        readonly=True,
    )
    decline_reason = fields.Selection(
        selection=DECLINE_REASONS,
        string="Declined Because",
        readonly=True,
        help="Of the last declined try, also when a later one went through.",
    )
    create_date = fields.Datetime(string="Made On", readonly=True)
    sent_at = fields.Datetime(
        string="Sent On",
        readonly=True,
        help="For the first time: reminders and resending do not change it.",
    )
    is_from_customer = fields.Boolean(
        string="Made by the Customer",
        readonly=True,
        help="Chosen and paid in the portal; it was not sent, so it counts as paid only.",
    )
    paid_at = fields.Datetime(
        string="Last Payment On",
        readonly=True,
        help="Amounts are of all payments of the link. What came in when is told by the payments.",
    )
    sent_count = fields.Integer(string="Sent", readonly=True)
    delivered_count = fields.Integer(
        string="Delivered",
        readonly=True,
        help="A message arrived as far as we were told, or the link was opened.",
    )
    opened_count = fields.Integer(
        string="Opened",
        readonly=True,
        help="By a person; programs that look at links do not count.",
    )
    started_count = fields.Integer(
        string="Checkout Started", readonly=True, help="The customer pressed Pay."
    )
    paid_count = fields.Integer(string="Paid", readonly=True, help="At least a part was paid.")
    refunded_count = fields.Integer(string="Refunded", readonly=True)
    disputed_count = fields.Integer(string="Disputed", readonly=True)
    declined_count = fields.Integer(
        string="Declined", readonly=True, help="At least one try to pay was declined."
    )
    conversion = fields.Float(
        string="Conversion (%)",
        readonly=True,
        aggregator="avg",
        help="How many of the requests that were sent are paid.",
    )
    amount_asked = fields.Monetary(currency_field="company_currency_id", readonly=True)
    amount_paid = fields.Monetary(currency_field="company_currency_id", readonly=True)
    amount_refunded = fields.Monetary(currency_field="company_currency_id", readonly=True)
    amount_disputed = fields.Monetary(currency_field="company_currency_id", readonly=True)
    amount_average = fields.Monetary(
        string="Average Amount Paid",
        currency_field="company_currency_id",
        readonly=True,
        aggregator="avg",
    )
    days_to_pay = fields.Float(
        string="Days to Pay",
        readonly=True,
        aggregator="avg",
        help="From the first sending to the last payment.",
    )

    _depends = {
        "account.move": ["invoice_currency_rate", "invoice_user_id"],
        "account.payment": [
            "amount",
            "amount_company_currency_signed",
            "currency_id",
            "payment_request_id",
            "payment_type",
        ],
        "payment.request": [
            "amount_paid",
            "amount_refunded",
            "amount_total",
            "analytic_account_id",
            "company_id",
            "currency_id",
            "delivery_method",
            "dispute_state",
            "first_sent_at",
            "is_from_customer",
            "is_setup_test",
            "opened_at",
            "paid_at",
            "partner_id",
            "provider_id",
            "state",
            "user_id",
        ],
        "payment.request.checkout": [
            "decline_reason",
            "request_id",
            "stripe_checkout_session_ref",
        ],
        "payment.request.delivery": [
            "bounced_for",
            "channel",
            "request_id",
            "state",
            "template_name",
        ],
        "payment.request.line": ["amount", "amount_disputed", "move_id", "request_id"],
        "res.company": ["currency_id"],
    }

    @property
    def _table_query(self):
        return SQL(REPORT)

    def action_open_request(self):
        """Open the request behind a row."""
        self.ensure_one()
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "res_model": "payment.request",
            "res_id": self.request_id.id,
            "views": [(False, "form")],
        }
