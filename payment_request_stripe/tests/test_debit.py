# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Bank debits on their way: what is expected when, and what nobody does meanwhile."""

from datetime import date, timedelta

from freezegun import freeze_time

from odoo import fields
from odoo.tests import BaseCase, tagged

from ..gateways.debits import TYPICAL_DAYS, add_business_days, parse_debit
from .money_case import MoneyCase

MONDAY = date(2026, 11, 23)
MONDAY_NOON = 1795435200
DAY = 24 * 3600


class TestExpectedDay(BaseCase):
    """When the bank's answer is to be expected, by what Stripe tells of the method."""

    def test_business_days_leave_out_weekends(self):
        for count, expected in ((0, 23), (1, 24), (4, 27), (5, 30)):
            with self.subTest(count):
                self.assertEqual(add_business_days(MONDAY, count), date(2026, 11, expected))
        self.assertEqual(add_business_days(date(2026, 11, 28), 1), date(2026, 11, 30))

    def test_every_method_has_its_day(self):
        for method, days in TYPICAL_DAYS.items():
            with self.subTest(method):
                charge = self._charge(method)
                debit = parse_debit(charge, 0)
                self.assertEqual(debit.method, method)
                self.assertEqual(debit.expected_on, add_business_days(MONDAY, days))

    def test_stripes_own_day_wins(self):
        charge = self._charge("bacs_debit", expected_debit_date="2026-11-26")
        session = {
            "object": "checkout.session",
            "payment_intent": {"object": "payment_intent", "latest_charge": charge},
        }
        for obj in (charge, session):
            self.assertEqual(parse_debit(obj, 0).expected_on, date(2026, 11, 26))

    def test_a_session_says_it_when_only_one_method_was_offered(self):
        session = {"object": "checkout.session", "payment_method_types": ["sepa_debit"]}
        self.assertEqual(parse_debit(session, MONDAY_NOON).expected_on, date(2026, 11, 30))
        session["payment_method_types"].append("card")
        self.assertEqual(parse_debit(session, MONDAY_NOON).method, "")

    def test_what_nobody_knows_has_no_day(self):
        for obj in (
            {},
            self._charge("boleto"),
            {"object": "charge", "payment_method_details": "x"},
            {"object": "payment_intent", "payment_method_types": []},
        ):
            self.assertIsNone(parse_debit(obj, MONDAY_NOON).expected_on)
        odd = self._charge("sepa_debit", expected_debit_date="soon")
        self.assertEqual(parse_debit(odd, 0).expected_on, date(2026, 11, 30))

    def _charge(self, method, **details):
        return {
            "object": "charge",
            "created": MONDAY_NOON,
            "payment_method_details": {"type": method, method: details},
        }


