# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""How long a text is as SMS: what carriers count, and charge for.

The alphabet is that of 3GPP TS 23.038. Odoo's own counter knows no extension characters and counts
the euro sign as a reason for Unicode.
"""

from __future__ import annotations

from dataclasses import dataclass

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
# These take an escape character as well: two places each.
_EXTENDED = frozenset("\f^{}\\[~]|€")
# Places in one message alone, and in each part of a longer one (a part carries its number).
_ROOM = {"GSM-7": (160, 153), "UCS-2": (70, 67)}


@dataclass(frozen=True)
class SmsSize:
    """What a text takes.

    :ivar encoding: ``GSM-7`` or ``UCS-2``
    :ivar length: places: septets in GSM-7, UTF-16 units in UCS-2
    :ivar segments: messages that the carrier sends and charges for
    :ivar room: places in these segments
    """

    encoding: str
    length: int
    segments: int
    room: int


def measure(text: str) -> SmsSize:
    """Return what `text` takes as SMS."""
    if all(char in _BASIC or char in _EXTENDED for char in text):
        return _fill("GSM-7", [2 if char in _EXTENDED else 1 for char in text])
    return _fill("UCS-2", [2 if ord(char) > 0xFFFF else 1 for char in text])


def offenders(text: str) -> str:
    """Return the characters of `text`, each once, that GSM-7 does not have."""
    return "".join(dict.fromkeys(char for char in text if char not in _BASIC | _EXTENDED))


def _fill(encoding: str, places: list[int]) -> SmsSize:
    alone, part = _ROOM[encoding]
    length = sum(places)
    if length <= alone:
        return SmsSize(encoding, length, 1 if length else 0, alone)
    segments, used = 1, 0
    for place in places:
        # A character of two places is never cut in half.
        if used + place > part:
            segments, used = segments + 1, 0
        used += place
    return SmsSize(encoding, length, segments, segments * part)
