# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import socket
import ssl
import threading

import requests
import urllib3
from werkzeug.datastructures import MultiDict

from odoo.tests import BaseCase, tagged

from ..gateways.errors import GatewayError, Misconfigured, OutcomeUnknown, Unavailable
from ..gateways.events import DeliveryReport
from ..gateways.twilio_api import TwilioGateway
from ..gateways.twilio_words import ADVICE, TWILIO_STATUS, delivery_state, describe_error
from .twilio_wire import (
    BAD_RECIPIENTS,
    BAD_SENDERS,
    GOOD_SENDER,
    FakeTwilio,
    TwilioWireCase,
    patch_twilio_wire,
    sign_form,
)

TOKEN = "token_of_the_account"
RECIPIENT = "+14155550100"
CALLBACK = "https://books.example.com/payment_request/twilio/status/1f0c"


@tagged("post_install", "-at_install")
class TestTwilioGateway(TwilioWireCase, BaseCase):
    def setUp(self):
        super().setUp()
        self.gateway = TwilioGateway("AC0123456789", TOKEN)

    def _send(self, to=RECIPIENT, body="Hello", **options):
        return self.gateway.send_sms(to, body, **{"sender": GOOD_SENDER, **options})

    def test_a_text_from_a_number(self):
        report = self._send(status_callback=CALLBACK)
        (message,) = self.twilio.messages
        self.assertEqual(report, DeliveryReport(message["sid"], "queued"))
        self.assertEqual((message["to"], message["from"]), (RECIPIENT, GOOD_SENDER))
        self.assertEqual(message["status_callback"], CALLBACK)
        self.assertEqual(message["account_sid"], "AC0123456789")

    def test_a_messaging_service_wins_over_a_number(self):
        report = self._send(messaging_service="MG0")
        (message,) = self.twilio.messages
        self.assertEqual((message["messaging_service_sid"], message["from"]), ("MG0", None))
        self.assertEqual(report.status, "accepted")

    def test_nothing_to_send_from(self):
        with self.assertRaises(Misconfigured):
            self._send(sender="")
        self.assertEqual(self.twilio.attempts, 0)

    def test_an_account_or_token_is_missing(self):
        for sid, token in (("", TOKEN), ("AC0", ""), (None, None)):
            with self.subTest(sid=sid), self.assertRaises(Misconfigured):
                TwilioGateway(sid, token)

    def test_twilios_test_numbers(self):
        for options in (
            *({"to": number} for number in BAD_RECIPIENTS),
            *({"sender": number} for number in BAD_SENDERS),
        ):
            with self.subTest(options=options), self.assertRaises(GatewayError) as refused:
                self._send(**options)
            known = {**BAD_SENDERS, **BAD_RECIPIENTS}
            if "sender" in options:
                known.update(BAD_SENDERS)
            code, message = known[next(iter(options.values()))]
            self.assertEqual(refused.exception.code, str(code))
            self.assertEqual(refused.exception.message, message)
        self.assertEqual(self.twilio.messages, [])

    def test_either_shape_of_error(self):
        for problem in (False, True):
            self.twilio.fail_next(status=400, code=21610, message="Opted out.", problem=problem)
            with self.subTest(problem=problem), self.assertRaises(GatewayError) as refused:
                self._send()
            error = refused.exception
            self.assertEqual((error.code, error.http_status), ("21610", 400))
            self.assertEqual(error.message, "Opted out.")

    def test_a_text_that_may_have_gone_out_is_unknown(self):
        for fault in ({"lose_answer": True}, {"garbage": "<html>"}):
            sent = len(self.twilio.messages)
            self.twilio.fail_next(**fault)
            with self.subTest(fault=fault), self.assertRaises(OutcomeUnknown):
                self._send()
            self.assertEqual(len(self.twilio.messages), sent + 1, "it did go out")

    def test_what_never_left_may_be_tried_again(self):
        unverified = urllib3.exceptions.SSLError(ssl.SSLCertVerificationError(1, "expired"))
        broken = urllib3.exceptions.SSLError(ssl.SSLEOFError(8, "EOF"))
        for trouble, outcome in (
            (requests.ConnectTimeout("no answer to SYN"), Unavailable),
            (requests.exceptions.InvalidURL("no address"), Unavailable),
            (requests.exceptions.SSLError(self._gave_up(unverified)), Unavailable),
            (requests.exceptions.SSLError(self._gave_up(broken)), OutcomeUnknown),
            (requests.exceptions.ChunkedEncodingError("cut short"), OutcomeUnknown),
            (requests.ConnectionError("aborted"), OutcomeUnknown),
            (requests.RequestException(), OutcomeUnknown),
        ):
            self.twilio.fail_next(trouble=trouble)
            with self.subTest(trouble=trouble), self.assertRaises(outcome) as raised:
                self._send()
            self.assertIs(type(raised.exception), outcome)

    def _gave_up(self, reason):
        return urllib3.exceptions.MaxRetryError(None, "/Messages.json", reason)

    def test_nothing_is_repeated_by_itself(self):
        self.twilio.fail_next(timeout=True)
        with self.assertRaises(OutcomeUnknown):
            self._send()
        self.assertEqual(self.twilio.attempts, 1)

    def test_the_token_is_shown_nowhere(self):
        self.assertNotIn(TOKEN, repr(self.gateway))
        for fault in ({"timeout": True}, {"status": 401}):
            self.twilio.fail_next(**fault)
            with self.subTest(fault=fault), self.assertRaises(GatewayError) as raised:
                self._send()
            self.assertNotIn(TOKEN, f"{raised.exception} {vars(raised.exception)}")
            self.assertTrue(raised.exception.__suppress_context__)
        with self.assertLogs("twilio.http_client", level="DEBUG") as logs:
            self.gateway._client().http_client.logger.info("at least one line")
            self._send()
        self.assertNotIn(TOKEN, "\n".join(logs.output))

    def test_the_wrong_token_is_for_the_administrator(self):
        self.twilio.auth = ("AC0123456789", "another")
        with self.assertRaises(Misconfigured) as misconfigured:
            self._send()
        self.assertEqual(misconfigured.exception.code, "20003")

    def test_threads_get_their_own_answers(self):
        """The SDK's transport returns what it last kept on itself, whoever asked."""
        bodies = [f"text {number}" for number in range(24)]
        reports = {}

        def send(body):
            reports[body] = self._send(body=body).ref

        threads = [threading.Thread(target=send, args=(body,)) for body in bodies]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(
            {message["body"]: message["sid"] for message in self.twilio.messages}, reports
        )

    def test_another_address_for_a_stand_in(self):
        fake = FakeTwilio()
        addresses = []
        answer = fake.request

        def request(method, url, *args, **kwargs):
            addresses.append(url)
            return answer(method, url, *args, **kwargs)

        fake.request = request
        for base in (None, "http://127.0.0.1:9/"):
            gateway = TwilioGateway("AC0", TOKEN, api_base=base, http_client=fake)
            gateway.send_sms(RECIPIENT, "Hello", sender=GOOD_SENDER)
            gateway.has_messaging_service("MG0")
        self.assertEqual(
            addresses,
            [
                "https://api.twilio.com/2010-04-01/Accounts/AC0/Messages.json",
                "https://messaging.twilio.com/v1/Services/MG0",
                "http://127.0.0.1:9/2010-04-01/Accounts/AC0/Messages.json",
                "http://127.0.0.1:9/v1/Services/MG0",
            ],
        )

    # === SENDERS === #

    def test_numbers_that_are_not_the_accounts(self):
        self.twilio.numbers["+15005550011"] = {"sms": False, "voice": True}
        self.twilio.numbers["+150055500060"] = {"sms": True}
        known = [GOOD_SENDER, "+1 500-555-0006", "15005550006"]
        missing = ["+15005550011", "+15005550010"]
        self.assertEqual(self.gateway.find_missing_senders([*known, *missing]), missing)

    def test_names_and_short_codes_cannot_be_looked_up(self):
        self.assertEqual(self.gateway.find_missing_senders(["HARTMANN", "12345"]), [])
        self.assertEqual(self.twilio.attempts, 0)

    def test_a_messaging_service_of_the_account(self):
        self.twilio.services.add("MG0")
        self.assertTrue(self.gateway.has_messaging_service("MG0"))
        for other in ("MG1", "VA0", "MG0/../MG1", ""):
            with self.subTest(other):
                self.assertFalse(self.gateway.has_messaging_service(other))
        self.assertEqual(self.twilio.attempts, 2, "what is no such name is not asked for")

    def test_trouble_while_asking_for_a_sender_is_trouble(self):
        self.twilio.fail_next(status=503, times=2)
        with self.assertRaises(Unavailable):
            self.gateway.has_messaging_service("MG0")
        with self.assertRaises(Unavailable):
            self.gateway.find_missing_senders([GOOD_SENDER])

    # === CALLBACKS === #

    def test_a_callback_that_twilio_signed(self):
        self._send()
        form = self.twilio.callback(self.twilio.messages[0], "delivered")
        signature = sign_form(CALLBACK, form, TOKEN)
        for shape in (form, MultiDict(form), {name: [value] for name, value in form.items()}):
            with self.subTest(shape=type(shape)):
                self.assertTrue(self.gateway.is_valid_callback(CALLBACK, shape, signature))

    def test_every_value_of_a_repeated_field_counts(self):
        form = MultiDict([("To", "+1"), ("Tag", "a"), ("Tag", "b")])
        signature = sign_form(CALLBACK, form, TOKEN)
        self.assertTrue(self.gateway.is_valid_callback(CALLBACK, form, signature))
        self.assertFalse(self.gateway.is_valid_callback(CALLBACK, form.to_dict(), signature))

    def test_a_callback_that_twilio_did_not_sign(self):
        form = {"MessageStatus": "delivered", "MessageSid": "SM0"}
        signature = sign_form(CALLBACK, form, TOKEN)
        for url, changed, header in (
            (CALLBACK, form, None),
            (CALLBACK, form, ""),
            (CALLBACK, form, "é"),
            (CALLBACK, form, sign_form(CALLBACK, form, "another")),
            (CALLBACK, form, sign_form(CALLBACK, form, "")),
            (CALLBACK + "0", form, signature),
            (CALLBACK, {**form, "MessageStatus": "failed"}, signature),
            (CALLBACK, {**form, "More": "1"}, signature),
            (CALLBACK, {}, signature),
            ("https://books.example.com:port/", form, signature),
        ):
            with self.subTest(url=url, form=changed, header=header):
                self.assertFalse(self.gateway.is_valid_callback(url, changed, header))

    # === WORDS === #

    def test_every_word_of_twilio_is_one_of_our_states(self):
        ours = {"queued", "sending", "sent", "delivered", "failed", "unknown"}
        self.assertLessEqual(set(TWILIO_STATUS.values()), ours)
        self.assertEqual(delivery_state("undelivered"), "failed")
        self.assertEqual(delivery_state("read"), "delivered")
        self.assertEqual(delivery_state("teleported"), "unknown")

    def test_advice(self):
        for code, advice in ADVICE.items():
            self.assertEqual(describe_error(int(code)), advice)
        for code in ("99999", "", None, 0):
            self.assertEqual(describe_error(code), "unknown")


