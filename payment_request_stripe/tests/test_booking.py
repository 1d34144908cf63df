# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import copy
import itertools
from ast import literal_eval
from datetime import date, timedelta

from psycopg2.errors import UniqueViolation

from odoo import fields
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import PaymentRequestCommon
from .stripe_wire import FakeStripe

EVENT_LOGGER = "odoo.addons.payment_request_stripe.models.payment_request_event"


class BookingCase(PaymentRequestCommon):
    def setUp(self):
        super().setUp()
        self.stripe = FakeStripe()

    def _open_checkout(self, request, quote=None):
        """Open a session for what `request` asks now, as Pay does, at the fake Stripe."""
        quote = quote or request._get_quote()
        checkouts = self.env["payment.request.checkout"].sudo()
        values = checkouts._prepare_checkout(request, quote, f"key of {len(self.stripe.sessions)}")
        parameters = values["parameters"]
        is_live = request.provider_id.state == "enabled"
        session = self.stripe.new_session(parameters, livemode=is_live)
        return checkouts.create(
            {
                **values,
                "state": "open",
                "stripe_checkout_session_ref": session["id"],
                "url": session["url"],
            }
        )

    def _pay(self, request):
        """Pay what `request` asks now, and let the worker book it."""
        checkout = self._open_checkout(request)
        self._receive(self.stripe.pay(checkout.stripe_checkout_session_ref))
        return checkout

    def _pay_elsewhere(self, invoice, amount):
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=invoice.ids
        ).create({"amount": amount})._create_payments()

    def _event(self):
        return self.env["payment.request.event"].search([], limit=1)


