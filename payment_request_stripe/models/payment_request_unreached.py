# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from .payment_request_delivery import TROUBLE


class PaymentRequest(models.Model):
    """Whether a customer heard of a request, by the last that was sent."""

    _inherit = "payment.request"

    is_unreached = fields.Boolean(
        string="Not Reached",
        compute="_compute_is_unreached",
        search="_search_is_unreached",
        help="A message did not arrive, or nobody knows whether it did, and no later one did; what "
        "the payer forwards does not count. A list of which one member did not get it was reached.",
    )

    @api.depends(
        "delivery_ids.state",
        "delivery_ids.channel",
        "delivery_ids.is_forwarded",
        "delivery_ids.bounced_for",
    )
    def _compute_is_unreached(self):
        unreached = self.search([("id", "in", self.ids), ("is_unreached", "=", True)])
        for request in self:
            request.is_unreached = request in unreached

    @api.model
    def _search_is_unreached(self, operator, value):
        """Find a message in trouble after which none was sent by the same channel, none at all."""
        if operator != "in":
            return NotImplemented
        deliveries = self.env["payment.request.delivery"].sudo()
        deliveries.flush_model()
        lost = deliveries._search(
            [
                ("state", "in", TROUBLE),
                ("is_forwarded", "=", False),
                ("bounced_for", "=", False),
            ]
        )
        lost.add_where(
            SQL(
                """NOT EXISTS (
                    SELECT FROM payment_request_delivery later
                    WHERE later.request_id = payment_request_delivery.request_id
                    AND later.id > payment_request_delivery.id
                    AND later.is_forwarded IS NOT TRUE
                    AND (
                        later.channel = payment_request_delivery.channel
                        AND later.state != 'skipped'
                        OR later.create_date > payment_request_delivery.create_date
                        AND (
                            later.state IN ('sent', 'delivered')
                            OR later.bounced_for IS NOT NULL
                        )
                    )
                )"""
            )
        )
        found = Domain("delivery_ids", "in", lost)
        return found if True in value else ~found


class PaymentRequestDelivery(models.Model):
    _inherit = "payment.request.delivery"

    _in_trouble = models.Index("(request_id) WHERE state IN ('failed', 'bounced', 'unknown')")
