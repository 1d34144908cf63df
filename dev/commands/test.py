"""`make test [T=pattern]`: the addon's tests on a fresh copy of the database, and those of dev/.

`T` is a part of a file's name, of a class or of a method; only what matches runs, and Odoo starts
only when something of the addon matches. A run that tested nothing, or skipped anything, fails.
"""

import argparse
import ast
import dataclasses
import functools
import os
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from pathlib import Path

from dev.setup import axe, console, databases, machine, system

ROOM_ADDON = Path(databases.ADDON) / "tests"
ROOM_DEV = Path("dev") / "tests"
# Unused here, and a second of every start.
QUICKER = ("-p", "no:schemathesis")
MOST_PROCESSES = 4
NOTHING_FOUND = 5  # pytest's exit code
RESULTS = console.STATE / "results"


@dataclasses.dataclass
class Count:
    """What one or several runs of pytest did."""

    ran: int = 0
    failed: int = 0
    skipped: int = 0
    broken: bool = False

    def __add__(self, other: "Count") -> "Count":
        return Count(
            self.ran + other.ran,
            self.failed + other.failed,
            self.skipped + other.skipped,
            self.broken or other.broken,
        )


@dataclasses.dataclass
class Choice:
    """The part of one room (a tests folder) that `T` asks for."""

    room: Path
    targets: list
    keyword: str = ""

    @property
    def options(self) -> list:
        return [*map(str, self.targets), *(["-k", self.keyword] if self.keyword else [])]


def main(arguments: list) -> int:
    options = _parse(arguments)
    started = time.monotonic()
    choices = choose(options.pattern)
    if not choices:
        print(f"No test matches T={options.pattern!r}; no test ran.", file=sys.stderr)
        return 1
    total = Count()
    for choice in choices:
        run = _run_with_odoo if choice.room == ROOM_ADDON else _run_plain
        total += run(choice, options)
    return _close(total, time.monotonic() - started)


def _parse(arguments: list) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make test", description=__doc__)
    parser.add_argument("pattern", nargs="?", default="", help="part of a file, class or method")
    parser.add_argument("--coverage", action="store_true", help="measure the addon's coverage")
    parser.add_argument("--processes", type=int, help="databases to spread over (default: by CPU)")
    parser.add_argument("--pytest", default="", help="further options for pytest")
    return parser.parse_args(arguments)


def choose(pattern: str, root: Path = console.ROOT) -> list:
    """What matches `pattern`, by room: files by their name or, when none does, their contents."""
    rooms = {room: sorted((root / room).rglob("test_*.py")) for room in (ROOM_ADDON, ROOM_DEV)}
    if not pattern:
        return [Choice(room, [room]) for room, files in rooms.items() if files]
    wanted, _, inner = pattern.partition("::")
    by_name = [
        Choice(room, named, inner.replace("::", " and "))
        for room, files in rooms.items()
        if (named := [path for path in files if wanted in str(path.relative_to(root))])
    ]
    words = [word for word in pattern.replace("::", ".").split(".") if word]
    return by_name or [
        Choice(room, holding, " and ".join(words))
        for room, files in rooms.items()
        if (holding := [path for path in files if _holds(path, words)])
    ]


def _holds(path: Path, words: list) -> bool:
    """Whether `path` defines a class or a test whose qualified name has every one of `words`."""
    tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
    names = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
    for group in (node for node in tree.body if isinstance(node, ast.ClassDef)):
        names += [group.name]
        names += [f"{group.name}.{n.name}" for n in group.body if isinstance(n, ast.FunctionDef)]
    return any(all(word.lower() in name.lower() for word in words) for name in names)


def _run_plain(choice: Choice, options: argparse.Namespace) -> Count:
    command = [*_pytest(options, "dev"), "-p", "no:odoo", *choice.options]
    return _run(command, dict(os.environ), "dev")


def _run_with_odoo(choice: Choice, options: argparse.Namespace) -> Count:
    with console.exclusive():
        prepared = machine.prepare()
        system.chromium()
        accessibility = {"AXE_CORE": str(axe.prepare())} if _needs_axe(choice) else {}
    template = functools.partial(databases.addon, exact=not options.pattern)
    with databases.copy(prepared, "test", template) as name:
        command = [*_pytest(options, "addon"), "--odoo-http", f"--odoo-config={machine.CONFIG}"]
        command += ["--odoo-log-level=warn", "-p", "dev.commands.log_watch"]
        command += [f"--odoo-database={name}", *choice.options]
        command += _spread(options)
        if options.coverage:
            command += [f"--cov={databases.ADDON}", "--cov-report=term-missing:skip-covered"]
        return _run(command, {**prepared.environment, **accessibility}, "addon")


def _needs_axe(choice: Choice) -> bool:
    """Only what looks with it needs it; the other tests run where npm is not."""
    return any(
        target.is_dir() or "AccessibilityMixin" in target.read_text(encoding="utf-8")
        for target in choice.targets
    )


def _spread(options: argparse.Namespace) -> list:
    """The whole suite over several processes, each with its own database; a choice in one."""
    processes = options.processes or (min(MOST_PROCESSES, os.cpu_count() or 1))
    if processes == 1 or (options.pattern and not options.processes):
        return []
    workers = ["-p", "dev.commands.pytest_workers", "-n", str(processes)]
    return [*workers, "--dist", "loadscope", "--no-loadscope-reorder"]  # in our own order


def _pytest(options: argparse.Namespace, label: str) -> list:
    RESULTS.mkdir(parents=True, exist_ok=True)
    result = _result(label)
    result.unlink(missing_ok=True)
    return [
        sys.executable,
        "-m",
        "pytest",
        f"--junitxml={result}",
        *QUICKER,
        *options.pytest.split(),
    ]


def _result(label: str) -> Path:
    return RESULTS / f"{label}-{os.getpid()}.xml"


def _run(command: list, environment: dict, label: str) -> Count:
    done = subprocess.run(
        command, cwd=console.ROOT, env=environment, stdin=subprocess.DEVNULL, check=False
    )
    return count(_result(label), done.returncode)


def count(result: Path, exit_code: int) -> Count:
    """Read pytest's own record; an exit code that the record does not explain counts as broken."""
    if not result.exists():
        return Count(broken=True)
    total = Count(broken=exit_code not in (0, 1, NOTHING_FOUND))
    for case in ET.parse(result).getroot().iter("testcase"):
        failed = case.find("failure") is not None or case.find("error") is not None
        total += Count(1, int(failed), int(case.find("skipped") is not None and not failed))
    result.unlink()
    total.broken = total.broken or (exit_code == 1 and not total.failed)
    return total


def _close(total: Count, seconds: float) -> int:
    passed = total.ran - total.failed - total.skipped
    parts = [f"{total.failed} failed"] * bool(total.failed) + [f"{passed} passed"]
    parts += [f"{total.skipped} skipped"] * bool(total.skipped)
    line = f"{', '.join(parts)} in {seconds:.2f}s"
    print(f"{f' all tests: {line} ':=^80}", flush=True)
    reason = verdict(total)
    if reason:
        print(f"make test fails: {reason}", file=sys.stderr, flush=True)
    return 1 if reason else 0


def verdict(total: Count) -> str:
    """Why this run is no success, as a sentence; empty when it is one."""
    if total.failed:
        return "see the failures above."
    if total.broken:
        return "pytest stopped before its end."
    if total.skipped:
        return "skipped tests prove nothing; make them run or remove them."
    if not total.ran:
        return "no test ran."
    return ""
