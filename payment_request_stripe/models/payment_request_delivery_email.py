# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import logging
import re
from smtplib import SMTPServerDisconnected

from odoo import models

_logger = logging.getLogger(__name__)

# How SMTP libraries print a server's "not now, later": a reply code of the 400s.
TEMPORARY = re.compile(r"\(4\d\d, ")


class PaymentRequestDelivery(models.Model):
    """E-mail: Odoo's template and mail server, a whole batch over one connection."""

    _inherit = "payment.request.delivery"

    def _send_email(self):
        """Render and send these messages; each records its own outcome."""
        template = self.env.ref("payment_request_stripe.mail_template_payment_request").sudo()
        left = self
        while left:
            # One message per request at a time: a template renders a record once.
            rows = self.browse(next(iter(same.ids)) for same in left.grouped("request_id").values())
            left -= rows
            rows._send_email_batch(template)

    def _send_email_batch(self, template):
        row_of = {row.request_id.id: row for row in self}
        mails = template.send_mail_batch(list(row_of), email_values={"auto_delete": False})
        for mail in mails:
            row = row_of[mail.res_id]
            mail.write({"email_to": row.recipient, "recipient_ids": [(5,)]})
            row._attach_invoices(mail)
        try:
            mails.send()
        except SMTPServerDisconnected:
            _logger.warning("the mail server hung up; Odoo's mail queue sends the rest")
        for mail in mails:
            row_of[mail.res_id]._record_email(mail)

    def _record_email(self, mail):
        """Write what became of a mail; one that Odoo's own queue still holds was handed over."""
        if mail.state in ("sent", "outgoing"):
            self._record("sent", vendor_ref=mail.message_id, failure_reason=False)
            return
        reason = mail.failure_reason or self.env._("The mail server refused it.")
        no_server = not mail.failure_type
        mail.state = "cancel"  # a retry makes a new one
        if no_server or TEMPORARY.search(reason):
            self._retry_or_fail(reason)
        else:
            self._record("failed", failure_reason=reason)

    def _attach_invoices(self, mail):
        """Attach the invoices' PDFs when the company wants it; the link works without them."""
        if not self.company_id.payment_request_attach_invoices:
            return
        attachments = []
        for move in self.request_id.line_ids.move_id:
            document = move._get_invoice_legal_documents("pdf", allow_fallback=True)
            attachments.append(
                (
                    0,
                    0,
                    {
                        "name": document["filename"],
                        "raw": document["content"],
                        "mimetype": "application/pdf",
                        "res_model": "mail.message",
                        "res_id": mail.mail_message_id.id,
                    },
                )
            )
        mail.attachment_ids = attachments
