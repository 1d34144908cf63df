# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import json

from odoo import api, fields, models
from odoo.exceptions import UserError


class PaymentRequestWebhookEvent(models.Model):
    """What people see of the outgoing events, and do about them."""

    _inherit = "payment.request.webhook.event"

    body_shown = fields.Text(string="What Was Sent", compute="_compute_body_shown")

    is_endpoint_off = fields.Boolean(compute="_compute_is_endpoint_off")

    # === COMPUTE METHODS === #

    @api.depends("body")
    def _compute_body_shown(self):
        for event in self:
            event.body_shown = event.body and json.dumps(json.loads(event.body), indent=2)

    @api.depends("webhook_id.active", "webhook_id.paused_since")
    def _compute_is_endpoint_off(self):
        for event in self:
            event.is_endpoint_off = event.webhook_id._is_off()

    # === ACTION METHODS === #

    def action_replay(self):
        """Send these events again now, with the same ids and words.

        :raise UserError: when an endpoint is switched off, or an event is on its way already
        """
        # Accountants may not write events; whoever may write requests may have them sent again.
        self.check_access("read")
        self.env["payment.request"].check_access("write")
        self.request_id.check_access("read")
        for webhook in self.webhook_id:
            if webhook._is_off():
                raise UserError(
                    self.env._(
                        "The endpoint %(name)s is switched off. What is queued for it goes out as "
                        "soon as an administrator switches it on again.",
                        name=webhook.name,
                    )
                )
        if any(event._is_on_its_way() for event in self):
            raise UserError(self.env._("This event is on its way already."))
        values = {"state": "queued", "retry_at": False, "attempt_count": 0}
        self.sudo().write({**values, "failure_reason": False})
        self._ring()
        return True

    def _is_on_its_way(self):
        return self.state == "sending" or (self.state == "queued" and not self.retry_at)
