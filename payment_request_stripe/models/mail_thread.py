# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import models

from ..gateways.mail_words import read_bounce


class MailThread(models.AbstractModel):
    _inherit = "mail.thread"

    def _routing_handle_bounce(self, email_message, message_dict):
        """Hand on what the mail server said; mark our own e-mail also when it names nobody."""
        trouble = read_bounce(email_message)
        result = super(
            MailThread, self.with_context(payment_request_bounce=trouble)
        )._routing_handle_bounce(email_message, message_dict)
        if not message_dict.get("bounced_email"):
            references = message_dict.get("bounced_msg_ids") or []
            deliveries = self.env["payment.request.delivery"].sudo()
            if references:
                deliveries.search(
                    [("channel", "=", "email"), ("vendor_ref", "in", list(references))]
                )._bounce(trouble)
        return result
