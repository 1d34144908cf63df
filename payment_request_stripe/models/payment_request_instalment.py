# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from decimal import Decimal

from odoo import api, fields, models
from odoo.tools import format_date

from ..gateways.money import to_decimal
from .payment_request import OPEN_STATES


class AccountMove(models.Model):
    """What can be asked of an invoice that is paid in instalments."""

    _inherit = "account.move"

    def _get_payment_request_instalments(self):
        """Return the instalments of the invoice, the earliest due first.

        :rtype: account.move.line
        """
        self.ensure_one()
        return self._get_term_items().sorted(
            lambda item: (item.date_maturity or item.date, item.id)
        )

    def _get_instalments_available(self):
        """Return ``{instalment: Decimal}`` of what no open payment request asks for yet.

        What is asked for the invoice without naming an instalment counts for the earliest, as it
        will be allocated; major units of the invoice's currency.
        """
        self.ensure_one()
        digits = self.currency_id.decimal_places
        asked, unnamed = self._get_instalments_asked()
        available = {}
        for item in self._get_payment_request_instalments():
            free = to_decimal(item.amount_residual_currency, digits) - asked.get(item, 0)
            free = max(free, Decimal(0))
            taken = min(unnamed, free)
            unnamed -= taken
            available[item] = free - taken
        return available

    def _get_instalments_asked(self):
        """Return ``({instalment: Decimal}, Decimal)``: what open requests ask, named and not."""
        digits = self.currency_id.decimal_places
        groups = (
            self.env["payment.request.line"]
            .sudo()
            ._read_group(
                [("move_id", "=", self.id), ("request_id.state", "in", OPEN_STATES)],
                ["instalment_line_id"],
                ["amount_due:sum"],
            )
        )
        asked = {item: to_decimal(amount, digits) for item, amount in groups}
        unnamed = asked.pop(self.env["account.move.line"], Decimal(0))
        return {item.with_env(self.env): amount for item, amount in asked.items()}, unnamed

    def _choose_instalments(self, choice):
        """Return what is asked by a choice of the Send Payment Link dialog.

        :param str choice: ``all``, ``due`` (all that is due by now, or the next) or ``next``
        :return: ``(instalment, or none when several or all are meant, Decimal)``
        """
        self.ensure_one()
        nothing = self.env["account.move.line"]
        available = {item: most for item, most in self._get_instalments_available().items() if most}
        if choice == "all" or len(self._get_payment_request_instalments()) < 2 or not available:
            return nothing, self._get_payment_request_available()[self.id]
        today = self.company_id._get_payment_request_today()
        chosen = nothing.union(*available)[:1]
        if choice == "due":
            chosen = (
                nothing.union(*available).filtered(
                    lambda item: (item.date_maturity or item.date) <= today
                )
                or chosen
            )
        if len(chosen) == 1:
            return chosen, available[chosen]
        # Several: the amount of them all, which is allocated to the earliest first. The option
        # `due_by` keeps it from being asked of the next one, once these are paid in another way.
        return nothing, sum((available[item] for item in chosen), Decimal(0))

    def _get_due_by(self, day, line):
        """Return what the instalments that are due by `day` still owe: Decimal, major units.

        :param line: the request line that asks for them; what other open links ask by name is
            left to those
        """
        self.ensure_one()
        digits = self.currency_id.decimal_places
        items = self._get_payment_request_instalments().filtered(
            lambda item: (item.date_maturity or item.date) <= day
        )
        owed = {item.id: to_decimal(item.amount_residual_currency, digits) for item in items}
        for other in line.sudo()._find_named_elsewhere(items):
            owed[other.instalment_line_id.id] -= to_decimal(other.amount_due, digits)
        return sum((max(amount, Decimal(0)) for amount in owed.values()), Decimal(0))

    def _get_instalment_refusal(self, item, amount):
        """Return ``(code, sentence)`` when `amount` cannot be asked for an instalment, or none.

        :param item: the id of the instalment, as it was given
        :param amount: Decimal in major units, or none for all of it
        """
        self.ensure_one()
        available = {one.id: (one, most) for one, most in self._get_instalments_available().items()}
        if item not in available:
            return "unknown_instalment", self.env._(
                "%(id)s is no instalment of %(name)s.", id=item, name=self.name
            )
        instalment, most = available[item]
        label = instalment._get_instalment_label() or self.name
        if instalment.reconciled:
            return "nothing_due", self.env._(
                "Nothing is due on %(name)s: %(instalment)s.", name=self.name, instalment=label
            )
        if most and (amount is None or amount <= most):
            return None
        return "already_requested" if not most else "amount_above_due", self.env._(
            "Of %(name)s, %(instalment)s, %(available)s can still be asked.",
            name=self.name,
            instalment=label,
            available=self.currency_id.format(float(most)),
        )


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    def _get_instalment_label(self, with_day=True):
        """Return ``Instalment 2 of 3, due …``; nothing for an invoice that is due in one."""
        if not self:
            return ""
        self.ensure_one()
        instalments = self.move_id._get_payment_request_instalments()
        if len(instalments) < 2 or self not in instalments:
            return ""
        values = {"number": list(instalments).index(self) + 1, "count": len(instalments)}
        if not with_day:
            return self.env._("Instalment %(number)s of %(count)s", **values)
        return self.env._(
            "Instalment %(number)s of %(count)s, due %(day)s",
            **values,
            day=format_date(self.env, self.date_maturity or self.date),
        )


