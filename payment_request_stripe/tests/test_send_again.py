# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from lxml import etree

from odoo.tests import tagged
from odoo.tools import mute_logger

from .delivery_case import DeliveryCase
from .mail_wire import mail_server

MAIL_LOGGERS = ("odoo.addons.mail.models.mail_mail", "odoo.addons.base.models.ir_mail_server")
NO_ACCOUNT = {"status": 401, "code": 20003}


@tagged("post_install", "-at_install")
class TestSendAgainWhatFailed(DeliveryCase):
    """Twilio's token ran out, and was renewed: what failed goes out, and nothing twice."""

    def setUp(self):
        super().setUp()
        self.server = self.enterContext(mail_server(self.env))

    def _press(self, requests):
        """Press the button in the list and let the worker send; return what the person is told."""
        action = requests.with_user(self.billing_user).action_send_failed_again()
        self._drain()
        return action["params"]["message"]

    def _get_rows(self, request):
        rows = request.delivery_ids.sorted("id")
        return [(row.channel, row.recipient, row.state) for row in rows]

    def test_the_task_names_the_button(self):
        self.twilio.fail_next(**NO_ACCOUNT)
        request = self._send().request_id
        view = self.env["payment.request"].with_user(self.billing_user).get_view(view_type="list")
        (label,) = etree.fromstring(view["arch"]).xpath(
            "//header/button[@name='action_send_failed_again']/@string"
        )
        self.assertIn(f"press {label}", self._get_activities(request))

    def test_by_both_ways_only_the_one_that_failed(self):
        self.twilio.fail_next(**NO_ACCOUNT)
        request = self._ask("email_sms")
        self._drain()
        self.assertEqual(self._press(request), "Messages that go out again: 1.")
        self.assertEqual(len(self.twilio.messages), 1)
        self.assertEqual(self.server.get_recipients(), ["petra@example.com"])
        self.assertEqual(
            self._press(request), "The last messages of these payment requests did not fail."
        )
        self.assertEqual(len(self.twilio.messages), 1)

    def test_the_next_channel_that_failed_and_not_the_first(self):
        self.company.payment_request_cascade = True
        self.twilio.fail_next(**NO_ACCOUNT, times=2)
        bounced, refused = self._ask("email"), self._ask("email", to_email="nobody@example.com")
        refused.to_phone = "+14155550111"
        with mute_logger(*MAIL_LOGGERS):
            self.server.refuse["nobody@example.com"] = "550 5.1.1 no such user"
            self._drain()
        bounced._message_receive_bounce("petra@example.com", self.payer)
        self._drain()
        self._press(bounced | refused)
        for request, first in ((bounced, "bounced"), (refused, "failed")):
            self.assertEqual(
                [(channel, state) for channel, _recipient, state in self._get_rows(request)],
                [("email", first), ("sms", "failed"), ("sms", "sent")],
            )

    def test_one_that_cannot_go_keeps_none_of_the_others_back(self):
        self.twilio.fail_next(**NO_ACCOUNT, times=4)
        stopped, paid, first, last = (self._ask(to_phone=f"+1415555{1000 + n}") for n in range(4))
        self._drain()
        self.env["phone.blacklist"].sudo()._add([stopped.to_phone])
        paid._transition("completed")
        told = self._press(first | stopped | paid | last)
        self.assertIn("go out again: 2. Messages that cannot go out again: 2. ", told)
        self.assertIn(f"{stopped.name}: {stopped.to_phone} wants no more messages", told)
        self.assertIn(f"{paid.name} is paid", told)
        self.assertEqual(
            {message["to"] for message in self.twilio.messages}, {first.to_phone, last.to_phone}
        )

    def test_many_that_cannot_go_are_told_in_short(self):
        requests = self.env["payment.request"].union(*(self._ask() for _n in range(7)))
        requests.sudo().delivery_ids.state = "failed"
        self.env["phone.blacklist"].sudo()._add(["+14155550100"])
        self.assertIn("And 2 more.", self._press(requests))

    def test_a_number_that_was_corrected_since(self):
        self.twilio.fail_next(status=400, code=21614)
        request = self._send().request_id
        request.with_user(self.billing_user).to_phone = "+14155550122"
        self._press(request)
        self.assertEqual(
            self._get_rows(request),
            [("sms", "+14155550100", "failed"), ("sms", "+14155550122", "sent")],
        )

    def test_what_was_sent_since_or_the_payer_forwarded_is_left_alone(self):
        self.twilio.fail_next(status=400, code=30003)
        request = self._send().request_id
        request.with_user(self.billing_user).action_resend()
        request._queue_messages(
            [(request, "email", "ap@example.com")], automatic=True, is_forwarded=True
        )
        request.delivery_ids.filtered("is_forwarded").state = "failed"
        self._drain()
        self._press(request)
        self.assertEqual(len(request.delivery_ids), 3)
        self.assertEqual((len(self.twilio.messages), self.server.mails), (1, []))
