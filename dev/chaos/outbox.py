"""Four processes drain one outbox of 500 SMS, two are killed: nothing is sent twice.

`.dev/venv/bin/python -m dev.chaos.outbox` runs it by itself. One `ir.cron` never runs twice at
once, so the worker's method is called directly, in processes of their own, against the Twilio
stand-in.
"""

import collections
import contextlib
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from dev.setup import console, databases, machine, odoo_server
from dev.standins.launcher import StandIns

MESSAGES = 500
PROCESSES = 4
KILLED = 2
# The first is killed when so many messages have gone out, the second after as many more.
KILL_AFTER = 100
LATENCY = 0.15  # seconds, of every answer of Twilio
PATIENCE = 180  # seconds

SET_UP = """
from odoo.fields import Command
parameters = env["ir.config_parameter"]
parameters.set_param("payment_request_stripe.twilio_api_base", {twilio!r})
parameters.set_param("web.base.url", {base!r})
company = env.company
company.write({{
    "sms_provider": "twilio",
    "sms_twilio_account_sid": "AC" + "0" * 32,
    "sms_twilio_auth_token": "token",
    "sms_twilio_number_ids": [
        Command.create({{"number": "+15005550006", "country_id": env.ref("base.us").id}})
    ],
}})
clearing = env["account.account"].create(
    {{"name": "Stripe clearing", "code": "101450", "account_type": "asset_current",
      "reconcile": True}}
)
journal = env["account.journal"].create({{"name": "Stripe", "code": "STRP", "type": "bank"}})
provider = env["payment.provider"].search([("code", "=", "stripe")], limit=1)
provider.write({{
    "state": "test",
    "stripe_publishable_key": "pk_test_chaos",
    "stripe_secret_key": "sk_test_chaos",
    "journal_id": journal.id,
}})
provider._get_payment_request_method_line().payment_account_id = clearing
invoice = env["account.move"].create({{
    "move_type": "out_invoice",
    "partner_id": env["res.partner"].create({{"name": "Nadia", "phone": "+14155550100"}}).id,
    "invoice_date": "2026-01-01",
    "invoice_line_ids": [
        Command.create({{"name": "Rent", "price_unit": 100, "tax_ids": []}})
    ],
}})
invoice.action_post()
request = env["payment.request"].create_and_send(
    [{{"invoice_id": invoice.id}}], delivery_method="link"
)
env["payment.request.delivery"].sudo().create([
    {{"request_id": request.id, "channel": "sms", "recipient": f"+1415555{{n:04d}}"}}
    for n in range(1000, 1000 + {messages})
])
env.cr.commit()
"""
DRAIN = """
import pathlib, time
pathlib.Path({ready!r}).touch()
while not pathlib.Path({go!r}).exists():
    time.sleep(0.01)
env["payment.request.delivery"]._cron_send()
env.cr.commit()
"""
AGE = "update payment_request_delivery set claimed_at = claimed_at - interval '1 hour'"
COUNT = "select state || ' ' || recipient from payment_request_delivery"


class Broken(Exception):
    """Something does not hold; the message says what."""


def main(_arguments: list = ()) -> int:
    """Run it, print what holds, and return 0 only if all does."""
    with console.exclusive():
        prepared = machine.prepare()
    print("\nTwo of four processes are killed while they send one outbox  [outbox]", flush=True)
    with contextlib.ExitStack() as stack:
        database = stack.enter_context(databases.copy(prepared, "outbox"))
        standins = stack.enter_context(StandIns(fresh=True))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        try:
            _run(prepared, database, standins, folder)
        except Broken as error:
            print(f"      BROKEN: {error}", flush=True)
            return 1
    return 0


