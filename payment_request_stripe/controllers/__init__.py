# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from . import api, pay, portal, portal_native, stripe_webhook, token_log, twilio_status
