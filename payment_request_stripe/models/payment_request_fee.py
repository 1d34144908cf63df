# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Command

from ..gateways.errors import GatewayError
from ..gateways.events import PaymentEvent
from ..gateways.money import to_decimal, to_major
from ..gateways.undo import parse_move

# Stripe knows the fee of a card at once, of a bank debit when it settles; later nobody asks.
ASK_FOR = timedelta(days=14)


class AccountPayment(models.Model):
    _inherit = "account.payment"

    stripe_fee = fields.Monetary(
        currency_field="stripe_fee_currency_id",
        readonly=True,
        copy=False,
        help="What Stripe keeps of this payment, in the currency into which it changed it.",
    )
    stripe_fee_currency_id = fields.Many2one(
        comodel_name="res.currency", string="Currency of the Fee", readonly=True, copy=False
    )
    stripe_fee_wanted = fields.Boolean(
        string="Fee To Be Booked",
        readonly=True,
        copy=False,
        help="The company booked the fees of payments when this one was learned.",
    )
    stripe_balance_ref = fields.Char(string="Stripe Balance Transaction", readonly=True, copy=False)
    stripe_fee_move_id = fields.Many2one(
        comodel_name="account.move",
        string="Stripe Fee Entry",
        readonly=True,
        copy=False,
        ondelete="restrict",
        index="btree_not_null",
    )

    _stripe_fee_wanted = models.Index(
        "(id) WHERE stripe_payment_intent_ref IS NOT NULL AND stripe_balance_ref IS NULL"
    )

    def _learn_fee(self, move, day):
        """Keep what Stripe says it kept of this payment, once; book it if the company wants so.

        :param move: a `BalanceLine` of Stripe
        :return: the reason why there was nothing to do, or none
        """
        self.ensure_one()
        if self.stripe_balance_ref:
            return self.env._("The fee is known already.")
        self.stripe_balance_ref = move.ref
        fee = to_major(move.fee, move.currency)
        request = self.payment_request_id
        currency = self._find_fee_currency(move.currency)
        if currency:
            self.write({"stripe_fee": float(fee), "stripe_fee_currency_id": currency.id})
            request._add_stripe_fee(fee, currency, day)
        self.stripe_fee_wanted = self.company_id.payment_request_post_fees and fee > 0
        if self.stripe_fee_wanted:
            name = f"{request.name} {self.stripe_payment_intent_ref} fee"
            day = self._get_open_day(max(day, self.date))
            self.stripe_fee_move_id = self._post_stripe_fee(fee, move.currency, day, name)
            if not self.stripe_fee_move_id:
                request._notify_person_in_charge(
                    self.env._("A fee of Stripe is not booked"),
                    self.env._(
                        "Stripe keeps %(fee)s %(currency)s of %(payment)s. Choose an account for "
                        "the fees of Stripe in the settings, and book it by hand.",
                        fee=fee,
                        currency=move.currency,
                        payment=self.name,
                    ),
                )
        return ""

    @api.model
    def _find_fee_currency(self, currency_code):
        """Return a currency in use, or none: one that is not may have no rate."""
        return self.env["res.currency"].search([("name", "=", currency_code)], limit=1)

    def _post_stripe_fee(self, amount, currency_code, day, name):
        """Book what Stripe keeps from the clearing account to the account of fees.

        :param Decimal amount: major units
        :return: the posted entry, or none when there is no account for it
        """
        self.ensure_one()
        company = self.company_id
        account = company.payment_request_fee_account_id
        currency = self._find_fee_currency(currency_code)
        if not account or not currency:
            return self.env["account.move"]
        balance = currency._convert(float(amount), company.currency_id, company, day)
        common = {"name": name, "currency_id": currency.id, "partner_id": False}
        lines = [
            {"account_id": account.id, "amount_currency": float(amount), "balance": balance},
            {
                "account_id": self.outstanding_account_id.id,
                "amount_currency": -float(amount),
                "balance": -balance,
            },
        ]
        move = (
            self.env["account.move"]
            .sudo()
            .create(
                {
                    "move_type": "entry",
                    "journal_id": self.journal_id.id,
                    "company_id": company.id,
                    "date": day,
                    "ref": name,
                    "line_ids": [Command.create({**common, **line}) for line in lines],
                }
            )
        )
        move._post(soft=False)
        return move


class PaymentRequest(models.Model):
    _inherit = "payment.request"

    def _add_stripe_fee(self, fee, currency, day):
        """Count a fee (Decimal, major units), changed at the day's rate when it has to be."""
        self.ensure_one()
        known = to_decimal(self.stripe_fee, self.currency_id.decimal_places)
        if currency != self.currency_id:
            changed = currency._convert(float(fee), self.currency_id, self.company_id, day)
            fee = to_decimal(changed, self.currency_id.decimal_places)
        self.stripe_fee = float(known + fee)


class PaymentRequestEvent(models.Model):
    _inherit = "payment.request.event"

    def _on_charge_updated(self, checkout, event: PaymentEvent):
        """Stripe knows what it keeps of a payment; told by webhook it is only a reference."""
        payment = checkout._get_payment()
        move = self.payload["data"]["object"].get("balance_transaction")
        if not payment or not isinstance(move, dict):
            return self.env._("It does not say what Stripe keeps: the poll asks.")
        return payment._learn_fee(parse_move(move), checkout._get_stripe_date(event))

    @api.model
    def _cron_poll_stripe(self):
        result = super()._cron_poll_stripe()
        self._poll_fees()
        return result

    @api.model
    def _poll_fees(self, limit=200):
        """Ask Stripe what it keeps of the payments that were booked lately."""
        payments = self.env["account.payment"].search(
            [
                ("stripe_payment_intent_ref", "!=", False),
                ("stripe_balance_ref", "=", False),
                ("create_date", ">=", fields.Datetime.now() - ASK_FOR),
            ],
            order="id",
            limit=limit,
        )
        for payment in payments:
            request = payment.payment_request_id
            request._commit()
            try:
                payload = request.provider_id._get_stripe_gateway().retrieve_charge(
                    payment.stripe_payment_intent_ref
                )
            except GatewayError as error:
                request._log_step(f"fee not asked: {error.message}")
                continue
            if payload:
                self._store(request.provider_id, payload)
            request._commit()
