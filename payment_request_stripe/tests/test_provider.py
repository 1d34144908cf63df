# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from ..gateways.errors import Misconfigured
from .common import PaymentRequestCommon
from .stripe_wire import StripeWireCase


@tagged("post_install", "-at_install")
class TestProvider(StripeWireCase, PaymentRequestCommon):
    """The set-up: keys, modes, secrets, and the check that says what is missing."""

    def setUp(self):
        super().setUp()
        self.provider = self.provider.sudo()

    def _create_webhook(self):
        with self._as_in_production(self.provider) as provider:
            provider.action_payment_request_create_webhook()

    def test_a_second_webhook_keeps_the_first_secret(self):
        self._create_webhook()
        first = self.provider.payment_request_webhook_secret
        self._create_webhook()
        self.assertIn(first, self.provider.payment_request_webhook_secret)
        self.assertEqual(len(self.stripe.webhook_endpoints), 2)

    def test_an_answer_that_was_lost_makes_no_second_webhook(self):
        self.stripe.fail_next("POST", "/v1/webhook_endpoints", lose_answer=True)
        # Not assertRaises: Odoo's would roll back what was committed before the call.
        with self.assertRaisesRegex(UserError, "Stripe did not"):
            self._create_webhook()
        self._create_webhook()
        self.assertEqual(len(self.stripe.webhook_endpoints), 1)

    def test_key_and_state_must_be_of_one_mode(self):
        self.provider.stripe_secret_key = "sk_live_production"
        with self.assertRaises(Misconfigured):
            self.provider._get_stripe_gateway()
        self.provider.stripe_secret_key = "rk_test_restricted"
        self.assertIn("test", repr(self.provider._get_stripe_gateway()))

    def test_stand_ins_are_for_test_keys_only(self):
        parameter = "payment_request_stripe.stripe_api_base"
        self.env["ir.config_parameter"].set_param(parameter, "http://127.0.0.1:1")
        self.assertEqual(
            self.provider._get_payment_request_api_base(parameter), "http://127.0.0.1:1"
        )
        self.provider.write({"state": "enabled", "stripe_secret_key": "sk_live_production"})
        with self.assertLogs("odoo.addons.payment_request_stripe", "WARNING"):
            self.assertIsNone(self.provider._get_payment_request_api_base(parameter))

    def test_only_administrators_see_secrets(self):
        for user in (self.billing_user, self.readonly_user):
            provider = self.provider.with_user(user)
            with self.assertRaises(AccessError):
                provider.read(["payment_request_webhook_secret"])
            with self.assertRaises(AccessError):
                provider.action_payment_request_create_webhook()

    def test_secrets_are_not_offered_for_export(self):
        secret = [
            "payment_request_webhook_secret",
            "payment_request_webhook_key",
            "payment_request_endpoint_token",
        ]
        for name, field in self.provider.fields_get(secret, ["exportable"]).items():
            self.assertFalse(field["exportable"], name)

    def test_each_provider_has_its_own_address(self):
        other = self.provider.copy()
        self.assertNotEqual(
            other.payment_request_webhook_url, self.provider.payment_request_webhook_url
        )
        self.assertFalse(other.payment_request_webhook_secret)

    def test_whom_stripe_has_told_of_payments_stays_where_it_is(self):
        provider = self.provider.copy()
        company = self.env["res.company"].create({"name": "Branch"})
        provider.company_id = company  # nothing has been told yet
        self.env["payment.request.event"]._store(
            provider, {"id": "evt_1", "type": "charge.refunded"}
        )
        event = self.env["payment.request.event"].search([("provider_id", "=", provider.id)])
        self.assertEqual(event.company_id, company)
        with self.assertRaisesRegex(UserError, "Branch"):
            provider.company_id = self.company
        provider.company_id = company  # as a form saves it
        with self.assertRaisesRegex(UserError, "disable it"):
            provider.unlink()
