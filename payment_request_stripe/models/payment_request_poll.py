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
    """What is asked of Stripe, or looked at again, beside the events; all share one run's time."""

    _inherit = "payment.request.event"

    @api.model
    def _cron_poll_stripe(self):
        """Ask Stripe about all that is under way, and follow what became of invoices and tasks.

        Answers go into the inbox, where the worker finds them. A part that had no time for all it
        had to ask keeps none of those after it back.
        """
        requests, payouts = self.env["payment.request"], self.env["payment.request.payout"]
        self._poll_checkouts()
        self.env["payment.request.checkout"]._poll_refunds()
        self.env["payment.request.refund"]._cron_poll()
        self._poll_balance()
        self.env["payment.request.settlement"]._poll_missing_entries()
        requests._follow_changes()
        payouts._poll()
        payouts._prove_differing()
        requests._tell_late_debits()
        requests._end_all_tasks()

    @api.model
    def _ring_poll(self, at=None):
        """Have the poll run soon, or at a moment (naive, UTC); nobody is asked here."""
        # While the addon is being removed invoices still change, and the poll is gone.
        if poll := self.env.ref(POLL, raise_if_not_found=False):
            poll.sudo()._trigger(at)

    @api.model
    def _poll_checkouts(self):
        """Ask Stripe about open sessions and debits under way, so that a lost event costs minutes.

        Answers go into the inbox, where the worker finds them.
        """
        due = fields.Datetime.now() - POLL_AGAIN_AFTER
        checkouts = self.env["payment.request.checkout"].search(
            [
                ("stripe_checkout_session_ref", "!=", False),
                "|",
                ("asked_at", "=", False),
                ("asked_at", "<=", due),
                *self.env["payment.request.checkout"]._get_polled_domain(),
            ],
            order="asked_at nulls first, id",
            limit=500,
        )
        self._poll_each(checkouts, lambda checkout: checkout._poll())

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
            self._ring_poll(now + NEXT_RUN)

    @api.model
    def _is_very_late(self):
        end = self.env.context.get("cron_end_time")
        return end is not None and time.monotonic() > end + LATEST
