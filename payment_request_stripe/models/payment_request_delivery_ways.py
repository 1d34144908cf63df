# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import fields, models


class PaymentRequestDelivery(models.Model):
    """What changes on the request while its message is being sent, and then has to wait.

    What waits follows a change at once, see ``payment_request_resend.py``. What is being sent at
    that moment is left alone; where it did not go out, be it that its turn did not come in time, it
    looks at its next turn what became of its way since the last one.
    """

    _inherit = "payment.request.delivery"

    had_channel = fields.Boolean(
        string="Channel Was Chosen",
        readonly=True,
        help="When its turn was last, its channel was the request's own choice.",
    )
    had_recipient = fields.Boolean(
        string="Recipient Was the Request's",
        readonly=True,
        help="When its turn was last, its recipient stood on the request.",
    )

    def _get_way(self):
        """Return whether the request names this message's channel, and its recipient there."""
        self.ensure_one()
        request = self.request_id
        channels = {channel for channel, _recipient in request._get_wanted_channels()}
        return {
            "had_channel": self.channel in channels and not self.reminder_run_id,
            "had_recipient": self.recipient == request._get_recipient(self.channel, request),
        }

    def _note_ways(self):
        """Remember at this turn what the request names, for the next one."""
        for row in self:
            for name, value in row._get_way().items():
                row[name] = value

    def _follow_corrections(self):
        """Send what did not go out to the recipient that was corrected meanwhile.

        :return: those that are still to be sent
        """
        for row in self.filtered(lambda row: row.claimed_at and row.had_recipient):
            row.request_id._redirect_waiting(row.channel == "email", row)
        return self.filtered(lambda row: row.state == "queued")

    def _is_made_up_for(self, recipient):
        """Tell whether a later message has brought the link to `recipient`, or soon will.

        What nobody knows to have arrived there may have, and is for a person to repeat.
        """
        self.ensure_one()
        return any(
            row.id > self.id
            and (row.channel, row.recipient) == (self.channel, recipient)
            and not row.is_forwarded
            and (row.state in ("queued", "sending", "unknown") or row._has_reached_recipient())
            for row in self.request_id.sudo().delivery_ids
        )

    def _get_skip_reasons(self):
        """Add those whose channel or recipient was taken away since their last turn."""
        reasons = super()._get_skip_reasons()
        for row in self.filtered(lambda row: row.claimed_at and not row.is_forwarded):
            way = row._get_way()
            if row not in reasons and any(row[name] and not way[name] for name in way):
                reasons[row] = row._explain_withdrawal()
        return reasons

    def _explain_withdrawal(self):
        self.ensure_one()
        return self.env._(
            "The way of delivery was changed: nothing goes to %(address)s any more.",
            address=self.recipient,
        )
