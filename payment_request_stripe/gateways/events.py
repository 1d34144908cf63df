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
from datetime import datetime
from enum import Enum
from typing import Any

from .errors import MalformedPayload
from .stripe_fields import (
    read_amount,
    read_currency,
    read_mapping,
    read_metadata,
    read_moment,
    read_reference,
    read_required,
    read_text,
)

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
        status = CheckoutStatus(read_text(session, "status") or "")
    except ValueError as error:
        raise MalformedPayload("A checkout session without a status") from error
    payment_status = read_text(session, "payment_status") or ""
    return CheckoutSession(
        ref=read_required(session, "id"),
        status=status,
        payment_status=payment_status,
        is_paid=payment_status in PAID_STATUSES,
        url=read_text(session, "url"),
        expires_at=read_moment(session, "expires_at"),
        amount=read_amount(session, "amount_total") or 0,
        currency=read_currency(session),
        payment_intent_ref=read_reference(session, "payment_intent"),
        customer_ref=read_reference(session, "customer"),
        metadata=read_metadata(session),
    )


def parse_event(payload: Mapping[str, Any]) -> PaymentEvent:
    """Read an event of Stripe's, or what `StripeGateway.retrieve_checkout` returns.

    :raise MalformedPayload: when it is no event, or holds something that money cannot rest on
    """
    if not isinstance(payload, Mapping):
        raise MalformedPayload("An event is a JSON object")
    obj = read_mapping(read_mapping(payload, "data"), "object")
    livemode = payload.get("livemode")
    if not isinstance(livemode, bool):
        raise MalformedPayload("An event says whether it is live")
    object_type = read_required(obj, "object")
    is_session = object_type == "checkout.session"
    intent = _intent(obj, object_type)
    failure = _failure(obj, intent, object_type)
    status = read_text(obj, "payment_status" if is_session else "status") or ""
    return PaymentEvent(
        ref=read_required(payload, "id"),
        type=read_required(payload, "type"),
        livemode=livemode,
        occurred_at=read_moment(payload, "created"),
        object_type=object_type,
        object_ref=read_text(obj, "id") or "",
        metadata=read_metadata(obj),
        session_ref=read_required(obj, "id") if is_session else None,
        payment_intent_ref=(
            read_required(obj, "id")
            if object_type == "payment_intent"
            else read_reference(obj, "payment_intent")
        ),
        charge_ref=_charge_ref(obj, intent, object_type),
        customer_ref=read_reference(obj, "customer"),
        amount=_amount(obj, intent, object_type),
        currency=(read_text(obj, "currency") or "").upper() or None,
        is_paid=_is_paid(obj, intent, object_type),
        payment_status=status,
        session_status=(read_text(obj, "status") or "") if is_session else "",
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
        return read_required(obj, "id")
    return read_reference(obj, "charge") or read_reference(intent, "latest_charge")


def _amount(obj: Mapping[str, Any], intent: Mapping[str, Any], object_type: str) -> int | None:
    received = read_amount(intent, "amount_received")
    if object_type == "payment_intent":
        return received
    if object_type == "checkout.session":
        # What was taken before what was asked; the intent is there when we asked Stripe.
        return received or read_amount(obj, "amount_total")
    return read_amount(obj, "amount")


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
        code = read_text(error, "decline_code") or read_text(error, "code")
        return code, read_text(error, "message")
    if object_type == "dispute":
        return read_text(obj, "reason"), None
    code = read_text(obj, "failure_code") or read_text(obj, "failure_reason")
    return code, read_text(obj, "failure_message")
