"""The rows of what must not grow: work beside full tables, and choosing whom to remind."""

import os
import statistics
import time
from datetime import date, datetime, timedelta

from dev.setup import console

from . import events, fill, measure, ours
from .measure import Cost, measured
from .rows import Check, Invoices, Row, Sizes
from .world import ADMIN, World

# Calls that are measured as one: PostgreSQL's time per call is too short for the system's clock.
TOGETHER = 8
EVENTS_PER_REQUEST = 5


def full_tables(world: World, sizes: Sizes) -> list:
    """P10: the same work with a thousand and with more requests in the tables, at each step."""
    growth = Growth(world)
    found = {}
    for count in sizes.tables:
        growth.fill_up_to(count)
        found[count] = growth.measure(sizes.growth_rounds)
    return [_row_of_growth(job, found) for job in found[sizes.tables[0]]]


def _row_of_growth(job: str, found: dict) -> Row:
    (first, few), *others = ((count, costs[job]) for count, costs in found.items())
    last, many = others[-1]
    checks = [
        Check("queries more", max(cost.queries for _count, cost in others) - few.queries, 0),
        Check("CPU ×", max(cost.cpu for _count, cost in others) / few.cpu, 1.2),
    ]
    return Row(
        "P10",
        f"{job}, beside {last:,} requests and {last * EVENTS_PER_REQUEST:,} events",
        f"(ours beside {first:,} requests: {few})",
        str(many),
        checks,
        {str(count): costs[job] for count, costs in found.items()},
    )


class Growth:
    """The jobs whose cost is looked at, and tables that are filled in steps."""

    def __init__(self, world: World):
        self.world, self.there = world, 0
        with world.env(ADMIN) as env:
            tomorrow = datetime.now() + timedelta(days=1)
            key = env["res.users.apikeys"].sudo()._generate(None, "bench", tomorrow)
        self.headers = {"Authorization": f"Bearer {key}"}
        self.jobs = {
            "GET /pay/<token>": self._page,
            "GET /api/paylinks?limit=100": self._listing,
            "a new event": self._event,
            "an event and its booking": self._booking,
        }

    def fill_up_to(self, count: int) -> None:
        few = Invoices(self.world).of_many
        self.request = ours.request(self.world, few(1))
        self.world.post(self.world.webhook, self._content())
        more = count - self.there
        pool = few(min(max(more // fill.PER_INVOICE, 1), 20_000))
        with self.world.env() as env:
            source = env["payment.request"].browse(self.request)
            fill.requests(env, source, more, pool)
            self.token = source.access_token
        with self.world.env() as env:
            source = env["payment.request.event"].search([], limit=1, order="id desc")
            fill.events(env, source, more * EVENTS_PER_REQUEST)
        self.there = count
        # Nothing but what is measured may wait in the inbox.
        with self.world.env() as env:
            env["payment.request.event"]._cron_process()
        self._tidy()

    def _tidy(self) -> None:
        """Let PostgreSQL do now what it does by itself a while after such a change."""
        with self.world.registry._db.cursor() as cr:
            cr._cnx.autocommit = True
            cr.execute("VACUUM ANALYZE")

    def measure(self, rounds: int) -> dict:
        """The cost of each job; they take turns."""
        found = {job: [] for job in self.jobs}
        for number in range(rounds + 2):
            for job, way in self.jobs.items():
                cost = way()
                if number >= 2:
                    found[job].append(cost)
        return {job: _middle(costs) for job, costs in found.items()}

    def _page(self) -> Cost:
        return self._measured(lambda _: self.world.get(f"/pay/{self.token}"), [None] * TOGETHER)

    def _listing(self) -> Cost:
        def ask(_):
            answer = self.world.browser.get("/api/paylinks?limit=100", headers=self.headers)
            if answer.status_code != 200:
                raise console.SetupError(f"/api/paylinks answered {answer.status}")

        return self._measured(ask, [None])

    def _event(self) -> Cost:
        from odoo.addons.payment_request_stripe.models.ir_cron import MOMENT

        contents = [self._content() for _ in range(TOGETHER)]

        def tell(content):
            self.world.post(self.world.webhook, content)
            if content is contents[-1]:
                time.sleep(2 * MOMENT)  # all that came after the first one is rung for by then

        cost = self._measured(tell, contents)
        with self.world.env() as env:
            env["payment.request.event"]._cron_process()
        return cost

    def _booking(self) -> Cost:
        return ours.settle(self.world, Invoices(self.world).of_one_customer(1))

    def _content(self) -> bytes:
        return events.checkout_completed(events.ref("cs_test"), 11500, "of somebody else")

    def _measured(self, way, arguments: list) -> Cost:
        """The cost of each call, PostgreSQL's processor time included."""
        before = measure.cpu_nanoseconds(self._backends())
        with measured() as cost:
            for argument in arguments:
                way(argument)
        after = measure.cpu_nanoseconds(self._backends())
        cost.cpu += measure.growth(before, after) / 1e6
        return cost.per(len(arguments))

    def _backends(self) -> list:
        with self.world.env() as env:
            env.cr.execute(
                "SELECT pid FROM pg_stat_activity WHERE application_name = %s",
                [f"odoo-{os.getpid()}"],
            )
            return [pid for (pid,) in env.cr.fetchall()]


def _middle(costs: list) -> Cost:
    """Queries as most runs need; of the time the lower quarter, which neighbours disturb least."""
    return Cost(
        statistics.median(cost.queries for cost in costs),
        statistics.quantiles([cost.cpu for cost in costs], n=4)[0],
        statistics.quantiles([cost.wall for cost in costs], n=4)[0],
    )


def reminders(world: World, sizes: Sizes) -> list:
    """P12: choosing whom to remind among many invoices."""
    few, many = (_choice(world, count) for count in (1000, sizes.reminded))
    checks = [
        Check("queries more", many[0].queries - few[0].queries, 0),
        Check("MB of memory", many[1], 20),
    ]
    return [
        Row(
            "P12",
            f"choosing whom to remind among {sizes.reminded:,} invoices",
            f"(ours among 1,000 invoices: {few[0]})",
            f"{many[0]}, {many[0].wall / 1000:.1f} s, {many[1]:+.1f} MB",
            checks,
            {"few": few[0], "many": many[0], "megabytes": many[1]},
        )
    ]


def _choice(world: World, count: int) -> tuple:
    """The cost of a run that finds `count` more invoices than the one before, and its memory."""
    with world.env() as env:
        partner_ids = world.partners(env, min(count // 4, 2000))
        invoice_ids = world.invoices(env, count, partner_ids)
        plan = env["payment.request.reminder.plan"].search([], limit=1)
        if not plan.step_ids:
            raise console.SetupError("There is no plan of reminders to measure with.")
        env.company.payment_request_reminder_plan_id = plan
        env.cr.execute(
            "UPDATE account_move SET invoice_date_due = %s WHERE id = ANY(%s)",
            [date.today() - timedelta(days=40), invoice_ids],
        )
    world.analyze()
    with world.env() as env:
        # One run a day is kept.
        env["payment.request.reminder.run"].search([]).unlink()
        run = env["payment.request.reminder.run"].create(
            {"company_id": env.company.id, "date": date.today()}
        )
        env.flush_all()
        env.invalidate_all()
        with measure.peak_memory() as memory, measured() as cost:
            run._choose()
        counted = sum(lines for lines, _links in run._get_counts().values())
        if counted < count:
            raise console.SetupError(f"Only {counted} of {count} invoices were looked at.")
    return cost, memory[0]
