"""An Odoo server on a free port of the loopback, for as long as somebody needs it."""

import contextlib
import dataclasses
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from .console import SetupError
from .machine import CONFIG, LOGS, Machine

LONGEST_START = 120  # seconds


@dataclasses.dataclass
class OdooServer:
    """A running Odoo. `kill()` ends it and its workers at once, as a power cut would."""

    process: subprocess.Popen
    port: int
    database: str
    log: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def stop(self, patience: float = 20) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(patience)
        self.kill()

    def kill(self) -> None:
        """SIGKILL to the whole group: the master, its HTTP and cron workers, the gevent child."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def last_words(self, count: int = 25) -> str:
        lines = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        return "\n    ".join(lines[-count:])


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start(
    machine: Machine,
    database: str,
    *,
    workers: int = 0,
    cron_threads: int = 1,
    smtp: tuple | None = None,
    port: int | None = None,
    log: Path | None = None,
    options: tuple = (),
) -> OdooServer:
    """Start Odoo on `database` and return it once it answers.

    `smtp` is (host, port) of the mail server; without it, Odoo's mail goes nowhere. `options` are
    further options of Odoo's command line. Raises SetupError with the end of the log.
    """
    port = port or free_port()
    log = log or LOGS / f"server-{port}.log"
    command = machine.odoo_command(
        "server",
        *("-c", CONFIG, "-d", database, "--db-filter", f"^{database}$"),
        *("--http-interface", "127.0.0.1", "--http-port", port, "--gevent-port", free_port()),
        *("--workers", workers, "--max-cron-threads", cron_threads, "--logfile", log),
        *_mail(smtp or ("127.0.0.1", free_port())),
        *options,
    )
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            env=machine.environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    server = OdooServer(process, port, database, log)
    try:
        _wait(server)
    except BaseException:
        server.kill()
        raise
    return server


@contextlib.contextmanager
def running(machine: Machine, database: str, **settings) -> Iterator[OdooServer]:
    """`start`, and `stop` at the end of the block."""
    server = start(machine, database, **settings)
    try:
        yield server
    finally:
        server.stop()


def _mail(smtp: tuple) -> list:
    return ["--smtp", smtp[0], "--smtp-port", smtp[1]]


def _wait(server: OdooServer) -> None:
    deadline = time.monotonic() + LONGEST_START
    while time.monotonic() < deadline:
        if server.process.poll() is not None:
            break
        # A page that needs the registry: when it answers, the modules are loaded.
        with contextlib.suppress(urllib.error.URLError, OSError):
            with urllib.request.urlopen(f"{server.url}/web/login", timeout=30):
                return
        time.sleep(0.2)
    raise SetupError(f"Odoo did not start. The end of {server.log}:\n    {server.last_words()}")
