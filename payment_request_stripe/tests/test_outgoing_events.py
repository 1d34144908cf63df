# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from datetime import timedelta
from unittest.mock import patch

import jsonschema_rs
import stripe

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from ..controllers.api import get_openapi
from ..models import payment_request_webhook_event
from ..models.payment_request_webhook import PRIVATE_NETWORKS
from .api_case import ApiCase
from .webhook_receiver import Receiver


@tagged("post_install", "-at_install")
class OutgoingCase(ApiCase):
    def setUp(self):
        super().setUp()
        self.receiver = self.enterContext(Receiver())
        self.webhook, self.secret = self._make_webhook(self.receiver.url)

    def _make_webhook(self, url, company=None, **values):
        webhook = self.env["payment.request.webhook"].create(
            {
                "name": "Property management",
                "url": url,
                "company_id": (company or self.company).id,
                **values,
            }
        )
        return webhook, webhook.action_make_secret()["params"]["secret"]

    def _send(self):
        self._run_cron("ir_cron_send_outgoing_events")
        return self.receiver.events

    def _get_types(self):
        return [event["type"].partition(".")[2] for event in self.receiver.events]

    def _get_rows(self, request):
        rows = self.env["payment.request.webhook.event"].sudo()
        return rows.search([("request_id", "=", request.id)])


class TestOutgoingEvents(OutgoingCase):
    def test_a_payment_and_its_refund_are_told(self):
        request = self._create_request(self._create_invoice(100))
        self.url_open(f"/pay/{request.access_token}", headers={"User-Agent": "Mozilla/5.0"})
        self.url_open(f"/pay/{request.access_token}", headers={"User-Agent": "Mozilla/5.0"})
        self._click_pay(request)
        self._receive(self.stripe.pay(request.checkout_ids.stripe_checkout_session_ref))
        events = self._send()
        self.assertEqual(self._get_types(), ["sent", "opened", "completed"])
        told = events[-1]["data"]["paymentRequest"]
        self.assertEqual((told["id"], told["amountPaid"]), (request.id, "100.00"))
        self.assertEqual(told["paymentIds"], request.payment_ids.ids)
        charge = self.stripe.charge_of(request.checkout_ids.stripe_checkout_session_ref)
        self.stripe.refund(charge)
        self._receive(*self.stripe.events)
        told = self._send()[-1]
        self.assertEqual(self._get_types()[3:], ["refunded"])
        self.assertEqual(told["data"]["paymentRequest"]["amountRefunded"], "100.00")
        self.assertEqual(len({event["id"] for event in self.receiver.events}), 4)

    def test_parts_are_told_as_they_are_paid(self):
        self.company.payment_request_payer_choice = True
        first, second = self._create_invoice(100), self._create_invoice(20.5)
        request = self._create_request(first, second, delivery_method="link")
        chosen = {"chosen": "1", f"line_{request.line_ids[1].id}": "1"}
        for choice in (chosen, None):
            self._click_pay(request, choice)
            self._receive(self.stripe.pay(request.stripe_checkout_session_ref))
        told = [event["data"]["paymentRequest"] for event in self._send()]
        self.assertEqual(self._get_types(), ["sent", "part_paid", "completed"])
        self.assertEqual(told[-1]["amountPaid"], "120.50")

    def test_a_part_paid_after_a_decline_asks_for_the_rest(self):
        self.company.payment_request_payer_choice = True
        first, second = self._create_invoice(100), self._create_invoice(20.5)
        request = self._create_request(first, second, delivery_method="link")
        self._click_pay(request, {"chosen": "1", f"line_{request.line_ids[1].id}": "1"})
        session = request.stripe_checkout_session_ref
        for event in (self.stripe.decline(session, "insufficient_funds"), self.stripe.pay(session)):
            self._receive(event)
        told = self._send()[-1]["data"]["paymentRequest"]
        self.assertEqual(self._get_types(), ["sent", "failed", "sent", "part_paid"])
        self.assertEqual((told["status"], told["amountPaid"]), ("sent", "20.50"))

    def test_a_dispute_is_told_with_how_it_stands(self):
        request = self._create_request(self._create_invoice(100), delivery_method="link")
        self._click_pay(request)
        session = request.checkout_ids.stripe_checkout_session_ref
        self._receive(self.stripe.pay(session))
        dispute, _events = self.stripe.dispute(self.stripe.charge_of(session))
        self._receive(*self.stripe.events)
        self._send()
        self.stripe.close_dispute(dispute, "lost")
        self._receive(*self.stripe.events)
        told = [event for event in self._send() if event["type"].endswith("disputed")]
        self.assertEqual([event["data"]["disputeState"] for event in told], ["open", "lost"])

    def test_every_event_is_signed_and_as_documented(self):
        request = self._create_request(self._create_invoice(100))
        request.action_cancel()
        self._send()
        document = get_openapi()
        schema = {"$ref": "#/components/schemas/Event", "components": document["components"]}
        for body, signature in self.receiver.posts:
            stripe.WebhookSignature.verify_header(body.decode(), signature, self.secret, 60)
        for event in self.receiver.events:
            jsonschema_rs.Draft202012Validator(schema).validate(event)
            self.assertIn(event["type"], document["webhooks"])
        self.assertEqual(self._get_types(), ["sent", "cancelled"])

    def test_failed_expired_and_processing_are_told(self):
        requests = [
            self._create_request(self._create_invoice(10), delivery_method="link")
            for _kind in range(2)
        ]
        requests[0].expires_at = fields.Datetime.now() - timedelta(hours=1)
        self._run_cron("ir_cron_expire_requests")
        self._click_pay(requests[1])
        session = requests[1].checkout_ids.stripe_checkout_session_ref
        self._receive(self.stripe.pay_async(session))
        self._receive(self.stripe.decline(session))
        self._send()
        self.assertEqual(self._get_types(), ["sent", "sent", "expired", "processing", "failed"])

    def test_only_what_was_chosen_is_told_and_only_to_this_company(self):
        other, _user = self._make_other_company()
        strangers, _secret = self._make_webhook("https://receiver.example.com/", company=other)
        self.webhook.on_sent = False
        second, _secret = self._make_webhook(self.receiver.url)
        request = self._create_request(self._create_invoice(10), delivery_method="link")
        self._send()
        self.assertEqual(self._get_types(), ["sent"])
        self.assertEqual(self._get_rows(request).webhook_id, second)
        self.assertFalse(strangers.event_ids)

    def test_without_an_endpoint_nothing_is_asked_of_the_database(self):
        self.webhook.active = False
        request = self._create_request(self._create_invoice(10), delivery_method="link")
        request._emit("sent")
        with self.assertQueryCount(0):
            request._emit("sent")
        self.assertFalse(self._get_rows(request))

    def test_without_a_secret_nothing_is_told(self):
        self.env["payment.request.webhook"].search([]).unlink()
        self.env["payment.request.webhook"].create(
            {"name": "New", "url": self.receiver.url, "company_id": self.company.id}
        )
        request = self._create_request(self._create_invoice(10), delivery_method="link")
        self.assertFalse(self._get_rows(request))

    def test_what_was_taken_back_is_not_told(self):
        invoice = self._create_invoice(10)
        with self.env.cr.savepoint() as savepoint:
            self._create_request(invoice, delivery_method="link")
            savepoint.rollback()
        self.env.invalidate_all(flush=False)
        self.assertEqual(self._send(), [])