@tagged("post_install", "-at_install")
class TestTwilioWire(BaseCase):
    """The fake refuses what Twilio does not have, and fails as a real connection does."""

    def _send_to(self, server):
        host, port = server.getsockname()
        gateway = TwilioGateway("AC0", TOKEN, api_base=f"http://{host}:{port}")
        gateway.send_sms(RECIPIENT, "Hello", sender=GOOD_SENDER)

    def test_a_real_connection_that_is_refused(self):
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))  # taken, but nobody listens
            with self.assertRaises(Unavailable) as raised:
                self._send_to(closed)
        self.assertIs(type(raised.exception), Unavailable)

    def test_a_real_connection_that_breaks_before_the_answer(self):
        def take_and_hang_up():
            connection, _address = server.accept()
            with connection:
                connection.recv(65536)

        with socket.create_server(("127.0.0.1", 0)) as server:
            thread = threading.Thread(target=take_and_hang_up)
            thread.start()
            with self.assertRaises(OutcomeUnknown):
                self._send_to(server)
            thread.join()

    def test_an_unknown_field_fails_the_test(self):
        url = "https://api.twilio.com/2010-04-01/Accounts/AC0/Messages.json"
        with self.assertRaises(AssertionError), patch_twilio_wire() as fake:
            fake.request("POST", url, data={"To": RECIPIENT, "Text": "Hello"})

    def test_a_fault_that_did_not_happen_fails_the_test(self):
        with self.assertRaises(AssertionError), patch_twilio_wire() as fake:
            fake.fail_next(timeout=True)
