"""Four processes drain one outbox of 500 SMS, two are killed: nothing is sent twice.

`.dev/venv/bin/python -m dev.chaos.outbox` runs it by itself, against the Twilio stand-in.
"""

import collections

from dev.chaos.processes import PATIENCE, Place, hold, kill, run, until

MESSAGES = 500
PROCESSES = 4
KILLED = 2
# The first is killed when so many messages have gone out, the second after as many more.
KILL_AFTER = 100
LATENCY = 0.15  # seconds, of every answer of Twilio

SET_UP = """
invoice = env["account.move"].create({
    "move_type": "out_invoice",
    "partner_id": env["res.partner"].create({"name": "Nadia", "phone": "+14155550100"}).id,
    "invoice_date": "2026-01-01",
    "invoice_line_ids": [
        Command.create({"name": "Rent", "price_unit": 100, "tax_ids": []})
    ],
})
invoice.action_post()
request = env["payment.request"].create_and_send(
    [{"invoice_id": invoice.id}], delivery_method="link"
)
env["payment.request.delivery"].sudo().create([
    {"request_id": request.id, "channel": "sms", "recipient": f"+1415555{n:04d}"}
    for n in range(1000, 1000 + MESSAGES)
])
"""
DRAIN = 'env["payment.request.delivery"]._cron_send()'
AGE = "update payment_request_delivery set claimed_at = claimed_at - interval '1 hour'"
COUNT = "select state || ' ' || recipient from payment_request_delivery"


def main(_arguments: list = ()) -> int:
    """Run it, print what holds, and return 0 only if all does."""
    return run("Two of four processes are killed while they send one outbox", "outbox", _run)


def _run(place: Place) -> None:
    place.set_up(f"MESSAGES = {MESSAGES}\n{SET_UP}")
    hold(len(_rows(place)) == MESSAGES, f"{MESSAGES} messages wait in the outbox")
    place.standins.control(
        "faults",
        method="POST",
        path="/Messages",
        action="delay",
        seconds=LATENCY,
        times=10 * MESSAGES,
    )
    with place.workers(DRAIN, PROCESSES) as workers:
        for number, worker in enumerate(workers[:KILLED], start=1):
            until(lambda: len(place.sent()) >= number * KILL_AFTER)  # noqa: B023
            kill(worker)
            print(f"    Killed one after {len(place.sent())} messages.", flush=True)
        for worker in workers[KILLED:]:
            worker.wait(PATIENCE)
            hold(worker.returncode == 0, "a process that was not killed ended well")
    until(place.is_quiet)
    _check_sent_once(place)
    states = _count_states(place)
    hold(not states["queued"], "no message waits any more")
    place.sql(AGE)
    with place.workers(DRAIN, 1) as workers:
        workers[0].wait(PATIENCE)
    _check_end(place)


def _check_sent_once(place: Place) -> None:
    counts = collections.Counter(place.sent())
    twice = [number for number, count in counts.items() if count > 1]
    hold(not twice, f"{len(counts)} messages arrived, none of them twice")


def _check_end(place: Place) -> None:
    _check_sent_once(place)
    rows, arrived = _rows(place), set(place.sent())
    states = _count_states(place)
    hold(
        set(states) <= {"sent", "unknown"} and sum(states.values()) == MESSAGES,
        f"every message is sent ({states['sent']}) or unknown ({states['unknown']})",
    )
    hold(states["unknown"] <= KILLED * 50, "only what the killed had in hand is unknown")
    lost = [number for number, state in rows.items() if state == "sent" and number not in arrived]
    hold(not lost, "what is recorded as sent did arrive")


def _rows(place: Place) -> dict:
    """`{number: state}`"""
    return {number: state for state, number in (line.split() for line in place.sql(COUNT))}


def _count_states(place: Place) -> collections.Counter:
    return collections.Counter(_rows(place).values())


if __name__ == "__main__":
    raise SystemExit(main())
