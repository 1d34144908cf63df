# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import base64
import io

import qrcode

from odoo import api, fields, models

from .payment_request import PAYABLE_STATES

PIXELS = 6  # of each of its squares


class PaymentRequest(models.Model):
    _inherit = "payment.request"

    pay_qr = fields.Binary(
        string="QR Code", compute="_compute_pay_qr", help="Leads to the payment link."
    )

    @api.depends("pay_url")
    def _compute_pay_qr(self):
        for request in self:
            request.pay_qr = base64.b64encode(request._draw_pay_qr())

    def _draw_pay_qr(self):
        """Return the link's QR code: bytes of a PNG."""
        self.ensure_one()
        # Not with the report's barcodes: they need a renderer that many machines do not have.
        image = io.BytesIO()
        qrcode.make(self.pay_url, box_size=PIXELS, border=2).save(image)
        return image.getvalue()

    def _get_asked_moves(self):
        """Return the invoices of which this link still asks something."""
        return self._get_shown_lines().filtered("amount_due").move_id


class AccountMove(models.Model):
    _inherit = "account.move"

    def _get_payment_request_for_qr(self):
        """Return the open request (sudo) whose QR code this invoice's PDF shows, or none."""
        self.ensure_one()
        requests = self.env["payment.request"].sudo()
        if not self.company_id.payment_request_qr_on_invoice or self.move_type != "out_invoice":
            return requests
        found = requests.search(
            [
                ("line_ids.move_id", "=", self.id),
                ("state", "in", PAYABLE_STATES),
                # What customers choose to pay in the portal they may choose anew.
                ("is_from_customer", "=", False),
                ("expires_at", ">", fields.Datetime.now()),
                ("amount_residual", ">", 0),
            ],
            order="id desc",
        )
        return found.filtered(lambda one: self in one._get_asked_moves() and one.amount_to_pay)[:1]
