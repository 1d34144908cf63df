# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from decimal import Decimal

from odoo import api, fields, models


class AccountMove(models.Model):
    """What a reminder asks of an invoice that is paid in instalments: what is due by now."""

    _inherit = "account.move"

    def _is_in_instalments(self):
        """Tell whether the terms of the invoice name several due dates."""
        self.ensure_one()
        return len(self.invoice_payment_term_id.sudo().line_ids) > 1

    def _get_reminder_day(self):
        """Return the day by which reminders go: of the earliest instalment that is not paid."""
        self.ensure_one()
        days = self._is_in_instalments() and [
            item.date_maturity
            for item in self._get_payment_request_instalments()
            if item.date_maturity and not item.reconciled
        ]
        return min(days) if days else self.invoice_date_due

    def _get_reminder_amounts(self, asked=()):
        """Return ``{invoice id: (instalment or none, Decimal)}``: what a reminder asks more.

        That is what is owed and not asked for yet, in major units; of instalments those that are
        due by now. Before the first of them is due it is that one.

        :param asked: those of the invoices of which the reminder's link asks something already
        """
        nothing = self.env["account.move.line"]
        amounts = {
            move_id: (nothing, amount)
            for move_id, amount in self._get_payment_request_available().items()
        }
        for move in self.filtered(lambda move: move._is_in_instalments()):
            today = move.company_id._get_payment_request_today()
            free = {item: most for item, most in move._get_instalments_available().items() if most}
            due = {item: most for item, most in free.items() if item._is_due(today)}
            if not due and move not in asked:
                due = dict(list(free.items())[:1])
            item = nothing.union(*due) if len(due) == 1 else nothing
            amounts[move.id] = item, sum(due.values(), Decimal(0))
        return amounts

    def _get_reminder_due_by(self, amount, line):
        """Return today if `amount` is of the instalments that are due by now, else False.

        :param line: the request line that asks for it, or none as yet
        """
        self.ensure_one()
        today = self.company_id._get_payment_request_today()
        is_due = self._is_in_instalments() and amount <= self._get_due_by(today, line)
        return today if is_due else False


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    def _is_due(self, today):
        self.ensure_one()
        return (self.date_maturity or self.date) <= today


class PaymentRequestLine(models.Model):
    """What the words of a reminder say of an invoice."""

    _inherit = "payment.request.line"

    date_late = fields.Date(
        compute="_compute_days_late", help="The day on which the earliest of it is, or was, due."
    )
    days_late = fields.Integer(
        compute="_compute_days_late", help="Days since the due date; below zero before it."
    )
    promise_date = fields.Date(compute="_compute_days_late")

    @api.depends("move_id", "instalment_line_id")
    def _compute_days_late(self):
        for line in self:
            today = line.company_id._get_payment_request_today()
            due = line.instalment_line_id.date_maturity or line.move_id._get_reminder_day()
            promise = line.move_id.sudo().payment_request_promise_date
            line.date_late = due
            line.days_late = (today - due).days if due else 0
            line.promise_date = promise if promise and promise >= today else False
