# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from datetime import timedelta

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import PaymentRequestHttpCase


@tagged("post_install", "-at_install")
class TestCheckout(PaymentRequestHttpCase):
    """From the Pay button to Stripe and back."""

    def setUp(self):
        super().setUp()
        self.invoices = [self._create_invoice(amount) for amount in (100, 20.5, 7.25)]
        self.request = self._create_request(*self.invoices)
        self.env.flush_all()

    def _sent(self, path="/v1/checkout/sessions"):
        """Return what Stripe was asked at `path`."""
        return [one for one in self.stripe.requests if (one.method, one.path) == ("POST", path)]

    def _press(self):
        response = self._click_pay(self.request)
        self.assertEqual(response.status_code, 303)
        self.env.invalidate_all()
        return response.headers["Location"]

    def test_pay_opens_a_session_with_a_line_per_invoice(self):
        url = self._press()
        (asked,) = self._sent()
        self.assertEqual(
            [line["price_data"]["unit_amount"] for line in asked.params["line_items"]],
            [10000, 2050, 725],
        )
        self.assertEqual(asked.params["mode"], "payment")
        self.assertFalse(asked.params["adaptive_pricing"]["enabled"])
        checkout = self.request.checkout_ids
        self.assertEqual(checkout.state, "open")
        self.assertEqual(checkout.url, url)
        self.assertEqual(asked.idempotency_key, checkout.idempotency_key)
        for metadata in (asked.params["metadata"], asked.params["payment_intent_data"]["metadata"]):
            self.assertEqual(metadata["checkout"], checkout.idempotency_key)
            self.assertEqual(metadata["payment_request"], self.request.name)
        self.assertEqual(asked.params["payment_intent_data"]["receipt_email"], "petra@example.com")
        self.assertEqual(
            self.request.stripe_checkout_session_ref, checkout.stripe_checkout_session_ref
        )

    def test_the_customer_is_made_once_and_used_again(self):
        self._press()
        customer = self.payer.with_company(self.company).stripe_customer_ref
        self.assertTrue(customer.startswith("cus_"))
        self.assertEqual(self._sent()[0].params["customer"], customer)
        self.assertNotIn("customer_email", self._sent()[0].params)
        other = self._create_request(self._create_invoice(50))
        self._click_pay(other)
        self.assertEqual(len(self._sent("/v1/customers")), 1)
        self.assertEqual(self._sent()[1].params["customer"], customer)

    def test_a_customer_deleted_at_stripe_is_made_anew(self):
        payer = self.payer.sudo().with_company(self.company)
        payer.stripe_customer_ref = "cus_deleted_long_ago"
        self.env.flush_all()
        self._press()
        customer = self.payer.with_company(self.company).stripe_customer_ref
        self.assertNotEqual(customer, "cus_deleted_long_ago")
        self.assertEqual(self.request.checkout_ids.mapped("state"), ["open", "failed"])

    def test_a_second_press_uses_the_same_session(self):
        self.assertEqual(self._press(), self._press())
        self.assertEqual(len(self._sent()), 1)

    def test_a_changed_amount_closes_the_old_session_first(self):
        self._press()
        first = self.request.checkout_ids
        self._pay_elsewhere(self.invoices[0], 60)
        self._press()
        self.assertEqual(first.state, "expired")
        self.assertEqual(
            self.stripe.sessions[first.stripe_checkout_session_ref]["status"], "expired"
        )
        self.assertEqual(self._sent()[1].params["line_items"][0]["price_data"]["unit_amount"], 4000)

    def test_a_stale_quote_goes_back_to_the_page(self):
        page = self.url_open(f"/pay/{self.request.access_token}").text
        quote = page.split('name="quote"')[1].split('value="')[1].split('"')[0]
        self._pay_elsewhere(self.invoices[0], 60)
        response = self.url_open(
            f"/pay/{self.request.access_token}/checkout",
            data={"quote": quote},
            allow_redirects=False,
        )
        self.assertIn("notice=stale_quote", response.headers["Location"])
        self.assertFalse(self._sent())

    def test_stripe_down_leaves_an_intention_that_the_next_press_repeats(self):
        self.stripe.fail_next("POST", "/v1/checkout/sessions", timeout=True)
        self.assertIn("notice=unavailable", self._press())
        self.assertEqual(self.request.state, "sent")
        self.assertEqual(self.request.checkout_ids.state, "intended")
        self._press()
        keys = {asked.idempotency_key for asked in self._sent()}
        self.assertEqual(len(keys), 1)
        self.assertEqual(self.request.checkout_ids.state, "open")

    def test_an_answer_that_was_lost_leads_to_the_same_session(self):
        self.stripe.fail_next("POST", "/v1/checkout/sessions", lose_answer=True)
        self.assertIn("notice=unavailable", self._press())
        self._press()
        self.assertEqual(len(self.stripe.sessions), 1)

    def test_a_lost_session_is_closed_when_the_amount_changed_meanwhile(self):
        self.stripe.fail_next("POST", "/v1/checkout/sessions", lose_answer=True)
        self._press()
        self._pay_elsewhere(self.invoices[0], 60)
        self._press()
        statuses = sorted(session["status"] for session in self.stripe.sessions.values())
        self.assertEqual(statuses, ["expired", "open"])

    def test_a_refusal_tells_the_payer_little_and_the_accountant_why(self):
        self.stripe.fail_next(
            "POST",
            "/v1/checkout/sessions",
            status=400,
            kind="invalid_request_error",
            code="amount_too_small",
            message="Too small for this account.",
        )
        self.assertIn("notice=refused", self._press())
        self.assertEqual(self.request.state, "sent")
        self.assertEqual(self.request.failure_reason, "Too small for this account.")
        self.assertIn("Too small", self.request.activity_ids.note)
        self._press()
        self.assertEqual(self.request.checkout_ids[0].state, "open")

    def test_a_refused_key_is_the_administrators_task(self):
        self.stripe.fail_next(
            "POST", "/v1/customers", status=401, kind="invalid_request_error", message="Bad key."
        )
        self.assertIn("notice=refused", self._press())
        self.assertEqual(self.request.checkout_ids.state, "failed")
        self.assertTrue(self.request.activity_ids)

    def test_a_key_of_the_other_mode_opens_nothing(self):
        self.provider.sudo().stripe_secret_key = "sk_live_of_production"
        self.assertIn("notice=refused", self._press())
        self.assertFalse(self.stripe.requests)

    def test_sessions_live_within_stripes_limits(self):
        now = fields.Datetime.now()
        for life, expected in (
            (timedelta(minutes=2), timedelta(minutes=45)),
            (timedelta(hours=5), timedelta(hours=5)),
            (timedelta(days=30), timedelta(hours=23)),
        ):
            self.request.expires_at = now + life
            expiry = self.env["payment.request.checkout"]._get_session_expiry(
                self.request, self.request._get_quote()
            )
            self.assertAlmostEqual(
                (expiry - now) / timedelta(seconds=1), expected.total_seconds(), delta=5
            )

    def test_a_hundred_and_fifty_invoices_fit(self):
        request = self._create_request(*[self._create_invoice(1.01) for _ in range(150)])
        self._click_pay(request)
        lines = self._sent()[0].params["line_items"]
        self.assertEqual(len(lines), 100)
        self.assertEqual(sum(line["price_data"]["unit_amount"] for line in lines), 15150)

    def test_cancel_expires_the_session_at_stripe_first(self):
        self._press()
        with self._as_in_production(self.request, self.billing_user) as request:
            request.action_cancel()
        self.assertEqual(self.request.state, "cancelled")
        session = self.stripe.sessions[self.request.stripe_checkout_session_ref]
        self.assertEqual(session["status"], "expired")

    def test_cancel_books_the_payment_when_the_payer_was_faster(self):
        self._press()
        self.stripe.pay(self.request.stripe_checkout_session_ref)
        with (
            self._as_in_production(self.request, self.billing_user) as request,
            self.assertRaisesRegex(UserError, "just paid"),
        ):
            request.action_cancel()
        self._run_cron("ir_cron_process_events")
        self.assertEqual(self.request.state, "completed")
        self.assertOwed(self.invoices[0], "0")

    def test_the_return_page_and_the_poll_heal_a_lost_webhook(self):
        self._press()
        self.stripe.pay(self.request.stripe_checkout_session_ref)
        self.url_open(f"/pay/{self.request.access_token}/success")
        self._run_cron("ir_cron_process_events")
        self.assertEqual(self.request.state, "completed")
        second = self._create_request(self._create_invoice(50))
        self._click_pay(second)
        self.env.invalidate_all()
        self.stripe.pay(second.stripe_checkout_session_ref)
        self._run_cron("ir_cron_poll_stripe")
        self._run_cron("ir_cron_process_events")
        self.assertEqual(second.state, "completed")

    def test_what_the_poll_finds_late_is_dated_when_it_was_paid(self):
        self._press()
        self.stripe.pay(self.request.stripe_checkout_session_ref)
        three_days_ago = fields.Datetime.now() - timedelta(days=3)
        (charge,) = self.stripe.charges.values()
        charge["created"] = int(three_days_ago.timestamp())
        self._run_cron("ir_cron_poll_stripe")
        self._run_cron("ir_cron_process_events")
        self.assertEqual(self.request.payment_ids.date, three_days_ago.date())

    def test_expiry_closes_the_session_and_books_who_was_faster(self):
        self._press()
        faster = self._create_request(self._create_invoice(50))
        self._click_pay(faster)
        self.env.invalidate_all()
        self.stripe.pay(faster.stripe_checkout_session_ref)
        (self.request | faster).expires_at = fields.Datetime.now() - timedelta(minutes=1)
        self._run_cron("ir_cron_expire_requests")
        self._run_cron("ir_cron_process_events")
        self.assertEqual(self.request.state, "expired")
        self.assertEqual(self.request.checkout_ids.state, "expired")
        self.assertEqual(faster.state, "completed")

    def _pay_elsewhere(self, invoice, amount):
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=invoice.ids
        ).create({"amount": amount})._create_payments()
        self.env.flush_all()
