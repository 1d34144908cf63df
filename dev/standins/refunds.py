"""Refunds by the API or at the dashboard; never more than what is left of the charge."""

from stripe.params import (
    RefundCreateParams,
    RefundListParams,
    RefundRetrieveParams,
    RefundUpdateParams,
)

from . import balance, errors, money, shapes, store
from .api import Call, Route
from .store import World

OUTCOMES = ("succeeded", "failed")


def create_refund(call: Call) -> dict:
    charge = _charge(call)
    return make(
        call.world,
        charge,
        call.params.get("amount"),
        reason=call.params.get("reason"),
        metadata=call.params.get("metadata") or {},
        cause=call.cause,
    )


def _charge(call: Call) -> dict:
    params, world = call.params, call.world
    if ("charge" in params) == ("payment_intent" in params):
        if "charge" not in params:
            raise errors.StripeError(
                400,
                "One of the following params should be provided for this request: "
                "payment_intent or charge.",
                code="parameter_missing",
                param="payment_intent",
            )
        message = "You may only specify one of these parameters: charge, payment_intent."
        raise errors.StripeError(400, message, param="charge")
    if "charge" in params:
        return world.find("charge", params["charge"], param="charge")
    intent = world.find("payment_intent", params["payment_intent"], "payment_intent",
                        param="payment_intent")  # fmt: skip
    return world.find("charge", paid_charge(intent))


def paid_charge(intent: dict) -> str:
    """The charge to refund; raises StripeError when nothing was taken."""
    if intent["status"] != "succeeded":
        raise errors.invalid(
            f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund.",
            "payment_intent",
            "payment_intent_unexpected_state",
        )
    return intent["latest_charge"]


def make(
    world: World, charge: dict, amount: int | None, *, reason=None, metadata=None, cause=None
) -> dict:
    """Refund `amount` minor units (default: all that is left).

    Cards succeed at once; bank debits stay pending until `finish`. Raises StripeError 400.
    """
    amount = _allowed(charge, amount)
    kind = charge["payment_method_details"]["type"]
    refund = shapes.blank(
        "refund",
        world.now(),
        amount=amount,
        charge=charge["id"],
        currency=charge["currency"],
        destination_details={kind: {}, "type": kind},
        metadata=metadata or {},
        payment_intent=charge["payment_intent"],
        reason=reason,
        status="succeeded" if kind == "card" else "pending",
    )
    del refund["livemode"]
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount"]
    line = balance.add_line(world, "refund", refund["id"], -amount, 0, charge["currency"])
    refund["balance_transaction"] = line["id"]
    world.add("refund", refund)
    world.emit("refund.created", refund, cause)
    before = charge["amount_refunded"] - amount
    world.emit("charge.refunded", charge, cause, amount_refunded=before)
    if refund["status"] == "succeeded":
        world.emit("refund.updated", refund, cause, destination_details={"type": kind})
    return refund


def _allowed(charge: dict, amount: int | None) -> int:
    left = charge["amount"] - charge["amount_refunded"]
    if charge["status"] != "succeeded":
        raise errors.invalid(f"Charge {charge['id']} has not succeeded; nothing can be refunded.")
    if charge.get("_charged_back"):
        raise errors.invalid(
            f"Charge {charge['id']} has been charged back; cannot issue a refund.",
            code="charge_disputed",
        )
    if left <= 0:
        raise errors.invalid(
            f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded"
        )
    if amount is None:
        return left
    if amount < 1:
        raise errors.invalid(
            "This value must be greater than or equal to 1.",
            "amount",
            "parameter_invalid_integer",
        )
    if amount > left:
        currency = charge["currency"]
        raise errors.invalid(
            f"Refund amount ({money.text(amount, currency)}) is greater than unrefunded amount on "
            f"charge ({money.text(left, currency)})",
            "amount",
        )
    return amount


def finish(world: World, refund: dict, outcome: str) -> dict:
    """The bank answers: a pending refund succeeds or fails; a succeeded one may fail later."""
    if outcome not in OUTCOMES:
        raise errors.invalid(f"A refund can become one of {', '.join(OUTCOMES)}.")
    before = refund["status"]
    if before == "failed" or before == outcome:
        raise errors.invalid(f"This refund is already {before}.")
    refund["status"] = outcome
    if outcome == "failed":
        charge = world.find("charge", refund["charge"])
        charge["amount_refunded"] -= refund["amount"]
        charge["refunded"] = False
        line = balance.add_line(
            world, "refund_failure", refund["id"], refund["amount"], 0, refund["currency"]
        )
        refund.update(failure_reason="lost_or_stolen_card", failure_balance_transaction=line["id"])
        world.emit("refund.failed", refund)
    world.emit("refund.updated", refund, status=before)
    return refund


def retrieve_refund(call: Call) -> dict:
    return call.world.find("refund", call.refs["ref"])


def update_refund(call: Call) -> dict:
    refund = retrieve_refund(call)
    before = dict(refund["metadata"])
    merged = before | (call.params.get("metadata") or {})
    refund["metadata"] = {key: text for key, text in merged.items() if text}
    call.world.emit("refund.updated", refund, call.cause, metadata=before)
    return refund


def list_refunds(call: Call) -> dict:
    rows = [
        refund
        for refund in store.newest(call.world.tables["refund"])
        if call.params.get("charge") in (None, refund["charge"])
        and call.params.get("payment_intent") in (None, refund["payment_intent"])
        and store.created_within(refund, call.params)
    ]
    return store.list_page(rows, call.params, "/v1/refunds")


ROUTES = (
    Route("POST", "/v1/refunds", create_refund, RefundCreateParams),
    Route("GET", "/v1/refunds", list_refunds, RefundListParams),
    Route("GET", "/v1/refunds/{ref}", retrieve_refund, RefundRetrieveParams),
    Route("POST", "/v1/refunds/{ref}", update_refund, RefundUpdateParams),
)
