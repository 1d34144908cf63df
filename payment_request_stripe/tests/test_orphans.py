# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Money for what was deleted here: booked to the customer, and on somebody's list."""

from odoo.tests import tagged

from .money_case import MoneyCase


@tagged("post_install", "-at_install")
class TestOrphans(MoneyCase):
    def _lose(self, request):
        """Delete a request as only SQL can: its rows are simply not there any more."""
        self.env.flush_all()
        request_id = request.id
        for table in ("event", "checkout", "line", "delivery"):
            self.env.cr.execute(
                f"DELETE FROM payment_request_{table} WHERE request_id = %s",  # noqa: S608
                [request_id],
            )
        self.env.cr.execute("DELETE FROM payment_request WHERE id = %s", [request_id])
        self.env.invalidate_all(flush=False)

    def _pay_lost(self, currency=None, **customer):
        """Return ``(invoice, session ref, event)`` of a payment whose request was deleted."""
        invoice = self._create_invoice(100, currency=currency)
        request = self._create_request(invoice)
        ref = self._open_checkout(request).stripe_checkout_session_ref
        self.stripe.sessions[ref].update(customer)
        event = self.stripe.pay(ref)
        self._lose(request)
        return invoice, ref, event

    def _get_payment(self, ref):
        intent = self.stripe.sessions[ref]["payment_intent"]
        return self.env["account.payment"].search([("stripe_payment_intent_ref", "=", intent)])

    def test_the_money_is_the_customers_credit_and_somebodys_task(self):
        invoice, ref, event = self._pay_lost()
        self._receive(event, *self.stripe.events)
        payment = self._get_payment(ref)
        self.assertEqual((payment.amount, payment.partner_id), (100, self.payer))
        self.assertOwed(invoice, "100")
        self.assertEqual(payment.payment_request_credit, 100)
        request = payment.payment_request_id
        self.assertIn("which was deleted", request.origin)
        self.assertEqual(request.state, "completed")
        self.assertIn("Money to allocate", request.activity_ids.summary)
        self.assertMoney(request)

    def test_the_figures_tell_it_in_the_companys_currency(self):
        euro = self.setup_other_currency("EUR", rates=[("2020-01-01", 0.5)])
        _invoice, ref, event = self._pay_lost(currency=euro)
        self._receive(event)
        request = self._get_payment(ref).payment_request_id
        row = self.env["payment.request.report"].search([("request_id", "=", request.id)])
        self.assertEqual((row.paid_count, row.amount_paid), (1, 200))

    def test_refunds_and_disputes_find_it(self):
        self.company.payment_request_fee_account_id = self.company_data["default_account_expense"]
        _invoice, ref, event = self._pay_lost()
        charge = self.stripe.charge_of(ref)
        self.stripe.refund(charge, 3000)
        refunds = [one for one in self.stripe.events if one["type"] == "refund.created"]
        self._receive(*refunds, event)
        self._run_cron("ir_cron_process_events")
        payment = self._get_payment(ref)
        self.assertEqual(payment.payment_request_credit, 70)
        _dispute, events = self.stripe.dispute(charge)
        self._receive(*events)
        self.env.invalidate_all()
        self.assertEqual(payment.payment_request_credit, 0)
        self.assertMoney(payment.payment_request_id)

    def test_the_back_fill_finds_it_too(self):
        _invoice, ref, _event = self._pay_lost()
        self._run_cron("ir_cron_backfill_events")
        self._run_cron("ir_cron_process_events")
        self.assertEqual(self._get_payment(ref).partner_id, self.payer)

    def test_the_customer_is_found_as_stripe_knows_them(self):
        other = self.env["res.partner"].create({"name": "Olga", "email": "olga@example.com"})
        other.sudo().with_company(self.company).stripe_customer_ref = "cus_olga"
        _invoice, ref, event = self._pay_lost(customer="cus_olga")
        self._receive(event)
        self.assertEqual(self._get_payment(ref).partner_id, other)

    def test_a_number_that_is_somebody_elses_since_is_not_believed(self):
        details = {"email": "somebody@example.com", "name": "Somebody Else"}
        _invoice, ref, event = self._pay_lost(customer_details=details)
        self._receive(event)
        payer = self._get_payment(ref).partner_id
        self.assertNotEqual(payer, self.payer)
        self.assertEqual((payer.name, payer.email), ("Somebody Else", "somebody@example.com"))

    def test_of_another_database_or_provider_nothing_is_booked(self):
        for key, value in (("database", "another"), ("provider", "0")):
            with self.subTest(key):
                _invoice, ref, event = self._pay_lost()
                event["data"]["object"]["metadata"][key] = value
                self._receive(event)
                self.assertFalse(self._get_payment(ref))
                self.assertEqual(self._event().state, "ignored")

    def test_what_another_provider_of_ours_knows_is_not_taken_twice(self):
        request = self._create_request(self._create_invoice(100))
        event = self.stripe.pay(self._open_checkout(request).stripe_checkout_session_ref)
        request.provider_id = self.provider.copy({"name": "The same account once more"})
        self._receive(event)
        self.assertEqual(self._event().state, "ignored")
        self.assertFalse(request.payment_ids)

    def test_an_unpaid_one_is_kept_and_says_so(self):
        request = self._create_request(self._create_invoice(100))
        ref = self._open_checkout(request).stripe_checkout_session_ref
        expired = self.stripe.expire(ref)
        self._lose(request)
        self._receive(expired)
        self.assertEqual(self._event().state, "ignored")
        self.assertIn("not there any more", self._event().error)

    def test_a_line_that_is_gone_leaves_its_share_as_credit(self):
        first, second = self._create_invoice(100), self._create_invoice(50)
        request = self._create_request(first, second)
        ref = self._open_checkout(request).stripe_checkout_session_ref
        self.env.flush_all()
        self.env.cr.execute("DELETE FROM payment_request_line WHERE move_id = %s", [second.id])
        self.env.invalidate_all(flush=False)
        self._receive(self.stripe.pay(ref))
        self.assertOwed(first, "0")
        self.assertOwed(second, "50")
        self.assertEqual(request.payment_ids.payment_request_credit, 50)
        self.assertTrue(request.activity_ids)
        self.assertMoney(request)
