"""A Stripe that answers late, wrongly or not at all, and webhooks that are lost."""

from dev.demo.client import OdooRefused
from dev.demo.payer import Payer
from dev.demo.waiting import until

from .world import World

CREATE = {"method": "POST", "path": "/v1/checkout/sessions$"}
EXPIRE = {"method": "POST", "path": "/v1/checkout/sessions/[^/]+/expire$"}
TRIES = 3  # of the SDK: one and two retries
# What goes wrong -> (the fault, the sentence that the payer's page shows).
OPENING = {
    "fails with 500": ({"action": "status", "status": 500, "times": TRIES}, "unavailable"),
    "is rate limited (429)": ({"action": "status", "status": 429, "times": TRIES}, "unavailable"),
    "drops the connection after doing the work": ({"action": "close", "times": TRIES},
                                                  "unavailable"),
    "answers after the time-out": ({"action": "delay", "seconds": 16}, "unavailable"),
    "refuses our key (401)": ({"action": "status", "status": 401}, "refused"),
}  # fmt: skip
SENTENCES = {
    "unavailable": "We cannot reach our payment service at the moment. Nothing was charged.",
    "refused": "The payment page could not be opened. Nothing was charged.",
}


def webhook_lost_and_polled(world: World) -> None:
    """The webhook is lost; the poll finds the payment"""
    request = world.new_request()
    with world.no_webhooks():
        world.standins.control(f"sessions/{world.open_checkout(request)}/pay")
    world.hold(world.state(request) == "sent", "Odoo knows nothing of the payment")
    world.admin.run_cron("payment_request_stripe.ir_cron_poll_stripe")
    world.did("The poll ran.")
    world.hold_paid_once(request)


def webhook_lost_and_payer_returns(world: World) -> None:
    """The webhook is lost; the payer's return finds the payment"""
    request = world.new_request()
    payer = Payer(request.link)
    with world.no_webhooks():
        back = payer.pay_by_card(payer.go_to_stripe())
    page = payer.get(back)
    world.did(f"The payer returned from Stripe to a page that answered {page.status_code}.")
    world.hold(page.status_code == 200, "the page is there")
    world.hold_paid_once(request)


def late_webhook_after_the_poll(world: World) -> None:
    """The poll books a payment, and its webhooks arrive afterwards"""
    request = world.new_request()
    world.standins.control("webhooks/pause")
    world.standins.control(f"sessions/{world.open_checkout(request)}/pay")
    world.admin.run_cron("payment_request_stripe.ir_cron_poll_stripe")
    world.wait_for(request, "completed")
    world.standins.control("webhooks/resume")
    until("The webhooks", lambda: len(world.events(request)) >= 3)
    world.did("The poll booked it; then both webhooks came.")
    world.hold_paid_once(request)


def trouble_while_opening(world: World) -> None:
    """Stripe is in trouble while the payer presses Pay"""
    for what, (fault, code) in OPENING.items():
        request = world.new_request()
        payer = Payer(request.link)
        world.standins.control("faults", **CREATE, **fault)
        with world.clean_log():
            answer = payer.press_pay()
        world.did(f"Stripe {what}: Pay led to {_notice(answer)}.")
        world.hold(answer.status_code == 303, "the payer is led back to the page")
        page = payer.follow(answer)
        world.hold(SENTENCES[code] in page.text, f"which says: {SENTENCES[code]}")
        world.hold(world.state(request) == "sent", "the request is as it was")
        world.standins.control("faults/clear")
        stripe_page = until("The way to Stripe", lambda payer=payer: _stripe_page(payer))
        opened = [row for row in world.sessions(request) if row["status"] == "open"]
        world.hold(len(opened) == 1, "the next try works, and one session is open at Stripe")
        payer.pay_by_card(stripe_page)
        world.hold_paid_once(request)


def _notice(answer) -> str:
    return answer.headers.get("Location", "nowhere").partition("?")[2] or "no notice"


def _stripe_page(payer: Payer) -> str:
    where = payer.press_pay().headers.get("Location", "")
    return where if "/c/pay/" in where else ""


def trouble_while_cancelling(world: World) -> None:
    """Stripe is in trouble while the accountant cancels"""
    request = world.new_request()
    session = world.open_checkout(request)
    fault = {"action": "status", "status": 500, "times": TRIES}
    world.standins.control("faults", **EXPIRE, **fault)
    sentence = _cancel(world, request)
    world.did(f"Anna pressed Cancel and read: {sentence}")
    world.hold("Stripe could not be asked" in sentence, "she is told why")
    world.hold(world.state(request) == "sent", "the request is as it was")
    world.hold(_cancel(world, request) == "", "the next try works")
    world.hold(world.state(request) == "cancelled", "the request is cancelled")
    status = {row["id"]: row["status"] for row in world.sessions(request)}
    world.hold(status == {session: "expired"}, "nobody can pay at Stripe any more")


def _cancel(world: World, request) -> str:
    """The sentence that keeps Anna from cancelling, or none."""
    try:
        world.anna.call("payment.request", "action_cancel", [request.id])
    except OdooRefused as refusal:
        return str(refusal)
    return ""


SCENARIOS = (
    webhook_lost_and_polled,
    webhook_lost_and_payer_returns,
    late_webhook_after_the_poll,
    trouble_while_opening,
    trouble_while_cancelling,
)
