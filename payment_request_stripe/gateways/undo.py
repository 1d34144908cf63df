# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Money that goes back: what we ask of Stripe's refunds, and what its refunds and disputes say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from .errors import MalformedPayload
from .money import step
from .stripe_fields import read_currency, read_minor, read_moment, read_reference

# Stripe's word for a refund: ours. What Stripe may still add is on its way, never booked.
REFUND_STATES = {
    "pending": "pending",
    "requires_action": "pending",
    "succeeded": "succeeded",
    "failed": "failed",
    "canceled": "cancelled",
}
# Stripe knows three reasons; any other text stays with us.
REFUND_REASONS = frozenset({"duplicate", "fraudulent", "requested_by_customer"})
# Stripe's word for a dispute: ours.
DISPUTE_STATES = {
    "warning_needs_response": "inquiry",
    "warning_under_review": "inquiry",
    "warning_closed": "none",
    "needs_response": "open",
    "under_review": "open",
    "won": "won",
    "lost": "lost",
    "prevented": "none",
}
# In these evidence is waited for; afterwards it was sent, and the bank decides.
ANSWERABLE_DISPUTES = frozenset({"warning_needs_response", "needs_response"})
# A dispute that is closed is not opened again by an older event.
CLOSED_DISPUTES = frozenset({"won", "lost", "warning_closed", "prevented"})


@dataclass(frozen=True)
class Refund:
    """A refund as Stripe shows it.

    :ivar amount: minor units of `currency`
    :ivar state: ``pending``, ``succeeded``, ``failed`` or ``cancelled``
    :ivar created_at: naive UTC
    """

    ref: str
    state: str
    amount: int
    currency: str
    payment_intent_ref: str | None
    metadata: dict[str, str]
    created_at: datetime
    failure_reason: str


@dataclass(frozen=True)
class BalanceLine:
    """One movement of Stripe's balance: minor units, `amount` signed, `fee` what Stripe keeps."""

    ref: str
    amount: int
    fee: int
    currency: str
    created_at: datetime


@dataclass(frozen=True)
class Dispute:
    """A dispute as Stripe shows it.

    :ivar amount: minor units of `currency`
    :ivar state: ``none``, ``inquiry``, ``open``, ``won`` or ``lost``
    :ivar due_by: naive UTC, until when evidence is taken, or None
    :ivar moves: what it moved on the balance so far, the oldest first
    """

    ref: str
    status: str
    state: str
    amount: int
    currency: str
    reason: str
    payment_intent_ref: str | None
    due_by: datetime | None
    moves: tuple[BalanceLine, ...]

    @property
    def is_changed(self) -> bool:
        """Tell whether it moved the balance in another currency than its own."""
        return any(move.currency != self.currency for move in self.moves)

    @property
    def held(self) -> int:
        """Return what Stripe holds back as things stand, in minor units of `currency`.

        What is changed into another currency comes back at another rate. There a return is one of
        all, unless the dispute is lost: of that it is told about what part came back.
        """
        if not self.is_changed:
            return max(-sum(move.amount for move in self.moves), 0)
        taken = back = count = 0
        for move in self.moves:
            count += (move.amount > 0) - (move.amount < 0)
            if move.amount < 0 and back:
                taken = back = 0  # what had come back is taken again
            taken -= min(move.amount, 0)
            back += max(move.amount, 0)
        if not back or self.state != "lost":
            return self.amount if count < 0 else 0
        unit = step(self.currency)
        return max(self.amount - round(Decimal(self.amount) * back / taken / unit) * unit, 0)

    @property
    def is_closed(self) -> bool:
        return self.status in CLOSED_DISPUTES

    @property
    def is_answerable(self) -> bool:
        return self.status in ANSWERABLE_DISPUTES


