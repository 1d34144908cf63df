# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from datetime import datetime

from odoo.exceptions import UserError
from odoo.tests import BaseCase, tagged

from ..exceptions import PaymentRequestRefused
from ..gateways.clock import quiet_until, time_zone_of_number
from ..gateways.mail_words import read_trouble
from ..gateways.sms_text import measure, offenders
from .delivery_case import DeliveryCase


@tagged("post_install", "-at_install")
class TestSmsText(BaseCase):
    def test_segments(self):
        for text, encoding, length, segments in (
            ("", "GSM-7", 0, 0),
            ("a" * 160, "GSM-7", 160, 1),
            ("a" * 161, "GSM-7", 161, 2),
            ("a" * 306, "GSM-7", 306, 2),
            ("a" * 307, "GSM-7", 307, 3),
            ("€" * 80, "GSM-7", 160, 1),
            ("€" * 81, "GSM-7", 162, 2),
            ("a" * 152 + "€" * 77, "GSM-7", 306, 3),  # the euro sign is not cut in half
            ("ç" * 70, "UCS-2", 70, 1),
            ("ç" * 71, "UCS-2", 71, 2),
            ("ç" * 134, "UCS-2", 134, 2),
            ("ç" * 135, "UCS-2", 135, 3),
            ("😀" * 35, "UCS-2", 70, 1),
            ("😀" * 36, "UCS-2", 72, 2),
            ("éèàùÇ@£_\n{}[]~|^\\", "GSM-7", 25, 1),
        ):
            with self.subTest(text=text[:10], count=len(text)):
                size = measure(text)
                self.assertEqual(
                    (size.encoding, size.length, size.segments), (encoding, length, segments)
                )

    def test_offenders(self):
        self.assertEqual(offenders("Über çava 😀 ç €"), "ç😀")

    def test_quiet_hours(self):
        for moment, zone, start, end, expected in (
            (datetime(2026, 7, 1, 20), "Europe/Berlin", 21, 8, datetime(2026, 7, 2, 6)),
            (datetime(2026, 7, 1, 2), "Europe/Berlin", 21, 8, datetime(2026, 7, 1, 6)),
            (datetime(2026, 7, 1, 6), "Europe/Berlin", 21, 8, None),
            (datetime(2026, 7, 1, 18, 59), "Europe/Berlin", 21, 8, None),
            (datetime(2026, 7, 1, 11), "UTC", 10.5, 12.25, datetime(2026, 7, 1, 12, 15)),
            (datetime(2026, 7, 1, 11), "UTC", 9, 9, None),
            (datetime(2026, 7, 1, 23), "No/Where", 22, 6, datetime(2026, 7, 2, 6)),
            # The night in which the clocks change.
            (datetime(2026, 3, 29, 0), "Europe/Berlin", 21, 8, datetime(2026, 3, 29, 6)),
        ):
            with self.subTest(moment=moment, zone=zone):
                self.assertEqual(quiet_until(moment, zone, start, end), expected)

    def test_time_zone_of_number(self):
        self.assertEqual(time_zone_of_number("+33612345678"), "Europe/Paris")
        self.assertEqual(time_zone_of_number("+14155550100"), "America/Los_Angeles")
        self.assertEqual(time_zone_of_number("nonsense"), "")
        self.assertEqual(time_zone_of_number("+88213300655"), "", "a satellite's")
        # Mobile numbers of these countries are of no place.
        for guesses, zone in (
            (("Europe/Berlin", "Atlantic/Canary"), "Atlantic/Canary"),
            (("Europe/Berlin", "UTC", None), "Europe/Madrid"),
        ):
            self.assertEqual(time_zone_of_number("+34612345678", guesses), zone)

    def test_words_of_mail_servers(self):
        for text, advice, temporary in (
            ("SMTPRecipientsRefused: {'x@y': (550, b'5.1.1 who')}", "bad_address", False),
            ("SMTPRecipientsRefused: {'x@y': (451, b'4.7.1 greylisted')}", "later", True),
            ("SMTPRecipientsRefused: {'x@y': (452, b'4.2.2 full')}", "mailbox_full", True),
            ("SMTPDataError: (554, b'spam')", "unwanted", False),
            ("SMTPSenderRefused: (550, b'no', 'a@b')", "our_server", False),
            ("SMTPAuthenticationError: (535, b'no')", "our_server", False),
            ("smtp; 552 5.3.4 too big", "too_large", False),
            ("something else", "unknown", False),
        ):
            with self.subTest(text=text):
                trouble = read_trouble(text)
                self.assertEqual((trouble.advice, trouble.temporary), (advice, temporary))


