"""axe-core, which finds what people with assistive technology stumble over; npm fetches it."""

import base64
import hashlib
import os
import shutil
import tarfile
from pathlib import Path

from .console import STATE, SetupError, is_done, mark_done, progress, run
from .system import ensure

VERSION = "4.14.1"
SHA512 = "FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ=="
FOLDER = STATE / "axe"
SCRIPT = FOLDER / "axe.min.js"


def prepare() -> Path:
    """Return the script, in exactly the pinned version."""
    if not (SCRIPT.exists() and is_done("axe", SHA512)):
        npm = ensure(["npm"], lambda: shutil.which("npm"), "npm, which fetches axe-core,")
        _fetch(npm)
        mark_done("axe", SHA512)
    return SCRIPT


def _fetch(npm: str) -> None:
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    with progress(f"fetching axe-core {VERSION}"):
        run(
            [npm, "pack", f"axe-core@{VERSION}", "--pack-destination", FOLDER],
            hint="Is npm's registry reachable?",
            cwd=FOLDER,
            env={**os.environ, "npm_config_cache": str(STATE / "npm-cache")},
        )
    archive = FOLDER / f"axe-core-{VERSION}.tgz"
    check(archive)
    with tarfile.open(archive) as packed:
        SCRIPT.write_bytes(packed.extractfile("package/axe.min.js").read())
    archive.unlink()


def check(archive: Path, wanted: str = SHA512) -> None:
    """Raise SetupError unless the archive is what the pinned version was."""
    found = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if found != wanted:
        raise SetupError(f"{archive.name} is not what it was when it was pinned; it is not used.")
