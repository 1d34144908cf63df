"""`make chaos`: faults, crashes and races against a real server; exit 0 only if all is well.

`make chaos ARGS=word` runs only the scenarios whose name contains the word.
"""

import argparse
import contextlib
import signal
import time
import traceback

from dev.chaos import (
    outbox,
    reminders,
    scenarios_crash,
    scenarios_races,
    scenarios_stripe,
    scenarios_uninstall,
    scenarios_webhook,
)
from dev.chaos.world import BACKOFF, Broken, World
from dev.setup import console, databases, machine
from dev.standins.launcher import StandIns

# The last one takes the addon away.
MODULES = (
    scenarios_webhook,
    scenarios_races,
    scenarios_stripe,
    scenarios_crash,
    scenarios_uninstall,
)
# Processes of their own, in a database of their own.
ALONE = {"outbox": outbox.main, "reminders": reminders.main}
SCENARIOS = [scenario for module in MODULES for scenario in module.SCENARIOS]


def main(arguments: list) -> int:
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("only", nargs="?", default="", help="part of a scenario's name")
    wanted = parser.parse_args(arguments).only
    chosen = [scenario for scenario in SCENARIOS if wanted in scenario.__name__]
    alone = [run for name, run in ALONE.items() if wanted in name]
    if not (chosen or alone):
        names = "\n    ".join([*(scenario.__name__ for scenario in SCENARIOS), *ALONE])
        raise console.SetupError(f"No scenario's name contains {wanted}. There are:\n    {names}")
    signal.signal(signal.SIGTERM, _interrupt)
    broken = _run_in_a_world(chosen) if chosen else 0
    return max([broken, *(run() for run in alone)])


def _run_in_a_world(chosen: list) -> int:
    with console.exclusive():
        prepared = machine.prepare()
    with contextlib.ExitStack() as stack:
        database = stack.enter_context(databases.copy(prepared, "chaos"))
        standins = stack.enter_context(StandIns(fresh=True, webhook_backoff=BACKOFF))
        world = World(prepared, database, standins)
        stack.callback(world.stop)
        return _run(world, chosen)


def _interrupt(*_signal) -> None:
    raise KeyboardInterrupt


def _run(world: World, chosen: list) -> int:
    started = time.monotonic()
    broken = [scenario.__name__ for scenario in chosen if not _holds(world, scenario)]
    seconds = time.monotonic() - started
    if broken:
        print(f"\n{len(broken)} of {len(chosen)} scenarios broke: {', '.join(broken)}.")
        print(f"Odoo's log: {world.odoo.log}", flush=True)
        return 1
    print(f"\nAll {len(chosen)} scenarios hold ({seconds:.0f} s).", flush=True)
    return 0


def _holds(world: World, scenario) -> bool:
    """Run one scenario; whatever happens, leave the world fit for the next one."""
    print(f"\n{scenario.__doc__}  [{scenario.__name__}]", flush=True)
    try:
        scenario(world)
    except Broken as error:
        print(f"    BROKEN: it does not hold that {error}", flush=True)
        return False
    except Exception as error:
        print(f"    BROKEN: {type(error).__name__}: {error}", flush=True)
        traceback.print_exc()
        return False
    finally:
        with contextlib.suppress(Exception):
            world.calm()
    return True
