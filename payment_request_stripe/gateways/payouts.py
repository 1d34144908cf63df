# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Payouts: what Stripe sends to the bank, and the movements of its balance in each."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from .errors import MalformedPayload
from .stripe_fields import read_currency, read_minor, read_moment

# Stripe's words for what moves its balance: ours. A dispute is known by its source.
MOVEMENTS = {
    "charge": "payment",
    "payment": "payment",
    "refund": "refund",
    "payment_refund": "refund",
    "refund_failure": "refund",
    "payment_failure_refund": "refund",
    "stripe_fee": "fee",
    "stripe_fx_fee": "fee",
    "network_cost": "fee",
    "tax_fee": "fee",
    "payout": "payout",
    "payout_cancel": "returned",  # of an earlier payout, which this one carries
    "payout_failure": "returned",
}
STATES = frozenset({"paid", "pending", "in_transit", "canceled", "failed"})
# Our own type, of what asking for a payout teaches.
COMPOSITION = "payout.composition"
_ROW = ("id", "type", "amount", "fee", "net", "currency", "created")
_SOURCE = ("id", "object", "amount", "currency", "payment_intent", "status", "metadata", "created")


@dataclass(frozen=True)
class Payout:
    """A payout as Stripe shows it.

    :ivar amount: minor units of `currency`; below zero when Stripe collects from the bank
    :ivar is_automatic: only of these does Stripe say what they consist of
    :ivar is_ready: Stripe has settled what it consists of
    """

    ref: str
    status: str
    amount: int
    currency: str
    arrives_on: date
    is_automatic: bool
    is_ready: bool
    failure: str


@dataclass(frozen=True)
class Movement:
    """One movement of Stripe's balance, in minor units; `net` is `amount` less `fee`."""

    ref: str
    kind: str
    amount: int
    fee: int
    net: int
    currency: str
    source_ref: str


def parse_payout(obj: Mapping[str, Any]) -> Payout:
    """Read a payout.

    :raise MalformedPayload: when it is none, or its amount is no amount
    """
    status = obj.get("status")
    if obj.get("object") != "payout" or not obj.get("id") or status not in STATES:
        raise MalformedPayload("This is no payout")
    return Payout(
        ref=str(obj["id"]),
        status=str(status),
        amount=read_minor(obj, "amount", signed=True),
        currency=read_currency(obj),
        arrives_on=read_moment(obj, "arrival_date").date(),
        is_automatic=obj.get("automatic") is True,
        is_ready=obj.get("reconciliation_status") != "in_progress",
        failure=str(obj.get("failure_message") or ""),
    )


def parse_movement(row: Mapping[str, Any]) -> Movement:
    """Read one movement, its source expanded or not.

    :raise MalformedPayload: when its amounts are none, or do not add up
    """
    source = row.get("source")
    known = source if isinstance(source, Mapping) else {"id": source}
    kind = "dispute" if known.get("object") == "dispute" else MOVEMENTS.get(str(row.get("type")))
    payer = known.get("payment_intent") if kind == "payment" else None
    amount, fee, net = (read_minor(row, name, signed=True) for name in ("amount", "fee", "net"))
    if net != amount - fee:
        raise MalformedPayload("a movement does not add up")
    return Movement(
        ref=str(row.get("id") or ""),
        kind=kind or "other",
        amount=amount,
        fee=fee,
        net=net,
        currency=read_currency(row),
        source_ref=str(payer or known.get("id") or ""),
    )


def composition_event(
    payout: Mapping[str, Any], rows: Iterable[Mapping[str, Any]], api_version: str, livemode: bool
) -> dict[str, Any]:
    """Return a payout with its movements as an event of ours; its id changes when they do."""
    kept = [_reduce(row) for row in rows]
    text = json.dumps([payout.get("status"), kept], sort_keys=True)
    proof = hashlib.sha256(text.encode()).hexdigest()[:16]
    return {
        "id": f"sync:{payout['id']}:{proof}",
        "object": "event",
        "type": COMPOSITION,
        "api_version": api_version,
        "livemode": livemode,
        "created": payout["created"],
        "data": {"object": {**payout, "movements": kept}},
    }


def movements_of(obj: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """Return the movements that `composition_event` put into its object."""
    found = obj.get("movements")
    return found if isinstance(found, list) else []


def _reduce(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return of a movement what the books are compared with; no address, no card."""
    source = row.get("source")
    kept = {name: row.get(name) for name in _ROW}
    if not isinstance(source, Mapping):
        return {**kept, "source": source}
    small = {name: source.get(name) for name in _SOURCE if name in source}
    intent = small.get("payment_intent")
    if isinstance(intent, Mapping):
        small["payment_intent"] = intent.get("id")
    if source.get("object") == "dispute":
        moves = source.get("balance_transactions") or ()
        small["balance_transactions"] = [
            {name: move.get(name) for name in _ROW} for move in moves if isinstance(move, Mapping)
        ]
    return {**kept, "source": small}
