# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A Stripe that lives in memory, put where the SDK would open a connection.

What the addon sends is real: the SDK's own URL, headers and form, checked against the SDK's own
types (`stripe_schema`). What it gets back is what Stripe would answer, and webhook bodies carry
real signatures. Nothing of the addon is patched.

    with patch_stripe_wire() as fake:
        ...                                  # the addon opens a checkout
        event = fake.pay(session_ref)        # the payer pays at Stripe
        body, headers = fake.webhook(event, "whsec_…")

Faults: ``fake.fail_next("POST", "/v1/checkout/sessions", status=500)``, ``timeout=True``,
``refused=True``, ``lose_answer=True`` (done at Stripe, the answer is lost), or ``crash=True`` (done
at Stripe, and our process dies). What somebody else does in the meantime:
``fake.meanwhile("POST", "/v1/checkout/sessions", act)``.
"""

import base64
import copy
import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatch
from unittest.mock import patch
from urllib.parse import urlsplit

import requests
import stripe
from requests.structures import CaseInsensitiveDict

from .stripe_answers import StripeAnswers, StripeRefusal
from .stripe_schema import check_request, decode_form

# Enough for the SDK's own retries: the whole call fails.
WHOLE_CALL = 3


class Crash(Exception):
    """Our process dies: whatever it did not commit is lost."""


@dataclass
class Request:
    """A request that reached the fake: `params` decoded and checked."""

    method: str
    path: str
    params: dict
    headers: CaseInsensitiveDict
    idempotency_key: str | None


@dataclass
class Fault:
    """Trouble for the next request whose method and path match."""

    method: str
    path: str
    times: int
    status: int | None = None
    error: dict | None = None
    retry: bool = False
    trouble: Exception | None = None
    lose_answer: bool = False


class FakeStripe(stripe.HTTPClient, StripeAnswers):
    """One Stripe account behind the SDK's own HTTP client interface.

    Usable as ``StripeGateway(key, http_client=FakeStripe())`` or through `patch_stripe_wire`.
    `requests` are those that arrived; `violations` what was wrong with them, which fails the test
    at the end even if the addon swallowed the error.
    """

    name = "fake"

    def __init__(self):
        stripe.HTTPClient.__init__(self)
        StripeAnswers.__init__(self)
        self.requests = []
        self.violations = []
        self._faults = []
        self._meanwhile = []
        self._answers = {}
        self._lock = threading.RLock()

    # === FAULTS === #

    def fail_next(
        self,
        method,
        path,
        *,
        status=None,
        code=None,
        message="Something went wrong.",
        kind="api_error",
        param=None,
        retry=False,
        timeout=False,
        refused=False,
        lose_answer=False,
        crash=False,
        times=None,
    ):
        """Make the next matching call fail.

        :param path: may hold ``*``
        :param status: answer with this and an error of `kind`, `code`, `message`, `param`; the SDK
            is told not to retry, unless `retry`
        :param timeout, refused: no answer; nothing happened at Stripe
        :param lose_answer: no answer; it happened at Stripe
        :param crash: it happened at Stripe, and `Crash` ends whoever asked
        :param times: requests to fail; by default one whole call with the SDK's own retries
        """
        trouble = None
        if timeout or lose_answer:
            trouble = requests.ReadTimeout("Read timed out. (read timeout=10)")
        elif refused:
            trouble = requests.ConnectionError("Connection refused")
        elif crash:
            trouble, lose_answer, times = Crash("we died"), True, 1
        error = {"type": kind, "code": code, "message": message, "param": param}
        times = times or (WHOLE_CALL if trouble or retry else 1)
        self._faults.append(Fault(method, path, times, status, error, retry, trouble, lose_answer))

    def meanwhile(self, method, path, act):
        """Have `act()` happen while the next matching call is at Stripe: somebody else is fast."""
        self._meanwhile.append((method, path, act))

    def assert_done(self):
        """Fail when a request was wrong, or a fault that was arranged did not happen."""
        assert not self.violations, "\n".join(self.violations)
        left = [(fault.method, fault.path) for fault in self._faults]
        left += [(method, path) for method, path, _act in self._meanwhile]
        assert not left, f"arranged, but never asked for: {left}"

    def _take_fault(self, method, path):
        for fault in self._faults:
            if fault.method == method and fnmatch(path, fault.path):
                fault.times -= 1
                if not fault.times:
                    self._faults.remove(fault)
                return fault
        return None

    def _let_others_act(self, method, path):
        due = [one for one in self._meanwhile if one[0] == method and fnmatch(path, one[1])][:1]
        for one in due:
            self._meanwhile.remove(one)  # what it does may call Stripe itself
            one[2]()

    def forget_faults(self):
        """Drop what was arranged: the network is well again."""
        self._faults.clear()

    def forget_keys(self):
        """Forget all idempotency keys, as Stripe does after a day."""
        self._answers.clear()

    # === THE SDK'S INTERFACE === #

    def request(self, method, url, headers=None, post_data=None):
        """Answer as Stripe: ``(body, status, headers)``.

        :raise stripe.APIConnectionError: when there is no answer
        :raise AssertionError: when Stripe has no such call or parameter
        """
        try:
            with self._lock:
                return self._answer(method.upper(), url, CaseInsensitiveDict(headers), post_data)
        except AssertionError as error:
            self.violations.append(str(error))
            raise

    def _sleep_time_seconds(self, num_retries):
        return 0

    def close(self):
        pass

    def _answer(self, method, url, headers, post_data):
        parts = urlsplit(url)
        form = post_data if method == "POST" else parts.query
        params = check_request(method, parts.path, decode_form(form))
        key = headers.get("Idempotency-Key")
        self._check_headers(method, headers)
        self.requests.append(Request(method, parts.path, params, headers, key))
        self._let_others_act(method, parts.path)
        fault = self._take_fault(method, parts.path)
        if fault and fault.status:
            return self._error(fault.status, fault.error, fault.retry)
        if fault and not fault.lose_answer:
            raise _connection_error(fault.trouble)
        answer = self._perform_once(method, parts.path, params, headers, key)
        if fault:
            is_crash = isinstance(fault.trouble, Crash)
            raise fault.trouble if is_crash else _connection_error(fault.trouble)
        return answer

    def _check_headers(self, method, headers):
        assert headers.get("Stripe-Version"), "the API version is not pinned"
        assert "X-Stripe-Client-Telemetry" not in headers, "telemetry is on"
        assert headers.get("Authorization", "").startswith("Bearer "), "no key is sent"
        if method == "POST":
            assert headers.get("Idempotency-Key"), "a POST without an idempotency key"

    def _perform_once(self, method, path, params, headers, key):
        """Honour the idempotency key: the same answer again, or none for other parameters."""
        if key in self._answers:
            known, answer = self._answers[key]
            if known == (method, path, params):
                body, status, answer_headers = answer
                return (
                    body,
                    status,
                    CaseInsensitiveDict({**answer_headers, "Idempotent-Replayed": "true"}),
                )
            message = (
                "Keys for idempotent requests can only be used with the same parameters "
                "they were first used with."
            )
            return self._error(400, {"type": "idempotency_error", "message": message})
        try:
            answer = self._ok(self.perform(method, path, params, "_live_" in _key_of(headers)))
        except StripeRefusal as refusal:
            return self._error(refusal.status, refusal.error)
        if key:
            self._answers[key] = (method, path, copy.deepcopy(params)), answer
        return answer

    def _ok(self, obj):
        return json.dumps(obj).encode(), 200, self._headers()

    def _error(self, status, error, retry=False):
        error = {name: value for name, value in error.items() if value is not None}
        extra = {} if retry else {"Stripe-Should-Retry": "false"}
        return json.dumps({"error": error}).encode(), status, self._headers(**extra)

    def _headers(self, **extra):
        return CaseInsensitiveDict({"Request-Id": self.new_ref("req"), **extra})

    # === WEBHOOKS === #

    def webhook(self, event, secret, timestamp=None):
        """Return ``(body, headers)`` of the POST by which Stripe tells `event`."""
        body = json.dumps(event).encode()
        return body, {
            "Content-Type": "application/json; charset=utf-8",
            "Stripe-Signature": sign(body, secret, timestamp),
        }


def sign(body, secret, timestamp=None):
    """Return the ``Stripe-Signature`` header for `body`, now or at `timestamp`."""
    text = body.decode() if isinstance(body, bytes) else body
    return stripe.WebhookSignature.generate_signature_header(text, secret, timestamp)


def _connection_error(trouble):
    """Return what the SDK makes of a `requests` error."""
    try:
        stripe.RequestsClient()._handle_request_error(trouble)
    except stripe.APIConnectionError as error:
        return error
    raise AssertionError("the SDK swallowed a connection error")


def _key_of(headers):
    scheme, _, key = headers["Authorization"].partition(" ")
    return base64.b64decode(key).decode() if scheme == "Basic" else key


@contextmanager
def patch_stripe_wire(fake=None):
    """Put a `FakeStripe` where the SDK's client would use `requests`, and check it at the end."""
    fake = fake or FakeStripe()

    def request(client, method, url, headers, post_data=None):
        timeout = client._timeout
        assert isinstance(timeout, int | float) and 0 < timeout <= 10, f"time-out {timeout}"
        return fake.request(method, url, headers, post_data)

    with (
        patch.object(stripe.RequestsClient, "request", request),
        patch.object(stripe.RequestsClient, "_sleep_time_seconds", lambda *args: 0),
    ):
        yield fake
    fake.assert_done()


class StripeWireCase:
    """Mixin for test cases: `self.stripe` is the fake Stripe that every gateway talks to."""

    def setUp(self):
        super().setUp()
        wire = patch_stripe_wire()
        self.stripe = wire.__enter__()
        self.addCleanup(wire.__exit__, None, None, None)
