# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from datetime import date, timedelta

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import PaymentRequestCommon

TODAY = date(2026, 3, 2)


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestPromise(PaymentRequestCommon):
    def test_a_promise_is_dated_counted_and_told_in_the_customers_words(self):
        invoice = self._create_invoice(100)
        invoice._promise_payment_request(TODAY + timedelta(days=5), " On <b>Friday</b>. ")
        self.assertEqual(invoice.payment_request_promise_date, date(2026, 3, 7))
        self.assertEqual(invoice.payment_request_promise_count, 1)
        note = invoice.message_ids[0].body
        self.assertIn("promises to pay by 03/07/2026", note)
        self.assertIn("On &lt;b&gt;Friday&lt;/b&gt;.", note)

    def test_a_promise_keeps_to_the_companys_limit(self):
        invoice = self._create_invoice(100)
        for wrong in (TODAY - timedelta(days=1), TODAY + timedelta(days=15)):
            with self.subTest(wrong=wrong), self.assertRaisesRegex(UserError, "03/16/2026"):
                invoice._promise_payment_request(wrong)
        self.assertFalse(invoice.payment_request_promise_date)
        invoice._promise_payment_request(TODAY + timedelta(days=14))
        self.assertEqual(invoice.payment_request_promise_date, date(2026, 3, 16))

    def test_promises_come_to_an_end(self):
        invoice = self._create_invoice(100)
        for _time in range(3):
            invoice._promise_payment_request(TODAY)
        with self.assertRaisesRegex(UserError, "put off 3 times"):
            invoice._promise_payment_request(TODAY)

    def test_one_invoice_that_cannot_be_promised_stops_all(self):
        owed, draft = self._create_invoice(100), self._create_invoice(50, post=False)
        with self.assertRaisesRegex(UserError, "Nothing is left to pay"):
            (owed | draft)._promise_payment_request(TODAY)
        self.assertFalse(owed.payment_request_promise_date)

    def test_the_accountant_sets_hold_and_promise_on_a_posted_invoice(self):
        invoice = self._create_invoice(100)
        invoice.with_user(self.billing_user).write(
            {"payment_request_hold": True, "payment_request_promise_date": date(2027, 1, 1)}
        )
        self.assertTrue(invoice.payment_request_hold)
        with self.assertRaises(AccessError):
            invoice.with_user(self.readonly_user).payment_request_hold = False
