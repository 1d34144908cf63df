"""`make lint`: every check of style, walls and types; all of them run, any remark fails."""

import subprocess
import sys
import time
from pathlib import Path

from dev.commands import walls
from dev.setup import console

ADDON = walls.ADDON
# All of pylint-odoo but this: a big model is split into files by concern (300 lines a file).
UNWANTED = "consider-merging-classes-inherited"
BIN = Path(sys.prefix) / "bin"


def main(_arguments: list) -> int:
    failed = []
    started = time.monotonic()
    for title, check in _checks().items():
        print(f"{title} …", flush=True)
        remarks = check()
        if remarks:
            failed.append(title)
            print(remarks.rstrip(), flush=True)
    seconds = f"in {time.monotonic() - started:.1f}s"
    if failed:
        print(f"make lint fails: {', '.join(failed)} ({seconds})", file=sys.stderr, flush=True)
        return 1
    print(f"make lint: no remark {seconds}", flush=True)
    return 0


def _checks() -> dict:
    return {
        "ruff check": lambda: _run("ruff", "check", "--quiet", "."),
        "ruff format": lambda: _run("ruff", "format", "--check", "--quiet", "."),
        "walls and sizes": lambda: "\n".join(walls.remarks(Path(ADDON))),
        "mypy --strict on gateways": _mypy,
        "pylint-odoo": lambda: _run("pylint", "--rcfile=.pylintrc", f"--disable={UNWANTED}", ADDON),
        "OCA checks": _oca,
        "OCA checks of translations": _oca_translations,
    }


def _run(program: str, *options: str, folder: Path = console.ROOT) -> str:
    """What a tool says against the code; empty when it is content."""
    done = subprocess.run(
        [str(BIN / program), *options],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if not done.returncode:
        return ""
    return done.stdout or f"{program} ended with exit code {done.returncode}"


def _mypy() -> str:
    """From inside the addon, or mypy follows its `__init__` into the models."""
    options = ["--config-file", str(console.ROOT / "pyproject.toml"), "--explicit-package-bases"]
    return _run("mypy", *options, "gateways", folder=console.ROOT / ADDON)


def _oca() -> str:
    return _run("oca-checks-odoo-module", ADDON)


def _oca_translations() -> str:
    files = sorted(str(path) for path in Path(ADDON).glob("i18n/*.po*"))
    return _run("oca-checks-po", *files) if files else ""
