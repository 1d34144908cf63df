# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""An invoice in instalments is chased by the earliest that is not paid, for what is due."""

from datetime import timedelta

from freezegun import freeze_time

from odoo.fields import Command
from odoo.tests import tagged

from .reminder_case import TODAY, ReminderCase


@tagged("post_install", "-at_install")
@freeze_time("2026-03-16 10:00:00")
class TestReminderInstalment(ReminderCase):
    def _create_parts(self, late, after=60):
        """Make an invoice of 40, `late` days overdue (below zero: not yet), and 60 later."""
        term = self.env["account.payment.term"].create(
            {
                "name": "Two parts",
                "line_ids": [
                    Command.create({"value": "percent", "value_amount": part, "nb_days": days})
                    for part, days in ((40, 0), (60, after))
                ],
            }
        )
        return self._create_invoice(
            100, invoice_payment_term_id=term.id, invoice_date=TODAY - timedelta(days=late)
        )

    def _remind_and_send(self):
        self._remind()
        self._run_cron("ir_cron_send_deliveries")

    def _pay(self, invoice, amount):
        wizard = self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=invoice.ids
        )
        wizard.create({"amount": amount, "payment_date": TODAY})._create_payments()
        invoice.invalidate_recordset()

    def _get_asked(self, invoice):
        """Return what open links ask of the invoice: ``[(instalment or "", amount)]``."""
        lines = invoice.payment_request_line_ids.filtered("amount_due")
        return [(line.instalment or "", line.amount_due) for line in lines]

    def test_the_first_one_is_overdue_while_the_last_one_is_not(self):
        invoice = self._create_parts(3)
        self.assertEqual(
            invoice.payment_request_reminder_note, "Step 3 goes out with the next run."
        )
        self._remind_and_send()
        line = self._get_line(invoice)
        self.assertEqual((line.state, line.days), ("sent", 3), line.reason)
        self.assertEqual(line.date_due, TODAY - timedelta(days=3))
        self.assertEqual(self._get_asked(invoice), [("Instalment 1 of 2, due 03/13/2026", 40)])
        asked = invoice.payment_request_line_ids
        self.assertEqual((asked.days_late, asked.date_late), (3, TODAY - timedelta(days=3)))
        friendly = self.env.ref("payment_request_stripe.mail_template_reminder_friendly")
        words = friendly._render_field("body_html", asked.request_id.ids)[asked.request_id.id]
        self.assertIn("Instalment 1 of 2, due 03/13/2026", words)

    def test_a_step_before_the_first_one_asks_for_it(self):
        invoice = self._create_parts(-3)
        self._remind_and_send()
        self.assertEqual(self._get_line(invoice).days, -3)
        self.assertEqual(self._get_asked(invoice), [("Instalment 1 of 2, due 03/19/2026", 40)])

    def test_the_plan_begins_again_with_the_next_one(self):
        invoice = self._create_parts(3)
        self._remind_and_send()
        self._pay(invoice, 40)
        self.assertEqual(invoice.payment_request_reminder_note, "Step -3 goes out on 05/09/2026.")
        with freeze_time("2026-05-15 10:00:00"):
            invoice.invalidate_recordset()
            self._remind_and_send()
            line = self._get_line(invoice)
            self.assertEqual((line.state, line.days), ("sent", 3), line.reason)
            self.assertEqual(self._get_asked(invoice), [("Instalment 2 of 2, due 05/12/2026", 60)])

    def test_the_link_asks_for_the_next_one_too_once_that_is_due(self):
        invoice = self._create_parts(3, after=10)
        self._remind_and_send()
        self.assertEqual([amount for _label, amount in self._get_asked(invoice)], [40])
        with freeze_time("2026-03-23 10:00:00"):  # both are due: ten days and none
            self._remind_and_send()
            self.assertEqual(self._get_line(invoice).days, 10)
            self.assertEqual(self._get_line(invoice).state, "sent", self._get_line(invoice).reason)
            self.assertEqual(self._get_asked(invoice), [("", 100)])
            asked = invoice.payment_request_line_ids
            self.assertEqual((asked.days_late, len(asked)), (10, 1))
            self.assertEqual(str(asked.due_by), "2026-03-23", "no later one is ever asked")
            friendly = self.env.ref("payment_request_stripe.mail_template_reminder_friendly")
            words = friendly._render_field("body_html", asked.request_id.ids)[asked.request_id.id]
            self.assertRegex(words, r"Due on\s*03/13/2026\s*,\s*10\s*days late")

    def test_a_link_for_one_of_them_asks_for_no_more(self):
        invoice = self._create_parts(3)
        item = invoice._get_payment_request_instalments()[0]
        request = self.requests.create_and_send(
            [{"invoice_id": invoice.id, "instalment_line_id": item.id}], delivery_method="link"
        ).sudo()
        self._remind_and_send()
        self.assertEqual(self._get_reminders().request_id, request)
        self.assertEqual(self._get_asked(invoice), [("Instalment 1 of 2, due 03/13/2026", 40)])

    def test_another_invoice_that_is_late_brings_what_is_due_along(self):
        late = self._create_late_invoice(10)
        parts = self._create_parts(5)
        self._remind_and_send()
        self.assertEqual(self._get_reminders().request_id.amount_residual, 140)
        self.assertEqual([amount for _label, amount in self._get_asked(parts)], [40])
        self.assertEqual([amount for _label, amount in self._get_asked(late)], [100])

    def test_each_one_is_reminded_of_as_often_as_the_settings_allow(self):
        self.company.payment_request_reminder_max = 1
        invoice = self._create_parts(3, after=20)
        self._remind_and_send()
        with freeze_time("2026-03-23 10:00:00"):
            self._remind_and_send()
            self.assertEqual(self._get_line(invoice).reason_code, "maximum")
        self._pay(invoice, 40)
        with freeze_time("2026-04-05 10:00:00"):
            self._remind_and_send()
            self.assertEqual(self._get_line(invoice).state, "sent", self._get_line(invoice).reason)

    def test_nobody_is_reminded_before_the_first_one(self):
        invoice = self._create_parts(-10)
        self._remind_and_send()
        self.assertFalse(self._get_line(invoice))
        self.assertEqual(invoice.payment_request_reminder_note, "Step -3 goes out on 03/23/2026.")
