# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Each reason not to remind: while it is there nobody is written to, and afterwards they are.

Every test takes an invoice that is due, lets the reason come, looks at the log and at the invoice,
lets it go again, and sees the reminder go out the next day.
"""

import re
from datetime import timedelta

from freezegun import freeze_time

from odoo.tests import tagged
from odoo.tools import file_open

from ..gateways.mail_words import MailTrouble
from . import test_reminder, test_reminder_outcome, test_reminder_payments
from .reminder_case import TODAY, ReasonCase


@tagged("post_install", "-at_install")
@freeze_time("2026-03-16 10:00:00")
class TestReminderReasons(ReasonCase):
    def _register_payment(self, amount):
        wizard = (
            self.env["account.payment.register"]
            .with_context(active_model="account.move", active_ids=self.invoice.ids)
            .create({"amount": amount, "payment_date": TODAY})
        )
        return wizard._create_payments()

    def test_paid(self):
        self._choose_only()
        payment = self._register_payment(100)
        self._remind()
        line = self._get_line(self.invoice)
        self.assertEqual((line.state, line.reason_code), ("skipped", "paid"))
        self.assertIn("it is paid", self.invoice.payment_request_reminder_note)
        payment.action_draft()
        payment.action_cancel()
        with self._next_day():
            pass

    def test_processing(self):
        request = self._create_request(self.invoice, delivery_method="link")
        request._transition("processing")
        self.assertLeftOut("processing", "A payment of it is on its way.")
        request._transition("sent")
        with self._next_day():
            pass

    def test_disputed(self):
        request = self._create_request(self.invoice, delivery_method="link")
        request.dispute_state = "open"
        self.assertLeftOut("disputed", "disputes a payment")
        request.dispute_state = "won"
        with self._next_day():
            pass

    def test_credit_note_pending(self):
        credit = self.invoice._reverse_moves()
        self.assertLeftOut("credit_note", "A credit note of it is not settled yet.")
        credit.unlink()
        with self._next_day():
            pass

    def test_promise(self):
        self.invoice._promise_payment_request(TODAY)
        self.assertLeftOut("promise", "The customer promised to pay by 03/16/2026.")
        with self._next_day():
            pass

    def test_hold(self):
        self.invoice.with_user(self.billing_user).payment_request_hold = True
        self.assertLeftOut("hold", "It is on hold.")
        self.invoice.with_user(self.billing_user).payment_request_hold = False
        with self._next_day():
            pass

    def test_blocked_for_payment(self):
        self.invoice.payment_state = "blocked"
        self.assertLeftOut("hold", "It is on hold.")
        self.assertFalse(self._get_reminders())
        self.invoice.payment_state = "not_paid"
        with self._next_day():
            pass

    def test_customer_gets_no_reminders(self):
        self.payer.payment_request_hold = True
        self.assertLeftOut("customer_hold", "Its customer gets no reminders.")
        self.payer.payment_request_hold = False
        with self._next_day():
            pass

    def test_request_not_sent_yet(self):
        request = self._create_request(self.invoice, send=False)
        self.assertLeftOut("draft", "was not sent yet")
        request.unlink()
        with self._next_day():
            pass

    def test_maximum_reached(self):
        self.company.payment_request_reminder_max = 1
        self._remind()
        self.assertEqual(self._get_line(self.invoice).state, "sent")
        self._drain()
        with freeze_time("2026-03-23 10:00:00"):
            self.invoice.invalidate_recordset()
            self.assertLeftOut("maximum", "as often as the settings allow (1)")
            self.company.payment_request_reminder_max = 2
        with self._next_day("2026-03-24 10:00:00"):
            pass

    def test_sent_too_recently(self):
        self._create_request(self._create_invoice(50))
        self._drain()
        self.assertLeftOut("recent", "was written to lately")
        with self._next_day("2026-03-19 00:30:00"):
            pass

    def test_no_contact(self):
        self.payer.email = False
        self.assertLeftOut("no_contact", "Petra Payer has no e-mail address.")
        self.payer.email = "petra@example.com"
        with self._next_day():
            pass

    def test_the_last_email_came_back(self):
        self._remind()
        self._drain()
        first = self._get_reminders()
        first.sudo()._bounce(MailTrouble("no_mailbox"))
        self.assertEqual(first.state, "bounced")
        with freeze_time("2026-03-23 10:00:00"):
            self.invoice.invalidate_recordset()
            self.assertLeftOut("no_contact", "petra@example.com came back")
            self.assertEqual(self._get_reminders(), first, "nothing is queued in vain")
            self.payer.email = "petra@example.org"
        with self._next_day("2026-03-24 10:00:00"):
            pass
        self.assertEqual(self._get_reminders()[0].recipient, "petra@example.org")

    def test_opted_out(self):
        self.env["mail.blacklist"]._add("petra@example.com")
        self.assertLeftOut("opted_out", "wants no more messages")
        self.env["mail.blacklist"]._remove("petra@example.com")
        with self._next_day():
            pass

    def test_stripe_is_not_set_up(self):
        self.provider.state = "disabled"
        self.assertLeftOut("refused", "Stripe")
        self.provider.state = "test"
        with self._next_day():
            pass

    def test_the_link_asks_for_something_on_hold(self):
        held = self._create_late_invoice(1)
        self._create_request(self.invoice, held, delivery_method="link")
        held.payment_request_hold = True
        self.assertLeftOut("linked", f"asks for {held.name} too: It is on hold.")
        held.payment_request_hold = False
        with self._next_day():
            pass

    def test_a_promise_of_one_does_not_spare_the_others(self):
        promised = self._create_late_invoice(10)
        request = self._create_request(self.invoice, promised, delivery_method="link")
        promised._promise_payment_request(TODAY + timedelta(days=5))
        self._remind()
        self.assertEqual(self._get_line(promised).reason_code, "promise")
        self.assertEqual(self._get_reminders().request_id, request)
        self.assertEqual(
            request.line_ids.filtered("promise_date").move_id, promised, "the message says so"
        )

    def test_each_reason_has_its_words(self):
        codes = dict(self.lines._get_reason_codes())
        for code in codes:
            self.assertTrue(self.lines._explain(code, self.company, TODAY), code)

    def test_no_reason_is_forgotten_here(self):
        """Each has a test that lets it come and go: here, or where it says."""
        codes = dict(self.lines._get_reason_codes())
        self.assertEqual(set(codes), set(SHOWN_BY))
        for case, name in SHOWN_BY.values():
            self.assertTrue(callable(getattr(case, name, None)), name)

    def test_the_readme_explains_each_reason(self):
        with file_open("payment_request_stripe/readme/REMINDERS.rst") as readme:
            edge, rows = re.split(r"^(=+)  =+\n", readme.read(), flags=re.MULTILINE)[3:5]
        names = [title for _code, title in self.lines._get_reason_codes()]
        explained = filter(None, (row[: len(edge)].strip() for row in rows.splitlines()))
        self.assertEqual(sorted(explained), sorted(names))


SHOWN_BY = {
    "paid": (TestReminderReasons, "test_paid"),
    "processing": (TestReminderReasons, "test_processing"),
    "disputed": (TestReminderReasons, "test_disputed"),
    "native_payment": (
        test_reminder_payments.TestReminderPayments,
        "test_native_payment_under_way",
    ),
    "credit_note": (TestReminderReasons, "test_credit_note_pending"),
    "promise": (TestReminderReasons, "test_promise"),
    "hold": (TestReminderReasons, "test_hold"),
    "customer_hold": (TestReminderReasons, "test_customer_gets_no_reminders"),
    "draft": (TestReminderReasons, "test_request_not_sent_yet"),
    "maximum": (TestReminderReasons, "test_maximum_reached"),
    "recent": (TestReminderReasons, "test_sent_too_recently"),
    "no_contact": (TestReminderReasons, "test_no_contact"),
    "opted_out": (TestReminderReasons, "test_opted_out"),
    "linked": (TestReminderReasons, "test_the_link_asks_for_something_on_hold"),
    "not_sent": (test_reminder_outcome.TestReminderOutcome, "test_twilio_refuses_us_for_a_day"),
    "refused": (TestReminderReasons, "test_stripe_is_not_set_up"),
    "other_link": (test_reminder.TestReminder, "test_two_open_links_take_turns"),
    "overtaken": (test_reminder.TestReminder, "test_what_a_run_of_yesterday_left_is_chosen_anew"),
}