def refund_parameters(
    payment_intent_ref: str, amount: int, reason: str, metadata: Mapping[str, str]
) -> dict[str, Any]:
    """Return the parameters of a refund of `amount` minor units; they can be kept as JSON.

    :raise ValueError: when there is nothing to refund
    """
    if amount <= 0:
        raise ValueError("a refund gives money back")
    parameters: dict[str, Any] = {
        "payment_intent": payment_intent_ref,
        "amount": amount,
        "metadata": dict(metadata),
    }
    if reason in REFUND_REASONS:
        parameters["reason"] = reason
    return parameters


def refund_event(
    refund: Mapping[str, Any], api_version: str, livemode: bool, happened_at: int | None = None
) -> dict[str, Any]:
    """Return `refund` as the event that would tell the same; its id changes when the truth does.

    :param happened_at: Unix time since when it is as it is; without it since it was made
    """
    known = parse_refund(refund)
    return {
        "id": ":".join(
            ["sync", known.ref, known.state, *(move.ref for move in moves_told(refund))]
        ),
        "object": "event",
        "type": "refund.updated",
        "api_version": api_version,
        "livemode": livemode,
        "created": happened_at or refund["created"],
        "data": {"object": dict(refund)},
    }


def parse_refund(refund: Mapping[str, Any]) -> Refund:
    """Read a refund.

    :raise MalformedPayload: when it is none, or its amount is no amount
    """
    status = str(refund.get("status") or "")
    if refund.get("object") != "refund" or not refund.get("id"):
        raise MalformedPayload("This is no refund")
    return Refund(
        ref=str(refund["id"]),
        state=REFUND_STATES.get(status, "pending"),
        amount=read_minor(refund, "amount"),
        currency=read_currency(refund),
        payment_intent_ref=read_reference(refund, "payment_intent"),
        metadata={str(key): str(text) for key, text in (refund.get("metadata") or {}).items()},
        created_at=read_moment(refund, "created"),
        failure_reason=str(refund.get("failure_reason") or ""),
    )


def parse_dispute(dispute: Mapping[str, Any]) -> Dispute:
    """Read a dispute.

    :raise MalformedPayload: when it is none, or its amount is no amount
    """
    status = str(dispute.get("status") or "")
    if dispute.get("object") != "dispute" or not dispute.get("id"):
        raise MalformedPayload("This is no dispute")
    details = dispute.get("evidence_details") or {}
    return Dispute(
        ref=str(dispute["id"]),
        status=status,
        state=DISPUTE_STATES.get(status, "open"),
        amount=read_minor(dispute, "amount"),
        currency=read_currency(dispute),
        reason=str(dispute.get("reason") or ""),
        payment_intent_ref=read_reference(dispute, "payment_intent"),
        due_by=read_moment(details, "due_by") if details.get("due_by") else None,
        moves=parse_moves(dispute.get("balance_transactions") or ()),
    )


def parse_moves(moves: Sequence[Mapping[str, Any]]) -> tuple[BalanceLine, ...]:
    """Read movements of Stripe's balance, the oldest first."""
    lines = [parse_move(move) for move in moves]
    return tuple(sorted(lines, key=lambda line: (line.created_at, line.ref)))


def moves_told(obj: Mapping[str, Any]) -> tuple[BalanceLine, ...]:
    """Read what a charge or refund moved on Stripe's balance, as far as it was expanded.

    A refund that failed after it had left moved it twice.

    :raise MalformedPayload: when an amount is none
    """
    names = ("balance_transaction", "failure_balance_transaction")
    return tuple(parse_move(move) for name in names if isinstance(move := obj.get(name), Mapping))


def parse_move(move: Mapping[str, Any]) -> BalanceLine:
    """Read one movement of Stripe's balance.

    :raise MalformedPayload: when its amounts are none
    """
    return BalanceLine(
        ref=str(move.get("id") or ""),
        amount=read_minor(move, "amount", signed=True),
        fee=read_minor(move, "fee", signed=True),
        currency=read_currency(move),
        created_at=read_moment(move, "created"),
    )
