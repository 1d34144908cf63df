# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import logging
import time

import psycopg2

from odoo import models

from ..gateways.mail_words import MailTrouble, read_trouble
from .mail_mail import Patience
from .payment_request_delivery import Outcome

_logger = logging.getLogger(__name__)

# A mail server may take seconds for each e-mail: what was not begun when the time of a step is over
# waits for the next. When the documents took it all, the e-mails get so many seconds all the same.
LEAST = 20
# After so many seconds it is written down what was sent, before the next ones are.
SLICE = 10
MAIL_TEMPLATE = "payment_request_stripe.mail_template_payment_request"
# What smtplib says when the connection was gone before it sent anything.
NEVER_SENT = "please run connect() first"
# What Odoo finds out before it asks the mail server.
OUR_FAULTS = {
    "mail_email_invalid": "bad_address",
    "mail_email_missing": "bad_address",
    "mail_from_invalid": "our_server",
    "mail_from_missing": "our_server",
}
# What does not lie with the recipient, or does not in another e-mail.
RECIPIENT_TROUBLE = {"our_server": "", "no_server": "", "too_large": "for_now"}


class PaymentRequestDelivery(models.Model):
    """E-mail: Odoo's template and mail server, a whole batch over one connection."""

    _inherit = "payment.request.delivery"

    def _send_email(self):
        """Render and send these messages of one company, until the time of the step is over.

        :return: ``{row: Outcome}``
        """
        outcomes, left, until = {}, self, self.env.context["payment_request_until"]
        while left:
            # One message per request at a time: a template renders a record once.
            rows = self.browse(next(iter(same.ids)) for same in left.grouped("request_id").values())
            left -= rows
            for same in rows.grouped(lambda row: row._get_mail_template()).values():
                if outcomes and time.monotonic() > until:
                    outcomes |= dict.fromkeys(same, Outcome("queued"))
                else:
                    outcomes |= same._send_email_once(until)
        return outcomes

    def _get_mail_template(self):
        """Return the template of this message, or none when somebody deleted it."""
        self.ensure_one()
        template = self.env.ref(MAIL_TEMPLATE, raise_if_not_found=False)
        return template or self.env["mail.template"]

    def _send_email_once(self, until):
        """Render and send messages of one template.

        :param float until: when it is too late to begin with another, as `time.monotonic` tells
        :return: ``{row: Outcome}`` of those whose outcome is not written down yet
        """
        try:
            # What breaks here takes the mails along, or Odoo's own queue would send them.
            with self.env.cr.savepoint():
                mails, left_out = self._prepare_mails()
        except Exception:
            _logger.exception("a batch of e-mails could not be written")
            reason = self.env._("The e-mail could not be written: the server's log says why.")
            return {row: Outcome("retry", reason) for row in self}
        reason = self.env._("The e-mail could not be written: check the e-mail template.")
        outcomes = {row: Outcome("failed", reason) for row in self if row not in mails}
        until = max(until, time.monotonic() + LEAST)
        while mails:
            sent, mails = self._send_mails(mails, min(until - time.monotonic(), SLICE))
            for row, outcome in sent.items():
                if outcome.state == "sent" and row in left_out:
                    row._note_left_out(left_out[row])
            outcomes |= sent
            if mails:
                self._record(outcomes)
                outcomes = {}
            if mails and time.monotonic() > until:
                self.env["mail.mail"].sudo().union(*mails.values()).unlink()
                return dict.fromkeys(mails, Outcome("queued"))
        return outcomes

    def _send_mails(self, mails, seconds):
        """Hand mails over to the mail server, over one connection.

        :param dict mails: ``{row: mail.mail}``
        :param float seconds: after so many none is begun any more
        :return: ``({row: Outcome}, {row: mail.mail} of those that were not begun)``
        """
        letters = self.env["mail.mail"].sudo().union(*mails.values())
        letters = letters.with_context(payment_request_patience=Patience(seconds))
        cut_by = None
        try:
            with self.env.cr.savepoint():
                letters.filtered(lambda mail: mail.state == "cancel").state = "outgoing"
                try:
                    letters.send()
                except psycopg2.Error:
                    raise
                except Exception as error:
                    _logger.warning("a batch of e-mails was cut short: %s", error)
                    cut_by = error
        except psycopg2.Error:
            _logger.exception("the states of a batch of e-mails are lost")
            letters.write({"state": "cancel"})  # or Odoo's own queue would send them once more
            return dict.fromkeys(mails, self._get_hung_up_outcome()), {}
        left = {row: mail for row, mail in mails.items() if mail.state == "cancel"}
        return {
            row: row._get_email_outcome(mail, cut_by)
            for row, mail in mails.items()
            if row not in left
        }, left

    def _prepare_mails(self):
        """Return ``{row: mail.mail}``, not sent yet, and what could not be attached to them.

        These messages have one template; what it cannot render is left out.

        :return: ``(mails, left_out)``, see :meth:`_attach_documents`
        """
        template = self[0]._get_mail_template()
        if not template:
            return {}, {}

        def render(ids):
            mails = template.sudo().send_mail_batch(ids, email_values={"auto_delete": False})
            return {mail.res_id: mail for mail in mails}

        self.template_name = template.name
        mail_of = self._render_each(render)
        mails = {row: mail_of[row.request_id.id] for row in self if row.request_id.id in mail_of}
        for row, mail in mails.items():
            if mail.email_to != row.recipient or mail.recipient_ids:
                mail.write({"email_to": row.recipient, "recipient_ids": [(5,)]})
        return mails, self._attach_documents(mails)

    def _render_each(self, render):
        """Return what `render` makes of the ids of these rows' requests, ``{request id: …}``.

        When one of them breaks it, each is rendered by itself and those that break are left out.
        """
        ids = self.request_id.ids
        try:
            with self.env.cr.savepoint():
                return render(ids)
        except Exception as error:  # a template is its users' own code
            if len(ids) == 1:
                _logger.warning("request %s cannot be rendered: %s", ids[0], error)
                return {}
        parts = [rows._render_each(render) for rows in self.grouped("request_id").values()]
        return {request_id: made for part in parts for request_id, made in part.items()}

    def _get_email_outcome(self, mail, cut_by=None):
        """Sort what became of a mail; one that Odoo's own queue still holds was handed over.

        :param cut_by: the error by which sending this batch ended early
        """
        if mail.state == "sent" or (mail.state == "outgoing" and not cut_by):
            return Outcome("sent", vendor_ref=mail.message_id)
        trouble = read_trouble(mail.failure_reason or "")
        if mail.failure_type in OUR_FAULTS:
            trouble = MailTrouble(OUR_FAULTS[mail.failure_type])
        elif mail.state == "outgoing" or not mail.failure_type or NEVER_SENT in str(cut_by):
            trouble = MailTrouble("no_server", temporary=True)
        elif cut_by and not trouble.code:
            mail.state = "cancel"
            return self._get_hung_up_outcome()
        mail.state = "cancel"  # another try makes a new one
        state, fault = ("retry", "for_now") if trouble.temporary else ("failed", "lasting")
        fault = RECIPIENT_TROUBLE.get(trouble.advice, fault)
        return Outcome(state, self._explain_email(trouble), recipient_trouble=fault)

    def _get_hung_up_outcome(self):
        reason = self.env._("The mail server hung up: it may or may not have been sent.")
        return Outcome("unknown", reason)

    def _explain_email(self, trouble, address=None):
        """Return what went wrong and what to do, for an accountant.

        :param address: where it went wrong, when not at the recipient itself
        """
        sentences = {
            "bad_address": self.env._("%(email)s does not exist. Correct the address."),
            "mailbox_full": self.env._("The mailbox %(email)s is full. Use SMS, or try later."),
            "unwanted": self.env._(
                "The mail server of %(email)s takes our e-mail for spam. Use SMS, and have the "
                "SPF and DKIM records of our domain checked."
            ),
            "too_large": self.env._(
                "The e-mail is too large for %(email)s. Send it without the invoices attached."
            ),
            "our_server": self.env._(
                "Our mail server did not accept the e-mail. Check the outgoing mail server."
            ),
            "no_server": self.env._(
                "Our mail server cannot be reached. Check the outgoing mail server."
            ),
            "later": self.env._("The mail server of %(email)s asks for patience."),
        }
        sentence = sentences.get(trouble.advice) or self.env._(
            "The mail server of %(email)s did not take the e-mail. Check the address, or use SMS."
        )
        words = sentence % {"email": address or self.recipient}
        return f"{words} ({trouble.code})" if trouble.code else words
