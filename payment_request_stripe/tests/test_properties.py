# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import contextlib
from datetime import timedelta
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odoo import fields
from odoo.fields import Command
from odoo.tests import tagged

from ..gateways.money import to_decimal
from ..models.payment_request import TRANSITIONS
from .common import PaymentRequestCommon
from .stripe_wire import FakeStripe

EXAMPLES = settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
STATES = sorted({*TRANSITIONS, "draft"})
# What may happen at Stripe to one session, in whatever order and however often it is told.
HAPPENINGS = ("paid", "intent", "declined", "expired", "processing", "debit_failed")


class Rollback(Exception):
    """Undoes one example."""


@tagged("post_install", "-at_install")
class TestProperties(PaymentRequestCommon):
    """What holds for any amounts and any order of events."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.currencies = {"USD": cls.company.currency_id}
        for code, rounding, rate in (("JPY", 1, 0.0067), ("KWD", 0.01, 3.2571)):
            currency = (
                cls.env["res.currency"]
                .with_context(active_test=False)
                .search([("name", "=", code)])
            )
            currency.write(
                {
                    "active": True,
                    "rounding": rounding,
                    "rate_ids": [
                        Command.clear(),
                        Command.create(
                            {
                                "name": fields.Date.today() - timedelta(days=9),
                                "inverse_company_rate": rate,
                                "company_id": cls.company.id,
                            }
                        ),
                    ],
                }
            )
            cls.currencies[code] = currency

    @contextlib.contextmanager
    def _example(self):
        """Run one example and take back all it wrote."""
        with contextlib.suppress(Rollback), self.env.cr.savepoint():
            yield
            raise Rollback
        self.env.invalidate_all()

    def _open(self, stripe, request):
        """Open a session for what `request` asks now; return it as the fake Stripe keeps it."""
        checkouts = self.env["payment.request.checkout"].sudo()
        values = checkouts._prepare_checkout(request, request._get_quote(), request.name)
        session = stripe.new_session(values["parameters"])
        checkouts.create({**values, "state": "open", "stripe_checkout_session_ref": session["id"]})
        return session

    @EXAMPLES
    @given(
        code=st.sampled_from(["USD", "JPY", "KWD"]),
        amounts=st.lists(
            st.tuples(st.integers(1, 9_999), st.integers(1, 100)), min_size=1, max_size=6
        ),
    )
    def test_each_invoice_gets_exactly_its_share(self, code, amounts):
        with self._example():
            currency = self.currencies[code]
            # Amounts in the smallest coin Stripe takes in that currency, never below its minimum.
            coin = Decimal(1).scaleb(-currency.decimal_places)
            owed = [coin * units + 100 for units, _percent in amounts]
            asked = [
                max((value * percent / 100).quantize(coin), Decimal(1))
                for value, (_units, percent) in zip(owed, amounts, strict=True)
            ]
            asked[0] = owed[0]
            invoices = [self._create_invoice(float(value), currency=currency) for value in owed]
            request = self._create_request(*invoices, amounts=asked)
            stripe = FakeStripe()
            self._receive(stripe.pay(self._open(stripe, request)["id"]))
            digits = currency.decimal_places
            for invoice, total, share in zip(invoices, owed, asked, strict=True):
                self.assertEqual(to_decimal(invoice.amount_residual, digits), total - share)
            items = request.payment_ids.move_id.line_ids
            self.assertEqual(sum(to_decimal(item.balance, 2) for item in items), 0)
            self.assertEqual(sum(to_decimal(item.amount_currency, digits) for item in items), 0)
            self.assertEqual(to_decimal(request.amount_paid, digits), sum(asked))
            self.assertEqual(request.state, "completed")

    @EXAMPLES
    @given(
        code=st.sampled_from(["USD", "JPY", "KWD"]),
        units=st.lists(st.integers(200, 90_000), min_size=1, max_size=4),
        percent=st.integers(1, 40),
        credits_=st.lists(st.integers(1, 9_000), max_size=3),
    )
    def test_money_discounts_and_credits_add_up(self, code, units, percent, credits_):
        with self._example():
            currency = self.currencies[code]
            digits = currency.decimal_places
            coin = Decimal(1).scaleb(-digits)
            term = self.env["account.payment.term"].create(
                {
                    "name": f"{percent}% less",
                    "early_discount": True,
                    "discount_percentage": percent,
                    "line_ids": [Command.create({"value": "percent", "value_amount": 100})],
                }
            )
            invoices = [
                self._create_invoice(
                    float(coin * amount + 100),
                    currency=currency,
                    invoice_payment_term_id=term.id if amount % 2 else False,
                )
                for amount in units
            ]
            notes = [
                self._create_invoice(
                    float(min(coin * amount, Decimal(9))), currency=currency, move_type="out_refund"
                ).line_ids.filtered(lambda line: line.account_type == "asset_receivable")
                for amount in credits_
            ]
            request = self._create_request(
                *invoices, credits=[{"item_id": note.id} for note in notes]
            )
            shares = request._read_quote(request._get_quote())
            for line, share in shares.items():
                taken = sum((amount for _item, amount in share["credits"]), Decimal(0))
                left = line._get_amount_due() - share["pay"] - share["discount"] - taken
                self.assertEqual(left, 0)
            deducted = sum(
                amount for share in shares.values() for _item, amount in share["credits"]
            )
            stripe = FakeStripe()
            self._receive(stripe.pay(self._open(stripe, request)["id"]))
            for line, share in shares.items():
                self.assertEqual(to_decimal(line.amount_paid, digits), share["pay"])
                self.assertEqual(to_decimal(line.amount_discount, digits), share["discount"])
                self.assertEqual(line._get_reconciled(), line._get_net_paid())
                self.assertEqual(to_decimal(line.move_id.amount_residual, digits), 0)
            used = sum(to_decimal(one.amount_used, digits) for one in request.credit_ids)
            self.assertEqual(used, deducted)
            items = request.payment_ids.move_id.line_ids
            self.assertEqual(sum(to_decimal(item.balance, 2) for item in items), 0)
            self.assertFalse(request.activity_ids)

    @EXAMPLES
    @given(told=st.lists(st.sampled_from(HAPPENINGS), min_size=1, max_size=8))
    def test_any_story_books_what_was_taken_once(self, told):
        with self._example():
            invoice = self._create_invoice(80)
            request = self._create_request(invoice)
            stripe = FakeStripe()
            events = self._make_events(stripe, self._open(stripe, request))
            # The same event has the same id each time it is told; Stripe tells its end at last.
            self._receive(*[events[name] for name in told])
            was_paid = bool({"paid", "intent"} & set(told))
            self.assertEqual(len(request.payment_ids), int(was_paid))
            self.assertEqual(request.amount_paid, 80 if was_paid else 0)
            self.assertOwed(invoice, "0" if was_paid else "80")
            self.assertEqual(request.state == "completed", was_paid)
            self.assertFalse(request.event_ids.filtered(lambda event: event.state == "failed"))

    def _make_events(self, stripe, session):
        ref = session["id"]
        declined = stripe.decline(ref)
        paid = stripe.pay(ref)
        intent = stripe.payment_intents[session["payment_intent"]]
        unpaid = {**session, "status": "complete", "payment_status": "unpaid"}
        return {
            "declined": declined,
            "paid": paid,
            "intent": stripe.event("payment_intent.succeeded", intent),
            "expired": stripe.event(
                "checkout.session.expired",
                {**session, "status": "expired", "payment_status": "unpaid"},
            ),
            "processing": stripe.event("checkout.session.completed", unpaid),
            "debit_failed": stripe.event("checkout.session.async_payment_failed", unpaid),
        }

    @EXAMPLES
    @given(targets=st.lists(st.sampled_from(sorted(TRANSITIONS)), max_size=12))
    def test_states_change_only_as_the_table_says(self, targets):
        with self._example():
            request = self._create_request(self._create_invoice(80), send=False)
            state = "draft"
            for target in targets:
                moved = request._transition(target)
                allowed = state in TRANSITIONS[target]
                self.assertEqual(bool(moved), allowed)
                state = target if allowed else state
                self.assertEqual(request.state, state)

    def test_completed_is_never_left(self):
        self.assertFalse(
            [target for target in STATES if "completed" in TRANSITIONS.get(target, ())]
        )