def _run(prepared, database: str, standins: StandIns, folder: Path) -> None:
    nowhere = f"http://127.0.0.1:{odoo_server.free_port()}"
    _shell(
        prepared,
        database,
        SET_UP.format(twilio=standins.twilio_url, base=nowhere, messages=MESSAGES),
    ).wait(PATIENCE)
    _hold(len(_rows(prepared, database)) == MESSAGES, f"{MESSAGES} messages wait in the outbox")
    standins.control(
        "faults",
        method="POST",
        path="/Messages",
        action="delay",
        seconds=LATENCY,
        times=10 * MESSAGES,
    )
    with _workers(prepared, database, folder) as workers:
        for number, worker in enumerate(workers[:KILLED], start=1):
            _until(lambda: len(_sent(standins)) >= number * KILL_AFTER)  # noqa: B023
            os.killpg(worker.pid, signal.SIGKILL)
            print(f"    Killed one after {len(_sent(standins))} messages.", flush=True)
        for worker in workers[KILLED:]:
            worker.wait(PATIENCE)
            _hold(worker.returncode == 0, "a process that was not killed ended well")
    _until(lambda: _is_quiet(standins))
    _check_sent_once(standins)
    states = _count_states(prepared, database)
    _hold(not states["queued"], "no message waits any more")
    databases.sql(prepared.environment, AGE, database)
    with _workers(prepared, database, folder, count=1) as workers:
        workers[0].wait(PATIENCE)
    _check_end(prepared, database, standins)


def _check_sent_once(standins: StandIns) -> None:
    counts = collections.Counter(_sent(standins))
    twice = [number for number, count in counts.items() if count > 1]
    _hold(not twice, f"{len(counts)} messages arrived, none of them twice")


def _check_end(prepared, database: str, standins: StandIns) -> None:
    _check_sent_once(standins)
    rows, arrived = _rows(prepared, database), set(_sent(standins))
    states = _count_states(prepared, database)
    _hold(
        set(states) <= {"sent", "unknown"} and sum(states.values()) == MESSAGES,
        f"every message is sent ({states['sent']}) or unknown ({states['unknown']})",
    )
    _hold(states["unknown"] <= KILLED * 50, "only what the killed had in hand is unknown")
    lost = [number for number, state in rows.items() if state == "sent" and number not in arrived]
    _hold(not lost, "what is recorded as sent did arrive")


# === The pieces ===


def _shell(prepared, database: str, script: str) -> subprocess.Popen:
    """Start an Odoo process of its own that runs `script`."""
    command = prepared.odoo_command(
        "shell",
        *("-c", machine.CONFIG, "-d", database, "--no-http", "--max-cron-threads=0"),
        *("--logfile", machine.LOGS / "chaos-outbox.log"),
    )
    process = subprocess.Popen(
        command,
        env=prepared.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    process.stdin.write(script.encode())
    process.stdin.close()
    return process


@contextlib.contextmanager
def _workers(prepared, database: str, folder: Path, count: int = PROCESSES) -> Iterator[list]:
    """So many processes that begin to drain at the same moment."""
    go = folder / f"go-{count}"
    marks = [folder / f"ready-{count}-{number}" for number in range(count)]
    workers = [
        _shell(prepared, database, DRAIN.format(ready=str(mark), go=str(go))) for mark in marks
    ]
    try:
        _until(lambda: all(mark.exists() for mark in marks))
        go.touch()
        yield workers
    finally:
        for worker in workers:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(worker.pid, signal.SIGKILL)
            worker.wait()


def _sent(standins: StandIns) -> list:
    """The numbers of all messages that Twilio took, one entry per message."""
    return [row["to"] for row in standins.messages()["sms"]]


def _is_quiet(standins: StandIns) -> bool:
    """Requests of a killed process may still be on their way through the stand-in."""
    before = len(_sent(standins))
    time.sleep(1)
    return len(_sent(standins)) == before


def _rows(prepared, database: str) -> dict:
    """`{number: state}`"""
    lines = databases.sql(prepared.environment, COUNT, database)
    return {number: state for state, number in (line.split() for line in lines)}


def _count_states(prepared, database: str) -> collections.Counter:
    return collections.Counter(_rows(prepared, database).values())


def _until(holds) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > deadline:
            raise Broken(f"it took more than {PATIENCE} seconds; see {machine.LOGS}")
        time.sleep(0.05)


def _hold(holds: bool, sentence: str) -> None:
    if not holds:
        raise Broken(f"not so: {sentence}")
    print(f"      holds: {sentence}", flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
