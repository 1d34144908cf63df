# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Where a phone number is."""

from __future__ import annotations

import phonenumbers


def region_of_number(number: str) -> str:
    """Return the country code (ISO 3166) of an E.164 `number`, or ``""`` when it has none."""
    try:
        return phonenumbers.region_code_for_number(phonenumbers.parse(number)) or ""
    except phonenumbers.NumberParseException:
        return ""
