# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The text of a webhook, read as strictly as a database would keep it."""

from __future__ import annotations

import json
import math
from typing import Any

from .errors import MalformedPayload

LONGEST_NAME = 255  # of an event's id and type


def read_event(text: str) -> dict[str, Any]:
    """Return the event in `text`, with an id and a type.

    :raise MalformedPayload: when it is none
    """
    try:
        event = _STRICT.decode(text)
    except (ValueError, RecursionError) as error:
        raise MalformedPayload("The body is not JSON.") from error
    if not isinstance(event, dict) or event.get("object", "event") != "event":
        raise MalformedPayload("The body is no event.")
    for name in ("id", "type"):
        if not isinstance(event.get(name), str) or not 0 < len(event[name]) <= LONGEST_NAME:
            raise MalformedPayload(f"The event has no {name}.")
    return event


def _refuse_number(text: str) -> None:
    raise ValueError(f"{text} is no number of JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        _refuse_number(text)
    return number


_STRICT = json.JSONDecoder(parse_constant=_refuse_number, parse_float=_finite)
