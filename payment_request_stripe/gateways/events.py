# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Our words for what happens at Stripe and Twilio, and the reading of Stripe's objects into them.

Objects are read tolerantly (missing is None, a reference may be an id or the expanded object) but
never wrongly: an amount that is no integer, a text where a flag belongs, a date out of range make
the whole payload malformed, because money would be booked from it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from enum import Enum
from typing import Any

from .errors import MalformedPayload

PAID_STATUSES = frozenset({"paid", "no_payment_required"})


class CheckoutStatus(str, Enum):
    OPEN = "open"
    COMPLETE = "complete"
    EXPIRED = "expired"


@dataclass(frozen=True)
class CheckoutLine:
    """One line of a checkout: `amount` in minor units."""

    name: str
    amount: int
    description: str = ""


@dataclass(frozen=True)
class CheckoutOrder:
    """What one checkout asks for; its total is the sum of its lines.

    :ivar customer_ref: Stripe's customer, or None to let Stripe ask for the payer's address
    :ivar customer_email: where Stripe sends its receipt, or ``""``
    :ivar locale: a language, in Odoo's or in IETF form; ``""`` lets the browser decide
    :ivar expires_at: naive UTC; Stripe takes 30 minutes to 24 hours from now
    :ivar reference: our name of the request
    :ivar description: what Stripe's dashboard shows; must equal no transaction's reference
    """

    currency: str
    lines: Sequence[CheckoutLine]
    success_url: str
    cancel_url: str
    expires_at: datetime
    reference: str
    description: str
    customer_ref: str | None = None
    customer_email: str = ""
    locale: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class CheckoutSession:
    """A Checkout Session as Stripe shows it; `amount` in minor units, `expires_at` naive UTC."""

    ref: str
    status: CheckoutStatus
    payment_status: str
    is_paid: bool
    url: str | None
    expires_at: datetime
    amount: int
    currency: str
    payment_intent_ref: str | None
    customer_ref: str | None
    metadata: dict[str, str]


@dataclass(frozen=True)
class PaymentEvent:
    """One thing that happened at Stripe, told or asked.

    :ivar object_type: what it happened to (``checkout.session``, ``payment_intent``, ``charge``,
        ``refund``, ``dispute``, …), `object_ref` which one
    :ivar amount: what Stripe took, refunded or disputes, in minor units
    :ivar payment_status: a session's ``payment_status``, any other object's ``status``
    :ivar session_status: a session's ``status``, else ``""``
    :ivar is_paid: the money was taken
    """

    ref: str
    type: str
    livemode: bool
    occurred_at: datetime
    object_type: str
    object_ref: str
    metadata: dict[str, str]
    session_ref: str | None
    payment_intent_ref: str | None
    charge_ref: str | None
    customer_ref: str | None
    amount: int | None
    currency: str | None
    is_paid: bool
    payment_status: str
    session_status: str
    failure_code: str | None
    failure_message: str | None


@dataclass(frozen=True)
class DeliveryReport:
    """A message that the vendor took: its reference and the vendor's first word on it."""

    ref: str
    status: str


# === READING === #


def parse_session(session: Mapping[str, Any]) -> CheckoutSession:
    """Read a Checkout Session.

    :raise MalformedPayload: when it is none
    """
    try:
        status = CheckoutStatus(_text(session, "status") or "")
    except ValueError as error:
        raise MalformedPayload("A checkout session without a status") from error
    payment_status = _text(session, "payment_status") or ""
    return CheckoutSession(
        ref=_required(session, "id"),
        status=status,
        payment_status=payment_status,
        is_paid=payment_status in PAID_STATUSES,
        url=_text(session, "url"),
        expires_at=_moment(session, "expires_at"),
        amount=_integer(session, "amount_total") or 0,
        currency=_required(session, "currency").upper(),
        payment_intent_ref=_reference(session, "payment_intent"),
        customer_ref=_reference(session, "customer"),
        metadata=_metadata(session),
    )


