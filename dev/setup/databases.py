"""Prepared databases, copied for every run.

Two templates are made once: *base* (the modules we depend on, a chart of accounts) and *addon*
(base plus our addon). Both are built under a name that says so and renamed when they are whole;
what an interrupted build left is dropped by the next one. A copy is dropped by whoever made it,
or by the next run when its maker died.

Names are ``prs_<checkout>_<kind>_<fingerprint>``: several checkouts may share one server.
"""

import ast
import contextlib
import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

from . import fingerprint, postgres
from .console import ROOT, SetupError, digest, exclusive, progress, run
from .machine import CONFIG, DATA, LOGS, Machine

ADDON = "payment_request_stripe"
# What the base template holds beside the addon's own dependencies.
MODULES = ("account_payment", "base_automation", "contacts", "payment_stripe", "sms_twilio")
CHART = "generic_coa"
# Bump when the recipe below changes.
RECIPE = "1"
LOAD_CHART = f"""
company = env.company
if not company.chart_template:
    env["account.chart.template"].try_loading({CHART!r}, company=company)
env.cr.commit()
"""


def addon_is_there() -> bool:
    return (ROOT / ADDON / "__manifest__.py").exists()


def base(machine: Machine) -> str:
    """Return the name of the template with everything but our addon, making it when missing."""
    modules = sorted({*MODULES, *_dependencies()})
    marks = digest(RECIPE, CHART, *modules, *machine.odoo.identity())[:12]
    return _template(machine, "base", marks, lambda name: _build_base(machine, name, modules))


def addon(machine: Machine, exact: bool = True) -> str:
    """Return the name of the template with our addon installed, making it when missing.

    With `exact` false, a template is good enough when only the inside of methods has changed
    since it was made: what is installed (fields, views, data, access) is the same.
    """
    if not addon_is_there():
        raise SetupError(f"There is no addon at {ROOT / ADDON}: nothing to install.")
    parent = base(machine)
    shape = digest(parent, *fingerprint.shape(ROOT / ADDON))[:12]
    if not exact and (similar := _names(machine.environment, f"addon_{shape}")):
        return similar[0]
    marks = f"{shape}_{digest(*fingerprint.contents(ROOT / ADDON))[:12]}"
    return _template(machine, "addon", marks, lambda name: _build_addon(machine, name, parent))


@contextlib.contextmanager
def copy(machine: Machine, purpose: str, template=addon) -> Iterator[str]:
    """A database of one's own for the time of the block: ``with copy(machine, "test") as name``."""
    with exclusive():
        name = make_copy(machine, f"run_{purpose}_{os.getpid()}", template)
    try:
        yield name
    finally:
        drop(machine, name)


def make_copy(machine: Machine, suffix: str, template=addon) -> str:
    """A copy that stays until somebody drops it; `suffix` names it within this checkout."""
    source = template(machine)
    _drop_abandoned(machine)
    name = f"{_prefix()}_{suffix}"
    drop(machine, name)
    run(["createdb", "-T", source, name], env=machine.environment)
    copy_filestore(source, name)
    return name


def drop(machine: Machine, name: str) -> None:
    _drop(machine.environment, name)


def _drop(environment: dict, name: str) -> None:
    run(["dropdb", "--if-exists", "--force", name], env=environment)
    remove_filestore(name)


def drop_all() -> None:
    """Forget every database of this checkout, whoever uses it."""
    environment = postgres.environment(postgres.prepare())
    for name in _names(environment, ""):
        _drop(environment, name)


def sql(environment: dict, statement: str, database: str = "postgres") -> list:
    """Run one statement and return the lines of its answer."""
    command = ["psql", "-X", "-v", "ON_ERROR_STOP=1", "-d", database, "-Atqc", statement]
    return run(command, env=environment).splitlines()


def _prefix() -> str:
    place = socket.gethostname() if postgres.is_foreign() else ""
    return f"prs_{digest(str(ROOT), place)[:8]}"


