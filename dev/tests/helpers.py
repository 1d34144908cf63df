"""Orders, clients and patience for the tests of the stand-ins."""

import time

import requests
import stripe
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

SECRET = "whsec_of_the_tests"
KEY = "sk_test_ofTheTests123"
ACCOUNT, TOKEN = "AC" + "1" * 32, "token_of_the_tests"
SENDER, PHONE = "+15005550006", "+15005552222"


def client(standins, retries=0, key=KEY, timeout=10):
    """Stripe's SDK, pointed at the stand-in."""
    return stripe.StripeClient(
        key,
        base_addresses={"api": standins.stripe_url},
        max_network_retries=retries,
        http_client=stripe.RequestsClient(timeout=timeout),
    )


def order(amount=12050, currency="eur", **values):
    """Parameters of a session with one line of `amount` minor units."""
    line = {"currency": currency, "unit_amount": amount, "product_data": {"name": "INV/2026/1"}}
    return {
        "mode": "payment",
        "line_items": [{"quantity": 1, "price_data": line}],
        "success_url": "http://127.0.0.1:9/ok?session={CHECKOUT_SESSION_ID}",
        "cancel_url": "http://127.0.0.1:9/back",
        "payment_intent_data": {"description": "PR/1", "metadata": {"request": "7"}},
        **values,
    }


def press(session_url, action, **form):
    """Press a button of the hosted page; the redirect is not followed."""
    return requests.post(
        session_url, data={"action": action, **form}, allow_redirects=False, timeout=10
    )


def types(api, **filters):
    """Types of the events so far, newest first."""
    return [event["type"] for event in api.events.list({"limit": 100, **filters})]


def paid_intent(standins, api, amount=12050):
    """The payment intent of a session that was just paid."""
    made = api.checkout.sessions.create(order(amount))
    return standins.control(f"sessions/{made['id']}/pay")["payment_intent"]


def twilio_client(standins, timeout=10):
    """Twilio's SDK, pointed at the stand-in."""
    made = Client(ACCOUNT, TOKEN, http_client=TwilioHttpClient(timeout=timeout))
    made.api.base_url = made.messaging.base_url = standins.twilio_url
    return made


def eventually(is_so, timeout=5):
    """True as soon as it is so, False after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        if is_so():
            return True
        time.sleep(0.02)
    return False
