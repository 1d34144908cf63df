# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import logging
import time
import uuid
from datetime import timedelta
from typing import NamedTuple

from psycopg2.errors import DeadlockDetected, SerializationFailure

from odoo import api, fields, models

_logger = logging.getLogger(__name__)

# Rows claimed by one step of the worker. A crash leaves at most so many of unknown outcome.
BATCH = 50
# Odoo kills a worker that is busy for two minutes: a step begins nothing more so many seconds after
# it has claimed its rows.
SECONDS = 45
# So many batches ahead a worker looks for rows that no other worker holds.
LOOK_AHEAD = 8
# A row that is still being sent after so long was claimed by a worker that died.
ABANDONED_AFTER = timedelta(minutes=15)
RETRY_DELAYS = [timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240)]
# How often a step is done again when another process changed the same rows meanwhile.
CONFLICT_TRIES = 5
CONFLICTS = (SerializationFailure, DeadlockDetected)
CHANNELS = {
    "email": ("email",),
    "sms": ("sms",),
    "email_sms": ("email", "sms"),
    "link": (),
}
# What a person, or the next channel, has to see to.
TROUBLE = ("failed", "bounced", "unknown")
# What left us, as far as we know; what may have left is never sent again by a machine.
LEFT = ("sent", "delivered", "bounced", "unknown")
# target: the states it may be reached from. What vendors tell repeats and overtakes: a report that
# is older than what we know changes nothing, and the last state is the same in whatever order they
# come. A row that waits for another try, or was given up, may prove to have gone out after all.
TRANSITIONS = {
    "sending": {"queued"},
    "queued": {"sending"},
    "skipped": {"queued", "sending"},
    "unknown": {"sending"},
    "sent": {"queued", "sending", "skipped", "unknown"},
    "failed": {"queued", "sending", "skipped", "unknown", "sent"},
    "delivered": {"queued", "sending", "skipped", "unknown", "sent", "failed"},
    "bounced": {"queued", "sending", "skipped", "unknown", "sent", "failed", "delivered"},
}


class Outcome(NamedTuple):
    """What became of handing one message over.

    :ivar state: ``sent``, ``failed`` (a final no), ``retry`` (surely not sent, try later),
        ``unknown`` (it may have been sent: never repeated by a machine), ``skipped`` (not sent,
        and not to be) or ``queued`` (not begun: it waits as if it had not been claimed)
    :ivar reason: a sentence for an accountant, with what to do
    :ivar vendor_ref: the vendor's name of the message
    :ivar opted_out: the recipient wants no more messages
    :ivar recipient_trouble: ``for_now`` or ``lasting``, when it lies with the recipient
    """

    state: str
    reason: str = ""
    vendor_ref: str = ""
    opted_out: bool = False
    recipient_trouble: str = ""


