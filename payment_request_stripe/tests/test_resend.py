# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from datetime import timedelta
from types import SimpleNamespace

from freezegun import freeze_time
from lxml import etree

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger
from odoo.tools.safe_eval import safe_eval

from .delivery_case import DeliveryCase
from .mail_wire import mail_server

MAIL_LOGGERS = ("odoo.addons.mail.models.mail_mail", "odoo.addons.base.models.ir_mail_server")


@tagged("post_install", "-at_install")
class TestResend(DeliveryCase):
    def test_same_link_other_recipient_and_channel(self):
        request = self._ask("email")
        self._drain()
        link = request.pay_url
        mine = request.with_user(self.billing_user)
        mine.write({"delivery_method": "sms", "to_phone": "(415) 555-0177"})
        mine.action_resend()
        self._drain()
        self.assertEqual(request.to_phone, "+14155550177")
        self.assertEqual(request.pay_url, link)
        self.assertIn(link, self.twilio.messages[-1]["body"])
        self.assertEqual(
            request.delivery_ids.sorted("id").mapped("recipient"),
            ["petra@example.com", "+14155550177"],
        )

    def test_refused_with_a_sentence(self):
        cancelled, opted_out, draft = self._ask(), self._ask(), self._ask(send=False)
        cancelled.with_user(self.billing_user).action_cancel()
        paid = self._ask()
        paid._transition("completed")
        self._drain()
        self.env["phone.blacklist"].sudo()._add(["+14155550100"])
        for request, words in (
            (cancelled, "cancelled"),
            (opted_out, "wants no more"),
            (draft, "not sent yet"),
            (paid, "is paid"),
        ):
            before = len(request.delivery_ids)
            with self.subTest(words=words), self.assertRaisesRegex(UserError, words):
                request.with_user(self.billing_user).action_resend()
            self.assertEqual(len(request.delivery_ids), before)

    def test_bad_recipients_are_refused_at_the_model(self):
        request = self._ask().with_user(self.billing_user)
        for values in ({"to_phone": "12"}, {"to_phone": "petra"}, {"to_email": "petra"}):
            with self.subTest(values=values), self.assertRaises(UserError):
                request.write(values)


