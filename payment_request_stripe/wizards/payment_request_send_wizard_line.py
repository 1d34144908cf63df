# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, fields, models

from ..gateways.money import to_decimal


class PaymentRequestSendWizardLine(models.TransientModel):
    """One invoice in the Send Payment Link dialog, and the amount to ask for it."""

    _name = "payment.request.send.wizard.line"
    _description = "Send Payment Link: Invoice"

    wizard_id = fields.Many2one(
        comodel_name="payment.request.send.wizard", required=True, ondelete="cascade"
    )
    move_id = fields.Many2one(
        comodel_name="account.move", string="Invoice", required=True, ondelete="cascade"
    )
    # Read as the user: over RPC a row can name any invoice.
    partner_id = fields.Many2one(
        related="move_id.commercial_partner_id", string="Customer", related_sudo=False
    )
    currency_id = fields.Many2one(related="move_id.currency_id", related_sudo=False)
    invoice_date_due = fields.Date(
        related="move_id.invoice_date_due", string="Due Date", related_sudo=False
    )
    available = fields.Monetary(
        string="Can Be Asked",
        readonly=True,
        help="What the invoice still owes, less what other open payment requests ask already.",
    )
    amount = fields.Monetary(string="Amount to Ask")
    refusal = fields.Char(compute="_compute_refusal", string="Remark")

    @api.depends("amount", "move_id", "instalment_line_id")
    def _compute_refusal(self):
        refusals = self.move_id._get_payment_request_refusals(
            self._get_amounts(), self._get_instalments()
        )
        for line in self:
            line.refusal = refusals.get(line.move_id.id, {}).get("message")

    def _get_amounts(self):
        """Return ``{invoice id: Decimal}``: what is asked, in major units."""
        return {
            line.move_id.id: to_decimal(line.amount, line.currency_id.decimal_places)
            for line in self
        }
