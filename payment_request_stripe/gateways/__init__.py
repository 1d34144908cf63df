# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The doors to Stripe and Twilio: plain typed Python, in our own words, without Odoo.

Nothing here knows a recordset, reads configuration or logs a secret. ``stripe_api`` and
``twilio_api`` are the only modules that import the vendors' SDKs; what leaves them are the types
of ``events`` and the errors of ``errors``. Amounts are integers in Stripe's minor units here;
``money`` is the only place that converts them.
"""
