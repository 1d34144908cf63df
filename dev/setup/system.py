"""Programs that come from the system's packages."""

import os
import shutil
import subprocess
from pathlib import Path

from .console import SetupError, progress, run


def ensure(packages: list, found: callable, why: str):
    """Return what `found()` finds; install `packages` first when it finds nothing and we may."""
    result = found()
    if result:
        return result
    command = f"apt-get install -y --no-install-recommends {' '.join(packages)}"
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise SetupError(f"{why} is missing. As root, run: {command}")
    with progress(f"installing {', '.join(packages)} ({why})"):
        _lists_if_empty(packages[0])
        run(
            command.split(),
            hint="Are the system's package sources reachable?",
            env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
        )
    result = found()
    if not result:
        raise SetupError(f"{why} is still missing after: {command}")
    return result


def _lists_if_empty(package: str) -> None:
    known = subprocess.run(
        ["apt-cache", "policy", package], capture_output=True, text=True, check=False
    )
    if "Candidate" not in known.stdout or "Candidate: (none)" in known.stdout:
        run(["apt-get", "update"], hint="Are the system's package sources reachable?")


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
