# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The door to Twilio: the only module that imports its SDK."""

from __future__ import annotations

import logging
import re
import ssl
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import requests
import urllib3
from twilio.base.exceptions import TwilioException
from twilio.http import HttpClient
from twilio.http.http_client import TwilioHttpClient
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from .errors import (
    ANSWER_LOST,
    NOT_CONNECTED,
    TWILIO_ERRORS,
    GatewayError,
    Misconfigured,
    OutcomeUnknown,
    classify,
)
from .events import DeliveryReport

TIMEOUT = 10  # seconds; the SDK's own is for ever

_PHONE_NUMBER = re.compile(r"\+[1-9]\d{6,14}")
_SERVICE = re.compile(r"MG\w+")

# The SDK logs every request's address and headers.
if (_sdk_logger := logging.getLogger("twilio.http_client")).level == logging.NOTSET:
    _sdk_logger.setLevel(logging.WARNING)


class TwilioGateway:
    """One Twilio account, in our words; safe to share between threads."""

    def __init__(
        self,
        account_sid: str,
        auth_token: str,
        *,
        api_base: str | None = None,
        http_client: HttpClient | None = None,
    ) -> None:
        """
        :param api_base: another address than Twilio's own, for a stand-in
        :param http_client: another transport than `requests` with our time-out
        :raise Misconfigured: when the account or the token is missing
        """
        if not account_sid or not auth_token:
            raise Misconfigured("The Twilio account or its token is missing.")
        self._account_sid = account_sid
        self._auth_token = auth_token
        self._api_base = api_base
        self._http_client = http_client
        self._of_thread = threading.local()

    def __repr__(self) -> str:
        return f"<TwilioGateway {self._account_sid[:6]}…>"

    def send_sms(
        self,
        to: str,
        body: str,
        *,
        sender: str = "",
        messaging_service: str = "",
        status_callback: str = "",
    ) -> DeliveryReport:
        """Hand a text over to Twilio, once.

        :param to: E.164
        :param sender: one of the account's numbers; not used when `messaging_service` is given
        :param status_callback: where Twilio tells what becomes of it
        :raise OutcomeUnknown: when it may have been sent: it must not be repeated by a machine
        :raise Unavailable: when it was not sent and may be tried again
        :raise Misconfigured: account, token or sender are wrong
        :raise Refused: Twilio said no; its ``code`` says why, see `describe_error`
        """
        if not sender and not messaging_service:
            raise Misconfigured("There is no number or messaging service to send from.")
        fields: dict[str, Any] = {"to": to, "body": body}
        if messaging_service:
            fields["messaging_service_sid"] = messaging_service
        else:
            fields["from_"] = sender
        if status_callback:
            fields["status_callback"] = status_callback
        with _translated():
            message = self._client().messages.create(**fields)
        if not message.sid:
            raise OutcomeUnknown("Twilio's answer names no message.")
        return DeliveryReport(ref=str(message.sid), status=str(message.status or ""))

    def get_account_status(self) -> str:
        """Return Twilio's word for how the account is: ``active``, ``suspended`` or ``closed``."""
        with _translated():
            account = self._client().api.v2010.accounts(self._account_sid).fetch()
        return str(account.status or "")

    def find_missing_senders(self, senders: Iterable[str]) -> list[str]:
        """Return those of `senders` from which this account cannot send SMS.

        Short codes and names are no phone numbers, so Twilio cannot be asked about them here.
        """
        numbers = {sender: "+" + re.sub(r"\D", "", sender) for sender in senders}
        return [
            sender
            for sender, number in numbers.items()
            if _PHONE_NUMBER.fullmatch(number) and not self._can_send_from(number)
        ]

    def _can_send_from(self, number: str) -> bool:
        with _translated():
            found = self._client().incoming_phone_numbers.list(phone_number=number, limit=20)
        able: list[Any] = [one.capabilities for one in found if one.phone_number == number]
        return any(one and one.get("sms") for one in able)

    def has_messaging_service(self, sid: str) -> bool:
        """Tell whether this account has the messaging service `sid`."""
        if not _SERVICE.fullmatch(sid):
            return False
        try:
            with _translated():
                self._client().messaging.v1.services(sid).fetch()
        except GatewayError as error:
            if error.http_status == 404:
                return False
            raise
        return True

    def is_valid_callback(
        self, url: str, form: Mapping[str, str | list[str]], signature: str | None
    ) -> bool:
        """Tell whether Twilio signed a request to `url`, the public address, with `form`.

        :param form: the whole form; of repeated fields every value counts (a werkzeug MultiDict
            or a dict of lists)
        """
        if not signature or not isinstance(signature, str):
            return False
        try:
            return bool(RequestValidator(self._auth_token).validate(url, _Form.of(form), signature))
        except ValueError:  # an address that is none
            return False

    def _client(self) -> Client:
        """Return this thread's client.

        The SDK's transport keeps its last answer on itself and returns it from there: shared by two
        threads, one would get the other's.
        """
        client: Client | None = getattr(self._of_thread, "client", None)
        if client is None:
            client = Client(
                self._account_sid,
                self._auth_token,
                http_client=self._http_client or TwilioHttpClient(timeout=TIMEOUT),
                # Not the process's environment, which could redirect us to another region.
                environment={"TWILIO_REGION": "", "TWILIO_EDGE": ""},
            )
            if self._api_base:
                for domain in (client.api, client.messaging):
                    domain.base_url = self._api_base.rstrip("/")
            self._of_thread.client = client
        return client


