# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""When it is night for somebody."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import phonenumbers
from phonenumbers.timezone import UNKNOWN_TIMEZONE, time_zones_for_number


def time_zone_of_number(number: str, guesses: Iterable[str | None] = ()) -> str:
    """Return the time zone of an E.164 `number`, or ``""`` when nothing is known of it.

    :param guesses: of the zones of a country in which numbers are of no place, the first guess that
        is one of them; without a good guess the one in the middle, never far from right
    """
    try:
        found = time_zones_for_number(phonenumbers.parse(number))
    except phonenumbers.NumberParseException:
        return ""
    zones = [str(zone) for zone in found if zone != UNKNOWN_TIMEZONE]
    for guess in guesses:
        if guess in zones:
            return guess
    now = datetime.now(timezone.utc)
    zones.sort(key=lambda zone: (now.astimezone(find_zone(zone)).utcoffset(), zone))
    return zones[len(zones) // 2] if zones else ""


def quiet_until(
    moment: datetime, zone_name: str, quiet_from: float, quiet_to: float
) -> datetime | None:
    """Return when the quiet hours around `moment` end, or None when it is not in them.

    :param moment: naive, UTC; so is what is returned
    :param quiet_from: hour of the day there, 0 to 24, with minutes as a fraction; the quiet hours
        may span midnight, and there are none when both hours are the same
    """
    start, end = _time_of(quiet_from), _time_of(quiet_to)
    if start == end:
        return None
    local = moment.replace(tzinfo=timezone.utc).astimezone(find_zone(zone_name))
    now = local.time().replace(tzinfo=None)
    quiet = start <= now < end if start < end else now >= start or now < end
    if not quiet:
        return None
    day = local.date() + timedelta(days=1 if now >= end else 0)
    ends = datetime.combine(day, end, tzinfo=local.tzinfo)
    return ends.astimezone(timezone.utc).replace(tzinfo=None)


def _time_of(hours: float) -> time:
    minutes = round(hours * 60) % (24 * 60)
    return time(minutes // 60, minutes % 60)


def find_zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")
