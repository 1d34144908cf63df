# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Whoever reads the server's log must not be able to open the links that payers opened."""

import logging
import re

# Odoo's log writes down the path of each request. Of a token its beginning is left, which tells
# support whether two lines are about one link.
TOKEN = re.compile(r"(/pay/[A-Za-z0-9_-]{4})[A-Za-z0-9_-]{28}")


class TokenFilter(logging.Filter):
    """Leave the tokens of payment links out of what is logged."""

    def filter(self, record):
        record.msg = self._mask(record.msg)
        if isinstance(record.args, tuple):
            record.args = tuple(map(self._mask, record.args))
        return True

    def _mask(self, value):
        return TOKEN.sub(r"\1…", value) if isinstance(value, str) else value


logging.getLogger("werkzeug").addFilter(TokenFilter())
