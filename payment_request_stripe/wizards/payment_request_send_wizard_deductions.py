# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, fields, models
from odoo.fields import Command
from odoo.tools import format_date

from ..gateways.money import to_decimal


class PaymentRequestSendWizard(models.TransientModel):
    """What of the invoices is asked, and which credits of the customer are deducted."""

    _inherit = "payment.request.send.wizard"

    ask_for = fields.Selection(
        selection=[
            ("all", "All that is open"),
            ("due", "All that is due by now"),
            ("next", "The next instalment"),
        ],
        default="all",
        required=True,
        help="Of invoices that are paid in instalments. When none is due, the next one is asked.",
    )
    has_instalments = fields.Boolean(compute="_compute_hints")
    has_hints = fields.Boolean(compute="_compute_hints")
    credit_ids = fields.One2many(
        comodel_name="payment.request.send.wizard.credit",
        inverse_name="wizard_id",
        string="Open Credits of the Customer",
    )

    @api.depends("line_ids.move_id", "line_ids.amount", "line_ids.instalment_line_id")
    def _compute_hints(self):
        for wizard in self:
            wizard.has_instalments = any(
                len(move._get_payment_request_instalments()) > 1 for move in wizard.line_ids.move_id
            )
            wizard.has_hints = any(wizard.line_ids.mapped("hint"))

    @api.onchange("ask_for")
    def _onchange_ask_for(self):
        """Ask of each invoice what was chosen; the amounts may be changed afterwards."""
        for line in self.line_ids:
            instalment, amount = line.move_id._choose_instalments(self.ask_for)
            line.instalment_line_id = instalment
            line.amount = float(amount)

    @api.model
    def _prepare_wizard_credits(self, moves):
        """Return the rows of the credits that can be deducted; none of them is, at first."""
        return [
            Command.create({"item_id": item.id, "amount": float(amount)})
            for item, amount in moves._get_payment_request_credits()._get_free_amounts().items()
        ]

    def _get_options(self):
        """Add what is due by now, and the credits of the customers that are still asked."""
        chosen = self.credit_ids.filtered(
            lambda row: row.is_deducted and row.partner_id in self.line_ids.partner_id
        )
        return {
            **super()._get_options(),
            "due_by": self.ask_for == "due"
            and self.line_ids.move_id.company_id[:1]._get_payment_request_today(),
            "credits": [
                {
                    "item_id": row.item_id.id,
                    "amount": to_decimal(row.amount, row.currency_id.decimal_places),
                }
                for row in chosen
            ],
        }

    def _get_inner_options(self):
        """Return the options in the form that is used inside, with the instalments."""
        return {**self._get_options(), "instalments": self.line_ids._get_instalments()}


class PaymentRequestSendWizardLine(models.TransientModel):
    _inherit = "payment.request.send.wizard.line"

    instalment_line_id = fields.Many2one(
        comodel_name="account.move.line", string="Instalment", ondelete="cascade"
    )
    hint = fields.Char(
        compute="_compute_hint",
        string="Terms",
        help="The instalment that is asked, or the discount for paying early.",
    )

    @api.depends("amount", "move_id", "instalment_line_id")
    def _compute_hint(self):
        for line in self:
            line.hint = line.instalment_line_id._get_instalment_label() or line._say_discount()

    def _say_discount(self):
        move, digits = self.move_id, self.currency_id.decimal_places
        discount, until = move._get_payment_request_discount()
        if not discount or to_decimal(self.amount, digits) < to_decimal(
            move.amount_residual, digits
        ):
            return ""
        return self.env._(
            "%(amount)s less if paid by %(day)s",
            amount=self.currency_id.format(float(discount)),
            day=format_date(self.env, until),
        )

    def _get_instalments(self):
        """Return ``{invoice id: journal item id}`` of the instalments that are asked."""
        return {
            line.move_id.id: line.instalment_line_id.id
            for line in self.filtered("instalment_line_id")
        }


class PaymentRequestSendWizardCredit(models.TransientModel):
    """An open credit of the customer in the Send Payment Link dialog."""

    _name = "payment.request.send.wizard.credit"
    _description = "Send Payment Link: Credit"

    wizard_id = fields.Many2one(
        comodel_name="payment.request.send.wizard", required=True, ondelete="cascade"
    )
    item_id = fields.Many2one(
        comodel_name="account.move.line", string="Credit", required=True, ondelete="cascade"
    )
    # Read as the user: over RPC a row can name any journal item.
    move_id = fields.Many2one(
        related="item_id.move_id", string="Credit Note or Payment", related_sudo=False
    )
    partner_id = fields.Many2one(
        related="item_id.partner_id", string="Customer", related_sudo=False
    )
    currency_id = fields.Many2one(related="item_id.currency_id", related_sudo=False)
    date = fields.Date(related="item_id.date", related_sudo=False)
    available = fields.Monetary(compute="_compute_available", string="Open")
    is_deducted = fields.Boolean(string="Deduct")
    amount = fields.Monetary(string="Amount to Deduct")

    @api.depends("item_id")
    def _compute_available(self):
        for row in self:
            row.available = float(row.item_id._get_free_amount()) if row.item_id else 0
