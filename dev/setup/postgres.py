"""PostgreSQL: the one that ``PG*`` or ``DATABASE_URL`` names, or a private cluster.

The private cluster lives in the checkout, listens on a socket only, and belongs to an
unprivileged user, because PostgreSQL refuses to run as root. It keeps nothing of value:
durability is off, so that a thousand small commits cost no disk time.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from .console import STATE, SetupError, digest, is_done, mark_done, progress, run
from .system import ensure, postgresql_binaries

CLUSTER = STATE / "pg"
PORT = 5432  # names the socket's file; nothing listens on the network
LONGEST_SOCKET_PATH = 90  # the kernel's limit is 107 bytes, the file's name included
SETTINGS = ("PGHOST", "PGPORT", "PGUSER", "PGPASSWORD", "PGSSLMODE")
# Variables that would make Odoo or libpq talk to something other than what was prepared.
FOREIGN = ("ODOO_RC", "OPENERP_SERVER", "DATABASE_URL", "PGDATABASE", "PGSERVICE", "PGHOSTADDR")
OPTIONS = "-c listen_addresses='' -c fsync=off -c synchronous_commit=off -c full_page_writes=off"
# A test works within one transaction: autovacuum sees empty tables in the middle of it, and what it
# tells the planner then turns queries of milliseconds into minutes. Benchmarks vacuum on their own.
TUNING = "-c max_connections=200 -c shared_buffers=512MB -c max_wal_size=4GB -c autovacuum=off"


def prepare() -> dict:
    """Return the ``PG*`` variables of a server that answers."""
    found = _from_environment()
    if found:
        _check(found)
        return found
    settings = {"PGHOST": str(socket_folder()), "PGPORT": str(PORT), "PGUSER": "odoo"}
    if not _answers(settings):
        _start()
    return settings


def is_foreign() -> bool:
    """Whether the environment names a server that is not this checkout's own."""
    return bool(_from_environment())


def stop() -> None:
    if (CLUSTER / "postmaster.pid").exists():
        binaries = postgresql_binaries()
        subprocess.run(
            [*_as_unprivileged(), binaries / "pg_ctl", "-D", CLUSTER, "-m", "fast", "stop"],
            check=False,
            stdout=subprocess.DEVNULL,
        )


def _from_environment() -> dict:
    """The settings of a server that the environment names; none when it names our own."""
    if url := os.environ.get("DATABASE_URL"):
        return _from_url(url)
    found = {name: os.environ[name] for name in SETTINGS if os.environ.get(name)}
    return {} if found.get("PGHOST") == str(socket_folder()) else found


def _from_url(url: str) -> dict:
    parts = urlsplit(url)
    if parts.scheme not in ("postgres", "postgresql"):
        raise SetupError("DATABASE_URL must look like postgresql://user:password@host:port/")
    query = parse_qs(parts.query)
    found = {
        "PGHOST": unquote(parts.hostname or "") or query.get("host", ["localhost"])[0],
        "PGPORT": str(parts.port or 5432),
        "PGUSER": unquote(parts.username or ""),
        "PGPASSWORD": unquote(parts.password or ""),
        "PGSSLMODE": query.get("sslmode", [""])[0],
    }
    return {name: value for name, value in found.items() if value}


def _check(settings: dict) -> None:
    """A server of somebody else's must answer, and let us make databases as Odoo likes it."""
    ensure(["postgresql-client"], lambda: shutil.which("createdb"), "PostgreSQL's client")
    place = settings.get("PGHOST", "the default socket")
    answer = _ask(
        settings,
        "select current_user, rolcreatedb or rolsuper from pg_roles where rolname = current_user",
    )
    if answer.returncode:
        raise SetupError(
            f"No PostgreSQL lets us in at {place} as the environment says (PG* or DATABASE_URL): "
            f"{answer.stderr.strip()}\n  Mend it, or unset them to use a private one."
        )
    role, _, may_create = answer.stdout.strip().partition("|")
    if role == "postgres":
        raise SetupError(
            "Odoo refuses to work as the database user postgres. Name another one in PGUSER or "
            "DATABASE_URL, for instance after: createuser --createdb odoo"
        )
    if may_create != "t":
        raise SetupError(f"The database user {role} may not create databases (CREATEDB).")


