# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What callers of the API send, checked field by field before anything else happens."""

import hashlib
import json
import re
from datetime import datetime, timezone
from decimal import Decimal

from ..models.payment_request_api import API_DELIVERY_METHODS
from .api_dispatcher import ApiError

LARGEST_ID = 2**31 - 1
MOST_ALLOCATIONS = 1000
LONGEST_TEXT = 10_000
LONGEST_AMOUNT = 30
AMOUNT = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,6})?")
DELIVERY_METHODS = {theirs: ours for ours, theirs in API_DELIVERY_METHODS.items()}


def read_json_object(http_request):
    """Return the body as a dict; its numbers are int or Decimal.

    :raise ApiError: when it is no JSON object
    """
    try:
        body = json.loads(
            http_request.get_data(), parse_float=Decimal, parse_constant=_refuse_constant
        )
    except (ValueError, RecursionError) as error:
        raise ApiError(400, "malformed", "The body is no JSON.") from error
    if not isinstance(body, dict):
        raise ApiError(400, "malformed", "The body is no JSON object.")
    return body


def _refuse_constant(name):
    raise ValueError(name)  # NaN and Infinity are no JSON


def read_asked(body):
    """Return ``(allocations, options)`` as ``create_and_send`` takes them.

    :raise ApiError: 400 with a detail per field that has another shape
    """
    details, options = [], {}
    for name in body.keys() - FIELDS.keys() - {"allocations"}:
        details.append(_describe(str(name)[:100], "Unknown field."))
    for name, (option, read) in FIELDS.items():
        if body.get(name) is None:
            continue
        try:
            options[option] = read(body[name])
        except (TypeError, ValueError) as error:
            details.append(_describe(name, str(error)))
    allocations = _read_allocations(body.get("allocations"), details)
    if details:
        raise ApiError(400, "malformed", "Some fields have another shape.", details)
    return allocations, options


def _describe(field, message):
    return {"field": field, "code": "malformed", "message": message}


def _read_allocations(given, details):
    if not isinstance(given, list) or not 0 < len(given) <= MOST_ALLOCATIONS:
        details.append(_describe("allocations", f"A list of 1 to {MOST_ALLOCATIONS} entries."))
        return []
    allocations = []
    for place, entry in enumerate(given):
        try:
            allocations.append(_read_allocation(entry))
        except (TypeError, ValueError) as error:
            details.append(_describe(f"allocations[{place}]", str(error)))
    return allocations


def _read_allocation(entry):
    known = {"invoiceId", "amount", "instalmentLineId"}
    if not isinstance(entry, dict) or not entry.keys() <= known:
        raise TypeError("An object with invoiceId, amount and instalmentLineId.")
    allocation = {"invoice_id": read_id(entry.get("invoiceId"))}
    if entry.get("instalmentLineId") is not None:
        allocation["instalment_line_id"] = read_id(entry["instalmentLineId"])
    if entry.get("amount") is not None:
        allocation["amount"] = _read_amount(entry["amount"])
    return allocation


def _read_amount(value):
    if isinstance(value, bool) or not isinstance(value, (int, str, Decimal)):
        raise TypeError('amount is a decimal text such as "120.50".')
    if isinstance(value, Decimal) and abs(value.adjusted()) > LONGEST_AMOUNT:
        raise ValueError("amount is out of range.")  # before 1e999999 is written out
    text = f"{value:f}" if isinstance(value, Decimal) else str(value)
    if not AMOUNT.fullmatch(text):
        raise ValueError('amount is a decimal text such as "120.50".')
    return Decimal(text)


def read_id(value):
    """Return a number that may be the id of a record."""
    is_number = isinstance(value, (int, Decimal)) and not isinstance(value, bool)
    if not is_number or not 0 < value <= LARGEST_ID or value != int(value):
        raise ValueError("An id is a positive whole number.")
    return int(value)  # 7.0 is a whole number in JSON


def _read_text(value):
    if not isinstance(value, str) or len(value) > LONGEST_TEXT or "\0" in value:
        raise TypeError(f"A text of at most {LONGEST_TEXT} characters.")
    value.encode()  # half of a surrogate pair is no text: UnicodeEncodeError is a ValueError
    return value


def _read_delivery_method(value):
    if not isinstance(value, str) or value not in DELIVERY_METHODS:
        raise ValueError(f"One of {', '.join(DELIVERY_METHODS)}.")
    return DELIVERY_METHODS[value]


def _read_moment(value):
    try:
        moment = datetime.fromisoformat(_read_text(value).replace("Z", "+00:00"))
        if moment.tzinfo:
            moment = moment.astimezone(timezone.utc).replace(tzinfo=None)
    except (OverflowError, ValueError) as error:
        raise ValueError("A moment in ISO 8601, such as 2030-01-31T12:00:00Z.") from error
    return moment.replace(microsecond=0)


# What may stand in the body besides the allocations: the option of `create_and_send`, its reader.
FIELDS = {
    "leaseId": ("analytic_account_id", read_id),
    "tenantId": ("partner_id", read_id),
    "toEmail": ("to_email", _read_text),
    "toPhone": ("to_phone", _read_text),
    "deliveryMethod": ("delivery_method", _read_delivery_method),
    "message": ("message", _read_text),
    "expiresAt": ("expires_at", _read_moment),
}


# === BEHIND THE QUESTION MARK === #


def read_flag(arguments, name):
    """Return whether `?name=1` was asked.

    :raise ApiError: when it is neither 0 nor 1
    """
    value = arguments.get(name, "0")
    if value not in ("0", "1"):
        raise ApiError(400, "malformed", f"{name} is 0 or 1.", [_describe(name, "0 or 1.")])
    return value == "1"


def read_number(arguments, name, largest=LARGEST_ID, default=None):
    """Return a positive whole number of the query, or `default` when it is not there."""
    text = arguments.get(name)
    if text is None:
        return default
    if re.fullmatch(r"[0-9]{1,10}", text) and 0 < int(text) <= largest:
        return int(text)
    message = f"A whole number from 1 to {largest}."
    raise ApiError(400, "malformed", f"{name}: {message}", [_describe(name, message)])


def read_choice(arguments, name, choices):
    """Return one of `choices`, or none when it is not there."""
    value = arguments.get(name)
    if value is not None and value not in choices:
        message = f"One of {', '.join(choices)}."
        raise ApiError(400, "malformed", f"{name}: {message}", [_describe(name, message)])
    return value


def get_digest(http_request):
    """Return what tells one call from another: method, path, query and body."""
    asked = f"{http_request.method} {http_request.full_path}\n".encode() + http_request.get_data()
    return hashlib.sha256(asked).hexdigest()
