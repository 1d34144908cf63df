# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import json
import time
from urllib.parse import urlencode

from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.payment_request_stripe.models.ir_cron import bell

from .common import WEBHOOK_SECRET, PaymentRequestHttpCase
from .stripe_wire import sign

LOGGER = "odoo.addons.payment_request_stripe.controllers.stripe_webhook"


@tagged("post_install", "-at_install")
class TestWebhook(PaymentRequestHttpCase):
    """The doorbell: what is let in, and what is not."""

    def setUp(self):
        super().setUp()
        self.invoice = self._create_invoice(100)
        self.request = self._create_request(self.invoice)
        self.env.flush_all()
        self._click_pay(self.request)
        self.env.invalidate_all()
        self.session_ref = self.request.stripe_checkout_session_ref
        self.event = self.stripe.pay(self.session_ref)

    def _inbox(self):
        self.env.invalidate_all()
        return self.env["payment.request.event"].search([("provider_id", "=", self.provider.id)])

    def test_a_signed_event_is_kept_and_booked(self):
        self.assertEqual(self._post_event(self.event).status_code, 200)
        self.assertEqual(self._inbox().state, "received")
        self.assertOwed(self.invoice, "100")
        self._run_cron("ir_cron_process_events")
        self.assertEqual(self._inbox().state, "done")
        self.assertEqual(self._inbox().request_id, self.request)
        self.assertOwed(self.invoice, "0")
        self.assertEqual(self.request.state, "completed")

    def test_an_event_rings_the_worker_and_a_repeated_one_does_not(self):
        triggers = self.env["ir.cron.trigger"].sudo()
        worker = self.env.ref("payment_request_stripe.ir_cron_process_events")
        domain = [("cron_id", "=", worker.id)]
        before = triggers.search_count(domain)
        self._post_event(self.event)
        self.assertEqual(triggers.search_count(domain), before + 1)
        self.assertEqual(self._post_event(self.event).status_code, 200)
        self.assertEqual(triggers.search_count(domain), before + 1)
        self.assertEqual(len(self._inbox()), 1)

    def test_an_event_of_the_same_moment_leaves_the_trigger_to_its_end(self):
        self.patch(bell, "_moment", 60)
        self.addCleanup(bell._forget)
        bell.ring(self.env.cr.dbname)
        triggers = self.env["ir.cron.trigger"].sudo()
        before = triggers.search_count([])
        self.assertEqual(self._post_event(self.event).status_code, 200)
        self.assertEqual(triggers.search_count([]), before)
        self.assertEqual(self._inbox().state, "received")

    def test_any_of_several_secrets_is_good_while_one_is_rotated(self):
        self.provider.sudo().payment_request_webhook_secret = f"whsec_new, {WEBHOOK_SECRET}"
        self.env.flush_all()
        self.assertEqual(self._post_event(self.event).status_code, 200)
        self.assertEqual(self._post_event(self.event, secret="whsec_new").status_code, 200)

    def test_the_address_without_a_token_works_while_one_provider_has_a_secret(self):
        url = "/api/stripe/webhook"
        self.assertEqual(self._post_event(self.event, url=url).status_code, 200)
        other = self.provider.sudo().copy({"payment_request_webhook_secret": "whsec_other"})
        other.payment_request_webhook_secret = "whsec_other"
        self.env.flush_all()
        self.assertEqual(self._post_event(self.event, url=url).status_code, 404)

    @mute_logger(LOGGER)
    def test_what_is_not_signed_by_stripe_is_not_kept(self):
        body = json.dumps(self.event).encode()
        now = int(time.time())
        good = sign(body, WEBHOOK_SECRET)
        for headers, sent in (
            ({}, body),
            ({"Stripe-Signature": ""}, body),
            ({"Stripe-Signature": "nonsense"}, body),
            ({"Stripe-Signature": "t=x,v1=y"}, body),
            ({"Stripe-Signature": sign(body, "whsec_of_somebody_else")}, body),
            ({"Stripe-Signature": sign(body, WEBHOOK_SECRET, now - 3600)}, body),
            ({"Stripe-Signature": sign(body, WEBHOOK_SECRET, now + 3600)}, body),
            ({"Stripe-Signature": good}, body[:-1]),
            ({"Stripe-Signature": good}, body.replace(b"10000", b"99999")),
        ):
            with self.subTest(headers):
                response = self._post_event(None, body=sent, headers={"X-Test": "1", **headers})
                self.assertEqual(response.status_code, 400)
                self.assertNotIn("Traceback", response.text)
        self.assertFalse(self._inbox())

    @mute_logger(LOGGER)
    def test_signed_nonsense_is_not_kept(self):
        for body in (
            b"{",
            b"[]",
            b"{}",
            b"null",
            b'"x"',
            b"\xff\xfe",
            b'{"id": 7, "type": 1}',
        ):
            with self.subTest(body):
                header = sign(body.decode("latin-1").encode(), WEBHOOK_SECRET)
                response = self._post_event(None, body=body, headers={"Stripe-Signature": header})
                self.assertEqual(response.status_code, 400)
        self.assertFalse(self._inbox())

    def test_too_much_is_413(self):
        body = json.dumps({**self.event, "filler": "x" * 1024 * 1024}).encode()
        self.assertEqual(self._post_event(None, body=body).status_code, 413)
        self.assertFalse(self._inbox())

    @mute_logger(LOGGER)
    def test_no_secret_no_service(self):
        self.provider.sudo().payment_request_webhook_secret = False
        self.env.flush_all()
        self.assertEqual(self._post_event(self.event).status_code, 503)
        self.assertEqual(self._post_event(self.event, secret="x").status_code, 503)
        self.assertFalse(self._inbox())

    def test_an_unknown_address_is_404(self):
        for token in ("of-nobody", "%00", "%C3%A9", "x" * 5000):
            with self.subTest(token[:9]):
                response = self._post_event(self.event, url=f"/api/stripe/webhook/{token}")
                self.assertEqual(response.status_code, 404)

    def test_events_that_are_not_ours_are_kept_as_ignored(self):
        foreign = {**self.event, "id": "evt_foreign"}
        foreign["data"] = {"object": {**self.event["data"]["object"]}}
        foreign["data"]["object"].update(
            id="cs_test_foreign", payment_intent="pi_foreign", metadata={}
        )
        live = {**self.event, "id": "evt_live", "livemode": True}
        odd = {**self.event, "id": "evt_odd", "type": "invoice.finalized"}
        for event in (foreign, live, odd):
            self.assertEqual(self._post_event(event).status_code, 200)
        self._run_cron("ir_cron_process_events")
        self.assertEqual(set(self._inbox().mapped("state")), {"ignored"})
        self.assertTrue(all(self._inbox().mapped("error")))
        self.assertOwed(self.invoice, "100")

    def test_odoos_own_doors_do_nothing_to_ours(self):
        """An unsigned event of ours, and the return page with our references."""
        body = json.dumps(self.event).encode()
        intent = self.event["data"]["object"]["payment_intent"]
        native = "odoo.addons.payment_stripe"
        with mute_logger(
            f"{native}.controllers.main", f"{native}.models.payment_transaction", "odoo.http"
        ):
            self.url_open("/payment/stripe/webhook", data=body)
            for reference in (self.request.name, self.request.access_token):
                query = {"reference": reference, "payment_intent": intent}
                self.url_open(f"/payment/stripe/return?{urlencode(query)}", allow_redirects=False)
        self.env.invalidate_all()
        self.assertEqual(self.request.state, "sent")
        self.assertOwed(self.invoice, "100")
        self.assertFalse(self.env["payment.transaction"].search([]))

    def test_create_webhook_registers_exactly_what_is_handled(self):
        self.provider.sudo().payment_request_webhook_secret = False
        with self._as_in_production(self.provider) as provider:
            provider.action_payment_request_create_webhook()
        (asked,) = [one for one in self.stripe.requests if one.path == "/v1/webhook_endpoints"]
        handled = self.env["payment.request.event"]._handled_event_types()
        self.assertEqual(sorted(asked.params["enabled_events"]), sorted(handled))
        self.assertEqual(asked.params["url"], self.provider.sudo().payment_request_webhook_url)
        self.assertTrue(asked.params["api_version"])
        self.assertTrue(self.provider.sudo().payment_request_webhook_secret.startswith("whsec_"))
