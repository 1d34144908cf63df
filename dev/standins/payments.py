"""Payment intents and charges: what a payer's decision does to a session."""

from stripe.params import (
    BalanceTransactionListParams,
    BalanceTransactionRetrieveParams,
    ChargeListParams,
    ChargeRetrieveParams,
    PaymentIntentListParams,
    PaymentIntentRetrieveParams,
)

from . import balance, errors, money, shapes, store
from .api import Call, Route
from .store import World

DECLINES = {
    "insufficient_funds": "Your card has insufficient funds.",
    "generic_decline": "Your card was declined.",
    "lost_card": "Your card was declined.",
}
DEBIT_FAILURE = "The customer's account has insufficient funds to cover this payment."


def pay(world: World, session: dict, email: str | None = None) -> dict:
    """A card that works: the session completes and is paid. Raises StripeError when not open."""
    intent = _intent(world, session, email)
    charge = _charge(world, intent, "card")
    _succeed(world, intent, charge)
    _complete(world, session, paid=True)
    return session


def charge_card(world: World, intent: dict) -> None:
    """A card that works, for an intent that belongs to no session."""
    _succeed(world, intent, _charge(world, intent, "card"))


def decline(world: World, session: dict, reason: str, email: str | None = None) -> str:
    """A card that is refused: the session stays open. Returns the sentence for the payer."""
    message = DECLINES.get(reason, DECLINES["generic_decline"])
    intent = _intent(world, session, email)
    charge = _charge(world, intent, "card")
    _fail(world, intent, charge, "card_declined", reason, message)
    return message


def start_debit(world: World, session: dict, email: str | None = None) -> dict:
    """A bank debit: the session completes unpaid, the intent is processing until `settle`."""
    intent = _intent(world, session, email)
    kind = session["payment_method_types"][1]
    charge = _charge(world, intent, kind)
    charge.update(status="pending", paid=False)
    intent["status"] = "processing"
    if world.settings.settle_after is not None:
        session["_settles_at"] = world.now() + world.settings.settle_after
    world.emit("charge.pending", charge)
    world.emit("payment_intent.processing", intent)
    _complete(world, session, paid=False)
    return session


def settle(world: World, session: dict, succeeded: bool) -> dict:
    """The bank answers a debit. Raises StripeError when none is on its way."""
    intent = world.get("payment_intent", session["payment_intent"])
    if not intent or intent["status"] != "processing":
        raise errors.invalid("No bank debit of this session is waiting for the bank.")
    session.pop("_settles_at", None)
    charge = world.find("charge", intent["latest_charge"])
    if succeeded:
        _succeed(world, intent, charge)
        session["payment_status"] = "paid"
        world.emit("checkout.session.async_payment_succeeded", session)
    else:
        _fail(world, intent, charge, "payment_intent_payment_attempt_failed", None, DEBIT_FAILURE)
        world.emit("checkout.session.async_payment_failed", session)
    return session


def settle_due(world: World) -> None:
    """Called by the clock: debits settle by themselves when the run was told so."""
    if world.settings.settle_after is None:
        return
    for session in list(world.tables["checkout.session"].values()):
        if session.get("_settles_at", world.now() + 1) <= world.now():
            settle(world, session, succeeded=True)


def _intent(world: World, session: dict, email: str | None) -> dict:
    """The session's payment intent, made at the first attempt as Stripe does."""
    if session["status"] != "open":
        raise errors.invalid(f"This Checkout Session is {session['status']}.")
    if email:
        details = session["customer_details"] or {}
        session["customer_details"] = {
            **dict.fromkeys(("address", "name", "phone")),
            "tax_exempt": "none",
            "tax_ids": [],
            **details,
            "email": email,
        }
    if session["payment_intent"]:
        return world.find("payment_intent", session["payment_intent"])
    data = session["_intent_data"]
    intent = shapes.blank(
        "payment_intent",
        world.now(),
        amount=session["amount_total"],
        amount_capturable=0,
        amount_details={"tip": {}},
        amount_received=0,
        capture_method=data.get("capture_method", "automatic_async"),
        confirmation_method="automatic",
        currency=session["currency"],
        customer=session["customer"],
        description=data.get("description"),
        metadata=data.get("metadata", {}),
        payment_method_options={},
        payment_method_types=session["payment_method_types"],
        receipt_email=data.get("receipt_email"),
        shipping=data.get("shipping"),
        statement_descriptor_suffix=data.get("statement_descriptor_suffix"),
        status="requires_payment_method",
        _session=session["id"],
    )
    intent["client_secret"] = f"{intent['id']}_secret_standin"
    session["payment_intent"] = intent["id"]
    world.add("payment_intent", intent)
    world.emit("payment_intent.created", intent)
    return intent


