# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The door to Stripe: the only module that imports its SDK."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any

import stripe

from .checkout import checkout_event, checkout_parameters, slow_since
from .errors import (
    STRIPE_ERRORS,
    MalformedPayload,
    Misconfigured,
    Refused,
    SignatureError,
    classify,
)
from .event_text import read_event
from .events import CheckoutSession, CheckoutStatus, parse_session
from .stripe_calls import MoneyCalls

__all__ = [
    "API_VERSION",
    "Account",
    "StripeGateway",
    "WebhookEndpoint",
    "checkout_parameters",
    "key_mode",
    "verify_webhook",
]

# The version whose objects `events` reads; the SDK's own, so that its types speak of the same.
API_VERSION = "2026-10-28.endive"
TIMEOUT = 10  # seconds; one number, not a pair
MAX_RETRIES = 2
TOLERANCE = 300  # seconds between Stripe's clock and ours

_SECRET = re.compile(r"\b(?:[sr]k_(?:test|live)_|whsec_)[^\s'\"]+")

# The SDK would write a file into the home folder, and whole requests into a verbose log.
stripe.enable_telemetry = False
if (_sdk_logger := logging.getLogger("stripe")).level == logging.NOTSET:
    _sdk_logger.setLevel(logging.WARNING)


@dataclass(frozen=True)
class WebhookEndpoint:
    """A webhook endpoint as Stripe keeps it."""

    ref: str
    url: str
    status: str
    api_version: str | None
    event_types: tuple[str, ...]


@dataclass(frozen=True)
class Account:
    """The Stripe account that a key belongs to; `currency` is what it settles in by default."""

    ref: str
    country: str
    currency: str
    charges_enabled: bool


def key_mode(secret_key: str) -> str:
    """Return which mode a secret or restricted key is of: ``test``, ``live`` or ``unknown``."""
    match = re.match(r"[sr]k_(test|live)_\S", secret_key or "")
    return match[1] if match else "unknown"


# === THE GATEWAY === #


class StripeGateway(MoneyCalls):
    """One Stripe account, in our words.

    Every call raises `Unavailable` (try again later), `Misconfigured` (key or permission) or
    `Refused` (a final no). Repeated with the same idempotency key and parameters, Stripe answers
    what it answered first.
    """

    def __init__(
        self,
        secret_key: str,
        *,
        api_base: str | None = None,
        http_client: stripe.HTTPClient | None = None,
    ) -> None:
        """Know the account that `secret_key` opens, at `api_base` or Stripe's own address.

        :raise Misconfigured: when the key cannot be one
        """
        if not re.fullmatch(r"[!-~]+", secret_key or ""):
            raise Misconfigured("The secret key of Stripe is missing or contains other characters.")
        self._mode = key_mode(secret_key)
        self.api_version, self.is_live = API_VERSION, self._mode == "live"
        self._client = stripe.StripeClient(
            secret_key,
            stripe_version=API_VERSION,
            base_addresses={"api": api_base.rstrip("/")} if api_base else None,
            max_network_retries=MAX_RETRIES,
            http_client=http_client or stripe.RequestsClient(timeout=TIMEOUT),
        )

    def __repr__(self) -> str:
        return f"<StripeGateway {self._mode}>"

    def create_customer(self, parameters: Mapping[str, Any], idempotency_key: str) -> str:
        """Create a customer and return its ref."""
        options = {"idempotency_key": idempotency_key}
        return str(self._call(lambda v1: v1.customers.create(dict(parameters), options))["id"])

    def create_checkout(
        self, parameters: Mapping[str, Any], idempotency_key: str
    ) -> CheckoutSession:
        """Open a checkout with what `checkout_parameters` returned."""
        options = {"idempotency_key": idempotency_key}
        return parse_session(
            self._call(lambda v1: v1.checkout.sessions.create(dict(parameters), options))
        )

    def retrieve_checkout(self, ref: str) -> dict[str, Any]:
        """Return what became of a checkout, shaped as the event that would tell it.

        The event's id changes when the truth does. Its type is one of Stripe's, or
        ``checkout.session.open`` while nothing has happened.
        """
        session = self._retrieve(ref, expand=["payment_intent.latest_charge"])
        since = slow_since(session)
        return checkout_event(session, API_VERSION, since and self._when_settled(ref, since))

    def expire_checkout(self, ref: str) -> CheckoutSession:
        """Close a checkout, so that nobody can pay it any more.

        One that is closed already, paid or expired, is returned as it is.
        """
        try:
            session = self._call(lambda v1: v1.checkout.sessions.expire(ref))
        except Refused as error:
            if error.code == "resource_missing":
                raise
            found = parse_session(self._retrieve(ref))
            if found.status is CheckoutStatus.OPEN:
                raise
            return found
        return parse_session(session)

    def create_webhook_endpoint(
        self, url: str, event_types: Sequence[str], description: str, idempotency_key: str
    ) -> tuple[str, str]:
        """Have Stripe tell `event_types` to `url`; return the endpoint's ref and its secret."""
        parameters: Any = {
            "url": url,
            "enabled_events": list(event_types),
            "description": description,
            "api_version": API_VERSION,
        }
        options = {"idempotency_key": idempotency_key}
        endpoint = self._call(lambda v1: v1.webhook_endpoints.create(parameters, options))
        return str(endpoint["id"]), str(endpoint["secret"])

    def list_webhook_endpoints(self) -> list[WebhookEndpoint]:
        """Return the account's webhook endpoints."""
        with _translated():
            found = self._client.v1.webhook_endpoints.list({"limit": 100})
        return [
            WebhookEndpoint(
                ref=str(endpoint.id),
                url=str(endpoint.url),
                status=str(endpoint.status),
                api_version=endpoint.api_version,
                event_types=tuple(endpoint.enabled_events),
            )
            for endpoint in found.data
        ]

    def retrieve_account(self) -> Account:
        """Return the account that the key belongs to."""
        with _translated():
            account = self._client.v1.accounts.retrieve_current()
        return Account(
            ref=str(account.id),
            country=str(account.country or ""),
            currency=str(account.default_currency or "").upper(),
            charges_enabled=bool(account.charges_enabled),
        )

    def _call(self, ask: Callable[[Any], Any]) -> dict[str, Any]:
        with _translated():
            return _plain(ask(self._client.v1))

    def _collect(self, ask: Callable[[Any], Any], limit: int | None) -> list[dict[str, Any]]:
        with _translated():
            found = islice(ask(self._client.v1).auto_paging_iter(), limit)
            return [_plain(item) for item in found]

    def _retrieve(self, ref: str, expand: Sequence[str] = ()) -> dict[str, Any]:
        parameters = {"expand": list(expand)} if expand else None
        return self._call(lambda v1: v1.checkout.sessions.retrieve(ref, parameters))


