"""The Stripe stand-in's money: paying on the page, refunds, disputes."""

import pytest
import requests
import stripe

from dev.standins.launcher import ControlError

from .helpers import order, paid_intent, press, types


def test_paying_by_card_on_the_page(api):
    made = api.checkout.sessions.create(order())
    page = requests.get(made["url"], timeout=10)
    assert "€120.50" in page.text and "INV/2026/1" in page.text
    answer = press(made["url"], "card", email="ada@example.com")
    assert answer.status_code == 303
    assert answer.headers["Location"] == f"http://127.0.0.1:9/ok?session={made['id']}"
    path = "payment_intent.latest_charge.balance_transaction"
    paid = api.checkout.sessions.retrieve(made["id"], {"expand": [path]})
    assert (paid["status"], paid["payment_status"]) == ("complete", "paid")
    intent = paid["payment_intent"]
    assert (intent["status"], intent["amount_received"]) == ("succeeded", 12050)
    assert intent["metadata"]["request"] == "7"
    line = intent["latest_charge"]["balance_transaction"]
    assert (line["amount"], line["fee"], line["net"]) == (12050, 379, 11671)
    assert types(api) == [
        "checkout.session.completed",
        "payment_intent.succeeded",
        "charge.succeeded",
        "payment_intent.created",
    ]


def test_a_second_press_pays_nothing_more(api):
    made = api.checkout.sessions.create(order())
    press(made["url"], "card")
    assert press(made["url"], "card").status_code == 200
    assert len(api.charges.list().data) == 1


def test_a_declined_card_leaves_the_session_open(api):
    made = api.checkout.sessions.create(order())
    answer = press(made["url"], "decline")
    assert answer.status_code == 402
    assert "insufficient funds" in answer.text
    session = api.checkout.sessions.retrieve(made["id"], {"expand": ["payment_intent"]})
    assert session["status"] == "open"
    error = session["payment_intent"]["last_payment_error"]
    assert (error["code"], error["decline_code"]) == ("card_declined", "insufficient_funds")
    press(made["url"], "card")
    assert len(api.payment_intents.list().data) == 1
    assert api.checkout.sessions.retrieve(made["id"])["payment_status"] == "paid"


def test_cancel_goes_back_and_changes_nothing(api):
    made = api.checkout.sessions.create(order())
    assert press(made["url"], "cancel").headers["Location"] == "http://127.0.0.1:9/back"
    assert api.checkout.sessions.retrieve(made["id"])["status"] == "open"


@pytest.mark.parametrize(
    ("verb", "payment_status", "last"),
    [
        ("settle", "paid", "checkout.session.async_payment_succeeded"),
        ("fail", "unpaid", "checkout.session.async_payment_failed"),
    ],
)
def test_a_bank_debit_settles_later(standins, api, verb, payment_status, last):
    made = api.checkout.sessions.create(order())
    press(made["url"], "bank")
    waiting = api.checkout.sessions.retrieve(made["id"], {"expand": ["payment_intent"]})
    assert (waiting["status"], waiting["payment_status"]) == ("complete", "unpaid")
    assert waiting["payment_intent"]["status"] == "processing"
    standins.control(f"sessions/{made['id']}/{verb}")
    assert api.checkout.sessions.retrieve(made["id"])["payment_status"] == payment_status
    assert types(api)[0] == last
    with pytest.raises(ControlError):
        standins.control(f"sessions/{made['id']}/{verb}")


def test_a_deleted_customer_cannot_pay(api):
    ada = api.customers.create({"name": "Ada", "email": "ada@example.com"})
    api.checkout.sessions.create(order(customer=ada["id"]))
    api.customers.delete(ada["id"])
    assert api.customers.retrieve(ada["id"])["deleted"] is True
    with pytest.raises(stripe.InvalidRequestError) as refused:
        api.checkout.sessions.create(order(customer=ada["id"]))
    assert (refused.value.code, refused.value.param) == ("resource_missing", "customer")


def test_refunds_never_exceed_the_charge(standins, api):
    intent = paid_intent(standins, api)
    first = api.refunds.create({"payment_intent": intent, "amount": 2050})
    assert (first["status"], first["amount"]) == ("succeeded", 2050)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        api.refunds.create({"payment_intent": intent, "amount": 10001})
    assert refused.value.param == "amount"
    rest = api.refunds.create({"charge": first["charge"], "metadata": {"refund": "3"}})
    assert rest["amount"] == 10000
    with pytest.raises(stripe.InvalidRequestError) as refused:
        api.refunds.create({"payment_intent": intent})
    assert refused.value.code == "charge_already_refunded"
    charge = api.charges.retrieve(first["charge"], {"expand": ["refunds"]})
    assert charge["refunded"] and charge["amount_refunded"] == 12050
    assert len(charge["refunds"]["data"]) == 2
    assert len(api.refunds.list({"payment_intent": intent}).data) == 2


def test_a_refund_that_fails_later_gives_the_money_back(standins, api):
    intent = paid_intent(standins, api)
    made = standins.control("refunds", payment_intent=intent, amount=50)
    standins.control(f"refunds/{made['id']}/failed")
    assert api.refunds.retrieve(made["id"])["status"] == "failed"
    assert api.charges.retrieve(made["charge"])["amount_refunded"] == 0
    assert types(api)[:2] == ["refund.updated", "refund.failed"]


@pytest.mark.parametrize(
    ("outcome", "events"),
    [
        ("lost", ["charge.dispute.closed"]),
        ("won", ["charge.dispute.closed", "charge.dispute.funds_reinstated"]),
    ],
)
def test_a_dispute_goes_its_way(standins, api, outcome, events):
    intent = paid_intent(standins, api)
    dispute = standins.control("disputes", payment_intent=intent)
    assert dispute["status"] == "needs_response"
    assert dispute["balance_transactions"][0]["net"] == -12050 - 1500
    with pytest.raises(stripe.InvalidRequestError) as refused:
        api.refunds.create({"payment_intent": intent})
    assert refused.value.code == "charge_disputed"
    standins.control(f"disputes/{dispute['id']}/{outcome}")
    assert types(api)[: len(events)] == events
    assert api.disputes.retrieve(dispute["id"])["status"] == outcome
    if outcome == "lost":
        with pytest.raises(stripe.InvalidRequestError):
            api.refunds.create({"payment_intent": intent})
    else:
        assert api.refunds.create({"payment_intent": intent})["amount"] == 12050


def test_an_inquiry_moves_no_money(standins, api):
    dispute = standins.control("disputes", payment_intent=paid_intent(standins, api), inquiry=True)
    assert dispute["balance_transactions"] == []
    standins.control(f"disputes/{dispute['id']}/warning_closed")
    assert "charge.dispute.funds_withdrawn" not in types(api)
