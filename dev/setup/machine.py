"""The prepared machine: where Odoo, its Python and PostgreSQL are, and how to call them."""

import dataclasses
import os
from pathlib import Path

from . import odoo_source, postgres, python_env
from .console import ROOT, STATE

CONFIG = STATE / "odoo.conf"
DATA = STATE / "odoo-data"
LOGS = STATE / "log"


@dataclasses.dataclass(frozen=True)
class Machine:
    odoo: odoo_source.Odoo
    python: Path
    postgres: dict

    @property
    def environment(self) -> dict:
        """The variables under which psql, createdb, Odoo and pytest find this machine's parts."""
        folders = [str(self.python.parent), os.environ.get("PATH", os.defpath)]
        return {
            **postgres.environment(self.postgres),
            "PATH": os.pathsep.join(folders),
            "ODOO_RC": str(CONFIG),
            "PYTHONUNBUFFERED": "1",
        }

    def odoo_command(self, *options: object) -> list:
        """Odoo's starter script; `python -m odoo` cannot start its gevent child with workers."""
        return [str(part) for part in (self.python, self.odoo.starter, *options)]


def prepare() -> Machine:
    """Make everything but the databases; needs the lock of `console.exclusive`."""
    odoo = odoo_source.prepare()
    python = python_env.prepare(odoo)
    machine = Machine(odoo, python, postgres.prepare())
    _write_config(machine)
    return machine


def prepare_python() -> Path:
    """Only Odoo's source and the virtual environment: enough to lint."""
    return python_env.prepare(odoo_source.prepare())


def _write_config(machine: Machine) -> None:
    """No database settings in it: libpq's variables carry them, so no password lands in a file."""
    folders = [machine.odoo.python_path / "odoo" / "addons", machine.odoo.python_path / "addons"]
    if any(ROOT.glob("*/__manifest__.py")):
        folders.append(ROOT)
    text = "\n".join(
        [
            "[options]",
            f"addons_path = {','.join(str(folder) for folder in folders if folder.is_dir())}",
            f"data_dir = {DATA}",
            "admin_passwd = admin",
            "list_db = False",
            "http_interface = 127.0.0.1",
            "without_demo = True",
            "",
        ]
    )
    for folder in (DATA, LOGS):
        folder.mkdir(parents=True, exist_ok=True)
    if not CONFIG.exists() or CONFIG.read_text() != text:
        CONFIG.write_text(text)
