# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from odoo import api, models
from odoo.tools import format_date

from ..gateways.money import to_decimal

# What of a share a refund of its invoice takes, one after the other: what is open of it, what lies
# on that invoice, and last what a person or a link used elsewhere: that opens what nobody named.
REACHES = ("open", "own", "all")


@dataclass
class UndoPart:
    """What goes back of one share of a payment.

    :ivar share: the payment's receivable item, or none when all of them went back already
    :ivar amount: major units of the payment's currency; a discount that falls is no money
    :ivar credit: open items of a credit note that the money answers, or none to undo the share
    """

    share: Any
    amount: Decimal
    credit: Any = None

    @property
    def is_money(self):
        return self.share.payment_request_part != "discount"


class AccountPayment(models.Model):
    """Saying which shares of a payment give back what goes back."""

    _inherit = "account.payment"

    def _get_undoable(self):
        """Return ``{share: Decimal}`` of the money that has not gone back yet, in its currency."""
        self.ensure_one()
        shares = self.move_id.line_ids.filtered(
            lambda line: (
                line.account_type == "asset_receivable"
                and line.amount_currency < 0
                and not line.payment_request_part
            )
        )
        return {share: share._get_not_undone() for share in shares}

    def _get_open_day(self, day):
        """Return `day`, or the first open one after a locked period."""
        # When a discount falls, the taxes that were written off with it come back.
        has_tax = "discount_cost" in self.move_id.line_ids.mapped("payment_request_part")
        locks = self.company_id._get_violated_lock_dates(day, has_tax, self.journal_id)
        return locks[-1][0] + timedelta(days=1) if locks else day

    @api.model
    def _tell_day(self, entries, day):
        """Say on entries (or payments) that are not of Stripe's `day` why they are not."""
        for entry in entries.filtered(lambda entry: entry.date != day):
            entry._message_log(
                body=self.env._(
                    "At Stripe this is of %(day)s. It is booked later because that day is in a "
                    "locked period, or because what it belongs to is of a later day.",
                    day=format_date(self.env, day),
                )
            )

    def _get_undone_lines(self, parts):
        """Return ``{request line: Decimal}`` of what goes back of each."""
        lines = {}
        for part in parts:
            if (line := part.share.payment_request_line_id) and part.is_money:
                lines[line] = lines.get(line, 0) + part.amount
        return lines

    def _split_undo(self, amount, wanted=(), answer_notes=True):
        """Say of which shares `amount` is taken back.

        :param Decimal amount: major units
        :param wanted: ``[(request line, or none for the customer's credit, Decimal, credit note)]``
        :param bool answer_notes: answer open credit notes before an invoice is opened again
        :return: ``(parts, guessed)``: it was not said of which invoices, and several could be
            meant, or those that were named did not hold so much
        """
        left = {share: most for share, most in self._get_undoable().items() if most > 0}
        if not wanted:  # what refunds under way named is theirs, as long as the rest will do
            free = self._get_unpromised(named=True)
            left = free if sum(free.values()) >= amount else left
        parts, guessed = self._take_wanted(left, wanted, amount)
        if (missing := amount - sum(part.amount for part in parts)) > 0:
            parts.append(UndoPart(self.env["account.move.line"], missing))
        parts = self._merge(parts)
        notes = self.env["account.move"].union(*[note for _line, _part, note in wanted if note])
        parts += self._get_falling_discounts(parts)
        if answer_notes:
            parts = self._answer_credit_notes(parts, notes)
        return parts, guessed

    def _take_wanted(self, left, wanted, amount):
        """Take `amount` of `left`: what is named first, then what may be meant.

        :return: ``(parts, guessed)`` as :meth:`_split_undo`
        """
        parts, guessed = [], False
        for line, part, _note in wanted:
            for reach in REACHES:
                taken = self._take_named(left, line, part, reach)
                part -= sum(one.amount for one in taken)
                parts += taken
                guessed |= bool(taken) and reach == "all"
        missing = amount - sum(part.amount for part in parts)
        if missing > 0:
            taken, is_unsure = self._guess(left, missing)
            parts += taken
            guessed |= is_unsure or bool(wanted)
        return parts, guessed

    def _take_named(self, left, line, amount, reach):
        """Take what is meant for a request line, or for the customer's credit, as far as it goes.

        The credit is what invoices do not use, and what was never meant for one.

        :param reach: one of :data:`REACHES`
        """
        shares = self._sort_by_credit(left)
        if line or reach != "open":
            shares = [share for share in shares if share.payment_request_line_id == line]
        free = {share: share._get_within(left[share], reach) for share in shares}
        parts = self._take(free, shares, amount)
        for part in parts:
            left[part.share] -= part.amount
        return parts

    def _get_falling_discounts(self, parts):
        """Return the parts of the discounts that fall: of invoices whose money all goes back."""
        going = {part.share: part.amount for part in parts}
        kept = {
            share.payment_request_line_id
            for share, most in self._get_undoable().items()
            if most > going.get(share, 0)
        }
        lines = {share.payment_request_line_id for share in going} - kept
        return [
            UndoPart(share, share._get_not_undone())
            for share in self.move_id.line_ids
            if share.payment_request_part == "discount"
            and share.payment_request_line_id in lines
            and share._get_not_undone() > 0
        ]

    def _merge(self, parts):
        """Return one part per share: its allocation is undone in one go."""
        merged = {}
        for part in parts:
            known = merged.setdefault(part.share, UndoPart(part.share, Decimal(0)))
            known.amount += part.amount
        return list(merged.values())

    def _sort_by_credit(self, shares):
        return sorted(shares, key=lambda share: (share.amount_residual_currency, -share.id))

    def _guess(self, left, amount):
        """Take `amount` of `left` for what names no invoice.

        The customer's open credit goes first, then the one invoice that was paid exactly so
        much, else the last invoices of the request.

        :return: ``(parts, guessed)``; nothing is guessed when no two invoices use the money
        """
        free = sum(share._get_within(most, "open") for share, most in left.items())
        is_partial = free < amount < sum(left.values())
        exact = [share for share, most in left.items() if most == amount]
        if is_partial and len(exact) == 1:
            return self._take(left, exact, amount), False
        used = self.env["account.move"].union(
            *[share._get_allocations().debit_move_id.move_id for share in left]
        )
        parts = self._take_named(left, self.env["payment.request.line"], amount, "open")
        amount -= sum(part.amount for part in parts)
        parts += self._take(left, self._sort_by_credit(left), amount)
        return parts, is_partial and len(used) > 1

    def _take(self, left, shares, amount):
        """Take `amount` of `shares` in their order, lower `left`, and return the parts."""
        parts = []
        for share in shares:
            part = min(left[share], amount)
            if part > 0:
                left[share] -= part
                amount -= part
                parts.append(UndoPart(share, part))
        return parts

    def _answer_credit_notes(self, parts, notes):
        """Split the parts into what answers open credit notes of their invoices, and the rest.

        Where a credit note is answered, the discount falls only if the note is over it as well.
        """
        answered, split = {}, []
        for part in parts:
            credit = self._get_credit_to_answer(part.share, notes)
            amount = min(part.amount, credit._get_open_amount() - answered.get(credit, 0))
            amount = max(amount, 0) if part.share else 0
            if not part.is_money and credit in answered and amount < part.amount:
                continue
            if amount:
                answered[credit] = answered.get(credit, 0) + amount
                split.append(UndoPart(part.share, amount, credit))
            if part.amount > amount:
                split.append(UndoPart(part.share, part.amount - amount))
        return split

    def _get_credit_to_answer(self, share, notes):
        """Return the open items of the credit notes that money of `share` answers."""
        invoice = share.payment_request_line_id.move_id
        chosen = notes.filtered(
            lambda note: note.reversed_entry_id in (invoice, self.env[note._name])
        )
        return (chosen or invoice.reversal_move_ids)._get_open_credits(share)


