# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""How much a reminder asks of the invoices it reminds of."""

from decimal import Decimal

from freezegun import freeze_time

from odoo.tests import tagged

from .reminder_case import TODAY, ReminderCase


@tagged("post_install", "-at_install")
@freeze_time("2026-03-16 10:00:00")
class TestReminderAmounts(ReminderCase):
    def setUp(self):
        super().setUp()
        self.invoice = self._create_late_invoice(3)

    def assertAsked(self, request, amounts):
        """Assert what a link asks now: ``{invoice: amount in major units}``."""
        asked = {line.move_id: line.amount_due for line in request.line_ids if line.amount_due}
        self.assertEqual(asked, amounts)

    def _pay_by_bank(self, invoice, amount):
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=invoice.ids
        ).create({"amount": amount, "payment_date": TODAY})._create_payments()

    def test_what_the_customer_chose_in_the_portal_is_no_measure(self):
        self.company.payment_request_payer_amounts = True
        choice = self.requests.sudo()._make_for_customer(
            self.payer, self.invoice, {self.invoice.id: Decimal(25)}
        )
        self._remind()
        request = self._get_reminders().request_id
        self.assertNotEqual(request, choice)
        self.assertAsked(request, {self.invoice: 100})
        self.assertAsked(choice, {self.invoice: 25})

    def test_a_link_for_a_part_asks_for_the_rest_too(self):
        request = self._create_request(self.invoice, amounts=[40], delivery_method="link")
        self._remind()
        self.assertEqual(self._get_reminders().request_id, request)
        self.assertAsked(request, {self.invoice: 100})
        self.assertIn("100.00 of this invoice", self.invoice.message_ids[1].body)

    def test_the_part_is_paid_and_the_rest_is_asked(self):
        """The link goes on for another invoice; its line of this one asks for nothing any more."""
        other = self._create_late_invoice(1)
        request = self._create_request(
            self.invoice, other, amounts=[40, 100], delivery_method="link"
        )
        request.line_ids[0].amount_paid = 40
        self._pay_by_bank(self.invoice, 40)
        self.assertAsked(request, {other: 100})
        with freeze_time("2026-03-17 10:00:00"):
            self._remind()
        self.assertEqual(self._get_line(self.invoice).state, "sent")
        self.assertEqual(self._get_reminders().request_id.line_ids.move_id, self.invoice)
        self.assertAsked(self._get_reminders().request_id, {self.invoice: 60})

    def test_the_rest_is_asked_by_the_link_that_reminds_of_another(self):
        other = self._create_late_invoice(11)
        request = self._create_request(
            other, self.invoice, amounts=[100, 40], delivery_method="link"
        )
        request.line_ids[1].amount_paid = 40
        self._pay_by_bank(self.invoice, 40)
        self.assertAsked(request, {other: 100})
        self._remind()
        self.assertEqual(self._get_reminders().request_id, request)
        self.assertAsked(request, {other: 100, self.invoice: 60})
        self.assertEqual(request.amount_residual, 160)

    def test_what_another_link_asks_is_not_asked_twice(self):
        self._create_request(self.invoice, amounts=[60], delivery_method="link")
        own = self._create_request(self.invoice, delivery_method="link")
        with freeze_time("2026-03-19 10:00:00"):
            self._remind()
        self.assertEqual(self._get_reminders().request_id, own)
        self.assertAsked(own, {self.invoice: 40})