def parse_event(payload: Mapping[str, Any]) -> PaymentEvent:
    """Read an event of Stripe's, or what `StripeGateway.retrieve_checkout` returns.

    :raise MalformedPayload: when it is no event, or holds something that money cannot rest on
    """
    if not isinstance(payload, Mapping):
        raise MalformedPayload("An event is a JSON object")
    obj = _mapping(_mapping(payload, "data"), "object")
    livemode = payload.get("livemode")
    if not isinstance(livemode, bool):
        raise MalformedPayload("An event says whether it is live")
    object_type = _required(obj, "object")
    is_session = object_type == "checkout.session"
    intent = _intent(obj, object_type)
    failure = _failure(obj, intent, object_type)
    status = _text(obj, "payment_status" if is_session else "status") or ""
    return PaymentEvent(
        ref=_required(payload, "id"),
        type=_required(payload, "type"),
        livemode=livemode,
        occurred_at=_moment(payload, "created"),
        object_type=object_type,
        object_ref=_text(obj, "id") or "",
        metadata=_metadata(obj),
        session_ref=_required(obj, "id") if is_session else None,
        payment_intent_ref=(
            _required(obj, "id")
            if object_type == "payment_intent"
            else _reference(obj, "payment_intent")
        ),
        charge_ref=_charge_ref(obj, intent, object_type),
        customer_ref=_reference(obj, "customer"),
        amount=_amount(obj, intent, object_type),
        currency=(_text(obj, "currency") or "").upper() or None,
        is_paid=_is_paid(obj, intent, object_type),
        payment_status=status,
        session_status=(_text(obj, "status") or "") if is_session else "",
        failure_code=failure[0],
        failure_message=failure[1],
    )


def _intent(obj: Mapping[str, Any], object_type: str) -> Mapping[str, Any]:
    """Return the payment intent as far as `obj` holds it."""
    if object_type == "payment_intent":
        return obj
    intent = obj.get("payment_intent")
    return intent if isinstance(intent, Mapping) else {}


def _charge_ref(obj: Mapping[str, Any], intent: Mapping[str, Any], object_type: str) -> str | None:
    if object_type == "charge":
        return _required(obj, "id")
    return _reference(obj, "charge") or _reference(intent, "latest_charge")


def _amount(obj: Mapping[str, Any], intent: Mapping[str, Any], object_type: str) -> int | None:
    received = _integer(intent, "amount_received")
    if object_type == "payment_intent":
        return received
    if object_type == "checkout.session":
        # What was taken before what was asked; the intent is there when we asked Stripe.
        return received or _integer(obj, "amount_total")
    return _integer(obj, "amount")


def _is_paid(obj: Mapping[str, Any], intent: Mapping[str, Any], object_type: str) -> bool:
    if intent.get("status") == "succeeded":
        return True
    if object_type == "checkout.session":
        return obj.get("payment_status") in PAID_STATUSES
    return object_type == "charge" and obj.get("paid") is True


def _failure(
    obj: Mapping[str, Any], intent: Mapping[str, Any], object_type: str
) -> tuple[str | None, str | None]:
    """Return why it failed: the issuer's code before Stripe's, and Stripe's sentence."""
    error = intent.get("last_payment_error")
    if isinstance(error, Mapping) and not _is_paid(obj, intent, object_type):
        return _text(error, "decline_code") or _text(error, "code"), _text(error, "message")
    if object_type == "dispute":
        return _text(obj, "reason"), None
    code = _text(obj, "failure_code") or _text(obj, "failure_reason")
    return code, _text(obj, "failure_message")


# === FIELDS === #


def _mapping(source: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = source.get(name)
    if not isinstance(value, Mapping):
        raise MalformedPayload(f"An event without {name}")
    return value


def _text(source: Mapping[str, Any], name: str) -> str | None:
    value = source.get(name)
    if value is not None and not isinstance(value, str):
        raise MalformedPayload(f"{name} is no text")
    return value or None


def _required(source: Mapping[str, Any], name: str) -> str:
    value = _text(source, name)
    if not value:
        raise MalformedPayload(f"{name} is missing")
    return value


def _reference(source: Mapping[str, Any], name: str) -> str | None:
    value = source.get(name)
    if isinstance(value, Mapping):
        return _text(value, "id")
    return _text(source, name)


def _integer(source: Mapping[str, Any], name: str) -> int | None:
    """Return a number of minor units, or None when there is none."""
    value = source.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise MalformedPayload(f"{name} is no amount in minor units")
    return value


def _moment(source: Mapping[str, Any], name: str) -> datetime:
    value = source.get(name)
    if isinstance(value, bool) or not isinstance(value, int):
        raise MalformedPayload(f"{name} is no time")
    try:
        return datetime.fromtimestamp(value, timezone.utc).replace(tzinfo=None)
    except (OverflowError, ValueError, OSError) as error:
        raise MalformedPayload(f"{name} is no time") from error


def _metadata(source: Mapping[str, Any]) -> dict[str, str]:
    value = source.get("metadata") or {}
    if not isinstance(value, Mapping):
        raise MalformedPayload("metadata is no object")
    return {
        key: text for key, text in value.items() if isinstance(key, str) and isinstance(text, str)
    }