def _charge(world: World, intent: dict, kind: str) -> dict:
    """A new charge of the intent; its outcome is still to be told."""
    method = _method(world, kind)
    charge = shapes.blank(
        "charge",
        world.now(),
        amount=intent["amount"],
        amount_captured=0,
        amount_refunded=0,
        billing_details={"address": None, "email": None, "name": None, "phone": None},
        captured=False,
        currency=intent["currency"],
        customer=intent["customer"],
        description=intent["description"],
        disputed=False,
        fraud_details={},
        metadata=dict(intent["metadata"]),
        paid=False,
        payment_intent=intent["id"],
        payment_method=method["id"],
        payment_method_details={kind: method[kind], "type": kind},
        receipt_email=intent["receipt_email"],
        refunded=False,
        status="pending",
    )
    intent.update(latest_charge=charge["id"], payment_method=method["id"])
    return world.add("charge", charge)


def _method(world: World, kind: str) -> dict:
    details = {
        "card": {"brand": "visa", "country": "US", "exp_month": 12, "exp_year": 2034,
                 "funding": "credit", "last4": "4242"},
        "sepa_debit": {"bank_code": "37040044", "country": "DE", "last4": "3000"},
        "us_bank_account": {"bank_name": "STRIPE TEST BANK", "last4": "6789"},
    }  # fmt: skip
    method = shapes.blank(
        "payment_method",
        world.now(),
        type=kind,
        metadata={},
        billing_details={"address": None, "email": None, "name": None, "phone": None},
        **{kind: details[kind]},
    )
    return world.add("payment_method", method)


def _succeed(world: World, intent: dict, charge: dict) -> None:
    line = balance.add_line(
        world,
        "charge",
        charge["id"],
        charge["amount"],
        money.fee(charge["amount"]),
        charge["currency"],
    )
    charge.update(
        status="succeeded",
        paid=True,
        captured=True,
        amount_captured=charge["amount"],
        balance_transaction=line["id"],
        receipt_url=f"{world.stripe_url}/receipts/{charge['id']}",
        outcome={"network_status": "approved_by_network", "type": "authorized",
                 "risk_level": "normal", "seller_message": "Payment complete."},
    )  # fmt: skip
    intent.update(status="succeeded", amount_received=intent["amount"], last_payment_error=None)
    world.emit("charge.succeeded", charge)
    world.emit("payment_intent.succeeded", intent)


def _fail(world: World, intent: dict, charge: dict, code: str, reason, message: str) -> None:
    charge.update(status="failed", paid=False, failure_code=reason or code, failure_message=message)
    error = {
        "charge": charge["id"],
        "code": code,
        "doc_url": f"https://stripe.com/docs/error-codes/{code.replace('_', '-')}",
        "message": message,
        "payment_method": shapes.show(
            world, world.find("payment_method", charge["payment_method"])
        ),
        "type": "card_error" if reason else "invalid_request_error",
    }
    if reason:
        error["decline_code"] = reason
    intent.update(status="requires_payment_method", last_payment_error=error, payment_method=None)
    world.emit("charge.failed", charge)
    world.emit("payment_intent.payment_failed", intent)


def _complete(world: World, session: dict, paid: bool) -> None:
    session.update(status="complete", payment_status="paid" if paid else "unpaid", url=None)
    world.open_sessions.discard(session["id"])
    world.emit("checkout.session.completed", session)


def _lister(kind: str, url: str, names: tuple[str, ...]):
    def answer(call: Call) -> dict:
        rows = [
            row
            for row in store.newest(call.world.tables[kind])
            if all(row[name] == call.params[name] for name in names if name in call.params)
            and _is_paid_out(call, row)
            and store.created_within(row, call.params)
        ]
        return store.list_page(rows, call.params, url)

    return answer


def _is_paid_out(call: Call, row: dict) -> bool:
    """Is it part of the payout asked for, if any? Raises StripeError 400 for a manual one."""
    if "payout" not in call.params:
        return True
    if not call.world.find("payout", call.params["payout"], param="payout")["automatic"]:
        raise errors.invalid(
            "Balance transaction history can only be filtered on automatic transfers, not manual.",
            "payout",
        )
    return row.get("_payout") == call.params["payout"]


def _reader(kind: str):
    def answer(call: Call) -> dict:
        return call.world.find(kind, call.refs["ref"], kind)

    return answer


def _read_routes(kind, url, names, list_shape, shape) -> tuple[Route, Route]:
    return (
        Route("GET", url, _lister(kind, url, names), list_shape),
        Route("GET", url + "/{ref}", _reader(kind), shape),
    )


ROUTES = (
    *_read_routes("payment_intent", "/v1/payment_intents", ("customer",),
                  PaymentIntentListParams, PaymentIntentRetrieveParams),
    *_read_routes("charge", "/v1/charges", ("customer", "payment_intent"),
                  ChargeListParams, ChargeRetrieveParams),
    *_read_routes("balance_transaction", "/v1/balance_transactions",
                  ("currency", "source", "type"),
                  BalanceTransactionListParams, BalanceTransactionRetrieveParams),
)  # fmt: skip