class TestOutgoingRetries(OutgoingCase):
    def test_what_fails_is_tried_again_with_the_same_words(self):
        request = self._create_request(self._create_invoice(10), delivery_method="link")
        self.receiver.status = 500
        self._send()
        row = self._get_rows(request)
        self.assertEqual((row.state, row.attempt_count, row.http_status), ("queued", 1, 500))
        self.assertIn("500", row.failure_reason)
        self._send()
        self.assertEqual(len(self.receiver.posts), 1)  # not before its time
        self.receiver.status = 200
        row.retry_at = fields.Datetime.now()
        request.sudo().message = "Changed meanwhile"
        self._send()
        self.assertEqual(self.receiver.posts[0][0], self.receiver.posts[1][0])
        self.assertEqual((row.state, row.failure_reason), ("delivered", False))

    def test_delays_grow_and_end(self):
        row = self._get_rows(self._create_request(self._create_invoice(10), delivery_method="link"))
        self.receiver.status = 503
        waits = []
        for _attempt in range(10):
            self._send()
            waits.append(row.retry_at and row.retry_at - row.claimed_at)
            row.retry_at = False
        self.assertEqual(row.state, "failed")
        self.assertFalse(waits.pop())
        self.assertEqual(waits, sorted(waits))
        self.assertGreater(sum(waits, timedelta()), timedelta(days=3))

    def test_one_that_fails_does_not_hold_the_others_up(self):
        with Receiver(status=500) as broken:
            self._make_webhook(broken.url)
            for _request in range(3):
                self._create_request(self._create_invoice(10), delivery_method="link")
            self._send()
            self.assertEqual((len(broken.posts), len(self.receiver.posts)), (1, 3))

    def test_a_long_queue_for_a_dead_endpoint_does_not_hide_the_others(self):
        with (
            Receiver(status=500) as broken,
            patch.object(payment_request_webhook_event, "BATCH", 2),
        ):
            dead, _secret = self._make_webhook(broken.url)
            self.webhook.active = False
            for _request in range(4):
                self._create_request(self._create_invoice(10), delivery_method="link")
            self.webhook.active = True
            self._create_request(self._create_invoice(10), delivery_method="link")
            self._send()
            self.assertEqual((len(broken.posts), len(self.receiver.posts)), (1, 1))
            self.assertEqual(dead.event_count, 5)

    def test_a_redirect_is_not_followed(self):
        self.receiver.status = 302
        row = self._get_rows(self._create_request(self._create_invoice(10), delivery_method="link"))
        self._send()
        self.assertEqual((len(self.receiver.posts), row.state), (1, "queued"))

    def test_what_a_dead_worker_was_sending_goes_out_again(self):
        row = self._get_rows(self._create_request(self._create_invoice(10), delivery_method="link"))
        row.write({"state": "sending", "claimed_at": fields.Datetime.now() - timedelta(hours=1)})
        self._send()
        self.assertEqual((row.state, len(self.receiver.posts)), ("delivered", 1))

    def test_after_days_of_failures_it_is_left_alone_and_somebody_told(self):
        self.receiver.status = 500
        requests = [
            self._create_request(self._create_invoice(10), delivery_method="link")
            for _request in range(2)
        ]
        self._send()
        self.assertFalse(self.webhook.paused_since)
        self.webhook.failing_since = fields.Datetime.now() - timedelta(days=4)
        self._send()
        self.assertTrue(self.webhook.paused_since)
        self.assertEqual(len(self.webhook.activity_ids), 1)
        self.assertIn("500", self.webhook.activity_ids.note)
        tried = len(self.receiver.posts)
        self.receiver.status = 200
        # What happens meanwhile is kept for it, and nobody calls it.
        requests.append(self._create_request(self._create_invoice(10), delivery_method="link"))
        requests[0].action_cancel()
        self._get_rows(requests[1]).retry_at = False
        self._send()
        self.assertEqual(len(self.receiver.posts), tried)
        for request in requests:
            with self.assertRaisesRegex(UserError, "switched off"):
                self._get_rows(request).with_user(self.billing_user).action_replay()
        self.webhook.action_switch_on()
        self.assertFalse(self.webhook.failing_since or self.webhook.paused_since)
        self._send()
        self.assertEqual(self._get_types()[tried:], ["sent", "sent", "sent", "cancelled"])
        for request in requests:
            self.assertEqual(set(self._get_rows(request).mapped("state")), {"delivered"})

    def test_what_was_given_up_while_it_was_quiet_goes_out_when_it_is_switched_on_again(self):
        self.receiver.status = 500
        given_up = self._get_rows(
            self._create_request(self._create_invoice(10), delivery_method="link")
        )
        before = given_up.copy({"event_ref": "evt_before", "state": "failed"})
        before.claimed_at = fields.Datetime.now() - timedelta(days=9)
        for _attempt in range(9):
            self._send()
            given_up.retry_at = False
        self.assertEqual(given_up.state, "queued")
        self.webhook.failing_since = fields.Datetime.now() - timedelta(days=4)
        self._send()
        self.assertEqual(given_up.state, "failed", "its last attempt")
        self.assertTrue(self.webhook.paused_since)
        self.receiver.status, told = 200, len(self.receiver.events)
        self.webhook.action_switch_on()
        self._send()
        self.assertEqual(given_up.state, "delivered")
        self.assertEqual(len(self.receiver.events), told + 1)
        self.assertEqual(before.state, "failed", "the endpoint took others since")

    def test_one_that_a_person_switched_off_hears_only_of_what_was_before(self):
        before = self._create_request(self._create_invoice(10), delivery_method="link")
        self.webhook.active = False
        meanwhile = self._create_request(self._create_invoice(10), delivery_method="link")
        self._send()
        with self.assertRaisesRegex(UserError, "switched off"):
            self._get_rows(before).with_user(self.billing_user).action_replay()
        self.webhook.active = True
        self._send()
        self.assertEqual(self._get_types(), ["sent"])
        self.assertEqual(self._get_rows(before).state, "delivered")
        self.assertFalse(self._get_rows(meanwhile))

    def test_private_networks_are_not_called_unless_an_administrator_says_so(self):
        self.webhook.url = self.receiver.url.replace("http:", "https:")
        row = self._get_rows(self._create_request(self._create_invoice(10), delivery_method="link"))
        self.provider.write({"state": "disabled"})
        self._send()
        self.assertIn("private network", row.failure_reason)
        self.env["ir.config_parameter"].set_param(PRIVATE_NETWORKS, "127.0.0.0/8")
        row.retry_at = False
        self._send()
        self.assertIn("certificate", row.failure_reason)  # called, though it speaks no https

    def test_in_live_mode_this_machine_is_not_called(self):
        row = self._get_rows(self._create_request(self._create_invoice(10), delivery_method="link"))
        self.provider.write({"state": "disabled"})
        self._send()
        self.assertEqual((row.state, self.receiver.posts), ("queued", []))
        with self.assertRaises(ValidationError):
            self._make_webhook("http://127.0.0.1/")


