# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.exceptions import UserError
from odoo.tests import tagged

from ..models import payment_request_setup_test
from .delivery_case import ACCOUNT, TOKEN
from .setup_case import SetupCase


@tagged("post_install", "-at_install")
class TestSetupPayment(SetupCase):
    """A test payment goes all the way, and is undone."""

    def _test(self):
        setups = self._open()
        with self._as_in_production(setups) as setup:
            setup.action_test()
        return setups

    def _get_test_request(self):
        return self.env["payment.request"].search([("is_setup_test", "=", True)])

    def test_a_test_payment_is_booked_and_cleaned_up(self):
        numbers = self._create_invoice(5).name
        balance = sum(self._get_clearing_lines().mapped("balance"))
        setup = self._test()
        self.assertEqual(setup.test_state, "passed", setup.test_report)
        self.assertIn("reconciled in full", setup.test_report)
        self.assertIn("Stripe's own event has arrived", setup.test_report)
        request = self._get_test_request()
        (charge,) = self.stripe.charges.values()
        self.assertEqual(charge["payment_intent"], request.stripe_payment_intent_ref)
        self.assertEqual(request.payment_ids.state, "canceled")
        self.assertEqual(request.line_ids.move_id.state, "cancel")
        self.assertFalse(request.activity_ids)
        self.assertEqual(sum(self._get_clearing_lines().mapped("balance")), balance)
        self.assertFalse(request.partner_id.active)
        self.assertFalse(request.line_ids.move_id.journal_id.active)
        following = int(numbers.rpartition("/")[2]) + 1
        self.assertEqual(int(self._create_invoice(5).name.rpartition("/")[2]), following)

    def _get_clearing_lines(self):
        return self.env["account.move.line"].search(
            [("account_id", "=", self.clearing_account.id), ("parent_state", "=", "posted")]
        )

    def test_no_comparison_misses_it_in_the_books(self):
        self._test()
        comparison = self.env["payment.request.comparison"].create({})
        with self._as_in_production(comparison) as dialog:
            dialog.action_compare()
        self.assertTrue(comparison.is_equal, comparison.result)

    def test_the_events_that_follow_change_nothing(self):
        self._test()
        request = self._get_test_request()
        self._receive(*self.stripe.events)
        self.assertEqual(len(request.payment_ids), 1)
        self.assertEqual(request.payment_ids.state, "canceled")
        self.assertFalse(request.activity_ids)
        self.assertFalse(request.event_ids.filtered(lambda event: event.state == "failed"))

    def test_a_test_of_which_stripe_tells_nothing_fails(self):
        """The money was booked by asking; but the next payment would be seen late."""
        self.stripe.webhook = None
        self.patch(payment_request_setup_test, "LOOKS", 1)
        setups = self._open_unheard()
        with self._as_in_production(setups) as setup:
            setup.action_test()
        self.assertEqual(setups.test_state, "failed")
        self.assertIn("Stripe's own event has not arrived", setups.test_report)
        self.assertIn("reconciled in full", setups.test_report)
        self.assertEqual(self._get_test_request().line_ids.move_id.state, "cancel")

    def _open_unheard(self):
        return self.env["payment.request.setup"].create({"provider_id": self.provider.id})

    def test_a_second_test_passes_too(self):
        self._test()
        self.assertEqual(self._test().test_state, "passed")
        self.assertEqual(len(self._get_test_request()), 2)

    def test_a_test_that_stripe_refuses_says_so_and_cleans_up(self):
        self.stripe.fail_next(
            "POST", "/v1/payment_intents", status=402, kind="card_error", message="Declined."
        )
        setup = self._test()
        self.assertEqual(setup.test_state, "failed")
        self.assertIn("Stripe said: Declined.", setup.test_report)
        request = self._get_test_request()
        self.assertEqual(request.line_ids.move_id.state, "cancel")
        self.assertEqual(request.state, "cancelled")

    def test_no_test_payment_with_a_live_key(self):
        self.provider.write({"state": "enabled", "stripe_secret_key": "sk_live_production"})
        with self.assertRaisesRegex(UserError, "in test mode, with a test key"):
            self.provider._make_setup_test_payment()
        self.assertFalse(self._get_test_request())

    def test_secrets_stay_here(self):
        setup = self._test()
        words = " ".join([setup.test_report, *setup.line_ids.mapped("sentence")])
        for secret in ("sk_test_of_the_suite", TOKEN, ACCOUNT, "whsec_"):
            self.assertNotIn(secret, words)
