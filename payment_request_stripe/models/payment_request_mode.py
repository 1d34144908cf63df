# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, fields, models

from ..gateways.errors import Refused
from ..gateways.events import PaymentEvent
from ..gateways.stripe_api import key_mode

TEST_SESSION, LIVE_SESSION = "cs_test_", "cs_live_"


class PaymentRequestEvent(models.Model):
    """Live money counts, also while its provider is in test mode; play money only in test mode."""

    _inherit = "payment.request.event"

    def _is_counting(self, event: PaymentEvent):
        """Tell whether an event is of the provider's mode, or about real money of ours.

        Somebody may look at test mode for an hour while live sessions are paid and refunded:
        Stripe does not tell that again. Play money never pays an invoice of a live provider.
        """
        if self.provider_id._is_payment_request_event_ours(event.livemode):
            return True
        checkout = self._find_checkout(event)
        session_ref = event.session_ref or checkout.stripe_checkout_session_ref or ""
        return (
            event.livemode
            and not session_ref.startswith(TEST_SESSION)
            and (bool(checkout) or self._is_orphan(event))
        )


class PaymentRequestCheckout(models.Model):
    _inherit = "payment.request.checkout"

    is_unsure = fields.Boolean(
        string="To Be Asked in Live Mode",
        readonly=True,
        help="A live session that was over while its provider was in test mode: Stripe has not "
        "said yet whether it was paid.",
    )

    _unsure_index = models.Index("(id) WHERE is_unsure")

    def _is_of_other_mode(self):
        """Tell whether this is a live session, and the provider's key is not a live one."""
        self.ensure_one()
        key = self.request_id.provider_id.sudo().stripe_secret_key or ""
        ref = self.stripe_checkout_session_ref or ""
        return ref.startswith(LIVE_SESSION) and key_mode(key) != "live"

    def _is_gone(self, error: Refused):
        """Have a live session that only a live key knows be asked for when there is one again."""
        unsure = self._is_of_other_mode()
        if unsure and self.state == "complete":  # a debit under way
            return False
        gone = super()._is_gone(error)
        if gone:
            self.is_unsure = unsure
            self.request_id._commit()
        return gone

    @api.model
    def _get_polled_domain(self):
        return [
            "|",
            "&",
            ("is_unsure", "=", True),
            ("request_id.provider_id.state", "=", "enabled"),
            *super()._get_polled_domain(),
        ]

    def _ask_stripe(self, now=False):
        asked_at = self.asked_at
        result = super()._ask_stripe(now=now)
        if self.is_unsure and self.asked_at != asked_at:
            self.is_unsure = False
            self.request_id._commit()
        return result


class PaymentRequestRefund(models.Model):
    _inherit = "payment.request.refund"

    def _tell_refusal(self, message):
        """That a test key does not know a live refund is no refusal."""
        if any(one._is_of_other_mode() for one in self.request_id.checkout_ids):
            return None
        return super()._tell_refusal(message)


class PaymentProvider(models.Model):
    _inherit = "payment.provider"

    def write(self, vals):
        """Take up, when a provider is live again, what had to wait for that."""
        before = {provider: provider.state for provider in self}
        result = super().write(vals)
        live = self.filtered(lambda one: one.state == "enabled" and before[one] != "enabled")
        if live:
            live._resume_payment_requests()
        return result

    def _resume_payment_requests(self):
        """Apply the payouts of the live account that came meanwhile, and poll its sessions."""
        events = self.env["payment.request.event"].sudo()
        waiting = events.search(
            [
                ("provider_id", "in", self.ids),
                ("state", "=", "ignored"),
                ("event_type", "=like", "payout.%"),
            ]
        )
        waiting.write({"state": "received"})
        if waiting:
            events._ring()
        self.env.ref("payment_request_stripe.ir_cron_poll_stripe").sudo()._trigger()