@tagged("post_install", "-at_install")
class TestDebit(MoneyCase):
    def _start(self, method="us_bank_account", expected_on=None):
        """Return ``(request, invoice, session ref)`` of a debit that Stripe told completely."""
        invoice = self._create_invoice(100)
        request = self._create_request(invoice)
        ref = self._open_checkout(request).stripe_checkout_session_ref
        self.stripe.pay_async(ref, method, expected_on)
        self._hear()
        return request, invoice, ref

    def test_the_request_says_how_it_travels_and_until_when(self):
        request, invoice, _ref = self._start()
        self.assertEqual(request.state, "processing")
        self.assertEqual(request.debit_method, "us_bank_account")
        expected = add_business_days(fields.Date.today(), 4)
        self.assertEqual(request.debit_expected_on, expected)
        self.assertOwed(invoice, "100")
        self.assertEqual(request._get_page_state(), "processing")

    def test_any_order_tells_the_same(self):
        invoice = self._create_invoice(100)
        request = self._create_request(invoice)
        ref = self._open_checkout(request).stripe_checkout_session_ref
        self.stripe.pay_async(ref, "bacs_debit", "2030-01-15")
        for event in reversed(self.stripe.events):
            self._receive(event)
        self.assertEqual(request.debit_method, "bacs_debit")
        self.assertEqual(request.debit_expected_on, date(2030, 1, 15))

    def test_the_poll_learns_it_when_no_webhook_comes(self):
        invoice = self._create_invoice(100)
        request = self._create_request(invoice)
        ref = self._open_checkout(request).stripe_checkout_session_ref
        self.stripe.pay_async(ref, "au_becs_debit")
        self._run_cron("ir_cron_poll_stripe")
        self._run_cron("ir_cron_process_events")
        self.assertEqual((request.state, request.debit_method), ("processing", "au_becs_debit"))
        self.assertTrue(request.debit_expected_on)

    def test_when_it_settles_or_fails_nothing_is_expected_any_more(self):
        request, invoice, ref = self._start()
        self._receive(self.stripe.settle(ref))
        self.assertOwed(invoice, "0")
        self.assertFalse(request.debit_expected_on)
        request, invoice, ref = self._start("sepa_debit")
        self._receive(self.stripe.decline(ref))
        self.assertEqual((request.state, request.debit_expected_on), ("failed", False))
        self.assertEqual(request._get_page_state(), "open")

    def _settle_days_ago(self, method="sepa_debit"):
        """Return ``(request, event)`` of a debit sent six days ago that arrived two days ago."""
        request, _invoice, ref = self._start(method)
        self.stripe.charge_of(ref)["created"] -= 6 * DAY
        event = self.stripe.settle(ref)
        event["created"] -= 2 * DAY
        return request, event

    def _poll(self):
        self._run_cron("ir_cron_poll_stripe")
        self._run_cron("ir_cron_process_events")

    def test_webhook_and_poll_book_it_on_the_day_on_which_it_arrived(self):
        arrived = fields.Date.today() - timedelta(days=2)
        told, event = self._settle_days_ago()
        self._receive(event)
        asked, _event = self._settle_days_ago()
        self._poll()
        for request in (told, asked):
            self.assertEqual(request.payment_ids.date, arrived)
            self.assertEqual(request.paid_at.date(), arrived)

    def test_a_day_that_stripe_does_not_remember_is_not_the_day_it_was_sent(self):
        request, event = self._settle_days_ago()
        self.stripe.events.remove(event)
        self._poll()
        self.assertEqual(request.payment_ids.date, fields.Date.today())
        request, _event = self._settle_days_ago()
        self.stripe.fail_next("GET", "/v1/events", status=403, kind="invalid_request_error")
        self._poll()
        self.assertEqual(request.payment_ids.date, fields.Date.today())

    def test_a_card_that_the_poll_finds_is_booked_on_the_day_of_its_charge(self):
        request = self._create_request(self._create_invoice(100))
        ref = self._open_checkout(request).stripe_checkout_session_ref
        self.stripe.pay(ref)
        self.stripe.charge_of(ref)["created"] -= 2 * DAY
        self._poll()
        self.assertEqual(request.payment_ids.date, fields.Date.today() - timedelta(days=2))

    def test_a_debit_that_fails_after_the_links_end_opens_it_again(self):
        request, invoice, ref = self._start("sepa_debit")
        later = request.expires_at + timedelta(days=1)
        with freeze_time(later):
            self._receive(self.stripe.decline(ref))
            self.assertGreater(request.expires_at, later)
            self.assertEqual(request._get_page_state(), "open")
            self._run_cron("ir_cron_expire_requests")
            self.assertEqual(request.state, "failed")
            self._pay(request)
        self.assertOwed(invoice, "0")

    def test_a_bank_that_does_not_answer_becomes_a_task(self):
        request, _invoice, _ref = self._start()
        self._run_cron("ir_cron_poll_stripe")
        self.assertFalse(request.activity_ids)
        with freeze_time(request.debit_expected_on + timedelta(days=6)):
            self._run_cron("ir_cron_poll_stripe")
        self.assertIn("A bank debit is late", request.activity_ids.mapped("summary"))
