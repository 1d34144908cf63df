# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from . import (
    payment_request_comparison,
    payment_request_send_wizard,
    payment_request_send_wizard_line,
    payment_request_send_wizard_deductions,
    payment_request_send_wizard_notice,
    payment_request_send_wizard_preview,
    payment_request_refund_wizard,
    payment_request_setup,
)
