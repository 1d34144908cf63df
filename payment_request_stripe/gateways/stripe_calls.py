# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The calls about money that was taken: refunds, fees, disputes, payouts, recent events."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .errors import Misconfigured, Refused
from .events import parse_event
from .payouts import composition_event, parse_payout
from .undo import parse_move, parse_refund, refund_event

# How many events are looked through for the moment at which something happened.
_LOOK_THROUGH = 1000
_REFUND_TYPES = ["refund.created", "refund.failed", "refund.updated"]


class MoneyCalls:
    """What `StripeGateway` can do with money that was taken; it knows how to call and to fail."""

    api_version: str
    is_live: bool

    def _call(self, ask: Callable[[Any], Any]) -> dict[str, Any]:
        """Ask the SDK's client (``v1``) for one object and return it plain."""
        raise NotImplementedError

    def _collect(self, ask: Callable[[Any], Any], limit: int | None) -> list[dict[str, Any]]:
        """Ask for a list and return its objects over all its pages, at most `limit` if given."""
        raise NotImplementedError

    def create_refund(self, parameters: Mapping[str, Any], idempotency_key: str) -> dict[str, Any]:
        """Give back what `refund_parameters` say; return the event that tells the outcome."""
        refund = self._call(
            lambda v1: v1.refunds.create(dict(parameters), {"idempotency_key": idempotency_key})
        )
        return self._as_event(refund)

    def list_refunds(self, payment_intent_ref: str) -> list[dict[str, Any]]:
        """Return every refund of a payment intent, as the events that would tell them.

        Each is dated by Stripe's own event as far as Stripe remembers it.
        """
        found = self._collect(
            lambda v1: v1.refunds.list({"payment_intent": payment_intent_ref, "limit": 100}), 1000
        )
        known = self._when_refunded(found)
        # Of a failure only Stripe's event tells when; most refunds succeed as they are made.
        failed = {
            refund["id"]: int(time.time()) for refund in found if refund["status"] == "failed"
        }
        return [self._as_event(one, known.get(one["id"]) or failed.get(one["id"])) for one in found]

    def retrieve_refund(self, ref: str) -> dict[str, Any]:
        """Return what became of a refund that was under way, as the event that would tell it."""
        refund = self._call(lambda v1: v1.refunds.retrieve(ref))
        known = self._when_refunded([refund])
        return self._as_event(refund, known.get(ref) or int(time.time()))

    def retrieve_refund_balance(self, ref: str) -> dict[str, Any] | None:
        """Return a refund and what it moved on the balance, as the event that would tell them.

        It is of the moment of the last movement. None while Stripe does not know that.
        """
        names = ["balance_transaction", "failure_balance_transaction"]
        refund = self._call(lambda v1: v1.refunds.retrieve(ref, {"expand": names}))
        moves = [refund[name] for name in names if isinstance(refund.get(name), Mapping)]
        return self._as_event(refund, max(move["created"] for move in moves)) if moves else None

    # === WHEN IT HAPPENED === #

    def _when_settled(self, session_ref: str, since: int) -> int | None:
        """Return when (Unix time) the debit of a session arrived, or None if nobody remembers."""
        told = self._list_told(["checkout.session.async_payment_succeeded"], since)
        moments = [event["created"] for event, obj in told if obj.get("id") == session_ref]
        return min(moments, default=None)

    def _when_refunded(self, refunds: Sequence[Mapping[str, Any]]) -> dict[str, int]:
        """Return ``{ref: Unix time}`` since when refunds are as they are, if that is remembered."""
        states = {
            str(refund["id"]): state
            for refund in refunds
            if (state := parse_refund(refund).state) != "pending"
        }
        if not states:
            return {}
        since = min(refund["created"] for refund in refunds)
        known: dict[str, int] = {}
        for event, obj in self._list_told(_REFUND_TYPES, since):
            ref = str(obj.get("id"))
            if ref in states and parse_refund(obj).state == states[ref]:
                known[ref] = min(event["created"], known.get(ref, event["created"]))
        return known

    def _list_told(
        self, event_types: list[str], since: int
    ) -> list[tuple[Mapping[str, Any], Mapping[str, Any]]]:
        """Return ``[(event, its object)]`` since a moment; none where the key may not read them."""
        parameters: Any = {"types": event_types, "created": {"gte": since}, "limit": 100}
        try:
            found = self._collect(lambda v1: v1.events.list(parameters), _LOOK_THROUGH)
        except (Misconfigured, Refused):
            return []
        return [(event, event["data"]["object"]) for event in found]

    # === FEES, EVENTS, BALANCE === #

    def retrieve_charge(self, payment_intent_ref: str) -> dict[str, Any] | None:
        """Return the charge of a payment and its fee, as the event that would tell them.

        None while Stripe does not know the fee.
        """
        intent = self._call(
            lambda v1: v1.payment_intents.retrieve(
                payment_intent_ref, {"expand": ["latest_charge.balance_transaction"]}
            )
        )
        charge = intent.get("latest_charge")
        move = charge.get("balance_transaction") if isinstance(charge, Mapping) else None
        if not isinstance(charge, Mapping) or not isinstance(move, Mapping):
            return None
        return {
            "id": f"sync:{charge['id']}:{parse_move(move).ref}",
            "object": "event",
            "type": "charge.updated",
            "api_version": self.api_version,
            "livemode": self.is_live,
            "created": charge["created"],
            "data": {"object": dict(charge)},
        }

    def is_known(self, ref: str) -> bool:
        """Tell whether the payment or refund that `ref` names ever moved Stripe's balance."""
        source = ref
        try:
            if ref.startswith("pi_"):
                intent = self._call(lambda v1: v1.payment_intents.retrieve(ref))
                source = str(intent.get("latest_charge") or "")
            parameters: Any = {"source": source, "limit": 1}
            return bool(
                source and self._collect(lambda v1: v1.balance_transactions.list(parameters), 1)
            )
        except Refused as error:
            if error.code != "resource_missing":
                raise
            return False

    def pay_in_test_mode(
        self, parameters: Mapping[str, Any], idempotency_key: str
    ) -> dict[str, Any]:
        """Charge Stripe's own test card; return what became of it, as the event that tells it.

        :param parameters: ``amount`` in minor units, ``currency``, ``description``, ``metadata``
        :raise Misconfigured: with a live key
        """
        if self.is_live:
            raise Misconfigured("A test payment is made with a test key only.")
        asked: dict[str, Any] = {
            **parameters,
            "confirm": True,
            "payment_method": "pm_card_visa",
            "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
        }
        options = {"idempotency_key": idempotency_key}
        intent = self._call(lambda v1: v1.payment_intents.create(asked, options))
        event = {
            "id": f"sync:{intent['id']}:{intent['status']}",
            "object": "event",
            "type": f"payment_intent.{intent['status']}",
            "api_version": self.api_version,
            "livemode": self.is_live,
            "created": intent["created"],
            "data": {"object": dict(intent)},
        }
        parse_event(event)
        return event

    def list_events(
        self,
        event_types: list[str],
        since: int,
        until: int,
        *,
        undelivered: bool = False,
        limit: int | None = None,
    ) -> list[dict[str, Any]]:
        """Return what happened from `since` to before `until` (Unix time), the oldest first.

        :param undelivered: only what some endpoint did not take
        :param limit: no more than so many, of which the oldest are left out
        """
        parameters: dict[str, Any] = {
            "types": event_types,
            "created": {"gte": since, "lt": until},
            "limit": 100,
        }
        if undelivered:
            parameters["delivery_success"] = False
        found = self._collect(lambda v1: v1.events.list(parameters), limit)
        return list(reversed(found))

    def list_balance(self, since: int, until: int) -> list[dict[str, Any]]:
        """Return what moved on Stripe's balance from `since` to before `until` (Unix time)."""
        return self._collect(
            lambda v1: v1.balance_transactions.list(
                {"created": {"gte": since, "lt": until}, "limit": 100, "expand": ["data.source"]}
            ),
            100000,
        )

    def retrieve_payout(self, ref: str) -> dict[str, Any] | None:
        """Return a payout and what it consists of, as an event of ours.

        None while Stripe is still working that out; without movements when it does not say.
        """
        payout = self._call(lambda v1: v1.payouts.retrieve(ref))
        known = parse_payout(payout)
        if not known.is_ready:
            return None
        parameters = {"payout": ref, "limit": 100, "expand": ["data.source"]}
        rows = (
            self._collect(lambda v1: v1.balance_transactions.list(parameters), 100000)
            if known.is_automatic
            else []
        )
        return composition_event(payout, rows, self.api_version, self.is_live)

    def _as_event(
        self, refund: Mapping[str, Any], happened_at: int | None = None
    ) -> dict[str, Any]:
        event = refund_event(refund, self.api_version, self.is_live, happened_at)
        parse_event(event)  # fails here rather than in the inbox
        return event
