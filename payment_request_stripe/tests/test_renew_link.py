# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import base64

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import PaymentRequestHttpCase


@tagged("post_install", "-at_install")
class TestRenewLink(PaymentRequestHttpCase):
    def setUp(self):
        super().setUp()
        self.request = self._create_request(self._create_invoice(100), delivery_method="link")

    def _renew(self, user=None):
        with self._as_in_production(self.request, user or self.billing_user) as request:
            request.action_renew_link()

    def test_the_old_link_leads_nowhere_and_the_new_one_works(self):
        old = self.request.access_token
        unknown = self.url_open("/pay/guessed")
        self._renew()
        new = self.request.access_token
        self.assertNotEqual(new, old)
        for path in ("", "/success", "/cancel", "/status", "/checkout"):
            gone = self.url_open(f"/pay/{old}{path}", allow_redirects=False)
            self.assertEqual((gone.status_code, gone.text), (404, unknown.text), path)
        self.assertEqual(self.url_open(f"/pay/{new}").status_code, 200)
        self.assertTrue(self.request.pay_url.endswith(new))
        self.assertNotIn(new, str(self.request.message_ids.mapped("body")))

    def test_what_is_open_at_stripe_is_closed(self):
        self._click_pay(self.request)
        checkout = self.request.checkout_ids
        self._renew()
        self.assertEqual(checkout.state, "expired")
        session = self.stripe.sessions[checkout.stripe_checkout_session_ref]
        self.assertEqual(session["status"], "expired")
        self.assertEqual(self._click_pay(self.request).status_code, 303)

    def test_who_just_paid_keeps_the_link(self):
        self._click_pay(self.request)
        self.stripe.pay(self.request.checkout_ids.stripe_checkout_session_ref)
        old = self.request.access_token
        with (
            self._as_in_production(self.request, self.billing_user) as request,
            self.assertRaisesRegex(UserError, "just paid"),
        ):
            request.action_renew_link()
        self.assertEqual(self.request.access_token, old)
        self._run_cron("ir_cron_process_events")
        self.assertEqual(self.request.state, "completed")

    def test_without_stripe_the_link_stays(self):
        self._click_pay(self.request)
        old = self.request.access_token
        self.stripe.fail_next("POST", "/v1/checkout/sessions/*/expire", timeout=True)
        with self.assertRaises(UserError):
            self._renew()
        self.assertEqual(self.request.access_token, old)

    def test_readers_may_not(self):
        with self.assertRaises(AccessError):
            self._renew(self.readonly_user)

    def test_links_cannot_be_guessed(self):
        tokens = set()
        for _link in range(20):
            self._renew()
            token = self.request.access_token
            self.assertGreaterEqual(len(base64.urlsafe_b64decode(token + "==")) * 8, 128)
            tokens.add(token)
        self.assertEqual(len(tokens), 20)
