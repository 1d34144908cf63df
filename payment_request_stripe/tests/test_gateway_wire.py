# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import copy
from datetime import datetime, timedelta, timezone

from odoo.tests import BaseCase, tagged

from ..gateways.errors import Refused
from ..gateways.stripe_api import StripeGateway, checkout_parameters
from .stripe_wire import patch_stripe_wire
from .test_gateway_checkout import KEY, make_order


def change(parameters, path, value):
    """Return `parameters` with `value` at a path like ``line_items/0/quantity``."""
    changed = copy.deepcopy(parameters)
    *parents, last = [int(part) if part.isdigit() else part for part in path.split("/")]
    target = changed
    for part in parents:
        target = target[part]
    target[last] = value
    return changed


@tagged("post_install", "-at_install")
class TestStripeWire(BaseCase):
    """The fake refuses what the SDK's own types do not declare, so that tests cannot lie."""

    def test_what_stripe_does_not_have_fails_the_test(self):
        parameters = checkout_parameters(make_order())
        product = "line_items/0/price_data/product_data"
        for path, value in (
            ("payment_method_types", ["card"]),
            ("idempotency_key", "key"),
            ("meta_data", {"a": "b"}),
            ("mode", "pay"),
            ("locale", "tlh"),
            ("expires_at", 1.5),
            ("expires_at", "tomorrow"),
            ("adaptive_pricing", "false"),
            ("adaptive_pricing/enabled", "no"),
            ("adaptive_pricing/on", True),
            ("line_items", {"name": "INV/1"}),
            ("line_items/0/quantity", "one"),
            ("line_items/0/amount", 100),
            ("line_items/0/price_data/unit_amount", 12.5),
            ("line_items/0/price_data/unit_amount", -1),
            ("line_items/0/price_data/unit_amount", 100_000_000),
            ("line_items/0/price_data/currency", {"code": "eur"}),
            (product, {"description": "no name"}),
            (f"{product}/name", ""),
            (f"{product}/name", "x" * 251),
            (f"{product}/title", "x"),
            ("payment_intent_data/receipt_mail", "x"),
            ("payment_intent_data/capture_method", "later"),
            ("metadata", "x"),
            ("metadata", {"k" * 41: "v"}),
            ("metadata", {"k": "v" * 501}),
            ("metadata", {f"k{number}": "v" for number in range(51)}),
            ("payment_intent_data/metadata", {"k": "v" * 501}),
            ("metadata", {"k": {"nested": "v"}}),
            ("client_reference_id", "x" * 201),
            ("line_items", parameters["line_items"] * 51),
        ):
            with self.subTest(path=path, value=value), self.assertRaises(AssertionError):
                with patch_stripe_wire():
                    StripeGateway(KEY).create_checkout(change(parameters, path, value), "key")

    def test_a_swallowed_violation_still_fails_the_test(self):
        with self.assertRaises(AssertionError), patch_stripe_wire() as fake:
            with self.assertRaises(AssertionError):  # what a worker that goes on would do
                StripeGateway(KEY).create_customer({"nom": "Petra"}, "key")
            self.assertTrue(fake.violations)

    def test_a_fault_that_did_not_happen_fails_the_test(self):
        with self.assertRaises(AssertionError), patch_stripe_wire() as fake:
            fake.fail_next("POST", "/v1/customers", status=500)

    def test_a_session_lives_half_an_hour_to_a_day(self):
        now = datetime.now(timezone.utc).replace(tzinfo=None)
        for minutes in (-5, 25, 24 * 60 + 5):
            order = make_order(expires_at=now + timedelta(minutes=minutes))
            with self.subTest(minutes=minutes), patch_stripe_wire():
                with self.assertRaises(Refused) as refused:
                    StripeGateway(KEY).create_checkout(checkout_parameters(order), "key")
                self.assertEqual(refused.exception.param, "expires_at")

    def test_the_same_key_with_other_parameters_is_refused(self):
        with patch_stripe_wire() as fake:
            gateway = StripeGateway(KEY)
            gateway.create_customer({"name": "Petra"}, "key")
            with self.assertRaises(Refused):
                gateway.create_customer({"name": "Paul"}, "key")
            self.assertEqual(len(fake.customers), 1)
