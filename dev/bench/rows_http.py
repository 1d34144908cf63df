"""The rows that need a real server with workers: answering events, and its memory."""

import time

from dev.setup import console, odoo_server

from . import events, load, measure, native, ours
from .rows import Check, Invoices, Row, Sizes
from .world import World

FLOOR = "/bench/floor"
ADDONS = console.ROOT / "dev" / "bench" / "addons"
CONFLICT = "could not serialize access"
# Every row of every table: an update changes the row's xmin, a deletion the count.
FINGERPRINT = """
    SELECT string_agg(relname || ':' || query_to_xml(format(
        'SELECT count(*) AS n, coalesce(sum(hashtext(xmin::text || ctid::text)), 0) AS h '
        'FROM %I.%I',
        schemaname, relname), false, true, '')::text, ',' ORDER BY relname)
    FROM pg_stat_user_tables WHERE schemaname = current_schema
"""


def answering(world: World, sizes: Sizes) -> list:
    """P4, P5 and P11: new and repeated events, eight at a time, two workers."""
    references = native.draft_references(world, sizes.requests * sizes.load_rounds + 51)
    world.analyze()
    log = world.log.with_name(world.log.name.replace("bench", "bench-server"))
    log.unlink(missing_ok=True)
    options = (
        # One database is served, as with `-d`; a filter would make Odoo list all of them each time.
        *("--db-filter", ""),
        *("--load", "base,rpc,web,payment_request_bench"),
        *("--addons-path", f"{_addons_path()},{ADDONS}"),
    )
    with odoo_server.running(
        world.machine, world.name, workers=2, cron_threads=0, log=log, options=options
    ) as server:
        bench = Answers(world, load.Watch(world, server), sizes, references)
        bench.warm_up()
        return [bench.new(), bench.repeated(log), bench.memory()]


def _addons_path() -> str:
    from odoo.tools import config

    return ",".join(config["addons_path"])


