"""A pytest plugin for the workers of pytest-xdist: their filestores, and who works on what first.

pytest-odoo lets the workers share one filestore. But each test class ends with a collection of
garbage in it, which removes what only another worker's open transaction knows about. So each has
its own, as it has its own database.
"""

import contextlib
from collections.abc import Iterator

import pytest_odoo

from dev.setup import databases

# The classes that take longest begin first: the last of them would keep one worker busy alone.
LONGEST = ("test_reminder_quarter", "test_history", "test_accessibility", "test_refund")


def pytest_collection_modifyitems(items: list) -> None:
    ranks = {name: rank for rank, name in enumerate(LONGEST)}
    items.sort(key=lambda item: ranks.get(item.path.stem, len(LONGEST)))


@contextlib.contextmanager
def own_filestore(original: str, name: str) -> Iterator[None]:
    if original == name:
        yield
        return
    databases.copy_filestore(original, name)
    try:
        yield
    finally:
        databases.remove_filestore(name)


if not hasattr(pytest_odoo, "_shared_filestore"):
    raise ImportError("pytest-odoo has changed: see how it handles the filestore of its workers.")
pytest_odoo._shared_filestore = own_filestore
