# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.tests import tagged

from .delivery_case import DeliveryCase


@tagged("post_install", "-at_install")
class TestDeliveryState(DeliveryCase):
    """A request is sent as soon as its messages wait; what became of them stands beside it."""

    def test_follows_the_worker(self):
        request = self._ask()
        self.assertEqual((request.state, request.delivery_state), ("sent", "queued"))
        self._drain()
        self.assertEqual(request.delivery_state, "sent")
        self.twilio.fail_next(status=400, code=21614)
        lost = self._ask()
        self._drain()
        self.assertEqual((lost.state, lost.delivery_state), ("sent", "not_reached"))
        lost.with_user(self.billing_user).action_resend()
        self.assertEqual(lost.delivery_state, "queued")
        self._drain()
        self.assertEqual(lost.delivery_state, "sent", "the last one counts")
        self.assertFalse(self._ask("link").delivery_state)

    def test_sums_up_the_channels(self):
        for email, sms, expected in (
            ("queued", "queued", "queued"),
            ("sending", "queued", "queued"),
            ("sent", "queued", "partly"),
            ("delivered", "failed", "partly"),
            ("bounced", "sent", "partly"),
            ("sent", "delivered", "sent"),
            ("bounced", "queued", "queued"),
            ("bounced", "unknown", "not_reached"),
            ("skipped", "failed", "not_reached"),
        ):
            with self.subTest(email=email, sms=sms):
                request = self._ask("email_sms")
                for row in request.delivery_ids:
                    row.state = email if row.channel == "email" else sms
                self.assertEqual(request.delivery_state, expected)

    def test_what_the_payer_forwards_does_not_count(self):
        request = self._send().request_id
        request._queue_messages(
            [(request, "email", "colleague@example.com")], automatic=True, is_forwarded=True
        )
        self.assertEqual(request.delivery_state, "sent")

        request.delivery_ids.sorted("id")[-1].state = "skipped"
        self.assertEqual(request.delivery_state, "sent")

    def test_what_was_held_back_later_takes_nothing_back(self):
        for before, expected in (
            ("delivered", "sent"),
            ("failed", "not_reached"),
            ("queued", "queued"),
        ):
            with self.subTest(before=before):
                request = self._ask()
                request.delivery_ids.state = before
                later = self._queue_later(request)
                self.assertEqual(request.delivery_state, "queued")
                later._skip("Nothing is left to pay.")
                self.assertEqual(request.delivery_state, expected)

    def test_follows_what_a_message_turns_out_to_be(self):
        request = self._send().request_id
        later = self._queue_later(request)
        later.state = "failed"
        self.assertEqual(request.delivery_state, "not_reached")
        later.is_forwarded = True
        self.assertEqual(request.delivery_state, "sent")
        later.is_forwarded = False
        self.assertEqual(request.delivery_state, "not_reached")
        later.channel = "email"
        self.assertEqual(request.delivery_state, "partly")

    def _queue_later(self, request):
        return request._queue_messages([(request, "sms", "+14155550122")], automatic=True)

    def test_costs_a_list_the_same_for_many(self):
        requests = self.env["payment.request"].union(*(self._ask() for _ in range(5)))
        self.env.flush_all()
        self.env.invalidate_all()
        with self.assertQueryCount(2):
            requests.mapped("delivery_state")
