# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import json
import logging
from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..exceptions import PaymentRequestRefused
from .common import PaymentRequestHttpCase
from .test_booking import EVENT_LOGGER, BookingCase


@tagged("post_install", "-at_install")
class TestKeptFields(BookingCase):
    """What ties Odoo's own records to Stripe is written by the code only."""

    def test_billing_users_cannot_untie_or_claim_a_payment(self):
        request = self._create_request(self._create_invoice(100))
        self._pay(request)
        payment = request.payment_ids.with_user(self.billing_user)
        for values in (
            {"stripe_payment_intent_ref": False},
            {"payment_request_id": False},
            {"stripe_refund_ref": "re_1"},
            {"payment_request_credit_kept": True},
        ):
            with self.subTest(values), self.assertRaises(AccessError):
                payment.write(values)
        with self.assertRaises(AccessError):
            payment.create({"amount": 1, "stripe_payment_intent_ref": "pi_claimed"})
        line = request.payment_ids.move_id.line_ids.filtered("payment_request_line_id")[:1]
        with self.assertRaises(AccessError):
            line.with_user(self.billing_user).payment_request_line_id = False
        with self.assertRaises(AccessError):
            self.payer.with_user(self.billing_user).stripe_customer_ref = "cus_of_another"

    def test_a_cancelled_payment_becomes_a_task(self):
        request = self._create_request(self._create_invoice(100))
        self._pay(request)
        request.payment_ids.action_cancel()
        self.assertIn("Stripe still holds", request.activity_ids.note)

    def test_what_vendors_say_is_no_html(self):
        request = self._create_request(self._create_invoice(100))
        request._notify_person_in_charge("Trouble", '<a href="https://evil.example">log in</a>')
        self.assertNotIn("<a ", request.activity_ids.note)


@tagged("post_install", "-at_install")
class TestStories(BookingCase):
    """Stories that once ended wrongly."""

    def test_a_late_failure_of_an_old_debit_does_not_reopen_the_link(self):
        request = self._create_request(self._create_invoice(100))
        first = self._open_checkout(request).stripe_checkout_session_ref
        self._receive(self.stripe.pay_async(first))
        session = self.stripe.sessions[first]
        failed = self.stripe.event("checkout.session.async_payment_failed", session)
        self._receive({**failed, "id": "sync:failed"})
        second = self._open_checkout(request).stripe_checkout_session_ref
        self._receive(self.stripe.pay_async(second))
        self.assertEqual(request.state, "processing")
        self._receive(failed)
        self.assertEqual(request.state, "processing")

    def test_a_failure_that_is_told_after_the_money_came_changes_nothing(self):
        first, second = self._create_invoice(100), self._create_invoice(50)
        request = self._create_request(first, second)
        second.button_draft()
        checkout = self._open_checkout(request)
        second.action_post()
        ref = checkout.stripe_checkout_session_ref
        session = self.stripe.sessions[ref]
        failed = self.stripe.event("checkout.session.async_payment_failed", session)
        self._receive(self.stripe.pay_async(ref), self.stripe.settle(ref), failed)
        self.assertEqual((request.state, checkout.state), ("sent", "complete"))
        self.assertFalse(request.failure_reason)
        self.assertFalse(request.activity_ids)
        self.assertOwed(first, "0")

    def test_the_failure_of_one_of_two_debits_does_not_reopen_the_link(self):
        invoice = self._create_invoice(100)
        request = self._create_request(invoice)
        first = self._open_checkout(request)
        first.state = "expired"  # we lost sight of it
        self.env.flush_all()
        refs = [first, self._open_checkout(request)]
        refs = [checkout.stripe_checkout_session_ref for checkout in refs]
        self._receive(*[self.stripe.pay_async(ref) for ref in refs])
        self._receive(self.stripe.decline(refs[0]))
        self.assertEqual(request.state, "processing")
        self.assertEqual(request._get_page_state(), "processing")
        self._receive(self.stripe.settle(refs[1]))
        self.assertEqual(request.state, "completed")
        self.assertOwed(invoice, "0")

    def test_money_that_could_not_be_booked_yet_closes_the_page(self):
        invoice = self._create_invoice(100)
        request = self._create_request(invoice)
        event = self.stripe.pay(self._open_checkout(request).stripe_checkout_session_ref)
        self.provider._get_payment_request_method_line().payment_account_id = False
        with mute_logger(EVENT_LOGGER):
            self._receive(event)
        self.assertEqual(request._get_page_state(), "processing")

    def test_a_link_that_expired_asks_no_second_time_for_what_another_asks(self):
        invoice = self._create_invoice(100)
        first = self._create_request(invoice)
        first._transition("expired")
        second = self._create_request(invoice)
        with self.assertRaisesRegex(UserError, second.name):
            first.with_user(self.billing_user).action_resend()

    def test_what_stripe_cannot_express_is_not_asked(self):
        dinar = (
            self.env["res.currency"].with_context(active_test=False).search([("name", "=", "KWD")])
        )
        dinar.write({"active": True, "rounding": 0.001})
        odd = self._create_invoice(10.125, currency=dinar)
        with self.assertRaises(PaymentRequestRefused) as refused:
            self._create_request(odd)
        self.assertEqual(refused.exception.details[0]["code"], "amount_precision")
        even = self._create_invoice(20, currency=dinar)
        request = self._create_request(even)
        self._pay_elsewhere(even, 0.005)
        self.assertEqual(request._get_quote()["total"], 19990)
        self.assertEqual(request._get_pay_page_values()["page_state"], "open")

    def test_an_odd_address_of_a_contact_keeps_no_link_back(self):
        self.payer.email = "Petra <petra@example.com>, second@example.com"
        request = self._create_request(self._create_invoice(100))
        self.assertEqual(request.to_email, "petra@example.com")
        self.payer.email = "rubbish"
        request = self._create_request(self._create_invoice(100), delivery_method="link")
        self.assertFalse(request.to_email)

    def test_receipts_go_to_bare_addresses(self):
        request = self._create_request(self._create_invoice(100), to_email="Bob <bob@example.com>")
        request.sudo().to_email = "Bob <bob@example.com>"
        values = self.env["payment.request.checkout"]._prepare_checkout(
            request, request._get_quote(), "key"
        )
        intent = values["parameters"]["payment_intent_data"]
        self.assertEqual(intent["receipt_email"], "bob@example.com")
        self.assertEqual(values["customer_parameters"]["email"], "bob@example.com")

    def test_a_key_of_the_other_mode_is_noticed_before_a_link_is_sent(self):
        self.provider.sudo().stripe_secret_key = "sk_live_of_production"
        with self.assertRaises(PaymentRequestRefused) as refused:
            self._create_request(self._create_invoice(100))
        self.assertEqual(refused.exception.details[0]["code"], "stripe_not_set_up")

    def test_a_disabled_provider_books_what_arrives_even_without_a_key(self):
        request = self._create_request(self._create_invoice(100))
        event = self.stripe.pay(self._open_checkout(request).stripe_checkout_session_ref)
        self.provider.sudo().write({"state": "disabled", "stripe_secret_key": False})
        self._receive(event)
        self.assertEqual(request.state, "completed")


