# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import json

from odoo.tests import tagged

from ..gateways.reach import EVENT_TYPE
from .api_case import ApiCase


@tagged("post_install", "-at_install")
class TestMetrics(ApiCase):
    """The counters that an operator's monitor reads with an API key."""

    def _get(self, **options):
        self.env.flush_all()
        answer = self._call("/metrics", **options)
        self.assertDocumented(answer, "/api/paylinks/metrics")
        return answer

    def _read(self):
        answer = self._get()
        self.assertEqual(answer.status_code, 200, answer.text)
        return answer.json()["data"]

    def test_an_empty_company(self):
        data = self._read()
        self.assertEqual(data["inbox"]["waiting"], 0)
        self.assertIsNone(data["inbox"]["lastEventSeconds"])
        self.assertEqual(set(data["requests"].values()), {0})
        self.assertIn("process_events", [worker["name"] for worker in data["workers"]])

    def test_counters_follow_what_happens(self):
        request = self._create_request(self._create_invoice(100))
        self.env["payment.request.event"].sudo()._store(
            self.provider, self.stripe.event("payment_intent.succeeded", {"object": "x", "id": "y"})
        )
        data = self._read()
        self.assertEqual(data["inbox"]["waiting"], 1)
        self.assertGreaterEqual(data["inbox"]["oldestWaitingSeconds"], 0)
        self.assertEqual(data["outbox"]["queued"], 1)
        self.assertEqual(data["requests"]["sent"], 1)
        request.delivery_ids.state = "unknown"
        request.is_setup_test = True
        self.env["payment.request.event"].sudo().search([]).state = "failed"
        data = self._read()
        self.assertEqual((data["inbox"]["waiting"], data["inbox"]["failed"]), (0, 1))
        self.assertEqual((data["outbox"]["queued"], data["outbox"]["unknown"]), (0, 1))
        self.assertEqual(data["requests"]["sent"], 0, "tests of the set-up count nowhere")

    def test_only_what_stripe_told_counts_as_its_last_event(self):
        events = self.env["payment.request.event"].sudo()
        for ref, event_type in (
            ("evt_check_1", EVENT_TYPE),
            ("sync:pi_1:succeeded", "payment_intent.succeeded"),
        ):
            event = self.stripe.event(event_type, {"object": "x", "id": "y"})
            events._store(self.provider, {**event, "id": ref})
        self.assertIsNone(self._read()["inbox"]["lastEventSeconds"])
        events._store(self.provider, self.stripe.event("charge.updated", {"object": "x"}))
        self.assertIsNotNone(self._read()["inbox"]["lastEventSeconds"])

    def test_the_health_is_told_by_codes(self):
        provider = self.provider.sudo()
        provider.payment_request_webhook_secret = False
        self._run_cron("ir_cron_check_health")
        (health,) = self._read()["health"]
        self.assertEqual(health["state"], "trouble")
        self.assertIn("secret", health["troubles"])

    def test_of_the_companies_of_the_key_only(self):
        self._create_request(self._create_invoice(100))
        _company, stranger = self._make_other_company()
        data = self._get(key=self._make_key(stranger)).json()["data"]
        self.assertFalse(data["requests"]["sent"])
        self.assertFalse(data["outbox"]["queued"])

    def test_a_key_is_needed_and_nothing_secret_is_told(self):
        self.assertEqual(self._get(key="").status_code, 401)
        self._create_request(self._create_invoice(100))
        text = json.dumps(self._read())
        for secret in (self.provider.sudo().stripe_secret_key, self.payer.email, "whsec_"):
            self.assertNotIn(secret, text)
