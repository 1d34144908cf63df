# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from datetime import timedelta

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..exceptions import PaymentRequestRefused
from ..models.payment_request_delivery import ABANDONED_AFTER, BATCH, RETRY_DELAYS
from .delivery_case import DeliveryCase

LOGGER = "odoo.addons.payment_request_stripe.models.payment_request_delivery_email"


@tagged("post_install", "-at_install")
class TestOutbox(DeliveryCase):
    def test_sent_once_and_only_once(self):
        delivery = self._send()
        self.assertRecordValues(
            delivery,
            [{"state": "sent", "recipient": "+14155550100", "attempt_count": 1}],
        )
        self.assertEqual(delivery.vendor_ref, self.twilio.messages[0]["sid"])
        self._drain()
        self.assertEqual(self.twilio.attempts, 1)

    def test_creating_and_sending_calls_nobody(self):
        request = self._ask()
        self.assertEqual(self.twilio.attempts, 0)
        self.assertEqual(request.state, "sent")
        self.assertEqual(request.delivery_ids.state, "queued")

    def test_methods_have_their_rows(self):
        for method, channels in {
            "email": ["email"],
            "sms": ["sms"],
            "email_sms": ["email", "sms"],
            "link": [],
        }.items():
            with self.subTest(method=method):
                request = self._ask(method)
                self.assertEqual(request.delivery_ids.sorted("id").mapped("channel"), channels)

    def test_row_is_committed_as_being_sent_before_the_call(self):
        request = self._ask()
        seen = []
        self._watch_state(request.delivery_ids, seen)
        self._drain()
        self.assertEqual(seen, ["sending"])

    def _watch_state(self, delivery, seen):
        """Note the state in the database at the moment in which Twilio is asked."""
        ask = self.twilio.request

        def request(*args, **kwargs):
            self.env.cr.execute(
                "SELECT state FROM payment_request_delivery WHERE id = %s", [delivery.id]
            )
            seen.extend(state for (state,) in self.env.cr.fetchall())
            return ask(*args, **kwargs)

        self.twilio.request = request

    def test_temporary_trouble_is_retried_with_growing_delay(self):
        for fault in (
            {"status": 429, "code": 20429},
            {"status": 429},
            {"status": 503},
            {"refused": True},
        ):
            with self.subTest(fault=fault):
                before = self.twilio.attempts
                self.twilio.fail_next(**fault)
                delivery = self._send()
                self.assertEqual(delivery.state, "queued")
                self.assertIn("Twilio", delivery.failure_reason)
                self._drain()  # not yet
                self.assertEqual(self.twilio.attempts, before + 1)
                with freeze_time(delivery.retry_at + timedelta(seconds=1)):
                    self._drain()
                self.assertEqual(delivery.state, "sent")
                self.assertEqual(delivery.attempt_count, 2)
                self.assertFalse(delivery.failure_reason)
                self.assertFalse(delivery.retry_at)

    def test_delays_grow_and_end(self):
        self.twilio.fail_next(status=503, times=len(RETRY_DELAYS) + 1)
        request = self._ask()
        now, waits = fields.Datetime.now(), []
        for _delay in RETRY_DELAYS:
            with freeze_time(now):
                self._drain()
            waits.append(request.delivery_ids.retry_at - now)
            now = request.delivery_ids.retry_at + timedelta(seconds=1)
        self.assertEqual(waits, sorted(set(waits)))
        with freeze_time(now):
            self._drain()
            self._drain()
        self.assertEqual(request.delivery_ids.state, "failed")
        self.assertIn("Messages fail: Twilio could not take it", self._get_activities(request))

    def test_unknown_is_shown_to_a_person_and_never_repeated(self):
        for fault in ({"timeout": True}, {"lose_answer": True}, {"garbage": "<html>"}):
            with self.subTest(fault=fault):
                before = self.twilio.attempts
                self.twilio.fail_next(**fault)
                delivery = self._send()
                self.assertEqual(delivery.state, "unknown")
                with freeze_time(fields.Datetime.now() + timedelta(days=10)):
                    self._drain()
                self.assertEqual(self.twilio.attempts, before + 1)
                self.assertIn("Did", self._get_activities(delivery.request_id))

    def test_worker_that_died(self):
        delivery = self._ask().delivery_ids
        delivery.write({"state": "sending", "claimed_at": fields.Datetime.now()})
        self._drain()
        self.assertEqual(delivery.state, "sending", "it may still be at work")
        with freeze_time(fields.Datetime.now() + ABANDONED_AFTER + timedelta(minutes=1)):
            self._drain()
        self.assertEqual(delivery.state, "unknown")
        self.assertEqual(self.twilio.attempts, 0)

    def test_not_wanted_any_more(self):
        paid, cancelled, opted_out = self._ask(), self._ask(), self._ask(to_phone="+14155550111")
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=paid.line_ids.move_id.ids
        ).create({})._create_payments()
        cancelled.with_user(self.billing_user).action_cancel()
        self.env["phone.blacklist"].sudo()._add(["+14155550111"])
        self._drain()
        rows = (paid | cancelled | opted_out).delivery_ids
        self.assertEqual(set(rows.mapped("state")), {"skipped"})
        self.assertTrue(all(rows.mapped("failure_reason")))
        self.assertEqual(self.twilio.attempts, 0)

    def test_opted_out_is_never_queued(self):
        self.env["phone.blacklist"].sudo()._add(["+14155550100"])
        with self.assertRaisesRegex(PaymentRequestRefused, "wants no more"):
            self._ask()
        request = self._ask("email_sms")
        by_channel = {row.channel: row.state for row in request.delivery_ids}
        self.assertEqual(by_channel, {"email": "queued", "sms": "skipped"})
        self.assertIn("wants no more", self._get_activities(request))

    def test_more_than_a_batch(self):
        request = self._ask()
        self.outbox.sudo().create(
            [
                {"request_id": request.id, "channel": "sms", "recipient": f"+1415555{n:04d}"}
                for n in range(1000, 1000 + 2 * BATCH)
            ]
        )
        self._drain()
        self.assertEqual(len(self.twilio.messages), 2 * BATCH + 1)
        self.assertEqual(set(request.delivery_ids.mapped("state")), {"sent"})

    def test_one_that_breaks_does_not_stop_the_others(self):
        template = self.env.ref("payment_request_stripe.sms_template_payment_request")
        template.body = "{{ 1 / (0 if object.message == 'break' else 1) }} {{ object.pay_url }}"
        broken, sound = self._ask(message="break"), self._ask()
        with self.assertLogs(LOGGER, "WARNING"):
            self._drain()
        self.assertEqual(broken.delivery_ids.state, "failed")
        self.assertIn("template", broken.delivery_ids.failure_reason)
        self.assertEqual(sound.delivery_ids.state, "sent")

    @mute_logger("odoo.addons.payment_request_stripe.models.payment_request_delivery_sms")
    def test_an_answer_that_breaks_the_sdk_is_unknown_alone(self):
        rows = [self._ask(to_phone=f"+1415555010{n}").delivery_ids for n in range(3)]
        self.twilio.fail_next(garbage="[]")
        self._drain()
        self.assertEqual(sorted(row.state for row in rows), ["sent", "sent", "unknown"])
        self.assertEqual(len(self.twilio.messages), 3)

    def test_each_company_uses_its_own_account(self):
        other = self._create_company(name="Other")
        self._set_up_twilio(other, "+15005550010")
        other.sms_twilio_account_sid = "AC" + "1" * 32
        request, foreign = self._ask(), self._ask()
        foreign.delivery_ids.company_id = other
        self._drain()
        senders = {message["account_sid"]: message["from"] for message in self.twilio.messages}
        self.assertEqual(len(senders), 2)
        self.assertEqual(senders["AC" + "1" * 32], "+15005550010")
        self.assertEqual(request.delivery_ids.state, "sent")

    def test_nobody_writes_the_outbox_over_rpc(self):
        delivery = self._ask().delivery_ids
        with self.assertRaises(AccessError):
            delivery.with_user(self.billing_user).write({"state": "sent"})
        with self.assertRaises(AccessError):
            self.outbox.with_user(self.billing_user).create(
                {"request_id": delivery.request_id.id, "channel": "sms", "recipient": "+1"}
            )

    def test_double_click_queues_one_message(self):
        request = self._ask()
        request.with_user(self.billing_user).action_resend()
        self.assertEqual(len(request.delivery_ids), 1)


