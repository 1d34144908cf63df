"""The checks that ruff has no words for find what they are for, and nothing else."""

from pathlib import Path

import pytest

from dev.commands import walls


def write(top: Path, inside: str, text: str) -> Path:
    path = top / inside
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("inside", "text"),
    [
        ("gateways/money.py", "import odoo\n"),
        ("gateways/money.py", "def late():\n    from odoo.tools import float_round\n"),
        ("gateways/events.py", "from ..models import payment_request\n"),
        ("gateways/twilio_api.py", "import stripe\n"),
        ("models/thing.py", "from odoo.http import request\n"),
        ("models/thing.py", "from stripe.error import StripeError\n"),
        ("models/thing.py", "from ..controllers import pay\n"),
        ("models/thing.py", "from odoo.addons.payment_request_stripe.wizards import x\n"),
        ("wizards/send.py", "from ..gateways import stripe_api\n"),
        ("wizards/send.py", "from ..controllers.pay import Pay\n"),
        ("controllers/pay.py", "import dev.standins\n"),
        ("controllers/pay.py", "from twilio import rest\n"),
    ],
)
def test_a_broken_wall_is_named_with_its_line(tmp_path, inside, text):
    path = write(tmp_path, inside, text)
    (remark,) = walls.remarks(tmp_path)
    assert remark.startswith(f"{path}:{len(text.splitlines())}: imports ")


@pytest.mark.parametrize(
    ("inside", "text"),
    [
        ("gateways/stripe_api.py", "import stripe\nfrom stripe import params\n"),
        ("gateways/twilio_api.py", "from twilio.rest import Client\nfrom .errors import Refused\n"),
        ("models/thing.py", "from odoo import models\nfrom ..gateways.errors import Refused\n"),
        ("controllers/pay.py", "from odoo.http import request\n"),
        ("controllers/pay.py", "from . import portal\nimport striped\n"),
        ("tests/test_x.py", "import stripe\nimport twilio\n"),
    ],
)
def test_what_is_allowed_gets_no_remark(tmp_path, inside, text):
    write(tmp_path, inside, text)
    assert walls.remarks(tmp_path) == []


def test_a_model_among_the_dialogs_is_named(tmp_path):
    write(tmp_path, "wizards/a.py", "class Ask(models.TransientModel):\n    pass\n")
    write(tmp_path, "models/b.py", "class Move(models.Model):\n    pass\n")
    path = write(tmp_path, "wizards/b.py", "class Move(models.Model):\n    pass\n")
    (remark,) = walls.remarks(tmp_path)
    assert remark.startswith(f"{path}:1: class Move is no dialog")


def test_a_function_over_the_budget_is_named(tmp_path):
    body = "    x = 1\n"
    write(tmp_path, "models/a.py", "def fits():\n" + body * (walls.LONGEST_FUNCTION - 1))
    path = write(tmp_path, "models/b.py", "def too_long():\n" + body * walls.LONGEST_FUNCTION)
    (remark,) = walls.remarks(tmp_path)
    assert remark.startswith(f"{path}:1: too_long has 51 lines")


def test_a_file_over_the_budget_is_named_unless_it_is_a_test(tmp_path):
    text = "x = 1\n" * (walls.LONGEST_FILE + 1)
    write(tmp_path, "tests/test_long.py", text)
    path = write(tmp_path, "models/long.py", text)
    (remark,) = walls.remarks(tmp_path)
    assert remark.startswith(f"{path}:1: 301 lines")
