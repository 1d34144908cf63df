# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import logging

from psycopg2.errors import UniqueViolation

from odoo import api, fields, models
from odoo.tools import SQL

from .payment_request_delivery import (
    ABANDONED_AFTER,
    BATCH,
    CONFLICT_TRIES,
    CONFLICTS,
    LEFT,
    RETRY_DELAYS,
    TRANSITIONS,
    TROUBLE,
    Outcome,
)

_logger = logging.getLogger(__name__)


class PaymentRequestDelivery(models.Model):
    """What became of the messages: written down before anything else is done about it."""

    _inherit = "payment.request.delivery"

    follow_up_at = fields.Datetime(
        string="In Trouble Since",
        readonly=True,
        help="Until the next channel is tried or a person is told, which normally is at once.",
    )

    _follow_up_due = models.Index("(follow_up_at) WHERE follow_up_at IS NOT NULL")

    def _record(self, outcomes):
        """Write the outcomes of a batch and commit them before anything else is done about them.

        The messages are out: when another process, say a vendor's report, changed one of the rows
        meanwhile, the same outcomes are written again on top of what it wrote.

        What cannot be written of one row is left to a person by :meth:`_give_up_abandoned`, and
        keeps none of the others back.

        :param dict outcomes: ``{row: Outcome}``
        """
        for _try in range(CONFLICT_TRIES):
            try:
                with self.env.cr.savepoint():
                    moved = self._apply_outcomes(outcomes)
                break
            except (*CONFLICTS, UniqueViolation):
                # Look with a new snapshot, which shows what another process wrote.
                self.env["ir.cron"]._commit_progress()
            except Exception:
                if len(outcomes) > 1:
                    for row, outcome in outcomes.items():
                        row._record({row: outcome})
                    return
                _logger.exception("the outcome of delivery %s could not be written", self.uuid)
                return
        else:
            _logger.error("outcomes of deliveries %s could not be written", self.ids)
            return
        self.env["ir.cron"]._commit_progress()
        try:
            moved._react()
            self.env.flush_all()
        except Exception:
            _logger.exception("nothing followed the outcomes of deliveries %s", moved.ids)
            self.env.cr.rollback()

    def _apply_outcomes(self, outcomes):
        """Move each row by its outcome, forward only; return those that moved."""
        moved = self.browse()
        if not outcomes:
            return moved
        self.env.cr.execute(
            SQL(
                "SELECT id FROM %s WHERE id IN %s ORDER BY id FOR NO KEY UPDATE",
                SQL.identifier(self._table),
                tuple(row.id for row in outcomes),
            )
        )
        self.browse(row.id for row in outcomes).invalidate_recordset()
        retries, replaced = [], self._get_replaced(outcomes)
        for row, outcome in outcomes.items():
            if row in replaced:
                reason = self.env._("The same message waits already: that one goes out.")
                outcome = Outcome("skipped", reason)
            values = row._get_outcome_values(outcome)
            if row.state in TRANSITIONS[values["state"]]:
                row.write(values)
                row.request_id._log_step(f"{row.channel} {row.uuid} is {row.state}")
                moved |= row
                retries += [values["retry_at"]] if values["retry_at"] else []
            elif outcome.vendor_ref and not row.vendor_ref:
                row.vendor_ref = outcome.vendor_ref
        if retries:
            self._ring(min(retries))
        moved.filtered(lambda row: row.state in LEFT).request_id._note_first_sent()
        numbers = [row.recipient for row, outcome in outcomes.items() if outcome.opted_out]
        if numbers:
            self.env["phone.blacklist"].sudo()._add_stopped(numbers)
        return moved

    @api.model
    def _get_replaced(self, outcomes):
        """Return those to be tried again whose like was put into the outbox meanwhile."""
        waits = ("retry", "queued")
        again = self.browse(row.id for row, one in outcomes.items() if one.state in waits)
        if not again:
            return again
        waiting = self.search(
            [("state", "=", "queued"), ("request_id", "in", again.request_id.ids)]
        ).grouped(lambda row: (row.request_id, row.channel, row.recipient))
        return again.filtered(lambda row: (row.request_id, row.channel, row.recipient) in waiting)

    def _get_outcome_values(self, outcome):
        self.ensure_one()
        state, retry_at = outcome.state, False
        if state == "retry":
            state = "failed"
            if self.attempt_count <= len(RETRY_DELAYS):
                state = "queued"
                retry_at = fields.Datetime.now() + RETRY_DELAYS[self.attempt_count - 1]
        values = {"state": state, "failure_reason": outcome.reason, "retry_at": retry_at}
        if state in ("sent", "delivered") and not self.sent_at:
            values["sent_at"] = fields.Datetime.now()
        if outcome.state == "queued":
            values["attempt_count"] = self.attempt_count - 1
        values["follow_up_at"] = fields.Datetime.now() if state in TROUBLE else False
        if outcome.vendor_ref:
            values["vendor_ref"] = outcome.vendor_ref
        return values

    def _react(self):
        """Try the next way, or tell a person, of what did not arrive."""
        lost = self.filtered(lambda row: row.state in TROUBLE)
        lost._follow_up_each()
        lost.follow_up_at = False

    @api.model
    def _follow_up_left_over(self):
        """Do what a worker that died could not do any more: it had only written the outcomes."""
        domain = [("follow_up_at", "<", fields.Datetime.now() - ABANDONED_AFTER)]
        while rows := self.search(domain, order="id", limit=BATCH).try_lock_for_update(
            allow_referencing=True
        ):
            try:
                rows._react()
                self.env.flush_all()
            except Exception:
                _logger.exception("nothing followed the outcomes of deliveries %s", rows.ids)
                self.env.cr.rollback()
            rows.follow_up_at = False
            self.env["ir.cron"]._commit_progress()