class AccountMove(models.Model):
    _inherit = "account.move"

    def _get_open_credits(self, share):
        """Return the open items of these credit notes that money of `share` can answer."""
        return self.line_ids.filtered(
            lambda line: (
                line.parent_state == "posted"
                and line.account_id == share.account_id
                and line.currency_id == share.currency_id
                and line.amount_residual_currency < 0
            )
        )


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    def _get_not_undone(self):
        """Return what of this share of a payment has not been taken back: Decimal."""
        self.ensure_one()
        digits = self.currency_id.decimal_places
        return to_decimal(-self.amount_currency, digits) - sum(
            to_decimal(line.amount_currency, digits)
            for line in self.payment_request_undo_ids
            if line.parent_state == "posted"
        )

    def _get_within(self, left, reach):
        """Return what of `left`, of this share, may be taken: Decimal.

        What goes back of it goes first, as far as it is open, then off its own invoice.

        :param reach: one of :data:`REACHES`
        """
        self.ensure_one()
        if reach == "all":
            return left
        digits = self.currency_id.decimal_places
        within = to_decimal(-self.amount_residual_currency, digits)
        if reach == "own":
            within += sum(
                to_decimal(partial.credit_amount_currency, digits)
                for partial in self._get_allocations()
                if partial.debit_move_id.move_id == self.payment_request_line_id.move_id
            )
        return max(min(left, within - (self._get_not_undone() - left)), Decimal(0))