class PaymentRequestDelivery(models.Model):
    """The outbox: one row per message, claimed and committed before it is sent.

    A channel is a value of `channel` and a method ``_send_<channel>``, see readme/CHANNELS.rst.
    """

    _name = "payment.request.delivery"
    _inherit = ["payment.request.record"]
    _description = "Payment Request Delivery"
    _order = "id desc"
    _rec_name = "recipient"

    request_id = fields.Many2one(
        comodel_name="payment.request", required=True, readonly=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="request_id.company_id", store=True, index=True)
    channel = fields.Selection(
        selection=[("email", "E-mail"), ("sms", "SMS")], required=True, readonly=True
    )
    recipient = fields.Char(required=True, readonly=True)
    state = fields.Selection(
        selection=[
            ("queued", "Queued"),
            ("sending", "Being Sent"),
            ("sent", "Sent"),
            ("delivered", "Delivered"),
            ("failed", "Failed"),
            ("bounced", "Bounced"),
            ("skipped", "Skipped"),
            ("unknown", "Unknown"),
        ],
        required=True,
        readonly=True,
        default="queued",
    )
    vendor_ref = fields.Char(readonly=True, copy=False, index="btree_not_null")
    failure_reason = fields.Char(readonly=True)
    attempt_count = fields.Integer(string="Attempts", readonly=True)
    retry_at = fields.Datetime(string="Not Before", readonly=True)
    claimed_at = fields.Datetime(readonly=True)
    sent_at = fields.Datetime(readonly=True)
    template_name = fields.Char(string="Template", readonly=True)
    uuid = fields.Char(
        required=True, readonly=True, copy=False, default=lambda self: str(uuid.uuid4())
    )

    _uuid_unique = models.UniqueIndex("(uuid)", "A delivery's identifier is unique.")
    # A double click queues one message, not two.
    _queued_once = models.UniqueIndex(
        "(request_id, channel, recipient) WHERE state = 'queued'",
        "This message is on its way already.",
    )
    _due = models.Index("(id) WHERE state IN ('queued', 'sending')")

    # === THE WORKER === #

    @api.model
    def _cron_send(self):
        """Send what is queued; safe in several processes at once.

        Rows are claimed under a lock, committed as being sent, and only then handed over, so
        that a message is never handed over twice.
        """
        cron = self.env["ir.cron"]
        if time.monotonic() > self.env.context.get("cron_end_time", float("inf")):
            # Odoo calls an action that has more to do up to ten times in a row, and kills a worker
            # that is busy for two minutes. Now others are served first.
            cron._commit_progress(remaining=self.search_count(self._get_due_domain()))
            return
        self.env["payment.request.batch"]._make_requests()
        self._give_up_abandoned()
        self._follow_up_left_over()
        self._follow_up_unopened()
        cron._commit_progress(remaining=self.search_count(self._get_due_domain()))
        while True:
            taken, claimed = self._claim()
            if not taken:
                break
            cron._commit_progress(len(taken) - len(claimed))
            claimed._hand_over_all()
            if not cron._commit_progress(len(claimed)):
                self._ring()  # Odoo alone would come back to the rest a minute later
                return
            self.env.invalidate_all()
        self.env["payment.request.batch"]._close_finished()

    @api.model
    def _get_due_domain(self):
        return [
            ("state", "=", "queued"),
            "|",
            ("retry_at", "=", False),
            ("retry_at", "<=", fields.Datetime.now()),
        ]

    @api.model
    def _claim(self):
        """Take up to a batch of due rows that no other worker holds.

        :return: ``(taken, claimed)``: what was taken off the queue, and those of it that are to be
            sent now; the others are not wanted any more or have to wait
        """
        for _try in range(CONFLICT_TRIES):
            try:
                with self.env.cr.savepoint():
                    return self._claim_once()
            except CONFLICTS:
                # Another worker took rows that our snapshot shows as free: look with a new one.
                self.env["ir.cron"]._commit_progress()
        return self.browse(), self.browse()

    @api.model
    def _claim_once(self):
        domain = self._get_due_domain()
        due = self.search(domain, order="id", limit=BATCH * LOOK_AHEAD)
        locked = due.try_lock_for_update(allow_referencing=True, limit=BATCH)
        taken = locked._limit_documents()
        wanted = taken._follow_corrections()
        reasons = wanted._get_skip_reasons()
        for row, reason in reasons.items():
            row._skip(reason)
        wanted.filtered(lambda row: row in reasons)._tell_unreachable()
        left = wanted.filtered(lambda row: row not in reasons)
        waits = left._get_waits()
        for row, moment in waits.items():
            row.retry_at = moment
        if waits:
            self._ring(min(waits.values()))
        claimed = left.filtered(lambda row: row not in waits)
        claimed._note_ways()
        now = fields.Datetime.now()
        for attempt_count, rows in claimed.grouped("attempt_count").items():
            rows.write({"state": "sending", "claimed_at": now, "attempt_count": attempt_count + 1})
        return taken, claimed

    def _hand_over_all(self):
        """Send claimed rows; of what is not begun when the step's time is over, none is lost.

        The time is of all companies and channels together. The first of them begins in any case.
        """
        until = time.monotonic() + SECONDS
        rows_of = self.grouped(lambda row: (row.company_id, row.channel))
        for number, ((company, _channel), rows) in enumerate(rows_of.items()):
            if number and time.monotonic() > until:
                rows._record(dict.fromkeys(rows, Outcome("queued")))
            else:
                rows = rows.with_context(payment_request_until=until)
                rows.with_company(company)._hand_over()

    def _hand_over(self):
        """Send claimed rows of one company and channel, and record what became of each."""
        try:
            outcomes = getattr(self, f"_send_{self[0].channel}")()
            self.env.flush_all()
        except Exception:  # whatever a channel did not foresee must not stop the others
            _logger.exception("the channel %s broke down", self[0].channel)
            self.env.cr.rollback()  # what it left half done, or a transaction that it broke
            reason = self.env._("Something went wrong here: it may or may not have been sent.")
            outcomes = {row: Outcome("unknown", reason) for row in self}
        self._record(outcomes)

    @api.model
    def _give_up_abandoned(self):
        """Hand messages of a worker that died to a person: nobody knows whether they were sent."""
        before = fields.Datetime.now() - ABANDONED_AFTER
        lost = self.search([("state", "=", "sending"), ("claimed_at", "<", before)])
        reason = self.env._("The server stopped while sending: it may or may not have arrived.")
        for start in range(0, len(lost), BATCH):
            rows = lost[start : start + BATCH]
            rows._record({row: Outcome("unknown", reason) for row in rows})

    @api.model
    def _ring(self, at=None):
        self.env.ref("payment_request_stripe.ir_cron_send_deliveries").sudo()._trigger(at)

    # === WHAT BECAME OF IT === #

    def _skip(self, reason):
        """Give up the messages that are not on their way yet."""
        self.filtered(lambda row: row.state == "queued").write(
            {"state": "skipped", "failure_reason": reason, "retry_at": False}
        )
