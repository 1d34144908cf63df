# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Whatever happens, in whatever order: both sides agree to the cent, after each step."""

import os
import random

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from odoo import fields
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..gateways.money import decimal_places
from .money_case import MoneyCase
from .test_booking import EVENT_LOGGER

EXAMPLES = int(os.environ.get("HISTORY_EXAMPLES", "6"))
STEPS = (
    "pay",
    "pay_twice",
    "pay_async",
    "pay_elsewhere",
    "refund_at_stripe",
    "refund_by_us",
    "refund_fails",
    "dispute",
    "dispute_ends",
    "credit_note",
    "cancel",
    "repeat",
    "use_credit",
)


class History:
    """One request and what happens to it; a step that cannot happen now does nothing."""

    def __init__(self, case, currency, seed):
        self.case = case
        self.stripe = case.stripe
        self.random = random.Random(seed)  # noqa: S311 - a story, no secret
        self.currency = currency
        self.told = len(case.stripe.events)
        self.charges, self.refunds, self.disputes = [], [], []
        unit = 10 ** decimal_places(currency.name)
        self.unit = 1 / unit
        self.invoices = [
            self._create_invoice(self.random.randint(100 * unit, 300 * unit) / unit)
            for _number in range(2)
        ]
        self.request = self._create_request()

    def _create_invoice(self, amount):
        """Make an invoice that is due at once, with a discount for early payment, or in parts."""
        term = self.random.choice(["", "discount", "instalments"])
        invoice = self.case._create_invoice(
            amount,
            currency=self.currency,
            post=False,
            invoice_payment_term_id=self.case.terms[term].id if term else False,
        )
        if term == "discount":
            invoice.invoice_line_ids.tax_ids = self.case.company_data["default_tax_sale"]
        invoice.action_post()
        return invoice

    def _create_request(self):
        """Ask for the invoices, or one instalment of them, less a credit of the customer."""
        allocations = [{"invoice_id": invoice.id} for invoice in self.invoices]
        for allocation, invoice in zip(allocations, self.invoices, strict=True):
            instalments = invoice._get_payment_request_instalments()
            if len(instalments) > 1 and self.random.random() < 0.5:
                allocation["instalment_line_id"] = self.random.choice(instalments).id
        note = self.case._create_invoice(
            self.random.randint(5, 20), currency=self.currency, move_type="out_refund"
        )
        self.credit = note.line_ids.filtered(lambda line: line.account_type == "asset_receivable")
        chosen = [{"item_id": self.credit.id}] if self.random.random() < 0.5 else []
        return self.case.requests.create_and_send(allocations, credits=chosen).sudo()

    def step(self, name):
        getattr(self, name)()
        events = self.stripe.events[self.told :]
        self.told = len(self.stripe.events)
        self.random.shuffle(events)
        with mute_logger(EVENT_LOGGER):
            self.case._receive(*events)
            for _round in range(2):  # what was asked of Stripe, and what waited for its payment
                self.case._run_cron("ir_cron_poll_stripe")
                self.case._run_cron("ir_cron_process_events")
        self.case.assertMoney(self.request)
        failed = self.request.event_ids.filtered(lambda event: event.state == "failed")
        self.case.assertFalse(failed.mapped("error"))

    # === STEPS === #

    def pay(self):
        if self.request.state in ("sent", "failed") and self.request._get_quote()["total"]:
            ref = self._open()
            self.stripe.pay(ref)
            self.charges.append(self.stripe.charge_of(ref))

    def pay_twice(self):
        """Two sessions that we never closed are both paid: the one thing no shield can exclude."""
        if self.request.state in ("sent", "failed") and self.request._get_quote()["total"]:
            first = self._open()
            self.request._get_live_checkout().state = "failed"
            self.case.env.flush_all()
            for ref in (first, self._open()):
                self.stripe.pay(ref)
                self.charges.append(self.stripe.charge_of(ref))

    def pay_async(self):
        if self.request.state in ("sent", "failed") and self.request._get_quote()["total"]:
            ref = self._open()
            self.stripe.pay_async(ref)
            if self.random.random() < 0.5:
                self.stripe.settle(ref)
                self.charges.append(self.stripe.charge_of(ref))
            else:
                self.stripe.decline(ref)

    def pay_elsewhere(self):
        invoice = self.random.choice(self.invoices)
        if invoice.amount_residual > self.unit:
            part = self.random.choice([1, 0.5])
            self.case._pay_elsewhere(
                invoice, self.currency.round(invoice.amount_residual * part) or self.unit
            )

    def refund_at_stripe(self):
        if charges := self._refundable():
            charge = self.random.choice(charges)
            left = charge["amount"] - charge["amount_refunded"]
            amount = self.random.choice([left, max(left // 3, 1)])
            status = self.random.choice(["succeeded", "pending"])
            self.refunds.append(self.stripe.refund(charge, amount, status=status))

    def refund_by_us(self):
        held = {}
        for payment in self.request._get_stripe_payments():
            for share, amount in payment._get_undoable().items():
                line = share.payment_request_line_id
                held[line] = held.get(line, 0) + amount
        lines = [line for line, amount in held.items() if line and amount > 0]
        if not lines or self._pending() or self.disputes:
            return
        line = self.random.choice(lines)
        self.case._refund(self.request, {line.move_id: float(held[line])})

    def refund_fails(self):
        if alive := [one for one in self.refunds if one["status"] != "failed"]:
            refund = self.random.choice(alive)
            done = refund["status"] == "succeeded"
            self.stripe.finish_refund(refund, "failed" if done else "succeeded")

    def dispute(self):
        if charges := [one for one in self._refundable() if not one["disputed"]]:
            dispute, _events = self.stripe.dispute(
                self.random.choice(charges), inquiry=self.random.random() < 0.3
            )
            self.disputes.append(dispute)

    def dispute_ends(self):
        if alive := [one for one in self.disputes if "needs_response" in one["status"]]:
            dispute = self.random.choice(alive)
            if dispute["status"].startswith("warning"):
                self.stripe.withdraw(dispute)
            else:
                self.stripe.close_dispute(dispute, self.random.choice(["won", "lost"]))

    def credit_note(self):
        invoice = self.random.choice(self.invoices)
        note = invoice._reverse_moves([{"invoice_date": fields.Date.today()}])
        note.invoice_line_ids.price_unit = self.currency.round(invoice.amount_total / 4)
        note.action_post()

    def use_credit(self):
        """The credit is reconciled with another invoice, whoever had counted on it."""
        if not self.credit.reconciled:
            other = self.case._create_invoice(
                abs(self.credit.amount_residual_currency), currency=self.currency
            )
            (self.credit | other.line_ids).filtered(
                lambda line: line.account_type == "asset_receivable"
            ).reconcile()

    def cancel(self):
        if self.request.state in ("sent", "failed"):
            with self.case._as_in_production(self.request, self.case.billing_user) as request:
                request.action_cancel()

    def repeat(self):
        """Stripe tells again what it told, some of it long ago, in any order."""
        for event in self.random.sample(self.stripe.events, min(3, len(self.stripe.events))):
            self.stripe.events.append({**event, "id": self.stripe.new_ref("evt")})

    # === WHAT IS THERE === #

    def _open(self):
        live = self.request._get_live_checkout()
        if live and live.quote == self.request._get_quote():
            return live.stripe_checkout_session_ref
        return self.case._open_checkout(self.request).stripe_checkout_session_ref

    def _pending(self):
        return [one for one in self.refunds if one["status"] == "pending"]

    def _refundable(self):
        charged_back = {
            one["charge"] for one in self.disputes if one["status"] in ("needs_response", "lost")
        }
        return [
            charge
            for charge in self.charges
            if charge["amount"] > charge["amount_refunded"] and charge["id"] not in charged_back
        ]


@tagged("post_install", "-at_install")
class TestHistory(MoneyCase):
    def setUp(self):
        super().setUp()
        self.company.payment_request_fee_account_id = self.company_data["default_account_expense"]
        self.terms = self._create_terms()
        self.currencies = {}
        for code, rate in (("USD", 1), ("EUR", 1.1), ("JPY", 0.007)):
            currency = self.env["res.currency"].with_context(active_test=False)
            currency = currency.search([("name", "=", code)])
            currency.active = True
            if code != "USD":
                currency.rate_ids = [
                    Command.clear(),
                    Command.create(
                        {
                            "name": "2020-01-01",
                            "inverse_company_rate": rate,
                            "company_id": self.company.id,
                        }
                    ),
                ]
            self.currencies[code] = currency

    def _create_terms(self):
        terms = self.env["account.payment.term"]
        parts = [(40, 0), (60, 30)]
        return {
            "discount": terms.create(
                {
                    "name": "3% within 10 days",
                    "early_discount": True,
                    "discount_percentage": 3,
                    "discount_days": 10,
                    "line_ids": [Command.create({"value": "percent", "value_amount": 100})],
                }
            ),
            "instalments": terms.create(
                {
                    "name": "Two instalments",
                    "line_ids": [
                        Command.create(
                            {"value": "percent", "value_amount": percent, "nb_days": days}
                        )
                        for percent, days in parts
                    ],
                }
            ),
        }

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(
        steps=st.lists(st.sampled_from(STEPS), min_size=2, max_size=6),
        code=st.sampled_from(["USD", "EUR", "JPY"]),
        seed=st.integers(0, 10**6),
    )
    @example(
        steps=["pay", "refund_at_stripe", "refund_fails", "dispute", "dispute_ends", "repeat"],
        code="USD",
        seed=1,
    )
    @example(
        steps=["pay_elsewhere", "pay_twice", "refund_at_stripe", "credit_note", "refund_by_us"],
        code="EUR",
        seed=2,
    )
    @example(steps=["pay", "use_credit", "dispute", "dispute_ends"], code="EUR", seed=4)
    @example(steps=["use_credit", "pay", "refund_by_us", "credit_note", "pay"], code="USD", seed=5)
    @example(steps=["pay_async", "pay", "dispute", "dispute_ends", "repeat"], code="JPY", seed=3)
    def test_both_sides_agree_after_each_step(self, steps, code, seed):
        history = History(self, self.currencies[code], seed)
        for name in steps:
            history.step(name)
