# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..gateways.errors import MalformedPayload
from ..gateways.events import parse_event
from ..gateways.money import to_major
from .payment_request_pay import PAID_EVENTS

# Stripe tells of one payment in several events, with its id at different places.
REPETITIONS = """
    WITH paid AS (
        SELECT id, provider_id, COALESCE(
            payload->'data'->'object'->>'payment_intent', payload->'data'->'object'->>'id'
        ) AS intent
        FROM payment_request_event
        WHERE state = 'failed' AND event_type IN %s
    )
    SELECT later.id, first.id
    FROM paid later
    JOIN paid first ON first.intent = later.intent AND first.provider_id = later.provider_id
    WHERE first.id < later.id
"""


class PaymentRequestEvent(models.Model):
    """What could not be booked, as work that an accountant understands."""

    _inherit = "payment.request.event"

    partner_id = fields.Many2one(related="request_id.partner_id")
    money = fields.Char(
        string="Amount", compute="_compute_money", compute_sudo=True, help="What it is about."
    )
    failure_kind = fields.Selection(
        selection=[("accounting", "Accounting Refused"), ("technical", "Technical Trouble")],
        string="Why",
        readonly=True,
    )

    is_repetition = fields.Boolean(
        compute="_compute_is_repetition",
        compute_sudo=True,
        search="_search_is_repetition",
        help="Another event that failed tells of the same payment.",
    )

    def _compute_is_repetition(self):
        repetitions = {later for later, _first in self._find_repetitions()}
        for row in self:
            row.is_repetition = row.id in repetitions

    @api.model
    def _search_is_repetition(self, operator, value):
        if operator != "in":
            return NotImplemented
        repetitions = [later for later, _first in self._find_repetitions()]
        return [("id", "in" if True in value else "not in", repetitions)]

    @api.model
    def _find_repetitions(self):
        """Return ``[(event, earlier event)]``, ids of failed ones that tell of one payment."""
        self.env["payment.request.event"].flush_model(
            ["event_type", "payload", "provider_id", "state"]
        )
        return self.env.execute_query(SQL(REPETITIONS, PAID_EVENTS))

    def _get_with_repetitions(self):
        """Return these failed events, and the others that tell of the same payments."""
        mine = set(self.ids)
        pairs = [pair for pair in self._find_repetitions() if not mine.isdisjoint(pair)]
        return self.browse({*mine, *(one for pair in pairs for one in pair)})

    @api.depends("event_type")
    def _compute_display_name(self):
        for row in self:
            row.display_name = row.event_type

    @api.depends("payload")
    def _compute_money(self):
        for row in self:
            try:
                event = parse_event(row.payload)
            except MalformedPayload:
                row.money = ""
                continue
            has_amount = event.amount and event.currency
            row.money = (
                f"{to_major(event.amount, event.currency)} {event.currency}" if has_amount else ""
            )

    def _fail(self, error):
        """Keep as well whether the books refused it or something broke."""
        self.failure_kind = "accounting" if isinstance(error, UserError) else "technical"
        return super()._fail(error)

    # === ACTION METHODS === #

    def action_retry(self):
        """Try all that tells of the same payment as well: the list of work shows one of them."""
        self.check_access("read")
        return super(PaymentRequestEvent, self._get_with_repetitions()).action_retry()

    def action_settle(self):
        """End failed events that a person has seen to in the books: they are not tried again.

        :raise UserError: when one of them did not fail
        """
        self.check_access("read")
        self.env["payment.request"].check_access("write")
        if any(event.state != "failed" for event in self):
            raise UserError(self.env._("Only failed events can be settled by hand."))
        for event in self._get_with_repetitions().sudo():
            said = self.env._("%(name)s settled it by hand.", name=self.env.user.name)
            event.write(
                {
                    "state": "ignored",
                    "retry_at": False,
                    "error": f"{said} {event.error or ''}".strip()[:1000],
                }
            )
            event._take_failure_back()
            if event.request_id:
                event.request_id._log_step(f"event {event.event_ref} was settled by hand")
        return True