class Answers:
    """One server and what is sent to it."""

    def __init__(self, world: World, watch: load.Watch, sizes: Sizes, references: list):
        self.world, self.watch, self.sizes = world, watch, sizes
        self.references = iter(references)

    def warm_up(self) -> None:
        count = self.sizes.requests
        for requests in (self._floor(count), self._native(50), self._ours(count)):
            self._run(requests)

    def new(self) -> Row:
        floor, theirs, mine = self._side_by_side(self._floor, self._native, self._ours)
        checks = [
            Check("CPU of an empty route ×", load.ratio(mine, floor, "cpu"), 1.4),
            Check("p99 of an empty route ×", load.ratio(mine, floor, "p99"), 1.5),
            Check("rate of Odoo's own ×", load.ratio(mine, theirs, "rate"), 5, least=True),
        ]
        job = f"answering a new event ({load.CLIENTS} at a time, 2 workers)"
        return self._row("P4", job, floor, theirs, mine, checks)

    def repeated(self, log) -> Row:
        from odoo.addons.payment_request_stripe.models.ir_cron import MOMENT

        theirs_of = events.intent_succeeded(next(self.references), 11500)
        mine_of = events.checkout_completed(events.ref("cs_test"), 11500, "of somebody else")
        self._run([load.post(native.WEBHOOK, theirs_of)])
        before = self._fingerprint()
        self._run([load.post(self.world.webhook, mine_of)])
        time.sleep(2 * MOMENT)  # in which what came before it is rung for
        stored = self._fingerprint()
        if not self._differences(before, stored):
            raise console.SetupError("Storing an event changed no table: the check is blind.")
        conflicts = log.read_text().count(CONFLICT)
        floor, mine = self._side_by_side(
            self._floor, lambda count: [load.post(self.world.webhook, mine_of)] * count
        )
        written = self._differences(stored, self._fingerprint())
        conflicts = log.read_text().count(CONFLICT) - conflicts
        theirs = self._run([load.post(native.WEBHOOK, theirs_of)] * self.sizes.requests)
        checks = [
            Check("tables written", written, 0),
            Check("CPU of an empty route ×", load.ratio(mine, floor, "cpu"), 1.4),
            Check("serialisation failures", conflicts, 0),
        ]
        return self._row("P5", "answering a repeated event", floor, [theirs], mine, checks)

    def memory(self) -> Row:
        """P11: what the workers hold more after many events than after the first ones.

        Those of HTTP keep them; the one that books takes them from the inbox, in this process.
        """
        self._book()
        before = self.watch.megabytes()
        paid = self._paid(self.sizes.booked)
        self._run([*paid, *self._ours(self.sizes.memory - len(paid))])
        after = self.watch.megabytes()
        answering = max(after.get(pid, 0) - size for pid, size in before.items())
        with measure.peak_memory() as peak:
            self._book()
        checks = [
            Check("MB of growth, answering", answering, 20),
            Check("MB at the peak, booking", peak[0], 20),
        ]
        job = (
            f"memory of the workers over {self.sizes.memory} events, "
            f"{self.sizes.booked} of them payments"
        )
        figures = {"answering": answering, "booking": peak[0]}
        return Row("P11", job, "–", f"{answering:+.1f} MB, {peak[0]:+.1f} MB", checks, figures)

    def _book(self) -> None:
        """Let the worker take all that is in the inbox."""
        with self.world.env() as env:
            env["payment.request.event"]._cron_process()
            left = env["payment.request.event"].search_count(
                [("state", "in", ("received", "failed"))]
            )
        if left:
            raise console.SetupError(f"{left} events are still in the inbox.")

    def _paid(self, count: int) -> list:
        """Requests that carry the news of payments which are to be booked."""
        fresh = Invoices(self.world).of_one_customer
        return [
            load.post(
                self.world.webhook,
                ours.paid_event(self.world, ours.request(self.world, fresh(1))),
            )
            for _ in range(count)
        ]

    def _side_by_side(self, *ways) -> list:
        """The loads of each way, which take turns."""
        rounds = [
            [self._run(way(self.sizes.requests)) for way in ways]
            for _round in range(self.sizes.load_rounds)
        ]
        return [list(side) for side in zip(*rounds, strict=True)]

    def _run(self, requests) -> load.Load:
        found = self.watch.run(requests)
        if set(found.statuses) != {200}:
            raise console.SetupError(f"The server answered {dict(found.statuses)}.")
        return found

    def _floor(self, count: int) -> list:
        return [load.post(FLOOR, events.body("floor", {})) for _ in range(count)]

    def _native(self, count: int) -> list:
        return [
            load.post(native.WEBHOOK, events.intent_succeeded(next(self.references), 11500))
            for _ in range(count)
        ]

    def _ours(self, count: int) -> list:
        return [
            load.post(
                self.world.webhook,
                events.checkout_completed(events.ref("cs_test"), 11500, "of somebody else"),
            )
            for _ in range(count)
        ]

    def _fingerprint(self) -> dict:
        with self.world.env() as env:
            env.cr.execute(FINGERPRINT)
            found = env.cr.fetchone()[0]
        return dict(part.split(":", 1) for part in found.split(","))

    def _differences(self, before: dict, after: dict) -> int:
        return sum(before[table] != after.get(table) for table in before)

    def _row(self, key: str, job: str, floor, theirs, mine, checks: list) -> Row:
        sides = {"floor": floor, "native": theirs, "ours": mine}
        sides = {name: load.together(loads) for name, loads in sides.items()}
        figures = {
            name: {
                "rate": side.rate,
                "p99": side.p99,
                "odoo_cpu": side.odoo,
                "postgres_cpu": side.postgres,
            }
            for name, side in sides.items()
        }
        floor, theirs, mine = sides.values()
        baseline = f"{_say(theirs)} · empty route: {_say(floor)}"
        return Row(key, job, baseline, _say(mine), checks, figures)


def _say(side: load.Load) -> str:
    return f"{side.rate:.0f}/s, {side.cpu:.2f} ms, p99 {side.p99:.0f} ms"