@tagged("post_install", "-at_install")
class TestBooking(BookingCase):
    """What Stripe took becomes one payment, and each invoice gets exactly its share."""

    def test_one_payment_pays_three_invoices_exactly(self):
        invoices = [self._create_invoice(amount) for amount in (100, 20.5, 7.25)]
        request = self._create_request(*invoices, amounts=[40.01, 20.5, 7.25])
        self._pay(request)
        payment = request.payment_ids
        self.assertEqual(len(payment), 1)
        self.assertEqual(payment.amount, 67.76)
        self.assertEqual(payment.journal_id, self.stripe_journal)
        self.assertTrue(payment.stripe_payment_intent_ref.startswith("pi_"))
        for invoice, owed in zip(invoices, ("59.99", "0", "0"), strict=True):
            self.assertOwed(invoice, owed)
        self.assertEqual(invoices[0].payment_state, "partial")
        self.assertEqual(invoices[1].payment_state, "paid")
        self.assertEqual(request.state, "completed")
        self.assertEqual(request.amount_paid, 67.76)
        self.assertEqual(request.line_ids.mapped("amount_paid"), [40.01, 20.5, 7.25])
        self.assertFalse(request.activity_ids, "nothing is left for a person to do")
        clearing = payment.move_id.line_ids.filtered(
            lambda line: line.account_id == self.clearing_account
        )
        self.assertEqual(clearing.balance, 67.76)
        self.assertFalse(clearing.reconciled, "the payout is still to come")

    def test_a_part_goes_to_its_own_invoice_and_not_to_the_oldest(self):
        long_ago = fields.Date.today() - timedelta(days=60)
        oldest = self._create_invoice(100, invoice_date=long_ago, invoice_date_due=long_ago)
        newest = self._create_invoice(90)
        request = self._create_request(newest, oldest, amounts=[90, 40])
        self._pay(request)
        self.assertOwed(oldest, "60")
        self.assertOwed(newest, "0")
        self.assertEqual(request.line_ids.mapped("amount_paid"), [40, 90])

    def test_the_payment_shows_what_it_paid_whatever_a_caller_writes_into_the_context(self):
        invoices = self._create_invoice(100) | self._create_invoice(50)
        request = self._create_request(*invoices)
        self._pay(request)
        payment = request.payment_ids
        self.assertEqual(payment.reconciled_invoice_ids, invoices)
        payment.invalidate_recordset()
        forged = payment.with_context(payment_request_payment=True)
        self.assertEqual(forged.reconciled_invoices_count, 2)
        self.assertEqual(invoices.reconciled_payment_ids, payment)

    def test_the_same_money_is_booked_once_whatever_is_told_and_how_often(self):
        request = self._create_request(self._create_invoice(100))
        checkout = self._open_checkout(request)
        event = self.stripe.pay(checkout.stripe_checkout_session_ref)
        session = self.stripe.sessions[checkout.stripe_checkout_session_ref]
        intent = self.stripe.payment_intents[session["payment_intent"]]
        told = [event, self.stripe.event("payment_intent.succeeded", intent)]
        self._receive(*told, *told, {**event, "id": "sync:again"})
        self.assertEqual(len(request.payment_ids), 1)
        self.assertEqual(request.amount_paid, 100)
        self.assertEqual(set(request.event_ids.mapped("state")), {"done"})

    def test_either_of_the_events_that_tell_of_a_payment_is_enough(self):
        for kind in ("checkout.session.completed", "payment_intent.succeeded"):
            with self.subTest(kind):
                invoice = self._create_invoice(100)
                request = self._create_request(invoice)
                self.stripe.pay(self._open_checkout(request).stripe_checkout_session_ref)
                session = self.stripe.sessions[request.checkout_ids.stripe_checkout_session_ref]
                intent = self.stripe.payment_intents[session["payment_intent"]]
                told = session if kind.startswith("checkout") else intent
                self._receive(self.stripe.event(kind, told))
                self.assertEqual(request.state, "completed")
                self.assertOwed(invoice, "0")

    def test_one_payment_per_intent_by_schema(self):
        request = self._create_request(self._create_invoice(100))
        self._pay(request)
        with (
            self.assertRaises(UniqueViolation),
            mute_logger("odoo.sql_db"),
            self.env.cr.savepoint(),
        ):
            request.payment_ids.copy(
                {"stripe_payment_intent_ref": request.payment_ids.stripe_payment_intent_ref}
            )
            self.env.flush_all()

    def test_any_order_of_what_happened_ends_the_same(self):
        amounts = (30, 12.34)
        for order in itertools.permutations(range(4)):
            with self.subTest(order):
                invoices = [self._create_invoice(amount) for amount in amounts]
                request = self._create_request(*invoices)
                checkout = self._open_checkout(request)
                ref = checkout.stripe_checkout_session_ref
                declined = self.stripe.decline(ref)
                paid = self.stripe.pay(ref)
                session = self.stripe.sessions[ref]
                intent = self.stripe.payment_intents[session["payment_intent"]]
                expired = self.stripe.event(
                    "checkout.session.expired", {**session, "status": "expired"}
                )
                events = [
                    declined,
                    paid,
                    self.stripe.event("payment_intent.succeeded", intent),
                    expired,
                ]
                self._receive(*[events[position] for position in order])
                self.assertEqual(request.state, "completed")
                self.assertEqual(request.amount_paid, 42.34)
                self.assertEqual(len(request.payment_ids), 1)
                for invoice in invoices:
                    self.assertOwed(invoice, "0")

    def test_what_was_paid_elsewhere_meanwhile_leaves_a_credit_and_a_task(self):
        first, second = self._create_invoice(100), self._create_invoice(50)
        request = self._create_request(first, second)
        checkout = self._open_checkout(request)
        self._pay_elsewhere(first, 70)
        self._pay_elsewhere(second, 50)
        self._receive(self.stripe.pay(checkout.stripe_checkout_session_ref))
        self.assertOwed(first, "0")
        self.assertOwed(second, "0")
        self.assertEqual(request.amount_paid, 150)
        self.assertEqual(request.line_ids.mapped("amount_paid"), [30, 0])
        self.assertEqual(request.state, "completed")
        self.assertEqual(self._get_credit(request.payment_ids), 120)
        self.assertIn("120.00", request.activity_ids.note)
        self.assertEqual(request.activity_ids.user_id, self.billing_user)

    def test_a_cancelled_invoice_leaves_its_share_as_credit(self):
        invoice = self._create_invoice(100)
        request = self._create_request(invoice, self._create_invoice(5))
        checkout = self._open_checkout(request)
        invoice.button_draft()
        invoice.button_cancel()
        self._receive(self.stripe.pay(checkout.stripe_checkout_session_ref))
        self.assertEqual(self._get_credit(request.payment_ids), 100)
        self.assertTrue(request.activity_ids)

    def test_another_amount_or_currency_than_quoted_is_credit(self):
        self.env.ref("base.EUR").active = True
        for change, counted in (({"amount_total": 9900}, 99), ({"currency": "eur"}, 0)):
            with self.subTest(change):
                invoice = self._create_invoice(100)
                request = self._create_request(invoice)
                checkout = self._open_checkout(request)
                event = self.stripe.pay(checkout.stripe_checkout_session_ref)
                event["data"]["object"].update(change)
                self._receive(event)
                payment = request.payment_ids
                self.assertEqual(payment.amount, change.get("amount_total", 10000) / 100)
                self.assertEqual(payment.currency_id.name, change.get("currency", "usd").upper())
                self.assertEqual(request.amount_paid, counted, "dollars and euros do not add up")
                self.assertOwed(invoice, "100")
                self.assertTrue(request.activity_ids)

    def test_what_does_not_say_how_much_was_paid_is_not_booked_and_keeps_nothing_back(self):
        invoice = self._create_invoice(100)
        request = self._create_request(invoice)
        event = self.stripe.pay(self._open_checkout(request).stripe_checkout_session_ref)
        vague = copy.deepcopy({**event, "id": "evt_vague"})
        vague["data"]["object"]["amount_total"] = 0
        with mute_logger(EVENT_LOGGER):
            self._receive(vague)
        self.assertEqual(self._event().state, "failed")
        self.assertFalse(request.payment_ids)
        self._receive(event)
        self.assertEqual(request.payment_ids.amount, 100)
        self.assertOwed(invoice, "0")

    def test_a_second_payment_is_booked_never_lost(self):
        invoice = self._create_invoice(100)
        request = self._create_request(invoice)
        first = self._open_checkout(request)
        first.state = "failed"
        self.env.flush_all()
        second = self._open_checkout(request)
        self._receive(self.stripe.pay(first.stripe_checkout_session_ref))
        self._receive(self.stripe.pay(second.stripe_checkout_session_ref))
        self.assertEqual(len(request.payment_ids), 2)
        self.assertEqual(request.amount_paid, 200)
        self.assertOwed(invoice, "0")
        self.assertTrue(request.activity_ids)

    def test_money_wins_over_the_clock_and_over_us(self):
        for state in ("expired", "cancelled"):
            with self.subTest(state):
                request = self._create_request(self._create_invoice(100))
                checkout = self._open_checkout(request)
                request._transition(state)
                self._receive(self.stripe.pay(checkout.stripe_checkout_session_ref))
                self.assertEqual(request.state, "completed")

    def test_a_bank_debit_is_processing_until_it_settles(self):
        invoice = self._create_invoice(100)
        request = self._create_request(invoice)
        ref = self._open_checkout(request).stripe_checkout_session_ref
        self._receive(self.stripe.pay_async(ref))
        self.assertEqual(request.state, "processing")
        self.assertOwed(invoice, "100")
        self.env["ir.config_parameter"].set_param("account_payment.enable_portal_payment", True)
        self.assertFalse(invoice._has_to_be_paid())
        self.assertIn("do not pay again", invoice._get_online_payment_error())
        self._receive(self.stripe.settle(ref))
        self.assertEqual(request.state, "completed")
        self.assertOwed(invoice, "0")

    def test_a_bank_debit_that_fails_opens_the_link_again(self):
        invoice = self._create_invoice(100)
        request = self._create_request(invoice)
        ref = self._open_checkout(request).stripe_checkout_session_ref
        completed = self.stripe.pay_async(ref)
        session = self.stripe.sessions[ref]
        failed = self.stripe.event("checkout.session.async_payment_failed", session)
        self._receive(failed, completed)
        self.assertEqual(request.state, "failed")
        self.assertTrue(request.failure_reason)
        self._pay(request)
        self.assertEqual(request.state, "completed")

    def test_a_declined_card_leaves_the_link_open(self):
        request = self._create_request(self._create_invoice(100))
        checkout = self._open_checkout(request)
        self._receive(self.stripe.decline(checkout.stripe_checkout_session_ref))
        self.assertEqual(request.state, "failed")
        self.assertTrue(request.failure_reason)
        self.assertEqual(checkout.state, "open")
        self._receive(self.stripe.pay(checkout.stripe_checkout_session_ref))
        self.assertEqual(request.state, "completed")
        self.assertFalse(request.failure_reason)

    def test_part_of_a_request_leaves_it_sent_with_a_smaller_residual(self):
        invoices = [self._create_invoice(100), self._create_invoice(50)]
        request = self._create_request(*invoices)
        invoices[1].button_draft()
        checkout = self._open_checkout(request)
        invoices[1].action_post()
        self._receive(self.stripe.pay(checkout.stripe_checkout_session_ref))
        self.assertEqual(request.state, "sent")
        self.assertEqual((request.amount_paid, request.amount_residual), (100, 50))

    def _get_credit(self, payment):
        """Return what of a payment is still the customer's, in major units."""
        receivable = payment.move_id.line_ids.filtered(
            lambda line: line.account_type == "asset_receivable"
        )
        return -sum(receivable.mapped("amount_residual_currency"))


