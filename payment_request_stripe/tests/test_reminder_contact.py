# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Whom a reminder goes to, and what it may say to whom."""

from freezegun import freeze_time

from odoo.tests import tagged

from .mail_wire import mail_server
from .reminder_case import ReminderCase

INSURER = "claims@insurer.example"


@tagged("post_install", "-at_install")
@freeze_time("2026-03-16 10:00:00")
class TestReminderContact(ReminderCase):
    def setUp(self):
        super().setUp()
        self.invoice = self._create_late_invoice(0)

    def _remind_on(self, moment):
        """Run the reminders at `moment`; return what the mail server got."""
        with freeze_time(moment), mail_server(self.env) as server:
            self._remind()
            self._drain()
        return server

    def test_a_link_for_somebody_else_asks_for_nothing_new(self):
        """Nor does the statement go there: other debts are none of their business."""
        self.plan.step_ids.attach_statement = True
        damage = self._create_request(self.invoice, to_email=INSURER)
        self._drain()
        other = self._create_late_invoice(0)
        server = self._remind_on("2026-03-19 10:00:00")
        self.assertEqual(server.get_recipients(), [INSURER])
        self.assertEqual(damage.line_ids.move_id, self.invoice)
        ((_recipients, mail),) = server.mails
        self.assertNotIn(other.name, mail.get_body(("html",)).get_content())
        self.assertIn("no address of the customer", "".join(damage.message_ids.mapped("body")))
        line = self._get_line(other)
        self.assertEqual((line.state, line.reason_code), ("skipped", "other_link"))
        self.assertIn(f"it is also for {INSURER}", line.reason)
        server = self._remind_on("2026-03-22 10:00:00")
        self.assertEqual(server.get_recipients(), ["petra@example.com"], "by its own link")
        own = self._get_line(other).request_id
        self.assertEqual(own.line_ids.move_id, other)
        # The suite makes no PDF: that it was tried is to be seen there only.
        self.assertIn("wkhtmltopdf", "".join(own.message_ids.mapped("body")))
        self.assertNotIn("wkhtmltopdf", "".join(damage.message_ids.mapped("body")))

    def test_whom_the_payer_forwarded_it_to_sees_nothing_new(self):
        request = self._create_request(self.invoice)
        request._queue_messages(
            [(request, "email", "tax@adviser.example")], automatic=True, is_forwarded=True
        )
        with mail_server(self.env):
            self._drain()
        other = self._create_late_invoice(0)
        self.assertEqual(
            self._remind_on("2026-03-19 10:00:00").get_recipients(), ["petra@example.com"]
        )
        self.assertEqual(request.line_ids.move_id, self.invoice)
        self.assertIn("tax@adviser.example", self._get_line(other).reason)

    def test_a_contact_for_invoices_is_the_customer(self):
        self.env["res.partner"].create(
            {
                "name": "Accounts",
                "type": "invoice",
                "parent_id": self.payer.id,
                "email": "accounts@example.com",
            }
        )
        request = self._create_request(self.invoice, to_email="Accounts@example.com")
        self._drain()
        other = self._create_late_invoice(0)
        server = self._remind_on("2026-03-19 10:00:00")
        self.assertEqual(server.get_recipients(), ["accounts@example.com"])
        self.assertEqual(request.line_ids.move_id, self.invoice | other)

    def test_the_address_of_the_contact_is_corrected(self):
        """Whoever reads the old one is reminded of nothing, and shown nothing new."""
        request = self._create_request(self.invoice, delivery_method="email_sms")
        with mail_server(self.env):
            self._drain()
        self.payer.write({"email": "petra@example.org", "phone": "+14155550199"})
        self.plan.step_ids.delivery_method = "email_sms"
        other = self._create_late_invoice(0)
        server = self._remind_on("2026-03-19 10:00:00")
        self.assertEqual(server.get_recipients(), ["petra@example.org"])
        self.assertEqual(self.twilio.messages[-1]["to"], "+14155550199")
        self.assertEqual(self._get_reminders().request_id, request)
        self.assertEqual(request.line_ids.move_id, self.invoice)
        self.assertEqual(self._get_line(other).reason_code, "other_link")

    def test_a_number_that_a_person_typed_is_kept(self):
        self.plan.step_ids.delivery_method = "sms"
        request = self._create_request(
            self.invoice, delivery_method="sms", to_phone="+1 415 555 0177"
        )
        self._drain()
        other = self._create_late_invoice(0)
        self._remind_on("2026-03-19 10:00:00")
        self.assertEqual([sent["to"] for sent in self.twilio.messages], ["+14155550177"] * 2)
        self.assertEqual(request.line_ids.move_id, self.invoice)
        self.assertIn("+14155550177", self._get_line(other).reason)
