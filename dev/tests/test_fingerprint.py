"""When a prepared database is stale: what of the addon counts, and what does not."""

from pathlib import Path

import pytest

from dev.setup import fingerprint

MODEL = "class A:\n    x = fields.Char()\n\n    def act(self):\n        return 1\n"


@pytest.fixture
def addon(tmp_path):
    for inside, text in (
        ("__manifest__.py", "{}"),
        ("models/a.py", MODEL),
        ("views/a.xml", "<odoo/>"),
        ("static/src/a.xml", "<t/>"),
        ("static/src/a.js", "1"),
        ("tests/test_a.py", "1"),
        ("gateways/money.py", "1"),
        ("controllers/pay.py", "1"),
    ):
        put(tmp_path, inside, text)
    return tmp_path


def put(addon: Path, inside: str, text: str) -> None:
    path = addon / inside
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    "inside", ["__manifest__.py", "views/a.xml", "static/src/a.xml", "models/b.py", "data/b.csv"]
)
def test_what_is_installed_counts(addon, inside):
    before = fingerprint.contents(addon), fingerprint.shape(addon)
    put(addon, inside, "something else")
    assert fingerprint.contents(addon) != before[0]
    assert fingerprint.shape(addon) != before[1]


@pytest.mark.parametrize(
    "inside",
    ["static/src/a.js", "tests/test_a.py", "gateways/money.py", "controllers/pay.py"],
)
def test_what_is_read_when_used_does_not(addon, inside):
    before = fingerprint.contents(addon)
    put(addon, inside, "something else")
    assert fingerprint.contents(addon) == before


@pytest.mark.parametrize(
    ("change", "keeps_shape"),
    [
        (("return 1", "return 2"), True),
        (("fields.Char()", "fields.Text()"), False),
        (("def act", "def perform"), False),
        (("def act", "@api.model\n    def act"), False),
        (("    def act", "    def _compute_x"), False),
    ],
)
def test_the_shape_forgets_only_the_insides_of_methods(addon, change, keeps_shape):
    before = fingerprint.contents(addon), fingerprint.shape(addon)
    put(addon, "models/a.py", MODEL.replace(*change))
    assert fingerprint.contents(addon) != before[0]
    assert (fingerprint.shape(addon) == before[1]) is keeps_shape


def test_the_insides_of_what_runs_at_installation_count(addon):
    put(addon, "models/a.py", MODEL.replace("def act", "def _compute_x"))
    before = fingerprint.shape(addon)
    put(addon, "models/a.py", MODEL.replace("def act", "def _compute_x").replace("1", "2"))
    assert fingerprint.shape(addon) != before


def test_a_file_that_does_not_parse_counts_as_it_is(addon):
    put(addon, "models/a.py", "class (")
    assert "class (" in fingerprint.shape(addon)
