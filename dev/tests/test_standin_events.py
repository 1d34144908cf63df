"""The Stripe stand-in's events and webhooks, and the trouble it makes on demand."""

import re
import time

import pytest
import stripe

from dev.standins.launcher import StandIns

from .helpers import SECRET, client, eventually, order, paid_intent, types


def test_events_are_filtered_and_paged(standins, api):
    paid_intent(standins, api)
    paid_intent(standins, api)
    assert types(api, type="charge.succeeded") == ["charge.succeeded"] * 2
    assert len(types(api, types=["charge.succeeded", "payment_intent.created"])) == 4
    assert types(api, created={"gt": int(time.time()) + 60}) == []
    refs = [event["id"] for event in api.events.list({"limit": 3}).auto_paging_iter()]
    assert len(refs) == len(set(refs)) == 8


def test_webhooks_carry_a_signature_the_sdk_accepts(standins, api, receiver):
    intent = paid_intent(standins, api)
    body, header = receiver.wait_for("checkout.session.completed", 5)
    event = stripe.Webhook.construct_event(body, header, SECRET)
    assert event["data"]["object"]["payment_intent"] == intent
    assert (event["livemode"], event["api_version"]) == (False, stripe.api_version)
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(body, header, "whsec_another")


def test_a_webhook_is_tried_again_after_an_error(standins, api, receiver):
    receiver.statuses.append(500)
    made = api.checkout.sessions.create(order())
    api.checkout.sessions.expire(made["id"])
    assert eventually(lambda: len(receiver.deliveries) == 2)
    assert {stripe.Webhook.construct_event(*row, SECRET)["id"] for row in receiver.deliveries}
    bodies = {re.search(rb'"evt_\w+"', body).group() for body, _header in receiver.deliveries}
    assert len(bodies) == 1
    assert eventually(lambda: types(api, delivery_success=True) == ["checkout.session.expired"])


def test_a_webhook_nobody_takes_stays_undelivered(api, receiver):
    receiver.statuses.extend([500] * 4)
    made = api.checkout.sessions.create(order())
    api.checkout.sessions.expire(made["id"])
    assert eventually(lambda: len(receiver.deliveries) == 4)
    time.sleep(0.3)
    assert len(receiver.deliveries) == 4
    (event,) = api.events.list({"delivery_success": False}).data
    assert event["pending_webhooks"] == 1


def test_an_endpoint_gets_what_it_asked_for(standins, api, receiver):
    kinds = ["checkout.session.completed"]
    made = api.webhook_endpoints.create(
        {"url": receiver.url + "/own", "enabled_events": kinds, "api_version": stripe.api_version}
    )
    assert made["secret"].startswith("whsec_")
    assert "secret" not in api.webhook_endpoints.retrieve(made["id"])
    paid_intent(standins, api)
    assert eventually(lambda: len(receiver.deliveries) == 5)
    good = [row for row in receiver.deliveries if is_signed(row, made["secret"])]
    assert len(good) == 1
    assert len(api.webhook_endpoints.list().data) == 2
    api.webhook_endpoints.delete(made["id"])
    assert len(api.webhook_endpoints.list().data) == 1
    with pytest.raises(stripe.InvalidRequestError):
        api.webhook_endpoints.create({"url": receiver.url, "enabled_events": ["no.such.event"]})


def test_deliveries_can_be_stopped_and_events_repeated(standins, api, receiver):
    standins.control("webhooks/pause")
    paid_intent(standins, api)
    time.sleep(0.3)
    assert receiver.deliveries == []
    assert standins.control("webhooks/resume", drop=True)["deliveries"] == 4
    (event,) = standins.control("events?type=checkout.session.completed")["data"]
    assert standins.control(f"events/{event['id']}/resend", times=20)["statuses"] == [200] * 20
    assert len(receiver.deliveries) == 20


def is_signed(row, secret):
    try:
        return bool(stripe.Webhook.construct_event(*row, secret))
    except stripe.SignatureVerificationError:
        return False


def test_a_lost_answer_and_a_retry_open_one_session(standins):
    standins.control("faults", action="close", path="checkout/sessions", method="POST")
    made = client(standins, retries=2).v1.checkout.sessions.create(order())
    assert [made["id"]] == [row["id"] for row in standins.control("sessions")["data"]]


def test_a_hanging_answer_is_a_timeout_for_the_caller(standins):
    standins.control("faults", action="hang", path="customers", seconds=3)
    with pytest.raises(stripe.APIConnectionError):
        client(standins, 0, timeout=0.5).v1.customers.create({"name": "Ada"})


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (401, stripe.AuthenticationError),
        (403, stripe.PermissionError),
        (429, stripe.RateLimitError),
        (500, stripe.APIError),
    ],
)
def test_errors_on_demand_then_normal_again(standins, api, status, error):
    standins.control("faults", action="status", status=status, times=2)
    for _ in range(2):
        with pytest.raises(error):
            api.customers.create({"name": "Ada"})
    assert api.customers.create({"name": "Ada"})["name"] == "Ada"


def test_state_survives_a_restart(tmp_path):
    stripe.enable_telemetry = False
    with StandIns(state_dir=tmp_path) as first:
        made = client(first, 0).v1.checkout.sessions.create(order())
    with StandIns(state_dir=tmp_path) as second:
        assert client(second, 0).v1.checkout.sessions.retrieve(made["id"])["status"] == "open"
        assert second.control(f"sessions/{made['id']}/pay")["payment_status"] == "paid"
