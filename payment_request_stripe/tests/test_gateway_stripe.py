# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import stripe
from stripe._api_version import _ApiVersion

from odoo.tests import BaseCase, tagged

from ..gateways.errors import Misconfigured, Refused, Unavailable
from ..gateways.events import CheckoutStatus, parse_event
from ..gateways.stripe_api import (
    API_VERSION,
    StripeGateway,
    checkout_parameters,
    key_mode,
)
from .stripe_wire import FakeStripe, StripeWireCase
from .test_gateway_checkout import KEY, make_order


@tagged("post_install", "-at_install")
class TestStripeGateway(StripeWireCase, BaseCase):
    def setUp(self):
        super().setUp()
        self.gateway = StripeGateway(KEY)

    def _open(self, key="key-1", **changes):
        return self.gateway.create_checkout(checkout_parameters(make_order(**changes)), key)

    def test_the_version_is_the_sdks(self):
        """`events` reads objects of one version: a new SDK needs a look at them."""
        self.assertEqual(API_VERSION, _ApiVersion.CURRENT)
        self._open()
        self.assertEqual(self.stripe.requests[0].headers["Stripe-Version"], API_VERSION)

    def test_a_checkout_is_opened(self):
        session = self._open()
        self.assertEqual(session.status, CheckoutStatus.OPEN)
        self.assertEqual((session.amount, session.currency), (12050, "EUR"))
        self.assertTrue(session.url.startswith("https://checkout.stripe.com/"))
        self.assertEqual(session.metadata, {"payment_request": "1"})
        self.assertEqual(self.stripe.requests[0].idempotency_key, "key-1")

    def test_the_same_key_opens_one_checkout(self):
        parameters = checkout_parameters(make_order())
        first = self.gateway.create_checkout(parameters, "key-1")
        self.assertEqual(self.gateway.create_checkout(parameters, "key-1"), first)
        self.assertEqual(len(self.stripe.sessions), 1)

    def test_a_lost_answer_is_got_by_repeating(self):
        parameters = checkout_parameters(make_order())
        self.stripe.fail_next("POST", "/v1/checkout/sessions", lose_answer=True)
        with self.assertRaises(Unavailable):
            self.gateway.create_checkout(parameters, "key-1")
        self.assertEqual(len(self.stripe.sessions), 1, "it happened")
        session = self.gateway.create_checkout(parameters, "key-1")
        self.assertEqual(list(self.stripe.sessions), [session.ref])

    def test_short_trouble_is_bridged_under_one_key(self):
        for trouble in ({"timeout": True}, {"status": 503, "retry": True}):
            with self.subTest(trouble=trouble):
                self.stripe.requests.clear()
                self.stripe.fail_next("POST", "/v1/checkout/sessions", times=2, **trouble)
                self._open(key=f"key {trouble}")
                keys = {request.idempotency_key for request in self.stripe.requests}
                self.assertEqual((len(self.stripe.requests), len(keys)), (3, 1))

    def test_a_customer_that_was_deleted_at_stripe(self):
        with self.assertRaises(Refused) as refused:
            self._open(customer_ref="cus_gone")
        self.assertEqual(refused.exception.code, "resource_missing")
        self.assertEqual(refused.exception.param, "customer")

    def test_a_customer(self):
        parameters = {"name": "Petra Payer", "email": "petra@example.com"}
        ref = self.gateway.create_customer(parameters, "key-1")
        self.assertEqual(self.stripe.customers[ref]["name"], "Petra Payer")
        self.assertEqual(self.gateway.create_customer(parameters, "key-1"), ref)
        self._open(key="key-2", customer_ref=ref)

    # === WHAT BECAME OF IT === #

    def _ask(self, ref):
        """Return what Stripe says as ``(type, id, parsed event)``."""
        payload = self.gateway.retrieve_checkout(ref)
        return payload["type"], payload["id"], parse_event(payload)

    def test_nothing_happened_yet(self):
        ref = self._open().ref
        kind, event_ref, event = self._ask(ref)
        self.assertEqual(kind, "checkout.session.open")
        self.assertEqual(event_ref, f"sync:{ref}:open:unpaid")
        self.assertFalse(event.is_paid)
        self.stripe.decline(ref)
        self.assertEqual(self._ask(ref)[0], "checkout.session.open", "the payer may try again")

    def test_paid_by_card(self):
        ref = self._open().ref
        self.stripe.pay(ref)
        kind, event_ref, event = self._ask(ref)
        self.assertEqual(kind, "checkout.session.completed")
        self.assertEqual(event_ref, f"sync:{ref}:complete:paid")
        self.assertTrue(event.is_paid)
        self.assertEqual((event.session_ref, event.amount), (ref, 12050))
        self.assertIn(event.payment_intent_ref, self.stripe.payment_intents)
        self.assertIn(event.charge_ref, self.stripe.charges)
        self.assertEqual(event.metadata, {"payment_request": "1"})

    def test_a_bank_debit_on_its_way_then_settled(self):
        ref = self._open().ref
        self.stripe.pay_async(ref)
        kind, on_its_way, event = self._ask(ref)
        self.assertEqual(kind, "checkout.session.completed")
        self.assertFalse(event.is_paid)
        self.stripe.settle(ref)
        kind, settled, event = self._ask(ref)
        self.assertEqual(kind, "checkout.session.completed")
        self.assertTrue(event.is_paid)
        self.assertNotEqual(on_its_way, settled)

    def test_a_bank_debit_whose_session_lags_behind(self):
        ref = self._open().ref
        self.stripe.pay_async(ref)
        on_its_way = self._ask(ref)[1]
        self.stripe.settle(ref)
        self.stripe.sessions[ref]["payment_status"] = "unpaid"
        kind, settled, event = self._ask(ref)
        self.assertEqual(kind, "checkout.session.async_payment_succeeded")
        self.assertTrue(event.is_paid)
        self.assertNotEqual(on_its_way, settled)

    def test_a_bank_debit_that_failed(self):
        for status in ("requires_payment_method", "canceled"):
            with self.subTest(status=status):
                ref = self._open(key=status).ref
                self.stripe.pay_async(ref)
                on_its_way = self._ask(ref)[1]
                self.stripe.decline(ref)
                intent_ref = self.stripe.sessions[ref]["payment_intent"]
                self.stripe.payment_intents[intent_ref]["status"] = status
                kind, failed, event = self._ask(ref)
                self.assertEqual(kind, "checkout.session.async_payment_failed")
                self.assertEqual(event.failure_code, "insufficient_funds")
                self.assertNotEqual(on_its_way, failed)

    def test_expired(self):
        ref = self._open().ref
        self.stripe.expire(ref)
        kind, event_ref, _event = self._ask(ref)
        self.assertEqual(kind, "checkout.session.expired")
        self.assertEqual(event_ref, f"sync:{ref}:expired:unpaid")

    def test_told_and_asked_agree(self):
        """A webhook and our own question lead the worker to the same payment."""
        for deed in (["pay"], ["pay_async"], ["pay_async", "decline"], ["expire"]):
            with self.subTest(deed=deed):
                ref = self._open(key=str(deed)).ref
                told = parse_event([getattr(self.stripe, verb)(ref) for verb in deed][-1])
                asked = self._ask(ref)[2]
                for name in ("type", "livemode", "session_ref", "payment_intent_ref", "amount"):
                    self.assertEqual(getattr(told, name), getattr(asked, name), name)
                for name in ("currency", "is_paid", "payment_status", "session_status"):
                    self.assertEqual(getattr(told, name), getattr(asked, name), name)

    # === EXPIRING === #

    def test_an_open_checkout_is_closed(self):
        ref = self._open().ref
        self.assertEqual(self.gateway.expire_checkout(ref).status, CheckoutStatus.EXPIRED)
        self.assertEqual(self.stripe.sessions[ref]["status"], "expired")

    def test_closing_twice_is_closing_once(self):
        ref = self._open().ref
        self.gateway.expire_checkout(ref)
        self.assertEqual(self.gateway.expire_checkout(ref).status, CheckoutStatus.EXPIRED)

    def test_a_paid_checkout_cannot_be_closed_and_says_so(self):
        ref = self._open().ref
        self.stripe.pay(ref)
        session = self.gateway.expire_checkout(ref)
        self.assertEqual(session.status, CheckoutStatus.COMPLETE)
        self.assertTrue(session.is_paid)

    def test_closing_what_stripe_does_not_know_or_refuses(self):
        with self.assertRaises(Refused):
            self.gateway.expire_checkout("cs_test_unknown")
        ref = self._open().ref
        self.stripe.fail_next("POST", "/v1/checkout/sessions/*/expire", status=400)
        with self.assertRaises(Refused):
            self.gateway.expire_checkout(ref)

    # === THE ACCOUNT === #

    def test_a_webhook_endpoint_speaks_our_version(self):
        url = "https://books.example.com/api/stripe/webhook/t"
        wanted = url, ["checkout.session.completed"], "Us", "key-1"
        ref, secret = self.gateway.create_webhook_endpoint(*wanted)
        self.assertTrue(secret.startswith("whsec_"))
        self.assertEqual(self.gateway.create_webhook_endpoint(*wanted), (ref, secret))
        (endpoint,) = self.gateway.list_webhook_endpoints()
        self.assertEqual((endpoint.ref, endpoint.status), (ref, "enabled"))
        self.assertEqual((endpoint.url, endpoint.api_version), (url, API_VERSION))
        self.assertEqual(endpoint.event_types, ("checkout.session.completed",))

    def test_the_account(self):
        account = self.gateway.retrieve_account()
        self.assertEqual((account.country, account.currency), ("BE", "EUR"))
        self.assertTrue(account.charges_enabled)

    # === THE KEY === #

    def test_key_modes(self):
        for key, mode in (
            ("sk_test_1", "test"),
            ("rk_test_1", "test"),
            ("sk_live_1", "live"),
            ("rk_live_1", "live"),
            ("pk_live_1", "unknown"),
            ("sk_test_", "unknown"),
            ("xsk_test_1", "unknown"),
            ("", "unknown"),
            (None, "unknown"),
        ):
            with self.subTest(key=key):
                self.assertEqual(key_mode(key), mode)

    def test_the_key_is_shown_nowhere(self):
        self.assertNotIn(KEY, repr(self.gateway))
        for fault in (
            {"status": 401, "message": f"Invalid API Key provided: {KEY}"},
            {"status": 400, "kind": "invalid_request_error", "message": f"No: '{KEY}'"},
            {"timeout": True},
        ):
            self.stripe.fail_next("GET", "/v1/account", **fault)
            with self.subTest(fault=fault), self.assertRaises(Exception) as raised:
                self.gateway.retrieve_account()
            self.assertNotIn(KEY, str(raised.exception))
            self.assertNotIn(KEY, str(vars(raised.exception)))
            self.assertIsNone(raised.exception.__cause__)
            self.assertTrue(raised.exception.__suppress_context__)

    def test_the_key_is_not_logged(self):
        """Even when somebody has the SDK log all it can."""
        with self.assertLogs("stripe", level="DEBUG") as logs:
            self._open()
        self.assertNotIn(KEY, "\n".join(logs.output))

    def test_a_key_that_cannot_be_one(self):
        for key in ("", None, "sk_test_a b", "sk_test_é", "sk_test_a\n"):
            with self.subTest(key=key), self.assertRaises(Misconfigured):
                StripeGateway(key)

    def test_telemetry_is_off(self):
        self.assertFalse(stripe.enable_telemetry)

    def test_another_address_for_a_stand_in(self):
        fake = FakeStripe()
        addresses = []
        answer = fake.request

        def request(method, url, *args, **kwargs):
            addresses.append(url)
            return answer(method, url, *args, **kwargs)

        fake.request = request
        StripeGateway(KEY, http_client=fake).retrieve_account()
        StripeGateway(KEY, api_base="http://127.0.0.1:9/", http_client=fake).retrieve_account()
        self.assertEqual(
            addresses, ["https://api.stripe.com/v1/account", "http://127.0.0.1:9/v1/account"]
        )
