# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A provider that is in test mode for a while loses no live money."""

from datetime import timedelta

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged

from .money_case import MoneyCase


@tagged("post_install", "-at_install")
class TestMode(MoneyCase):
    def setUp(self):
        super().setUp()
        self._set_mode("enabled")

    def _set_mode(self, state):
        mode = "live" if state == "enabled" else "test"
        self.provider.sudo().write(
            {
                "state": state,
                "stripe_publishable_key": f"pk_{mode}_of_the_suite",
                "stripe_secret_key": f"sk_{mode}_of_the_suite",
            }
        )

    def _tell(self, event_type):
        """Have Stripe tell, as live, the last event of a type."""
        event = [one for one in self.stripe.events if one["type"] == event_type][-1]
        self._receive({**event, "livemode": True})

    def _ask(self):
        """Return ``(request, invoice, session ref)`` of a live session."""
        invoice = self._create_invoice(100)
        request = self._create_request(invoice)
        return request, invoice, self._open_checkout(request).stripe_checkout_session_ref

    def _poll(self):
        """Poll as some minutes later."""
        self.env["payment.request.checkout"].sudo().search([]).asked_at = False
        self._run_cron("ir_cron_poll_stripe")
        self._run_cron("ir_cron_process_events")

    def _days_ago(self, days):
        return fields.Datetime.now() - timedelta(days=days)

    def test_live_money_is_booked_in_test_mode(self):
        request, invoice, ref = self._ask()
        self._set_mode("test")
        self.stripe.pay(ref)
        self._tell("checkout.session.completed")
        self.assertOwed(invoice, "0")
        self.stripe.refund(self.stripe.charge_of(ref), 4000)
        self._tell("refund.created")
        self.assertOwed(invoice, "40")
        self.stripe.dispute(self.stripe.charge_of(ref))
        self._tell("charge.dispute.funds_withdrawn")
        self.assertOwed(invoice, "100")
        self.assertEqual(request.dispute_state, "open")

    def test_a_live_session_that_ended_in_test_mode_is_asked_for_again(self):
        request, invoice, ref = self._ask()
        self._set_mode("test")
        self.stripe.pay(ref)
        checkout = request.checkout_ids
        checkout.expires_at = fields.Datetime.now() - timedelta(hours=1)
        self._poll()
        self.assertEqual((checkout.state, checkout.is_unsure), ("expired", True))
        self._set_mode("enabled")
        self._poll()
        self.assertOwed(invoice, "0")
        self.assertEqual((checkout.state, checkout.is_unsure), ("complete", False))

    def test_a_live_debit_under_way_is_followed_after_an_hour_of_test_mode(self):
        request, invoice, ref = self._ask()
        self._receive(self.stripe.pay_async(ref))
        self._set_mode("test")
        request.checkout_ids.expires_at = fields.Datetime.now() - timedelta(hours=1)
        self.stripe.settle(ref)
        self._poll()
        self.assertEqual(request.state, "processing")
        self._set_mode("enabled")
        self._poll()
        self.assertOwed(invoice, "0")

    def test_a_debit_of_test_mode_gives_the_link_back_when_the_provider_is_live(self):
        self._set_mode("test")
        request, invoice, ref = self._ask()
        self._receive(self.stripe.pay_async(ref))
        self._set_mode("enabled")
        self._poll()
        self.assertEqual(request.state, "processing", "its session could still be Stripe's")
        request.checkout_ids.expires_at = request.expires_at = self._days_ago(1)
        self._poll()
        self.assertEqual((request.state, request.checkout_ids.state), ("failed", "failed"))
        self.assertEqual(request._get_page_state(), "open")
        self.assertGreater(request.expires_at, fields.Datetime.now())
        self.assertIn("works again", request.activity_ids.note)
        self._pay(request)
        self._tell("checkout.session.completed")
        self.assertOwed(invoice, "0")

    def test_a_live_debit_of_another_account_is_kept_and_a_person_is_asked(self):
        request, invoice, ref = self._ask()
        self._receive(self.stripe.pay_async(ref))
        session = self.stripe.sessions.pop(ref)
        request.checkout_ids.expires_at = self._days_ago(1)
        for _time in range(2):
            self._poll()
        self.assertEqual((request.state, request.checkout_ids.state), ("processing", "complete"))
        self.assertIn("another account", request.activity_ids.note)
        self.stripe.sessions[ref] = session
        self.stripe.settle(ref)
        self._poll()
        self.assertOwed(invoice, "0")
        self.assertFalse(request.activity_ids)

    def test_what_that_account_tells_all_the_same_ends_the_task(self):
        request, invoice, ref = self._ask()
        self._receive(self.stripe.pay_async(ref))
        session = self.stripe.sessions.pop(ref)
        request.checkout_ids.expires_at = self._days_ago(1)
        self._poll()
        self.assertIn("another account", request.activity_ids.note)
        self.stripe.sessions[ref] = session
        self.stripe.settle(ref)
        self._tell("checkout.session.async_payment_succeeded")
        self.assertOwed(invoice, "0")
        self.assertFalse(request.activity_ids)

    def test_a_live_debit_that_no_bank_can_answer_any_more_is_given_up(self):
        request, _invoice, ref = self._ask()
        self._receive(self.stripe.pay_async(ref))
        del self.stripe.sessions[ref]
        request.checkout_ids.expires_at = self._days_ago(61)
        self._poll()
        self.assertEqual(request.state, "failed")
        self.assertIn("before you ask", request.activity_ids.note)

    def test_play_money_never_pays_an_invoice_of_a_live_provider(self):
        self._set_mode("test")
        request, invoice, ref = self._ask()
        self._set_mode("enabled")
        self._receive(self.stripe.pay(ref))
        self.assertOwed(invoice, "100")
        request.checkout_ids.expires_at = fields.Datetime.now() - timedelta(hours=1)
        self._poll()
        self.assertEqual(request.checkout_ids.state, "expired")
        self.assertFalse(request.checkout_ids.is_unsure)

    def _pay_twice_in_test_mode(self):
        """Return ``(request, payment)``: live sessions, of which the second pays too much."""
        request = self._create_request(self._create_invoice(100))
        sessions = []
        for _visit in range(2):
            checkout = self._open_checkout(request)
            checkout.state = "failed"
            self.env.flush_all()
            sessions.append(checkout.stripe_checkout_session_ref)
        self._set_mode("test")
        for ref in sessions:
            self.stripe.pay(ref)
            self._tell("checkout.session.completed")
        return request, request.payment_ids.sorted("id")[-1]

    def test_a_live_refund_of_the_policy_waits_for_live_mode(self):
        self.company.payment_request_credit_policy = "refund"
        request, payment = self._pay_twice_in_test_mode()
        for _time in range(2):
            self._run_cron("ir_cron_poll_stripe")
        refund = request.refund_ids
        self.assertEqual((refund.payment_id, refund.state), (payment, "intended"))
        self.assertFalse(self.stripe.refunds)
        self._set_mode("enabled")
        self._poll()
        self.assertEqual(refund.state, "succeeded")
        self.assertEqual([one["amount"] for one in self.stripe.refunds.values()], [10000])
        self.assertEqual(payment.payment_request_credit, 0)

    def test_a_live_refund_by_hand_waits_for_live_mode_and_says_so(self):
        request, invoice, ref = self._ask()
        self._receive(self.stripe.pay(ref))
        self._set_mode("test")
        with self.assertRaisesRegex(UserError, "live again"):
            self._refund(request, {invoice: 40})
        self.env.invalidate_all()
        self._poll()
        self.assertEqual(request.refund_ids.state, "intended")
        self.assertFalse(request.activity_ids)
        self._set_mode("enabled")
        self._poll()
        self.assertOwed(invoice, "40")

    def test_a_live_refund_under_way_is_followed_after_an_hour_of_test_mode(self):
        request, invoice, ref = self._ask()
        self._receive(self.stripe.pay(ref))
        self.stripe.refund_status = "pending"
        self._refund(request, {invoice: 40})
        self._set_mode("test")
        (made,) = self.stripe.refunds.values()
        self.stripe.finish_refund(made, "succeeded")
        self._poll()
        self.assertEqual(request.refund_ids.state, "pending")
        self.assertFalse(request.activity_ids)
        self._set_mode("enabled")
        self._poll()
        self.assertOwed(invoice, "40")

    def test_payouts_wait_for_live_mode(self):
        _request, _invoice, ref = self._ask()
        self.stripe.pay(ref)
        self._tell("checkout.session.completed")
        self._set_mode("test")
        self.stripe.pay_out()
        self._tell("payout.paid")
        payouts = self.env["payment.request.payout"]
        self.assertFalse(payouts.search([("company_id", "=", self.company.id)]))
        self._set_mode("enabled")
        self._run_cron("ir_cron_process_events")
        self.assertEqual(payouts.search([("company_id", "=", self.company.id)]).amount, 96.8)
