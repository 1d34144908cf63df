"""A pytest plugin: a test fails when Odoo logs a warning that the test did not expect.

A test says that it expects one with `assertLogs` or `mute_logger`; both keep the record from
reaching this plugin's handler.
"""

import logging
import re

import pytest

# What Odoo says about its own test helpers, not about what was tested.
HARMLESS = re.compile(r"^HTTPCase is already in test mode")


class Watch(logging.Handler):
    """Collects the warnings and errors of the test that runs."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list = []

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        if not HARMLESS.search(text):
            self.lines.append(f"{record.levelname} {record.name}: {text.splitlines()[0][:300]}")


WATCH = Watch()


def pytest_sessionstart() -> None:
    logging.getLogger().addHandler(WATCH)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item):
    WATCH.lines.clear()
    result = yield
    if WATCH.lines:
        shown = "\n  ".join(WATCH.lines[:10])
        pytest.fail(f"Odoo's log holds what this test did not expect:\n  {shown}", pytrace=False)
    return result
