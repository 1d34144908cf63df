"""Power cuts: the server and all its workers are killed at the worst moments."""

import contextlib
import threading

import requests

from dev.demo.payer import Payer, PayerStuck
from dev.demo.waiting import until

from .world import World

MANY = 24


def killed_before_it_knew_stripes_answer(world: World) -> None:
    """The server dies between Stripe's answer and our commit"""
    request = world.new_request(invoices=3)
    payer = Payer(request.link)
    fault = {"method": "POST", "path": "/v1/checkout/sessions$", "action": "delay", "seconds": 5}
    world.standins.control("faults", **fault)
    pressing = threading.Thread(target=_press, args=(payer,))
    pressing.start()
    until("Stripe's session", lambda: world.sessions(request))
    world.kill()
    pressing.join()
    world.did("Stripe opened the session; Odoo was killed before it heard of it.")
    world.start_again()
    states = _checkout_states(world, request)
    world.hold(states == ["intended"], "after the restart the intent row is there")
    stripe_page = until("The way to Stripe", lambda: _try_again(payer))
    world.did("The payer pressed Pay again.")
    world.hold(len(world.sessions(request)) == 1, "there is one session at Stripe")
    payer.pay_by_card(stripe_page)
    world.hold_paid_once(request)


def _press(payer: Payer) -> None:
    with contextlib.suppress(requests.RequestException):
        payer.press_pay()


def _try_again(payer: Payer) -> str:
    with contextlib.suppress(PayerStuck):
        return payer.go_to_stripe()
    return ""


def _checkout_states(world: World, request) -> list:
    rows = world.admin.find(
        "payment.request.checkout", [("request_id", "=", request.id)], ["state"]
    )
    return [row["state"] for row in rows]


def killed_while_booking_many(world: World) -> None:
    """The worker dies in the middle of booking many payments"""
    wanted = world.new_requests(MANY)
    sessions = [world.open_checkout(request) for request in wanted]
    world.standins.control("webhooks/pause")
    for session in sessions:
        world.standins.control(f"sessions/{session}/pay")
    world.standins.control("webhooks/resume")
    ids = [request.id for request in wanted]
    booked = until("The first bookings", lambda: _booked(world, ids) >= 3 and _booked(world, ids))
    world.kill()
    world.did(f"{MANY} payments were made at once; Odoo was killed after booking about {booked}.")
    world.start_again()
    # Odoo's workers look for work when they are rung, else once a minute: the next payer rings.
    wanted.append(world.new_request(invoices=1))
    ids.append(wanted[-1].id)
    world.standins.control(f"sessions/{world.open_checkout(wanted[-1])}/pay")
    until("All bookings", lambda: _booked(world, ids) > MANY, patience=120)
    world.wait_for_worker()
    payments = world.anna.call(
        "account.payment", "search_count", [("payment_request_id", "in", ids)]
    )
    world.hold(payments == len(ids), f"{payments} payments are booked, with that of the next payer")
    ends = {world.end_state(request) for request in wanted}
    world.hold(
        len(ends) == 1 and ends.pop()[:4] == ("completed", False, "all", 1),
        "every request is completed and paid once",
    )
    failed = world.admin.call(
        "payment.request.event",
        "search_count",
        [("request_id", "in", ids), ("state", "not in", ["done", "ignored"])],
    )
    world.hold(failed == 0, "no event is left over")


def _booked(world: World, ids: list) -> int:
    return world.anna.call("account.payment", "search_count", [("payment_request_id", "in", ids)])


SCENARIOS = (killed_before_it_knew_stripes_answer, killed_while_booking_many)
