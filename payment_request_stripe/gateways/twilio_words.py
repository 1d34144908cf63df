# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What Twilio's states, error codes and its customers' keywords mean, in our words."""

from __future__ import annotations

# Twilio's words for where a message is, in the states of our deliveries. What is missing here
# (a word Twilio invents later) is "unknown".
TWILIO_STATUS: dict[str, str] = {
    "accepted": "sent",
    "scheduled": "sent",
    "queued": "sent",
    "sending": "sent",
    "sent": "sent",
    "delivered": "delivered",
    "read": "delivered",
    "undelivered": "failed",
    "failed": "failed",
    "canceled": "failed",
}

# What to do about an error, by Twilio's code at creation (2xxxx) and in callbacks (3xxxx).
ADVICE: dict[str, str] = {
    "20003": "auth",
    "20429": "slow_down",
    "21211": "bad_number",
    "21212": "sender",
    "21265": "bad_number",
    "21408": "country",
    "21602": "request",
    "21603": "request",
    "21606": "sender",
    "21608": "trial",
    "21610": "opted_out",
    "21611": "slow_down",
    "21612": "no_route",
    "21614": "bad_number",
    "21617": "request",
    "21635": "bad_number",
    "21659": "sender",
    "21660": "sender",
    "21701": "sender",  # no such messaging service
    "21703": "sender",  # a messaging service without numbers
    "21705": "sender",
    "30001": "slow_down",
    "30002": "auth",  # suspended
    "30003": "unreachable",
    "30004": "blocked",
    "30005": "no_use",
    "30006": "no_use",
    "30007": "blocked",
    "30008": "unknown",
    "30022": "slow_down",
    "30023": "slow_down",
    "30032": "sender",  # toll-free and not verified
    "30034": "sender",  # not registered for messages to the United States
}

# What a phone answers to get no more messages, or some again: Twilio's default keywords
# (its "Support for Opt-out Keywords"), but for YES, which answers much else as well. With Advanced
# Opt-Out Twilio names the wish itself.
OPT_OUT_WORDS = frozenset(
    {"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "optout", "revoke"}
)
OPT_IN_WORDS = frozenset({"start", "unstop"})


def delivery_state(vendor_status: str) -> str:
    """Return our delivery state for Twilio's word."""
    return TWILIO_STATUS.get(vendor_status, "unknown")


def describe_error(code: str | int | None) -> str:
    """Return the key of what to do about Twilio's error `code`.

    One of ``bad_number``, ``opted_out``, ``country``, ``no_route``, ``sender``, ``request``,
    ``trial``, ``auth``, ``slow_down``, ``unreachable``, ``no_use``, ``blocked``, ``unknown``.
    """
    return ADVICE.get(str(code or ""), "unknown")


def wish_of_answer(opt_out_type: str, body: str) -> str:
    """Return what the sender of an SMS to us wants: ``stop``, ``start``, or nothing of the kind.

    :param opt_out_type: Twilio's own word for it, where Advanced Opt-Out is on
    :param body: the text; it counts when it is nothing but a keyword
    """
    word = (opt_out_type or body).strip().strip(".!").lower()
    if word in OPT_OUT_WORDS:
        return "stop"
    return "start" if word in OPT_IN_WORDS else ""
