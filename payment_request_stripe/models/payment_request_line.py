# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, fields, models
from odoo.exceptions import AccessError

from ..gateways.money import chargeable, to_decimal


class PaymentRequestLine(models.Model):
    """One invoice, or one instalment of it: what was asked and what became of it."""

    _name = "payment.request.line"
    _inherit = ["payment.request.record"]
    _description = "Payment Request Line"
    _order = "id"
    _check_company_auto = True

    request_id = fields.Many2one(
        comodel_name="payment.request", required=True, readonly=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="request_id.company_id", store=True, index=True)
    currency_id = fields.Many2one(related="request_id.currency_id")
    move_id = fields.Many2one(
        comodel_name="account.move",
        string="Invoice",
        required=True,
        readonly=True,
        check_company=True,
        ondelete="restrict",
        index=True,
    )
    instalment_line_id = fields.Many2one(
        comodel_name="account.move.line",
        string="Journal Item of the Instalment",
        readonly=True,
        check_company=True,
        ondelete="restrict",
        index="btree_not_null",
    )
    due_by = fields.Date(
        readonly=True,
        help="Of an invoice in instalments, only those that are due by this day are asked.",
    )
    invoice_date_due = fields.Date(compute="_compute_invoice_date_due", string="Due Date")
    amount = fields.Monetary(required=True, readonly=True, string="Asked")
    amount_paid = fields.Monetary(
        readonly=True, string="Paid", help="What payments of this request settled on the invoice."
    )
    amount_discount = fields.Monetary(
        readonly=True,
        string="Discount",
        help="Early payment discount that was granted with payments of this request.",
    )
    amount_discount_withdrawn = fields.Monetary(
        readonly=True,
        string="Discount Withdrawn",
        help="Discount that fell because the payment it was granted for went back.",
    )
    amount_credit = fields.Monetary(
        readonly=True,
        string="Credits Applied",
        help="Credits of the customer that settled a part of the invoice with a payment.",
    )
    amount_refunded = fields.Monetary(readonly=True, string="Refunded")
    amount_disputed = fields.Monetary(readonly=True, string="Disputed")
    amount_due = fields.Monetary(
        compute="_compute_amount_due",
        store=True,
        string="Due Now",
        help="What is asked and not yet settled, at most what the invoice still owes; before "
        "discounts and credits.",
    )

    _amount_positive = models.Constraint(
        "CHECK (amount > 0)", "The amount asked for an invoice must be positive."
    )
    _invoice_once = models.UniqueIndex(
        "(request_id, move_id, COALESCE(instalment_line_id, 0))",
        "An invoice stands in a payment request once.",
    )

    @api.depends("instalment_line_id", "move_id.invoice_date_due")
    def _compute_invoice_date_due(self):
        for line in self:
            line.invoice_date_due = (
                line.instalment_line_id.date_maturity or line.move_id.invoice_date_due
            )

    # What an instalment still owes changes only with what its invoice owes; to depend on it by
    # itself would cost every reconciliation of every entry two queries. What other links ask of it
    # by name is counted again when they move.
    @api.depends(
        "amount",
        "amount_credit",
        "amount_discount",
        "amount_paid",
        "due_by",
        "instalment_line_id",
        "move_id.amount_residual",
        "move_id.currency_id",
        "move_id.partner_id",
        "move_id.state",
    )
    def _compute_amount_due(self):
        for line in self:
            line.amount_due = line._get_amount_due()

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            raise AccessError(
                self.env._("Payment requests are made with Send Payment Link on the invoices.")
            )
        return super().create(vals_list)

    def write(self, vals):
        if not self.env.su:
            raise AccessError(self.env._("The lines of a payment request are kept by the system."))
        return super().write(vals)

    def _get_amount_due(self):
        """Return what this line asks for now: Decimal, major units, the request's currency."""
        self.ensure_one()
        digits = self.currency_id.decimal_places
        if self.move_id.state != "posted" or not self._is_as_asked():
            return to_decimal(0, digits)
        asked = to_decimal(self.amount, digits) - self._get_settled()
        due = max(min(asked, self._get_owed()), to_decimal(0, digits))
        return to_decimal(chargeable(due, self.currency_id.name), digits)

    def _is_as_asked(self):
        """Tell whether the invoice still is of this customer, in this currency.

        One that was reset to draft may have been given to somebody else: then it is none of the
        business of whoever has this link. A contact that joins or leaves a company keeps its
        invoices.
        """
        self.ensure_one()
        invoice, customer = self.move_id, self.request_id.partner_id.commercial_partner_id
        return invoice.currency_id == self.currency_id and (
            invoice.commercial_partner_id == customer
            or invoice.partner_id.commercial_partner_id == customer
        )

    def _get_settled(self):
        """Return what payments of this request settled, whatever went back since: Decimal."""
        digits = self.currency_id.decimal_places
        return (
            to_decimal(self.amount_paid, digits)
            + to_decimal(self.amount_discount, digits)
            + to_decimal(self.amount_credit, digits)
        )

    def _get_open_invoice_lines(self, account=None):
        """Return the receivable items of the invoice that still owe, the earliest due first."""
        self.ensure_one()
        if not self._is_as_asked():
            return self.env["account.move.line"]
        lines = self.instalment_line_id or self.move_id.line_ids
        return lines.filtered(
            lambda line: (
                line.account_type == "asset_receivable"
                and line.parent_state == "posted"
                and line.amount_residual_currency > 0
                and line.account_id == (account or line.account_id)
            )
        ).sorted(lambda line: (line.date_maturity or line.date, line.id))

    def _get_owed_by_account(self):
        """Return ``{account: Decimal}`` of what the invoice owes; mostly there is one account."""
        self.ensure_one()
        digits = self.currency_id.decimal_places
        owed = {}
        for line in self._get_open_invoice_lines():
            residual = to_decimal(line.amount_residual_currency, digits)
            owed[line.account_id] = owed.get(line.account_id, 0) + residual
        return owed

    def _split_by_account(self, amount, taken=None):
        """Split the share of this invoice over its receivable accounts; mostly there is one.

        :param Decimal amount: major units
        :param taken: ``{account: Decimal}`` of what discounts and credits settle there
        :return: ``[(account, Decimal)]`` that sum up to `amount`; what is more than the invoice
            owes stays on its last account, or on the customer's when nothing is owed
        """
        owed = self._get_owed_by_account()
        if not owed:
            return [(self.request_id._get_receivable_account(), amount)]
        parts, left = [], amount
        for account, residual in owed.items():
            free = residual - (taken or {}).get(account, 0)
            parts.append([account, min(left, free)])
            left -= parts[-1][1]
        parts[-1][1] += left
        return [(account, part) for account, part in parts if part]
