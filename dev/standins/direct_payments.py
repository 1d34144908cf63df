"""Payment intents that are made and confirmed by the API, with Stripe's own test card only."""

from stripe.params import PaymentIntentCreateParams

from . import errors, payments, shapes
from .api import Call, Route

TEST_CARD = "pm_card_visa"


def create(call: Call) -> dict:
    """Make an intent and charge the test card at once; nothing else is played here."""
    asked = call.params
    if not asked.get("confirm") or asked.get("payment_method") != TEST_CARD:
        raise errors.invalid(f"This stand-in only confirms {TEST_CARD} at once.", "payment_method")
    intent = shapes.blank(
        "payment_intent",
        call.world.now(),
        amount=asked["amount"],
        amount_capturable=0,
        amount_details={"tip": {}},
        amount_received=0,
        automatic_payment_methods=asked.get("automatic_payment_methods"),
        capture_method="automatic_async",
        confirmation_method="automatic",
        currency=asked["currency"],
        customer=None,
        description=asked.get("description"),
        metadata=asked.get("metadata", {}),
        payment_method_options={},
        payment_method_types=["card"],
        receipt_email=None,
        status="requires_payment_method",
    )
    intent["client_secret"] = f"{intent['id']}_secret_standin"
    call.world.add("payment_intent", intent)
    call.world.emit("payment_intent.created", intent, call.cause)
    payments.charge_card(call.world, intent)
    return intent


ROUTES = (Route("POST", "/v1/payment_intents", create, PaymentIntentCreateParams),)
