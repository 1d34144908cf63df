# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A company with a reminder plan: three days before, three, ten and twenty days after."""

from contextlib import contextmanager
from datetime import date, timedelta

from freezegun import freeze_time

from odoo.fields import Command

from .delivery_case import DeliveryCase

TODAY = date(2026, 3, 16)
TOMORROW = "2026-03-17 10:00:00"
DAYS = (-3, 3, 10, 20)


class ReminderCase(DeliveryCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.lines = cls.env["payment.request.reminder.line"]
        cls.runs = cls.env["payment.request.reminder.run"]
        cls.plan = cls._create_plan("Plan of the tests")
        cls.company.payment_request_reminder_plan_id = cls.plan

    @classmethod
    def _create_plan(cls, name, days=DAYS, **values):
        friendly = cls.env.ref("payment_request_stripe.mail_template_reminder_friendly")
        words = cls.env.ref("payment_request_stripe.sms_template_reminder")
        return cls.env["payment.request.reminder.plan"].create(
            {
                "name": name,
                "step_ids": [
                    Command.create(
                        {
                            "name": f"Step {day}",
                            "days": day,
                            "mail_template_id": friendly.id,
                            "sms_template_id": words.id,
                            **values,
                        }
                    )
                    for day in days
                ],
            }
        )

    @classmethod
    def _create_late_invoice(cls, late, amount=100.0, **values):
        """Make an invoice that is due since `late` days (before zero: will be)."""
        return cls._create_invoice(amount, invoice_date_due=TODAY - timedelta(days=late), **values)

    def _remind(self):
        """Run the cron that reminds."""
        self._run_cron("ir_cron_send_reminders")

    def _choose_only(self):
        """Run the cron as far as choosing whom to remind, where its process dies."""
        with self._as_in_production(self.runs) as runs:
            runs.sudo()._open_runs()

    def _get_line(self, invoice):
        """Return the last line of the log about an invoice."""
        return self.lines.search([("move_id", "=", invoice.id)], limit=1)

    def _get_reminders(self, partner=None):
        return self.outbox.search(
            [
                ("reminder_run_id", "!=", False),
                ("request_id.partner_id", "=", (partner or self.payer).id),
            ]
        )


class ReasonCase(ReminderCase):
    """An invoice that is due, and is left out or reminded of."""

    def setUp(self):
        super().setUp()
        self.invoice = self._create_late_invoice(3)

    def assertLeftOut(self, code, sentence):
        """Assert that the run leaves the invoice out, and that log and invoice say why."""
        self.assertIn(sentence, self.invoice.payment_request_reminder_note)
        requests = self.invoice.payment_request_line_ids.request_id
        counts = requests.mapped("reminder_count")
        self._remind()
        line = self._get_line(self.invoice)
        self.assertEqual((line.state, line.reason_code), ("skipped", code))
        self.assertIn(sentence, line.reason)
        self.assertFalse(line.request_id)
        self.assertEqual(requests.mapped("reminder_count"), counts)

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
