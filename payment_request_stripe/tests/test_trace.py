# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import logging

from odoo.tests import tagged

from ..models import payment_request_trace
from .common import WEBHOOK_SECRET
from .mail_wire import mail_server
from .pay_page_case import PayPageCase

LOGGERS = "odoo.addons.payment_request_stripe"


@tagged("post_install", "-at_install")
class TestTrace(PayPageCase):
    """Support reads what happened to a payment, and nothing that opens anything."""

    def _run_a_whole_story(self):
        """Send, open, decline, pay, refund; return the refs of the session and the intent."""
        with mail_server(self.env):
            self._run_cron("ir_cron_send_deliveries")
        session = self._session()
        self._deliver(self.stripe.decline(session))
        self._deliver(self.stripe.pay(session))
        wizards = self.env["payment.request.refund.wizard"]
        with self._as_in_production(wizards, self.billing_user) as refunds:
            refunds.create({"request_id": self.request.id}).action_refund()
        self._run_cron("ir_cron_process_events")
        self.assertTrue(self.request.amount_refunded)
        # And what is refused: a forged event, and a wrong link.
        self._post_event({"id": "evt_forged"}, secret="whsec_of_a_forger")  # noqa: S106
        self._open(request=self.request.access_token[:-1] + "x")
        return session, self.request.stripe_payment_intent_ref

    def test_each_step_is_logged_with_its_ids(self):
        with self.assertLogs(payment_request_trace.__name__, logging.INFO) as log:
            session, intent = self._run_a_whole_story()
        ids = f"payment_request={self.request.name} checkout_session={session} "
        for words in (
            f"payment_request={self.request.name} checkout_session=- payment_intent=-: email",
            f"{ids}payment_intent=-: checkout open",
            "opened by a person",
            f"{ids}payment_intent={intent}: declined: insufficient_funds",
            f"{ids}payment_intent={intent}: booked as",
            f"{ids}payment_intent={intent}: is completed",
            f"{ids}payment_intent={intent}: refund",
        ):
            self.assertTrue(any(words in line for line in log.output), (words, log.output))

    def test_nothing_secret_is_logged(self):
        with self.assertLogs(LOGGERS, logging.DEBUG) as log:
            self._run_a_whole_story()
        text = "\n".join(log.output)
        self.assertIn("checkout open", text)
        provider = self.provider.sudo()
        for name, secret in (
            ("the key", provider.stripe_secret_key),
            ("the signing secret", WEBHOOK_SECRET),
            ("a forger's secret", "whsec_"),
            ("the link's token", self.request.access_token),
            ("the address of the webhook", provider.payment_request_endpoint_token),
            ("an idempotency key", self.request.checkout_ids.idempotency_key),
            ("the customer's address", self.request.to_email),
            ("a session's address", "https://checkout.stripe.com"),
        ):
            self.assertNotIn(secret, text, name)
