"""Signed events as Stripe posts them, as long as Stripe's are."""

import hashlib
import hmac
import json
import secrets
import time

SECRET = "whsec_of_the_bench"
# An event about a payment intent is about as long as this; the HMAC and JSON are paid by the byte.
LENGTH = 2600


def ref(prefix: str) -> str:
    return f"{prefix}_bench{secrets.token_hex(12)}"


def body(event_type: str, obj: dict) -> bytes:
    """A new event about `obj`, filled up to the usual length."""
    event = {
        "id": ref("evt"),
        "object": "event",
        "api_version": "2026-10-28.endive",
        "created": int(time.time()),
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "type": event_type,
        "data": {"object": {**obj, "filler": ""}},
    }
    missing = LENGTH - len(json.dumps(event))
    event["data"]["object"]["filler"] = "x" * max(missing, 0)
    return json.dumps(event).encode()


def signature(content: bytes) -> str:
    now = int(time.time())
    digest = hmac.new(SECRET.encode(), f"{now}.".encode() + content, hashlib.sha256).hexdigest()
    return f"t={now},v1={digest}"


def intent_succeeded(reference: str, amount: int, currency: str = "usd") -> bytes:
    """What Odoo's own webhook books from; `amount` in minor units, `reference` a transaction's."""
    intent = {
        "id": ref("pi"),
        "object": "payment_intent",
        "amount": amount,
        "amount_received": amount,
        "created": int(time.time()),
        "currency": currency,
        "customer": "cus_bench",
        "description": reference,
        "latest_charge": ref("ch"),
        "livemode": False,
        "metadata": {},
        "payment_method": ref("pm"),
        "status": "succeeded",
    }
    return body("payment_intent.succeeded", intent)


def checkout_completed(session_ref: str, amount: int, key: str, currency: str = "usd") -> bytes:
    """What our webhook books from: a paid session of `amount` minor units."""
    return body("checkout.session.completed", session(session_ref, amount, key, currency))


def session(session_ref: str, amount: int, key: str, currency: str = "usd") -> dict:
    return {
        "id": session_ref,
        "object": "checkout.session",
        "amount_subtotal": amount,
        "amount_total": amount,
        "created": int(time.time()),
        "currency": currency,
        "customer": "cus_bench",
        "expires_at": int(time.time()) + 80000,
        "livemode": False,
        "metadata": {"checkout": key},
        "mode": "payment",
        "payment_intent": ref("pi"),
        "payment_status": "paid",
        "status": "complete",
        "url": None,
    }