@tagged("post_install", "-at_install")
class TestAutomaticMessages(DeliveryCase):
    """Quiet hours and one message a day, for what the system sends by itself."""

    def setUp(self):
        super().setUp()
        self.request = self._ask()
        self._drain()

    def _queue(self, request=None):
        request = request or self.request
        return request._queue_messages([(request, "sms", "+14155550100")], automatic=True)

    def test_a_day_between_messages_to_one_recipient(self):
        row = self._queue()
        self._drain()
        self.assertEqual(row.state, "queued")
        self.assertEqual(row.retry_at, self.request.delivery_ids[-1].claimed_at + timedelta(days=1))
        with freeze_time(row.retry_at + timedelta(seconds=1)):
            self._drain()
        self.assertEqual(row.state, "sent")

    def test_two_at_once_to_one_recipient(self):
        with freeze_time(fields.Datetime.now() + timedelta(days=2)):
            rows = self._queue() | self._queue(self._ask("link"))
            self._drain()
            self.assertEqual(sorted(rows.mapped("state")), ["queued", "sent"])

    def test_quiet_hours_in_the_customers_time_zone(self):
        self.company.write({"payment_request_quiet_from": 21, "payment_request_quiet_to": 8})
        self.payer.tz = "America/New_York"
        self.request.sudo().expires_at = "2032-01-01"
        row = self._queue()
        with freeze_time("2031-01-15 06:00:00"):  # 22:00 in California
            self._drain()
            self.assertEqual((row.state, str(row.retry_at)), ("queued", "2031-01-15 16:00:00"))
        with freeze_time("2031-01-15 16:00:01"):
            self._drain()
        self.assertEqual(row.state, "sent")

    def test_time_zone_of_a_contact_is_that_of_its_country(self):
        """Odoo gives a contact the zone of the user who made it."""
        row = self._ask("email").delivery_ids
        self.company.partner_id.tz = "Europe/Berlin"
        for country, zone, expected in (
            ("us", "Europe/Berlin", "America/New_York"),
            ("us", "America/Denver", "America/Denver"),
            ("de", "America/Denver", "Europe/Berlin"),
            (None, "America/Denver", "America/Denver"),
            (None, False, "Europe/Berlin"),
        ):
            with self.subTest(country=country, zone=zone):
                self.payer.write({"country_id": country and self.env.ref(f"base.{country}").id})
                self.payer.tz = zone
                self.assertEqual(row._get_time_zone(), expected)

    def test_an_sms_is_not_tried_again_at_night(self):
        """A person sent it in the evening; its next try would ring at night."""
        self.company.write({"payment_request_quiet_from": 21, "payment_request_quiet_to": 8})
        request = self._ask(to_phone="+14155550111")
        request.expires_at = "2032-01-01"
        self.twilio.fail_next(status=503)
        row = request.delivery_ids
        with freeze_time("2031-01-15 04:59:30"):  # shortly before nine in California
            self._drain()
            self.assertEqual((row.state, str(row.retry_at)), ("queued", "2031-01-15 05:00:30"))
        with freeze_time("2031-01-15 05:00:31"):
            self._drain()
            self.assertEqual((row.state, str(row.retry_at)), ("queued", "2031-01-15 16:00:00"))
        with freeze_time("2031-01-15 16:00:01"):
            self._drain()
        self.assertEqual(row.state, "sent")

    def test_a_person_who_presses_send_means_now(self):
        self.company.write({"payment_request_quiet_from": 0, "payment_request_quiet_to": 23.99})
        self.request.with_user(self.billing_user).action_resend()
        self._drain()
        self.assertEqual(self.request.delivery_ids.mapped("state"), ["sent", "sent"])
