"""`make pot`: write i18n/payment_request_stripe.pot anew, by Odoo's own exporter.

The export names its own time; that line is kept as it was when no text has changed, so that the
file differs only when a translator has something to do.
"""

import re
import tempfile
from pathlib import Path

from dev.setup import console, databases, machine

POT = console.ROOT / databases.ADDON / "i18n" / f"{databases.ADDON}.pot"
DATES = re.compile(r'^"(POT-Creation-Date|PO-Revision-Date): .*\n', re.MULTILINE)


def main(_arguments: list) -> int:
    with console.exclusive():
        prepared = machine.prepare()
    with databases.copy(prepared, "pot") as database, tempfile.TemporaryDirectory() as folder:
        exported = Path(folder) / POT.name
        with console.progress("exporting the texts of the addon"):
            console.run(
                prepared.odoo_command(
                    "i18n", "export", "-c", machine.CONFIG, "-d", database,
                    "-o", exported, databases.ADDON,
                ),
                env=prepared.environment,
            )  # fmt: skip
        text = exported.read_text(encoding="utf-8")
    count = text.count("\nmsgid ") - 1
    if POT.exists() and same(POT.read_text(encoding="utf-8"), text):
        print(f"{POT.relative_to(console.ROOT)} is up to date: {count} texts.")
        return 0
    POT.parent.mkdir(exist_ok=True)
    POT.write_text(text, encoding="utf-8")
    print(f"{POT.relative_to(console.ROOT)} has {count} texts now.")
    return 0


def same(old: str, new: str) -> bool:
    """Tell whether two exports differ in nothing but their time."""
    return DATES.sub("", old) == DATES.sub("", new)
