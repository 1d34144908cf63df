# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Bank debits on their way: what is expected when, and what nobody does meanwhile."""

from datetime import date, timedelta

from freezegun import freeze_time

from odoo import fields
from odoo.tests import BaseCase, tagged
from odoo.tools import format_date

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

    # === LATE === #

    def _send_debit(self, request, expected_on):
        ref = self._open_checkout(request).stripe_checkout_session_ref
        self._receive(self.stripe.pay_async(ref, "bacs_debit", str(expected_on)))
        self._hear()
        return ref

    def _get_tasks(self, request):
        return [f"{task.summary}: {task.note}" for task in request.activity_ids]

    def test_a_bank_that_does_not_answer_becomes_a_task_until_it_does(self):
        for answer in ("settle", "decline"):
            with self.subTest(answer):
                request, _invoice, ref = self._start()
                self._run_cron("ir_cron_poll_stripe")
                self.assertFalse(request.activity_ids)
                with freeze_time(request.debit_expected_on + timedelta(days=6)):
                    self._run_cron("ir_cron_poll_stripe")
                    (task,) = self._get_tasks(request)
                    self.assertIn("A bank debit is late", task)
                    self._receive(getattr(self.stripe, answer)(ref))
                self.assertNotIn("late", " ".join(self._get_tasks(request)))

    def test_a_debit_that_came_makes_none_late_that_is_in_time(self):
        first, second = self._create_invoice(40), self._create_invoice(60)
        request = self._create_request(first, second)
        second.button_draft()
        today = fields.Date.today()
        ref = self._send_debit(request, today + timedelta(days=7))
        second.action_post()
        self._receive(self.stripe.settle(ref))
        with freeze_time(today + timedelta(days=30)):
            ref = self._send_debit(request, today + timedelta(days=37))
            self.assertEqual(request.state, "processing")
            self._run_cron("ir_cron_poll_stripe")
            self.assertFalse(request.activity_ids)
        with freeze_time(today + timedelta(days=43)):
            self._run_cron("ir_cron_poll_stripe")
            (task,) = self._get_tasks(request)
            self.assertIn(format_date(self.env, today + timedelta(days=37)), task)

    def _start_two(self):
        """Return ``(request, refs)`` of debits under way in two sessions of one link."""
        first, second = self._create_invoice(40), self._create_invoice(60)
        request = self._create_request(first, second)
        second.button_draft()
        today = fields.Date.today()
        refs = [self._send_debit(request, today + timedelta(days=7))]
        second.action_post()
        first.button_draft()
        refs.append(self._send_debit(request, today + timedelta(days=70)))
        first.action_post()
        self.assertEqual(len(request.checkout_ids), 2)
        return request, refs

    def test_the_day_that_is_told_is_of_the_debit_that_is_late(self):
        request, refs = self._start_two()
        today = fields.Date.today()
        with freeze_time(today + timedelta(days=20)):
            self._run_cron("ir_cron_poll_stripe")
            (task,) = self._get_tasks(request)
            self.assertIn(format_date(self.env, today + timedelta(days=7)), task)
            self._receive(self.stripe.settle(refs[0]))
            self._run_cron("ir_cron_poll_stripe")
            self.assertEqual(request.state, "processing", "the other one is on its way")
            self.assertFalse(request.activity_ids)
        with freeze_time(today + timedelta(days=80)):
            self._run_cron("ir_cron_poll_stripe")
            (task,) = self._get_tasks(request)
            self.assertIn(format_date(self.env, today + timedelta(days=70)), task)

    def test_the_day_that_is_shown_is_of_a_debit_that_is_still_to_come(self):
        request, refs = self._start_two()
        today = fields.Date.today()
        self.assertEqual(request.debit_expected_on, today + timedelta(days=70))
        self._receive(self.stripe.settle(refs[1]))
        self.assertEqual(request.state, "processing")
        self.assertEqual(request.debit_expected_on, today + timedelta(days=7))

    def test_each_late_debit_has_its_turn_and_is_told_once(self):
        requests = [self._start()[0] for _number in range(2)]
        with freeze_time(requests[0].debit_expected_on + timedelta(days=6)):
            for _run in range(2):
                self.env["payment.request"].sudo()._tell_late_debits(limit=1)
            for request in requests:
                self.assertEqual(len(request.activity_ids), 1)
                request.activity_ids.action_done()
            self._run_cron("ir_cron_poll_stripe")
            for request in requests:
                self.assertFalse(request.activity_ids, "a person has seen to it")
