# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.tests import tagged

from ..gateways.decline_words import _BY_REASON, DECLINES, Decline, read_decline
from ..models.payment_request_decline import DECLINE_REASONS, FOR_ACCOUNTANT, FOR_PAYER
from .pay_page_case import PayPageCase


@tagged("post_install", "-at_install")
class TestDecline(PayPageCase):
    """Stripe's codes become one sentence for the payer and one for the accountant."""

    def _decline(self, code):
        """Press Pay, and have the card declined at Stripe's page."""
        session = self.request._get_live_checkout().stripe_checkout_session_ref
        self._deliver(self.stripe.decline(session or self._session(), code))

    def test_the_table_is_closed_and_has_words_for_each_reason(self):
        self.assertEqual(len(DECLINES), sum(map(len, _BY_REASON.values())), "a code stands twice")
        kinds = {decline.value for decline in Decline}
        for words in (dict(DECLINE_REASONS), FOR_PAYER, FOR_ACCOUNTANT):
            self.assertEqual(set(words), kinds)
        for code in ("a_code_of_tomorrow", "", None):
            self.assertEqual(read_decline(code), Decline.BANK)

    def test_every_reason_is_said_to_payer_and_accountant(self):
        for decline, (code, *_others) in _BY_REASON.items():
            with self.subTest(code):
                self._decline(code)
                self.assertEqual(self.request.decline_reason, decline.value)
                self.assertEqual(
                    self.request.checkout_ids.mapped("decline_code"), [code], "Stripe's own word"
                )
                self.assertEqual(
                    self.request.with_user(self.readonly_user).decline_advice,
                    str(FOR_ACCOUNTANT[decline.value]),
                )
                self.assertSaid(self._open(), "did not go through.", str(FOR_PAYER[decline.value]))

    def test_the_payer_does_not_learn_that_a_card_is_suspected(self):
        self._decline("do_not_honor")
        refused = self._text(self._open())
        for code in ("stolen_card", "lost_card", "fraudulent", "pickup_card"):
            self._decline(code)
            self.assertEqual(self._text(self._open()), refused)
            self.assertIn("lost, stolen or suspicious", self.request.decline_advice)

    def test_a_later_payment_leaves_the_decline_to_the_reports_only(self):
        self._decline("insufficient_funds")
        session = self.request.stripe_checkout_session_ref
        self._deliver(self.stripe.pay(session))
        self.assertFalse(self.request.decline_reason)
        self.assertFalse(self.request.decline_advice)
        self.assertEqual(self.request.checkout_ids.decline_reason, "funds")
        self.assertNotIn("not enough money", self._text(self._open()).lower())

    def test_a_bank_debit_that_failed_says_why(self):
        session = self._session()
        self._deliver(self.stripe.pay_async(session))
        told = len(self.stripe.events)
        self.stripe.decline(session, "debit_not_authorized")
        failed, closed = self.stripe.events[told:]  # only the first one says why
        for event in (closed, failed, closed):
            self._deliver(event)
        self.assertEqual(self.request.state, "failed")
        self.assertEqual(self.request.decline_reason, "not_authorized")
        self.assertSaid(self._open(), "It was not authorised.")
