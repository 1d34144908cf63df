"""What Stripe's own command line tool drives: the inside of the hosted page, and the account."""

from stripe.params import PaymentMethodCreateParams, PaymentMethodRetrieveParams

from . import errors, payments, shapes
from .api import Call, Route
from .checkout import find_session

ACCOUNT_REF = "acct_1StandIn00000000"


def retrieve_page(call: Call) -> dict:
    return _page(find_session(call.world, call.refs["ref"]))


def _page(session: dict) -> dict:
    """The private object behind Stripe's page; only its few useful fields."""
    return {
        "id": "ppage_1" + session["id"][-23:],
        "object": "checkout.session",
        "session_id": session["id"],
        "currency": session["currency"],
        "livemode": False,
        "mode": session["mode"],
        "payment_intent": session["payment_intent"],
        "payment_status": session["payment_status"],
        "status": session["status"],
        "success_url": session["success_url"],
        "line_item_group": {
            "currency": session["currency"],
            "subtotal": session["amount_subtotal"],
            "total": session["amount_total"],
        },
        "total_summary": {
            "subtotal": session["amount_subtotal"],
            "total": session["amount_total"],
            "due": session["amount_total"],
        },
    }


def confirm_page(call: Call) -> dict:
    """Pay with a payment method that was made before, for exactly the amount shown."""
    session = find_session(call.world, call.refs["ref"])
    method = call.params.get("payment_method")
    if not method:
        raise errors.missing("payment_method")
    found = call.world.find("payment_method", method, "PaymentMethod",
                            param="payment_method", http_status=400)  # fmt: skip
    expected = call.params.get("expected_amount")
    if expected is not None and expected != str(session["amount_total"]):
        raise errors.invalid(
            "The amount that was expected is not the amount of this session.",
            "expected_amount",
            "checkout_amount_mismatch",
        )
    payments.pay(call.world, session, found["billing_details"]["email"])
    return _page(session)


def create_method(call: Call) -> dict:
    """A card by test token; numbers are refused, as Stripe does without a special permission."""
    params = call.params
    if params.get("type") != "card":
        message = "The stand-in makes payment methods of type card only."
        raise errors.StripeError(400, message, param="type")
    token = params.get("card", {}).get("token", "")
    if not token.startswith("tok_"):
        raise errors.StripeError(
            402,
            "Sending credit card numbers directly is unsafe; use a test token such as tok_visa.",
            kind="card_error",
            param="card[number]",
        )
    billing = dict.fromkeys(("address", "email", "name", "phone"))
    method = shapes.blank(
        "payment_method",
        call.world.now(),
        type="card",
        metadata=params.get("metadata", {}),
        billing_details={**billing, **params.get("billing_details", {})},
        card={"brand": "visa", "exp_month": 12, "exp_year": 2034, "last4": "4242"},
    )
    return call.world.add("payment_method", method)


def retrieve_method(call: Call) -> dict:
    return call.world.find("payment_method", call.refs["ref"], "PaymentMethod")


def retrieve_account(call: Call) -> dict:
    world = call.world
    return shapes.blank(
        "account",
        world.now(),
        id=ACCOUNT_REF,
        charges_enabled=True,
        country="US",
        default_currency="usd",
        details_submitted=True,
        email="owner@example.com",
        payouts_enabled=True,
        settings={"dashboard": {"display_name": world.settings.merchant, "timezone": "Etc/UTC"}},
        type="standard",
    )


ROUTES = (
    Route("GET", "/v1/account", retrieve_account),
    Route("POST", "/v1/payment_methods", create_method, PaymentMethodCreateParams),
    Route("GET", "/v1/payment_methods/{ref}", retrieve_method, PaymentMethodRetrieveParams),
    Route("GET", "/v1/payment_pages/{ref}", retrieve_page, unchecked=True),
    Route("POST", "/v1/payment_pages/{ref}/confirm", confirm_page, unchecked=True),
)
