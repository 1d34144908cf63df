"""The table that a person reads and the file that a program reads."""

import dataclasses
import json
import platform
import time
from pathlib import Path

from . import measure
from .rows import Row


def table(rows: list) -> str:
    """A block per row: the job, what Odoo's own way costs, what ours costs, the goals."""
    return "\n".join(_block(row) for row in rows)


def _block(row: Row) -> str:
    verdict = "met" if row.met else "MISSED"
    lines = [
        f"{row.key:<4} {row.job}",
        f"     Odoo's own  {row.native}",
        f"     ours        {row.ours}",
        f"     goal {verdict:<6} {' · '.join(str(check) for check in row.checks)}",
    ]
    return "\n".join(lines) + "\n"


def markdown(rows: list) -> str:
    """The same as the table of the design's page."""
    head = [
        "| # | Job | Odoo 19's own | Ours | Goals | Met |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    return "\n".join(
        head
        + [
            f"| {row.key} | {row.job} | {row.native} | {row.ours} | "
            f"{'; '.join(str(check) for check in row.checks)} | {'yes' if row.met else '**no**'} |"
            for row in rows
        ]
    )


def write(path: Path, rows: list, seconds: float) -> None:
    record = {
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "seconds": round(seconds, 1),
        "python": platform.python_version(),
        "yardstick_ms": round(measure.yardstick(), 2),
        "met": all(row.met for row in rows),
        "rows": [
            {
                "key": row.key,
                "job": row.job,
                "met": row.met,
                "checks": [{**dataclasses.asdict(check), "met": check.met} for check in row.checks],
                "figures": row.figures,
            }
            for row in rows
        ],
    }
    path.write_text(json.dumps(record, indent=2, default=dataclasses.asdict) + "\n")
