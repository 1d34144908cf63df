# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import logging
import time

from odoo import api, fields, models

from ..gateways.errors import GatewayError, MalformedPayload
from ..gateways.events import parse_event

_logger = logging.getLogger(__name__)

MEMORY = 30 * 24 * 3600  # seconds: Stripe's, of its events
AHEAD = 3600  # seconds by which Stripe's clock may be before ours
AT_ONCE = 1000  # events that are fetched before they are kept


class PaymentProvider(models.Model):
    _inherit = "payment.provider"

    payment_request_backfill = fields.Json(
        readonly=True,
        copy=False,
        groups="base.group_system",
        help="How far the events of Stripe are looked through, while that is under way.",
    )


class PaymentRequestEvent(models.Model):
    """Getting back what Stripe could not deliver."""

    _inherit = "payment.request.event"

    @api.model
    def _cron_backfill(self):
        """Put what happened in the last 30 days, and never arrived, into the inbox.

        When the worker's time is over, it goes on from there in the next run, which comes at once.
        """
        cron = self.env["ir.cron"]
        providers = (
            self.env["payment.provider"]
            .sudo()
            .search([("code", "=", "stripe"), ("state", "in", ("enabled", "test"))])
            .filtered("stripe_secret_key")
        )
        if not (begun := providers.filtered("payment_request_backfill")):
            providers.payment_request_backfill = {"undelivered": True, "since": 0}
            begun = providers
        for provider in begun:
            try:
                if not self._backfill(provider):
                    return
            except GatewayError as error:
                _logger.warning("events of provider %s not listed: %s", provider.id, error.message)
                provider.payment_request_backfill = False  # from the start, next time
        cron._commit_progress(remaining=0)

    @api.model
    def _backfill(self, provider):
        """Store the events of ours that are not known: the undelivered ones first.

        What is stored of a while is kept before the next one is asked for.

        :return: whether that is all; otherwise the worker's time is over
        :raise GatewayError: when Stripe cannot be asked
        """
        cron = self.env["ir.cron"]
        cron._commit_progress(remaining=1)
        gateway, types = provider._get_stripe_gateway(), self._handled_event_types()
        now, length = int(time.time()), MEMORY + AHEAD
        while progress := provider.payment_request_backfill:
            since = max(progress["since"], now - MEMORY)
            until = min(since + length, now + AHEAD)
            found = gateway.list_events(
                types,
                since,
                until,
                undelivered=progress["undelivered"],
                limit=AT_ONCE + 1 if length > 1 else None,
            )
            if length > 1 and len(found) > AT_ONCE:
                length //= 2
                continue
            self._store_unknown(provider, found)
            is_last = until >= now + AHEAD
            following = {"undelivered": False, "since": 0} if progress["undelivered"] else False
            provider.payment_request_backfill = (
                following if is_last else {**progress, "since": until}
            )
            if not cron._commit_progress(1, remaining=1) and provider.payment_request_backfill:
                return False
        return True

    def _store_unknown(self, provider, payloads):
        for payload in payloads:
            if self._is_ours(provider, payload) and self._store(provider, payload):
                # A webhook that commits the next one meanwhile rolls back what is not.
                self.env["ir.cron"]._commit_progress()

    @api.model
    def _is_ours(self, provider, payload):
        """Tell whether an event is about a checkout of ours; an account may serve others too."""
        try:
            event = parse_event(payload)
        except MalformedPayload:
            return False
        draft = self.new({"provider_id": provider.id})
        return bool(draft._find_checkout(event)) or draft._is_orphan(event)