@tagged("post_install", "-at_install")
class TestSms(DeliveryCase):
    def test_default_text_fits_one_segment(self):
        self.env["ir.config_parameter"].set_param("web.base.url", "https://my-company.odoo.com")
        self.company.name = "Acme Rentals Ltd"
        for number in ("+14155550100", "+33612345678"):
            row = self._send(amount=12345.67, to_phone=number)
            body = self.twilio.messages[-1]["body"]
            with self.subTest(body=body):
                self.assertIn(row.request_id.pay_url, body)
                self.assertIn("Acme Rentals Ltd", body)
                self.assertIn("12345.67", body)
                size = measure(body)
                self.assertEqual((size.encoding, size.segments), ("GSM-7", 1))
                self.assertEqual("STOP" in body, number.startswith("+1"))

    def test_message_is_part_of_it(self):
        self._send(message="Thank you!")
        self.assertIn("Thank you!", self.twilio.messages[-1]["body"])

    def test_length_in_words(self):
        requests = self.env["payment.request"]
        self.assertEqual(requests._describe_sms("a"), "1 of 160 characters, GSM-7, 1 message")
        self.assertIn("2 messages", requests._describe_sms("a" * 161))
        self.assertIn("Without ç", requests._describe_sms("ç"))

    def test_sender(self):
        """The number of the recipient's country, else the first; a messaging service wins."""
        self.env["sms.twilio.number"].create(
            {
                "company_id": self.company.id,
                "number": "+33755500006",
                "country_id": self.env.ref("base.fr").id,
            }
        )
        for number, sender in (
            ("+33612345678", "+33755500006"),
            ("+14155550100", "+15005550006"),
            ("+4915123456789", "+15005550006"),
        ):
            self._send(to_phone=number)
            self.assertEqual(self.twilio.messages[-1]["from"], sender)
        self.company.payment_request_messaging_service = "MG" + "0" * 32
        row = self._send()
        self.assertEqual(self.twilio.messages[-1]["messaging_service_sid"], "MG" + "0" * 32)
        self.assertFalse(self.twilio.messages[-1]["from"])
        self.assertEqual(row.state, "sent")

    def test_is_not_offered_without_a_sender_or_an_account(self):
        waiting = self._ask()
        self.company.sms_twilio_number_ids.unlink()
        with self.assertRaisesRegex(PaymentRequestRefused, "no number or messaging service"):
            self._ask()
        self.company.payment_request_messaging_service = "MG" + "0" * 32
        self._ask()
        self.company.sms_twilio_auth_token = False
        for method in ("sms", "email_sms"):
            with (
                self.subTest(method=method),
                self.assertRaisesRegex(PaymentRequestRefused, "Twilio is not set up") as refused,
            ):
                self._ask(method)
            self.assertEqual(refused.exception.details[0]["code"], "sms_not_set_up")
        self.assertEqual(self._ask("email").delivery_ids.channel, "email")
        draft = self._ask("email", send=False)
        draft.delivery_method = "sms"
        for press in (
            draft.with_user(self.billing_user).action_send,
            waiting.with_user(self.billing_user).action_resend,
            waiting.delivery_ids.with_user(self.billing_user).action_send_again,
        ):
            with self.subTest(press=press.__name__), self.assertRaisesRegex(UserError, "No SMS"):
                press()

    def test_twilio_sends_nothing_when_another_provider_was_chosen(self):
        """Its account stays in the settings, where Odoo hides it then."""
        waiting = self._ask()
        self.company.sms_provider = "iap"
        with self.assertRaisesRegex(PaymentRequestRefused, "Twilio is not chosen") as refused:
            self._ask()
        self.assertEqual(refused.exception.details[0]["code"], "sms_not_set_up")
        self._drain()
        self.assertEqual(waiting.delivery_ids.state, "failed")
        self.assertIn("Twilio is not chosen", waiting.delivery_ids.failure_reason)
        self.assertFalse(self.twilio.messages)
        self.company.sms_provider = "twilio"
        waiting.delivery_ids.with_user(self.billing_user).action_send_again()
        self._drain()
        self.assertEqual(len(self.twilio.messages), 1)

    def test_our_own_trouble_is_one_task_for_all(self):
        requests = [self._ask() for _ in range(3)]
        self.company.sms_twilio_auth_token = False
        self._drain()
        rows = requests[0].union(*requests).delivery_ids
        self.assertEqual(set(rows.mapped("state")), {"failed"})
        self.assertIn("not set up", rows[0].failure_reason)
        self.company.sms_twilio_auth_token = "another"
        self.twilio.fail_next(status=401, code=20003, times=3)
        requests += [self._ask() for _ in range(3)]
        self._drain()
        tasks = requests[0].union(*requests).activity_ids.mapped("summary")
        self.assertEqual(len(tasks), 2, tasks)
        self.assertIn("Twilio is not set up", tasks[0])
        self.assertIn("Twilio refuses our account", tasks[1])

    def test_callback_address(self):
        row = self._send()
        self.assertEqual(
            self.twilio.messages[-1]["status_callback"],
            f"{self.company.get_base_url()}/payment_request/twilio/status/{row.uuid}",
        )

    def test_national_numbers(self):
        self.payer.country_id = self.env.ref("base.fr")
        for typed in ("06 12 34 56 78", "+33 6 12 34 56 78", "0033612345678"):
            row = self._send(to_phone=typed)
            self.assertEqual(row.recipient, "+33612345678")

    def test_hint_when_the_phone_is_only_on_the_contact(self):
        self.payer.write({"phone": "(415) 555-0132", "country_id": self.env.ref("base.us").id})
        request = self._ask("email")
        request.to_phone = False
        self.assertIn("STOP", request.sms_opt_out_hint or "")
