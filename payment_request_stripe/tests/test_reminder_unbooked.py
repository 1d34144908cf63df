# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from freezegun import freeze_time

from odoo.tests import tagged
from odoo.tools import mute_logger

from .reminder_case import ReminderCase
from .test_booking import EVENT_LOGGER, BookingCase


@tagged("post_install", "-at_install")
@freeze_time("2026-03-16 10:00:00")
class TestReminderUnbooked(BookingCase, ReminderCase):
    """Stripe took the money and the books refuse it: the customer has paid."""

    def setUp(self):
        super().setUp()
        self.invoice = self._create_late_invoice(3)
        self.request = self._create_request(self.invoice, delivery_method="link")
        checkout = self._open_checkout(self.request)
        self.method_line = self.provider._get_payment_request_method_line()
        self.method_line.payment_account_id = False
        with mute_logger(EVENT_LOGGER):
            self._receive(self.stripe.pay(checkout.stripe_checkout_session_ref))
        self.event = self.request.event_ids
        self.assertEqual((self.event.state, self.request.state), ("failed", "sent"))

    def test_nobody_is_reminded_of_it_until_it_is_booked(self):
        self._remind()
        line = self._get_line(self.invoice)
        self.assertEqual((line.state, line.reason_code), ("skipped", "processing"))
        self.assertFalse(self._get_reminders())
        self.method_line.payment_account_id = self.clearing_account
        self.event.with_user(self.billing_user).action_retry()
        self._run_cron("ir_cron_process_events")
        self.assertOwed(self.invoice, "0")

    def test_it_is_asked_for_again_once_a_person_has_seen_to_it(self):
        self.event.with_user(self.billing_user).action_settle()
        self._remind()
        self.assertEqual(self._get_line(self.invoice).state, "sent")
        self.assertEqual(len(self._get_reminders()), 1)
