"""Checkout Sessions: Stripe's rules for opening one, and its life until it is paid or expired."""

import re
from urllib.parse import urlsplit

from stripe.params.checkout import (
    SessionCreateParams,
    SessionExpireParams,
    SessionLineItemListParams,
    SessionListParams,
    SessionRetrieveParams,
    SessionUpdateParams,
)

from . import errors, money, shapes, store
from .api import Call, Route
from .catalog import inline_price
from .store import World

SHORTEST, LONGEST = 30 * 60, 24 * 3600
MAX_LINES = 100
_EMAIL = re.compile(r"^[^@\s]+@[^@\s]+\.[^@\s]+$")
_LIMITS = {"client_reference_id": 200, "payment_intent_data[description]": 1000}


def create_session(call: Call) -> dict:
    world, params = call.world, call.params
    if params.get("mode") != "payment":
        raise _mode_error(params)
    _check_urls(params)
    _check_payer(world, params)
    _check_lengths(params)
    lines = [
        _line(world, row, f"line_items[{index}]") for index, row in enumerate(_line_items(params))
    ]
    currency = _one_currency(lines)
    total = sum(line["amount_total"] for line in lines)
    money.check_total(total, currency)
    session = _session(world, params, lines, currency, total)
    session["url"] = f"{call.origin}/c/pay/{session['id']}"
    world.add("checkout.session", session)
    world.open_sessions.add(session["id"])
    return session


def _mode_error(params: dict) -> errors.StripeError:
    if "mode" not in params:
        return errors.missing("mode")
    return errors.StripeError(
        400, "The stand-in has Checkout Sessions in payment mode only.", param="mode"
    )


def _check_urls(params: dict) -> None:
    if params.get("ui_mode", "hosted_page") not in ("hosted", "hosted_page"):
        raise errors.StripeError(400, "The stand-in has the hosted page only.", param="ui_mode")
    if "success_url" not in params:
        raise errors.missing("success_url")
    for name in ("success_url", "cancel_url"):
        parts = urlsplit(params.get(name, "https://example.com"))
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise errors.StripeError(400, "Not a valid URL", code="url_invalid", param=name)


def _check_payer(world: World, params: dict) -> None:
    if "customer" in params and "customer_email" in params:
        raise errors.StripeError(
            400,
            "You may only specify one of these parameters: customer, customer_email.",
            param="customer",
        )
    if "customer" in params:
        customer = world.get("customer", params["customer"])
        if not customer or customer.get("deleted"):
            raise errors.no_such("customer", params["customer"], "customer", 400)
    receipt = params.get("payment_intent_data", {}).get("receipt_email")
    for name, email in (
        ("customer_email", params.get("customer_email")),
        ("payment_intent_data[receipt_email]", receipt),
    ):
        check_email(email, name)


def check_email(email: str | None, param: str) -> None:
    if email and not _EMAIL.match(email):
        raise errors.StripeError(
            400, f"Invalid email address: {email}", code="email_invalid", param=param
        )


def _check_lengths(params: dict) -> None:
    intent = params.get("payment_intent_data", {})
    texts = {
        "client_reference_id": params.get("client_reference_id", ""),
        "payment_intent_data[description]": intent.get("description", ""),
    }
    for name, most in _LIMITS.items():
        if len(texts[name]) > most:
            message = f"Invalid string: {texts[name][:10]}…; must be at most {most} characters"
            raise errors.StripeError(400, message, param=name)


def _line_items(params: dict) -> list[dict]:
    rows = params.get("line_items", [])
    if not rows:
        raise errors.missing("line_items")
    if len(rows) > MAX_LINES:
        raise errors.StripeError(
            400, f"You can have at most {MAX_LINES} line items.", param="line_items"
        )
    return rows


def _line(world: World, row: dict, path: str) -> dict:
    """A line item from `price_data` or from a `price` made before."""
    if ("price" in row) == ("price_data" in row):
        raise errors.StripeError(
            400, "You must specify either `price` or `price_data` for each line item.", param=path
        )
    if "price" in row:
        price = world.find("price", row["price"], param=f"{path}[price]", http_status=400)
    else:
        price = inline_price(world, row["price_data"], f"{path}[price_data]")
    quantity = row.get("quantity")
    if quantity is None:
        raise errors.missing(f"{path}[quantity]")
    if quantity < 1:
        raise errors.StripeError(
            400,
            "This value must be greater than or equal to 1.",
            code="parameter_invalid_integer",
            param=f"{path}[quantity]",
        )
    amount = price["unit_amount"] * quantity
    product = world.find("product", price["product"])
    line = shapes.blank("item", 0, price=price, quantity=quantity, currency=price["currency"])
    del line["created"], line["livemode"]
    line.update(
        amount_discount=0,
        amount_subtotal=amount,
        amount_tax=0,
        amount_total=amount,
        description=product["name"],
        metadata=row.get("metadata", {}),
        _detail=product["description"],
    )
    return line


