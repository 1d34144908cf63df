# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Each reason not to remind: while it is there nobody is written to, and afterwards they are.

Every test takes an invoice that is due, lets the reason come, looks at the log and at the invoice,
lets it go again, and sees the reminder go out the next day.
"""

from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal

from freezegun import freeze_time

from odoo.fields import Command
from odoo.tests import tagged

from ..gateways.mail_words import MailTrouble
from . import test_reminder, test_reminder_outcome
from .mail_wire import mail_server
from .reminder_case import TODAY, ReminderCase

TOMORROW = "2026-03-17 10:00:00"


@tagged("post_install", "-at_install")
@freeze_time("2026-03-16 10:00:00")
class TestReminderReasons(ReminderCase):
    def setUp(self):
        super().setUp()
        self.invoice = self._create_late_invoice(3)

    def assertLeftOut(self, code, sentence):
        """Assert that the run leaves the invoice out, and that log and invoice say why."""
        self.assertIn(sentence, self.invoice.payment_request_reminder_note)
        self._remind()
        line = self._get_line(self.invoice)
        self.assertEqual((line.state, line.reason_code), ("skipped", code))
        self.assertIn(sentence, line.reason)
        self.assertNotEqual(self._get_line(self.invoice).request_id.reminder_count, 1)

    @contextmanager
    def _next_day(self, moment=TOMORROW):
        """Yield at a later moment, at whose end the invoice is reminded of."""
        with freeze_time(moment):
            yield
            self.invoice.invalidate_recordset()
            self.assertIn("goes out with the next run", self.invoice.payment_request_reminder_note)
            before = len(self._get_reminders())
            self._remind()
            self.assertEqual(self._get_line(self.invoice).state, "sent")
            self.assertEqual(len(self._get_reminders()), before + 1)

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

    def _pay_alone(self, invoice):
        """Let the customer pay one invoice, in the portal, by a debit that takes days."""
        choice = self.requests.sudo()._make_for_customer(
            self.payer, invoice, {invoice.id: Decimal(100)}
        )
        choice._transition("sent")
        choice._transition("processing")
        return choice

    def test_a_debit_of_one_invoice_keeps_back_the_link_that_asks_for_two(self):
        """That link cannot be paid now: its page says that a payment is on its way."""
        paid = self._create_late_invoice(3)
        request = self._create_request(paid, self.invoice, delivery_method="link")
        choice = self._pay_alone(paid)
        self._remind()
        self.assertEqual(self._get_line(paid).reason_code, "processing")
        line = self._get_line(self.invoice)
        self.assertEqual((line.state, line.reason_code), ("skipped", "linked"))
        self.assertIn(f"asks for {paid.name} too: A payment of it is on its way.", line.reason)
        self.assertFalse(self._get_reminders())
        choice._transition("failed")
        with self._next_day():
            pass
        self.assertEqual(self._get_reminders().request_id, request)

    def test_a_debit_begins_while_messages_wait(self):
        """Neither the reminder nor a rule's own message goes out."""
        paid, asked = self.invoice, self._create_late_invoice(3)
        request = self._create_request(paid, asked, delivery_method="link")
        self._remind()
        request._queue_messages([(request, "sms", "+14155550100")], automatic=True)
        self._pay_alone(paid)
        with mail_server(self.env) as server:
            self._drain()
        self.assertFalse(server.mails)
        self.assertFalse(self.twilio.messages)
        self.assertEqual(set(request.delivery_ids.mapped("state")), {"skipped"})
        self.assertEqual(self._get_line(asked).reason_code, "linked")

    def test_disputed(self):
        request = self._create_request(self.invoice, delivery_method="link")
        request.dispute_state = "open"
        self.assertLeftOut("disputed", "disputes a payment")
        request.dispute_state = "won"
        with self._next_day():
            pass

    def _pay_natively(self, **values):
        """Return a new payment by Odoo's own portal for the invoice."""
        return self.env["payment.transaction"].create(
            {
                "provider_id": self.provider.id,
                "payment_method_id": self.env.ref("payment.payment_method_card").id,
                "reference": "native of the tests",
                "amount": 100,
                "currency_id": self.company.currency_id.id,
                "partner_id": self.payer.id,
                "invoice_ids": [Command.set(self.invoice.ids)],
                **values,
            }
        )

    def test_native_payment_under_way(self):
        transaction = self._pay_natively()
        transaction._set_pending()
        self.assertLeftOut("native_payment", "outside of payment requests")
        transaction._set_canceled()
        with self._next_day():
            pass

    def test_native_payment_is_done_and_not_booked_yet(self):
        transaction = self._pay_natively()
        transaction._set_done()
        self.assertFalse(transaction.is_post_processed)
        self.assertLeftOut("native_payment", "outside of payment requests")
        with self._next_day("2026-03-21 10:00:00"):
            pass  # by then Odoo has given up booking it

    def test_a_native_payment_that_never_ends(self):
        """A wire transfer is pending by one click, paid or not; a bank debit takes weeks."""
        transaction = self._pay_natively()
        transaction._set_pending()
        with freeze_time("2026-04-06 09:00:00"):
            self.invoice.invalidate_recordset()
            self.assertIn("outside", self.invoice.payment_request_reminder_note)
        with freeze_time("2026-04-07 10:00:00"):
            self.invoice.invalidate_recordset()
            self.assertIn("next run", self.invoice.payment_request_reminder_note)
        transaction.provider_id = self.env["payment.provider"].create(
            {
                "name": "Wire transfer",
                "code": "none",
                "company_id": self.company.id,
            }
        )
        # The addon that has this kind of provider need not be there.
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE payment_provider SET code = 'custom' WHERE id = %s",
            [transaction.provider_id.id],
        )
        self.env.invalidate_all()
        request = self._create_request(self.invoice, delivery_method="link")
        with freeze_time("2026-03-23 09:00:00"):
            self.assertEqual(request._get_page_state(), "processing")
            self.assertLeftOut("native_payment", "outside of payment requests")
        with self._next_day("2026-03-24 10:00:00"):
            self.assertEqual(request._get_page_state(), "open", "and the link asks for it")

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
        self.assertIn("on hold", self.invoice.payment_request_reminder_note)
        self._remind()
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
        self.assertLeftOut("recent", "got a message lately")
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
            self._remind()
            self.assertEqual(self._get_line(self.invoice).reason_code, "no_contact")
            self.assertIn("petra@example.com came back", self._get_line(self.invoice).reason)
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
        self._remind()
        line = self._get_line(self.invoice)
        self.assertEqual((line.state, line.reason_code), ("skipped", "linked"))
        self.assertIn(f"asks for {held.name} too: It is on hold.", line.reason)
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


SHOWN_BY = {
    "paid": (TestReminderReasons, "test_paid"),
    "processing": (TestReminderReasons, "test_processing"),
    "disputed": (TestReminderReasons, "test_disputed"),
    "native_payment": (TestReminderReasons, "test_native_payment_under_way"),
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
