# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What is refused, and to whom the sentence speaks."""

from odoo.exceptions import UserError


class PaymentRequestRefused(UserError):
    """Some invoices cannot be asked for; nothing was created.

    ``details`` is a list of ``{"invoice_id": int | None, "code": str, "message": str}``, one entry
    per refused invoice; the message of the exception is their sentences, one a line.
    """

    def __init__(self, details):
        self.details = details
        super().__init__("\n".join(detail["message"] for detail in details))


class PayerNotice(UserError):
    """What the payer asked for is refused.

    ``code`` picks the sentence in ``controllers/pay_notices.py`` when the page is opened anew. What
    has none there is said by the page's own state or, of a form's field, with the form: by the
    message.
    """

    def __init__(self, code, message):
        self.code = code
        super().__init__(message)


class BookingRefused(UserError):
    """Money arrived but cannot be booked as the accounts are set up; nothing was written."""


class IdempotencyConflict(UserError):
    """An Idempotency-Key was used before, for a call that asked for something else."""
