"""The virtual environment: pinned wheels, each checked against its hash."""

import importlib.util
import shutil
import sys
from pathlib import Path

from .console import ROOT, STATE, SetupError, digest, is_done, mark_done, progress, run
from .odoo_source import Odoo
from .system import ensure

FOLDER = STATE / "venv"
REQUIREMENTS = ROOT / "dev" / "requirements.txt"
# The list is whole: nothing is left to resolve, and for extras pip would take newer versions.
PIP = "-m pip install --quiet --no-compile --no-deps --require-hashes -r"


def prepare(odoo: Odoo) -> Path:
    """Return the environment's python, able to import odoo."""
    if sys.version_info < (3, 10):
        raise SetupError("Odoo 19 needs Python 3.10 or newer; this is " + sys.version.split()[0])
    python = FOLDER / "bin" / "python"
    if not is_inside() and not (python.exists() and is_done("venv", _fingerprint(python))):
        _build(python)
        mark_done("venv", _fingerprint(python))
    _make_odoo_importable(odoo)
    return python


def _fingerprint(python: Path) -> str:
    """Of the pins, and of the interpreter that the environment stands on, whoever calls it."""
    return digest(REQUIREMENTS, str(python.resolve()))


def is_inside() -> bool:
    """Whether this very process already runs in the environment."""
    return Path(sys.prefix).resolve() == FOLDER.resolve()


def _build(python: Path) -> None:
    ensure(["python3-venv"], lambda: importlib.util.find_spec("ensurepip"), "Python's venv module")
    shutil.rmtree(FOLDER, ignore_errors=True)
    with progress("making a virtual environment with the pinned packages"):
        run([sys.executable, "-m", "venv", FOLDER])
        run(
            [python, *PIP.split(), REQUIREMENTS],
            hint="Is the Python package index reachable?",
        )


def _make_odoo_importable(odoo: Odoo) -> None:
    site = next((FOLDER / "lib").glob("python3*")) / "site-packages"
    pointer = site / "odoo_source.pth"
    if not pointer.exists() or pointer.read_text().strip() != str(odoo.python_path):
        pointer.write_text(f"{odoo.python_path}\n")
