"""Odoo processes of their own that call a worker's method at the same moment, and may be killed.

One `ir.cron` never runs twice at once, so the method is called directly.
"""

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

PATIENCE = 180  # seconds

# A company that can send SMS by the stand-in and ask for money; `company` and `Command` are left.
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
"""
CALL = """
import pathlib, time
pathlib.Path({ready!r}).touch()
while not pathlib.Path({go!r}).exists():
    time.sleep(0.01)
{call}
env.cr.commit()
"""


class Broken(Exception):
    """Something does not hold; the message says what."""


class Place:
    """A database of its own, the stand-ins, and a folder for signals between processes."""

    def __init__(self, prepared, database: str, standins: StandIns, folder: Path):
        self._prepared, self.database = prepared, database
        self.standins, self._folder = standins, folder
        self._rounds = 0

    def set_up(self, script: str) -> None:
        """Run SET_UP and `script` in an Odoo shell, to their end."""
        nowhere = f"http://127.0.0.1:{odoo_server.free_port()}"
        start = SET_UP.format(twilio=self.standins.twilio_url, base=nowhere)
        self._shell(start + script + "\nenv.cr.commit()\n").wait(PATIENCE)

    def sql(self, statement: str) -> list[str]:
        return databases.sql(self._prepared.environment, statement, self.database)

    @contextlib.contextmanager
    def workers(self, call: str, count: int) -> Iterator[list[subprocess.Popen]]:
        """So many processes that make `call` at the same moment."""
        self._rounds += 1
        go = self._folder / f"go-{self._rounds}"
        marks = [self._folder / f"ready-{self._rounds}-{number}" for number in range(count)]
        workers = [
            self._shell(CALL.format(ready=str(mark), go=str(go), call=call)) for mark in marks
        ]
        try:
            until(lambda: all(mark.exists() for mark in marks))
            go.touch()
            yield workers
        finally:
            for worker in workers:
                kill(worker)
                worker.wait()

    def _shell(self, script: str) -> subprocess.Popen:
        """Start an Odoo process of its own that runs `script`."""
        command = self._prepared.odoo_command(
            "shell",
            *("-c", machine.CONFIG, "-d", self.database, "--no-http", "--max-cron-threads=0"),
            *("--logfile", machine.LOGS / "chaos-processes.log"),
        )
        process = subprocess.Popen(
            command,
            env=self._prepared.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        process.stdin.write(script.encode())
        process.stdin.close()
        return process

    # === What Twilio took ===

    def sent(self) -> list[str]:
        """The numbers of all messages that Twilio took, one entry per message."""
        return [row["to"] for row in self.standins.messages()["sms"]]

    def is_quiet(self) -> bool:
        """Requests of a killed process may still be on their way through the stand-in."""
        before = len(self.sent())
        time.sleep(1)
        return len(self.sent()) == before


def run(title: str, name: str, scenario) -> int:
    """Run a scenario in a place of its own, print what holds; return 0 only if all does."""
    with console.exclusive():
        prepared = machine.prepare()
    print(f"\n{title}  [{name}]", flush=True)
    with contextlib.ExitStack() as stack:
        database = stack.enter_context(databases.copy(prepared, name))
        standins = stack.enter_context(StandIns(fresh=True))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        try:
            scenario(Place(prepared, database, standins, folder))
        except Broken as error:
            print(f"      BROKEN: {error}", flush=True)
            return 1
    return 0


def kill(worker: subprocess.Popen) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(worker.pid, signal.SIGKILL)


def until(holds) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > deadline:
            raise Broken(f"it took more than {PATIENCE} seconds; see {machine.LOGS}")
        time.sleep(0.05)


def hold(holds: bool, sentence: str) -> None:
    if not holds:
        raise Broken(f"not so: {sentence}")
    print(f"      holds: {sentence}", flush=True)
