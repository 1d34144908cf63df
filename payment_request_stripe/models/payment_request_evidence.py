# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import io
import json
import zipfile

from odoo import models
from odoo.exceptions import UserError
from odoo.tools import html2plaintext

# What went out to the customer, in Odoo's words for messages.
SENT = ("email", "email_outgoing", "sms")


class PaymentRequestDispute(models.Model):
    """The evidence pack: what speaks for us, in one ZIP file to hand in at Stripe."""

    _inherit = "payment.request.dispute"

    def _create_evidence(self):
        """Keep the pack as an attachment of the dispute and return it."""
        self.ensure_one()
        return self.env["ir.attachment"].create(
            {
                "name": f"{self.request_id.name} {self.stripe_dispute_ref}.zip".replace("/", "-"),
                "raw": self._pack_evidence(),
                "mimetype": "application/zip",
                "res_model": self._name,
                "res_id": self.id,
            }
        )

    def _pack_evidence(self):
        """Return the ZIP file: invoices, messages with their delivery, facts of the payment."""
        buffer = io.BytesIO()
        missing = []
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as pack:
            for invoice in self.request_id.line_ids.move_id:
                name, content, remark = self._get_document(invoice)
                pack.writestr(f"invoices/{name}".replace("..", ""), content)
                missing += [f"{invoice.name}: {remark}"] if remark else []
            facts = {**self._get_facts(), "missing_documents": missing}
            pack.writestr(
                "facts.json", json.dumps(facts, indent=2, default=str, ensure_ascii=False)
            )
            pack.writestr("messages.txt", self._get_messages())
        return buffer.getvalue()

    def _get_document(self, invoice):
        """Return ``(file name, content, remark)`` of an invoice: its PDF, else as a web page.

        One that Odoo never sent is printed now, as *Print* does: what Odoo has for it otherwise is
        called a pro forma, which proves nothing.
        """
        document = invoice._get_invoice_legal_documents("pdf")
        if document:
            return document["filename"], document["content"], ""
        reports, remark = self.env["ir.actions.report"], ""
        report = self.env["account.move.send"]._get_default_pdf_report_id(invoice)
        try:
            content, kind = reports._render_qweb_pdf(report, invoice.ids)
        except (UserError, OSError) as error:  # this server cannot make PDF files
            content, kind = reports._render_qweb_html(report, invoice.ids)
            remark = self.env._("no PDF (%(reason)s), a web page instead", reason=error)
        name = invoice._get_invoice_report_filename(extension=kind, report=report)
        return name.replace("/", "_"), content, remark

    def _get_facts(self):
        """Return what we know of the payment; nothing secret, no link that could be used."""
        request, payment = self.request_id, self.payment_id
        return {
            "dispute": self.stripe_dispute_ref,
            "reason": self.reason,
            "evidence_until": self.due_by,
            "customer": request.partner_id.display_name,
            "email": request.to_email,
            "phone": request.to_phone,
            "payment_request": request.name,
            "sent_at": request.sent_at,
            "opened_at": request.opened_at,
            "paid_at": request.paid_at,
            "payment": payment.name,
            "payment_intent": payment.stripe_payment_intent_ref,
            "amount": payment.currency_id.format(payment.amount),
            "invoices": [
                {
                    "number": line.move_id.name,
                    "date": line.move_id.invoice_date,
                    "due": line.move_id.invoice_date_due,
                    "paid": line.currency_id.format(line.amount_paid),
                    "lines": line.move_id.invoice_line_ids.mapped("name"),
                }
                for line in request.line_ids
            ],
            "refunds": [
                {"refund": refund.stripe_refund_ref, "amount": refund.amount, "state": refund.state}
                for refund in request.refund_ids
            ],
        }

    def _get_messages(self):
        """Return each message that was sent, to whom, and what is known of its arrival."""
        request = self.request_id
        rows = [
            f"{row.create_date} {row.channel} to {row.recipient}: {row.state}"
            f"{f' ({row.vendor_ref})' if row.vendor_ref else ''}"
            for row in request.delivery_ids.sorted("id")
        ]
        sent = request.message_ids.filtered(lambda message: message.message_type in SENT)
        texts = [
            f"--- {message.date} {message.subject or ''}\n{self._get_text(message)}"
            for message in sent.sorted("id")
        ]
        opened = f"Link first opened by a person: {request.opened_at or 'not known'}"
        return "\n".join([*(rows or ["No message was sent by the system."]), opened, *texts, ""])

    def _get_text(self, message):
        """Return what a message said, without the link that it carried."""
        return html2plaintext(message.body or "").replace(self.request_id.access_token, "…")