class _Form(dict[str, list[str]]):
    """A form as the SDK's validator reads it: every value of every field."""

    @classmethod
    def of(cls, form: Mapping[str, str | list[str]]) -> _Form:
        values = getattr(form, "getlist", None)
        if values:
            return cls({name: list(values(name)) for name in form})
        return cls(
            {
                name: [value] if isinstance(value, str) else list(value)
                for name, value in form.items()
            }
        )

    def getlist(self, name: str) -> list[str]:
        return self[name]


@contextmanager
def _translated() -> Iterator[None]:
    """Turn the SDK's and the transport's errors into ours, without what they may carry."""
    try:
        yield
    except TwilioException as error:
        # What fails while a list is read carries no more than the answer itself.
        answers = [one.status_code for one in error.args if hasattr(one, "status_code")]
        status = getattr(error, "status", None) or (answers[0] if answers else None)
        code = str(getattr(error, "code", None) or "")
        raise classify(TWILIO_ERRORS, status=status, code=code)(
            _words(error),
            code="" if code == str(status) else code,
            http_status=status,
        ) from None
    except requests.RequestException as error:
        kind = NOT_CONNECTED if _never_left(error) else ANSWER_LOST
        raise classify(TWILIO_ERRORS, kind=kind)(
            f"Twilio did not answer ({type(error).__name__})."
        ) from None
    except ValueError:  # an answer came, and was no JSON
        raise classify(TWILIO_ERRORS, kind=ANSWER_LOST)("Twilio's answer is unreadable.") from None


def _words(error: TwilioException) -> str:
    """Return Twilio's sentence, in either of the two shapes of its errors."""
    words = getattr(error, "detail", "") or getattr(error, "title", "") or getattr(error, "msg", "")
    return re.sub(r"^Unable to \w+ record: ", "", str(words or "Twilio gave no reason."))


# What fails before anything can reach Twilio; whatever else fails may have been sent.
_NEVER_LEFT = (
    requests.ConnectTimeout,
    requests.exceptions.InvalidHeader,
    requests.exceptions.InvalidSchema,
    requests.exceptions.InvalidURL,
    requests.exceptions.MissingSchema,
)
# How http.client begins what it says of a proxy that will not connect us.
_NO_TUNNEL = "Tunnel connection failed"


def _never_left(error: requests.RequestException) -> bool:
    """Tell whether a request failed before anything could reach Twilio."""
    if isinstance(error, _NEVER_LEFT):
        return True
    cause = error.args[0] if error.args else None
    reason = getattr(cause, "reason", cause)
    if isinstance(reason, urllib3.exceptions.ProxyError):
        # The proxy may be unreachable, or refuse; in urllib3 1.26 it may also be a connection
        # through it that broke later, when Twilio had the text.
        reason = reason.original_error
        if str(reason).startswith(_NO_TUNNEL):
            return True
    if isinstance(reason, urllib3.exceptions.SSLError):
        return any(isinstance(arg, ssl.SSLCertVerificationError) for arg in reason.args)
    return isinstance(
        reason, urllib3.exceptions.NewConnectionError | urllib3.exceptions.ConnectTimeoutError
    )
