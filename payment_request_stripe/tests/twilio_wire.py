# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A Twilio that lives in memory, put where the SDK would open a connection.

What the addon sends is the SDK's own form, checked against what the SDK's own method takes; what it
gets back is what Twilio answers for its documented test numbers. Callbacks carry real signatures.

    with patch_twilio_wire() as fake:
        ...                                               # the addon sends a text
        form = fake.callback(fake.messages[-1], "delivered")
        signature = sign_form("https://…/status/<uuid>", form, token)

Faults: ``fake.fail_next(status=503)``, ``timeout=True`` (nobody knows), ``refused=True`` (not
sent), ``lose_answer=True`` (sent, the answer is lost), ``garbage="<html>"`` (sent, and this is
the answer).
"""

import inspect
import json
import re
import threading
import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from unittest.mock import patch

import requests
import urllib3
from twilio.http import HttpClient
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response
from twilio.request_validator import RequestValidator
from twilio.rest.api.v2010.account.message import MessageList

# What Twilio answers for the numbers it keeps for tests.
BAD_RECIPIENTS = {
    "+15005550001": (21211, "The 'To' number is not a valid phone number."),
    "+15005550002": (21612, "The 'To' number cannot be reached from the 'From' number."),
    "+15005550003": (21408, "Permission to send to this region is not enabled."),
    "+15005550004": (21610, "The recipient has opted out."),
    "+15005550009": (21614, "The 'To' number cannot receive SMS."),
}
BAD_SENDERS = {
    "+15005550001": (21659, "The 'From' number is not a phone number of this account."),
    "+15005550007": (21606, "The 'From' number cannot send SMS."),
}
GOOD_SENDER = "+15005550006"
MAX_LENGTH = 1600


@dataclass
class Fault:
    times: int
    status: int | None = None
    body: dict | None = None
    trouble: requests.RequestException | None = None
    lose_answer: bool = False
    garbage: str = ""


class FakeTwilio(HttpClient):
    """One Twilio account behind the SDK's own HTTP client interface; safe between threads.

    `messages` are those that Twilio took, as its API shows them; `attempts` counts every request,
    `opted_out` holds the numbers that wrote STOP, `numbers` the account's own with what they can
    do, `services` its messaging services.
    """

    def __init__(self, auth=None):
        """:param auth: the only ``(account sid, token)`` that is let in; by default any"""
        super().__init__(None, False)
        self.auth = auth
        self.account_status = "active"
        self.numbers = {GOOD_SENDER: {"sms": True, "mms": True, "voice": True}}
        self.services = set()
        self.messages = []
        self.attempts = 0
        self.opted_out = set()
        self.violations = []
        self._faults = []
        self._lock = threading.Lock()

    # === FAULTS === #

    def fail_next(
        self,
        *,
        status=None,
        code=None,
        message="Something went wrong.",
        problem=False,
        timeout=False,
        refused=False,
        lose_answer=False,
        garbage="",
        trouble=None,
        times=1,
    ):
        """Make the next requests fail.

        :param trouble: the error that `requests` would raise; nothing happened at Twilio
        :param problem: shape the error as RFC 9457, as Twilio's newer services do
        """
        body = {"code": code, "message": message, "status": status}
        if problem:
            body = {
                "type": "about:blank",
                "title": message,
                "status": status,
                "code": code or status,
            }
        if timeout or lose_answer:
            trouble = requests.ReadTimeout("Read timed out. (read timeout=10)")
        elif refused:
            reason = urllib3.exceptions.NewConnectionError(None, "Connection refused")
            trouble = requests.ConnectionError(
                urllib3.exceptions.MaxRetryError(None, "/Messages.json", reason)
            )
        self._faults.append(Fault(times, status, body, trouble, lose_answer, garbage))

    def assert_done(self):
        """Fail when a request was wrong, or a fault that was arranged did not happen."""
        assert not self.violations, "\n".join(self.violations)
        assert not self._faults, "a fault was arranged, but nothing was sent"

    def _take_fault(self):
        if not self._faults:
            return None
        fault = self._faults[0]
        fault.times -= 1
        if not fault.times:
            self._faults.pop(0)
        return fault

    # === THE SDK'S INTERFACE === #

    def request(
        self,
        method,
        url,
        params=None,
        data=None,
        headers=None,
        auth=None,
        timeout=None,
        allow_redirects=False,
    ):
        """Answer as Twilio.

        :raise requests.RequestException: when there is no answer
        :raise AssertionError: when Twilio has no such call or parameter
        """
        with self._lock:
            self.attempts += 1
            if method == "GET":
                return self._tell(url, params or {}, auth)
            try:
                self._check(method, url, data)
            except AssertionError as error:
                self.violations.append(str(error))
                raise
            return self._answer(data, auth)

    def _tell(self, url, params, auth):
        """Answer what is asked about the account; each vendor's domain has its own paths."""
        fault = self._take_fault()
        if fault and fault.status:
            return Response(fault.status, json.dumps(fault.body))
        if fault:
            raise fault.trouble
        if self.auth and auth != self.auth:
            return _refusal(401, 20003, "Authenticate")
        for pattern, answer in (
            (r"/2010-04-01/Accounts/AC[^/]*\.json", self._tell_account),
            (r"/2010-04-01/Accounts/AC[^/]*/IncomingPhoneNumbers\.json", self._tell_numbers),
            (r"/v1/Services/(MG[^/]*)", self._tell_service),
        ):
            if found := re.fullmatch(r"https?://[^/]+" + pattern, url):
                return answer(params, auth, *found.groups())
        raise AssertionError(f"the fake Twilio does not know GET {url}")

    def _tell_account(self, _params, auth):
        return Response(200, json.dumps({"sid": auth[0], "status": self.account_status}))

    def _tell_numbers(self, params, auth):
        """As Twilio: every number that contains the one asked for."""
        rows = [
            {"account_sid": auth[0], "phone_number": number, "capabilities": able}
            for number, able in self.numbers.items()
            if params["PhoneNumber"].strip("+") in number
        ]
        page = {"incoming_phone_numbers": rows, "page": 0, "next_page_uri": None}
        return Response(200, json.dumps(page))

    def _tell_service(self, _params, auth, sid):
        if sid not in self.services:
            return _refusal(404, 20404, "The requested resource was not found")
        return Response(200, json.dumps({"sid": sid, "account_sid": auth[0]}))

    def _check(self, method, url, data):
        route = re.fullmatch(r"https?://[^/]+/2010-04-01/Accounts/AC[^/]*/Messages\.json", url)
        assert method == "POST" and route, f"the fake Twilio does not know {method} {url}"
        unknown = set(data) - KNOWN_FIELDS
        assert not unknown, f"Twilio has no {sorted(unknown)}"
        for name, value in data.items():
            assert isinstance(value, str), f"{name}: {value!r} is no text"

    def _answer(self, data, auth):
        fault = self._take_fault()
        if fault and fault.status:
            return Response(fault.status, json.dumps(fault.body))
        if fault and fault.trouble and not fault.lose_answer:
            raise fault.trouble
        if self.auth and auth != self.auth:
            return _refusal(401, 20003, "Authenticate")
        if refusal := self._refuse(data):
            return _refusal(400, *refusal)
        message = self._take(data, auth)
        if fault and fault.garbage:
            return Response(201, fault.garbage)
        if fault:
            raise fault.trouble
        return Response(201, json.dumps(message))

    def _refuse(self, data):
        """Return ``(code, message)`` of what Twilio would complain about, or None."""
        sender, recipient, body = data.get("From"), data.get("To", ""), data.get("Body")
        if not body:
            return 21602, "A message body is required."
        if not sender and not data.get("MessagingServiceSid"):
            return 21603, "A 'From' or 'MessagingServiceSid' is required."
        if len(body) > MAX_LENGTH:
            return 21617, "The message body is longer than 1600 characters."
        if sender in BAD_SENDERS:
            return BAD_SENDERS[sender]
        if recipient in self.opted_out:
            return BAD_RECIPIENTS["+15005550004"]
        if not re.fullmatch(r"\+[1-9]\d{6,14}", recipient):
            return BAD_RECIPIENTS["+15005550001"]
        return BAD_RECIPIENTS.get(recipient)

    def _take(self, data, auth):
        service = data.get("MessagingServiceSid")
        message = {
            "account_sid": auth[0] if auth else None,
            "api_version": "2010-04-01",
            "body": data["Body"],
            "direction": "outbound-api",
            "error_code": None,
            "error_message": None,
            "from": data.get("From"),
            "messaging_service_sid": service,
            "num_media": "0",
            "num_segments": "0" if service else "1",
            "sid": "SM" + uuid.uuid4().hex,
            "status": "accepted" if service else "queued",
            "to": data["To"],
        }
        self.messages.append({**message, "status_callback": data.get("StatusCallback")})
        return message

    # === CALLBACKS === #

    def callback(self, message, status, error_code=None):
        """Return the form that Twilio posts to the status callback of `message`."""
        form = {
            "AccountSid": message["account_sid"],
            "ApiVersion": "2010-04-01",
            "From": message["from"] or GOOD_SENDER,
            "MessageSid": message["sid"],
            "MessageStatus": status,
            "SmsSid": message["sid"],
            "SmsStatus": status,
            "To": message["to"],
        }
        if error_code:
            form["ErrorCode"] = str(error_code)
        return form


