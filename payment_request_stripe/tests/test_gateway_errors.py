# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.tests import BaseCase, tagged

from ..gateways.errors import (
    ANSWER_LOST,
    NOT_CONNECTED,
    STRIPE_ERRORS,
    TWILIO_ERRORS,
    Misconfigured,
    OutcomeUnknown,
    Refused,
    Unavailable,
    classify,
)
from ..gateways.stripe_api import StripeGateway
from ..gateways.twilio_api import TwilioGateway
from .stripe_wire import StripeWireCase
from .twilio_wire import GOOD_SENDER, TwilioWireCase

# For each row of the table, in its order: the SDK's error, what Stripe does, what we make of it.
STRIPE_CASES = (
    ("APIConnectionError", {"timeout": True}, Unavailable),
    ("RateLimitError", {"status": 429, "code": "rate_limit"}, Unavailable),
    ("InvalidRequestError", {"status": 400, "code": "lock_timeout"}, Unavailable),
    ("APIError", {"status": 409, "code": "idempotency_key_in_use"}, Unavailable),
    ("APIError", {"status": 500}, Unavailable),
    ("AuthenticationError", {"status": 401}, Misconfigured),
    ("PermissionError", {"status": 403}, Misconfigured),
    ("InvalidRequestError", {"status": 400, "code": "testmode_charges_only"}, Misconfigured),
    ("IdempotencyError", {"status": 400, "kind": "idempotency_error"}, Refused),
    ("CardError", {"status": 402, "code": "card_declined"}, Refused),
    ("InvalidRequestError", {"status": 404, "code": "resource_missing"}, Refused),
    ("APIError", {"status": 302}, Unavailable),
)

TWILIO_CASES = (
    (NOT_CONNECTED, {"refused": True}, Unavailable),
    (ANSWER_LOST, {"timeout": True}, OutcomeUnknown),
    ("", {"status": 400, "code": 20429}, Unavailable),
    ("", {"status": 400, "code": 20003}, Misconfigured),
    ("", {"status": 400, "code": 21211}, Refused),
    ("", {"status": 400, "code": 21610}, Refused),
    ("", {"status": 400, "code": 21408}, Refused),
    ("", {"status": 400, "code": 21608}, Misconfigured),
    ("", {"status": 400, "code": 21606}, Misconfigured),
    ("", {"status": 400, "code": 21602}, Refused),
    ("", {"status": 401}, Misconfigured),
    ("", {"status": 429}, Unavailable),
    ("", {"status": 504}, OutcomeUnknown),
    ("", {"status": 500}, Unavailable),
)


def deciding_row(table, kind, fault):
    """Return the number of the row that decides about a fault."""
    status, code = fault.get("status"), str(fault.get("code", ""))
    return next(number for number, row in enumerate(table) if row.matches(kind, status, code))


@tagged("post_install", "-at_install")
class TestStripeErrors(StripeWireCase, BaseCase):
    def test_every_row(self):
        self.assertEqual(len(STRIPE_CASES), len(STRIPE_ERRORS), "each row has its case")
        gateway = StripeGateway("sk_test_of_the_gateway")
        for number, (kind, fault, expected) in enumerate(STRIPE_CASES):
            with self.subTest(row=STRIPE_ERRORS[number].why):
                self.assertEqual(deciding_row(STRIPE_ERRORS, kind, fault), number)
                self.stripe.fail_next("POST", "/v1/customers", **fault)
                with self.assertRaises(expected) as raised:
                    gateway.create_customer({"name": "Petra"}, f"key {number}")
                self.assertIs(type(raised.exception), expected)
                self.assertEqual(raised.exception.http_status, fault.get("status"))
                self.assertEqual(raised.exception.code, fault.get("code", ""))

    def test_every_code_and_kind_of_the_table(self):
        for row in STRIPE_ERRORS:
            for kind in row.kinds:
                self.assertIs(classify(STRIPE_ERRORS, kind=kind), row.outcome, kind)
            for code in row.codes:
                self.assertIs(classify(STRIPE_ERRORS, code=code), row.outcome, code)
            for status in row.statuses:
                self.assertIs(classify(STRIPE_ERRORS, status=status), row.outcome, status)

    def test_what_no_row_knows_is_refused(self):
        self.assertIs(classify(STRIPE_ERRORS, kind="NewError", status=418, code="new"), Refused)

    def test_an_error_says_what_support_needs(self):
        self.stripe.fail_next(
            "POST",
            "/v1/customers",
            status=400,
            kind="invalid_request_error",
            code="email_invalid",
            param="email",
            message="Invalid email address",
        )
        with self.assertRaises(Refused) as refused:
            StripeGateway("sk_test_x").create_customer({"email": "x"}, "key")
        error = refused.exception
        self.assertEqual(
            (error.message, error.code, error.param),
            ("Invalid email address", "email_invalid", "email"),
        )
        self.assertEqual(str(error), error.message)
        self.assertTrue(error.request_ref.startswith("req_"))

    def test_no_answer_is_one_plain_sentence(self):
        self.stripe.fail_next("GET", "/v1/account", timeout=True)
        with self.assertRaises(Unavailable) as unavailable:
            StripeGateway("sk_test_x").retrieve_account()
        self.assertEqual(unavailable.exception.message, "Stripe did not answer (ReadTimeout).")


@tagged("post_install", "-at_install")
class TestTwilioErrors(TwilioWireCase, BaseCase):
    def test_every_row(self):
        self.assertEqual(len(TWILIO_CASES), len(TWILIO_ERRORS), "each row has its case")
        gateway = TwilioGateway("AC0", "token")
        for number, (kind, fault, expected) in enumerate(TWILIO_CASES):
            with self.subTest(row=TWILIO_ERRORS[number].why):
                self.assertEqual(deciding_row(TWILIO_ERRORS, kind, fault), number)
                self.twilio.fail_next(**fault)
                with self.assertRaises(expected) as raised:
                    gateway.send_sms("+14155550100", "Hello", sender=GOOD_SENDER)
                self.assertIs(type(raised.exception), expected)
                self.assertEqual(raised.exception.code, str(fault.get("code", "")))
        self.assertEqual(self.twilio.messages, [])

    def test_every_code_of_the_table(self):
        for row in TWILIO_ERRORS:
            for code in row.codes:
                self.assertIs(classify(TWILIO_ERRORS, code=code, status=400), row.outcome, code)

    def test_what_no_row_knows_is_final(self):
        self.assertIs(classify(TWILIO_ERRORS, status=400, code="21999"), Refused)
