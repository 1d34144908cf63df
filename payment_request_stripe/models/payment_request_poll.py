# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import time
from datetime import timedelta

from odoo import api, fields, models

POLL = "payment_request_stripe.ir_cron_poll_stripe"
# The poll is also rung between its regular runs; so often it asks about the same at most.
POLL_AGAIN_AFTER = timedelta(minutes=10)
# A run that had no time for all is followed by another: not at once, for Stripe may be slow.
NEXT_RUN = timedelta(minutes=1)
# Odoo gives a run ten seconds and kills the worker after two minutes. One question takes half a
# minute when Stripe is silent, so a run that is late by this asks no more.
LATEST = 40  # seconds


class PaymentRequestEvent(models.Model):
    """Sharing the time of a cron worker among the parts of the poll."""

    _inherit = "payment.request.event"

    @api.model
    def _poll_each(self, records, step, asked="asked_at"):
        """Ask Stripe about one of these records after the other, as long as this run has time.

        About one at least, so that no part of the poll waits for ever behind another, but for a
        run that is very late. What is left is asked about in the next run.

        :param records: in the order in which they were asked about, the longest ago first
        :param step: is called with one record, and writes down when it was asked about
        :param str asked: the name of the field where it does
        """
        left = list(records)
        while left and not self._is_very_late():
            step(left.pop(0))
            if not self.env["ir.cron"]._commit_progress(1):
                break
        now = fields.Datetime.now()
        if left and not (left[0][asked] and left[0][asked] > now - POLL_AGAIN_AFTER):
            self.env.ref(POLL).sudo()._trigger(now + NEXT_RUN)

    @api.model
    def _is_very_late(self):
        end = self.env.context.get("cron_end_time")
        return end is not None and time.monotonic() > end + LATEST
