"""What the documents tell people to run does what it says; they are whole, and name true limits."""

import re
import time

import docutils.core
import pytest
import stripe

from dev.setup.console import ROOT
from dev.setup.databases import ADDON

DOCUMENTS = sorted([*ROOT.glob("*.rst"), *(ROOT / ADDON).rglob("*.rst")])
SECRET = "prsec_of_the_test"
BODY = b'{"id": "evt_1"}'


@pytest.fixture(scope="module")
def is_genuine():
    """The function that the README gives to the programs that take our events."""
    text = (ROOT / "README.rst").read_text(encoding="utf-8")
    code = text.split(".. code-block:: python\n", 1)[1].split("\n- ", 1)[0]
    names: dict = {}
    exec("\n".join(line.removeprefix("    ") for line in code.splitlines()), names)
    return names["is_genuine"]


def _sign(secret=SECRET, moment=0):
    return stripe.WebhookSignature.generate_signature_header(
        BODY.decode(), secret, timestamp=int(moment or time.time())
    )


def test_what_we_signed_is_genuine(is_genuine):
    assert is_genuine(BODY, _sign(), SECRET)
    old = _sign("the one before").partition(",")[2]
    assert is_genuine(BODY, f"{_sign()},{old}", SECRET)


def test_nothing_else_is(is_genuine):
    for header in (
        "",
        "nonsense",
        "t=,v1=",
        f"t={int(time.time())}",
        "v1=ff",
        _sign("wrong"),
        _sign(moment=time.time() - 3600),
        _sign().replace("v1=", "v0="),
        "t=1,v1=\xff",
    ):
        assert not is_genuine(BODY, header, SECRET), header
    assert not is_genuine(BODY + b" ", _sign(), SECRET)


def test_every_limit_is_named_with_its_parameter():
    readme = (ROOT / "README.rst").read_text(encoding="utf-8")
    told = readme[readme.index("Calls are limited") : readme.index("0 means no limit")]
    code = (ROOT / ADDON / "controllers/rate_limit.py").read_text(encoding="utf-8")
    limits = re.findall(r'^    "(\w+)": (\d+),', code, re.MULTILINE)
    assert limits
    for name, number in limits:
        assert f"_{name}``" in told, name
        assert re.search(rf"\b{number}\b", told), (name, number)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_each_document_can_be_shown(path):
    docutils.core.publish_string(
        path.read_text(encoding="utf-8"),
        source_path=str(path),
        writer_name="html",
        settings_overrides={"halt_level": 2, "report_level": 2, "warning_stream": False},
    )


def test_the_design_has_each_room_of_the_models():
    design = (ROOT / ADDON / "readme" / "DESIGN.rst").read_text(encoding="utf-8")
    table = design[design.index("\n``payment_request_…``\n") :].split("\n====", 2)[1]
    words = set(re.findall(r"``(\w+)``", table))
    files = [path.stem for path in (ROOT / ADDON / "models").glob("payment_request_*.py")]
    rooms = {name.removeprefix("payment_request_") for name in files}
    for room in rooms:
        assert [word for word in words if f"{room}_".startswith(f"{word}_")], room
    for word in words:
        assert [room for room in rooms if f"{room}_".startswith(f"{word}_")], word