def _names(environment: dict, kind: str) -> list:
    pattern = f"{_prefix()}_{kind}".replace("_", r"\_")
    return sql(environment, f"select datname from pg_database where datname like '{pattern}%'")


def _dependencies() -> list:
    if not addon_is_there():
        return []
    manifest = ast.literal_eval((ROOT / ADDON / "__manifest__.py").read_text(encoding="utf-8"))
    return manifest.get("depends", [])


def _template(machine: Machine, kind: str, marks: str, build) -> str:
    name = f"{_prefix()}_{kind}_{marks}"
    existing = _names(machine.environment, kind)
    if name in existing:
        return name
    making = f"{_prefix()}_making_{kind}"
    drop(machine, making)
    build(making)
    remove_filestore(name)
    if _filestore(making).exists():
        _filestore(making).rename(_filestore(name))
    sql(machine.environment, f'alter database "{making}" rename to "{name}"')
    for old in existing:
        drop(machine, old)
    return name


def _build_base(machine: Machine, name: str, modules: list) -> None:
    with progress(f"making a database with {len(modules)} modules of Odoo (once)"):
        _odoo(machine, name, "-i", ",".join(modules))
        _check_installed(machine, name, modules)
        _odoo(machine, name, stdin=LOAD_CHART, command="shell")


def _build_addon(machine: Machine, name: str, parent: str) -> None:
    with progress(f"installing {ADDON} into a copy of it"):
        run(["createdb", "-T", parent, name], env=machine.environment)
        copy_filestore(parent, name)
        _odoo(machine, name, "-i", ADDON)
        _check_installed(machine, name, [ADDON])


def _odoo(machine: Machine, name: str, *options: str, command: str = "server", stdin: str = ""):
    """Run Odoo once on database `name`; its log stays in .dev/log."""
    log = LOGS / f"{name.removeprefix(_prefix() + '_')}.log"
    log.unlink(missing_ok=True)
    common = ["-c", CONFIG, "-d", name, "--no-http", "--max-cron-threads=0", "--logfile", log]
    stop = ["--stop-after-init"] if command == "server" else []
    try:
        run(
            machine.odoo_command(command, *common, *stop, *options),
            env=machine.environment,
            stdin_text=stdin,
        )
    except SetupError as error:
        raise SetupError(
            f"Odoo could not prepare the database ({' '.join(options) or command}):\n"
            f"    {_trouble(log) or error}\n    The whole log: {log}"
        ) from None


def _trouble(log: Path) -> str:
    """The last error of an Odoo log with its traceback."""
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    starts = [at for at, line in enumerate(lines) if " ERROR " in line or " CRITICAL " in line]
    return "\n    ".join(lines[starts[0] :][:60] if starts else lines[-15:])


def _check_installed(machine: Machine, name: str, modules: list) -> None:
    """Odoo exits 0 when a module cannot be installed; only its table knows."""
    asked = ",".join(f"'{module}'" for module in modules)
    question = f"select name from ir_module_module where state='installed' and name in ({asked})"
    missing = sorted(set(modules) - set(sql(machine.environment, question, database=name)))
    if missing:
        raise SetupError(
            f"Odoo did not install {', '.join(missing)}. The reason stands in {LOGS}/making_*.log."
        )


def _filestore(name: str) -> Path:
    return DATA / "filestore" / name


def remove_filestore(name: str) -> None:
    shutil.rmtree(_filestore(name), ignore_errors=True)


def copy_filestore(source: str, target: str) -> None:
    """Hard links: files of a filestore are named by their contents and never rewritten."""
    remove_filestore(target)
    if _filestore(source).exists():
        shutil.copytree(_filestore(source), _filestore(target), copy_function=os.link)


def _drop_abandoned(machine: Machine) -> None:
    """Drop the copies whose maker is gone without having dropped them (kill -9, power cut)."""
    for name in _names(machine.environment, "run_"):
        maker = name.rpartition("_")[2].partition("-")[0]
        if maker.isdigit() and not Path(f"/proc/{maker}").exists():
            drop(machine, name)
