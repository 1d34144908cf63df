# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import time

from odoo import models


class Patience:
    """How long mails are handed over; the first one is in any case.

    :ivar has_begun: whether one was handed over
    """

    def __init__(self, seconds):
        self._until = time.monotonic() + seconds
        self.has_begun = False

    def is_over(self):
        return time.monotonic() > self._until


class MailMail(models.Model):
    """Sending ends in time where the context has a :class:`Patience`.

    What was not begun is cancelled, so that Odoo's own queue does not send it.
    """

    _inherit = "mail.mail"

    def _split_by_mail_configuration(self):
        patience = self.env.context.get("payment_request_patience")
        parts = super()._split_by_mail_configuration()
        for number, (*configuration, ids) in enumerate(parts):
            # It takes Odoo a minute to find out that a server does not answer.
            if number and patience and patience.is_over():
                self.browse(ids).state = "cancel"
            else:
                yield (*configuration, ids)

    def _prepare_outgoing_list(self, mail_server=False, doc_to_followers=None):
        patience = self.env.context.get("payment_request_patience")
        if patience and patience.has_begun and patience.is_over():
            # Odoo has marked it as failed already, in case that the state cannot be written later.
            self.write({"state": "cancel", "failure_reason": False, "failure_type": False})
            return []
        if patience:
            patience.has_begun = True
        return super()._prepare_outgoing_list(
            mail_server=mail_server, doc_to_followers=doc_to_followers
        )
