# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from decimal import Decimal

from odoo import models
from odoo.fields import Command

from ..gateways.money import to_decimal, to_major
from ..gateways.undo import Dispute


class PaymentRequestDispute(models.Model):
    """How much of the disputed money Stripe holds, and a part of it that comes back.

    Of a dispute over all of a payment, of which a part had been refunded before, Stripe may return
    just that part: the dispute is lost then, and its dashboard says "partially won".
    """

    _inherit = "payment.request.dispute"

    def _book_held(self, dispute: Dispute, day):
        """Have the books say what Stripe holds; return whether they had to change.

        :raise BookingRefused: when that cannot be booked
        """
        held, booked = self._get_held(dispute), self._get_withdrawn()
        if held == booked:
            return False
        is_loose = 0 < booked - held <= self._get_beyond()
        if held and is_loose and self.move_id.state == "posted":
            self._book_return(booked - held, day)
            return True
        if self.move_id:
            self._book_reinstatement(day)
        if held:
            self._book_withdrawal(dispute, held, day)
        return True

    # === HOW MUCH === #

    def _get_held(self, dispute: Dispute):
        """Return what Stripe holds: Decimal, major units.

        What came back in another currency says only about how much it is: it is what had been
        refunded before, what we booked already, or all, if one of these is about as much.
        """
        amount, held = (to_major(one, dispute.currency) for one in (dispute.amount, dispute.held))
        if not dispute.is_changed or not 0 < held < amount:
            return held
        returned = amount - held
        known = [amount - self._get_withdrawn(), self._get_refunded(amount)]
        near = [one for one in known if abs(one - returned) * 10 <= one]
        return amount - min(near, key=lambda one: abs(one - returned), default=returned)

    def _get_withdrawn(self):
        """Return what our entries say that Stripe holds: Decimal, cancelled or not."""
        digits = self.currency_id.decimal_places
        items = self._get_on_clearing(self.move_id | self._get_returns())
        return -sum((to_decimal(item.amount_currency, digits) for item in items), Decimal(0))

    def _get_returns(self):
        """Return the entries by which a part of the withdrawal came back."""
        return self.entry_ids.filtered(
            lambda entry: self.move_id and entry.reversed_entry_id == self.move_id
        )

    def _get_refunded(self, amount):
        """Return what of the disputed `amount` had gone back before: Decimal, major units."""
        if self.move_id:
            return sum(self._get_beyond_items().mapped(self._get_size), Decimal(0))
        return max(amount - sum(self.payment_id._get_undoable().values()), Decimal(0))

    def _get_beyond_items(self):
        """Return the items of the withdrawal that took the money from no share of the payment."""
        return self.move_id.line_ids.filtered(
            lambda item: (
                item.account_type == "asset_receivable" and not item.payment_request_share_id
            )
        )

    def _get_beyond(self):
        """Return what was disputed beyond what was left, and did not come back: Decimal."""
        withdrawn = sum(self._get_beyond_items().mapped(self._get_size), Decimal(0))
        items = self._get_on_clearing(self._get_returns())
        return withdrawn - sum(items.mapped(self._get_size), Decimal(0))

    def _get_size(self, item):
        return to_decimal(abs(item.amount_currency), item.currency_id.decimal_places)

    def _is_partly_won(self):
        return self.state == "lost" and 0 < self._get_withdrawn() < self._get_disputed()

    def _get_disputed(self):
        return to_decimal(self.amount, self.currency_id.decimal_places)

    # === A PART === #

    def _book_return(self, amount, day):
        """Book that `amount` (major units) came back of what was disputed beyond what was left.

        No invoice had paid it, so none is touched.
        """
        payment, withdrawal, loose = self.payment_id, self.move_id, self._get_beyond_items()[:1]
        company, currency = payment.company_id, payment.currency_id
        day = max(day, withdrawal.date)
        name = f"{self.request_id.name} {self.stripe_dispute_ref}"
        balance = currency._convert(float(amount), company.currency_id, company, day)
        lines = [
            Command.create(
                {
                    "name": name,
                    "partner_id": payment.partner_id.id,
                    "account_id": account.id,
                    "currency_id": currency.id,
                    "amount_currency": sign * float(amount),
                    "balance": sign * balance,
                }
            )
            for account, sign in ((payment.outstanding_account_id, 1), (loose.account_id, -1))
        ]
        # Odoo reconciles it with what it returns of, as far as that is open.
        entry = self._post(day, name, lines, returning=withdrawal)
        self.entry_ids |= entry
        if not self._get_beyond():
            self.request_id._drop_activity(self._get_beyond_summary())
        item = entry.line_ids.filtered(lambda item: item.account_id == loose.account_id)
        if not item.reconciled:
            self._notify(
                self.env._("To reconcile: %(entry)s", entry=entry.name),
                self.env._(
                    "%(amount)s of a dispute came back with %(entry)s, but %(withdrawal)s, with "
                    "which it had left, is settled in another way. Reconcile it with what the "
                    "customer has open, or give it back.",
                    amount=currency.format(float(amount)),
                    entry=entry.name,
                    withdrawal=withdrawal.name,
                ),
            )

    # === TELLING === #

    def _get_beyond_summary(self):
        return self.env._("More was disputed than was left")

    def _tell_beyond(self, beyond):
        """Have a person answer with the refund when `beyond` (major units) had gone back before."""
        if not beyond:
            return
        self._notify(
            self._get_beyond_summary(),
            self.env._(
                "%(amount)s of the dispute had been refunded before: it stands open in "
                "%(move)s. Answer the dispute with the refund as evidence.",
                amount=self.currency_id.format(float(beyond)),
                move=self.move_id.name,
            ),
        )

    def _tell_partly_won(self):
        """Say what came back of a dispute that was lost."""
        disputed, held = self._get_disputed(), self._get_withdrawn()
        sentence = self.env._(
            "The dispute was partly won: %(returned)s of the disputed %(amount)s came back. "
            "Stripe keeps %(held)s: the invoices stay open.",
            returned=self.currency_id.format(float(disputed - held)),
            amount=self.currency_id.format(float(disputed)),
            held=self.currency_id.format(float(held)),
        )
        self._say(sentence)
        self.request_id._drop_activity(self.env._("A dispute was lost"))
        self._notify(self.env._("A dispute was partly won"), sentence)