class PaymentRequest(models.Model):
    _inherit = "payment.request"

    has_instalments = fields.Boolean(compute="_compute_has_instalments")

    @api.depends("line_ids.instalment")
    def _compute_has_instalments(self):
        for request in self:
            request.has_instalments = any(request.line_ids.mapped("instalment"))

    def _transition(self, target, **values):
        """What a link asked by name, and asks no more, is left to the others, and the reverse."""
        asking = self.filtered(lambda request: request.state in OPEN_STATES)
        moved = super()._transition(target, **values)
        changed = (moved & asking) if target not in OPEN_STATES else (moved - asking)
        changed.line_ids._share_instalments()
        return moved


class PaymentRequestLine(models.Model):
    _inherit = "payment.request.line"

    instalment = fields.Char(
        compute="_compute_instalment", help="Which instalment of the invoice is asked."
    )

    @api.depends("instalment_line_id")
    @api.depends_context("lang")
    def _compute_instalment(self):
        for line in self:
            line.instalment = line.instalment_line_id._get_instalment_label()

    def _get_owed(self):
        """Return what is still owed of what this line is about: Decimal, major units."""
        self.ensure_one()
        digits = self.currency_id.decimal_places
        if self.instalment_line_id:
            return to_decimal(self.instalment_line_id.amount_residual_currency, digits)
        owed = to_decimal(self.move_id.amount_residual, digits)
        return min(owed, self.move_id._get_due_by(self.due_by, self)) if self.due_by else owed

    def _share_instalments(self):
        """Have links for what is due count again what others, these among them, ask by name."""
        if named := self.filtered("instalment_line_id"):
            lines = self.sudo().search(
                [("move_id", "in", named.move_id.ids), ("due_by", "!=", False)]
            )
            lines.modified(["due_by"])

    def _find_named_elsewhere(self, items):
        """Return the lines of other open requests that ask for one of `items` by name."""
        return self.search(
            [
                ("instalment_line_id", "in", items.ids),
                ("request_id.state", "in", OPEN_STATES),
                ("id", "not in", self.ids),
            ]
        )

    def _rank_open_lines(self, owed_lines):
        """Return the open items of the invoice in the order in which they are to be paid.

        What another open request asks for by name comes last, so that nobody pays it twice.

        :return: recordsets, one to be reconciled after the other
        """
        self.ensure_one()
        if len(owed_lines) < 2:
            return [owed_lines]
        named = self._find_named_elsewhere(owed_lines).filtered("amount_due").instalment_line_id
        return [lines for lines in (owed_lines - named, owed_lines & named) if lines]
