"""Webhooks that repeat, overtake each other, or come from somebody else."""

import itertools
import json
import re
import time

import requests

from .world import World

CONFLICT = re.compile(r"ERROR.*could not serialize|bad query|^Traceback| ERROR ")
CARD = (
    "payment_intent.payment_failed",
    "payment_intent.succeeded",
    "checkout.session.completed",
    "checkout.session.expired",
)
DEBIT_PAID = (
    "checkout.session.completed",
    "checkout.session.async_payment_succeeded",
    "payment_intent.succeeded",
)
DEBIT_FAILED = (
    "checkout.session.completed",
    "checkout.session.async_payment_failed",
    "payment_intent.payment_failed",
)


def same_event_twenty_times_at_once(world: World) -> None:
    """The same event is delivered 20 times at once"""
    request = world.new_request(invoices=3)
    session = world.open_checkout(request)
    with world.no_webhooks(), world.clean_log(CONFLICT):
        world.standins.control(f"sessions/{session}/pay")
        event = world.events_of(session)["checkout.session.completed"]["id"]
        statuses = world.standins.control(f"events/{event}/resend", times=20)["statuses"]
        world.did(f"Stripe delivered {event} 20 times at once.")
        world.hold(statuses == [200] * 20, "all 20 were answered with 200")
        world.hold_paid_once(request)
    rows = [row for row in world.events(request) if row["event_ref"] == event]
    world.hold(len(rows) == 1, "the inbox has one row for it")


def events_in_every_order_and_twice(world: World) -> None:
    """The events of one payment arrive in every order, and all of them twice"""
    _in_every_order(world, "a card, declined once, then paid", CARD, _declined_then_paid)
    _in_every_order(world, "a bank debit that is paid", DEBIT_PAID, _debit("settle"))
    end = _in_every_order(world, "a bank debit that fails", DEBIT_FAILED, _debit("fail"), "failed")
    world.hold(end[3] == 0, "a debit that failed books nothing")


def _in_every_order(world: World, what: str, types: tuple, pay, final="completed") -> tuple:
    orders = list(itertools.permutations(types))
    requests_made = world.new_requests(len(orders))
    statuses = set()
    with world.no_webhooks():
        for request, order in zip(requests_made, orders, strict=True):
            events = pay(world, world.open_checkout(request))
            statuses |= {world.post_event(events[kind]) for kind in (*order, *order)}
    world.wait_for_worker()
    world.did(f"{what}: {len(orders)} payments, their {len(types)} events in every order, twice.")
    world.hold(statuses == {200}, "every delivery was answered with 200")
    ends = {world.end_state(request) for request in requests_made}
    world.hold(len(ends) == 1, f"the end is always the same: {ends}")
    end = ends.pop()
    world.hold(end[0] == final, f"every request is {final}")
    if final == "completed":
        world.hold(end[2:4] == ("all", 1), "each has one payment of all that was asked")
    return end


def _declined_then_paid(world: World, session: str) -> dict:
    world.standins.control(f"sessions/{session}/decline")
    world.standins.control(f"sessions/{session}/pay")
    events = world.events_of(session)
    # Stripe's clock and the payer may cross: the session was paid just before it ended.
    expired = json.loads(json.dumps(events["checkout.session.completed"]))
    expired.update(id=f"evt_expired_{session[-20:]}", type="checkout.session.expired")
    expired["data"]["object"].update(status="expired", payment_status="unpaid")
    return {**events, "checkout.session.expired": expired}


def _debit(answer: str):
    def pay(world: World, session: str) -> dict:
        world.standins.control(f"sessions/{session}/debit")
        world.standins.control(f"sessions/{session}/{answer}")
        return world.events_of(session)

    return pay


def forged_and_broken_webhooks(world: World) -> None:
    """Forged, stale, truncated, malformed and huge webhooks"""
    request = world.new_request()
    session = world.open_checkout(request)
    with world.no_webhooks():
        world.standins.control(f"sessions/{session}/pay")
        event = world.events_of(session)["checkout.session.completed"]
    before = world.admin.call("payment.request.event", "search_count", [])
    with world.clean_log():
        for what, post, expected in _attacks(world, json.dumps(event).encode()):
            status = post().status_code
            world.hold(status == expected, f"{what}: {status}")
    after = world.admin.call("payment.request.event", "search_count", [])
    world.hold(after == before, "nothing was stored")
    world.hold(world.state(request) == "sent", "the request is as it was")