@tagged("post_install", "-at_install")
class TestWhatWaits(DeliveryCase):
    """A message waits, for the morning or for another try, and a person presses Resend."""

    def setUp(self):
        super().setUp()
        self.request = self._ask()
        self.mine = self.request.with_user(self.billing_user)

    def _get_rows(self):
        rows = self.request.delivery_ids.sorted("id")
        return [(row.channel, row.recipient, row.state) for row in rows]

    def test_for_another_try(self):
        self.twilio.fail_next(status=503)
        self._drain()
        self.assertEqual(self._get_rows(), [("sms", "+14155550100", "queued")])
        self.mine.action_resend()
        self._drain()
        self.assertEqual(self._get_rows(), [("sms", "+14155550100", "sent")])
        self.assertEqual(len(self.twilio.messages), 1)

    def test_for_the_morning(self):
        self.company.write({"payment_request_quiet_from": 0, "payment_request_quiet_to": 23.99})
        self.request.delivery_ids.is_automatic = True
        for press in (self.mine.action_resend, self.request.delivery_ids.action_send_again):
            with self.subTest(press=press.__name__):
                self.request.delivery_ids.write({"is_automatic": True, "state": "queued"})
                self._drain()
                self.assertTrue(self.request.delivery_ids.retry_at)
                press()
                self._drain()
                self.assertEqual(self._get_rows(), [("sms", "+14155550100", "sent")])

    def test_is_tried_as_often_as_a_new_one(self):
        self.twilio.fail_next(status=503, times=2)
        self._drain()
        self.mine.action_resend()
        self._drain()
        self.assertEqual(self.request.delivery_ids.attempt_count, 1)

    @mute_logger(*MAIL_LOGGERS)
    def test_for_a_mistyped_address_goes_to_the_right_one_only(self):
        request = self._ask("email_sms", to_email="petra@example.con", to_phone="+14155550111")
        mine = request.with_user(self.billing_user)
        self.twilio.fail_next(status=503, times=2)
        with mail_server(self.env) as server:
            server.refuse["petra@example.con"] = "451 4.7.1 greylisted"
            self._drain()
            self.assertEqual(request.delivery_ids.mapped("state"), ["queued", "queued"])
            mine.write({"to_email": "Petra@Example.com", "to_phone": "(415) 555-0122"})
            mine.action_resend()
            server.refuse.clear()
            self._drain()
            self.request = request
            self.assertEqual(
                self._get_rows(),
                [("email", "petra@example.com", "sent"), ("sms", "+14155550122", "sent")],
            )
            self.assertEqual(server.get_recipients(), ["petra@example.com"])
        self.assertIn("petra@example.con", "".join(request.message_ids.mapped("body")))

    def test_for_a_mistyped_number_when_the_right_one_has_a_message_too(self):
        self.request._queue_messages([(self.request, "sms", "+14155550122")])
        self.mine.to_phone = "+14155550122"
        self._drain()
        self.assertEqual(
            self._get_rows(),
            [("sms", "+14155550100", "skipped"), ("sms", "+14155550122", "sent")],
        )

    def test_for_a_colleague_of_the_payer_still_goes_there(self):
        request = self._ask("email")
        request._queue_messages(
            [(request, "email", "colleague@example.com")], automatic=True, is_forwarded=True
        )
        request.with_user(self.billing_user).to_email = "paula@example.com"
        with mail_server(self.env) as server:
            self._drain()
        self.assertEqual(
            sorted(server.get_recipients()), ["colleague@example.com", "paula@example.com"]
        )

    def _drain_in_the_morning(self):
        with freeze_time(fields.Datetime.now() + timedelta(days=1)):
            self._drain()

    @mute_logger(*MAIL_LOGGERS)
    def test_by_a_channel_that_was_taken_away(self):
        request = self._ask("email_sms")
        request._queue_messages(
            [(request, "sms", "+14155550144")], automatic=True, is_forwarded=True
        )
        self.twilio.fail_next(status=503, times=3)
        with mail_server(self.env) as server:
            server.refuse["petra@example.com"] = "451 4.7.1 greylisted"
            self._drain()
            request.with_user(self.billing_user).delivery_method = "email"
            server.refuse.clear()
            self._drain_in_the_morning()
            self.assertEqual(server.get_recipients(), ["petra@example.com"])
        self.assertEqual([sent["to"] for sent in self.twilio.messages[-1:]], ["+14155550144"])
        self.assertNotIn(request.pay_url, self.twilio.messages[0]["body"])
        (sms,) = request.delivery_ids.filtered(lambda row: row.recipient == "+14155550100")
        self.assertEqual(sms.state, "skipped")
        self.assertIn("changed", sms.failure_reason)

    def test_for_a_stranger_whose_number_was_taken_away(self):
        self.twilio.fail_next(status=503)
        self._drain()
        self.mine.write({"delivery_method": "email", "to_phone": False})
        self.mine.action_resend()
        with mail_server(self.env) as server:
            self._drain_in_the_morning()
        self.assertEqual(
            self._get_rows(),
            [("sms", "+14155550100", "skipped"), ("email", "petra@example.com", "sent")],
        )
        self.assertEqual(server.get_recipients(), ["petra@example.com"])
        self.assertFalse(self.twilio.messages)

    def test_by_the_system_for_a_stranger_whose_number_was_taken_away(self):
        request = self._ask("email")
        request._queue_messages([(request, "sms", "+14155550100")], automatic=True)
        sms = request.delivery_ids.filtered(lambda row: row.channel == "sms")
        request.with_user(self.billing_user).delivery_method = "link"
        self.assertEqual(sms.state, "queued", "the plan or the cascade chose the channel")
        request.with_user(self.billing_user).to_phone = False
        self.assertEqual(sms.state, "skipped")


