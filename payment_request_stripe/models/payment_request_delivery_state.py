# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, fields, models


class PaymentRequest(models.Model):
    """How far the messages of a request are: it is `sent` as soon as they are in the outbox."""

    _inherit = "payment.request"

    delivery_state = fields.Selection(
        selection=[
            ("queued", "Waiting"),
            ("partly", "Partly Sent"),
            ("sent", "Sent"),
            ("not_reached", "Not Reached"),
        ],
        string="Delivery Status",
        compute="_compute_delivery_state",
        compute_sudo=True,
        help="Of the last message on each channel; what the payer forwards does not count, nor "
        "what was held back after another. One that reached its recipient, but not everybody to "
        "whom that address passes it on, is partly sent.",
    )

    @api.depends(
        "delivery_ids.state",
        "delivery_ids.channel",
        "delivery_ids.is_forwarded",
        "delivery_ids.bounced_for",
    )
    def _compute_delivery_state(self):
        for request in self:
            last = {}
            for row in request.delivery_ids.sorted("id"):
                # What was held back takes nothing back of what was sent before.
                is_news = row.state != "skipped" or row.channel not in last
                if is_news and not row.is_forwarded:
                    last[row.channel] = "partly" if row.bounced_for else row.state
            request.delivery_state = self._sum_up_deliveries(set(last.values()))

    @api.model
    def _sum_up_deliveries(self, states):
        """Return the state of all by those of the messages, or nothing without any.

        :param set states: of the messages, and ``partly`` of what one member of a list did not get
        """
        reached, waiting = states & {"sent", "delivered"}, states & {"queued", "sending"}
        if not states:
            return False
        if "partly" in states:
            return "partly"
        if reached:
            return "sent" if reached == states else "partly"
        return "queued" if waiting else "not_reached"
