"""Disputes: opened at the control address, moved on by it or closed by the API."""

from stripe.params import (
    DisputeCloseParams,
    DisputeListParams,
    DisputeRetrieveParams,
    DisputeUpdateParams,
)

from . import balance, errors, shapes, store
from .api import Call, Route
from .store import World

FEE = 1500
DAYS_FOR_EVIDENCE = 9
# What may follow what. An inquiry moves no money until it becomes a dispute.
NEXT = {
    "warning_needs_response": {"warning_under_review", "warning_closed", "needs_response"},
    "warning_under_review": {"warning_closed", "needs_response"},
    "needs_response": {"under_review", "won", "lost"},
    "under_review": {"won", "lost"},
}
CLOSED = frozenset({"won", "lost", "warning_closed"})


def open_dispute(
    world: World,
    charge: dict,
    *,
    amount: int | None = None,
    reason: str = "fraudulent",
    inquiry: bool = False,
) -> dict:
    """A payer disputes `amount` minor units (default: all that is not refunded)."""
    if charge["status"] != "succeeded":
        raise errors.invalid("Only a charge that succeeded can be disputed.")
    if charge.get("_charged_back"):
        raise errors.invalid("This charge is disputed already.")
    left = charge["amount"] - charge["amount_refunded"]
    if amount is not None and not 1 <= amount <= left:
        raise errors.invalid("The disputed amount must be within what is left of the charge.")
    dispute = shapes.blank(
        "dispute",
        world.now(),
        amount=amount or left,
        balance_transactions=[],
        charge=charge["id"],
        currency=charge["currency"],
        enhanced_eligibility_types=[],
        evidence={},
        evidence_details={
            "due_by": world.now() + DAYS_FOR_EVIDENCE * 24 * 3600,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
        },
        is_charge_refundable=inquiry,
        metadata={},
        payment_intent=charge["payment_intent"],
        reason=reason,
        status="warning_needs_response" if inquiry else "needs_response",
    )
    charge.update(disputed=True, _charged_back=not inquiry)
    world.add("dispute", dispute)
    if not inquiry:
        _move_money(world, dispute, -1, FEE)
    world.emit("charge.dispute.created", dispute)
    if not inquiry:
        world.emit("charge.dispute.funds_withdrawn", dispute)
    return dispute


def latest(world: World, charge: dict) -> dict:
    """The newest dispute of a charge; StripeError 404 when there is none."""
    for dispute in store.newest(world.tables["dispute"]):
        if dispute["charge"] == charge["id"]:
            return dispute
    raise errors.no_such("dispute", charge["id"], "charge")


def _move_money(world: World, dispute: dict, sign: int, fee: int) -> None:
    line = balance.add_line(
        world, "adjustment", dispute["id"], sign * dispute["amount"], fee, dispute["currency"]
    )
    dispute["balance_transactions"].append(shapes.show(world, line))


def advance(world: World, dispute: dict, status: str, cause: dict | None = None) -> dict:
    """Move to `status`, with the money and the events that go with it."""
    before = dispute["status"]
    if status not in NEXT.get(before, ()):
        raise errors.invalid(f"A dispute that is {before} cannot become {status}.")
    dispute["status"] = status
    charge = world.find("charge", dispute["charge"])
    if status == "needs_response":
        charge["_charged_back"] = True
        dispute["is_charge_refundable"] = False
        _move_money(world, dispute, -1, FEE)
        world.emit("charge.dispute.funds_withdrawn", dispute, cause)
    if status == "won":
        # Stripe gives the money back and keeps the fee of an account without fee refunds.
        _move_money(world, dispute, 1, 0)
        world.emit("charge.dispute.funds_reinstated", dispute, cause)
    if status in CLOSED:
        # A lost charge stays charged back: Stripe refuses to refund it as well.
        charge["_charged_back"] = status == "lost"
        world.emit("charge.dispute.closed", dispute, cause)
    else:
        world.emit("charge.dispute.updated", dispute, cause, status=before)
    return dispute


def retrieve_dispute(call: Call) -> dict:
    return call.world.find("dispute", call.refs["ref"])


def list_disputes(call: Call) -> dict:
    rows = [
        dispute
        for dispute in store.newest(call.world.tables["dispute"])
        if call.params.get("charge") in (None, dispute["charge"])
        and call.params.get("payment_intent") in (None, dispute["payment_intent"])
        and store.created_within(dispute, call.params)
    ]
    return store.list_page(rows, call.params, "/v1/disputes")


def update_dispute(call: Call) -> dict:
    """Evidence, sent for review unless `submit` is false."""
    dispute = retrieve_dispute(call)
    dispute["metadata"] |= call.params.get("metadata") or {}
    evidence = call.params.get("evidence", {})
    if evidence:
        dispute["evidence"] |= evidence
        dispute["evidence_details"]["has_evidence"] = True
    if evidence and call.params.get("submit", True):
        dispute["evidence_details"]["submission_count"] += 1
        prefix = "warning_" if dispute["status"].startswith("warning") else ""
        return advance(call.world, dispute, prefix + "under_review", call.cause)
    call.world.emit("charge.dispute.updated", dispute, call.cause)
    return dispute


def close_dispute(call: Call) -> dict:
    """Accepting a dispute loses it."""
    dispute = retrieve_dispute(call)
    target = "warning_closed" if dispute["status"].startswith("warning") else "lost"
    return advance(call.world, dispute, target, call.cause)


ROUTES = (
    Route("GET", "/v1/disputes", list_disputes, DisputeListParams),
    Route("GET", "/v1/disputes/{ref}", retrieve_dispute, DisputeRetrieveParams),
    Route("POST", "/v1/disputes/{ref}", update_dispute, DisputeUpdateParams),
    Route("POST", "/v1/disputes/{ref}/close", close_dispute, DisputeCloseParams),
)
