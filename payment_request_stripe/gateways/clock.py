# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""When it is night for somebody."""

from __future__ import annotations

from datetime import datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import phonenumbers
from phonenumbers.timezone import time_zones_for_number


def time_zone_of_number(number: str) -> str:
    """Return the time zone of an E.164 `number`, or ``""`` when it may lie in several or none."""
    try:
        zones = time_zones_for_number(phonenumbers.parse(number))
    except phonenumbers.NumberParseException:
        return ""
    return str(zones[0]) if len(zones) == 1 and "/" in zones[0] else ""


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
