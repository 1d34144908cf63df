"""A pytest plugin: every worker of pytest-xdist has its own filestore beside its own database.

pytest-odoo lets the workers share one. But each test class ends with a collection of garbage in
the filestore, which removes what only another worker's open transaction knows about.
"""

import contextlib
from collections.abc import Iterator

import pytest_odoo

from dev.setup import databases


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
