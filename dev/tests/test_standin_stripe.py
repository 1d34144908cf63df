"""The Stripe stand-in, driven by Stripe's own SDK: requests, keys and the rules of Checkout."""

import threading
import time

import pytest
import requests
import stripe

from .helpers import KEY, client, order, press, types


def test_create_and_retrieve_a_session_with_its_lines(api):
    made = api.checkout.sessions.create(order(metadata={"a": "b"}, client_reference_id="PR/1"))
    assert (made["status"], made["payment_status"]) == ("open", "unpaid")
    assert made["payment_intent"] is None
    assert made["expires_at"] - made["created"] == 24 * 3600
    read = api.checkout.sessions.retrieve(made["id"], {"expand": ["line_items"]})
    assert read["line_items"]["data"][0]["description"] == "INV/2026/1"
    lines = api.checkout.sessions.line_items.list(made["id"])
    assert [line["amount_total"] for line in lines] == [12050]


def test_the_same_key_is_replayed(standins):
    def post():
        return requests.post(
            f"{standins.stripe_url}/v1/customers",
            data={"name": "Ada"},
            auth=(KEY, ""),
            headers={"Idempotency-Key": "k1"},
            timeout=10,
        )

    first, second = post(), post()
    assert "Idempotent-Replayed" not in first.headers
    assert second.headers["Idempotent-Replayed"] == "true"
    assert second.headers["Original-Request"] == first.headers["Request-Id"]
    assert second.json() == first.json()


def test_a_key_with_other_parameters_is_refused(api):
    api.customers.create({"name": "Ada"}, {"idempotency_key": "k2"})
    with pytest.raises(stripe.IdempotencyError) as refused:
        api.customers.create({"name": "Bob"}, {"idempotency_key": "k2"})
    assert refused.value.http_status == 400


def test_a_key_at_work_is_answered_409(standins, api):
    standins.control("faults", action="delay", seconds=1, path="customers")
    results = []
    slow = threading.Thread(
        target=lambda: results.append(
            api.customers.create({"name": "Ada"}, {"idempotency_key": "k3"})["id"]
        )
    )
    slow.start()
    time.sleep(0.3)
    with pytest.raises(stripe.StripeError) as busy:
        client(standins, 0).v1.customers.create({"name": "Ada"}, {"idempotency_key": "k3"})
    slow.join()
    assert (busy.value.http_status, busy.value.error.code) == (409, "idempotency_key_in_use")
    again = api.customers.create({"name": "Ada"}, {"idempotency_key": "k3"})
    assert [again["id"]] == results


def test_refused_parameters_free_the_key(api):
    with pytest.raises(stripe.InvalidRequestError):
        api.customers.create({"wrong": "Ada"}, {"idempotency_key": "k4"})
    assert api.customers.create({"name": "Ada"}, {"idempotency_key": "k4"})["name"] == "Ada"


@pytest.mark.parametrize(
    ("values", "code", "param"),
    [
        ({"payment_method_types": ["card"]}, "parameter_unknown", "payment_method_types"),
        ({"success_url": None}, "parameter_missing", "success_url"),
        ({"success_url": "nowhere"}, "url_invalid", "success_url"),
        ({"line_items": None}, "parameter_missing", "line_items"),
        ({"customer": "cus_gone"}, "resource_missing", "customer"),
        ({"customer_email": "nobody"}, "email_invalid", "customer_email"),
        ({"metadata": {"k": "v" * 501}}, None, "metadata[k]"),
        ({"metadata": {"k" * 41: "v"}}, None, "metadata"),
        ({"client_reference_id": "x" * 201}, None, "client_reference_id"),
        ({"locale": "tlh"}, None, "locale"),
        ({"mode": "subscription"}, None, "mode"),
    ],
)
def test_bad_parameters_are_refused_as_stripe_does(api, values, code, param):
    params = {key: value for key, value in order(**values).items() if value is not None}
    with pytest.raises(stripe.InvalidRequestError) as refused:
        api.checkout.sessions.create(params)
    error = refused.value
    assert (error.http_status, error.code, error.param) == (400, code, param)
    assert error.request_id.startswith("req_")


@pytest.mark.parametrize("seconds", [29 * 60, 24 * 3600 + 60])
def test_a_session_lives_thirty_minutes_to_a_day(api, seconds):
    with pytest.raises(stripe.InvalidRequestError) as refused:
        api.checkout.sessions.create(order(expires_at=int(time.time()) + seconds))
    assert refused.value.param == "expires_at"


@pytest.mark.parametrize(
    ("amount", "currency", "code"),
    [
        (49, "eur", "amount_too_small"),
        (100_000_000, "eur", "amount_too_large"),
        (49, "jpy", "amount_too_small"),
        (1001, "kwd", None),
        (150, "isk", None),
    ],
)
def test_amounts_have_limits(api, amount, currency, code):
    with pytest.raises(stripe.InvalidRequestError) as refused:
        api.checkout.sessions.create(order(amount, currency))
    assert refused.value.code == code


def test_a_hundred_lines_and_no_more(api):
    line = order()["line_items"][0]
    assert api.checkout.sessions.create(order(line_items=[line] * 100))["amount_total"] == 1205000
    with pytest.raises(stripe.InvalidRequestError):
        api.checkout.sessions.create(order(line_items=[line] * 101))


def test_keys_are_checked(standins):
    for key in ("sk_live_real", "nonsense"):
        with pytest.raises(stripe.AuthenticationError):
            client(standins, 0, key=key).v1.customers.list()


def test_expiring_is_for_open_sessions(api):
    made = api.checkout.sessions.create(order())
    ended = api.checkout.sessions.expire(made["id"])
    assert (ended["status"], ended["url"]) == ("expired", None)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        api.checkout.sessions.expire(made["id"])
    assert "expired" in refused.value.user_message
    assert types(api) == ["checkout.session.expired"]


def test_a_session_expires_by_itself(standins, api):
    made = api.checkout.sessions.create(order())
    standins.control("clock", advance=24 * 3600)
    assert api.checkout.sessions.retrieve(made["id"])["status"] == "expired"
    assert types(api) == ["checkout.session.expired"]
    assert press(made["url"], "card").text.count("expired") > 0
