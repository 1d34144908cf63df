# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from datetime import datetime, timedelta, timezone

from odoo.tests import BaseCase, tagged

from ..gateways.checkout import checkout_parameters
from ..gateways.events import CheckoutLine, CheckoutOrder
from ..gateways.stripe_api import StripeGateway
from .stripe_wire import patch_stripe_wire

KEY = "sk_test_of_the_gateway"


def make_order(*amounts, **changes):
    """An order of one line per amount (minor units)."""
    values = {
        "currency": "EUR",
        "lines": [
            CheckoutLine(f"INV/2026/{number:05d}", amount)
            for number, amount in enumerate(amounts or (10000, 2050), 1)
        ],
        "success_url": "https://books.example.com/pay/t/success",
        "cancel_url": "https://books.example.com/pay/t/cancel",
        "expires_at": datetime.now(timezone.utc).replace(tzinfo=None) + timedelta(hours=2),
        "reference": "PR/2026/00001",
        "description": "Payment request PR/2026/00001",
        "metadata": {"payment_request": "1"},
    }
    return CheckoutOrder(**{**values, **changes})


@tagged("post_install", "-at_install")
class TestCheckoutParameters(BaseCase):
    def test_metadata_is_on_the_session_and_on_the_intent(self):
        parameters = checkout_parameters(make_order())
        self.assertEqual(parameters["metadata"], {"payment_request": "1"})
        self.assertEqual(parameters["payment_intent_data"]["metadata"], {"payment_request": "1"})

    def test_a_line_per_invoice_in_minor_units(self):
        items = checkout_parameters(make_order(10000, 2050))["line_items"]
        self.assertEqual(
            items[1],
            {
                "quantity": 1,
                "price_data": {
                    "currency": "eur",
                    "unit_amount": 2050,
                    "product_data": {"name": "INV/2026/00002"},
                },
            },
        )

    def test_beyond_99_lines_the_rest_is_one(self):
        for count, expected in ((99, 99), (100, 100), (101, 100), (350, 100)):
            amounts = range(1, count + 1)
            items = checkout_parameters(make_order(*amounts))["line_items"]
            with self.subTest(count=count):
                self.assertEqual(len(items), expected)
                total = sum(item["price_data"]["unit_amount"] for item in items)
                self.assertEqual(total, sum(amounts))
        name = items[-1]["price_data"]["product_data"]["name"]
        self.assertEqual(name, "INV/2026/00100 – INV/2026/00350 (251)")

    def test_long_texts_are_cut_to_stripes_limits(self):
        long_text = "x" * 5000
        order = make_order(
            lines=[CheckoutLine(long_text, 100, long_text)],
            description=long_text,
            reference=long_text,
        )
        with patch_stripe_wire():  # which checks the limits
            StripeGateway(KEY).create_checkout(checkout_parameters(order), "key")

    def test_texts_that_are_empty_are_left_out(self):
        order = make_order(lines=[CheckoutLine("", 100)], description="", metadata={})
        with patch_stripe_wire() as fake:
            StripeGateway(KEY).create_checkout(checkout_parameters(order), "key")
        item = fake.requests[0].params["line_items"][0]
        self.assertEqual(item["price_data"]["product_data"], {"name": "PR/2026/00001"})
        self.assertNotIn("payment_intent_data", fake.requests[0].params)

    def test_the_customer_or_else_an_address_to_fill_in(self):
        order = make_order(customer_ref="cus_1", customer_email="payer@example.com")
        parameters = checkout_parameters(order)
        self.assertEqual(parameters["customer"], "cus_1")
        self.assertNotIn("customer_email", parameters)
        parameters = checkout_parameters(make_order(customer_email="payer@example.com"))
        self.assertNotIn("customer", parameters)
        self.assertEqual(parameters["customer_email"], "payer@example.com")
        self.assertEqual(parameters["payment_intent_data"]["receipt_email"], "payer@example.com")

    def test_the_payer_pays_the_invoices_currency(self):
        parameters = checkout_parameters(make_order())
        self.assertEqual(parameters["adaptive_pricing"], {"enabled": False})

    def test_naive_utc_becomes_the_epoch(self):
        parameters = checkout_parameters(make_order(expires_at=datetime(2026, 1, 1)))
        self.assertEqual(parameters["expires_at"], 1767225600)

    def test_languages(self):
        for language, locale in (
            ("fr_FR", "fr"),
            ("fr_CA", "fr-CA"),
            ("en_GB", "en-GB"),
            ("en_US", "en"),
            ("es_ES", "es"),
            ("es_MX", "es-419"),
            ("es_419", "es-419"),
            ("nb_NO", "nb"),
            ("zh_CN", "zh"),
            ("zh_TW", "zh-TW"),
            ("hi_IN", "hi-IN"),
            ("pt-BR", "pt-BR"),
            ("tl_PH", "fil"),
            ("sr@latin", "auto"),
            ("", "auto"),
        ):
            with self.subTest(language=language), patch_stripe_wire():
                parameters = checkout_parameters(make_order(locale=language))
                self.assertEqual(parameters["locale"], locale)
                StripeGateway(KEY).create_checkout(parameters, "key")

    def test_nothing_to_pay_is_no_checkout(self):
        for amounts in ((0,), (100, 0), (-5,)):
            with self.subTest(amounts=amounts), self.assertRaises(ValueError):
                checkout_parameters(make_order(*amounts))
        with self.assertRaises(ValueError):
            checkout_parameters(make_order(lines=[]))