def _attacks(world: World, body: bytes) -> list:
    """`(what, post, expected HTTP status)` of bodies and signatures that must not get in."""
    post, now = world.post_webhook, time.time()
    huge = body + b" " * (2 * 1024 * 1024)

    def send(header=None, url=world.webhook_url, data=body):
        headers = {"Stripe-Signature": header} if header else {}
        return requests.post(url, data=data, headers=headers, timeout=60)

    invented = f"t={int(now)},v1={'0' * 64}"
    whole = world.signature(body)
    return [
        ("without a signature", lambda: send(), 400),
        ("with an invented signature", lambda: send(invented), 400),
        ("with a header that is none", lambda: send("v1=,t=now,,="), 400),
        ("signed with another secret", lambda: post(body, secret="whsec_other"), 400),
        ("signed ten minutes ago", lambda: post(body, moment=now - 600), 400),
        ("signed in the future", lambda: post(body, moment=now + 3600), 400),
        (
            "truncated, with the whole body's signature",
            lambda: send(whole, data=body[:900]),
            400,
        ),
        ("not JSON", lambda: post(b"id=evt_1&type=checkout.session.completed"), 400),
        ("not text", lambda: send(invented, data=b"\xff\xfe\x00"), 400),
        ("JSON, but no event", lambda: post(b"[]"), 400),
        ("an event without a name", lambda: post(b"{}"), 400),
        ("2 MiB, signed", lambda: post(huge), 413),
        ("2 MiB in chunks, unsigned", lambda: send(data=iter([huge])), 413),
        ("to an unknown address", lambda: send(url=world.webhook_url + "x"), 404),
    ]


def text_that_no_database_takes(world: World) -> None:
    """A genuine event carries text that PostgreSQL refuses"""
    request = world.new_request()
    session = world.open_checkout(request)
    with world.no_webhooks():
        world.standins.control(f"sessions/{session}/pay")
        event = world.events_of(session)["checkout.session.completed"]
    event["data"]["object"]["customer_details"]["name"] = "Na\x00dia \ud83d"
    with world.clean_log():
        status = world.post_event(event)
    world.did("A name with a NUL and half an emoji was sent, signed.")
    world.hold(status == 200, "it was taken")
    world.hold_paid_once(request)


def odoos_own_stripe_routes(world: World) -> None:
    """Unsigned events at Odoo's own Stripe routes, and another order's payment"""
    request = world.new_request()
    session = world.open_checkout(request)
    with world.no_webhooks():
        world.standins.control(f"sessions/{session}/pay")
        events = world.events_of(session)
    before = world.end_state(request)
    intent = events["payment_intent.succeeded"]["data"]["object"]["id"]
    for kind in ("checkout.session.completed", "payment_intent.succeeded"):
        answer = requests.post(
            f"{world.odoo.url}/payment/stripe/webhook", json=events[kind], timeout=60
        )
        world.did(
            f"An unsigned {kind} at /payment/stripe/webhook was answered {answer.status_code}."
        )
    for reference in (request.name, f"Payment request {request.name}", session):
        answer = requests.get(
            f"{world.odoo.url}/payment/stripe/return",
            params={"reference": reference, "payment_intent": intent},
            allow_redirects=False,
            timeout=60,
        )
        world.did(f"/payment/stripe/return for {reference[:24]} answered {answer.status_code}.")
    world.wait_for_worker()
    world.hold(world.end_state(request) == before, "nothing of ours changed")
    transactions = world.admin.call("payment.transaction", "search_count", [])
    world.hold(transactions == 0, "there is no payment transaction of Odoo's own")


SCENARIOS = (
    same_event_twenty_times_at_once,
    events_in_every_order_and_twice,
    forged_and_broken_webhooks,
    text_that_no_database_takes,
    odoos_own_stripe_routes,
)
