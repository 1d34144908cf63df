"""The rows of the table that run in this process: paying, the pay page, many requests at once."""

from dataclasses import dataclass, field

from . import native, ours
from .measure import interleaved
from .world import World


@dataclass(frozen=True)
class Check:
    """One goal: `value` must not be above `limit` (or, with `least`, not below)."""

    what: str
    value: float
    limit: float
    least: bool = False

    @property
    def met(self) -> bool:
        return self.value >= self.limit if self.least else self.value <= self.limit

    def __str__(self) -> str:
        sign = "≥" if self.least else "≤"
        mark = "" if self.met else " ✗"
        return f"{self.what} {self.value:.4g} {sign} {self.limit:.4g}{mark}"


@dataclass
class Row:
    """One line of the table: what both sides cost, and the goals."""

    key: str
    job: str
    native: str
    ours: str
    checks: list
    figures: dict = field(default_factory=dict)

    @property
    def met(self) -> bool:
        return all(check.met for check in self.checks)


@dataclass(frozen=True)
class Sizes:
    """How often and how many; the quick run measures the same with less certainty."""

    rounds: int = 9
    requests: int = 400
    load_rounds: int = 13
    batch: int = 1000
    native_batch: int = 60
    slow_sms: int = 40
    memory: int = 10_000
    booked: int = 60
    tables: tuple = (1_000, 100_000, 1_000_000)
    growth_rounds: int = 15
    reminded: int = 100_000


QUICK = Sizes(5, 160, 6, 200, 25, 20, 1000, 20, (1_000, 20_000), 8, 10_000)


class Invoices:
    """Hands out posted invoices, one customer's or each of another."""

    def __init__(self, world: World):
        self.world = world

    def of_one_customer(self, count: int) -> list:
        with self.world.env() as env:
            return self.world.invoices(env, count, self.world.partners(env, 1))

    def of_many(self, count: int) -> list:
        with self.world.env() as env:
            return self.world.invoices(env, count)


def paying(world: World, sizes: Sizes) -> list:
    """P1 to P3: one, ten and a hundred invoices, from the webhook to the journal items."""
    fresh = Invoices(world).of_one_customer
    few = max(3, sizes.rounds // 2)
    one = interleaved(
        {
            "native": lambda _: native.settle(world, fresh(1), 1),
            "ours": lambda _: ours.settle(world, fresh(1)),
        },
        2 * sizes.rounds,
    )
    ten = interleaved(
        {
            "ten": lambda _: native.settle(world, fresh(10), 1),
            "one": lambda _: native.settle(world, fresh(10), 10),
            "ours": lambda _: ours.settle(world, fresh(10)),
        },
        few,
        warm_up=1,
    )
    hundred = interleaved({"ours": lambda _: ours.settle(world, fresh(100))}, 3, warm_up=1)["ours"]
    return [_one(one), _ten(ten), _hundred(one["ours"], hundred)]


def _one(cost: dict) -> Row:
    checks = [
        Check("queries", cost["ours"].queries, 150),
        Check("CPU ×", cost["ours"].cpu / cost["native"].cpu, 0.70),
    ]
    job = "one paid invoice: webhook request + accounting"
    return Row("P1", job, str(cost["native"]), str(cost["ours"]), checks, cost)


def _ten(cost: dict) -> Row:
    checks = [
        Check("queries", cost["ours"].queries, 165),
        Check("CPU of ten transactions ×", cost["ours"].cpu / cost["ten"].cpu, 0.12),
        Check("CPU of one, inexact ×", cost["ours"].cpu / cost["one"].cpu, 0.60),
    ]
    both = f"10 transactions: {cost['ten']} · one, inexact: {cost['one']}"
    job = "ten invoices paid at once, exact amounts"
    return Row("P2", job, both, str(cost["ours"]), checks, cost)


def _hundred(one, hundred) -> Row:
    checks = [Check("queries more than for one", hundred.queries - one.queries, 40)]
    figures = {"ours": hundred}
    return Row("P3", "a hundred invoices in one payment", "–", str(hundred), checks, figures)


def pay_page(world: World, sizes: Sizes) -> list:
    """P9: the first opening of a link to ten invoices."""
    fresh = Invoices(world).of_one_customer
    cost = interleaved(
        {
            "native": lambda _: native.portal_page(world, fresh(1)[0]),
            "ours": lambda _: ours.pay_page(world, fresh(10)),
        },
        3 * sizes.rounds,
    )
    checks = [
        Check("queries", cost["ours"].queries, 20),
        Check("CPU ×", cost["ours"].cpu / cost["native"].cpu, 0.8),
    ]
    job = "opening the pay page with 10 invoices"
    portal = f"portal page of one invoice: {cost['native']}"
    return [Row("P9", job, portal, str(cost["ours"]), checks, cost)]
