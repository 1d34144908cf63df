"""People who act at the same moment."""

import contextlib
import time
from functools import partial

from dev.demo.client import OdooRefused
from dev.demo.payer import Payer
from dev.demo.waiting import until
from dev.standins.launcher import ControlError

from .world import Broken, World, at_once

ROUNDS = 8
STAGGER = 0.02  # seconds by which the payer is later in each round
OPENING = {"method": "POST", "path": "/v1/checkout/sessions$"}


def twenty_presses_of_pay(world: World) -> None:
    """Pay is pressed 20 times at once: double clicks, two tabs"""
    request = world.new_request(invoices=3)
    payer = Payer(request.link)
    address, fields = payer.form()
    with world.clean_log():
        answers = at_once([lambda: payer.post(address, fields)] * 20)
    pages = [answer.headers.get("Location", "") for answer in answers]
    reached = [page for page in pages if "/c/pay/" in page]
    told = len(pages) - len(reached)
    world.did(f"{len(reached)} presses led to Stripe, {told} back to the page with a sentence.")
    world.hold({answer.status_code for answer in answers} == {303}, "all 20 were redirected")
    world.hold(len(set(reached)) == 1, "all who reached Stripe are on the same page")
    world.hold(len(world.sessions(request)) == 1, "there is one session at Stripe")
    world.hold(told == 0, "nobody was sent away")
    payer.pay_by_card(reached[0])
    world.hold_paid_once(request)


def cancelled_after_the_payer_paid(world: World) -> None:
    """Cancel is pressed when the payer has just paid"""
    request = world.new_request()
    with world.no_webhooks():
        world.standins.control(f"sessions/{world.open_checkout(request)}/pay")
        try:
            world.anna.call("payment.request", "action_cancel", [request.id])
        except OdooRefused as refusal:
            world.did(f"Anna read: {refusal}")
        else:
            world.hold(False, "Cancel says that the customer has just paid")
    world.hold_paid_once(request)


def cancelled_while_the_payer_pays(world: World) -> None:
    """Cancel and the payer's card race each other"""
    outcomes = []
    for number in range(ROUNDS):
        request = world.new_request(invoices=1)
        session = world.open_checkout(request)
        delay = number * STAGGER
        jobs = [partial(_cancel, world, request), partial(_pay, world, session, delay)]
        _sentence, was_paid = at_once(jobs)
        outcomes.append("completed" if was_paid else "cancelled")
        world.wait_for(request, outcomes[-1])
        world.wait_for_worker()
        if len(world.payments(request)) != was_paid:
            raise Broken(f"{request.name} is {outcomes[-1]} and has the payments to match")
    world.did(f"{ROUNDS} rounds: {outcomes.count('completed')} paid, the others cancelled.")
    world.hold(True, "whoever was faster at Stripe won, and the books agree with Stripe")


def _cancel(world: World, request) -> str:
    try:
        world.anna.call("payment.request", "action_cancel", [request.id])
    except OdooRefused as refusal:
        return str(refusal)
    return ""


def _pay(world: World, session: str, delay: float) -> bool:
    time.sleep(delay)
    with contextlib.suppress(ControlError):
        world.standins.control(f"sessions/{session}/pay")
        return True
    return False


def cancelled_while_the_checkout_opens(world: World) -> None:
    """Cancel is pressed while Stripe is still opening the payer's page"""
    request = world.new_request()
    payer = Payer(request.link)
    address, fields = payer.form()
    fault = {"method": "POST", "path": "/v1/checkout/sessions$", "action": "delay", "seconds": 3}
    world.standins.control("faults", **fault)

    def cancel_soon() -> str:
        until("Stripe's session", lambda: world.sessions(request))
        return _cancel(world, request)

    answer, sentence = at_once([lambda: payer.post(address, fields), cancel_soon])
    world.did(f"Cancel said: {sentence or 'done'}; Pay answered {answer.status_code}.")
    world.hold(answer.status_code == 303, "the payer got an answer")
    if sentence:  # Stripe could not be asked at that moment; Anna presses again
        world.hold(_cancel(world, request) == "", "the second press works")
    world.hold(world.state(request) == "cancelled", "the request is cancelled")
    statuses = {row["status"] for row in world.sessions(request)}
    world.hold(statuses == {"expired"}, "nobody can pay at Stripe any more")


def paid_by_the_link_and_in_the_portal(world: World) -> None:
    """One invoice is paid by its link and in the portal at the same moment"""
    outcomes = []
    for number in range(ROUNDS):
        request = world.new_request(invoices=1)
        (invoice,) = request.shares
        payer = Payer(request.link)
        press = partial(payer.post, *payer.form())
        form = {"csrf_token": world.nadia.read_token("/my/payments"), f"invoice_{invoice}": "1"}
        choose = partial(world.nadia.submit, "/my/payments/pay", form)
        slow = {"action": "delay", "seconds": 0.5, "times": 2}  # so that both are at Stripe
        world.standins.control("faults", **OPENING, **slow)
        answers = at_once([choose, partial(_later, number * STAGGER, press)])
        world.standins.control("faults/clear")
        outcomes.append(" / ".join(_lead(answer) for answer in answers))
        sessions = _open_sessions(world, invoice)
        if len(sessions) != 1:
            raise Broken(f"one session is open at Stripe, not {len(sessions)} ({outcomes[-1]})")
        world.standins.control(f"sessions/{sessions[0]}/pay")
        until("The invoice's end", lambda invoice=invoice: not _owed(world, invoice))
    world.did(f"{ROUNDS} rounds, the portal / the link led to: {', '.join(outcomes)}.")
    world.hold(True, "each time one session was open at Stripe, and it paid the invoice")


def _later(delay: float, act):
    time.sleep(delay)
    return act()


def _lead(answer) -> str:
    where = answer.headers.get("Location", "")
    return "Stripe" if "/c/pay/" in where else where.partition("?")[2] or str(answer.status_code)


def _open_sessions(world: World, invoice: int) -> list[str]:
    """The sessions that can be paid at Stripe now, of all links of an invoice."""
    lines = world.admin.find("payment.request.line", [("move_id", "=", invoice)], ["request_id"])
    names = {line["request_id"][1] for line in lines}
    rows = world.standins.control("sessions")["data"]
    return [row["id"] for row in rows
            if row["client_reference_id"] in names and row["status"] == "open"]  # fmt: skip


def _owed(world: World, invoice: int) -> float:
    return world.anna.read("account.move", invoice, "amount_residual")["amount_residual"]


SCENARIOS = (
    twenty_presses_of_pay,
    cancelled_after_the_payer_paid,
    cancelled_while_the_payer_pays,
    cancelled_while_the_checkout_opens,
    paid_by_the_link_and_in_the_portal,
)
