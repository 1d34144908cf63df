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
from urllib.parse import unquote, urlsplit

from .console import STATE, SetupError, digest, is_done, mark_done, progress, run
from .system import postgresql_binaries

CLUSTER = STATE / "pg"
PORT = 5432  # names the socket's file; nothing listens on the network
LONGEST_SOCKET_PATH = 90  # the kernel's limit is 107 bytes, the file's name included
OPTIONS = "-c listen_addresses='' -c fsync=off -c synchronous_commit=off -c full_page_writes=off"
TUNING = "-c max_connections=200 -c shared_buffers=512MB -c max_wal_size=4GB"


def prepare() -> dict:
    """Return the ``PG*`` variables of a server that answers."""
    found = _from_environment()
    if found:
        _check(found)
        return found
    socket_folder = _socket_folder()
    settings = {"PGHOST": str(socket_folder), "PGPORT": str(PORT), "PGUSER": "odoo"}
    if not _answers(settings):
        _start(socket_folder)
    return settings


def is_foreign() -> bool:
    """Whether the environment names a server that is not this checkout's own."""
    return bool(_from_environment())


def stop() -> None:
    if (CLUSTER / "postmaster.pid").exists():
        binaries = postgresql_binaries()
        subprocess.run(
            [
                *_as_unprivileged(),
                str(binaries / "pg_ctl"),
                "-D",
                str(CLUSTER),
                "stop",
                "-m",
                "fast",
            ],
            check=False,
            stdout=subprocess.DEVNULL,
        )


def _from_environment() -> dict:
    if url := os.environ.get("DATABASE_URL"):
        parts = urlsplit(url)
        if parts.scheme not in ("postgres", "postgresql"):
            raise SetupError("DATABASE_URL must look like postgresql://user:password@host:port/")
        return {
            "PGHOST": unquote(parts.hostname or "localhost"),
            "PGPORT": str(parts.port or 5432),
            "PGUSER": unquote(parts.username or "odoo"),
            **({"PGPASSWORD": unquote(parts.password)} if parts.password else {}),
        }
    names = ("PGHOST", "PGPORT", "PGUSER", "PGPASSWORD")
    return {name: os.environ[name] for name in names if os.environ.get(name)}


def _check(settings: dict) -> None:
    if not _answers(settings):
        raise SetupError(
            f"No PostgreSQL answers at {settings.get('PGHOST', 'the default socket')} as the "
            "environment says (PG* or DATABASE_URL). Start it, or unset them to use a private one."
        )


def _answers(settings: dict) -> bool:
    try:
        done = subprocess.run(
            ["psql", "-d", "postgres", "-Atqc", "select 1"],
            env={**os.environ, "PGCONNECT_TIMEOUT": "5", **settings},
            capture_output=True,
            check=False,
        )
    except FileNotFoundError:
        return False
    return done.returncode == 0


def _socket_folder() -> Path:
    folder = STATE / "run"
    if len(str(folder)) > LONGEST_SOCKET_PATH:
        base = os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir()
        folder = Path(base) / f"payment-request-{digest(str(STATE))}"
    folder.mkdir(mode=0o777, parents=True, exist_ok=True)
    if os.geteuid() == 0:
        folder.chmod(0o777)
    return folder


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


def _start(socket_folder: Path) -> None:
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
                *("-o", f"-p {PORT} -k '{socket_folder}' {OPTIONS} {TUNING}"),
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
