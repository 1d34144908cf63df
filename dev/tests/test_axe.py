"""What npm brings is used only when it is what was pinned."""

import base64
import hashlib

import pytest

from dev.setup import axe
from dev.setup.console import SetupError


def test_another_archive_is_refused(tmp_path):
    archive = tmp_path / "axe-core.tgz"
    archive.write_bytes(b"as pinned")
    digest = base64.b64encode(hashlib.sha512(b"as pinned").digest()).decode()
    axe.check(archive, digest)
    archive.write_bytes(b"as pinned, and a little more")
    with pytest.raises(SetupError, match="not what it was"):
        axe.check(archive, digest)
