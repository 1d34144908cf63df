# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Bank debits under way: which scheme carries them, and when their outcome is to be expected."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from typing import Any

# Business days in which Stripe usually knows whether a debit went through, by its word for the
# method. From each method's page at docs.stripe.com/payments: ach-direct-debit, sepa-debit (on
# average; up to 14), bacs-debit (with a new mandate, as Checkout collects one), au-becs-debit,
# acss-debit. A method that is not here has no expected date.
TYPICAL_DAYS = {
    "acss_debit": 5,
    "au_becs_debit": 3,
    "bacs_debit": 7,
    "sepa_debit": 5,
    "us_bank_account": 4,
}


@dataclass(frozen=True)
class Debit:
    """A payment that is under way.

    :ivar method: Stripe's word for the method, or ``""``
    :ivar expected_on: when its outcome is to be expected, or None when nobody can say
    """

    method: str
    expected_on: date | None


def parse_debit(obj: Mapping[str, Any], created: int) -> Debit:
    """Read what a session, payment intent or charge says of the debit that it is about.

    Stripe's own date wins; else it is counted from the charge, or from `created` (Unix time).
    """
    charge = _charge(obj)
    details = charge.get("payment_method_details")
    details = details if isinstance(details, Mapping) else {}
    method = details.get("type") or _only_method(obj)
    method = method if isinstance(method, str) else ""
    told = details.get(method)
    told = told.get("expected_debit_date") if isinstance(told, Mapping) else None
    started = charge.get("created")
    started = started if isinstance(started, int) else created
    return Debit(method, _day(told) or _typical(method, started))


def _charge(obj: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the charge as far as `obj` holds it."""
    if obj.get("object") == "charge":
        return obj
    for name in ("payment_intent", "latest_charge"):
        if isinstance(obj.get(name), Mapping):
            return _charge(obj[name])
    return {}


def _only_method(obj: Mapping[str, Any]) -> object:
    """Return the method of a payment that could be paid by one only, or None."""
    intent = obj.get("payment_intent")
    methods = (intent if isinstance(intent, Mapping) else obj).get("payment_method_types")
    return methods[0] if isinstance(methods, list) and len(methods) == 1 else None


def _day(text: object) -> date | None:
    try:
        return date.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None


def _typical(method: str, started: int) -> date | None:
    if method not in TYPICAL_DAYS:
        return None
    return add_business_days(
        datetime.fromtimestamp(started, timezone.utc).date(), TYPICAL_DAYS[method]
    )


def add_business_days(day: date, count: int) -> date:
    """Return the day `count` business days (Monday to Friday) after `day`."""
    while count:
        day += timedelta(days=1)
        count -= day.weekday() < 5
    return day
