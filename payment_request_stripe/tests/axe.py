# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""axe-core looks at pages in a real browser; the set-up of `make test` fetches it."""

import functools
import json
import os
from pathlib import Path

GRAVE = ("serious", "critical")
LOOK = """
    axe.run(%s, {resultTypes: ["violations"]}).then(result => result.violations.map(fault => [
        fault.impact, fault.id, fault.help, fault.nodes.map(node => node.html).slice(0, 3),
    ]))
"""


@functools.cache
def read_axe():
    path = os.environ.get("AXE_CORE")
    if not path:
        raise AssertionError("AXE_CORE must name axe-core's axe.min.js; `make test` fetches it.")
    return Path(path).read_text(encoding="utf-8")


class AccessibilityMixin:
    def assertAccessible(self, browser, page="", within="html"):
        """Assert that axe-core finds no serious or critical fault on the page that is open.

        :param within: the CSS selector of the part that is ours
        """
        browser.evaluate(read_axe() + ";0")
        faults = browser.evaluate(LOOK % json.dumps(within), is_promise=True)
        grave = [fault for fault in faults if fault[0] in GRAVE]
        self.assertEqual(grave, [], page)