def _one_currency(lines: list[dict]) -> str:
    currencies = {line["currency"] for line in lines}
    if len(currencies) > 1:
        raise errors.invalid(
            "All line items must have the same currency; these have "
            + ", ".join(sorted(currencies)),
            "line_items",
        )
    return currencies.pop()


def _session(world: World, params: dict, lines: list[dict], currency: str, total: int) -> dict:
    now = world.now()
    customer = world.get("customer", params.get("customer"))
    email = params.get("customer_email") or (customer or {}).get("email")
    same = (
        "adaptive_pricing billing_address_collection cancel_url client_reference_id customer "
        "customer_email locale submit_type success_url phone_number_collection custom_text"
    )
    return shapes.blank(
        "checkout.session",
        now,
        amount_subtotal=total,
        amount_total=total,
        automatic_tax={"enabled": False, "liability": None, "provider": None, "status": None},
        currency=currency,
        custom_fields=[],
        customer_creation=None if customer else params.get("customer_creation", "if_required"),
        customer_details=_details(email, customer) if email else None,
        expires_at=_expiry(params, now),
        metadata=params.get("metadata", {}),
        mode="payment",
        payment_method_collection="if_required",
        payment_method_options={},
        payment_method_types=["card", "us_bank_account" if currency == "usd" else "sepa_debit"],
        payment_status="unpaid",
        shipping_options=[],
        status="open",
        total_details={"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
        ui_mode=params.get("ui_mode", "hosted_page"),
        **{"custom_text": _no_texts(), "phone_number_collection": {"enabled": False}}
        | {name: params[name] for name in same.split() if name in params},
        _line_items=lines,
        _intent_data=params.get("payment_intent_data", {}),
    )


def _no_texts() -> dict:
    names = ("after_submit", "shipping_address", "submit", "terms_of_service_acceptance")
    return dict.fromkeys(names)


def _details(email: str, customer: dict | None) -> dict:
    return {
        "address": (customer or {}).get("address"),
        "email": email,
        "name": (customer or {}).get("name"),
        "phone": (customer or {}).get("phone"),
        "tax_exempt": "none",
        "tax_ids": [],
    }


def _expiry(params: dict, now: int) -> int:
    moment = params.get("expires_at", now + LONGEST)
    if moment < now + SHORTEST:
        words = "at least 30 minutes from Checkout Session creation"
    elif moment > now + LONGEST:
        words = "less than 24 hours from Checkout Session creation"
    else:
        return moment
    raise errors.StripeError(
        400, f"The `expires_at` timestamp must be {words}.", param="expires_at"
    )


def retrieve_session(call: Call) -> dict:
    return find_session(call.world, call.refs["ref"])


def find_session(world: World, ref: str) -> dict:
    return world.find("checkout.session", ref, "checkout.session")


def update_session(call: Call) -> dict:
    session = find_session(call.world, call.refs["ref"])
    if call.params.get("metadata") == "":
        session["metadata"] = {}
    else:
        session["metadata"] |= call.params.get("metadata", {})
        session["metadata"] = {key: text for key, text in session["metadata"].items() if text}
    return session


def list_sessions(call: Call) -> dict:
    names = ("customer", "payment_intent", "status")
    rows = [
        session
        for session in store.newest(call.world.tables["checkout.session"])
        if all(session[name] == call.params[name] for name in names if name in call.params)
        and store.created_within(session, call.params)
    ]
    return store.list_page(rows, call.params, "/v1/checkout/sessions")


def list_lines(call: Call) -> dict:
    session = find_session(call.world, call.refs["ref"])
    url = f"/v1/checkout/sessions/{session['id']}/line_items"
    return store.list_page(session["_line_items"], call.params, url)


def expire_session(call: Call) -> dict:
    session = find_session(call.world, call.refs["ref"])
    if session["status"] != "open":
        raise errors.invalid(
            'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout '
            f"Session has a status of `{session['status']}`."
        )
    expire(call.world, session, call.cause)
    return session


def expire(world: World, session: dict, cause: dict | None = None) -> None:
    session.update(status="expired", url=None)
    world.open_sessions.discard(session["id"])
    world.emit("checkout.session.expired", session, cause)


def expire_due(world: World) -> None:
    """Called by the clock: sessions end by themselves."""
    now = world.now()
    for ref in list(world.open_sessions):
        session = world.get("checkout.session", ref)
        if session is None:
            world.open_sessions.discard(ref)
        elif session["expires_at"] <= now:
            expire(world, session)


_SESSIONS = "/v1/checkout/sessions"
ROUTES = (
    Route("POST", _SESSIONS, create_session, SessionCreateParams),
    Route("GET", _SESSIONS, list_sessions, SessionListParams),
    Route("GET", _SESSIONS + "/{ref}", retrieve_session, SessionRetrieveParams),
    Route("POST", _SESSIONS + "/{ref}", update_session, SessionUpdateParams),
    Route("GET", _SESSIONS + "/{ref}/line_items", list_lines, SessionLineItemListParams),
    Route("POST", _SESSIONS + "/{ref}/expire", expire_session, SessionExpireParams),
)