class TestOutgoingPeople(OutgoingCase):
    def test_accountants_replay_and_readers_do_not(self):
        row = self._get_rows(self._create_request(self._create_invoice(10), delivery_method="link"))
        with self.assertRaises(UserError):
            row.with_user(self.billing_user).action_replay()  # on its way already
        self._send()
        with self.assertRaises(AccessError):
            row.with_user(self.readonly_user).action_replay()
        row.with_user(self.billing_user).action_replay()
        self._send()
        self.assertEqual(self.receiver.posts[0][0], self.receiver.posts[1][0])

    def test_the_secret_is_shown_once_and_never_again(self):
        admin = new_test_user(
            self.env,
            login="root_of_the_test",
            groups="base.group_system,base.group_allow_export,account.group_account_manager",
            company_id=self.company.id,
        )
        for user in (admin, self.billing_user, self.readonly_user):
            webhook = self.webhook.with_user(user)
            for field in ("secret", "old_secret"):
                with self.subTest(user=user.login, field=field):
                    self.assertNotIn(field, webhook.fields_get())
                    with self.assertRaises(AccessError):
                        webhook.read([field])
                    with self.assertRaises(UserError):
                        webhook.export_data([field])
                    with self.assertRaises(AccessError):
                        webhook.search([(field, "=like", "prsec_%")])
                    with self.assertRaises(AccessError):
                        webhook._read_group([], [field])
        self.assertNotIn(self.secret, str(self.webhook.message_ids.mapped("body")))
        with self.assertRaises(AccessError):
            self.webhook.with_user(self.billing_user).action_make_secret()
        with self.assertRaises(AccessError):
            self.webhook.with_user(admin).write({"secret": "mine"})

    def test_a_renewed_secret_and_the_old_one_sign_for_a_day(self):
        renewed = self.webhook.action_make_secret()["params"]["secret"]
        self.assertNotEqual(renewed, self.secret)
        self._create_request(self._create_invoice(10), delivery_method="link")
        self._send()
        body, signature = self.receiver.posts[-1]
        for secret in (renewed, self.secret):
            stripe.WebhookSignature.verify_header(body.decode(), signature, secret, 60)
        self.webhook.sudo().secret_made_at -= timedelta(days=2)
        self._create_request(self._create_invoice(10), delivery_method="link")
        self._send()
        body, signature = self.receiver.posts[-1]
        with self.assertRaises(stripe.SignatureVerificationError):
            stripe.WebhookSignature.verify_header(body.decode(), signature, self.secret, 60)

    def test_addresses_are_checked_when_entered(self):
        for url in ("http://receiver.example.com/", "https://a:b@example.com/", "nowhere"):
            with self.subTest(url=url), self.assertRaises(ValidationError):
                self._make_webhook(url)

    def test_neither_address_nor_secret_stands_in_what_accountants_read(self):
        self.webhook.url = "http://localhost:1/a-secret-path"
        row = self._get_rows(self._create_request(self._create_invoice(10), delivery_method="link"))
        self._send()
        told = str(row.with_user(self.billing_user).read())
        told += str(self.webhook.with_user(self.billing_user).read())
        told += str(self.webhook.message_ids.mapped("body"))
        self.assertIn("could not be reached", told)
        self.assertNotIn("a-secret-path", told)
        self.assertNotIn(self.secret, told)

    @mute_logger("odoo.models.unlink")
    def test_old_events_are_forgotten(self):
        row = self._get_rows(self._create_request(self._create_invoice(10), delivery_method="link"))
        self._send()
        row._gc_events()
        self.assertTrue(row.exists())
        row.delivered_at -= timedelta(days=91)
        row._gc_events()
        self.assertFalse(row.exists())
