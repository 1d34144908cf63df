# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from datetime import timedelta

from freezegun import freeze_time

from odoo.tests import tagged

from .mail_wire import mail_server
from .reminder_case import TODAY, ReminderCase


@tagged("post_install", "-at_install")
@freeze_time("2026-03-16 10:00:00")
class TestReminder(ReminderCase):
    def test_one_message_for_all_invoices_of_a_customer(self):
        due = [
            self._create_late_invoice(3),
            self._create_late_invoice(11),
            self._create_late_invoice(-3),
        ]
        between = self._create_late_invoice(1)
        later = self._create_late_invoice(-10)
        self._remind()
        reminder = self._get_reminders()
        self.assertEqual(len(reminder), 1)
        self.assertEqual(reminder.reminder_step_id.days, 10, "the furthest step has the word")
        request = reminder.request_id
        self.assertEqual((request.state, request.reminder_count), ("sent", 1))
        self.assertEqual(request.line_ids.move_id, self.env["account.move"].union(*due, between))
        self.assertNotIn(later, request.line_ids.move_id)
        self.assertEqual({self._get_line(move).state for move in due}, {"sent"})
        self.assertEqual(self._get_line(between).state, "along")
        self.assertFalse(self._get_line(later))

    def test_the_run_is_done_once_a_day(self):
        self._create_late_invoice(3)
        self._remind()
        self._remind()
        self.assertEqual(len(self._get_reminders()), 1)
        run = self.runs.search([])
        self.assertEqual(
            (run.state, run.date, run.sent_count, run.message_count), ("done", TODAY, 1, 1)
        )

    def test_each_currency_and_customer_has_its_own_message(self):
        other = self.env["res.partner"].create({"name": "Otto", "email": "otto@example.com"})
        currency = self.env.ref("base.EUR")
        currency.active = True
        self._create_late_invoice(3)
        self._create_late_invoice(3, currency=currency)
        self._create_late_invoice(3, partner=other)
        self._remind()
        self.assertEqual(len(self._get_reminders().request_id), 2)
        self.assertEqual(len(self._get_reminders(other)), 1)

    def test_the_same_link_goes_out_again_and_asks_for_what_is_new(self):
        first = self._create_late_invoice(3)
        self._remind()
        request = self._get_reminders().request_id
        self._drain()
        new = self._create_late_invoice(-2)
        with freeze_time("2026-03-23 10:00:00"):
            self._remind()
        self.assertEqual(self._get_reminders().request_id, request)
        self.assertEqual(request.line_ids.move_id, first | new)
        self.assertEqual(request.reminder_count, 2)
        self.assertEqual(request.amount_residual, 200)

    def test_a_link_that_a_person_sent_is_used_again(self):
        invoice = self._create_late_invoice(0)
        request = self._create_request(invoice)
        self._drain()
        with freeze_time("2026-03-19 10:00:00"):
            self._remind()
        self.assertEqual(self._get_reminders().request_id, request)

    def test_two_open_links_take_turns(self):
        old, new = self._create_late_invoice(10), self._create_late_invoice(3)
        one, two = self._create_request(old), self._create_request(new)
        self._drain()
        with freeze_time("2026-03-19 10:00:00"):
            self._remind()
            self._drain()
        self.assertEqual(self._get_reminders().request_id, one)
        self.assertEqual(self._get_line(new).reason_code, "other_link")
        with freeze_time("2026-03-22 10:00:00"):
            self._remind()
        self.assertEqual(self._get_reminders().request_id, one | two)

    def test_a_customers_own_plan_comes_first(self):
        self.payer.payment_request_reminder_plan_id = self._create_plan("Own", days=(5,))
        invoice = self._create_late_invoice(3)
        self._remind()
        self.assertFalse(self._get_line(invoice))
        self.assertIn("Step 5 goes out on 03/18/2026", invoice.payment_request_reminder_note)
        with freeze_time("2026-03-18 10:00:00"):
            self._remind()
        self.assertEqual(self._get_line(invoice).days, 5)

    def test_without_a_plan_nobody_is_reminded(self):
        self.company.payment_request_reminder_plan_id = False
        invoice = self._create_late_invoice(3)
        self._remind()
        self.assertFalse(self.runs.search([]))
        self.assertIn("has a plan", invoice.payment_request_reminder_note)

    def test_what_a_dead_run_left_is_done_by_the_next_call(self):
        invoice = self._create_late_invoice(3)
        self._choose_only()
        self.assertEqual(self._get_line(invoice).state, "due")
        self._remind()
        self.assertEqual(self._get_line(invoice).state, "sent")
        self.assertEqual(len(self._get_reminders()), 1)

    def test_what_a_run_of_yesterday_left_is_chosen_anew(self):
        invoice = self._create_late_invoice(3)
        self._choose_only()
        yesterday = self._get_line(invoice)
        with freeze_time("2026-03-17 10:00:00"):
            self._remind()
        self.assertEqual(yesterday.reason_code, "overtaken")
        self.assertEqual(self._get_line(invoice).state, "sent")
        self.assertEqual(len(self._get_reminders()), 1)

    def test_what_happens_before_sending_counts(self):
        invoice = self._create_late_invoice(3)
        self._remind()
        reminder = self._get_reminders()
        invoice._promise_payment_request(TODAY + timedelta(days=2))
        with mail_server(self.env) as server:
            self._drain()
        self.assertFalse(server.mails)
        self.assertEqual(reminder.state, "skipped")
        line = self._get_line(invoice)
        self.assertEqual((line.state, line.reason_code), ("skipped", "promise"))
        self.assertIn("promised to pay by 03/18/2026", line.reason)
        self.assertEqual(reminder.request_id.reminder_count, 0)
        with freeze_time("2026-03-19 10:00:00"), mail_server(self.env) as server:
            self._remind()
            self._drain()
        self.assertEqual(server.get_recipients(), ["petra@example.com"])

    def test_quiet_hours_put_a_reminder_off(self):
        self.company.write({"payment_request_quiet_from": 9, "payment_request_quiet_to": 18})
        invoice = self._create_late_invoice(3)
        self._remind()
        with mail_server(self.env) as server:
            self._drain()
        self.assertFalse(server.mails)
        self.assertIn("Queued, not before 3/16/26, 6:00", self._get_line(invoice).delivery_status)
        with freeze_time("2026-03-16 18:01:00"), mail_server(self.env) as server:
            self._drain()
        self.assertEqual(len(server.mails), 1)

    def test_the_words_are_those_of_the_step(self):
        self._create_late_invoice(21, amount=250)
        firm = self.env.ref("payment_request_stripe.mail_template_reminder_firm")
        self.plan.step_ids[-1].write({"mail_template_id": firm.id, "attach_statement": True})
        self._remind()
        with mail_server(self.env) as server:
            self._drain()
        (_recipients, mail), *none = server.mails
        self.assertFalse(none)
        self.assertIn("250.00 overdue, please pay now", mail["subject"].replace("\xa0", " "))
        text = mail.get_body(("plain",)).get_content().replace("\xa0", " ")
        self.assertIn("21 days", text)
        request = self._get_reminders().request_id
        self.assertIn(request.pay_url, mail.get_body(("html",)).get_content())
        # The suite makes no PDF: the reminder goes out all the same, and says so.
        notes = "".join(request.message_ids.mapped("body"))
        self.assertIn("went out without the statement", notes)

    def test_the_sms_is_one_segment_and_names_the_amount(self):
        self.plan.step_ids.delivery_method = "sms"
        self._create_late_invoice(3)
        self._remind()
        self._drain()
        self.assertEqual(self._get_reminders().state, "sent")
        (sent,) = self.twilio.messages
        self.assertIn("reminder, USD 100.00 is overdue: http", sent["body"])

    def test_the_statement_lists_all_that_is_open(self):
        invoices = [self._create_late_invoice(21, amount=250), self._create_late_invoice(-5)]
        request = self._create_request(invoices[0])
        statement = request._render_statement()
        self.assertEqual(statement["mimetype"], "text/html")
        self.assertIn("wkhtmltopdf", statement["note"])
        text = statement["content"].decode().replace("\xa0", " ")
        for part in (*(move.name for move in invoices), "21 days late", "350.00", request.pay_url):
            self.assertIn(part, text)
