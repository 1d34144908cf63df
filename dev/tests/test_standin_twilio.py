"""The Twilio stand-in, driven by Twilio's SDK; the mail sink and the inbox page beside it."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import pytest
import requests
from twilio.base.exceptions import TwilioRestException
from twilio.request_validator import RequestValidator

from .helpers import ACCOUNT, PHONE, SENDER, TOKEN, eventually, twilio_client


class Callbacks(ThreadingHTTPServer):
    """Keeps status callbacks: (url, form, signature)."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.received = []
        threading.Thread(target=self.serve_forever, daemon=True).start()


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        form = {key: rows[0] for key, rows in parse_qs(body, keep_blank_values=True).items()}
        url = self.server.url + self.path
        self.server.received.append((url, form, self.headers["X-Twilio-Signature"]))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_words):
        """Quiet."""


@pytest.fixture
def callbacks():
    server = Callbacks()
    yield server
    server.shutdown()
    server.server_close()


def test_a_message_travels_and_signed_callbacks_tell(messages, callbacks):
    url = callbacks.url + "/payment_request/twilio/status/uuid-1"
    made = messages.create(to=PHONE, from_=SENDER, body="Hello", status_callback=url)
    assert made.status == "queued"
    assert eventually(lambda: len(callbacks.received) == 2)
    assert [form["MessageStatus"] for _url, form, _s in callbacks.received] == ["sent", "delivered"]
    validator = RequestValidator(TOKEN)
    assert all(validator.validate(*row) for row in callbacks.received)
    wrong = RequestValidator("another token")
    assert not any(wrong.validate(*row) for row in callbacks.received)
    assert messages(made.sid).fetch().status == "delivered"


def test_a_messaging_service_accepts_first(messages, callbacks):
    made = messages.create(
        to=PHONE,
        messaging_service_sid="MG" + "2" * 32,
        body="Hello",
        status_callback=callbacks.url + "/x",
    )
    assert made.status == "accepted"
    assert eventually(lambda: len(callbacks.received) == 3)
    statuses = [form["MessageStatus"] for _url, form, _signature in callbacks.received]
    assert statuses == ["queued", "sent", "delivered"]


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"to": "+15005550001"}, 21211),
        ({"to": "+15005550002"}, 21612),
        ({"to": "+15005550003"}, 21408),
        ({"to": "+15005550004"}, 21610),
        ({"to": "+15005550009"}, 21614),
        ({"to": "12"}, 21211),
        ({"from_": "+15005550007"}, 21606),
        ({"body": ""}, 21602),
        ({"body": "x" * 1601}, 21617),
        ({"from_": PHONE}, 21266),
    ],
)
def test_refusals_have_twilios_codes(messages, values, code):
    with pytest.raises(TwilioRestException) as refused:
        messages.create(**{"to": PHONE, "from_": SENDER, "body": "Hello", **values})
    assert (refused.value.code, refused.value.status) == (code, 400)


def test_wrong_credentials_are_401(standins):
    answer = requests.post(
        f"{standins.twilio_url}/2010-04-01/Accounts/{ACCOUNT}/Messages.json",
        auth=("AC" + "9" * 32, TOKEN),
        timeout=10,
    )
    assert (answer.status_code, answer.json()["code"]) == (401, 20003)


def test_the_senders_of_the_account(standins):
    client = twilio_client(standins)
    (number,) = client.incoming_phone_numbers.list(phone_number=SENDER)
    assert (number.phone_number, number.capabilities["sms"]) == (SENDER, True)
    assert not client.incoming_phone_numbers.list(phone_number="+15005550007")
    service = "MG" + "2" * 32
    assert client.messaging.v1.services(service).fetch().sid == service
    with pytest.raises(TwilioRestException) as unknown:
        client.messaging.v1.services("MG-none").fetch()
    assert unknown.value.status == 404


def test_stop_then_start(standins, messages):
    standins.control("sms/stop", number=PHONE)
    with pytest.raises(TwilioRestException) as refused:
        messages.create(to=PHONE, from_=SENDER, body="Hello")
    assert refused.value.code == 21610
    standins.control("sms/start", number=PHONE)
    assert messages.create(to=PHONE, from_=SENDER, body="Hello").status == "queued"


def test_a_message_can_fail_on_its_way(standins, messages, callbacks):
    standins.control("sms/fail", number=PHONE, code=30006)
    messages.create(to=PHONE, from_=SENDER, body="Hello", status_callback=callbacks.url + "/x")
    assert eventually(lambda: len(callbacks.received) == 2)
    last = callbacks.received[-1][1]
    assert (last["MessageStatus"], last["ErrorCode"]) == ("undelivered", "30006")


def test_a_lost_answer_may_have_been_sent(standins):
    standins.control("faults", action="hang", path="Messages", seconds=2)
    with pytest.raises(requests.Timeout):
        twilio_client(standins, 0.5).messages.create(to=PHONE, from_=SENDER, body="Hello")
    assert [row["body"] for row in standins.messages()["sms"]] == ["Hello"]


@pytest.mark.parametrize(
    ("body", "segments"),
    [("x" * 160, 1), ("x" * 161, 2), ("€" * 80, 1), ("€" * 81, 2), ("ж" * 70, 1), ("ж" * 71, 2)],
)
def test_segments_are_counted(messages, body, segments):
    made = messages.create(to=PHONE, from_=SENDER, body=body)
    assert made.num_segments == str(segments)
