"""What a release says of itself comes out right: its notes and what it asks for."""

import ast
import re

from dev.setup.console import ROOT
from dev.setup.databases import ADDON

MANIFEST = ast.literal_eval(
    "\n".join(
        line
        for line in (ROOT / ADDON / "__manifest__.py").read_text(encoding="utf-8").splitlines()
        if not line.startswith("#")
    )
)


def test_each_note_names_its_issue():
    # What stands before the kind is the issue: a word there would be printed as its number.
    named = re.compile(r"\d+\.(feature|bugfix|doc|removal|misc)(\.\d+)?\.rst")
    notes = [path.name for path in (ROOT / "changelog.d").iterdir()]
    assert notes
    assert not [name for name in notes if not named.fullmatch(name)]


def test_a_release_goes_below_the_title():
    text = (ROOT / "CHANGELOG.rst").read_text(encoding="utf-8")
    assert text.index("Changelog\n") < text.index("\n.. towncrier release notes start\n")


def test_the_same_packages_are_asked_for_everywhere():
    packages = MANIFEST["external_dependencies"]["python"]
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    listed = re.search(r"^dependencies = (\[.*\])$", project, re.MULTILINE)
    assert ast.literal_eval(listed[1]) == packages
    readme = (ROOT / "README.rst").read_text(encoding="utf-8")
    asked = re.search(r"``pip install ([^`]*)``, and install", readme)
    assert asked[1].replace('"', "").split() == packages


def test_the_screenshots_are_there():
    assert MANIFEST["images"]
    assert not [name for name in MANIFEST["images"] if not (ROOT / ADDON / name).is_file()]
