# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What Stripe could not deliver is fetched, however much there is, in the worker's time."""

from unittest.mock import patch

from odoo.tests import tagged

from odoo.addons.base.models import ir_cron

from ..models import payment_request_heal
from .money_case import MoneyCase

DAY = 24 * 3600
HEAL_LOGGER = payment_request_heal.__name__


@tagged("post_install", "-at_install")
class TestBackfill(MoneyCase):
    def _lose_payments(self, count):
        """Return ``(invoices, Stripe's ids of their events)``, one a day; nobody told of them."""
        invoices = [self._create_invoice(100) for _number in range(count)]
        requests = [self._create_request(invoice) for invoice in invoices]
        refs = [self._open_checkout(one).stripe_checkout_session_ref for one in requests]
        paid = [self.stripe.pay(ref) for ref in refs]
        for age, event in enumerate(reversed(paid)):
            event["created"] -= age * DAY
        return invoices, [event["id"] for event in paid]

    def _get_stored(self, refs):
        """Return those of the ids that arrived, in the order in which they did."""
        events = self.env["payment.request.event"].search([("event_ref", "in", refs)], order="id")
        return events.mapped("event_ref")

    def test_more_than_is_fetched_at_once_arrives_the_oldest_first(self):
        invoices, refs = self._lose_payments(5)
        with patch.object(payment_request_heal, "AT_ONCE", 2):
            self._run_cron("ir_cron_backfill_events")
        self.assertEqual(self._get_stored(refs), refs)
        self._run_cron("ir_cron_process_events")
        for invoice in invoices:
            self.assertOwed(invoice, "0")

    def test_when_the_time_is_over_it_goes_on_from_there(self):
        _invoices, refs = self._lose_payments(3)
        with (
            patch.object(payment_request_heal, "AT_ONCE", 1),
            patch.object(ir_cron, "MIN_TIME_PER_JOB", 0),
            patch.object(ir_cron, "MIN_RUNS_PER_JOB", 1),
        ):
            for _run in range(60):
                before = self._get_stored(refs)
                self._run_cron("ir_cron_backfill_events")
                self.assertLessEqual(len(self._get_stored(refs)) - len(before), 1)
                if not self.provider.payment_request_backfill:
                    break
        self.assertEqual(self._get_stored(refs), refs)
        self.assertFalse(self.provider.payment_request_backfill)

    def test_a_stripe_that_does_not_answer_is_asked_anew_next_time(self):
        _invoices, refs = self._lose_payments(1)
        self.stripe.fail_next("GET", "/v1/events", timeout=True, times=9)
        with self.assertLogs(HEAL_LOGGER, "WARNING") as logs:
            self._run_cron("ir_cron_backfill_events")
        self.assertIn("did not answer", logs.output[0])
        self.assertFalse(self._get_stored(refs))
        self.stripe.forget_faults()
        self._run_cron("ir_cron_backfill_events")
        self.assertEqual(self._get_stored(refs), refs)
