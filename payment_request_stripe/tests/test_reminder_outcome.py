# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What a reminder counts for when its messages do not arrive."""

from freezegun import freeze_time

from odoo.tests import tagged
from odoo.tools import mute_logger

from ..gateways.mail_words import MailTrouble
from .mail_wire import mail_server
from .reminder_case import ReminderCase
from .test_delivery_email import MAIL_LOGGERS


@tagged("post_install", "-at_install")
@freeze_time("2026-03-16 10:00:00")
class TestReminderOutcome(ReminderCase):
    def setUp(self):
        super().setUp()
        self.plan.step_ids.delivery_method = "sms"
        self.invoice = self._create_late_invoice(3)

    def assertReminded(self, state, code, count):
        line = self._get_line(self.invoice)
        self.assertEqual((line.state, line.reason_code or ""), (state, code))
        self.assertEqual(line.request_id.reminder_count, count)

    def test_twilio_refuses_us_for_a_day(self):
        self.twilio.fail_next(status=401, code=20003, message="Authenticate")
        self._remind()
        self.assertReminded("sent", "", 1)
        self._drain()
        self.assertEqual(self._get_reminders().state, "failed")
        self.assertReminded("skipped", "not_sent", 0)
        line = self._get_line(self.invoice)
        self.assertEqual(line.reason, self._get_reminders().failure_reason)
        self.assertEqual(line.run_id.sent_count, 0)
        self.assertIn("Step 3 did not reach +14155550100.", self.invoice.message_ids[0].body)
        self.assertIn("Step 3 goes out", self.invoice.payment_request_reminder_note)
        with freeze_time("2026-03-17 10:00:00"):
            self._remind()
            self._drain()
        self.assertEqual(len(self.twilio.messages), 1)
        self.assertReminded("sent", "", 1)
        self.assertEqual(self._get_line(self.invoice).days, 3, "the same step")

    def test_what_may_have_arrived_counts(self):
        self.twilio.fail_next(timeout=True)
        self._remind()
        self._drain()
        self.assertEqual(self._get_reminders().state, "unknown")
        self.assertReminded("sent", "", 1)

    def test_one_of_two_messages_arrives(self):
        self.plan.step_ids.delivery_method = "email_sms"
        self.twilio.fail_next(status=401, code=20003)
        self._remind()
        with mail_server(self.env) as server:
            self._drain()
        self.assertEqual(server.get_recipients(), ["petra@example.com"])
        self.assertReminded("sent", "", 1)
        self._get_reminders().filtered(lambda row: row.channel == "email").sudo()._bounce(
            MailTrouble("no_mailbox")
        )
        self.assertReminded("skipped", "not_sent", 0)

    def test_the_next_channel_takes_the_reminder_over(self):
        self.company.payment_request_cascade = True
        self.plan.step_ids.delivery_method = "email"
        self._remind()
        with mail_server(self.env):
            self._drain()
        self._get_reminders().sudo()._bounce(MailTrouble("no_mailbox"))
        self.assertReminded("sent", "", 1)
        self._drain()
        self.assertEqual(self._get_reminders().sorted("id").mapped("state"), ["bounced", "sent"])
        (sent,) = self.twilio.messages
        self.assertIn("reminder, USD 100.00 is overdue", sent["body"])
        self.assertReminded("sent", "", 1)

    def test_it_proves_to_have_arrived(self):
        self._remind()
        self._drain()
        row = self._get_reminders().sudo()
        row._apply_callback(self.twilio.callback(self.twilio.messages[-1], "undelivered"))
        self.assertReminded("skipped", "not_sent", 0)
        row._apply_callback(self.twilio.callback(self.twilio.messages[-1], "delivered"))
        self.assertReminded("sent", "", 1)

    def test_a_list_with_a_dead_member_was_reminded(self):
        """Else it would get the same reminder every day."""
        self.plan.step_ids.delivery_method = "email"
        self._remind()
        with mail_server(self.env):
            self._drain()
        self._get_reminders().sudo()._bounce(MailTrouble("no_mailbox"), "left@example.com")
        self.assertEqual(self._get_reminders().state, "bounced")
        self.assertReminded("sent", "", 1)
        other = self._create_late_invoice(3)
        with freeze_time("2026-03-17 10:00:00"):
            self._remind()
        self.assertEqual(len(self._get_reminders()), 1)
        self.assertEqual(self._get_line(other).reason_code, "recent")

    # === NOT AGAIN AND AGAIN === #

    def _pass_days(self, days):
        """Let the cron and the outbox work on each of the days after."""
        for day in range(17, 17 + days):
            with freeze_time(f"2026-03-{day} 10:00:00"):
                self._remind()
                self._drain()

    def test_a_number_that_takes_no_sms_is_tried_once(self):
        self.twilio.fail_next(status=400, code=21614)
        self._remind()
        self._drain()
        self.assertReminded("skipped", "not_sent", 0)
        self._pass_days(3)
        self.assertEqual(len(self._get_reminders()), 1)
        self.assertFalse(self.twilio.messages)
        line = self._get_line(self.invoice)
        self.assertEqual(line.reason_code, "no_contact")
        self.assertEqual(line.reason, "The last SMS to +14155550100 could not be delivered.")
        self.payer.phone = "+14155550123"
        with freeze_time("2026-03-20 10:00:00"):
            self._remind()
            self._drain()
        self.assertEqual([one["to"] for one in self.twilio.messages], ["+14155550123"])

    @mute_logger(*MAIL_LOGGERS)
    def test_an_address_that_is_refused_is_tried_once(self):
        self.plan.step_ids.delivery_method = "email"
        with mail_server(self.env) as server:
            server.refuse["petra@example.com"] = "550 5.1.1 No such user"
            self._remind()
            self._drain()
            self.assertReminded("skipped", "not_sent", 0)
            self._pass_days(2)
        self.assertEqual(len(self._get_reminders()), 1)
        self.assertEqual(self._get_line(self.invoice).reason_code, "no_contact")

    def test_a_phone_that_is_off_is_tried_again_after_the_days_between_reminders(self):
        self.company.payment_request_reminder_interval = 3
        self._remind()
        self._drain()
        row = self._get_reminders().sudo()
        row._apply_callback(self.twilio.callback(self.twilio.messages[-1], "undelivered", 30003))
        self.assertReminded("skipped", "not_sent", 0)
        self._pass_days(2)
        self.assertEqual(self._get_line(self.invoice).reason_code, "recent")
        self._pass_days(3)
        self.assertEqual(len(self._get_reminders()), 2)
        self.assertReminded("sent", "", 1)

    def test_a_message_that_gets_there_makes_the_number_good_again(self):
        self.twilio.fail_next(status=400, code=21614)
        self._remind()
        self._drain()
        request = self._get_reminders().request_id
        request.with_user(self.billing_user).action_resend()
        self._drain()
        self.assertEqual(len(self.twilio.messages), 1)
        self._pass_days(4)
        self.assertReminded("sent", "", 1)
