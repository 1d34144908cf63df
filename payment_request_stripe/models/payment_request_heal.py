# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import logging

from odoo import api, models

from ..gateways.errors import GatewayError, MalformedPayload
from ..gateways.events import parse_event

_logger = logging.getLogger(__name__)


class PaymentRequestEvent(models.Model):
    """Getting back what Stripe could not deliver."""

    _inherit = "payment.request.event"

    @api.model
    def _cron_backfill(self):
        """Put what happened in the last 30 days, and never arrived, into the inbox."""
        providers = (
            self.env["payment.provider"]
            .sudo()
            .search([("code", "=", "stripe"), ("state", "in", ("enabled", "test"))])
        )
        for provider in providers.filtered("stripe_secret_key"):
            try:
                self._backfill(provider)
            except GatewayError as error:
                _logger.warning("events of provider %s not listed: %s", provider.id, error.message)

    @api.model
    def _backfill(self, provider):
        """Store the events of ours that are not known: the undelivered ones first.

        :return: how many were new
        :raise GatewayError: when Stripe cannot be asked
        """
        self.env["ir.cron"]._commit_progress()
        gateway = provider._get_stripe_gateway()
        types = self._handled_event_types()
        new = 0
        for undelivered in (True, False):
            for payload in gateway.list_events(types, undelivered=undelivered):
                if self._is_ours(provider, payload) and self._store(provider, payload):
                    new += 1
                    # A webhook that commits the next one meanwhile rolls back what is not.
                    self.env["ir.cron"]._commit_progress()
        return new

    @api.model
    def _is_ours(self, provider, payload):
        """Tell whether an event is about a checkout of ours; an account may serve others too."""
        try:
            event = parse_event(payload)
        except MalformedPayload:
            return False
        draft = self.new({"provider_id": provider.id})
        return bool(draft._find_checkout(event)) or draft._is_orphan(event)
