# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    payment_request_expiry_days = fields.Integer(
        related="company_id.payment_request_expiry_days", readonly=False
    )
    payment_request_attach_invoices = fields.Boolean(
        related="company_id.payment_request_attach_invoices", readonly=False
    )
    payment_request_messaging_service = fields.Char(
        related="company_id.payment_request_messaging_service", readonly=False
    )
    payment_request_cascade = fields.Boolean(
        related="company_id.payment_request_cascade", readonly=False
    )
    payment_request_cascade_days = fields.Integer(
        related="company_id.payment_request_cascade_days", readonly=False
    )
    payment_request_quiet_from = fields.Float(
        related="company_id.payment_request_quiet_from", readonly=False
    )
    payment_request_quiet_to = fields.Float(
        related="company_id.payment_request_quiet_to", readonly=False
    )
    payment_request_promise_days = fields.Integer(
        related="company_id.payment_request_promise_days", readonly=False
    )
    payment_request_qr_on_invoice = fields.Boolean(
        related="company_id.payment_request_qr_on_invoice", readonly=False
    )
