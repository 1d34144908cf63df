# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What an invoice says of its next reminder is what the run then does."""

from freezegun import freeze_time

from odoo.tests import tagged

from .reminder_case import ReasonCase


@tagged("post_install", "-at_install")
@freeze_time("2026-03-16 10:00:00")
class TestReminderNote(ReasonCase):
    def test_a_link_asks_already(self):
        request = self._create_request(self.invoice, delivery_method="link")
        self.env["mail.blacklist"]._add("petra@example.com")
        self.assertLeftOut("opted_out", "wants no more messages")
        self.env["mail.blacklist"]._remove("petra@example.com")
        self.payer.email = False
        with freeze_time("2026-03-17 10:00:00"):
            self.invoice.invalidate_recordset()
            self.assertLeftOut("no_contact", "Petra Payer has no e-mail address.")
        self.payer.email = "petra@example.org"
        with self._next_day("2026-03-18 10:00:00"):
            pass
        self.assertEqual(self._get_reminders().request_id, request)
        self.assertEqual(self._get_reminders().recipient, "petra@example.org")

    def test_another_link_comes_first(self):
        older = self._create_late_invoice(11)
        first = self._create_request(older, delivery_method="link")
        own = self._create_request(self.invoice, delivery_method="link")
        self.assertIn("next run", older.payment_request_reminder_note)
        self.assertLeftOut("other_link", f"{own.name} asks for it")
        self.assertEqual(self._get_reminders().request_id, first)

    def test_somebody_else_has_the_link(self):
        older = self._create_late_invoice(11)
        self._create_request(older, delivery_method="link", to_email="claims@insurer.example")
        self.assertLeftOut("other_link", "no address of the customer's")
