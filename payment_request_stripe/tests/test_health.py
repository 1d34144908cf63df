# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from datetime import timedelta

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import tagged

from ..gateways.reach import EVENT_TYPE
from ..models.payment_request_health import TITLES
from .common import PaymentRequestCommon
from .stripe_wire import StripeWireCase


@tagged("post_install", "-at_install")
class TestHealth(StripeWireCase, PaymentRequestCommon):
    """Each condition turns the panel red with one activity, and clears by itself."""

    def setUp(self):
        super().setUp()
        self.provider = self.provider.sudo()
        with self._as_in_production(self.provider) as provider:
            provider.action_payment_request_create_webhook()
        (self.endpoint,) = self.stripe.webhook_endpoints.values()
        self.worker = self.env.ref("payment_request_stripe.ir_cron_process_events").sudo()
        crons = self.provider._get_payment_request_crons()
        crons.write({"nextcall": fields.Datetime.now()})

    @property
    def health(self):
        return self.provider.payment_request_health_ids

    def _look(self):
        """Let the cron look, an hour after it last asked Stripe."""
        self.health.asked_at = False
        self._run_cron("ir_cron_check_health")

    def _event(self, ref="evt_1", event_type="payment_intent.succeeded", age=0, **values):
        event = (
            self.env["payment.request.event"]
            .sudo()
            .create(
                {
                    "provider_id": self.provider.id,
                    "company_id": self.company.id,
                    "event_ref": ref,
                    "event_type": event_type,
                    "payload": {},
                    **values,
                }
            )
        )
        self._age("payment_request_event", event, age)
        return event

    def _age(self, table, record, minutes):
        self.env.flush_all()
        self.env.cr.execute(
            f"UPDATE {table} SET create_date = create_date - %s WHERE id = %s",  # noqa: S608
            [timedelta(minutes=minutes), record.id],
        )
        self.env.invalidate_all()

    def assertTurns(self, code, break_it, mend_it, words):
        """Assert that a condition alone turns red with one activity, stays so, and clears."""
        with self.subTest(code):
            self._look()
            self.assertEqual(self.health.state, "ok", self.health.line_ids.mapped("sentence"))
            self.assertFalse(self.health.activity_ids)
            break_it()
            self._look()
            self._look()
            red = self.health.line_ids.filtered(lambda line: line.state == "trouble")
            self.assertEqual(red.mapped("code"), [code])
            self.assertIn(words, red.sentence)
            self.assertEqual(self.provider.payment_request_health_state, "trouble")
            self.assertEqual(len(self.health.activity_ids), 1)
            self.assertIn(words, self.health.activity_ids.note)
            self.assertEqual(self.health.activity_ids.user_id, self.env.ref("base.user_admin"))
            mend_it()
            self._look()
            self.assertEqual(self.health.state, "ok")
            self.assertFalse(self.health.activity_ids)
            self.assertEqual(self.provider.payment_request_health_state, "ok")

    def test_what_the_provider_needs(self):
        provider, secret = self.provider, self.provider.payment_request_webhook_secret
        self.assertTurns(
            "key",
            lambda: provider.write({"stripe_secret_key": "sk_live_of_production"}),
            lambda: provider.write({"stripe_secret_key": "sk_test_of_the_suite"}),
            "other mode",
        )
        self.assertTurns(
            "secret",
            lambda: provider.write({"payment_request_webhook_secret": False}),
            lambda: provider.write({"payment_request_webhook_secret": secret}),
            "no signing secret",
        )

    def test_a_key_that_stripe_refuses(self):
        def refuse():
            self.stripe.fail_next(
                "GET", "/v1/webhook_endpoints", status=401, message="Expired key.", times=2
            )

        self.assertTurns("key", refuse, lambda: None, "Stripe said: Expired key.")

    def test_stripe_does_not_answer(self):
        """A moment of silence is no trouble, what Stripe said stands; half an hour is."""
        self._look()
        self.endpoint["status"] = "disabled"
        self._look()
        with freeze_time(fields.Datetime.now()) as clock:
            for minutes, red in ((0, ["endpoint"]), (15, ["endpoint"]), (16, ["key", "endpoint"])):
                clock.tick(timedelta(minutes=minutes))
                self.stripe.fail_next("GET", "/v1/webhook_endpoints", status=503)
                self.worker.nextcall = fields.Datetime.now()
                if not minutes:
                    self.health.asked_at = False
                self._run_cron("ir_cron_check_health")
                troubles = self.health.line_ids.filtered(lambda line: line.state == "trouble")
                self.assertEqual(set(troubles.mapped("code")), set(red), minutes)
            self.assertIn("does not answer since", self.health.activity_ids.note)
            self.endpoint["status"] = "enabled"
            self._run_cron("ir_cron_check_health")
        self.assertEqual(self.health.state, "ok", self.health.line_ids.mapped("sentence"))
        self.assertFalse(self.health.activity_ids)

    def test_the_endpoint_at_stripe(self):
        endpoint, types = self.endpoint, self.env["payment.request.event"]._handled_event_types()
        for code, wrong, right, words in (
            ("endpoint", {"status": "disabled"}, {"status": "enabled"}, "switched off at Stripe"),
            ("endpoint", {"url": "https://elsewhere"}, {"url": endpoint["url"]}, "no webhook"),
            ("endpoint", {"enabled_events": types[1:]}, {"enabled_events": types}, "all events"),
            (
                "api_version",
                {"api_version": "2020-08-27"},
                {"api_version": endpoint["api_version"]},
                "2020-08-27",
            ),
        ):
            self.assertTurns(
                code,
                lambda wrong=wrong: endpoint.update(wrong),
                lambda right=right: endpoint.update(right),
                words,
            )

    def test_events(self):
        self.assertTurns(
            "failed",
            lambda: self._event(state="failed"),
            lambda: self.env["payment.request.event"].sudo().search([]).write({"state": "done"}),
            "Waiting for a person: 1.",
        )
        self.assertTurns(
            "failed",
            lambda: self._event("evt_hopeless", state="failed", error="Its invoice is gone."),
            lambda: self._get_failed().with_user(self.billing_user).action_settle(),
            "Waiting for a person: 1.",
        )
        self.assertTurns(
            "waiting",
            lambda: self._event("evt_2", age=45),
            lambda: self.env["payment.request.event"].sudo().search([]).write({"state": "done"}),
            "An event waits since",
        )
        self._age(
            "payment_request_event", self.env["payment.request.event"].sudo().search([])[0], 2000
        )
        self.env["payment.request.event"].sudo().search([]).unlink()
        self.assertTurns(
            "silence",
            lambda: self._event("sync:cs_1:complete:paid", state="done", age=30),
            lambda: self._event("evt_3", state="done"),
            "events do not arrive",
        )

    def test_what_mends_itself_turns_nothing_red(self):
        soon = fields.Datetime.now() + timedelta(minutes=1)
        event = self._event(
            state="failed", attempt_count=1, failure_kind="technical", retry_at=soon
        )
        self._look()
        self.assertEqual(self.health.state, "ok")
        for values in ({"attempt_count": 3}, {"attempt_count": 1, "failure_kind": "accounting"}):
            event.write(values)
            self._look()
            self.assertEqual(self.health.state, "trouble", values)

    def _get_failed(self):
        return self.env["payment.request.event"].search([("state", "=", "failed")])

    def test_messages_that_wait(self):
        request = self._create_request(self._create_invoice(10))
        message = request.delivery_ids
        self.assertTurns(
            "messages",
            lambda: self._age("payment_request_delivery", message, 60),
            lambda: message.write({"state": "sent"}),
            "Waiting to be sent: 1.",
        )

    def test_scheduled_actions(self):
        self.assertTurns(
            "switched_off",
            lambda: self.worker.write({"active": False}),
            lambda: self.worker.write({"active": True}),
            self.worker.name,
        )
        now = fields.Datetime.now()
        self.assertTurns(
            "late",
            lambda: self.worker.write({"nextcall": now - timedelta(hours=3)}),
            lambda: self.worker.write({"nextcall": now + timedelta(minutes=3)}),
            "Not run when they were due",
        )
        self.assertTurns(
            "failing",
            lambda: self.worker.write({"failure_count": 3, "lastcall": now}),
            lambda: self.worker.write({"failure_count": 0}),
            self.worker.name,
        )

    def test_our_own_knocking_does_not_break_the_silence(self):
        self._event("sync:cs_1:complete:paid", state="done", age=30)
        for told in ({}, {"ref": "evt_check_1", "event_type": EVENT_TYPE, "state": "ignored"}):
            if told:
                self._event(**told)
            self._look()
            red = self.health.line_ids.filtered(lambda line: line.state == "trouble")
            self.assertEqual(red.mapped("code"), ["silence"], told)

    def test_nobody_looks(self):
        """When no scheduled action runs at all, the panel says so by itself."""
        self._look()
        self.health.checked_at = fields.Datetime.now() - timedelta(hours=2)
        self.provider.invalidate_recordset()
        self.assertEqual(self.provider.payment_request_health_state, "stale")
        panel = self.health.with_user(self.readonly_user)
        self.assertEqual(panel.shown_state, "stale", "accountants see it too")
        self._run_cron("ir_cron_check_health")
        self.env.invalidate_all()
        self.assertEqual(self.provider.payment_request_health_state, "ok")
        self.assertEqual(panel.shown_state, "ok")

    def test_stripe_is_asked_once_an_hour_or_by_the_button(self):
        self._run_cron("ir_cron_check_health")
        asked = len(self.stripe.requests)
        self._run_cron("ir_cron_check_health")
        self.provider.read(["payment_request_health_state", "payment_request_health_line_ids"])
        self.assertEqual(len(self.stripe.requests), asked, "a page never asks")
        with self._as_in_production(self.health, self.billing_user) as health:
            health.action_check()
        self.assertGreater(len(self.stripe.requests), asked)

    def test_a_provider_that_is_switched_off_has_no_health(self):
        self.provider.payment_request_webhook_secret = False
        self._look()
        self.assertTrue(self.health.activity_ids)
        self.provider.state = "disabled"
        self._run_cron("ir_cron_check_health")
        self.assertFalse(self.health.activity_ids | self.health.activity_ids)
        self.assertFalse(self.health.line_ids)
        self.assertEqual(self.provider.payment_request_health_state, "none")

    def test_words_for_each_condition(self):
        self._look()
        self.assertEqual(set(self.health.line_ids.mapped("code")), set(TITLES))
        self.assertTrue(all(self.health.line_ids.mapped("sentence")))

    def test_only_who_is_told_may_be_changed(self):
        self._look()
        admin = self.env.ref("base.user_admin")
        admin.company_ids += self.company
        self.health.with_user(admin).user_id = self.billing_user
        with self.assertRaises(AccessError):
            self.health.with_user(admin).state = "trouble"
        self.provider.payment_request_webhook_secret = False
        self._look()
        self.assertEqual(self.health.activity_ids.user_id, self.billing_user)
