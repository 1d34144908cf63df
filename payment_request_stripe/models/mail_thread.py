# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import models

from ..gateways.mail_words import read_bounce


class MailThread(models.AbstractModel):
    _inherit = "mail.thread"

    def _routing_handle_bounce(self, email_message, message_dict):
        """Hand on what the mail server said, and mark the very e-mail of ours that came back.

        Its Message-Id tells which one it is, also when another address bounced, to which the
        recipient forwards, or none is named; without it the last one to the address is meant.
        """
        trouble = read_bounce(email_message)
        rows = self.env["payment.request.delivery"].sudo()
        if references := message_dict.get("bounced_msg_ids"):
            rows = rows.search([("channel", "=", "email"), ("vendor_ref", "in", list(references))])
        by_address = False if rows or trouble is None else trouble
        result = super(
            MailThread, self.with_context(payment_request_bounce=by_address)
        )._routing_handle_bounce(email_message, message_dict)
        if trouble:
            rows._bounce(trouble, message_dict.get("bounced_email"))
        return result
