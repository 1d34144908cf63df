# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What the fake Stripe answers to each call of its API."""

import copy
import time

from .stripe_schema import find_route
from .stripe_undo import StripeUndo

MINIMUM_LIFE, MAXIMUM_LIFE = 30 * 60, 24 * 3600


class StripeRefusal(Exception):
    """What the fake answers instead of an object."""

    def __init__(self, status, message, code=None, param=None, kind="invalid_request_error"):
        super().__init__(message)
        self.status = status
        self.error = {"type": kind, "message": message, "code": code, "param": param}


class StripeAnswers(StripeUndo):
    """The API over the objects; `params` come checked and typed."""

    def perform(self, method, path, params, livemode=False):
        """Do what a checked request asks and return the object to answer with.

        :raise StripeRefusal: when Stripe would say no
        """
        route, _ = find_route(method, path)
        ref = path.split("/")[-2 if path.endswith("/expire") else -1]
        if route == "/v1/checkout/sessions":
            return self._open_session(params, livemode)
        if route == "/v1/checkout/sessions/{id}":
            return self._expanded(self._find_session(ref, livemode), params)
        if route == "/v1/checkout/sessions/{id}/expire":
            return self._expire_session(ref, livemode)
        if route == "/v1/payment_intents":
            return self.pay_directly(params)
        if route == "/v1/payment_intents/{id}":
            return self._expanded(self._find(self.payment_intents, "payment_intent", ref), params)
        if route == "/v1/payouts/{id}":
            return self._find(self.payouts, "payout", ref)
        if route.startswith(("/v1/refunds", "/v1/events", "/v1/balance_transactions")):
            return self._perform_money(method, route, ref, params, livemode)
        return self._perform_rest(method, route, ref, params, livemode)

    def _perform_money(self, method, route, ref, params, livemode):
        if route == "/v1/refunds" and method == "POST":
            return self._create_refund(params, livemode)
        if route == "/v1/refunds/{id}":
            known = {
                ref: one
                for ref, one in self.refunds.items()
                if self.charges[one["charge"]]["livemode"] == livemode
            }
            return self._expanded(self._find(known, "refund", ref), params)
        rows = {
            "/v1/refunds": reversed(self.refunds.values()),
            "/v1/events": reversed(self.events),
            "/v1/balance_transactions": self.balance.values(),
        }[route]
        wanted = {"payment_intent": params.get("payment_intent")} if route == "/v1/refunds" else {}
        if "source" in params:
            wanted["source"] = params["source"]
        created = params.get("created", {})
        if payout := params.get("payout"):
            assert self.payouts[payout]["automatic"], "Stripe lists automatic payouts only"
            rows = [row for row in rows if self.paid_out.get(row["id"]) == payout]
        rows = [
            row
            for row in rows
            if all(row[name] == value for name, value in wanted.items())
            and row["type" if "types" in params else "object"]
            in params.get("types", [row["object"]])
            and created.get("gte", 0) <= row["created"] < created.get("lt", float("inf"))
        ]
        if "expand" in params:
            sources = {**self.charges, **self.refunds, **self.disputes, **self.payouts}
            rows = [{**row, "source": sources.get(row["source"])} for row in rows]
        return self.list_of(rows, route, 100)

    def _create_refund(self, params, livemode):
        known = {
            ref: one for ref, one in self.payment_intents.items() if one["livemode"] == livemode
        }
        intent = self._find(known, "payment_intent", params["payment_intent"], "payment_intent")
        charge = self.charges[intent["latest_charge"]]
        left = charge["amount"] - charge["amount_refunded"]
        if left <= 0:
            message = f"Charge {charge['id']} has already been refunded."
            raise StripeRefusal(400, message, "charge_already_refunded")
        if params["amount"] > left:
            message = "Refund amount is greater than unrefunded amount on charge"
            raise StripeRefusal(400, message, param="amount")
        return self.refund(
            charge,
            params["amount"],
            status=self.refund_status,
            metadata=params["metadata"],
            reason=params.get("reason"),
        )

    def _perform_rest(self, method, route, ref, params, livemode):
        if route == "/v1/customers":
            return self.new_customer(params, livemode)
        if route == "/v1/customers/{id}":
            return self._find(self.customers, "customer", ref)
        if route == "/v1/webhook_endpoints" and method == "POST":
            endpoint = self.new_webhook_endpoint(params, livemode)
            return {**endpoint, "secret": f"whsec_{endpoint['id']}"}
        if route == "/v1/webhook_endpoints":
            found = list(self.webhook_endpoints.values())
            return {"object": "list", "url": route, "has_more": False, "data": found}
        assert route == "/v1/account", f"The fake Stripe cannot {method} {route}"
        return {
            "id": "acct_fake",
            "object": "account",
            "charges_enabled": True,
            "country": "BE",
            "default_currency": "eur",
        }

    def _open_session(self, params, livemode):
        self._check_session(params)
        if customer := params.get("customer"):
            self._find(self.customers, "customer", customer, param="customer")
        return self.new_session(params, livemode)

    def _check_session(self, params):
        assert params.get("line_items"), "a payment without line items"
        assert not ("customer" in params and "customer_email" in params), "customer and its e-mail"
        life = params.get("expires_at", time.time() + MAXIMUM_LIFE) - time.time()
        if not MINIMUM_LIFE - 1 <= life <= MAXIMUM_LIFE + 1:
            raise StripeRefusal(
                400,
                "The `expires_at` timestamp must be between 30 minutes and 24 hours from now.",
                param="expires_at",
            )
        total = sum(
            line["quantity"] * line["price_data"]["unit_amount"] for line in params["line_items"]
        )
        if total > 99_999_999:
            raise StripeRefusal(400, "The amount is too large.", "amount_too_large", "line_items")

    def _find_session(self, ref, livemode):
        """Return a session; a key of one mode does not know those of the other."""
        known = {ref: one for ref, one in self.sessions.items() if one["livemode"] == livemode}
        return self._find(known, "checkout session", ref)

    def _expire_session(self, ref, livemode):
        session = self._find_session(ref, livemode)
        if session["status"] != "open":
            raise StripeRefusal(
                400,
                "Only Checkout Sessions with a status in [open] can be expired. "
                f"This one has a status of `{session['status']}`.",
            )
        self.expire(ref)
        return session

    def _find(self, objects, name, ref, param="id"):
        if ref not in objects:
            raise StripeRefusal(
                400 if param != "id" else 404, f"No such {name}: '{ref}'", "resource_missing", param
            )
        return objects[ref]

    def _expanded(self, obj, params):
        shown = copy.deepcopy(obj)
        stores = {
            "payment_intent": self.payment_intents,
            "latest_charge": self.charges,
            "balance_transaction": self.balance,
            "failure_balance_transaction": self.balance,
        }
        for path in params.get("expand", ()):
            target = shown
            for name in path.split("."):
                if name not in target:
                    raise StripeRefusal(400, f"This property cannot be expanded ({path}).")
                if isinstance(target[name], str):
                    target[name] = copy.deepcopy(stores[name][target[name]])
                target = target[name] or {name: None for name in stores}
        return shown
