# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from decimal import Decimal

from odoo import fields, models
from odoo.fields import Command

from ..exceptions import BookingRefused
from ..gateways.money import to_decimal
from .payment_request_undo_dates import UNDO_FLOOR, UndoFloor


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    payment_request_share_id = fields.Many2one(
        comodel_name="account.move.line",
        string="Share Taken Back",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        help="The share of a payment that this item takes back: a refund or a dispute.",
    )
    payment_request_undo_ids = fields.One2many(
        comodel_name="account.move.line", inverse_name="payment_request_share_id"
    )

    def _get_allocations(self):
        """Return the reconciliations of this share with what it paid.

        Those with the invoice that it was quoted for come first, each the latest due first; in
        this order they are undone. Without those with refunds, and with exchange differences,
        which Odoo undoes by itself, nor what an entry of ours settles between its own items.
        """
        self.ensure_one()
        own = self.payment_request_line_id.move_id
        return self.matched_debit_ids.filtered(
            lambda partial: (
                not partial.debit_move_id.payment_request_share_id
                and partial.debit_move_id.move_id != self.move_id
                and not self.currency_id.is_zero(partial.credit_amount_currency)
            )
        ).sorted(
            lambda partial: (
                partial.debit_move_id.move_id == own,
                partial.debit_move_id.date_maturity or partial.debit_move_id.date,
                partial.debit_move_id.id,
            ),
            reverse=True,
        )

    def _free_share(self, amount):
        """Undo as much of this share's allocation as leaves `amount` of it open.

        :param Decimal amount: major units
        :return: ``({item that is open again: Decimal}, items)``: these are to be reconciled with
            each other again afterwards, because more had to be undone than was needed
        :raise BookingRefused: when there is not so much of it
        """
        digits = self.currency_id.decimal_places
        is_open = to_decimal(-self.amount_residual_currency, digits)
        dropped = self.env["account.partial.reconcile"]
        freed = {}
        for partial in self._get_allocations():
            if is_open >= amount:
                break
            dropped |= partial
            part = to_decimal(partial.credit_amount_currency, digits)
            freed[partial.debit_move_id] = freed.get(partial.debit_move_id, 0) + part
            is_open += part
        if is_open < amount:
            raise BookingRefused(
                self.env._(
                    "%(payment)s does not hold as much as is to go back.", payment=self.move_id.name
                )
            )
        last, rest = dropped[-1:].debit_move_id, is_open - amount
        dropped.unlink()
        if not last or not rest:
            return freed, None
        freed[last] -= rest
        return freed, self | last


class AccountPayment(models.Model):
    """Taking money of a payment back, share by share, and giving it back again."""

    _inherit = "account.payment"

    def _prepare_undo_entry(self, parts, date, name):
        """Return the values of the items that take `parts` back from the clearing account.

        A discount that falls goes back to those who paid for it.
        """
        company, currency = self.company_id, self.currency_id
        total = sum((part.amount for part in parts if part.is_money), Decimal(0))
        common = {
            "name": name,
            "partner_id": self.partner_id.id,
            "currency_id": currency.id,
            "date_maturity": date,
            "analytic_distribution": False,
        }

        def in_company_currency(amount):
            return currency._convert(float(amount), company.currency_id, company, date)

        lines = [
            {
                **common,
                "account_id": self.outstanding_account_id.id,
                "amount_currency": -float(total),
                "balance": -in_company_currency(total),
            }
        ]
        cumulated, booked = Decimal(0), 0.0
        for part in parts:
            if not part.is_money:
                lines += self._prepare_discount_undo(part, common)
                continue
            cumulated += part.amount
            balance = company.currency_id.round(in_company_currency(cumulated) - booked)
            booked = company.currency_id.round(booked + balance)
            lines.append(self._prepare_undo_item(part, common, balance))
        return [Command.create(line) for line in lines]

    def _prepare_undo_item(self, part, common, balance):
        invoice = part.share.payment_request_line_id.move_id
        account = part.share.account_id or self.payment_request_id._get_receivable_account()
        return {
            **common,
            "name": f"{common['name']} {invoice.name or ''}".strip(),
            "account_id": account.id,
            "amount_currency": float(part.amount),
            "balance": balance,
            "payment_request_share_id": part.share.id,
        }

    def _prepare_discount_undo(self, part, common):
        """Return the items that withdraw a discount, in the amounts in which it was granted."""
        share = part.share
        costs = self.move_id.line_ids.filtered(
            lambda line: (
                line.payment_request_part == "discount_cost"
                and line.payment_request_line_id == share.payment_request_line_id
            )
        )
        return [self._prepare_undo_item(part, common, -share.balance)] + [
            {
                **common,
                "account_id": cost.account_id.id,
                "partner_id": cost.partner_id.id,
                "amount_currency": -cost.amount_currency,
                "balance": -cost.balance,
                "analytic_distribution": cost.analytic_distribution,
                "tax_ids": [Command.set(cost.tax_ids.ids)],
                "tax_tag_ids": [Command.set(cost.tax_tag_ids.ids)],
                "tax_repartition_line_id": cost.tax_repartition_line_id.id,
                "group_tax_id": cost.group_tax_id.id,
            }
            for cost in costs
        ]

    def _take_back(self, move, parts, date):
        """Reconcile the posted entry `move`, made of `parts`, with what it takes back.

        The invoices are open again, without a change in the months before `date`.

        :return: the invoices, or other entries, that are open again by it
        :raise BookingRefused: when something would be left over
        """
        env = self.with_context(**{UNDO_FLOOR: UndoFloor(date)}).sudo().env
        undo_lines = (
            move.with_env(env)
            .line_ids.filtered("account_id.reconcile")
            .filtered(lambda line: line.account_type == "asset_receivable")
        )
        plan, again, freed = [], [], {}
        for line, part in zip(undo_lines.sorted("id"), parts, strict=True):
            share = part.share.with_env(env)
            if part.credit:
                plan.append(line | part.credit.with_env(env))
            elif share:
                given_up, rest = share._free_share(part.amount)
                line._keep_taken_from(given_up)
                plan.append(line | share)
                again += [rest] if rest else []
                for item, amount in given_up.items():
                    freed[item] = freed.get(item, 0) + amount
        if plan:
            env["account.move.line"]._reconcile_plan(plan + again)
        for line, part in zip(undo_lines.sorted("id"), parts, strict=True):
            if part.share and not line.reconciled:
                raise BookingRefused(
                    self.env._("%(name)s was not taken back exactly.", name=line.name)
                )
        opened = env["account.move.line"]._take_credits_off(freed, move)
        return opened.move_id.with_env(self.env)

    def _give_back(self, move, date, reference):
        """Reverse an entry that took money back, and pay the invoices again with it.

        :return: ``(shares that got their money back and had paid something, invoices that are
            paid again)``
        """
        env = self.with_context(**{UNDO_FLOOR: UndoFloor(date)}).sudo().env
        move = move.with_env(env)
        undo_lines = move.line_ids.filtered("payment_request_share_id")
        shares, taken = undo_lines.payment_request_share_id, undo_lines._get_taken_from()
        (undo_lines.matched_debit_ids | undo_lines.matched_credit_ids).unlink()
        undo_lines.payment_request_share_id = False
        move._reverse_posted(date, reference)
        self._drop_loose_undo(move)
        used = shares.filtered(lambda share: share.payment_request_line_id or share in taken)
        paid = shares._pay_again(taken) | shares._settle_credits_again(move)
        return used, paid.with_env(self.env)
