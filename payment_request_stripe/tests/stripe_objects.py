# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The objects of a fake Stripe, with the fields of the pinned API version that matter to us."""

import copy
import itertools
import time

API_VERSION = "2026-10-28.endive"
SESSION_LIFE = 24 * 3600


class StripeObjects:
    """What one Stripe account holds: sessions, customers, payment intents, charges, events.

    The verbs are what a payer does at Stripe's page. Each changes the objects and returns the
    event that Stripe would tell for it; all events are kept in `events`, oldest first.
    """

    # Shared: no two accounts of one test give out the same ref.
    _numbers = itertools.count(1)

    def __init__(self):
        self.sessions = {}
        self.customers = {}
        self.payment_intents = {}
        self.charges = {}
        self.webhook_endpoints = {}
        self.events = []
        # Who is told of each event at once, as by a webhook.
        self.webhook = None
        self._intent_data = {}

    # === THE PAYER'S DEEDS === #

    def pay(self, session_ref):
        """Pay by card: complete and paid at once."""
        session = self._open(session_ref)
        intent = self._confirm(session, "card")
        return self._succeed(session, intent, "checkout.session.completed")

    def pay_async(self, session_ref, method="sepa_debit", expected_on=None):
        """Pay by a bank debit that settles later: complete and unpaid; see `settle`, `decline`."""
        session = self._open(session_ref)
        intent = self._confirm(session, method)
        intent["status"] = "processing"
        charge = self._charge(intent, "pending")
        if expected_on:
            charge["payment_method_details"][method]["expected_debit_date"] = expected_on
        self.event("charge.pending", charge)
        session.update(status="complete", payment_status="unpaid", url=None)
        self.event("payment_intent.processing", intent)
        return self.event("checkout.session.completed", session)

    def settle(self, session_ref):
        """The bank debit of `pay_async` arrives."""
        session, intent = self._processing(session_ref)
        return self._succeed(session, intent, "checkout.session.async_payment_succeeded")

    def decline(self, session_ref, decline_code="insufficient_funds"):
        """Fail: a card at an open session, which stays open; or the bank debit of `pay_async`."""
        session = self.sessions[session_ref]
        is_debit = session["status"] == "complete"
        intent = self._processing(session_ref)[1] if is_debit else self._confirm(session, "card")
        message = "The payment was declined."
        intent.update(
            status="requires_payment_method",
            last_payment_error={
                "type": "card_error",
                "code": "payment_intent_payment_attempt_failed" if is_debit else "card_declined",
                "decline_code": decline_code,
                "message": message,
            },
        )
        charge = self._charge(intent, "failed")
        charge.update(failure_code=decline_code, failure_message=message)
        failed = self.event("payment_intent.payment_failed", intent)
        if is_debit:
            return self.event("checkout.session.async_payment_failed", session)
        return failed

    def expire(self, session_ref):
        """Time passes, or somebody expires the session."""
        session = self._open(session_ref)
        session.update(status="expired", url=None)
        return self.event("checkout.session.expired", session)

    def event(self, event_type, obj):
        """Return a new event about `obj` as it is now."""
        event = {
            "id": self.new_ref("evt"),
            "object": "event",
            "api_version": API_VERSION,
            "created": int(time.time()),
            "livemode": obj.get("livemode", False),
            "pending_webhooks": 1,
            "request": {"id": None, "idempotency_key": None},
            "type": event_type,
            "data": {"object": copy.deepcopy(obj)},
        }
        self.events.append(event)
        if self.webhook:
            self.webhook(event)
        return event

    # === MAKING === #

    def new_ref(self, prefix):
        return f"{prefix}_{next(self._numbers):014d}"

    def new_session(self, params, livemode=False):
        now = int(time.time())
        lines = params.get("line_items", ())
        total = sum(line["quantity"] * line["price_data"]["unit_amount"] for line in lines)
        ref = self.new_ref("cs_live" if livemode else "cs_test")
        session = {
            "id": ref,
            "object": "checkout.session",
            "adaptive_pricing": params.get("adaptive_pricing"),
            "amount_subtotal": total,
            "amount_total": total,
            "cancel_url": params.get("cancel_url"),
            "client_reference_id": params.get("client_reference_id"),
            "created": now,
            "currency": lines[0]["price_data"]["currency"] if lines else None,
            "customer": params.get("customer"),
            "customer_details": None,
            "customer_email": params.get("customer_email"),
            "expires_at": params.get("expires_at", now + SESSION_LIFE),
            "livemode": livemode,
            "locale": params.get("locale"),
            "metadata": params.get("metadata", {}),
            "mode": params.get("mode"),
            # Made when the payer confirms, not before.
            "payment_intent": None,
            "payment_status": "unpaid",
            "status": "open",
            "success_url": params.get("success_url"),
            "url": f"https://checkout.stripe.com/c/pay/{ref}",
        }
        self.sessions[ref] = session
        self._intent_data[ref] = params.get("payment_intent_data", {})
        return session

    def new_customer(self, params, livemode=False):
        ref = self.new_ref("cus")
        self.customers[ref] = {
            **{name: params.get(name) for name in ("name", "email", "phone", "address")},
            "id": ref,
            "object": "customer",
            "created": int(time.time()),
            "livemode": livemode,
            "metadata": params.get("metadata", {}),
        }
        return self.customers[ref]

    def new_webhook_endpoint(self, params, livemode=False):
        ref = self.new_ref("we")
        self.webhook_endpoints[ref] = {
            "id": ref,
            "object": "webhook_endpoint",
            "api_version": params.get("api_version"),
            "created": int(time.time()),
            "description": params.get("description"),
            "enabled_events": params["enabled_events"],
            "livemode": livemode,
            "metadata": {},
            "status": "enabled",
            "url": params["url"],
        }
        return self.webhook_endpoints[ref]

    def pay_directly(self, params):
        """Make an intent without a session and charge the test card; it is told as usual."""
        assert params["confirm"] and params["payment_method"] == "pm_card_visa"
        data = {name: params[name] for name in ("description", "metadata")}
        session = {
            **self.new_session({}),
            "amount_total": params["amount"],
            "currency": params["currency"],
        }
        self._intent_data[session["id"]] = data
        intent = self._confirm(session, "card")
        del self.sessions[session["id"]]
        self._succeed(session, intent, "checkout.session.completed")
        self.events.pop()  # there is no session to tell of
        return intent

    # === STEPS === #

    def _open(self, session_ref):
        session = self.sessions[session_ref]
        assert session["status"] == "open", f"{session_ref} is {session['status']}"
        return session

    def _processing(self, session_ref):
        session = self.sessions[session_ref]
        intent = self.payment_intents[session["payment_intent"]]
        assert intent["status"] == "processing", f"{session_ref} is not on its way"
        return session, intent

    def _confirm(self, session, method):
        """Return the session's payment intent; a second try uses the first one's."""
        if session["payment_intent"]:
            intent = self.payment_intents[session["payment_intent"]]
            intent["last_payment_error"] = None
            return intent
        given = self._intent_data[session["id"]]
        intent = {
            "id": self.new_ref("pi"),
            "object": "payment_intent",
            "amount": session["amount_total"],
            "amount_received": 0,
            "created": int(time.time()),
            "currency": session["currency"],
            "customer": session["customer"],
            "description": given.get("description"),
            "last_payment_error": None,
            "latest_charge": None,
            "livemode": session["livemode"],
            "metadata": given.get("metadata", {}),
            "payment_method_types": [method],
            "receipt_email": given.get("receipt_email"),
            "status": "requires_confirmation",
        }
        self.payment_intents[intent["id"]] = intent
        session["payment_intent"] = intent["id"]
        return intent

    def _charge(self, intent, status):
        method = intent["payment_method_types"][0]
        charge = {
            "id": self.new_ref("ch"),
            "object": "charge",
            "amount": intent["amount"],
            "amount_refunded": 0,
            "created": int(time.time()),
            "currency": intent["currency"],
            "customer": intent["customer"],
            "description": intent["description"],
            "disputed": False,
            "failure_code": None,
            "failure_message": None,
            "livemode": intent["livemode"],
            "metadata": dict(intent["metadata"]),
            "paid": status == "succeeded",
            "payment_intent": intent["id"],
            "payment_method_details": {method: {}, "type": method},
            "refunded": False,
            "status": status,
        }
        self.charges[charge["id"]] = charge
        intent["latest_charge"] = charge["id"]
        return charge

    def _succeed(self, session, intent, event_type):
        pending = self.charges.get(intent["latest_charge"])
        if pending and pending["status"] == "pending":
            pending.update(status="succeeded", paid=True)
            charge = pending
        else:
            charge = self._charge(intent, "succeeded")
        intent.update(status="succeeded", amount_received=intent["amount"])
        session.update(status="complete", payment_status="paid", url=None)
        self.event("charge.succeeded", charge)
        self.event("payment_intent.succeeded", intent)
        return self.event(event_type, session)
