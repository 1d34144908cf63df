# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, fields, models
from odoo.exceptions import UserError

from ..gateways.errors import MalformedPayload
from ..gateways.events import parse_event
from ..gateways.money import to_major


class PaymentRequestEvent(models.Model):
    """What could not be booked, as work that an accountant understands."""

    _inherit = "payment.request.event"

    partner_id = fields.Many2one(related="request_id.partner_id")
    money = fields.Char(
        string="Amount", compute="_compute_money", compute_sudo=True, help="What it is about."
    )
    failure_kind = fields.Selection(
        selection=[("accounting", "Accounting Refused"), ("technical", "Technical Trouble")],
        string="Why",
        readonly=True,
    )

    @api.depends("payload")
    def _compute_money(self):
        for row in self:
            try:
                event = parse_event(row.payload)
            except MalformedPayload:
                row.money = ""
                continue
            has_amount = event.amount and event.currency
            row.money = (
                f"{to_major(event.amount, event.currency)} {event.currency}" if has_amount else ""
            )

    def _fail(self, error):
        """Keep as well whether the books refused it or something broke."""
        self.failure_kind = "accounting" if isinstance(error, UserError) else "technical"
        return super()._fail(error)

    # === ACTION METHODS === #

    def action_settle(self):
        """End failed events that a person has seen to in the books: they are not tried again.

        :raise UserError: when one of them did not fail
        """
        self.check_access("read")
        self.env["payment.request"].check_access("write")
        if any(event.state != "failed" for event in self):
            raise UserError(self.env._("Only failed events can be settled by hand."))
        for event in self.sudo():
            said = self.env._("%(name)s settled it by hand.", name=self.env.user.name)
            event.write(
                {
                    "state": "ignored",
                    "retry_at": False,
                    "error": f"{said} {event.error or ''}".strip()[:1000],
                }
            )
            event._take_failure_back()
            if event.request_id:
                event.request_id._log_step(f"event {event.event_ref} was settled by hand")
        return True
