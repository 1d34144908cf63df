# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import fields, models

from ..exceptions import BookingRefused
from ..gateways.money import to_decimal, to_major


class PaymentRequestSettlement(models.AbstractModel):
    """What Stripe's balance moved for a payment, a refund or a dispute, and the entries of it.

    The clearing account is to hold what the payouts will bring: Stripe's fee leaves it, and what
    Stripe changed into the currency of a bank account is changed there as well.
    """

    _name = "payment.request.settlement"
    _description = "Settlement on Stripe's Balance"

    stripe_balance_currency_id = fields.Many2one(
        comodel_name="res.currency", string="Currency at Stripe", readonly=True, copy=False
    )
    stripe_settled = fields.Monetary(
        string="On Stripe's Balance",
        currency_field="stripe_balance_currency_id",
        readonly=True,
        copy=False,
        help="What it moved there before the fee, in the currency into which Stripe changed it.",
    )
    stripe_fee = fields.Monetary(
        currency_field="stripe_balance_currency_id",
        readonly=True,
        copy=False,
        help="What Stripe keeps of it.",
    )
    stripe_fee_wanted = fields.Boolean(
        string="Fee To Be Booked",
        readonly=True,
        copy=False,
        help="The company booked the fees of payments when this one was learned.",
    )
    stripe_fee_move_id = fields.Many2one(
        comodel_name="account.move",
        string="Stripe Fee Entry",
        readonly=True,
        copy=False,
        ondelete="restrict",
        index="btree_not_null",
    )
    stripe_exchange_move_id = fields.Many2one(
        comodel_name="account.move",
        string="Stripe Exchange Entry",
        readonly=True,
        copy=False,
        ondelete="restrict",
        index="btree_not_null",
        help="The entry by which the clearing account follows Stripe into another currency.",
    )
    stripe_entry_missing = fields.Boolean(
        readonly=True, copy=False, help="An entry waits for an account or a currency."
    )

    # === WHAT IT IS ABOUT === #

    def _get_settled_payment(self):
        """Return the payment whose journal and clearing account count."""
        raise NotImplementedError

    def _get_settled_entries(self):
        """Return the entries that moved the payment's own currency on the clearing account."""
        raise NotImplementedError

    def _get_all_entries(self):
        """Return these entries, and those before them that were reversed since."""
        return self._get_settled_entries()

    def _get_settled_ref(self):
        """Return Stripe's id, by which bank matching and the comparison find the entries."""
        raise NotImplementedError

    def _is_fee_booked(self):
        """Tell whether a fee that is learned now belongs into the books."""
        raise NotImplementedError

    # === LEARNING === #

    def _settle(self, moves, day):
        """Keep what Stripe's balance moved for it, and book what follows from that.

        May be told again, and more of it than before.

        :param moves: every `BalanceLine` of it
        :param day: the day of it, in the company's time zone
        :raise BookingRefused: when they are of a currency that Odoo does not know, or of several
        """
        self.ensure_one()
        codes = {move.currency for move in moves}
        code = min(codes)
        currency = self.env["res.currency"].with_context(active_test=False)
        currency = currency.search([("name", "=", code)], limit=1)
        if not currency or len(codes) > 1:
            raise BookingRefused(
                self.env._(
                    "Stripe moved %(ref)s in %(currencies)s, which cannot be booked.",
                    ref=self._get_settled_ref(),
                    currencies=", ".join(sorted(codes)),
                )
            )
        fee = to_major(sum(move.fee for move in moves), code)
        self.write(
            {
                "stripe_balance_currency_id": currency.id,
                "stripe_settled": float(to_major(sum(move.amount for move in moves), code)),
                "stripe_fee": float(fee),
                "stripe_fee_wanted": self._is_fee_booked() and fee != 0,
            }
        )
        self._keep_settlement(day)

    def _is_fee_bookable(self):
        company = self._get_settled_payment().company_id
        return self.stripe_balance_currency_id.active and company.payment_request_fee_account_id

    def _is_exchange_bookable(self):
        company = self._get_settled_payment().company_id
        return self.stripe_balance_currency_id.active and (
            company.income_currency_exchange_account_id
            and company.expense_currency_exchange_account_id
        )

    def _keep_settlement(self, day):
        """Have the entries say what Stripe's balance says; what cannot be booked is a task."""
        missing = [*self._keep_fee(day), *self._keep_exchange(day)]
        self.stripe_entry_missing = bool(missing)
        request = self._get_settled_payment().payment_request_id
        summary = self.env._("To be booked for Stripe: %(ref)s", ref=self._get_settled_ref())
        if missing:
            request._notify_person_in_charge(summary, " ".join(missing), renew=True)
        else:
            request._drop_activity(summary)

    def _keep_fee(self, day):
        """Take Stripe's fee off the clearing account; return what keeps us from it, mostly none."""
        currency, company = self.stripe_balance_currency_id, self._get_settled_payment().company_id
        fee = to_decimal(self.stripe_fee, currency.decimal_places) if self.stripe_fee_wanted else 0
        if self._is_kept(self.stripe_fee_move_id, {currency: -fee}):
            return []
        if fee and not self._is_fee_bookable():
            return [
                self.env._(
                    "Stripe keeps %(fee)s of %(ref)s. Choose an account for the fees of Stripe in "
                    "the settings, and see that the currency is active: it is then booked by "
                    "itself.",
                    fee=currency.format(self.stripe_fee),
                    ref=self._get_settled_ref(),
                )
            ]
        self._replace_entry(
            "stripe_fee_move_id",
            "fee",
            [(currency, -fee, None)] if fee else [],
            lambda balance: company.payment_request_fee_account_id,
            day,
        )
        return []

    def _keep_exchange(self, day):
        """Change the currency on the clearing account as Stripe did; return as `_keep_fee` does."""
        payment, currency = self._get_settled_payment(), self.stripe_balance_currency_id
        if currency == payment.currency_id:
            return []
        company, own = payment.company_id, self._get_own_items()
        digits, in_company = payment.currency_id.decimal_places, company.currency_id.decimal_places
        given = sum(to_decimal(item.amount_currency, digits) for item in own)
        balance = sum(to_decimal(item.balance, in_company) for item in own)
        got = to_decimal(self.stripe_settled, currency.decimal_places)
        if self._is_kept(
            self.stripe_exchange_move_id, {payment.currency_id: -given, currency: got}
        ):
            return []
        if not self._is_exchange_bookable():
            return [
                self.env._(
                    "Stripe changed %(ref)s into %(amount)s. Choose the accounts for exchange "
                    "gains and losses in the settings, and see that the currency is active: it is "
                    "then booked by itself.",
                    ref=self._get_settled_ref(),
                    amount=currency.format(self.stripe_settled),
                )
            ]
        items = [
            (payment.currency_id, -given, -balance),
            (currency, got, None),
        ]
        entry = self._replace_entry(
            "stripe_exchange_move_id",
            "exchange",
            [item for item in items if item[1]],
            lambda balance: (
                company.expense_currency_exchange_account_id
                if balance > 0
                else company.income_currency_exchange_account_id
            ),
            day,
        )
        self._reconcile_own(own, entry)
        return []
