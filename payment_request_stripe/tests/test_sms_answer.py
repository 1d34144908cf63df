# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.tests import HttpCase, tagged

from ..exceptions import PaymentRequestRefused
from ..gateways.twilio_words import wish_of_answer
from ..models.payment_request_sms_answer import ANSWER_PATH
from .delivery_case import ACCOUNT, TOKEN, DeliveryCase
from .twilio_wire import GOOD_SENDER, sign_form

PHONE = "+14155550177"


@tagged("post_install", "-at_install")
class TestSmsAnswer(DeliveryCase, HttpCase):
    """A phone answers; Twilio passes it on, signed."""

    def _answer(self, body, sender=PHONE, token=TOKEN, account=ACCOUNT, headers=None, **form):
        form = {
            "AccountSid": account,
            "From": sender,
            "To": GOOD_SENDER,
            "Body": body,
            "MessageSid": "SM" + "1" * 32,
            **form,
        }
        public = self.company.get_base_url() + ANSWER_PATH
        if headers is None:
            headers = {"X-Twilio-Signature": sign_form(public, form, token)}
        return self.url_open(ANSWER_PATH, data=form, headers=headers)

    def _is_blocked(self, number=PHONE):
        return bool(self.env["phone.blacklist"].search([("number", "=", number)]))

    def test_stop_is_kept_and_said_on_the_open_requests(self):
        row = self._send(to_phone=PHONE)
        others = self._send(to_phone="+14155550178")
        answer = self._answer(" Stop. ")
        self.assertEqual(answer.status_code, 200)
        self.assertIn("text/xml", answer.headers["Content-Type"])
        self.assertTrue(self._is_blocked())
        self.assertIn("STOP", row.request_id.message_ids[0].body)
        self.assertNotIn("STOP", "".join(others.request_id.message_ids.mapped("body")))
        with self.assertRaisesRegex(PaymentRequestRefused, "wants no more"):
            self._ask(to_phone=PHONE)

    def test_stop_keeps_a_queued_message_back(self):
        row = self._ask(to_phone=PHONE).delivery_ids
        self._answer("STOP")
        self._drain()
        self.assertEqual((row.state, self.twilio.messages), ("skipped", []))

    def test_stop_is_heard_when_another_provider_sends_by_now(self):
        row = self._send(to_phone=PHONE)
        self.company.sms_provider = "iap"
        self._answer("STOP")
        self.assertTrue(self._is_blocked())
        self.assertIn("STOP", row.request_id.message_ids[0].body)

    def test_stop_twice_is_stop(self):
        self.assertEqual([self._answer("STOP").status_code for _ in range(2)], [200, 200])
        self.assertTrue(self._is_blocked())

    def test_start_takes_it_back(self):
        self._answer("STOP")
        self._answer("START")
        self.assertFalse(self._is_blocked())
        self.assertEqual(self._send(to_phone=PHONE).state, "sent")

    def test_yes_answers_much_else(self):
        self._answer("STOP")
        self._answer("Yes")
        self.assertTrue(self._is_blocked())

    def test_start_lifts_what_a_refusal_told(self):
        self.twilio.opted_out.add(PHONE)
        self._send(to_phone=PHONE)
        self.assertTrue(self._is_blocked())
        self._answer("UNSTOP")
        self.assertFalse(self._is_blocked())

    def test_start_leaves_what_a_person_entered(self):
        """A person decides, whatever the phone said before or after."""
        request = self._send(to_phone=PHONE).request_id
        blacklist = self.env["phone.blacklist"]
        blacklist.add(PHONE)
        self._answer("STOP")
        self._answer("START")
        self.assertTrue(self._is_blocked())
        self.assertIn(f"{PHONE} wants SMS again", self._get_activities(request))
        self._answer("START")
        self.assertEqual(len(request.activity_ids), 1)
        blacklist.remove(PHONE)
        self._answer("STOP")
        blacklist.add(PHONE)
        self._answer("START")
        self.assertTrue(self._is_blocked(), "entered by a person as well")
        blacklist.remove(PHONE)
        self._answer("STOP")
        self._answer("START")
        self.assertFalse(self._is_blocked())

    def test_start_of_a_stranger_leaves_no_trace(self):
        self._answer("START")
        blacklist = self.env["phone.blacklist"].with_context(active_test=False)
        self.assertFalse(blacklist.search([("number", "=", PHONE)]))

    def test_twilio_says_what_was_wanted_in_another_language(self):
        self._answer("ARRET", OptOutType="STOP")
        self.assertTrue(self._is_blocked())

    def test_other_texts_change_nothing(self):
        for text in ("", "stop sending me letters, I will pay", "I cancel", "Hello\0", "HELP"):
            with self.subTest(text=text):
                self.assertEqual(self._answer(text).status_code, 200)
                self.assertFalse(self._is_blocked())

    def test_a_sender_that_is_no_number_changes_nothing(self):
        for sender in ("", "Bank", "72975", "+", "+1"):
            with self.subTest(sender=sender):
                self.assertEqual(self._answer("STOP", sender=sender).status_code, 200)
        self.assertFalse(self.env["phone.blacklist"].search([]))

    def test_forged(self):
        """Unsigned, signed by somebody else, or of an account that is not ours: 403."""
        for forged in (
            {"headers": {}},
            {"headers": {"X-Twilio-Signature": "AAAA"}},
            {"token": "wrong"},
            {"account": "AC" + "9" * 32},
            {"account": ""},
            {"account": "%00\0"},
        ):
            with self.subTest(forged=forged):
                self.assertEqual(self._answer("STOP", **forged).status_code, 403)
                self.assertFalse(self._is_blocked())

    def test_without_a_token(self):
        self.company.sms_twilio_auth_token = False
        self.assertEqual(self._answer("STOP").status_code, 403)
        self.assertFalse(self._is_blocked())

    def test_requests_of_a_company_with_another_account_are_not_told(self):
        other = self._create_company(name="Other")
        self._set_up_twilio(other, "+15005550010")
        other.write({"sms_twilio_account_sid": "AC" + "7" * 32, "sms_twilio_auth_token": "other"})
        row = self._send(to_phone=PHONE)
        row.request_id.sudo().message_ids.unlink()
        self._answer("STOP", account="AC" + "7" * 32, token="other")
        self.assertTrue(self._is_blocked())
        self.assertFalse(row.request_id.message_ids)

    def test_words(self):
        for word in ("STOP", "stopall", "Unsubscribe", "CANCEL", "End", "quit", "stop!"):
            self.assertEqual(wish_of_answer("", word), "stop", word)
        for word in ("START", "unstop"):
            self.assertEqual(wish_of_answer("", word), "start", word)
        self.assertEqual(wish_of_answer("START", "Yes"), "start", "Twilio takes it so")
        self.assertEqual(wish_of_answer("", "Yes"), "", "it may answer anything")
        self.assertEqual(wish_of_answer("HELP", "STOP"), "")

    def test_stop_learnt_from_a_report_over_http(self):
        """The report's route runs without a user, and keeps the STOP all the same."""
        row = self._send(to_phone=PHONE)
        path = f"/payment_request/twilio/status/{row.uuid}"
        form = self.twilio.callback(self.twilio.messages[-1], "undelivered", "21610")
        signature = sign_form(self.company.get_base_url() + path, form, TOKEN)
        answer = self.url_open(path, data=form, headers={"X-Twilio-Signature": signature})
        self.assertEqual((answer.status_code, row.state), (204, "failed"))
        self.assertTrue(self._is_blocked())
