"""Programs that come from the system's packages."""

import importlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from .console import SetupError, progress, run


def ensure(packages: list, found: Callable, why: str):
    """Return what `found()` finds; install `packages` first when it finds nothing and we may."""
    result = found()
    if result:
        return result
    command = f"apt-get install -y --no-install-recommends {' '.join(packages)}"
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise SetupError(f"{why} is missing. As root, run: {command}")
    with progress(f"installing {', '.join(packages)} ({why})"):
        _install(command.split())
    importlib.invalidate_caches()
    result = found()
    if not result:
        raise SetupError(f"{why} is still missing after: {command}")
    return result


def _install(command: list) -> None:
    """Fetch the package lists only when it does not work without: they may be absent or old."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    try:
        run(command, env=environment)
    except SetupError:
        run(["apt-get", "update"], hint="Are the system's package sources reachable?")
        run(command, hint="Are the system's package sources reachable?", env=environment)


def chromium() -> Path:
    def find():
        for name in ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"):
            if path := shutil.which(name):
                return Path(path)
        return None

    return ensure(["chromium"], find, "Chromium, the browser of tours and screenshots")


def postgresql_binaries() -> Path:
    """The folder of initdb and pg_ctl, of the newest server on this machine."""

    def find():
        if path := shutil.which("initdb"):
            return Path(path).resolve().parent
        versions = Path("/usr/lib/postgresql").glob("*/bin/initdb")
        newest = max(versions, key=lambda path: int(path.parts[-3]), default=None)
        return newest.parent if newest else None

    return ensure(["postgresql"], find, "PostgreSQL's server")
