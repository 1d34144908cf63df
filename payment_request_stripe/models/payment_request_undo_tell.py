# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import models


class AccountMove(models.Model):
    """Telling what is open again, also on invoices that no link of the payment asked for."""

    _inherit = "account.move"

    def _say_names(self):
        """Return the names of these invoices, or that there is none, for a sentence."""
        return ", ".join(self.mapped("name")) or self.env._("no invoice")

    def _tell_refunded(self, request, money):
        """Log on these invoices that `money`, of a payment for `request`, was refunded."""
        sentence = self.env._(
            "Open again: %(amount)s of payment request %(name)s was refunded.",
            amount=money,
            name=request._get_html_link(),
        )
        self._message_log_batch(dict.fromkeys(self.ids, sentence))

    def _tell_disputed(self, request):
        """Log on these invoices that a payment for `request`, which had paid them, is disputed."""
        sentence = self.env._(
            "Open again: a payment of payment request %(name)s is disputed.",
            name=request._get_html_link(),
        )
        self._message_log_batch(dict.fromkeys(self.ids, sentence))
