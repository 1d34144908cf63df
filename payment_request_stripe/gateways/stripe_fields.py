# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The fields of Stripe's objects, each read as what it must be.

Every function raises `MalformedPayload` when the field holds something else.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from .errors import MalformedPayload


def read_mapping(source: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = source.get(name)
    if not isinstance(value, Mapping):
        raise MalformedPayload(f"An event without {name}")
    return value


def read_text(source: Mapping[str, Any], name: str) -> str | None:
    """Return the text, or None when there is none."""
    value = source.get(name)
    if value is not None and not isinstance(value, str):
        raise MalformedPayload(f"{name} is no text")
    return value or None


def read_required(source: Mapping[str, Any], name: str) -> str:
    value = read_text(source, name)
    if not value:
        raise MalformedPayload(f"{name} is missing")
    return value


def read_reference(source: Mapping[str, Any], name: str) -> str | None:
    """Return an id, whether it stands alone or in the expanded object."""
    value = source.get(name)
    if isinstance(value, Mapping):
        return read_text(value, "id")
    return read_text(source, name)


def read_amount(source: Mapping[str, Any], name: str) -> int | None:
    """Return a number of minor units, or None when there is none."""
    return None if source.get(name) is None else read_minor(source, name)


def read_minor(source: Mapping[str, Any], name: str, signed: bool = False) -> int:
    """Return a number of minor units; only a `signed` one may be below zero."""
    value = source.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or (value < 0 and not signed):
        raise MalformedPayload(f"{name} is no amount in minor units")
    return value


def read_currency(source: Mapping[str, Any]) -> str:
    """Return the code in capitals."""
    return read_required(source, "currency").upper()


def read_moment(source: Mapping[str, Any], name: str) -> datetime:
    """Return when it was: naive, UTC."""
    value = source.get(name)
    if isinstance(value, bool) or not isinstance(value, int):
        raise MalformedPayload(f"{name} is no time")
    try:
        return datetime.fromtimestamp(value, timezone.utc).replace(tzinfo=None)
    except (OverflowError, ValueError, OSError) as error:
        raise MalformedPayload(f"{name} is no time") from error


def read_metadata(source: Mapping[str, Any]) -> dict[str, str]:
    value = source.get("metadata") or {}
    if not isinstance(value, Mapping):
        raise MalformedPayload("metadata is no object")
    return {
        key: text for key, text in value.items() if isinstance(key, str) and isinstance(text, str)
    }
