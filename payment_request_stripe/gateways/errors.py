# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What can go wrong at a vendor, sorted by what to do about it.

GatewayError
 ├─ Unavailable        try the same call again later
 │   └─ OutcomeUnknown the call may have happened: a machine must not repeat it
 ├─ Misconfigured      only an administrator can mend it
 ├─ Refused            a final no: tell the person who asked
 ├─ SignatureError     the sender of a webhook is not who it claims to be
 └─ MalformedPayload   the sender is right, the content is no event

One table per vendor decides which; the first row that matches counts, and what no row knows is
``Refused``, so that nothing unknown is ever repeated by a machine.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field


class GatewayError(Exception):
    """A call to a vendor did not do what it was meant to.

    :ivar message: a sentence that is safe to show to an accountant
    :ivar code: the vendor's own code, or ``""``
    :ivar http_status: the status the vendor answered with, or None when it did not answer
    :ivar request_ref: the vendor's name of the request, for its support, or ``""``
    :ivar param: the parameter the vendor complains about, or ``""``
    """

    def __init__(
        self,
        message: str,
        *,
        code: str = "",
        http_status: int | None = None,
        request_ref: str = "",
        param: str = "",
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.http_status = http_status
        self.request_ref = request_ref
        self.param = param


class Unavailable(GatewayError):
    """The vendor cannot be reached or asks for patience: the same call may be made later."""


class OutcomeUnknown(Unavailable):
    """Nobody can tell whether the call happened, and repeating it could do it twice."""


class Misconfigured(GatewayError):
    """A key, a secret, a permission or a sender is wrong."""


class Refused(GatewayError):
    """The vendor understood and said no."""


class SignatureError(GatewayError):
    """A webhook's signature is missing, forged, or of another time."""


class MalformedPayload(GatewayError):
    """A webhook's content is not what the vendor documents."""


@dataclass(frozen=True)
class ErrorRow:
    """One line of a vendor's table: every criterion that is given must match.

    :ivar kinds: names of the SDK's error classes, or of our own words for network trouble
    :ivar statuses: HTTP statuses
    :ivar codes: the vendor's codes
    """

    outcome: type[GatewayError]
    why: str
    kinds: Collection[str] = field(default=())
    statuses: Collection[int] = field(default=())
    codes: Collection[str] = field(default=())

    def matches(self, kind: str, status: int | None, code: str) -> bool:
        return (
            (not self.kinds or kind in self.kinds)
            and (not self.statuses or status in self.statuses)
            and (not self.codes or code in self.codes)
        )


def classify(
    table: Sequence[ErrorRow], *, kind: str = "", status: int | None = None, code: str = ""
) -> type[GatewayError]:
    """Return the error class for what a vendor answered: the first row that matches."""
    for row in table:
        if row.matches(kind, status, code):
            return row.outcome
    return Refused


_SERVER_TROUBLE = range(500, 600)

STRIPE_ERRORS: tuple[ErrorRow, ...] = (
    ErrorRow(Unavailable, "no answer; the key makes it repeatable", kinds=("APIConnectionError",)),
    ErrorRow(Unavailable, "too many requests", kinds=("RateLimitError",)),
    ErrorRow(Unavailable, "another request holds the object", codes=("lock_timeout",)),
    ErrorRow(Unavailable, "the same key is being worked on", statuses=(409,)),
    ErrorRow(Unavailable, "Stripe itself has trouble", statuses=_SERVER_TROUBLE),
    ErrorRow(Misconfigured, "the key is wrong or expired", kinds=("AuthenticationError",)),
    ErrorRow(Misconfigured, "the key may not do this", kinds=("PermissionError",)),
    ErrorRow(
        Misconfigured,
        "the account or the kind of key is not fit for this",
        codes=("account_invalid", "secret_key_required", "testmode_charges_only"),
    ),
    ErrorRow(Refused, "the same key with other parameters", kinds=("IdempotencyError",)),
    ErrorRow(Refused, "the card or the payment was declined", kinds=("CardError",)),
    ErrorRow(Refused, "a parameter is wrong or missing", kinds=("InvalidRequestError",)),
    ErrorRow(Unavailable, "an answer that is no answer of Stripe's", kinds=("APIError",)),
)

# Twilio's Messages have no idempotency key: what may have happened must not be repeated.
NOT_CONNECTED = "not_connected"
ANSWER_LOST = "answer_lost"

TWILIO_ERRORS: tuple[ErrorRow, ...] = (
    ErrorRow(Unavailable, "the request never left", kinds=(NOT_CONNECTED,)),
    ErrorRow(OutcomeUnknown, "the request left, no answer came", kinds=(ANSWER_LOST,)),
    ErrorRow(Unavailable, "slow down", codes=("20429", "21611")),
    ErrorRow(Misconfigured, "wrong account or token", codes=("20003",)),
    ErrorRow(Refused, "not a number that can get SMS", codes=("21211", "21265", "21614", "21635")),
    ErrorRow(Refused, "the recipient opted out", codes=("21610",)),
    ErrorRow(Refused, "no route to this country or network", codes=("21408", "21612")),
    ErrorRow(Misconfigured, "a trial account", codes=("21608",)),
    ErrorRow(
        Misconfigured,
        "the sender is not ours",
        codes=("21212", "21606", "21659", "21660", "21701", "21703", "21705"),
    ),
    ErrorRow(Refused, "text or recipient missing or too long", codes=("21602", "21603", "21617")),
    ErrorRow(Misconfigured, "wrong account or token", statuses=(401, 403)),
    ErrorRow(Unavailable, "slow down", statuses=(429,)),
    ErrorRow(OutcomeUnknown, "timed out on Twilio's side", statuses=(408, 504)),
    ErrorRow(Unavailable, "Twilio itself has trouble", statuses=_SERVER_TROUBLE),
)
