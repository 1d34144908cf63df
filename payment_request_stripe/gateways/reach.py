# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Knocking at our own webhook as Stripe would: the only way to know that its address is heard."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import socket
import time

import requests

TIMEOUT = 10  # seconds
EVENT_TYPE = "payment_request.check"


def knock(url: str, secret: str, *, livemode: bool) -> tuple[int | None, str]:
    """Post a signed event that means nothing to `url`.

    :return: ``(HTTP status or None, the event's ref)``; no status when there was no answer
    """
    ref = f"evt_check_{secrets.token_hex(8)}"
    event = {
        "id": ref,
        "object": "event",
        "type": EVENT_TYPE,
        "created": int(time.time()),
        "livemode": livemode,
        "data": {"object": {"object": "check"}},
    }
    body = json.dumps(event).encode()
    headers = {"Content-Type": "application/json", "Stripe-Signature": _sign(body, secret)}
    try:
        answer = requests.post(
            url, data=body, headers=headers, timeout=TIMEOUT, allow_redirects=False
        )
    except requests.RequestException:
        return None, ref
    return answer.status_code, ref


def answers(host: str, port: int, *, greets: bool) -> bool:
    """Tell whether something answers at a port, within seconds.

    :param greets: it is expected to say something first, as mail servers do
    """
    try:
        with socket.create_connection((host, port), timeout=TIMEOUT) as connection:
            return not greets or bool(connection.recv(1))
    except OSError:
        return False


def _sign(body: bytes, secret: str) -> str:
    """Return the header with which Stripe signs, by its documented scheme ``v1``."""
    moment = int(time.time())
    payload = f"{moment}.".encode() + body
    digest = hmac.new(secret.encode(), payload, hashlib.sha256).hexdigest()
    return f"t={moment},v1={digest}"
