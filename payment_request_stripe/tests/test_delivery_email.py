# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from datetime import timedelta
from email.message import EmailMessage

from freezegun import freeze_time

from odoo import fields
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..models.payment_request_delivery import Outcome
from .delivery_case import DeliveryCase
from .mail_wire import mail_server

MAIL_LOGGERS = (
    "odoo.addons.mail.models.mail_mail",
    "odoo.addons.base.models.ir_mail_server",
    "odoo.addons.payment_request_stripe.models.payment_request_delivery_email",
)


@tagged("post_install", "-at_install")
class TestEmail(DeliveryCase):
    def _ask_new(self, address, method="email", **options):
        """Ask a customer of their own, reached by `address`."""
        partner = self.env["res.partner"].create({"name": address, "email": address})
        return self._ask(method, partner=partner, **options)

    def test_arrives_once(self):
        request = self._ask("email")
        with mail_server(self.env) as server:
            self._drain()
            self._drain()
        self.assertEqual(server.get_recipients(), ["petra@example.com"])
        self.assertEqual(request.delivery_ids.state, "sent")
        _recipients, message = server.mails[0]
        self.assertIn(request.pay_url, message.get_body(("html",)).get_content())
        self.assertEqual(request.delivery_ids.vendor_ref, message["Message-Id"])
        logged = request.message_ids.filtered(lambda one: one.message_type == "email_outgoing")
        self.assertEqual(len(logged), 1, "the e-mail stands in the chatter")
        self.assertIn(request.pay_url, logged.body)

    def test_a_batch_shares_one_connection(self):
        requests = [self._ask_new(f"{n}@example.com") for n in range(5)]
        with mail_server(self.env) as server:
            self._drain()
        self.assertEqual((len(server.mails), server.connections), (5, 1))
        self.assertEqual({request.delivery_ids.state for request in requests}, {"sent"})

    @mute_logger(*MAIL_LOGGERS)
    def test_refusals_are_final_and_have_a_sentence(self):
        answers = {
            "550 5.1.1 no such user": "Correct the address",
            "552 5.2.2 over quota": "full",
            "554 5.7.1 looks like spam": "spam",
            "550 no": "Correct the address",
            "571 no": "Check the address",
        }
        requests = [self._ask_new(f"{n}@example.com") for n in range(len(answers))]
        good = self._ask_new("good@example.com")
        with mail_server(self.env) as server:
            for request, answer in zip(requests, answers, strict=True):
                server.refuse[request.to_email] = answer
            self._drain()
            with freeze_time(fields.Datetime.now() + timedelta(days=3)):
                self._drain()
        self.assertEqual(server.get_recipients(), ["good@example.com"])
        self.assertEqual(good.delivery_ids.state, "sent")
        for request, words in zip(requests, answers.values(), strict=True):
            self.assertEqual(request.delivery_ids.state, "failed")
            self.assertIn(words, request.delivery_ids.failure_reason)
            self.assertIn(words, self._get_activities(request))

    @mute_logger(*MAIL_LOGGERS)
    def test_not_now_is_retried(self):
        request = self._ask("email")
        row = request.delivery_ids
        with mail_server(self.env) as server:
            server.refuse["petra@example.com"] = "451 4.7.1 greylisted"
            self._drain()
            self.assertEqual((row.state, row.attempt_count), ("queued", 1))
            server.refuse.clear()
            with freeze_time(row.retry_at + timedelta(seconds=1)):
                self._drain()
        self.assertEqual((row.state, len(server.mails)), ("sent", 1))

    @mute_logger(*MAIL_LOGGERS)
    def test_no_mail_server(self):
        row = self._ask("email").delivery_ids
        with mail_server(self.env, start=False):
            self._drain()
        self.assertEqual(row.state, "queued")
        self.assertIn("cannot be reached", row.failure_reason)
        with mail_server(self.env) as server, freeze_time(row.retry_at + timedelta(seconds=1)):
            self._drain()
            self.env["mail.mail"].sudo().process_email_queue()
        self.assertEqual((row.state, len(server.mails)), ("sent", 1))

    @mute_logger(*MAIL_LOGGERS)
    def test_server_hangs_up_in_the_middle(self):
        """What was sent is sent, what was not is tried again, what nobody knows is unknown."""
        requests = [self._ask_new(f"{n}@example.com") for n in range(4)]
        with mail_server(self.env) as server:
            server.hang_up_on = "1@example.com"
            self._drain()
            states = [request.delivery_ids.state for request in requests]
            self.assertEqual(states, ["sent", "unknown", "queued", "queued"])
            server.hang_up_on = None
            with freeze_time(requests[2].delivery_ids.retry_at + timedelta(seconds=1)):
                self._drain()
            self.env["mail.mail"].sudo().process_email_queue()
        customers = [one for one in server.get_recipients() if one[0].isdigit()]
        self.assertEqual(sorted(customers), ["0@example.com", "2@example.com", "3@example.com"])

    @mute_logger(*MAIL_LOGGERS)
    def test_one_that_cannot_be_rendered(self):
        template = self.env.ref("payment_request_stripe.mail_template_payment_request")
        template.subject = "{{ 1 / (0 if object.message == 'break' else 1) }}"
        broken, sound = self._ask_new("0@example.com", message="break"), self._ask("email")
        with mail_server(self.env) as server:
            self._drain()
        self.assertEqual(broken.delivery_ids.state, "failed")
        self.assertEqual(sound.delivery_ids.state, "sent")
        self.assertEqual(len(server.mails), 1)

    def test_other_recipient_than_the_contact(self):
        request = self._ask("email", to_email="Books <books@example.com>")
        with mail_server(self.env) as server:
            self._drain()
        self.assertEqual(server.get_recipients(), ["books@example.com"])
        self.assertEqual(request.delivery_ids.recipient, "books@example.com")