def _plain(obj: stripe.StripeObject) -> dict[str, Any]:
    return obj.to_dict(for_json=True)


@contextmanager
def _translated() -> Iterator[None]:
    """Turn the SDK's errors into ours.

    They are not chained: the SDK's own may hold request headers, and so the key.
    """
    try:
        yield
    except stripe.StripeError as error:
        code = error.code or (error.error.code if error.error else "") or ""
        outcome = classify(
            STRIPE_ERRORS, kind=type(error).__name__, status=error.http_status, code=code
        )
        raise outcome(
            _words(error),
            code=code,
            http_status=error.http_status,
            request_ref=error.request_id or "",
            param=str(getattr(error, "param", None) or ""),
        ) from None


def _words(error: stripe.StripeError) -> str:
    if isinstance(error, stripe.APIConnectionError):
        return f"Stripe did not answer ({type(error.__cause__ or error).__name__})."
    return _SECRET.sub("…", error.user_message or "Stripe gave no reason.")


# === WHAT STRIPE TELLS US === #


def verify_webhook(
    body: bytes, signature_header: str | None, secrets: Sequence[str]
) -> dict[str, Any]:
    """Return the event in `body` if Stripe signed it with one of `secrets` within five minutes.

    :raise Misconfigured: when there is no secret to check with
    :raise SignatureError: when the signature is missing, forged, too old or from the future
    :raise MalformedPayload: when the body is no event
    """
    known = [secret.strip() for secret in secrets if secret and secret.strip()]
    if not known:
        raise Misconfigured("There is no webhook signing secret.")
    if not signature_header or not signature_header.isascii():
        raise SignatureError("The signature is missing.")
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise MalformedPayload("The body is not UTF-8.") from error
    if not any(_is_signed(text, signature_header, secret) for secret in known):
        raise SignatureError("The signature is wrong or too old.")
    _refuse_future(signature_header)
    return read_event(text)


def _is_signed(text: str, header: str, secret: str) -> bool:
    try:
        stripe.WebhookSignature.verify_header(text, header, secret, TOLERANCE)
    except stripe.SignatureVerificationError:
        return False
    return True


def _refuse_future(header: str) -> None:
    """The SDK minds old timestamps only, but one from the future could be replayed for long."""
    signed_at = next(
        value
        for name, _, value in (item.partition("=") for item in header.split(","))
        if name == "t"
    )
    if int(signed_at.split("=")[0]) > time.time() + TOLERANCE:
        raise SignatureError("The signature is from the future.")
