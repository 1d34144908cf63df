"""Four processes make one reminder run, two are killed: everybody is reminded, nobody twice.

`.dev/venv/bin/python -m dev.chaos.reminders` runs it by itself, against the Twilio stand-in.
"""

import collections

from dev.chaos.outbox import DRAIN
from dev.chaos.processes import PATIENCE, Place, hold, kill, run, until

CUSTOMERS = 450  # the stand-in remembers 500 messages
PROCESSES = 4
KILLED = 2
# The first is killed when so many customers have been dealt with, the second after as many more.
KILL_AFTER = 100

# Every third customer has two invoices.
SET_UP = """
from datetime import timedelta
company.write({"payment_request_quiet_from": 0, "payment_request_quiet_to": 0})
company.payment_request_reminder_plan_id = env["payment.request.reminder.plan"].create({
    "name": "Chaos",
    "step_ids": [Command.create({"name": "Late", "days": 3, "delivery_method": "sms"})],
})
customers = env["res.partner"].create([
    {"name": f"Customer {n}", "phone": f"+1415555{n:04d}"} for n in range(1000, 1000 + CUSTOMERS)
])
due = company._get_payment_request_today() - timedelta(days=4)
owed = [*customers, *customers[::3]]
invoices = env["account.move"].create([
    {
        "move_type": "out_invoice",
        "partner_id": customer.id,
        "invoice_date": due,
        "invoice_date_due": due,
        "invoice_payment_term_id": False,
        "invoice_line_ids": [
            Command.create({"name": "Rent", "price_unit": 100, "tax_ids": []})
        ],
    }
    for customer in owed
])
invoices.action_post()
"""
REMIND = 'env["payment.request.reminder.run"]._cron_send_reminders()'
LINES = "select state from payment_request_reminder_line"
RUNS = "select state from payment_request_reminder_run"
REMINDED = """
select count(distinct partner_id) from payment_request_reminder_line where state = 'sent'
"""
MESSAGES = "select recipient from payment_request_delivery"
LINKS = """
select l.move_id from payment_request_line l join payment_request r on r.id = l.request_id
where r.state = 'sent'
"""


def main(_arguments: list = ()) -> int:
    """Run it, print what holds, and return 0 only if all does."""
    return run("Two of four processes are killed while they make one run", "reminders", _run)


def _run(place: Place) -> None:
    place.set_up(f"CUSTOMERS = {CUSTOMERS}\n{SET_UP}")
    with place.workers(REMIND, PROCESSES) as workers:
        for number, worker in enumerate(workers[:KILLED], start=1):
            until(lambda: _count_reminded(place) >= number * KILL_AFTER)  # noqa: B023
            kill(worker)
            done = _count_reminded(place)
            hold(done < CUSTOMERS, f"one was killed in the middle, after {done} customers")
        for worker in workers[KILLED:]:
            worker.wait(PATIENCE)
            hold(worker.returncode == 0, "a process that was not killed ended well")
    hold(len(place.sql(RUNS)) == 1, "all of them worked on one run")
    _check_once(place)
    # What the killed had in hand is left to the next call; of the day's further calls none repeats.
    for _time in range(2):
        with place.workers(REMIND, PROCESSES) as workers:
            for worker in workers:
                worker.wait(PATIENCE)
    _check_end(place)
    with place.workers(DRAIN, PROCESSES) as workers:
        until(lambda: len(place.sent()) >= KILL_AFTER)
        for worker in workers:
            worker.wait(PATIENCE)
    arrived = collections.Counter(place.sent())
    hold(
        len(arrived) == CUSTOMERS and set(arrived.values()) == {1},
        f"{len(arrived)} customers got one SMS each",
    )


def _count_reminded(place: Place) -> int:
    return int(place.sql(REMINDED)[0])


def _check_once(place: Place) -> None:
    """Nothing is there twice, at whatever moment."""
    for statement, sentence in (
        (MESSAGES, "no customer has two messages"),
        (LINKS, "no invoice is asked for by two links"),
    ):
        counts = collections.Counter(place.sql(statement))
        hold(max(counts.values()) == 1, f"{sentence} ({len(counts)})")


def _check_end(place: Place) -> None:
    _check_once(place)
    hold(place.sql(RUNS) == ["done"], "the run is done, and there is no second one")
    states = collections.Counter(place.sql(LINES))
    invoices = CUSTOMERS + len(range(0, CUSTOMERS, 3))
    hold(states == {"sent": invoices}, f"all {invoices} invoices are reminded of, once")
    hold(len(place.sql(MESSAGES)) == CUSTOMERS, f"all {CUSTOMERS} customers have a message")


if __name__ == "__main__":
    raise SystemExit(main())
