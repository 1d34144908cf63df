# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import json
import logging
import time
import uuid
from datetime import timedelta

from psycopg2.errors import DeadlockDetected, LockNotAvailable, SerializationFailure

from odoo import api, fields, models

from ..gateways.errors import GatewayError
from ..gateways.webhook_out import TIMEOUT, sign
from .payment_request_webhook import EVENT_TYPES

_logger = logging.getLogger(__name__)

WORKER = "payment_request_stripe.ir_cron_send_outgoing_events"
BATCH = 200
# A row that is still being sent after so long was claimed by a worker that died.
ABANDONED_AFTER = timedelta(minutes=15)
RETRY_DELAYS = [
    *(timedelta(minutes=minutes) for minutes in (1, 5, 30)),
    *(timedelta(hours=hours) for hours in (2, 6, 12, 24, 24, 24)),
]
# An endpoint that failed is left in peace for the rest of a round.
NEXT_ROUND = timedelta(minutes=1)
CONFLICTS = (SerializationFailure, DeadlockDetected, LockNotAvailable)
CONFLICT_TRIES = 5
KEPT_FOR = timedelta(days=90)


class PaymentRequestWebhookEvent(models.Model):
    """The outbox of the endpoints: one row per event and endpoint, committed before it is sent.

    An event may arrive twice, when an answer was lost; its id is the same each time.
    """

    _name = "payment.request.webhook.event"
    _inherit = ["payment.request.record"]
    _description = "Payment Request Outgoing Event"
    _order = "id desc"
    _rec_name = "event_ref"

    webhook_id = fields.Many2one(
        comodel_name="payment.request.webhook",
        string="Endpoint",
        required=True,
        readonly=True,
        ondelete="cascade",
        index=True,
        context={"active_test": False},
    )
    company_id = fields.Many2one(
        comodel_name="res.company", required=True, readonly=True, index=True
    )
    request_id = fields.Many2one(
        comodel_name="payment.request", required=True, readonly=True, ondelete="cascade", index=True
    )
    event_ref = fields.Char(string="Event ID", required=True, readonly=True)
    event_type = fields.Selection(EVENT_TYPES, string="Event", required=True, readonly=True)
    happened_at = fields.Datetime(required=True, readonly=True)
    # What was posted first is posted each time: receivers may compare.
    body = fields.Text(readonly=True)
    state = fields.Selection(
        selection=[
            ("queued", "Queued"),
            ("sending", "Being Sent"),
            ("delivered", "Delivered"),
            ("failed", "Failed"),
        ],
        required=True,
        readonly=True,
        default="queued",
    )
    attempt_count = fields.Integer(string="Attempts", readonly=True)
    retry_at = fields.Datetime(string="Not Before", readonly=True)
    claimed_at = fields.Datetime(readonly=True)
    delivered_at = fields.Datetime(readonly=True)
    http_status = fields.Integer(string="Answer", readonly=True)
    failure_reason = fields.Char(readonly=True)

    _once_per_endpoint = models.UniqueIndex(
        "(webhook_id, event_ref)", "An event is kept once per endpoint."
    )
    _due = models.Index("(id) WHERE state IN ('queued', 'sending')")

    # === THE OUTBOX === #

    @api.model
    def _queue(self, requests, kind):
        """Put what happened to `requests` into the outbox of each endpoint that wants to know.

        Part of the transaction in which it happened: both are kept, or neither.

        :param str kind: one of `EVENT_TYPES`
        """
        webhooks = self.env["payment.request.webhook"]
        now = fields.Datetime.now()
        rows = [
            {
                "webhook_id": webhook_id,
                "company_id": company.id,
                "request_id": request.id,
                "event_ref": event_ref,
                "event_type": kind,
                "happened_at": now,
            }
            for company, ours in requests.grouped("company_id").items()
            if (listeners := webhooks._get_listeners(company.id)[kind])
            for request in ours
            for event_ref in [f"evt_{uuid.uuid4().hex}"]
            for webhook_id in webhooks.browse(listeners).exists().ids
        ]
        if rows:
            self.sudo().create(rows)
            self._ring()

    @api.model
    def _ring(self, at=None):
        self.env.ref(WORKER).sudo()._trigger(at)

    # === THE WORKER === #

    @api.model
    def _cron_send(self):
        """Post what is due, oldest first; safe in several processes at once.

        A row is claimed with its words under a lock, committed, and only then posted.
        """
        cron = self.env["ir.cron"]
        self._take_back_abandoned()
        cron._commit_progress(remaining=self.search_count(self._get_due_domain()))
        tired = self.env["payment.request.webhook"]
        due = self._find_due()
        while due:
            for row in map(self.browse, due.ids):
                if row.exists() and row.webhook_id not in tired:
                    tired |= row._send()
                if not cron._commit_progress(1):
                    self._ring()  # Odoo alone would come back to the rest a minute later
                    return
                self.env.invalidate_all()
            due = self._find_due(after=due[-1:].id, tired=tired)
        if tired:
            self._ring(fields.Datetime.now() + NEXT_ROUND)
        # What is left waits for that round: Odoo would begin again at once as long as it counts.
        cron._commit_progress(remaining=0)

    @api.model
    def _get_due_domain(self):
        return [
            ("state", "=", "queued"),
            ("webhook_id.active", "=", True),
            ("webhook_id.paused_since", "=", False),
            "|",
            ("retry_at", "=", False),
            ("retry_at", "<=", fields.Datetime.now()),
        ]

    @api.model
    def _find_due(self, after=0, tired=()):
        """Return the next rows that are due, but for those of endpoints that are left in peace."""
        domain = [("id", ">", after), ("webhook_id", "not in", [one.id for one in tired])]
        return self.search([*self._get_due_domain(), *domain], order="id", limit=BATCH)

    @api.model
    def _take_back_abandoned(self):
        """Queue again what a worker that died was sending: receivers know the id of an event."""
        lost = fields.Datetime.now() - ABANDONED_AFTER
        self.search([("state", "=", "sending"), ("claimed_at", "<", lost)]).state = "queued"

    def _send(self):
        """Post one row; return its endpoint when that did not take it, else none."""
        self.ensure_one()
        webhook = self.webhook_id
        try:
            if not self._claim():
                return webhook.browse()
        except Exception:  # whatever it is, the others must go out
            _logger.exception("event %s cannot be told", self.event_ref)
            self.env.invalidate_all(flush=False)
            self._record(0, self.env._("Something went wrong here: see the server's log."))
            return webhook
        self.env["ir.cron"]._commit_progress()
        status, reason = self._post()
        for _try in range(CONFLICT_TRIES):
            try:
                with self.env.cr.savepoint():
                    self._record(status, reason)
                break
            except CONFLICTS:
                self.env["ir.cron"]._commit_progress()
        return webhook if reason else webhook.browse()

    def _claim(self):
        """Take this row, if it is still due and nobody else's, and write down what to say."""
        try:
            with self.env.cr.savepoint():
                mine = self.try_lock_for_update(allow_referencing=True)
                if not mine.filtered_domain(self._get_due_domain()):
                    return False
                self.write(
                    {
                        "state": "sending",
                        "claimed_at": fields.Datetime.now(),
                        "retry_at": False,
                        "attempt_count": self.attempt_count + 1,
                        "body": self.body or json.dumps(self._get_payload()),
                    }
                )
        except CONFLICTS:
            return False
        return True

    def _get_payload(self):
        """Return what this event says: the request as the REST interface shows it now."""
        request = self.request_id.with_company(self.company_id)
        return {
            "id": self.event_ref,
            "type": f"payment_request.{self.event_type}",
            "created": self.happened_at.isoformat(timespec="seconds") + "Z",
            "data": {
                "paymentRequest": request._get_api_values()[0],
                "disputeState": request.dispute_state,
            },
        }

    def _post(self):
        """Return ``(HTTP status or 0, what went wrong or nothing)``."""
        webhook = self.webhook_id
        body = self.body.encode()
        try:
            signature = sign(body, webhook._get_secrets(), int(time.time()))
            status = webhook._get_sender().post(webhook.sudo().url, body, signature)
        except GatewayError as error:
            return 0, self._explain(error.code)
        if 200 <= status < 300:
            return status, ""
        if 300 <= status < 400:
            return status, self.env._("It answered with another address: enter that one.")
        return status, self.env._("It answered with the error %(status)s.", status=status)

    def _explain(self, code):
        sentences = {
            "timeout": self.env._("It did not answer within %(seconds)s seconds.", seconds=TIMEOUT),
            "tls": self.env._("Its certificate is not good."),
            "not_reached": self.env._("It could not be reached."),
            "forbidden_address": self.env._(
                "Its address is in a private network. An administrator can allow that with the "
                "system parameter payment_request_stripe.webhook_private_networks."
            ),
        }
        return sentences.get(code) or self.env._("Its address may not be called: use https.")

    def _record(self, status, reason):
        """Write down what became of the attempt, and when the next one is."""
        if not self.exists():
            return
        now = fields.Datetime.now()
        if not reason:
            values = {"state": "delivered", "delivered_at": now, "failure_reason": False}
            self.write({**values, "http_status": status})
            self.webhook_id._note_success()
            return
        delays = RETRY_DELAYS[self.attempt_count - 1 : self.attempt_count]
        retry_at = now + delays[0] if delays else False
        values = {"state": "queued" if retry_at else "failed", "retry_at": retry_at}
        self.write({**values, "http_status": status, "failure_reason": reason})
        if retry_at:
            self._ring(retry_at)
        self.request_id._log_step(f"event {self.event_ref} not delivered: {status or reason}")
        self.webhook_id._note_failure(reason)

    @api.autovacuum
    def _gc_events(self):
        """Forget what was delivered long ago."""
        old = fields.Datetime.now() - KEPT_FOR
        self.sudo().search([("state", "=", "delivered"), ("delivered_at", "<", old)]).unlink()
