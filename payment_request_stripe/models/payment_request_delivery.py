# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import uuid
from datetime import timedelta

from odoo import api, fields, models

# Rows claimed by one step of the worker. A crash leaves at most so many of unknown outcome.
BATCH = 50
# A row that is still being sent after so long was claimed by a worker that died.
ABANDONED_AFTER = timedelta(minutes=15)
RETRY_DELAYS = [timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240)]
CHANNELS = {
    "email": ("email",),
    "sms": ("sms",),
    "email_sms": ("email", "sms"),
    "link": (),
}


class PaymentRequestDelivery(models.Model):
    """The outbox: one row per message, claimed and committed before it is sent."""

    _name = "payment.request.delivery"
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
    retry_at = fields.Datetime(readonly=True)
    claimed_at = fields.Datetime(readonly=True)
    sent_at = fields.Datetime(readonly=True)
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

    # === THE OUTBOX === #

    def _skip(self, reason):
        """Give up the messages that are not on their way yet."""
        self.filtered(lambda row: row.state == "queued").write(
            {"state": "skipped", "failure_reason": reason}
        )

    @api.model
    def _cron_send(self):
        """Send what is queued; safe in several processes at once.

        Rows are claimed under a lock, committed as being sent, and only then handed over, so
        that a message is never handed over twice.
        """
        cron = self.env["ir.cron"]
        self._give_up_abandoned()
        cron._commit_progress(remaining=self.search_count(self._get_due_domain()))
        while claimed := self._claim():
            cron._commit_progress()
            batches = claimed.grouped(lambda row: (row.company_id, row.channel))
            for (company, channel), rows in batches.items():
                getattr(rows.with_company(company), f"_send_{channel}")()
            if not cron._commit_progress(len(claimed)):
                return
            self.env.invalidate_all()

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
        """Take up to a batch of due rows that no other worker holds; skip what is not wanted."""
        due = self.search(self._get_due_domain(), order="id", limit=BATCH)
        mine = due.try_lock_for_update(allow_referencing=True)
        mine.invalidate_recordset()
        mine = mine.filtered_domain(self._get_due_domain())
        reasons = mine._get_skip_reasons()
        for row, reason in reasons.items():
            row._skip(reason)
        claimed = mine.filtered(lambda row: row not in reasons)
        for attempt_count, rows in claimed.grouped("attempt_count").items():
            rows.write(
                {
                    "state": "sending",
                    "claimed_at": fields.Datetime.now(),
                    "attempt_count": attempt_count + 1,
                }
            )
        if reasons and not claimed:
            self.env["ir.cron"]._commit_progress(len(reasons))
            return self._claim()
        return claimed

    def _get_skip_reasons(self):
        """Return ``{row: sentence}`` of messages not wanted any more, checked before sending."""
        reasons = {}
        opted_out = self._get_opted_out()
        for row in self:
            request = row.request_id
            if request.state not in ("draft", "sent", "failed"):
                reasons[row] = self.env._("The payment request is not open any more.")
            elif request.currency_id.is_zero(request.amount_residual):
                reasons[row] = self.env._("Nothing is left to pay.")
            elif row.recipient.lower() in opted_out:
                reasons[row] = self.env._("%(address)s has opted out.", address=row.recipient)
        return reasons

    def _get_opted_out(self):
        """Return those of the recipients that are on Odoo's e-mail or phone blacklist."""
        addresses = [row.recipient.lower() for row in self]
        emails = self.env["mail.blacklist"].sudo().search([("email", "in", addresses)])
        phones = self.env["phone.blacklist"].sudo().search([("number", "in", addresses)])
        return {*emails.mapped("email"), *phones.mapped("number")}

    @api.model
    def _give_up_abandoned(self):
        """Hand messages of a worker that died to a person: nobody knows whether they were sent."""
        lost = self.search(
            [
                ("state", "=", "sending"),
                ("claimed_at", "<", fields.Datetime.now() - ABANDONED_AFTER),
            ]
        ).try_lock_for_update(allow_referencing=True)
        reason = self.env._("The server stopped while sending: it may or may not have arrived.")
        for row in lost:
            row._record("unknown", failure_reason=reason)

    def _record(self, state, **values):
        """Write the outcome of one message and tell the person in charge of what failed."""
        self.ensure_one()
        if state == "sent":
            values.setdefault("sent_at", fields.Datetime.now())
        self.write({"state": state, **values})
        self.request_id._log_step(f"{self.channel} {self.uuid} is {state}")
        if state in ("failed", "bounced", "unknown"):
            self.request_id._notify_person_in_charge(
                self.env._("%(name)s did not reach the customer", name=self.request_id.name),
                self.env._(
                    "%(recipient)s: %(reason)s",
                    recipient=self.recipient,
                    reason=values.get("failure_reason") or state,
                ),
            )

    def _retry_or_fail(self, reason):
        """Queue a message again after temporary trouble; give up after the last delay."""
        self.ensure_one()
        if self.attempt_count > len(RETRY_DELAYS):
            self._record("failed", failure_reason=reason)
            return
        retry_at = fields.Datetime.now() + RETRY_DELAYS[self.attempt_count - 1]
        self.write({"state": "queued", "retry_at": retry_at, "failure_reason": reason})
        self._ring(retry_at)

    @api.model
    def _ring(self, at=None):
        self.env.ref("payment_request_stripe.ir_cron_send_deliveries").sudo()._trigger(at)