@tagged("post_install", "-at_install")
class TestWhatIsBeingSent(DeliveryCase):
    """A person changes the request while a message is on its way, which then has to wait."""

    def setUp(self):
        super().setUp()
        self.request = self._ask("email_sms")
        self.email = self.request.delivery_ids.filtered(lambda row: row.channel == "email")
        self.sms = self.request.delivery_ids - self.email

    def _change_while_asked(self, values, user=None):
        """Let Twilio be out of order, and change the request while it is asked."""
        self.twilio.fail_next(status=503)
        ask, done = self.twilio.request, []

        def request(*args, **kwargs):
            if not done:
                done.append(self.sms.state)
                self.request.with_user(self.billing_user).write(values)
                self.env.flush_all()
            return ask(*args, **kwargs)

        self.twilio.request = request
        with mail_server(self.env):
            self._drain()
        self.assertEqual(done, ["sending"])
        self.assertEqual((self.sms.state, self.sms.attempt_count), ("queued", 1))

    def _drain_later(self, minutes=2):
        with freeze_time(fields.Datetime.now() + timedelta(minutes=minutes)):
            self._drain()

    def test_whose_number_was_taken_away(self):
        self._change_while_asked({"delivery_method": "email", "to_phone": False})
        self._drain_later()
        self.assertEqual((self.sms.state, self.twilio.messages), ("skipped", []))
        self.assertIn("nothing goes to +14155550100 any more", self.sms.failure_reason)
        self.assertFalse(self.request.activity_ids)

    def test_by_a_channel_that_was_taken_away(self):
        self._change_while_asked({"delivery_method": "email"})
        self._drain_later()
        self.assertEqual((self.sms.state, self.twilio.messages), ("skipped", []))

    def test_whose_number_was_corrected(self):
        self._change_while_asked({"to_phone": "+14155550122"})
        self._drain_later()
        self.assertEqual((self.sms.state, self.sms.recipient), ("sent", "+14155550122"))
        self.assertEqual([sent["to"] for sent in self.twilio.messages], ["+14155550122"])

    def test_whose_number_was_corrected_and_has_a_message_already(self):
        self._change_while_asked({"to_phone": "+14155550122"})
        self.request._queue_messages([(self.request, "sms", "+14155550122")])
        self._drain_later()
        self.assertEqual(self.sms.state, "skipped")
        self.assertEqual([sent["to"] for sent in self.twilio.messages], ["+14155550122"])

    def _resend_to_the_right_one(self):
        """Correct the number while the SMS is being sent, press Resend, and let that go out."""
        self._change_while_asked({"to_phone": "+14155550122"})
        self.request.with_user(self.billing_user).action_resend()
        with mail_server(self.env):
            self._drain()
        return self.request.delivery_ids.filtered(lambda row: row.recipient == "+14155550122")

    def test_whose_number_was_corrected_and_got_it_by_resend_already(self):
        self.assertEqual(self._resend_to_the_right_one().state, "sent")
        self._drain_later()
        self.assertEqual((self.sms.state, self.sms.recipient), ("skipped", "+14155550100"))
        self.assertIn("+14155550122 gets it instead", self.sms.failure_reason)
        self.assertEqual([sent["to"] for sent in self.twilio.messages], ["+14155550122"])

    def test_whose_number_is_saved_once_more(self):
        self._resend_to_the_right_one()
        self.request.with_user(self.billing_user).write({"to_phone": "+14155550122"})
        self.assertEqual(self.sms.state, "skipped")

    def test_whose_number_was_corrected_and_did_not_get_what_was_resent(self):
        self._resend_to_the_right_one().state = "failed"
        self._drain_later()
        self.assertEqual((self.sms.state, self.sms.recipient), ("sent", "+14155550122"))

    def test_that_somebody_paid_meanwhile(self):
        self._change_while_asked({"message": "Soon, please."})
        self.request._transition("completed")
        self._drain_later()
        self.assertEqual((self.sms.state, self.twilio.messages), ("skipped", []))
        self.assertIn("not open any more", self.sms.failure_reason)

    def test_to_where_a_person_wanted_it_sent_once_more(self):
        """The channel is not the request's, and never was."""
        self.request.with_user(self.billing_user).write({"delivery_method": "email"})
        self.assertEqual(self.sms.state, "skipped")
        self.sms.state = "failed"
        self.env.flush_all()
        self.sms.action_send_again()
        self.sms = self.request.delivery_ids.sorted("id")[-1]
        self._change_while_asked({"message": "Soon, please."})
        self._drain_later()
        self.assertEqual(self.sms.state, "sent")


@tagged("post_install", "-at_install")
class TestLinksWhoseTimeIsOver(DeliveryCase):
    def _let_it_expire(self, request):
        request.expires_at = fields.Datetime.now() - timedelta(minutes=1)
        self._run_cron("ir_cron_expire_requests")

    def test_send_again_gives_new_life(self):
        self.twilio.fail_next(timeout=True)
        lost = self._send()
        request = lost.request_id
        self._let_it_expire(request)
        self.assertEqual(request.state, "expired")
        lost.with_user(self.billing_user).action_send_again()
        self._drain()
        self.assertEqual(request.state, "sent")
        self.assertGreater(request.expires_at, fields.Datetime.now() + timedelta(days=1))
        self.assertEqual(request.delivery_ids.sorted("id").mapped("state"), ["unknown", "sent"])

    def test_a_message_that_was_held_too_long_is_not_sent(self):
        request = self._ask()
        request.expires_at = fields.Datetime.now() - timedelta(minutes=1)
        self._drain()
        self.assertEqual((request.state, request.delivery_ids.state), ("sent", "skipped"))
        self.assertIn("expired before", request.delivery_ids.failure_reason)
        self.assertFalse(self.twilio.messages)

    def test_send_again_is_offered_only_where_it_would_send(self):
        view = self.env["payment.request"].with_user(self.billing_user).get_view(view_type="form")
        (hidden,) = etree.fromstring(view["arch"]).xpath(
            "//button[@name='action_send_again']/@invisible"
        )
        for state, row_state, residual, offered in (
            ("sent", "failed", 100.0, True),
            ("expired", "unknown", 100.0, True),
            ("sent", "sent", 100.0, False),
            ("sent", "failed", 0.0, False),
            ("completed", "failed", 0.0, False),
            ("cancelled", "bounced", 100.0, False),
            ("processing", "bounced", 100.0, False),
        ):
            parent = SimpleNamespace(state=state, amount_residual=residual)
            with self.subTest(parent=parent, row_state=row_state):
                self.assertEqual(
                    not safe_eval(hidden, {"state": row_state, "parent": parent}), offered
                )
