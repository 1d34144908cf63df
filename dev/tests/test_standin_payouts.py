"""The Stripe stand-in's payouts: what lies on the balance, each movement once."""

import pytest
import stripe

from dev.standins.launcher import ControlError

from .helpers import paid_intent, types


def test_a_payout_lists_what_it_consists_of(standins, api):
    intent = paid_intent(standins, api)
    standins.control("refunds", payment_intent=intent, amount=2050)
    payout = standins.control("payouts")
    assert payout["amount"] == 12050 - 379 - 2050
    assert api.payouts.retrieve(payout["id"])["reconciliation_status"] == "completed"
    listed = {"payout": payout["id"], "limit": 100, "expand": ["data.source"]}
    rows = api.balance_transactions.list(listed).data
    assert [row["type"] for row in rows] == ["payout", "refund", "charge"]
    assert sum(row["net"] for row in rows) == 0
    assert rows[-1]["source"]["payment_intent"] == intent
    assert types(api)[0] == "payout.paid"


def test_a_movement_is_in_one_payout(standins, api):
    paid_intent(standins, api)
    standins.control("payouts")
    with pytest.raises(ControlError, match="no balance"):
        standins.control("payouts")
    paid_intent(standins, api)
    second = standins.control("payouts")
    assert len(api.balance_transactions.list({"payout": second["id"]}).data) == 2


def test_a_payout_by_hand_tells_nothing(standins, api):
    paid_intent(standins, api)
    payout = standins.control("payouts", manual=True)
    with pytest.raises(stripe.InvalidRequestError, match="automatic"):
        api.balance_transactions.list({"payout": payout["id"]})


def test_a_failed_payout_is_money_again(standins, api):
    paid_intent(standins, api)
    payout = standins.control("payouts")
    failed = standins.control(f"payouts/{payout['id']}/failed")
    assert (failed["status"], types(api)[0]) == ("failed", "payout.failed")
    assert standins.control("payouts")["amount"] == payout["amount"]


def test_what_has_no_bank_account_settles_in_dollars(standins, api):
    with pytest.raises(ControlError, match="rate"):
        standins.control("rates", currency="eur", rate="much")
    standins.control("rates", currency="eur", rate="1.10")
    intent = paid_intent(standins, api)  # of 120.50 EUR
    charge = api.payment_intents.retrieve(intent, {"expand": ["latest_charge.balance_transaction"]})
    line = charge["latest_charge"]["balance_transaction"]
    assert (line["currency"], line["amount"], line["exchange_rate"]) == ("usd", 13255, 1.1)
    assert line["net"] == line["amount"] - line["fee"]
    standins.control("refunds", payment_intent=intent, amount=2050)
    payout = standins.control("payouts")
    assert (payout["currency"], payout["amount"]) == ("usd", line["net"] - 2255)
