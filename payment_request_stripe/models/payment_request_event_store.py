# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from psycopg2.errors import SerializationFailure

from odoo import api, models

from ..gateways.json_text import storable, to_json
from ..gateways.reach import EVENT_TYPE
from .ir_cron import TRIGGER

WORKER = "payment_request_stripe.ir_cron_process_events"
# No user stored it: that also saves PostgreSQL two lookups per event, of which there are many.
STORE = """
    INSERT INTO payment_request_event (
        provider_id, event_ref, event_type, payload, state, attempt_count, create_date, write_date
    ) VALUES (
        %(provider)s, %(ref)s, %(type)s, %(payload)s, 'received', 0,
        now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC'
    )
    ON CONFLICT (provider_id, event_ref) DO NOTHING
    RETURNING id
"""
STORE_AND_TRIGGER = f"""
    WITH stored AS ({STORE}), triggered AS ({TRIGGER} FROM stored)
    SELECT id FROM stored
"""


class PaymentRequestEvent(models.Model):
    """How the inbox takes what Stripe tells: once, and with the worker rung."""

    _inherit = "payment.request.event"

    @api.model
    def _store(self, provider, payload):
        """Keep an event once and ring the worker; one statement, no lock is waited for.

        In a burst the ring follows at the end of a moment (:class:`.ir_cron.Bell`).

        :param provider: the ``payment.provider`` whose secret proved the event
        :param dict payload: the event, in Stripe's words
        :return: whether it was new
        """
        values = {
            "provider": provider.id,
            "ref": storable(payload["id"]),
            "type": storable(payload["type"]),
            "payload": to_json(payload),
            "cron": self.env["ir.model.data"]._xmlid_to_res_id(WORKER),
        }
        worker = self.env["ir.cron"].browse(values["cron"])
        quiet = worker._is_quiet()
        try:
            self.env.cr.execute(STORE_AND_TRIGGER if quiet else STORE, values, log_exceptions=False)
            new = bool(self.env.cr.fetchone())
        except SerializationFailure:
            # Mostly its twin was stored by another process after our snapshot: at this isolation
            # level PostgreSQL says so instead of doing nothing. Callers have nothing else to lose.
            self.env.cr.rollback()
            if not self._is_stored(provider, values["ref"]):
                raise  # something else was in the way: Odoo runs the request again
            return False
        if new:
            wake = worker._wake_workers if quiet else worker._wake_workers_soon
            self.env.cr.postcommit.add(wake)
        return new

    @api.model
    def _get_told_domain(self):
        """Return what Stripe itself told: not what we asked for, nor our own knocking."""
        return [("event_ref", "not =like", "sync:%"), ("event_type", "!=", EVENT_TYPE)]

    @api.model
    def _is_stored(self, provider, ref):
        domain = [("provider_id", "=", provider.id), ("event_ref", "=", ref)]
        return bool(self.sudo().search_count(domain, limit=1))

    @api.model
    def _get_worker(self):
        return self.env.ref(WORKER).sudo()

    @api.model
    def _ring(self, at=None):
        self._get_worker()._trigger(at)
