# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Text that PostgreSQL keeps: it takes neither NUL nor half of a surrogate pair."""

import json
from typing import Any


def to_json(payload: Any) -> str:
    """Return `payload` as JSON that a jsonb column takes."""
    try:
        text = json.dumps(payload)
        if "\\u0000" in text or "\\ud" in text:
            text = json.dumps(storable(payload))
    except RecursionError:  # deeper than any event of Stripe: kept as it came, in one text
        text = json.dumps({"unreadable": "too deeply nested"})
    return text


def storable(value: Any) -> Any:
    """Return `value` without the characters that cannot be stored, at any depth."""
    if isinstance(value, dict):
        return {storable(key): storable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [storable(item) for item in value]
    if isinstance(value, str):
        return value.replace("\0", "").encode(errors="replace").decode()
    return value
