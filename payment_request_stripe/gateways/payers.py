# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What Stripe says of the person who paid."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def customer_details(obj: Mapping[str, Any]) -> tuple[str, str]:
    """Return ``(name, e-mail address)`` of the payer as far as `obj` says them, else ``""``."""
    details = obj.get("customer_details") or obj.get("billing_details") or {}
    details = details if isinstance(details, Mapping) else {}
    email = details.get("email") or obj.get("customer_email") or obj.get("receipt_email")
    name = details.get("name")
    return (
        name.strip() if isinstance(name, str) else "",
        email.strip().lower() if isinstance(email, str) else "",
    )
