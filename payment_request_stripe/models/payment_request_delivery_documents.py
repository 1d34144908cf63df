# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import logging
import time
from functools import partial

from odoo import fields, models
from odoo.exceptions import UserError

from .payment_request_delivery import SECONDS

_logger = logging.getLogger(__name__)

# A document is made while its message stands as being sent, a second or more each: one step of the
# worker makes so many, and begins none after so many seconds of making them.
DOCUMENTS = 15


class PaymentRequestDelivery(models.Model):
    """The documents attached to an e-mail: its link works without them, so none can stop it."""

    _inherit = "payment.request.delivery"

    def _get_documents(self):
        """Return what is to be attached to this e-mail, not made yet.

        :return: ``{what it is called: a function that makes it}``; each returns ``{"filename",
            "content" (a PDF)}``, or a ``note`` that says why there is nothing to attach
        """
        self.ensure_one()
        if not self.company_id.payment_request_attach_invoices:
            return {}
        return {
            move.name: partial(move._get_invoice_legal_documents, "pdf", allow_fallback=True)
            for move in self.request_id._get_shown_lines().move_id
        }

    def _limit_documents(self):
        """Return the messages whose documents can be made in one step: the first one at least."""
        limited, count = self, 0
        for row in self:
            number = len(row._get_documents()) if row.channel == "email" else 0
            if number and count and count + number > DOCUMENTS:
                limited -= row
            else:
                count += number
        return limited

    def _attach_documents(self, mails):
        """Attach to mails their documents; what cannot be made is left out.

        :param dict mails: ``{row: mail.mail}``
        :return: ``{row: {why: [what was left out]}}``
        """
        left_out = {}
        until = time.monotonic() + SECONDS
        for row, mail in mails.items():
            attached, missing = [], {}
            for name, make in row._get_documents().items():
                document, reason = row._make_document(make, until)
                if reason:
                    missing.setdefault(reason, []).append(name)
                else:
                    attached.append(row._prepare_attachment(mail, document))
            if attached:
                mail.attachment_ids = attached
            if missing:
                left_out[row] = missing
        return left_out

    def _note_left_out(self, missing):
        """Say what this e-mail, which is out, went out without.

        :param dict missing: ``{why: [what was left out]}``
        """
        self.ensure_one()
        notes = [
            self.env._(
                "The e-mail went out without %(documents)s. %(reason)s",
                documents=", ".join(names),
                reason=reason,
            )
            for reason, names in missing.items()
        ]
        try:
            with self.env.cr.savepoint():
                for note in notes:
                    self.request_id._message_log(body=note)
        except Exception:
            _logger.exception("what delivery %s went out without is not noted", self.uuid)

    def _make_document(self, make, until):
        """Return ``(document, "")``, or ``(None, why there is none)``: a sentence.

        :param until: when it is too late to begin, as `time.monotonic` tells
        """
        if time.monotonic() > until:
            return None, self.env._("Making the documents took too long.")
        try:
            with self.env.cr.savepoint():
                document = make() or {}
        except UserError as error:
            _logger.warning("no document for delivery %s: %s", self.uuid, error)
            return None, str(error)
        except Exception:  # a report is its users' own code
            _logger.warning("no document for delivery %s", self.uuid, exc_info=True)
            document = {}
        if reason := document.get("note"):
            return None, reason
        if not document.get("content"):
            return None, self.env._("The report is broken: the server's log says why.")
        return document, ""

    def _prepare_attachment(self, mail, document):
        """Return the command that attaches a ``{"filename", "content"}``, a PDF, to a mail."""
        return fields.Command.create(
            {
                "name": document["filename"],
                "raw": document["content"],
                "mimetype": "application/pdf",
                "res_model": "mail.message",
                "res_id": mail.mail_message_id.id,
            }
        )