@tagged("post_install", "-at_install")
class TestDoors(PaymentRequestHttpCase):
    """Doors that a payer's link or a stranger must not open."""

    def setUp(self):
        super().setUp()
        self.request = self._create_request(self._create_invoice(100))
        self.env.flush_all()

    def _call(self, path, **params):
        response = self.opener.post(
            self.base_url() + path,
            json={"jsonrpc": "2.0", "method": "call", "params": params},
            timeout=30,
        )
        return response.json()

    @mute_logger("odoo.http")
    def test_the_token_of_a_link_opens_no_chatter(self):
        self.request.message_post(body="between us", message_type="comment")
        before = len(self.request.message_ids)
        thread = {"thread_model": "payment.request", "thread_id": self.request.id}
        token = self.request.access_token
        self._call(
            "/mail/message/post",
            **thread,
            post_data={"body": "I am the customer", "message_type": "comment"},
            token=token,
        )
        fetched = self._call("/mail/chatter_fetch", **thread, token=token)
        self.env.invalidate_all()
        self.assertEqual(len(self.request.message_ids), before)
        self.assertNotIn("between us", json.dumps(fetched))

    def test_the_log_of_requests_opens_no_link(self):
        token = self._create_request(self._create_invoice(10)).access_token
        with self.assertLogs("werkzeug", logging.INFO) as logs:
            self.url_open(f"/pay/{token}?notice=refused")
            self.url_open(f"/pay/{token}/status")
        said = "\n".join(logs.output)
        self.assertNotIn(token, said)
        self.assertIn(f"GET /pay/{token[:4]}…?notice=refused ", said)
        self.assertIn(f"GET /pay/{token[:4]}…/status ", said)

    def test_a_disabled_provider_opens_no_session(self):
        self.provider.sudo().state = "disabled"
        self.env.flush_all()
        target = self._click_pay(self.request).headers["Location"]
        self.assertIn("Online payment is switched off", self.url_open(target).text)
        self.assertFalse(self.stripe.requests)

    def test_a_session_unknown_after_a_switch_of_accounts_is_given_up_when_over(self):
        self._click_pay(self.request)
        self.env.invalidate_all()
        self.stripe.sessions.clear()
        with self._as_in_production(self.request) as request:
            with self.assertRaisesRegex(UserError, "No such checkout session"):
                request.action_cancel()
        self.request.checkout_ids.expires_at = fields.Datetime.now() - timedelta(minutes=1)
        with self._as_in_production(self.request) as request:
            request.action_cancel()
        self.assertEqual(self.request.state, "cancelled")

    def test_a_cancelled_link_shows_no_invoice(self):
        self.request._transition("cancelled")
        self.env.flush_all()
        path = f"/pay/{self.request.access_token}/invoice/{self.request.line_ids.id}"
        self.assertEqual(self.url_open(path).status_code, 404)

    @mute_logger("odoo.addons.payment_request_stripe.controllers.stripe_webhook")
    def test_signed_numbers_that_cannot_be_stored_are_refused(self):
        for odd in ('{"id": "e", "type": "t", "n": NaN}', '{"id": "e", "type": "t", "n": 1e999}'):
            with self.subTest(odd):
                self.assertEqual(self._post_event(None, body=odd.encode()).status_code, 400)
        long = json.dumps({"id": "e" * 3000, "type": "t"}).encode()
        self.assertEqual(self._post_event(None, body=long).status_code, 400)
        deep = (
            '{"id": "deep", "type": "t", "n": ' + "[" * 600 + '"\\u0000"' + "]" * 600 + "}"
        ).encode()
        self.assertIn(self._post_event(None, body=deep).status_code, (200, 400))
