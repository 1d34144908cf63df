# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command

from ..gateways.money import to_decimal


class PaymentRequestRefundWizard(models.TransientModel):
    """The Refund dialog: how much of which invoice goes back to the payer."""

    _name = "payment.request.refund.wizard"
    _description = "Refund a Payment Request"

    request_id = fields.Many2one(
        comodel_name="payment.request", required=True, ondelete="cascade", readonly=True
    )
    payment_id = fields.Many2one(
        comodel_name="account.payment",
        ondelete="cascade",
        readonly=True,
        help="Refund this payment only; empty for any payment of the request.",
    )
    currency_id = fields.Many2one(comodel_name="res.currency", compute="_compute_currency_id")
    line_ids = fields.One2many(
        comodel_name="payment.request.refund.wizard.line",
        inverse_name="wizard_id",
        compute="_compute_line_ids",
        store=True,
        readonly=False,
        string="Invoices",
    )
    amount = fields.Monetary(
        compute="_compute_amount",
        inverse="_inverse_amount",
        readonly=False,
        string="Refund",
        help="Change it to refund a part: the last invoices give first.",
    )
    reason = fields.Char()

    # === COMPUTE METHODS === #

    @api.depends("request_id", "payment_id")
    def _compute_currency_id(self):
        for wizard in self:
            wizard.currency_id = wizard.payment_id.currency_id or wizard.request_id.currency_id

    @api.depends("request_id", "payment_id")
    def _compute_line_ids(self):
        """Offer all that can be refunded, by invoice, and what lies as the customer's credit."""
        for wizard in self:
            wizard.line_ids = [
                Command.clear(),
                *(
                    Command.create(
                        {"line_id": line.id, "amount": float(most), "amount_max": float(most)}
                    )
                    for line, most in wizard._get_refundable().items()
                    if most > 0
                ),
            ]

    @api.depends("line_ids.amount")
    def _compute_amount(self):
        for wizard in self:
            digits = wizard.currency_id.decimal_places
            wizard.amount = float(
                sum((to_decimal(line.amount, digits) for line in wizard.line_ids), Decimal(0))
            )

    @api.onchange("amount")
    def _inverse_amount(self):
        """Spread another total over the invoices: the credit first, then the last invoices."""
        for wizard in self:
            digits = wizard.currency_id.decimal_places
            left = to_decimal(wizard.amount, digits)
            if left == sum((to_decimal(line.amount, digits) for line in wizard.line_ids), 0):
                continue
            lines = wizard.line_ids.sorted(lambda line: (not line.line_id, line.line_id.id))
            for line in reversed(lines):
                part = max(min(left, to_decimal(line.amount_max, digits)), Decimal(0))
                line.amount = float(part)
                left -= part

    def _get_payments(self):
        return self.payment_id or self.request_id.sudo()._get_stripe_payments()

    def _get_refundable(self):
        """Return ``{request line, or none for the credit: Decimal}`` of what may go back."""
        found = {}
        for payment in self._get_payments().sudo():
            if payment.currency_id != self.currency_id:
                continue
            for share, most in payment._get_unpromised().items():
                line = share.payment_request_line_id
                found[line] = found.get(line, Decimal(0)) + most
        return found

    # === ACTION METHODS === #

    def action_refund(self):
        """Ask Stripe for the refund; the worker books it when Stripe says that it was made.

        :raise UserError: with a sentence, when nothing can be refunded or Stripe says no
        """
        self.ensure_one()
        self.request_id.check_access("write")
        self._check_payment()
        digits = self.currency_id.decimal_places
        wanted = [
            (
                line.line_id.sudo(),
                to_decimal(line.amount, digits),
                line.credit_move_id.sudo(),
            )
            for line in self.line_ids
            if line.amount
        ]
        if not wanted:
            raise UserError(self.env._("There is nothing to refund."))
        if any(amount < 0 for _line, amount, _note in wanted):
            raise UserError(self.env._("The amount to refund must be above zero."))
        refunds = self.request_id.sudo()._refund(
            wanted, self.reason or "", self.payment_id.sudo() or None
        )
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._(
                    "%(amount)s is being refunded.",
                    amount=self.currency_id.format(
                        self.request_id._sum_amounts(refunds.mapped("amount"))
                    ),
                ),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

    def _check_payment(self):
        """Refuse lines and payments of other requests: the caller may write what he likes."""
        strange = self.line_ids.line_id.request_id - self.request_id
        if strange or self.payment_id.payment_request_id not in (
            self.request_id,
            self.env["payment.request"],
        ):
            raise UserError(self.env._("These invoices are of another payment request."))
        for note in self.line_ids.credit_move_id:
            if (
                note.move_type != "out_refund"
                or note.commercial_partner_id != self.request_id.partner_id.commercial_partner_id
                or note.company_id != self.request_id.company_id
            ):
                raise UserError(
                    self.env._("%(name)s is no credit note of this customer.", name=note.name)
                )


class PaymentRequestRefundWizardLine(models.TransientModel):
    _name = "payment.request.refund.wizard.line"
    _description = "Refund of an Invoice"

    wizard_id = fields.Many2one(
        comodel_name="payment.request.refund.wizard", required=True, ondelete="cascade"
    )
    currency_id = fields.Many2one(related="wizard_id.currency_id")
    line_id = fields.Many2one(
        comodel_name="payment.request.line", string="Requested Invoice", ondelete="cascade"
    )
    move_id = fields.Many2one(related="line_id.move_id", string="Invoice")
    amount = fields.Monetary(string="Refund")
    amount_max = fields.Monetary(string="Can Be Refunded", readonly=True)
    credit_move_id = fields.Many2one(
        comodel_name="account.move",
        string="Credit Note",
        ondelete="cascade",
        help="Have the refund answer this credit note. Without one the invoice is open again.",
    )
