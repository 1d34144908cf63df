# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A company's colour, made readable: as text on our pages and below white text on buttons."""

from __future__ import annotations

import re

DEFAULT = "#1d4ed8"
# The darkest ground on which the colour stands as text, of pay.css.
GROUND = "#f3f5f8"
# WCAG 2.2, success criterion 1.4.3.
READABLE = 4.5
HEX = re.compile(r"#?([0-9a-f]{6})", re.IGNORECASE)


def _channels(colour: str) -> list[int]:
    return [int(colour[start : start + 2], 16) for start in (1, 3, 5)]


def _luminance(colour: str) -> float:
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (channel / 255 for channel in _channels(colour))
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours (``#rrggbb``) as WCAG counts it, from 1 to 21."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def darken(colour: str, share: float) -> str:
    """Return `colour` with `share` of its light taken away."""
    return "#" + "".join(f"{int(channel * (1 - share)):02x}" for channel in _channels(colour))


def readable(colour: str | None) -> str:
    """Return `colour` as ``#rrggbb``, as dark as white text on it, and it as text, need it.

    What is no colour gives the pages' own blue.
    """
    match = HEX.fullmatch((colour or "").strip())
    wanted = f"#{match[1].lower()}" if match else DEFAULT
    while contrast(wanted, GROUND) < READABLE:
        wanted = darken(wanted, 0.04)
    return wanted