@tagged("post_install", "-at_install")
class TestBookingAccounts(BookingCase):
    """Currencies, accounts, dates and locks."""

    def test_foreign_currency_invoices_get_their_exchange_difference(self):
        euro = self.env.ref("base.EUR")
        euro.active = True
        today = fields.Date.today()
        euro.rate_ids = [
            Command.clear(),
            Command.create(
                {
                    "name": today - timedelta(days=40),
                    "inverse_company_rate": 1.1,
                    "company_id": self.company.id,
                }
            ),
            Command.create(
                {
                    "name": today - timedelta(days=1),
                    "inverse_company_rate": 1.2,
                    "company_id": self.company.id,
                }
            ),
        ]
        invoices = [
            self._create_invoice(amount, currency=euro, invoice_date=today - timedelta(days=30))
            for amount in (33.33, 33.33, 33.34)
        ]
        request = self._create_request(*invoices, amounts=[33.33, 10, 33.34])
        self._pay(request)
        lines = request.payment_ids.move_id.line_ids
        self.assertEqual(sum(lines.mapped("balance")), 0)
        liquidity = lines.filtered(lambda line: line.account_id == self.clearing_account)
        self.assertEqual((liquidity.amount_currency, liquidity.balance), (76.67, 92.0))
        self.assertOwed(invoices[0], "0")
        self.assertOwed(invoices[1], "23.33")
        self.assertTrue(
            invoices[0].line_ids.matched_credit_ids.exchange_move_id, "the rate has moved"
        )

    def test_currencies_without_and_with_three_decimals(self):
        for code, amount, minor in (("JPY", 1500, 1500), ("KWD", 12.34, 12340)):
            with self.subTest(code):
                currency = (
                    self.env["res.currency"]
                    .with_context(active_test=False)
                    .search([("name", "=", code)])
                )
                currency.active = True
                currency.rounding = 1 if code == "JPY" else 0.001
                invoice = self._create_invoice(amount, currency=currency)
                request = self._create_request(invoice)
                self.assertEqual(request._get_quote()["total"], minor)
                self._pay(request)
                self.assertEqual(request.payment_ids.amount, amount)
                self.assertOwed(invoice, "0")

    def test_invoices_on_different_receivable_accounts(self):
        other = self.company_data["default_account_receivable"].copy({"code": "121999"})
        first, second = self._create_invoice(100), self._create_invoice(60, post=False)
        second.line_ids.filtered(
            lambda line: line.account_type == "asset_receivable"
        ).account_id = other
        second.action_post()
        request = self._create_request(first, second)
        self._pay(request)
        self.assertOwed(first, "0")
        self.assertOwed(second, "0")
        self.assertIn(other, request.payment_ids.move_id.line_ids.account_id)

    def test_instalments_are_paid_the_earliest_first(self):
        term = self.env.ref("account.account_payment_term_advance_60days", False) or self.env[
            "account.payment.term"
        ].create(
            {
                "name": "Two halves",
                "line_ids": [
                    Command.create({"value": "percent", "value_amount": 50, "nb_days": days})
                    for days in (10, 40)
                ],
            }
        )
        invoice = self._create_invoice(100, invoice_payment_term_id=term.id)
        request = self._create_request(invoice, amounts=[60])
        self._pay(request)
        self.assertOwed(invoice, "40")
        first, *_rest = invoice.line_ids.filtered("date_maturity").sorted("date_maturity")
        self.assertEqual(first.amount_residual, 0)

    def test_a_missing_clearing_account_refuses_to_book_and_says_so(self):
        invoice = self._create_invoice(100)
        request = self._create_request(invoice)
        checkout = self._open_checkout(request)
        event = self.stripe.pay(checkout.stripe_checkout_session_ref)
        method_line = self.provider._get_payment_request_method_line()
        method_line.payment_account_id = False
        with mute_logger(EVENT_LOGGER):
            self._receive(event)
        self.assertEqual(self._event().state, "failed")
        self.assertIn("clearing account", self._event().error)
        self.assertFalse(request.payment_ids)
        self.assertTrue(request.activity_ids)
        method_line.payment_account_id = self.clearing_account
        self._event().with_user(self.billing_user).action_retry()
        self._run_cron("ir_cron_process_events")
        self.assertEqual(self._event().state, "done")
        self.assertOwed(invoice, "0")

    def test_a_clearing_account_that_is_the_customers_own_refuses_to_book(self):
        invoice = self._create_invoice(100)
        request = self._create_request(invoice)
        checkout = self._open_checkout(request)
        method_line = self.provider._get_payment_request_method_line()
        method_line.payment_account_id = self.company_data["default_account_receivable"]
        with mute_logger(EVENT_LOGGER):
            self._receive(self.stripe.pay(checkout.stripe_checkout_session_ref))
        self.assertEqual(self._event().state, "failed")
        self.assertFalse(request.payment_ids, "it would lie with the customer, not at Stripe")
        self.assertOwed(invoice, "100")
        method_line.payment_account_id = self.clearing_account
        self._event().with_user(self.billing_user).action_retry()
        self._run_cron("ir_cron_process_events")
        self.assertOwed(invoice, "0")

    def test_the_task_stays_while_another_message_is_not_booked(self):
        request = self._create_request(self._create_invoice(100))
        first = self._open_checkout(request)
        first.state = "failed"
        self.env.flush_all()
        second = self._open_checkout(request)
        method_line = self.provider._get_payment_request_method_line()
        method_line.payment_account_id = False
        with mute_logger(EVENT_LOGGER):
            for checkout in (first, second):
                self._receive(self.stripe.pay(checkout.stripe_checkout_session_ref))
        method_line.payment_account_id = self.clearing_account
        events = request.event_ids
        self.assertEqual(events.mapped("state"), ["failed", "failed"])
        for event, left in zip(events, (1, 0), strict=True):
            event.with_user(self.billing_user).action_retry()
            self._run_cron("ir_cron_process_events")
            self.assertEqual(event.state, "done")
            summaries = request.activity_ids.mapped("summary")
            self.assertEqual(summaries.count("A message from Stripe could not be booked"), left)

    def test_a_payment_that_two_events_tell_of_is_one_piece_of_work(self):
        work = self.env["payment.request.event"].with_user(self.billing_user)
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "payment_request_stripe.action_payment_request_not_booked"
        )
        domain = literal_eval(action["domain"])
        method_line = self.provider._get_payment_request_method_line()
        for press in ("action_retry", "action_settle"):
            request = self._create_request(self._create_invoice(100))
            checkout = self._open_checkout(request)
            paid = self.stripe.pay(checkout.stripe_checkout_session_ref)
            intent = self.stripe.payment_intents[paid["data"]["object"]["payment_intent"]]
            method_line.payment_account_id = False
            with mute_logger(EVENT_LOGGER):
                self._receive(paid, self.stripe.event("payment_intent.succeeded", intent))
            events = request.event_ids
            self.assertEqual(events.mapped("state"), ["failed", "failed"])
            (shown,) = work.search([*domain, ("request_id", "=", request.id)])
            self.assertEqual(shown.id, min(events.ids))
            method_line.payment_account_id = self.clearing_account
            getattr(shown, press)()
            self._run_cron("ir_cron_process_events")
            self.assertNotIn("failed", events.mapped("state"))
            self.assertEqual(len(request.payment_ids), 1 if press == "action_retry" else 0)

    def test_failed_events_are_tried_again_by_themselves(self):
        request = self._create_request(self._create_invoice(100))
        event = self.stripe.pay(self._open_checkout(request).stripe_checkout_session_ref)
        method_line = self.provider._get_payment_request_method_line()
        method_line.payment_account_id = False
        with mute_logger(EVENT_LOGGER):
            self._receive(event)
        method_line.payment_account_id = self.clearing_account
        self.assertGreater(self._event().retry_at, fields.Datetime.now())
        self._event().sudo().retry_at = fields.Datetime.now() - timedelta(seconds=1)
        self._run_cron("ir_cron_process_events")
        self.assertEqual(request.state, "completed")

    def test_a_locked_period_moves_the_payment_to_the_first_open_day(self):
        request = self._create_request(self._create_invoice(100))
        checkout = self._open_checkout(request)
        self.company.fiscalyear_lock_date = fields.Date.today()
        self._receive(self.stripe.pay(checkout.stripe_checkout_session_ref))
        payment = request.payment_ids
        self.assertEqual(payment.date, fields.Date.today() + timedelta(days=1))
        self.assertIn("locked", "".join(payment.message_ids.mapped("body")))

    def test_the_payment_is_dated_by_stripe_in_the_companys_time_zone(self):
        self.company.partner_id.tz = "Pacific/Auckland"
        request = self._create_request(self._create_invoice(100))
        checkout = self._open_checkout(request)
        event = self.stripe.pay(checkout.stripe_checkout_session_ref)
        event["created"] = 1767182400  # 2025-12-31 12:00 UTC, New Year's Day in Auckland
        self._receive(event)
        self.assertEqual(request.payment_ids.date, date(2026, 1, 1))

    def test_our_payments_keep_their_lines_when_reset_to_draft(self):
        invoices = [self._create_invoice(100), self._create_invoice(50)]
        request = self._create_request(*invoices)
        self._pay(request)
        payment = request.payment_ids
        payment.action_cancel()
        self.assertOwed(invoices[0], "100")
        payment.action_draft()
        with self.assertRaisesRegex(UserError, "only its date"):
            payment.amount = 1
        payment.action_post()
        self.assertOwed(invoices[0], "0")
        self.assertOwed(invoices[1], "0")

    def test_our_payments_cannot_be_deleted(self):
        request = self._create_request(self._create_invoice(100))
        self._pay(request)
        with self.assertRaises(UserError):
            request.payment_ids.unlink()
