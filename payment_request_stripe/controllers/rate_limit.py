# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""How often one caller may knock: counted per minute, in the memory of each worker."""

import ipaddress
import threading
import time

from werkzeug.exceptions import TooManyRequests

from odoo.http import request

WINDOW = 60
# What is counted, and how often it may happen in a minute. The system parameter
# `payment_request_stripe.rate_limit_<name>` says otherwise; 0 there means without limit.
LIMITS = {
    "page": 600,  # one link
    "document": 20,  # PDF of one link: invoices and statements
    "payer": 6,  # promises, questions and forwards of one link
    "portal": 30,  # choices that one customer who is logged in takes to Stripe
    "unknown_page": 120,  # links that lead nowhere, from one address
    "api": 3000,  # one user
    "api_refused": 120,  # missing or wrong keys, from one address
}


class RateLimiter:
    """Count calls per key in windows of a minute; what is over is forgotten."""

    def __init__(self, clock=time.monotonic):
        self._clock = clock
        self._lock = threading.Lock()
        self._window = None
        self._counts = {}

    def hit(self, key, limit):
        """Count one call and return the seconds to wait before the next one, 0 if it may pass."""
        with self._lock:
            now = self._clock()
            window = int(now // WINDOW)
            if window != self._window:
                self._window, self._counts = window, {}
            self._counts[key] = count = self._counts.get(key, 0) + 1
        return max(1, round((window + 1) * WINDOW - now)) if count > limit else 0


limiter = RateLimiter()


def get_caller(address):
    """Return whose address it is: one line of IPv6 has 2**64 of them, which count as one."""
    try:
        found = ipaddress.ip_address((address or "").partition("%")[0])
    except ValueError:
        return address
    if found.version == 4 or found.ipv4_mapped:
        return str(found)
    return str(ipaddress.ip_network((found, 64), strict=False))


def get_seconds_to_wait(name, caller):
    """Count a call of `caller` under the limit `name`; return 0, or for how long to wait."""
    parameters = request.env["ir.config_parameter"].sudo()
    text = parameters.get_param(f"payment_request_stripe.rate_limit_{name}") or ""
    limit = int(text) if text.isdecimal() else LIMITS[name]
    return limiter.hit((request.db, name, caller), limit) if limit else 0


def check_page_rate(name, caller):
    """Count a look at a page.

    :raise TooManyRequests: when there were too many within this minute
    """
    if wait := get_seconds_to_wait(name, caller):
        raise TooManyRequests(retry_after=wait)
