"""`make api-check`: a stranger reads the API's description and tries all of it on a real server.

schemathesis makes calls from `/api/paylinks/openapi.json`, good ones and bad ones, with a real key
and real invoices; no answer may be a 5xx or other than described, and Odoo's log must stay free of
errors. Then programs send one Idempotency-Key at once. `make api-check ARGS=200` makes so many
examples per operation.
"""

import argparse
import contextlib
import json
import os
import re
import signal
import subprocess
import time

import requests

from dev.chaos.world import BACKOFF, Broken, World, at_once
from dev.demo import story
from dev.demo.client import OdooClient
from dev.setup import console, databases, machine
from dev.standins.launcher import StandIns

EXAMPLES = 12  # per operation and phase
SEED = 20260101  # the same calls each time
AT_ONCE = 8
INVOICES = 30
# Odoo logs each conflict of two transactions as an error before it runs the call again.
TROUBLE = re.compile(r" (ERROR|CRITICAL) (?!.*odoo\.sql_db: bad query)|^Traceback")


def main(arguments: list) -> int:
    parser = argparse.ArgumentParser(prog="make api-check", description=__doc__)
    parser.add_argument("examples", nargs="?", type=int, default=EXAMPLES)
    parser.add_argument("--seed", type=int, default=SEED)
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, _interrupt)
    with console.exclusive():
        prepared = machine.prepare()
    with contextlib.ExitStack() as stack:
        database = stack.enter_context(databases.copy(prepared, "api"))
        standins = stack.enter_context(StandIns(fresh=True, webhook_backoff=BACKOFF))
        world = World(prepared, database, standins)
        stack.callback(world.stop)
        return _check(world, options)


def _interrupt(*_signal) -> None:
    raise KeyboardInterrupt


def _check(world: World, options: argparse.Namespace) -> int:
    started = time.monotonic()
    key = make_key(world.anna, story.ACCOUNTANT["password"])
    try:
        with world.clean_log(TROUBLE):
            _hold_one_answer_per_key(world, key)
            failed = _run_schemathesis(world, key, options)
            world.hold(not failed, "every answer was as described, and none a 5xx")
    except Broken as error:
        print(f"\nBROKEN: it does not hold that {error}\nOdoo's log: {world.odoo.log}", flush=True)
        return 1
    print(f"\nThe API is as it is described ({time.monotonic() - started:.0f} s).", flush=True)
    return 0


def make_key(person: OdooClient, password: str) -> str:
    """Make an API key as a person does: ask for it, and say the password once more."""
    name = {"name": "api-check", "duration": "1"}
    asked = person.create("res.users.apikeys.description", name)
    action = person.call("res.users.apikeys.description", "make_key", [asked])
    if action["res_model"] == "res.users.identitycheck":
        action = person.call(
            "res.users.identitycheck",
            "run_check",
            [action["res_id"]],
            context={"password": password},
        )
    return action["context"]["default_key"]


def _run_schemathesis(world: World, key: str, options: argparse.Namespace) -> bool:
    """Return whether it found a fault; it prints what it does."""
    command = [
        *(world.tool("schemathesis"), "--config-file", console.ROOT / "schemathesis.toml"),
        *("run", f"{world.odoo.url}/api/paylinks/openapi.json", "--no-color"),
        *("--header", f"Authorization: Bearer {key}", "--checks", "all"),
        *("--max-examples", str(options.examples), "--seed", str(options.seed)),
        # One at a time: in two threads Python 3.11 loses count of its depth when both read sources.
        *("--workers", "1", "--continue-on-failure", "--request-timeout", "60"),
        *("--generation-database", "none"),
    ]
    environment = {
        **os.environ,
        "SCHEMATHESIS_HOOKS": "dev.api_check_hooks",
        "PAYLINKS_SEEDS": json.dumps(_make_seeds(world)),
        "PYTHONPATH": str(console.ROOT),
    }
    # It leaves what it remembers in the folder where it runs.
    return bool(subprocess.run(command, env=environment, cwd=console.STATE, check=False).returncode)


def _make_seeds(world: World) -> dict:
    """Make invoices to ask for, and requests in several states."""
    asked = world.new_requests(8)
    world.open_checkout(asked[0])
    for request in asked[1:3]:
        world.anna.call("payment.request", "action_cancel", [request.id])
    return {
        "invoices": world.new_invoices(INVOICES),
        "requests": [request.id for request in asked],
    }


def _hold_one_answer_per_key(world: World, key: str) -> None:
    """Programs repeat themselves at the same moment; one of them says something else."""
    invoice, other = world.new_invoices(2)

    def ask(move: int, amount: str, name: str) -> requests.Response:
        headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": name}
        body = {"allocations": [{"invoiceId": move, "amount": amount}], "deliveryMethod": "link"}
        address = f"{world.odoo.url}/api/paylinks"
        return requests.post(address, json=body, headers=headers, timeout=60)

    same = at_once([lambda: ask(invoice, "1.00", "same")] * AT_ONCE)
    world.hold(
        {answer.status_code for answer in same} == {201} and len({one.text for one in same}) == 1,
        f"{AT_ONCE} equal calls with one Idempotency-Key at once get one and the same answer",
    )
    amounts = [f"{number}.00" for number in range(1, AT_ONCE + 1)]
    differing = at_once([lambda amount=one: ask(other, amount, "differing") for one in amounts])
    statuses = sorted(answer.status_code for answer in differing)
    world.hold(
        statuses == [201] + [409] * (AT_ONCE - 1),
        f"of {AT_ONCE} differing calls with one key at once, one is done and the others get 409",
    )
    asked = world.anna.search("payment.request", [("line_ids.move_id", "in", [invoice, other])])
    world.hold(len(asked) == 2, "two payment requests were made")
    each = [lambda name=f"of its own {one}": ask(invoice, "1.00", name) for one in amounts]
    statuses = [answer.status_code for answer in at_once(each)]
    world.hold(
        set(statuses) <= {201, 409},
        f"{AT_ONCE} calls for one invoice at once are done ({statuses.count(201)}), or told to "
        "come again",
    )
    asked = world.anna.search("payment.request", [("line_ids.move_id", "=", invoice)])
    world.hold(len(asked) == 1 + statuses.count(201), "as many payment requests were made")
