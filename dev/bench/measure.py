"""Counting: queries of Odoo's cursors, processor time of this process and of others."""

import contextlib
import gc
import os
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

TICK = 1 / os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass
class Cost:
    """What one piece of work took: queries, and milliseconds of processor and of clock."""

    queries: float = 0
    cpu: float = 0
    wall: float = 0

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(self.queries + other.queries, self.cpu + other.cpu, self.wall + other.wall)

    def per(self, count: int) -> "Cost":
        return Cost(self.queries / count, self.cpu / count, self.wall / count)

    def __str__(self) -> str:
        return f"{_short(self.queries)} q / {_short(self.cpu)} ms"


def _short(number: float) -> str:
    return f"{number:.0f}" if number >= 100 or number == int(number) else f"{number:.1f}"


@contextlib.contextmanager
def measured() -> Iterator[Cost]:
    """Measure the block; whoever writes must flush and commit in it."""
    from odoo import sql_db

    cost = Cost()
    gc.collect()
    queries, wall, cpu = sql_db.sql_counter, time.perf_counter(), time.process_time()
    yield cost
    cost.cpu = (time.process_time() - cpu) * 1000
    cost.wall = (time.perf_counter() - wall) * 1000
    cost.queries = sql_db.sql_counter - queries


def median(costs: list) -> Cost:
    """The middle of each figure; the first two are warm-up and must not be among `costs`."""
    return Cost(
        *(
            statistics.median(getattr(cost, name) for cost in costs)
            for name in ("queries", "cpu", "wall")
        )
    )


def interleaved(ways: dict, rounds: int, warm_up: int = 2) -> dict:
    """Run each way in turn, `rounds` times, and return the median cost of each.

    A way is a function of the round's number that returns a Cost. Turns make the neighbours of a
    shared machine disturb all ways alike.
    """
    costs = {name: [] for name in ways}
    for number in range(warm_up + rounds):
        for name, way in ways.items():
            cost = way(number)
            if number >= warm_up:
                costs[name].append(cost)
    return {name: median(found) for name, found in costs.items()}


def yardstick() -> float:
    """Milliseconds of a fixed piece of Python: divide by it to compare machines."""

    def once() -> float:
        started = time.process_time()
        table = {}
        for number in range(100_000):
            table[number % 1000] = table.get(number % 997, 0) + number
        return (time.process_time() - started) * 1000

    return min(once() for _ in range(5))


# === OTHER PROCESSES === #


def processes_of_session(leader: int) -> list:
    """The processes that `leader` started in its session, itself included."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            if int(_fields(path)[3]) == leader:
                found.append(int(path.parent.name))
    return found


def cpu_seconds(pids) -> dict:
    """User and system time of each of `pids` that is there."""
    found = {}
    for pid in pids:
        with contextlib.suppress(OSError):
            fields = _fields(Path(f"/proc/{pid}/stat"))
            found[pid] = (int(fields[11]) + int(fields[12])) * TICK
    return found


def cpu_nanoseconds(pids) -> dict:
    """The same by the scheduler's own clock, for what takes less than a tick."""
    found = {}
    for pid in pids:
        with contextlib.suppress(OSError):
            found[pid] = int(Path(f"/proc/{pid}/schedstat").read_text().split()[0])
    return found


@contextlib.contextmanager
def peak_memory() -> Iterator[list]:
    """A list that holds, after the block, by how many MB this process was larger at its peak."""
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5")  # forgets the peak of before
    before, found = _status("VmRSS"), []
    yield found
    found.append((_status("VmHWM") - before) / 1024)


def _status(name: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))


def growth(before: dict, after: dict) -> float:
    """How much `after` has more than `before`, those counted in full that were not there."""
    return sum(value - before.get(pid, 0) for pid, value in after.items())


def resident_megabytes(pids) -> dict:
    found = {}
    for pid in pids:
        with contextlib.suppress(OSError):
            pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
            found[pid] = pages * PAGE / 1024**2
    return found


def _fields(path: Path) -> list:
    """The fields after the program's name (it may hold spaces): state, parent, group…"""
    return path.read_text().rpartition(")")[2].split()
