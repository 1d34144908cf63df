"""Odoo 19: from ``ODOO_HOME``, or from Debian's archive, unpacked into the checkout.

apt verifies what it downloads: the archive's signature, then the package's hash. Nothing is
installed on the system; a private apt state keeps the machine's own package lists untouched.
"""

import os
import re
import shutil
from pathlib import Path

from .console import STATE, SetupError, is_done, mark_done, progress, run

UNPACKED = STATE / "odoo"
SUITE = "sid"
KEYRINGS = tuple(
    Path("/usr/share/keyrings") / f"debian-archive-keyring.{ending}" for ending in ("gpg", "pgp")
)
# Web assets that Debian ships apart from odoo-19; without them pages answer HTTP 500.
ASSETS = [
    "libjs-jquery",
    "libjs-underscore",
    "libjs-jquery-form",
    "fonts-font-awesome",
    "fonts-roboto-unhinted",
    "fonts-inconsolata",
    "fonts-ocr-b",
]
# Debian strips this file for its licence; the asset bundle only needs it to exist.
STRIPPED = "addons/mail/static/lib/selfie_segmentation/selfie_segmentation.js"
# Bump when the recipe below changes.
RECIPE = "2"


class Odoo:
    """Where Odoo's package and its starter are."""

    def __init__(self, python_path: Path, starter: Path):
        self.python_path = python_path
        self.starter = starter

    @property
    def release(self) -> str:
        text = (self.python_path / "odoo" / "release.py").read_text()
        found = re.search(r"version_info = \((\d+), (\d+)", text)
        return f"{found[1]}.{found[2]}" if found else "unknown"

    def identity(self) -> list:
        """What tells this Odoo from another: a database of one does not fit the other."""
        release = (self.python_path / "odoo" / "release.py").read_text()
        head = self.python_path / ".git" / "HEAD"
        return [str(self.python_path), release, head.read_text() if head.is_file() else ""]


def prepare() -> Odoo:
    home = os.environ.get("ODOO_HOME")
    odoo = _from_home(Path(home).expanduser().resolve()) if home else _from_debian()
    if odoo.release != "19.0":
        raise SetupError(f"Odoo 19.0 is needed, but {odoo.python_path} holds {odoo.release}.")
    return odoo


def _from_home(home: Path) -> Odoo:
    for python_path in (home, home / "usr/lib/python3/dist-packages"):
        if (python_path / "odoo" / "release.py").exists():
            for starter in (home / "odoo-bin", home / "usr/bin/odoo", home / "setup/odoo"):
                if starter.exists():
                    return Odoo(python_path, starter)
    raise SetupError(
        f"ODOO_HOME={home} holds no Odoo: expected odoo/release.py and odoo-bin in it. "
        "Point it to an Odoo 19 checkout, or unset it to have Odoo downloaded."
    )


def _from_debian() -> Odoo:
    odoo = Odoo(UNPACKED / "usr/lib/python3/dist-packages", UNPACKED / "usr/bin/odoo")
    if is_done("odoo", RECIPE) and odoo.starter.exists():
        return odoo
    if not shutil.which("apt-get"):
        raise SetupError(
            "Odoo 19 comes from Debian's archive, and this machine has no apt-get. "
            "Set ODOO_HOME to a checkout of Odoo 19."
        )
    work = STATE / "download"
    shutil.rmtree(UNPACKED, ignore_errors=True)
    with progress("downloading Odoo 19 (123 MB) and unpacking it into .dev/odoo"):
        for package in _download(work, ["odoo-19", *ASSETS]):
            run(["dpkg", "-x", package, UNPACKED])
    stub = odoo.python_path / "odoo" / STRIPPED
    stub.parent.mkdir(parents=True, exist_ok=True)
    stub.touch()
    shutil.rmtree(work, ignore_errors=True)
    mark_done("odoo", RECIPE)
    return odoo


def _download(work: Path, packages: list) -> list:
    """Download `packages` with apt; what an interrupted download left is fetched anew."""
    shutil.rmtree(work, ignore_errors=True)
    target = work / "packages"
    target.mkdir(parents=True)
    options = _private_apt(work / "apt")
    if os.geteuid() == 0:
        options += ["-o", "APT::Sandbox::User=root"]
    run(["apt-get", *options, "update"], hint="Is Debian's archive reachable?")
    run(
        ["apt-get", *options, "download", *packages],
        hint="Is Debian's archive reachable? ODOO_HOME=<folder of Odoo 19> skips this download.",
        cwd=target,
    )
    return sorted(target.glob("*.deb"))


def _private_apt(folder: Path) -> list:
    """Options for an apt of our own, which knows the one suite that has Odoo 19."""
    for part in ("lists/partial", "cache/archives/partial"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    keyring = next((path for path in KEYRINGS if path.exists()), None)
    if not keyring:
        raise SetupError("Debian's keyring is missing: apt-get install debian-archive-keyring.")
    source = folder / "sources.list"
    source.write_text(f"deb [signed-by={keyring}] {_mirror()} {SUITE} main\n")
    return [
        "-o", f"Dir::Etc::sourcelist={source}",
        "-o", "Dir::Etc::sourceparts=/dev/null",
        "-o", f"Dir::State::Lists={folder / 'lists'}",
        "-o", f"Dir::Cache={folder / 'cache'}",
    ]  # fmt: skip


def _mirror() -> str:
    """The address of Debian's archive as this machine's apt is configured to reach it."""
    places = [Path("/etc/apt/sources.list"), *sorted(Path("/etc/apt/sources.list.d").glob("*"))]
    for place in places:
        if not place.is_file() or place.suffix not in (".list", ".sources"):
            continue
        for line in place.read_text().splitlines():
            found = re.match(r"^(?:URIs:|deb\s+(?:\[[^]]*\]\s+)?)\s*(\S*/debian/?)(?:\s|$)", line)
            if found:
                return found[1]
    raise SetupError(
        "No source of Debian's archive was found in /etc/apt. Set ODOO_HOME to an Odoo 19 checkout."
    )