def _answers(settings: dict) -> bool:
    return bool(shutil.which("psql")) and not _ask(settings, "select 1").returncode


def _ask(settings: dict, question: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        ["psql", "-X", "-w", "-d", "postgres", "-Atqc", question],
        env=environment(settings),
        capture_output=True,
        text=True,
        check=False,
    )


def environment(settings: dict) -> dict:
    """The process environment in which libpq finds that server and nothing else."""
    inherited = {key: value for key, value in os.environ.items() if key not in FOREIGN}
    return {"PGCONNECT_TIMEOUT": "10", **inherited, **settings}


def socket_folder() -> Path:
    """In the checkout, or under a short name elsewhere when the checkout's path is too long."""
    folder = STATE / "run"
    if len(str(folder)) > LONGEST_SOCKET_PATH:
        base = os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir()
        folder = Path(base) / f"payment-request-{digest(str(STATE))}"
    return folder


def _make_socket_folder() -> None:
    folder = socket_folder()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.stat().st_uid != os.geteuid():
        raise SetupError(f"{folder} belongs to somebody else; remove it or move this checkout.")
    if os.geteuid() == 0:
        folder.chmod(0o777)


def _as_unprivileged() -> list:
    """The prefix that runs a program as somebody who is not root and can reach the cluster."""
    if os.geteuid() != 0:
        return []
    try:
        user = pwd.getpwnam("postgres")
    except KeyError:
        user = pwd.getpwnam("nobody")
    prefix = [
        "setpriv",
        f"--reuid={user.pw_uid}",
        f"--regid={user.pw_gid}",
        "--clear-groups",
    ]
    STATE.mkdir(exist_ok=True)
    reachable = subprocess.run([*prefix, "test", "-x", str(STATE)], check=False).returncode == 0
    if reachable:
        return prefix
    # The checkout is below a folder that only root may enter (/root, a private temporary folder):
    # a user namespace keeps root's access to files under a number that is not root's.
    namespace = ["unshare", "--user", "--map-user=1000", "--map-group=1000"]
    if subprocess.run([*namespace, "true"], check=False, capture_output=True).returncode == 0:
        return namespace
    raise SetupError(
        f"PostgreSQL refuses to run as root, and no other user can enter {STATE.parent}. "
        "Put the checkout where other users may enter, or point PG* to a PostgreSQL server."
    )


def _start() -> None:
    _make_socket_folder()
    binaries = postgresql_binaries()
    prefix = _as_unprivileged()
    fingerprint = digest(str(binaries), prefix)
    if not (is_done("postgres", fingerprint) and (CLUSTER / "PG_VERSION").exists()):
        _initialise(binaries, prefix)
        mark_done("postgres", fingerprint)
    with progress("starting PostgreSQL"):
        run(
            [
                *prefix,
                binaries / "pg_ctl",
                *("-D", CLUSTER),
                *("-l", CLUSTER / "server.log"),
                *("-o", f"-p {PORT} -k '{socket_folder()}' {OPTIONS} {TUNING}"),
                *("-w", "start"),
            ],
            hint=f"Its log is {CLUSTER / 'server.log'}.",
            cwd=STATE,
        )


def _initialise(binaries: Path, prefix: list) -> None:
    stop()
    shutil.rmtree(CLUSTER, ignore_errors=True)
    CLUSTER.mkdir(mode=0o700)
    if prefix and prefix[0] == "setpriv":
        uid = int(prefix[1].partition("=")[2])
        gid = int(prefix[2].partition("=")[2])
        os.chown(CLUSTER, uid, gid)
    with progress("creating a private PostgreSQL cluster in .dev/pg"):
        run(
            [
                *prefix,
                binaries / "initdb",
                *("-D", CLUSTER),
                *("-U", "odoo"),
                *("-A", "trust"),
                *("-E", "UTF8"),
                *("--locale", "C.UTF-8"),
                "--no-sync",
            ],
            cwd=STATE,
        )
