# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from datetime import timedelta

from odoo import api, fields, models

from ..gateways.errors import Refused
from ..gateways.events import PaymentEvent

TEST_SESSION, LIVE_SESSION = "cs_test_", "cs_live_"
# After that long no bank answers any more, nor does a payer pay a voucher.
BANK_TAKES = timedelta(days=60)


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
        mode = self.request_id.provider_id._get_stripe_key_mode()
        return (self.stripe_checkout_session_ref or "").startswith(LIVE_SESSION) and mode != "live"

    def _is_gone(self, error: Refused):
        """Have a live session that only a live key knows be asked for when there is one again."""
        unsure = self._is_of_other_mode()
        if self.state == "complete":
            return not unsure and self._is_debit_gone(error)
        gone = super()._is_gone(error)
        if gone:
            self.is_unsure = unsure
            self.request_id._commit()
        return gone

    def _is_debit_gone(self, error: Refused):
        """Tell whether Stripe does not know a debit under way; then have the link work again.

        Live money may still arrive in the account that was ours before: as long as a bank may
        take, a person is asked instead.
        """
        now, request = fields.Datetime.now(), self.request_id
        if error.code != "resource_missing" or self.expires_at > now:
            return False
        request._commit()
        request._lock()
        is_waiting = self.state == "complete" and not self._get_payment()
        is_play = not self.stripe_checkout_session_ref.startswith(LIVE_SESSION)
        gone = is_waiting and (is_play or self.expires_at < now - BANK_TAKES)
        if gone:
            self._give_debit_up(error.message)
        elif is_waiting:
            request._notify_person_in_charge(
                self.env._("Stripe does not know a bank debit"),
                self.env._(
                    "The key of the Stripe provider is of another account than the one that took "
                    "the debit. Have the webhook of that account still reach us, or set its key "
                    "again and press Refresh: do not ask the customer a second time before."
                ),
                task="debit_unknown",
            )
        request._commit()
        return gone

    def _give_debit_up(self, reason):
        request = self.request_id
        self.write({"state": "failed", "failure_reason": reason})
        request._log_step("debit unknown to this Stripe account, and over", self)
        if request._has_debit_under_way():
            return
        if request._transition("failed", failure_reason=reason):
            request._renew_expiry()
            request._notify_person_in_charge(
                self.env._("A bank debit is unknown to Stripe by now"),
                self.env._(
                    "It was made in test mode or in another account. The payment link works again; "
                    "if it was no test, look into that account before you ask the customer again."
                ),
            )

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
        if self.asked_at != asked_at:
            self._note_known()
        return result

    def _note_known(self):
        """Stripe knows this session: what was said otherwise is over."""
        if self.is_unsure:
            self.is_unsure = False
            self.request_id._commit()
        if self.state == "complete":
            self.request_id._drop_activity(self.env._("Stripe does not know a bank debit"))
            self.request_id._commit()


class PaymentRequestRefund(models.Model):
    """A refund of live money waits for a live key; a test key does not even know its payment."""

    _inherit = "payment.request.refund"

    def _waits_for_live_mode(self):
        """Tell whether this gives live money back, and the provider's key is not a live one."""
        self.ensure_one()
        checkout = self.env["payment.request.checkout"].search(
            [("stripe_payment_intent_ref", "=", self.payment_id.stripe_payment_intent_ref)], limit=1
        )
        return bool(checkout) and checkout._is_of_other_mode()

    def _ask(self):
        if not self._waits_for_live_mode():
            return super()._ask()
        self.asked_at = fields.Datetime.now()  # its turn in the poll is over
        self.request_id._log_step("refund waits for live mode")
        self.request_id._commit()
        return None

    def _try_asking(self):
        if not self._waits_for_live_mode():
            return super()._try_asking()
        return self.env._(
            "%(amount)s is live money, and the Stripe provider is in test mode. The refund is kept "
            "and asked for when the provider is live again: do not refund a second time.",
            amount=self.currency_id.format(self.amount),
        )


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
        """Apply the payouts of the live account that came meanwhile; poll sessions and refunds."""
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
        self.env["payment.request.event"]._ring_poll()
