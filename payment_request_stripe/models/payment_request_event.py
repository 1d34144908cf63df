# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import logging
from datetime import timedelta

from psycopg2.errors import DeadlockDetected, LockNotAvailable, SerializationFailure

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..gateways.errors import MalformedPayload
from ..gateways.events import parse_event

_logger = logging.getLogger(__name__)

BATCH = 100
# What PostgreSQL says when another transaction was faster; the work is simply done again.
CONFLICTS = (SerializationFailure, DeadlockDetected, LockNotAvailable)
# After which an event that could not be booked is tried again, by the number of its attempts.
RETRY_DELAYS = [timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 720)]


class Many2oneWithoutKey(fields.Many2one):
    """A link that the code guards: PostgreSQL would look it up, and lock it, for each new row.

    The provider is the one whose secret has just proved the event, and one with events is not
    deleted. Should it be gone all the same, what Stripe told is kept rather than refused.
    """

    def update_db_foreign_key(self, model, column):
        """Make none."""


class PaymentRequestEvent(models.Model):
    """The inbox: one row per thing that Stripe told us, kept until it is booked."""

    _name = "payment.request.event"
    _inherit = ["payment.request.record"]
    _description = "Payment Request Event"
    _order = "id desc"
    _rec_name = "event_ref"

    provider_id = Many2oneWithoutKey(comodel_name="payment.provider", required=True, readonly=True)
    company_id = fields.Many2one(related="provider_id.company_id")
    event_ref = fields.Char(string="Event", required=True, readonly=True)
    event_type = fields.Char(string="Type", required=True, readonly=True)
    request_id = fields.Many2one(
        comodel_name="payment.request", readonly=True, ondelete="set null", index="btree_not_null"
    )
    payload = fields.Json(readonly=True, groups="base.group_system")
    state = fields.Selection(
        selection=[
            ("received", "Received"),
            ("done", "Done"),
            ("ignored", "Ignored"),
            ("failed", "Failed"),
        ],
        required=True,
        readonly=True,
        default="received",
    )
    attempt_count = fields.Integer(string="Attempts", readonly=True)
    error = fields.Char(string="Reason", readonly=True)
    retry_at = fields.Datetime(readonly=True)

    _once_per_provider = models.UniqueIndex(
        "(provider_id, event_ref)", "An event of Stripe is kept once."
    )
    _pending = models.Index("(id) WHERE state IN ('received', 'failed')")

    # === ACTION METHODS === #

    def action_retry(self):
        """Try failed events again now.

        :raise UserError: when one of them did not fail
        """
        # Accountants may not write events; whoever may write requests may have them tried again.
        self.check_access("read")
        self.env["payment.request"].check_access("write")
        if any(event.state != "failed" for event in self):
            raise UserError(self.env._("Only failed events can be tried again."))
        self.sudo().write({"state": "received", "retry_at": False})
        self._ring()
        return True

    # === THE WORKER === #

    @api.model
    def _cron_process(self):
        """Apply what is in the inbox, oldest first, each in a savepoint of its own.

        Safe in several processes at once: each takes the rows that no other one holds.
        """
        cron = self.env["ir.cron"]
        due = self._get_due_domain()
        events = self.search(due, order="id", limit=BATCH)
        cron._commit_progress(
            remaining=len(events) if len(events) < BATCH else self.search_count(due)
        )
        passed = []  # held by another worker, or in conflict with one
        while events:
            # One by one: the payloads of all would be read again after each commit.
            for event in map(self.browse, events.ids):
                mine = event.try_lock_for_update().filtered_domain(due)
                if not (mine and mine.with_company(mine.company_id)._process()):
                    passed.append(event.id)
                time_left = cron._commit_progress(1)
                self.env.invalidate_all()
                if not time_left:
                    self._ring()  # Odoo alone would come back to the rest a minute later
                    return
            if len(events) < BATCH:  # what came meanwhile has rung again
                break
            events = self.search([*due, ("id", "not in", passed)], order="id", limit=BATCH)
        if passed:
            self._ring()

    @api.model
    def _get_due_domain(self):
        now = fields.Datetime.now()
        return [
            "|",
            ("state", "=", "received"),
            "&",
            ("state", "=", "failed"),
            ("retry_at", "<=", now),
        ]

    def _process(self):
        """Apply one event; what goes wrong is kept on it, and tried again later.

        :return: whether the event was dealt with; not when another transaction was faster
        """
        self.ensure_one()
        try:
            with self.env.cr.savepoint():
                state, reason = self._apply()
                tried = self.attempt_count
                self.write(
                    {
                        "state": state,
                        "error": reason,
                        "attempt_count": tried + 1,
                        "retry_at": False,
                    }
                )
                if tried:
                    self._take_failure_back()
        except CONFLICTS as error:
            _logger.info("event %s waits for another transaction: %s", self.event_ref, error)
            self.env.cr.rollback()
            return False
        except Exception as error:  # whatever it is, the event must not be lost
            self.env.invalidate_all(flush=False)
            self._fail(error)
        return True

    def _fail(self, error):
        """Keep why an event could not be applied, and when it is tried again."""
        attempts = self.attempt_count + 1
        expected = isinstance(error, UserError)
        reason = str(error) if expected else f"{type(error).__name__}: {error}"
        _logger.log(
            logging.WARNING if expected else logging.ERROR,
            "event %s failed (attempt %s): %s",
            self.event_ref,
            attempts,
            reason,
            exc_info=not expected,
        )
        delay = RETRY_DELAYS[attempts - 1] if attempts <= len(RETRY_DELAYS) else None
        retry_at = fields.Datetime.now() + delay if delay else False
        self.write(
            {
                "state": "failed",
                "error": reason[:1000],
                "attempt_count": attempts,
                "retry_at": retry_at,
            }
        )
        if retry_at:
            self._ring(retry_at)
        self._tell_of_failure(reason)

    def _tell_of_failure(self, reason):
        """Tell the person in charge; that it cannot be told must not keep other events waiting."""
        try:
            with self.env.cr.savepoint():
                self.request_id = self._recall_request()
                if self.request_id:
                    self.request_id._notify_person_in_charge(
                        self._get_failure_summary(),
                        self.env._(
                            "%(reason)s Mend it, then press Retry under Reporting, Payment Links, "
                            "Money Not Booked Yet. (Stripe's event: %(event)s)",
                            reason=reason,
                            event=self.event_type,
                        ),
                    )
        except CONFLICTS:
            raise
        except Exception:
            _logger.exception("nobody could be told that event %s failed", self.id)

    def _take_failure_back(self):
        """Take the task back that this event was, unless another one of the request still is."""
        request = self.request_id
        request._drop_activity(self._get_failure_summary())
        failed = self.search([("request_id", "in", request.ids), ("state", "=", "failed")], limit=1)
        if failed:
            failed._tell_of_failure(failed.error or "")

    def _get_failure_summary(self):
        return self.env._("A message from Stripe could not be booked")

    def _recall_request(self):
        """Return the request of an event whose handling was rolled back, or none."""
        try:
            return self._find_checkout(parse_event(self.payload)).request_id
        except MalformedPayload:
            return self.env["payment.request"]

    def _apply(self):
        """Return ``(state, reason)`` after applying the event by the table of handlers.

        :raise Exception: whatever keeps it from being applied; nothing was written then
        """
        try:
            event = parse_event(self.payload)
        except MalformedPayload as error:
            return "ignored", str(error)
        if not self._is_counting(event):
            return "ignored", self.env._("The event's mode (test or live) is not the provider's.")
        handler = self._get_handler(event.type)
        if not handler:
            return "ignored", self.env._("Nothing is to be done for this type of event.")
        checkout = self._find_checkout(event) or self._find_again(event)
        if not checkout:
            return "ignored", self._get_stranger_reason(event)
        self.request_id = checkout.request_id
        checkout.request_id._lock()
        reason = handler(checkout, event)
        return "done", reason
