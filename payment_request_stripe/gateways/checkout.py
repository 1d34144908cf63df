# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What we ask of Stripe's Checkout, and what its sessions say happened."""

from __future__ import annotations

import re
import time
from calendar import timegm
from collections.abc import Mapping, Sequence
from typing import Any

from .debits import TYPICAL_DAYS
from .events import CheckoutLine, CheckoutOrder, CheckoutSession, CheckoutStatus, parse_session

# Methods whose charge is made when the money is taken; any other may settle days later.
_AT_ONCE = frozenset({"card", "link"})
MAX_LINES = 100
NAME_LENGTH = 250
DESCRIPTION_LENGTH = 1000
REFERENCE_LENGTH = 200

# Languages in which Checkout speaks; any other is left to the browser.
LOCALES = frozenset(
    "bg cs da de el en en-GB es es-419 et fi fil fr fr-CA hi-IN hr hu id it ja ko lt lv ms mt nb "
    "nl pl pt pt-BR ro ru sk sl sv th tr vi zh zh-HK zh-TW".split()
)
_LATIN_AMERICA = frozenset(
    "419 AR BO CL CO CR CU DO EC GT HN MX NI PA PE PR PY SV US UY VE".split()
)


def checkout_parameters(order: CheckoutOrder) -> dict[str, Any]:
    """Return the parameters that open a checkout for `order`; they can be kept as JSON.

    :raise ValueError: when there is nothing to pay, or a line is not positive
    """
    if not order.lines or any(line.amount <= 0 for line in order.lines):
        raise ValueError("each line of a checkout asks for money")
    payment = {
        "description": order.description[:DESCRIPTION_LENGTH],
        "receipt_email": order.customer_email,
        "metadata": dict(order.metadata),
    }
    parameters: dict[str, Any] = {
        "mode": "payment",
        "line_items": [
            _line_item(line, order.currency, order.reference) for line in _fit(order.lines)
        ],
        "success_url": order.success_url,
        "cancel_url": order.cancel_url,
        "expires_at": timegm(order.expires_at.utctimetuple()),
        "client_reference_id": order.reference[:REFERENCE_LENGTH],
        "locale": _locale(order.locale),
        # The payer pays the invoice's currency, or the books would not agree.
        "adaptive_pricing": {"enabled": False},
        "metadata": dict(order.metadata),
        # Stripe does not copy the session's metadata to the intent, and refuses empty texts.
        "payment_intent_data": {name: value for name, value in payment.items() if value},
    }
    if order.customer_ref:
        parameters["customer"] = order.customer_ref
    elif order.customer_email:
        parameters["customer_email"] = order.customer_email
    return parameters


def _line_item(line: CheckoutLine, currency: str, fallback_name: str) -> dict[str, Any]:
    product = {"name": _cut(line.name or fallback_name, NAME_LENGTH)}
    if line.description:
        product["description"] = _cut(line.description, DESCRIPTION_LENGTH)
    return {
        "quantity": 1,
        "price_data": {
            "currency": currency.lower(),
            "unit_amount": line.amount,
            "product_data": product,
        },
    }


def _fit(lines: Sequence[CheckoutLine]) -> list[CheckoutLine]:
    """Return at most as many lines as Stripe takes, the last standing for all that follow."""
    if len(lines) <= MAX_LINES:
        return list(lines)
    rest = lines[MAX_LINES - 1 :]
    name = f"{rest[0].name} – {rest[-1].name} ({len(rest)})"
    return [*lines[: MAX_LINES - 1], CheckoutLine(name, sum(line.amount for line in rest))]


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"


def _locale(language: str) -> str:
    """Return the locale of Checkout for a language like ``es_MX``, ``pt-BR`` or ``sr@latin``."""
    base, _, region = re.split(r"[@.]", language.replace("_", "-"))[0].partition("-")
    base = {"no": "nb", "tl": "fil"}.get(base.lower(), base.lower())
    if base == "es" and region.upper() in _LATIN_AMERICA:
        return "es-419"
    if base == "hi":
        return "hi-IN"
    for candidate in (f"{base}-{region.upper()}", base):
        if candidate in LOCALES:
            return candidate
    return "auto"


def slow_since(session: Mapping[str, Any]) -> int | None:
    """Return when (Unix time) the charge of a paid session was made, if it may be paid later.

    The charge of a bank debit is as old as its submission, days before the money comes. None
    when the charge is the moment of the payment, or there is no payment.
    """
    if session.get("payment_status") != "paid" and _intent(session).get("status") != "succeeded":
        return None
    charge = _charge(session)
    made = charge.get("created")
    return made if isinstance(made, int) and _method(charge) not in _AT_ONCE else None


def checkout_event(
    session: Mapping[str, Any], api_version: str, paid_at: int | None = None
) -> dict[str, Any]:
    """Return `session`, its intent and charge expanded, as the event that would tell the same.

    It happened when the money was taken, however much later we ask.

    :param paid_at: Unix time of that as far as Stripe remembers it; see `slow_since`
    :raise MalformedPayload: when it is no session
    """
    intent = _intent(session)
    parsed = parse_session(session)
    parts = ["sync", parsed.ref, parsed.status.value, parsed.payment_status]
    if parsed.status is CheckoutStatus.COMPLETE and not parsed.is_paid and intent:
        parts.append(str(intent.get("status")))
    return {
        "id": ":".join(parts),
        "object": "event",
        "type": _told_as(parsed, intent),
        "api_version": api_version,
        "livemode": session.get("livemode"),
        "created": paid_at or _happened_at(session),
        "data": {"object": dict(session)},
    }


def _happened_at(session: Mapping[str, Any]) -> int:
    """Return the moment (Unix time) of the charge, or now when it says nothing of the payment."""
    charge = _charge(session)
    made = charge.get("created")
    is_late = slow_since(session) is not None and _method(charge) in TYPICAL_DAYS
    return made if isinstance(made, int) and not is_late else int(time.time())


def _intent(session: Mapping[str, Any]) -> Mapping[str, Any]:
    intent = session.get("payment_intent")
    return intent if isinstance(intent, Mapping) else {}


def _charge(session: Mapping[str, Any]) -> Mapping[str, Any]:
    charge = _intent(session).get("latest_charge")
    return charge if isinstance(charge, Mapping) else {}


def _method(charge: Mapping[str, Any]) -> str:
    """Return Stripe's word for how a charge was paid; what does not say counts as a card."""
    details = charge.get("payment_method_details")
    return str(details.get("type") or "card") if isinstance(details, Mapping) else "card"


def _told_as(session: CheckoutSession, intent: Mapping[str, Any]) -> str:
    """Return the type of the event that says what `session` and its payment intent say."""
    if session.status is not CheckoutStatus.COMPLETE:
        return f"checkout.session.{session.status.value}"
    if not session.is_paid:
        status = intent.get("status")
        if status == "succeeded":
            return "checkout.session.async_payment_succeeded"
        if status == "canceled" or (
            status == "requires_payment_method" and intent.get("last_payment_error")
        ):
            return "checkout.session.async_payment_failed"
    return "checkout.session.completed"