@tagged("post_install", "-at_install")
class TestBounce(DeliveryCase):
    def setUp(self):
        super().setUp()
        self.request = self._ask("email")
        self.row = self.request.delivery_ids
        with mail_server(self.env) as server:
            self._drain()
        self.message_ref = server.mails[0][1]["Message-Id"]
        domain = self.env["mail.alias.domain"].search([], limit=1) or self.env[
            "mail.alias.domain"
        ].create({"name": "example.org"})
        self.bounce_address = domain.bounce_email

    def _bounce(
        self, status="5.1.1", recipient="petra@example.com", reference=None, action="failed"
    ):
        """Let a mail server's delivery status notification come in."""
        lines = [
            "From: MAILER-DAEMON@example.com",
            f"To: {self.bounce_address}",
            "Subject: Undelivered Mail Returned to Sender",
            f"Message-Id: <{status}.{fields.Datetime.now().timestamp()}@example.com>",
            "MIME-Version: 1.0",
            'Content-Type: multipart/report; report-type=delivery-status; boundary="b"',
            "",
            "--b",
            "Content-Type: text/plain",
            "",
            "It did not work.",
            "--b",
            "Content-Type: message/delivery-status",
            "",
            "Reporting-MTA: dns; mx.example.com",
            "",
        ]
        if recipient:
            lines += [
                f"Final-Recipient: rfc822; {recipient}",
                *([f"Action: {action}"] if action else []),
                f"Status: {status}",
                f"Diagnostic-Code: smtp; {status[0]}50 {status} no",
                "",
            ]
        original = EmailMessage()
        original["From"] = "billing@example.org"
        original["To"] = "petra@example.com"
        original["Message-Id"] = reference or self.message_ref
        original.set_content("Pay")
        lines += ["--b", "Content-Type: message/rfc822", "", original.as_string(), "--b--", ""]
        with mute_logger("odoo.addons.mail.models.mail_thread"):
            self.env["mail.thread"].message_process(False, "\n".join(lines))

    def test_marks_the_delivery_and_the_address(self):
        before = self.payer.message_bounce
        self._bounce()
        self.assertEqual(self.row.state, "bounced")
        self.assertIn("petra@example.com does not exist", self.row.failure_reason)
        self.assertIn("5.1.1", self.row.failure_reason)
        self.assertIn("petra@example.com", self._get_activities(self.request))
        self.assertEqual(self.payer.message_bounce, before + 1)

    def test_reasons(self):
        for status, words in {"5.2.2": "full", "5.7.1": "spam", "5.0.0": "Correct"}.items():
            with self.subTest(status=status):
                self.row.write({"state": "sent"})
                self._bounce(status)
                self.assertIn(words, self.row.failure_reason)

    def test_notification_that_names_nobody(self):
        self._bounce(recipient=None)
        self.assertEqual(self.row.state, "bounced")

    def test_of_somebody_else(self):
        self._bounce(recipient="other@example.com", reference="<1@other.example.com>")
        self.assertEqual(self.row.state, "sent")

    def test_of_the_address_that_the_recipient_forwards_to(self):
        self._bounce(recipient="anna@example.net")
        self.assertEqual(self.row.state, "bounced")
        self.assertIn("anna@example.net does not exist", self.row.failure_reason)
        self.assertIn("petra@example.com, but not anna@", self._get_activities(self.request))

    def _is_found(self):
        """Tell whether the filter Not Reached finds the request."""
        return self.request in self.env["payment.request"].search([("is_unreached", "=", True)])

    def test_of_one_member_reached_the_list(self):
        self._bounce(recipient="left@example.com")
        self.assertEqual((self.row.state, self.row.bounced_for), ("bounced", "left@example.com"))
        self.assertIn("petra@example.com took the e-mail", self.row.failure_reason)
        self.assertIn("left@example.com does not exist", self.row.failure_reason)
        self.assertEqual(self.request.delivery_state, "partly")
        self.assertFalse(self._is_found())
        self.assertFalse(self.request.is_unreached)

    def test_of_one_member_is_not_called_unreached_when_the_next_channel_is_tried(self):
        self.company.payment_request_cascade = True
        self._bounce(recipient="left@example.com")
        self._drain()
        self.assertEqual(len(self.twilio.messages), 1)
        self.assertIn("left@example.com was not reached", self.request.message_ids[0].body)
        self.assertEqual(self.request.delivery_state, "partly")

    def test_of_one_member_of_what_was_sent_after_one_that_was_lost(self):
        self._bounce()
        self.assertTrue(self._is_found())
        self.row.action_send_again()
        with mail_server(self.env):
            self._drain()
        self._bounce(recipient="left@example.com", reference=self._get_last_reference())
        self.assertFalse(self._is_found())

    def test_the_task_about_one_member_goes_with_what_is_sent_again(self):
        self._bounce(recipient="left@example.com")
        self.assertTrue(self.request.activity_ids)
        self.row.action_send_again()
        with mail_server(self.env):
            self._drain()
        self.assertFalse(self.request.activity_ids)

    def test_of_one_member_of_a_list_does_not_condemn_the_list(self):
        self._bounce(recipient="left@example.com")
        self.assertEqual(self.row.state, "bounced")
        with (
            freeze_time(fields.Datetime.now() + timedelta(days=2)),
            mail_server(self.env) as server,
        ):
            self.request._queue_deliveries(automatic=True)
            self._drain()
        self.assertEqual(server.get_recipients(), ["petra@example.com"])
        self._bounce(recipient="Petra <PETRA@example.com>", reference=self._get_last_reference())
        with freeze_time(fields.Datetime.now() + timedelta(days=4)):
            self.request._queue_deliveries(automatic=True)
            self._drain()
        self.assertEqual(self.request.delivery_ids.sorted("id")[-1].state, "skipped")

    def _get_last_reference(self):
        return self.request.delivery_ids.sorted("id")[-1].vendor_ref

    def test_of_one_member_then_of_the_list_itself(self):
        self._bounce(recipient="left@example.com")
        self._bounce(recipient="petra@example.com")
        self.assertTrue(self._is_found())
        self.assertEqual(self.request.delivery_state, "not_reached")
        self.assertNotIn("left@", self.row.failure_reason)
        self.assertEqual(
            self.request.activity_ids.mapped("summary"),
            [f"{self.request.name} did not reach petra@example.com"],
        )
        with freeze_time(fields.Datetime.now() + timedelta(days=2)):
            self.request._queue_deliveries(automatic=True)
            self._drain()
        self.assertEqual(self.request.delivery_ids.sorted("id")[-1].state, "skipped")

    def test_of_what_was_opened_troubles_nobody(self):
        """A list with a dead member, or a server that answers after days."""
        self.company.payment_request_cascade = True
        self.request._register_opening("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0) Safari/604.1")
        self._bounce(recipient="left@example.com")
        self._drain()
        self.assertEqual(self.request.delivery_ids.mapped("state"), ["bounced"])
        self.assertFalse(self.request.activity_ids)
        self.assertFalse(self.twilio.messages)

    def test_of_what_was_opened_before_it_was_sent(self):
        with freeze_time(fields.Datetime.now() - timedelta(days=1)):
            self.request._register_opening("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0) Safari/604.1")
        self._bounce()
        self.assertIn("did not reach petra@example.com", self._get_activities(self.request))

    def test_of_a_mistyped_address_that_was_corrected_since(self):
        self.company.payment_request_cascade = True
        mine = self.request.with_user(self.billing_user)
        mine.to_email = "paula@example.com"
        mine.action_resend()
        with mail_server(self.env):
            self._drain()
        with freeze_time(fields.Datetime.now() + timedelta(days=2)):
            self._bounce()
            self._drain()
        self.assertEqual(
            [(row.recipient, row.state) for row in self.request.delivery_ids.sorted("id")],
            [("petra@example.com", "bounced"), ("paula@example.com", "sent")],
        )
        self.assertFalse(self.request.activity_ids)

    def test_our_own_trouble_is_told_though_the_customer_got_a_later_message(self):
        self.company.payment_request_cascade = True
        self.row.action_send_again()
        with mail_server(self.env):
            self._drain()
        self.row._apply_outcomes({self.row: Outcome("failed", "Our server is down.")})._react()
        self.assertIn("Our server is down", self._get_activities(self.request))
        self.assertEqual(set(self.request.delivery_ids.mapped("channel")), {"email"})

    def test_of_one_of_two_messages_that_were_sent_at_once(self):
        self.request._queue_messages([(self.request, "sms", "+14155550100")])
        self._drain()
        self._bounce()
        self.assertIn("did not reach petra@example.com", self._get_activities(self.request))

    def test_a_colleague_who_got_the_link_is_not_the_customer(self):
        self.request._queue_messages(
            [(self.request, "email", "colleague@example.com")], automatic=True, is_forwarded=True
        )
        with mail_server(self.env):
            self._drain()
        self._bounce()
        self.assertIn("did not reach petra@example.com", self._get_activities(self.request))

    def test_the_very_e_mail_that_came_back_is_marked(self):
        self.row.action_send_again()
        with mail_server(self.env) as server:
            self._drain()
        newer = self.request.delivery_ids - self.row
        self._bounce()
        self.assertEqual((self.row.state, newer.state), ("bounced", "sent"))
        self._bounce(reference=server.mails[0][1]["Message-Id"])
        self.assertEqual(newer.state, "bounced")

    def test_a_server_that_still_tries_has_not_given_up(self):
        """Postfix warns after four hours, and gives up after five days."""
        self.company.payment_request_cascade = True
        for action in ("delayed", "Delayed (still trying)", "relayed", "delivered", "expanded"):
            self._bounce("4.4.1", action=action)
            self._drain()
            self.assertEqual(self.request.delivery_ids.mapped("state"), ["sent"], action)
            self.assertFalse(self.request.activity_ids)
        self._bounce("4.4.7", action="failed")
        self._drain()
        self.assertEqual(self.row.state, "bounced")
        self.assertEqual(len(self.request.delivery_ids), 2, "the SMS follows")

    def test_a_notification_without_an_action(self):
        self._bounce(action=None)
        self.assertEqual(self.row.state, "bounced")

    def test_repeated(self):
        self._bounce()
        self._bounce()
        self.assertEqual(len(self.request.activity_ids), 1)

    def test_the_system_does_not_write_there_again(self):
        self._bounce()
        with freeze_time(fields.Datetime.now() + timedelta(days=2)):
            self.request._queue_deliveries(automatic=True)
            self._drain()
        self.assertEqual(self.request.delivery_ids.sorted("id")[-1].state, "skipped")