def sign_form(url, form, token):
    """Return the ``X-Twilio-Signature`` header for `form` posted to the public `url`."""
    return RequestValidator(token).compute_signature(url, form)


def _refusal(status, code, message):
    body = {"code": code, "message": message, "status": status, "more_info": ""}
    return Response(status, json.dumps(body))


def _field_of(argument):
    """Return the form's field for an argument of the SDK: ``status_callback``: StatusCallback."""
    return "".join(part.capitalize() for part in argument.split("_"))


KNOWN_FIELDS = {
    _field_of(argument)
    for argument in inspect.signature(MessageList.create).parameters
    if argument != "self"
}


@contextmanager
def patch_twilio_wire(fake=None):
    """Put a `FakeTwilio` where the SDK's client would use `requests`, and check it at the end."""
    fake = fake or FakeTwilio()

    def request(client, *args, **kwargs):
        timeout = client.timeout
        assert isinstance(timeout, int | float) and 0 < timeout <= 10, f"time-out {timeout}"
        return fake.request(*args, **kwargs)

    with patch.object(TwilioHttpClient, "request", request):
        yield fake
    fake.assert_done()


class TwilioWireCase:
    """Mixin for test cases: `self.twilio` is the fake Twilio that every gateway talks to."""

    def setUp(self):
        super().setUp()
        wire = patch_twilio_wire()
        self.twilio = wire.__enter__()
        self.addCleanup(wire.__exit__, None, None, None)
