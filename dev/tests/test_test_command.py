"""`make test` finds what T names, and fails when a run proves nothing."""

import pytest

from dev.commands import test as command
from dev.commands.test import Count

MONEY = "class TestMoney:\n    def test_rounding(self): ...\n    def test_minor(self): ...\n"
PAY = "class TestPay:\n    def test_rounding(self): ...\n"
STANDIN = "def test_minor_units(): ...\n"


@pytest.fixture
def tree(tmp_path):
    for room, name, text in (
        (command.ROOM_ADDON, "test_money.py", MONEY),
        (command.ROOM_ADDON, "test_pay.py", PAY),
        (command.ROOM_DEV, "test_standin.py", STANDIN),
    ):
        (tmp_path / room).mkdir(parents=True, exist_ok=True)
        (tmp_path / room / name).write_text(text, encoding="utf-8")
    return tmp_path


def chosen(tree, pattern):
    """{file or folder name: keyword} of what `pattern` picks."""
    picked = command.choose(pattern, tree)
    return {path.name: choice.keyword for choice in picked for path in choice.targets}


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("test_money", {"test_money.py": ""}),
        ("payment_request_stripe/tests/test_pay.py", {"test_pay.py": ""}),
        ("test_money.py::TestMoney::test_minor", {"test_money.py": "TestMoney and test_minor"}),
        ("TestMoney", {"test_money.py": "TestMoney"}),
        ("TestPay.test_rounding", {"test_pay.py": "TestPay and test_rounding"}),
        ("test_rounding", {"test_money.py": "test_rounding", "test_pay.py": "test_rounding"}),
        ("minor", {"test_money.py": "minor", "test_standin.py": "minor"}),
        ("TestPay.test_minor", {}),
        ("nowhere", {}),
    ],
)
def test_pattern(tree, pattern, expected):
    assert chosen(tree, pattern) == expected


def test_without_a_pattern_both_rooms_run_whole(tree):
    assert [choice.targets for choice in command.choose("", tree)] == [
        [command.ROOM_ADDON],
        [command.ROOM_DEV],
    ]


def record(tmp_path, passed=0, failed=0, errors=0, skipped=0):
    outcomes = {"": passed, "<failure/>": failed, "<error/>": errors, "<skipped/>": skipped}
    cases = "".join(f"<testcase>{mark}</testcase>" * times for mark, times in outcomes.items())
    path = tmp_path / "result.xml"
    path.write_text(f"<testsuites><testsuite>{cases}</testsuite></testsuites>", encoding="utf-8")
    return path


def test_count_reads_what_pytest_wrote(tmp_path):
    path = record(tmp_path, passed=1, failed=1, errors=1, skipped=2)
    assert command.count(path, 1) == Count(ran=5, failed=2, skipped=2)


@pytest.mark.parametrize("exit_code", [1, 2, 3, 4, -9])
def test_an_exit_code_the_record_does_not_explain_is_broken(tmp_path, exit_code):
    assert command.count(record(tmp_path, passed=5), exit_code).broken


def test_no_record_is_broken(tmp_path):
    assert command.count(tmp_path / "absent.xml", 0).broken


def test_no_test_found_is_not_broken_but_fails(tmp_path):
    count = command.count(record(tmp_path), 5)
    assert command.verdict(count) == "no test ran."


@pytest.mark.parametrize(
    ("count", "word"),
    [
        (Count(ran=3, failed=1), "failures"),
        (Count(ran=3, skipped=1), "skipped"),
        (Count(), "no test ran"),
        (Count(ran=3, broken=True), "stopped"),
    ],
)
def test_verdict_says_why(count, word):
    assert word in command.verdict(count)


def test_verdict_is_silent_on_success():
    assert command.verdict(Count(ran=3)) == ""
