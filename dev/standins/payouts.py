"""Payouts: what lies on the balance goes to the bank, each movement in exactly one payout."""

from stripe.params import PayoutListParams, PayoutRetrieveParams

from . import balance, errors, shapes, store
from .api import Call, Route
from .store import World


def pay_out(world: World, currency: str = "", *, automatic: bool = True) -> dict:
    """Send the whole balance in `currency` (default: the only one there is) to the bank.

    Raises StripeError 400 when there is nothing, or several currencies to choose from.
    """
    rows = [row for row in world.tables["balance_transaction"].values() if not row.get("_payout")]
    currencies = {row["currency"] for row in rows}
    currency = currency.lower() or (currencies.pop() if len(currencies) == 1 else "")
    rows = [row for row in rows if row["currency"] == currency]
    if not rows:
        raise errors.invalid("There is no balance to pay out; name one of its currencies.")
    payout = shapes.blank(
        "payout",
        world.now(),
        amount=sum(row["net"] for row in rows),
        arrival_date=world.now(),
        automatic=automatic,
        currency=currency,
        metadata={},
        method="standard",
        reconciliation_status="completed" if automatic else "not_applicable",
        source_type="card",
        status="paid",
        type="bank_account",
    )
    own = balance.add_line(world, "payout", payout["id"], -payout["amount"], 0, currency)
    for row in (*rows, own):
        row.update(_payout=payout["id"], status="available")
    payout["balance_transaction"] = own["id"]
    world.add("payout", payout)
    world.emit("payout.paid", payout)
    return payout


def fail(world: World, payout: dict) -> dict:
    """The bank sends the money back, which a later payout will carry. Raises StripeError 400."""
    if payout["status"] == "failed":
        raise errors.invalid("This payout has failed already.")
    line = balance.add_line(
        world, "payout_failure", payout["id"], payout["amount"], 0, payout["currency"]
    )
    payout.update(
        status="failed",
        failure_balance_transaction=line["id"],
        failure_code="account_closed",
        failure_message="The bank account has been closed.",
    )
    world.emit("payout.failed", payout, status="paid")
    return payout


def retrieve_payout(call: Call) -> dict:
    return call.world.find("payout", call.refs["ref"])


def list_payouts(call: Call) -> dict:
    rows = [
        payout
        for payout in store.newest(call.world.tables["payout"])
        if call.params.get("status") in (None, payout["status"])
        and store.created_within(payout, call.params)
    ]
    return store.list_page(rows, call.params, "/v1/payouts")


ROUTES = (
    Route("GET", "/v1/payouts", list_payouts, PayoutListParams),
    Route("GET", "/v1/payouts/{ref}", retrieve_payout, PayoutRetrieveParams),
)
