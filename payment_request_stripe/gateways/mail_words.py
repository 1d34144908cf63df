# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What mail servers mean by reply codes (RFC 5321) and enhanced status codes (RFC 3463)."""

from __future__ import annotations

import re
from email.message import Message
from typing import NamedTuple

_REPLY = re.compile(r"(?:\(|\bsmtp; ?|^)([245]\d\d)[ ,-]")
_ENHANCED = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
# What the sender of a mail did wrong, not its recipient.
_OUR_REPLIES = ("530", "534", "535", "538")

# "subject.detail", or the subject alone, of an enhanced status code.
_BY_ENHANCED = {
    "1.7": "our_server",
    "1.8": "our_server",
    "1": "bad_address",
    "2.1": "bad_address",
    "2.2": "mailbox_full",
    "2.3": "too_large",
    "3.4": "too_large",
    "4.1": "later",
    "4.4": "bad_address",
    "6": "unwanted",
    "7": "unwanted",
}
_BY_REPLY = {
    "550": "bad_address",
    "551": "bad_address",
    "552": "mailbox_full",
    "553": "bad_address",
    "554": "unwanted",
}


class MailTrouble(NamedTuple):
    """Why an e-mail did not arrive.

    :ivar advice: ``bad_address``, ``mailbox_full``, ``unwanted``, ``too_large``, ``our_server``,
        ``no_server``, ``later`` or ``unknown``
    :ivar temporary: whether the same mail may be taken later
    :ivar code: the server's own codes, for its administrator
    """

    advice: str
    temporary: bool = False
    code: str = ""


def read_trouble(text: str) -> MailTrouble:
    """Sort what a mail server, or the mail library, said about a mail it did not take."""
    reply_found, enhanced_found = _REPLY.search(text), _ENHANCED.search(text)
    reply = reply_found.group(1) if reply_found else ""
    enhanced = enhanced_found.group(0) if enhanced_found else ""
    temporary = (reply or enhanced).startswith("4")
    code = " ".join(filter(None, (reply, enhanced)))
    return MailTrouble(_advise(text, reply, enhanced, temporary), temporary, code)


def _advise(text: str, reply: str, enhanced: str, temporary: bool) -> str:
    if reply in _OUR_REPLIES or "SMTPSenderRefused" in text:
        return "our_server"
    _class, _dot, detail = enhanced.partition(".")
    by_enhanced = _BY_ENHANCED.get(detail) or _BY_ENHANCED.get(detail.partition(".")[0])
    if temporary:
        return by_enhanced if by_enhanced == "mailbox_full" else "later"
    return by_enhanced or _BY_REPLY.get(reply, "unknown")


def read_bounce(message: Message) -> MailTrouble | None:
    """Sort a delivery status notification (RFC 3464), or any mail that came back without one.

    :return: none when nothing has come back: the server says that it still tries, or that it
        delivered the mail or passed it on
    """
    is_news = False
    for part in message.walk():
        blocks = part.get_payload()
        if part.get_content_type() != "message/delivery-status" or not isinstance(blocks, list):
            continue
        for block in blocks:
            if not isinstance(block, Message) or not block.get("Final-Recipient"):
                continue
            action = str(block.get("Action") or "failed").strip().lower()
            if action.startswith("failed"):
                words = f"{block.get('Diagnostic-Code', '')} {block.get('Status', '')}"
                return read_trouble(words.strip())
            is_news = True
    return None if is_news else MailTrouble("unknown")
