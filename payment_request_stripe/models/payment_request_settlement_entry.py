# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import random
from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command

from ..gateways.money import to_decimal


class PaymentRequestSettlement(models.AbstractModel):
    """The entries by which the clearing account follows Stripe's balance."""

    _inherit = "payment.request.settlement"

    def _get_on_clearing(self, entries):
        account = self._get_settled_payment().outstanding_account_id
        return entries.line_ids.filtered(lambda item: item.account_id == account)

    def _get_own_items(self):
        """Return what is on the clearing account in the payment's own currency, and its undoing."""
        return self._get_on_clearing(self._get_settled_entries()._with_reversals())

    def _is_kept(self, entry, wanted):
        """Tell whether `entry` was made for `wanted` (``{currency: Decimal}``).

        A person may have cancelled it since: that is not taken back.
        """
        said = {}
        for item in self._get_on_clearing(entry):
            amount = to_decimal(item.amount_currency, item.currency_id.decimal_places)
            said[item.currency_id] = said.get(item.currency_id, 0) + amount
        return said == {currency: amount for currency, amount in wanted.items() if amount}

    def _replace_entry(self, field_name, label, items, get_counterpart, day):
        """Post an entry of `items` in place of the one that `field_name` holds, which is reversed.

        :param items: ``[(currency, Decimal in its major units, balance)]`` on the clearing account,
            the balance in major units of the company's currency; without one, at the day's rate
        :param get_counterpart: the account for what is left, given that balance
        :return: the entry, or none when there is nothing to book
        """
        payment, before = self._get_settled_payment(), self[field_name]
        company = payment.company_id
        wanted = max(day, payment.date, before.date or day)
        day = payment._get_open_day(wanted)
        before._reverse_posted(day, before.ref)
        self[field_name] = False
        if not items:
            return self[field_name]
        lines, left = [], Decimal(0)
        for currency, amount, known in items:
            balance = known
            if known is None:
                changed = currency._convert(float(amount), company.currency_id, company, day)
                balance = to_decimal(changed, company.currency_id.decimal_places)
            lines.append((payment.outstanding_account_id, currency, amount, balance))
            left -= balance
        if left:
            in_currency = (company.currency_id, left) if items[1:] else (currency, -amount)
            lines.append((get_counterpart(left), *in_currency, left))
        self[field_name] = self._post_settlement(
            f"{payment.payment_request_id.name} {self._get_settled_ref()} {label}", lines, day
        )
        payment._tell_day(self[field_name], wanted)
        return self[field_name]

    def _post_settlement(self, name, lines, day):
        payment = self._get_settled_payment()
        entry = (
            self.env["account.move"]
            .sudo()
            .create(
                {
                    "move_type": "entry",
                    "journal_id": payment.journal_id.id,
                    "company_id": payment.company_id.id,
                    "date": day,
                    "ref": name,
                    "line_ids": [
                        Command.create(
                            {
                                "name": name,
                                "partner_id": False,
                                "account_id": account.id,
                                "currency_id": currency.id,
                                "amount_currency": float(amount),
                                "balance": float(balance),
                            }
                        )
                        for account, currency, amount, balance in lines
                    ],
                }
            )
        )
        entry._post(soft=False)
        return entry

    def _reconcile_own(self, own, entry):
        """Close what Stripe changed, so that only what the payout brings is left to be matched."""
        currency = self._get_settled_payment().currency_id
        digits = currency.decimal_places
        items = (own | self._get_on_clearing(entry)).filtered(
            lambda item: (
                item.currency_id == currency
                and item.account_id.reconcile
                and item.parent_state == "posted"
                and not item.reconciled
            )
        )
        if items and not sum(to_decimal(one.amount_residual_currency, digits) for one in items):
            items.reconcile()

    # === WHAT IS MISSING === #

    @api.model
    def _poll_missing_entries(self, limit=200):
        """Book what could not be booked, where somebody mended the settings since.

        In no order, so that what is refused each time keeps none of the others waiting for ever.
        """
        for model in ("account.payment", "payment.request.dispute"):
            waiting = self.env[model].search([("stripe_entry_missing", "=", True)])
            waiting = list(waiting.filtered(lambda one: one._is_settlement_bookable()))
            random.shuffle(waiting)
            for one in waiting[:limit]:
                one._get_settled_payment().payment_request_id._commit()
                one._book_missing_entries()
                if not self.env["ir.cron"]._commit_progress():
                    break

    def _is_settlement_bookable(self):
        is_changed = self.stripe_balance_currency_id != self._get_settled_payment().currency_id
        return (self._is_fee_bookable() or not self.stripe_fee_wanted) and (
            self._is_exchange_bookable() or not is_changed
        )

    def _book_missing_entries(self):
        """Book what is missing of it, unless a person did so in an entry that names Stripe's id."""
        payment = self._get_settled_payment()
        payment.payment_request_id._lock()
        own = self._get_all_entries() | payment.move_id
        own |= self.stripe_fee_move_id | self.stripe_exchange_move_id
        own = own._with_reversals()
        account = payment.outstanding_account_id
        if self.env["payment.request.audit"]._find_named(self._get_settled_ref(), account) - own:
            self.stripe_entry_missing = False
            return
        try:
            with self.env.cr.savepoint():
                self._keep_settlement(fields.Date.context_today(payment))
        except UserError as error:
            payment.payment_request_id._log_step(f"entries for Stripe not booked: {error}")


class AccountMove(models.Model):
    _inherit = "account.move"

    def _with_reversals(self):
        """Return these entries, what reversed them, and so on."""
        entries = self
        while more := entries.reversal_move_ids - entries:
            entries |= more
        return entries
