# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import copy
from datetime import datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from ..gateways.errors import MalformedPayload
from ..gateways.events import CheckoutStatus, PaymentEvent, parse_event, parse_session

SESSION = {
    "id": "cs_test_1",
    "object": "checkout.session",
    "amount_total": 12050,
    "currency": "eur",
    "customer": "cus_1",
    "expires_at": 1794000000,
    "livemode": False,
    "metadata": {"payment_request": "7"},
    "payment_intent": "pi_1",
    "payment_status": "paid",
    "status": "complete",
    "url": None,
}
INTENT = {
    "id": "pi_1",
    "object": "payment_intent",
    "amount": 12050,
    "amount_received": 12050,
    "currency": "eur",
    "customer": "cus_1",
    "last_payment_error": None,
    "latest_charge": "ch_1",
    "metadata": {"payment_request": "7"},
    "status": "succeeded",
}
DECLINED = {
    "code": "card_declined",
    "decline_code": "insufficient_funds",
    "message": "Your card has insufficient funds.",
}


def event(obj, event_type="checkout.session.completed", **changes):
    return {
        "id": "evt_1",
        "object": "event",
        "created": 1793000000,
        "livemode": False,
        "type": event_type,
        "data": {"object": obj},
        **changes,
    }


@tagged("post_install", "-at_install")
class TestGatewayEvents(BaseCase):
    def test_a_paid_session(self):
        self.assertEqual(
            parse_event(event(SESSION)),
            PaymentEvent(
                ref="evt_1",
                type="checkout.session.completed",
                livemode=False,
                occurred_at=datetime(2026, 10, 26, 7, 33, 20),
                object_type="checkout.session",
                object_ref="cs_test_1",
                metadata={"payment_request": "7"},
                session_ref="cs_test_1",
                payment_intent_ref="pi_1",
                charge_ref=None,
                customer_ref="cus_1",
                amount=12050,
                currency="EUR",
                is_paid=True,
                payment_status="paid",
                session_status="complete",
                failure_code=None,
                failure_message=None,
            ),
        )

    def test_a_reference_may_be_the_object_itself(self):
        expanded = {
            **SESSION,
            "customer": {"id": "cus_1", "object": "customer"},
            "payment_intent": {**INTENT, "amount_received": 12000},
        }
        parsed = parse_event(event(expanded))
        self.assertEqual(parsed.customer_ref, "cus_1")
        self.assertEqual(parsed.payment_intent_ref, "pi_1")
        self.assertEqual(parsed.charge_ref, "ch_1")
        self.assertEqual(parsed.amount, 12000, "what was taken, not what was asked")

    def test_a_session_that_lags_behind_its_intent_is_paid(self):
        lagging = {**SESSION, "payment_status": "unpaid", "payment_intent": INTENT}
        self.assertTrue(parse_event(event(lagging)).is_paid)
        unpaid = {**SESSION, "payment_status": "unpaid"}
        self.assertFalse(parse_event(event(unpaid)).is_paid)

    def test_a_payment_intent(self):
        parsed = parse_event(event(INTENT, "payment_intent.succeeded"))
        self.assertEqual(parsed.object_type, "payment_intent")
        self.assertEqual(
            (parsed.payment_intent_ref, parsed.charge_ref, parsed.session_ref),
            ("pi_1", "ch_1", None),
        )
        self.assertEqual((parsed.amount, parsed.is_paid), (12050, True))
        self.assertEqual(parsed.session_status, "")

    def test_a_failed_payment_intent_says_why(self):
        failed = {
            **INTENT,
            "amount_received": 0,
            "status": "requires_payment_method",
            "last_payment_error": DECLINED,
        }
        parsed = parse_event(event(failed, "payment_intent.payment_failed"))
        self.assertFalse(parsed.is_paid)
        self.assertEqual(parsed.failure_code, "insufficient_funds")
        self.assertEqual(parsed.failure_message, "Your card has insufficient funds.")
        asked = {**SESSION, "payment_status": "unpaid", "payment_intent": failed}
        parsed = parse_event(event(asked, "checkout.session.async_payment_failed"))
        self.assertEqual(parsed.failure_code, "insufficient_funds")

    def test_an_old_failure_of_a_paid_intent_is_no_failure(self):
        parsed = parse_event(event({**INTENT, "last_payment_error": DECLINED}))
        self.assertIsNone(parsed.failure_code)

    def test_a_charge_a_refund_and_a_dispute(self):
        charge = {
            "id": "ch_1",
            "object": "charge",
            "amount": 12050,
            "currency": "eur",
            "paid": True,
            "payment_intent": "pi_1",
            "status": "succeeded",
            "metadata": {},
        }
        refund = {
            "id": "re_1",
            "object": "refund",
            "amount": 50,
            "charge": "ch_1",
            "currency": "eur",
            "payment_intent": "pi_1",
            "status": "failed",
            "failure_reason": "expired_or_canceled_card",
            "metadata": {"refund": "3"},
        }
        dispute = {
            "id": "du_1",
            "object": "dispute",
            "amount": 12050,
            "charge": "ch_1",
            "currency": "eur",
            "payment_intent": "pi_1",
            "reason": "fraudulent",
            "status": "needs_response",
            "metadata": {},
        }
        for obj, kind, paid, failure in (
            (charge, "charge.succeeded", True, None),
            (refund, "refund.failed", False, "expired_or_canceled_card"),
            (dispute, "charge.dispute.created", False, "fraudulent"),
        ):
            with self.subTest(kind=kind):
                parsed = parse_event(event(obj, kind))
                self.assertEqual(parsed.object_ref, obj["id"])
                self.assertEqual(parsed.charge_ref, "ch_1")
                self.assertEqual(parsed.payment_intent_ref, "pi_1")
                self.assertEqual(parsed.amount, obj["amount"])
                self.assertEqual(parsed.payment_status, obj["status"])
                self.assertEqual(parsed.is_paid, paid)
                self.assertEqual(parsed.failure_code, failure)

    def test_an_object_of_another_kind_is_read_as_far_as_it_goes(self):
        balance = {"object": "balance", "available": [{"amount": 1, "currency": "eur"}]}
        parsed = parse_event(event(balance, "balance.available"))
        self.assertEqual((parsed.object_type, parsed.object_ref), ("balance", ""))
        self.assertIsNone(parsed.amount)

    def test_amounts_are_integers_or_nothing(self):
        for amount in (12050.0, "12050", True, -1, [], {}):
            with self.subTest(amount=amount), self.assertRaises(MalformedPayload):
                parse_event(event({**SESSION, "amount_total": amount}))
            with self.subTest(received=amount), self.assertRaises(MalformedPayload):
                parse_event(event({**INTENT, "amount_received": amount}))

    def test_what_money_cannot_rest_on_is_malformed(self):
        for changes in (
            {"id": None},
            {"id": 7},
            {"id": ""},
            {"type": None},
            {"livemode": "false"},
            {"livemode": None},
            {"created": "1793000000"},
            {"created": 10**30},
            {"created": True},
            {"data": None},
            {"data": {"object": "cs_test_1"}},
            {"data": {"object": {"id": "cs_test_1"}}},
            {"data": {"object": {"object": "checkout.session"}}},
            {"data": {"object": {**SESSION, "metadata": "x"}}},
            {"data": {"object": {**SESSION, "currency": 978}}},
            {"data": {"object": {**SESSION, "payment_intent": 7}}},
        ):
            with self.subTest(changes=changes), self.assertRaises(MalformedPayload):
                parse_event(event(SESSION, **changes))
        for payload in (None, [], "evt_1", 7):
            with self.subTest(payload=payload), self.assertRaises(MalformedPayload):
                parse_event(payload)

    @settings(max_examples=400, deadline=None, database=None)
    @given(
        st.lists(st.sampled_from(sorted({*SESSION, *INTENT, "charge", "status"})), max_size=4),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(st.sampled_from(["id", "status", "code"]), inner, max_size=3)
            ),
            max_leaves=5,
        ),
        st.sampled_from([SESSION, INTENT]),
    )
    def test_whatever_comes_is_an_event_or_malformed(self, names, value, obj):
        changed = copy.deepcopy(obj)
        changed.update(dict.fromkeys(names, value))
        try:
            parsed = parse_event(event(changed))
        except MalformedPayload:
            return
        self.assertIn(type(parsed.amount), (int, type(None)))
        self.assertIs(type(parsed.is_paid), bool)
        for text in (parsed.session_ref, parsed.payment_intent_ref, parsed.charge_ref):
            self.assertIn(type(text), (str, type(None)))

    def test_a_session_by_itself(self):
        session = parse_session({**SESSION, "status": "open", "payment_status": "unpaid"})
        self.assertEqual(session.status, CheckoutStatus.OPEN)
        self.assertEqual(session.expires_at, datetime(2026, 11, 6, 21, 20))
        self.assertFalse(session.is_paid)
        self.assertEqual((session.amount, session.currency), (12050, "EUR"))
        free = parse_session({**SESSION, "payment_status": "no_payment_required"})
        self.assertTrue(free.is_paid)
        for changes in ({"status": "new"}, {"id": None}, {"expires_at": None}):
            with self.subTest(changes=changes), self.assertRaises(MalformedPayload):
                parse_session({**SESSION, **changes})
