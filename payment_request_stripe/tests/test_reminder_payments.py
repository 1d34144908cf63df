# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A payment that is under way, by one of our links or by Odoo itself, and reminders meanwhile."""

from decimal import Decimal

from freezegun import freeze_time

from odoo.fields import Command
from odoo.tests import tagged

from .mail_wire import mail_server
from .reminder_case import ReasonCase


@tagged("post_install", "-at_install")
@freeze_time("2026-03-16 10:00:00")
class TestReminderPayments(ReasonCase):
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
        self.assertLeftOut("linked", f"asks for {paid.name} too: A payment of it is on its way.")
        self.assertEqual(self._get_line(paid).reason_code, "processing")
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
