"""A mail sink: takes every mail, refuses recipients on demand, shows what arrived."""

import base64
import re
import secrets
import time
from email import message_from_bytes, policy
from email.message import EmailMessage
from html.parser import HTMLParser

from aiosmtpd.smtp import SMTP

from .store import World

MAX_BYTES = 15 * 1024 * 1024
KEPT_BYTES = 64 * 1024 * 1024
REFUSED = {
    "bounce550": "550 5.1.1 The mailbox does not exist",
    "temp451": "451 4.3.0 Please try again later",
}
_URL = re.compile(r"https?://[^\s<>\"')\]]+")


class MailSink:
    """aiosmtpd's handler."""

    def __init__(self, world: World):
        self.world = world

    def server(self) -> SMTP:
        """A protocol for one connection."""
        return SMTP(self, data_size_limit=MAX_BYTES, enable_SMTPUTF8=True, timeout=60)

    async def handle_RCPT(self, _server, _session, envelope, address, _options) -> str:
        for start, answer in REFUSED.items():
            if address.lower().startswith(start):
                return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server, _session, envelope) -> str:
        mail = read_mail(envelope.content)
        mail.update(envelope_from=envelope.mail_from, recipients=list(envelope.rcpt_tos))
        self.world.mails.append(mail)
        while sum(row["_size"] for row in self.world.mails) > KEPT_BYTES:
            self.world.mails.popleft()
        self.world.dirty = True
        return "250 Taken"


def read_mail(content: bytes) -> dict:
    """What a person sees of a mail: parts, links, headers, attachments, pictures inlined."""
    message = message_from_bytes(content, policy=policy.default)
    html = _part(message, "html")
    text = _part(message, "plain")
    return {
        "id": secrets.token_hex(8),
        "at": time.time(),
        "from": str(message.get("From", "")),
        "to": str(message.get("To", "")),
        "subject": str(message.get("Subject", "")),
        "html": _with_pictures(message, html),
        "text": text,
        "links": links(html, text),
        "headers": [[key, str(value)] for key, value in message.items()],
        "_attachments": [_attachment(part) for part in message.iter_attachments()],
        "_size": len(content),
    }


def _part(message: EmailMessage, kind: str) -> str:
    part = message.get_body(preferencelist=(kind,))
    return part.get_content() if part else ""


def _attachment(part: EmailMessage) -> dict:
    content = part.get_payload(decode=True) or b""
    return {
        "name": part.get_filename() or "attachment",
        "type": part.get_content_type(),
        "size": len(content),
        "base64": base64.b64encode(content).decode(),
    }


def _with_pictures(message: EmailMessage, html: str) -> str:
    """Pictures that the mail carries (`cid:`) become data URLs."""
    for part in message.walk() if "cid:" in html else ():
        ref = str(part.get("Content-ID", "")).strip("<>")
        if ref and f"cid:{ref}" in html and part.get_content_maintype() == "image":
            data = base64.b64encode(part.get_payload(decode=True) or b"").decode()
            html = html.replace(f"cid:{ref}", f"data:{part.get_content_type()};base64,{data}")
    return html


class _Links(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag, attrs):
        href = dict(attrs).get("href")
        if tag == "a" and href and href.startswith(("http://", "https://")):
            self.found.append(href)


def links(html: str, text: str) -> list[str]:
    """Addresses in reading order, each once; the HTML part first."""
    parser = _Links()
    parser.feed(html)
    plain = [url.rstrip(".,;:!?") for url in _URL.findall(text)]
    return list(dict.fromkeys([*parser.found, *plain]))
