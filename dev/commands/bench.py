"""`make bench`: what the addon costs beside Odoo's own way, in one run on one database.

Prints the table, writes .dev/bench.json, and fails when a goal is missed. `BENCH=quick` takes
smaller samples; `--rows P1,P4` measures some of it only.
"""

import argparse
import os
import time

from dev.setup import console, databases, machine

RESULT = console.STATE / "bench.json"
TWILIO_DELAY = 0.15  # seconds


def main(arguments: list) -> int:
    options = _parse(arguments)
    started = time.monotonic()
    with console.exclusive():
        prepared = machine.prepare()
    os.environ.update(prepared.environment)
    with databases.copy(prepared, "bench") as name:
        rows = _measure(prepared, name, options)
    from dev.bench import report

    seconds = time.monotonic() - started
    report.write(RESULT, rows, seconds)
    print("\n" + (report.markdown(rows) if options.markdown else report.table(rows)))
    missed = [row.key for row in rows if not row.met]
    verdict = f"goals missed: {', '.join(missed)}" if missed else "all goals met"
    print(f"{verdict}; {seconds:.0f} s; the figures are in {RESULT.relative_to(console.ROOT)}")
    return 1 if missed or not rows else 0


def _parse(arguments: list) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--rows", default="", help="only these, as in P1,P4")
    parser.add_argument("--quick", action="store_true", default=os.environ.get("BENCH") == "quick")
    parser.add_argument("--markdown", action="store_true", help="print the table as Markdown")
    return parser.parse_args(arguments)


def _measure(prepared: machine.Machine, name: str, options: argparse.Namespace) -> list:
    from dev.bench import rows, rows_growth, rows_http, rows_sending, wire, world

    groups = (
        ({"P1", "P2", "P3"}, rows.paying, "paying invoices"),
        ({"P9"}, rows.pay_page, "opening pages"),
        ({"P6", "P8"}, rows_sending.many_requests, "making and mailing requests"),
        ({"P7"}, rows_sending.sms, "sending SMS"),
        ({"P13"}, rows_sending.bulk_memory, "the memory of bulk sends"),
        ({"P4", "P5", "P11"}, rows_http.answering, "answering events"),
        ({"P12"}, rows_growth.reminders, "choosing whom to remind"),
        ({"P10"}, rows_growth.full_tables, "the same beside full tables"),
    )
    wanted = {key.strip().upper() for key in options.rows.split(",") if key.strip()}
    sizes = rows.QUICK if options.quick else rows.Sizes()
    found = []
    with wire.running(TWILIO_DELAY) as network:
        console.say("loading Odoo")
        place = world.World(prepared, name, network)
        for keys, way, title in groups:
            if not wanted or wanted & keys:
                with console.progress(f"measuring {', '.join(sorted(keys))}: {title}"):
                    rows_of_group = way(place, sizes)
                for row in rows_of_group:
                    checks = ", ".join(map(str, row.checks))
                    console.say(f"  {row.key} {'met' if row.met else 'MISSED'}: {checks}")
                found += rows_of_group
    return sorted(found, key=lambda row: int(row.key[1:]))
