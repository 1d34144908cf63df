# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import uuid
from datetime import timedelta

from odoo import api, fields, models

from ..exceptions import PayerNotice
from ..gateways.errors import GatewayError, Refused
from ..gateways.events import CheckoutStatus

ASK_AT_MOST_EVERY = timedelta(seconds=10)


class PaymentRequestCheckout(models.Model):
    """One attempt to pay: a Stripe Checkout Session, its parameters and its quote, frozen."""

    _name = "payment.request.checkout"
    _inherit = ["payment.request.record"]
    _description = "Payment Request Checkout"
    _order = "id desc"
    _rec_name = "stripe_checkout_session_ref"

    request_id = fields.Many2one(
        comodel_name="payment.request",
        required=True,
        readonly=True,
        ondelete="restrict",
        index=True,
    )
    company_id = fields.Many2one(related="request_id.company_id", store=True, index=True)
    currency_id = fields.Many2one(related="request_id.currency_id")
    state = fields.Selection(
        selection=[
            ("intended", "Being Opened"),
            ("open", "Open"),
            ("complete", "Complete"),
            ("expired", "Expired"),
            ("failed", "Failed"),
        ],
        required=True,
        readonly=True,
        default="intended",
        index=True,
    )
    idempotency_key = fields.Char(
        required=True, readonly=True, copy=False, default=lambda self: str(uuid.uuid4())
    )
    parameters = fields.Json(readonly=True, groups="base.group_system")
    customer_parameters = fields.Json(readonly=True, groups="base.group_system")
    quote = fields.Json(readonly=True)
    amount = fields.Monetary(readonly=True)
    stripe_checkout_session_ref = fields.Char(readonly=True, copy=False)
    stripe_payment_intent_ref = fields.Char(readonly=True, copy=False)
    url = fields.Char(readonly=True, groups="base.group_system")
    expires_at = fields.Datetime(readonly=True)
    asked_at = fields.Datetime(readonly=True, help="When Stripe was last asked about it.")
    failure_reason = fields.Char(readonly=True)

    _one_live_per_request = models.UniqueIndex(
        "(request_id) WHERE state IN ('intended', 'open')",
        "A payment request has one live checkout.",
    )
    _idempotency_key_unique = models.UniqueIndex("(idempotency_key)", "A key is used once.")
    _session_ref_unique = models.UniqueIndex(
        "(stripe_checkout_session_ref) WHERE stripe_checkout_session_ref IS NOT NULL",
        "A Checkout Session belongs to one attempt.",
    )
    _intent_ref = models.Index(
        "(stripe_payment_intent_ref) WHERE stripe_payment_intent_ref IS NOT NULL"
    )

    # === CLOSING === #

    def _close_for_payer(self):
        """Close a checkout that must not be used any more; say so when it was just paid."""
        try:
            outcome = self._close()
        except GatewayError as error:
            self.request_id._log_step(f"not closed: {error.message}", self)
            raise PayerNotice(
                "unavailable",
                self.env._("Our payment service does not answer. Please try again in a minute."),
            ) from error
        if outcome == "complete":
            raise PayerNotice(
                "just_paid", self.env._("We have just received a payment. Thank you.")
            )

    def _close(self):
        """Expire the session at Stripe and return ``"closed"``, or ``"complete"`` if it was paid.

        An attempt of which we never heard the end is asked for again first: the same key gives
        the same session.

        :raise GatewayError: when Stripe cannot be asked
        """
        self.ensure_one()
        self.request_id._commit()
        gateway = self.request_id.provider_id._get_stripe_gateway()
        ref = self.stripe_checkout_session_ref
        if not ref:
            try:
                ref = self._create_session(gateway).ref
            except Refused as error:  # it never came to be
                self.write({"state": "failed", "failure_reason": error.message})
                self.request_id._commit()
                return "closed"
        try:
            session = gateway.expire_checkout(ref)
        except Refused as error:
            if not self._is_gone(error):
                raise
            return "closed"
        self.stripe_checkout_session_ref = ref
        if session.status == CheckoutStatus.COMPLETE:
            self._ask_stripe(now=True)
            return "complete"
        self.state = "expired"
        self.request_id._log_step("checkout closed", self)
        self.request_id._commit()
        return "closed"

    def _is_gone(self, error: Refused):
        """Tell whether Stripe does not know the session and its time is over; then close it.

        That is how it is after a switch from test to live, or to another account. While it could
        still be paid there, it is not taken for gone.
        """
        if error.code != "resource_missing" or self.expires_at > fields.Datetime.now():
            return False
        self.write({"state": "expired", "failure_reason": error.message})
        self.request_id._log_step("checkout unknown to this Stripe account, and over", self)
        self.request_id._commit()
        return True

    # === ASKING === #

    def _ask_stripe(self, now=False):
        """Put what Stripe knows of this session into the inbox; only the worker applies it.

        :param bool now: ask even if Stripe was asked within the last ten seconds
        :raise GatewayError: when Stripe cannot be asked
        """
        self.ensure_one()
        moment = fields.Datetime.now()
        if not now and self.asked_at and self.asked_at > moment - ASK_AT_MOST_EVERY:
            return
        self.asked_at = moment
        self.request_id._commit()
        provider = self.request_id.provider_id
        payload = provider._get_stripe_gateway().retrieve_checkout(self.stripe_checkout_session_ref)
        self.env["payment.request.event"]._store(provider, payload)
        self.request_id._commit()

    @api.model
    def _get_polled_domain(self):
        """Return which checkouts the poll asks about: open ones, and debits under way."""
        return [
            "|",
            ("state", "=", "open"),
            "&",
            ("state", "=", "complete"),
            ("request_id.state", "=", "processing"),
        ]

    def _poll(self):
        """Ask Stripe from the poll; what goes wrong waits for the next one."""
        try:
            self._ask_stripe()
        except GatewayError as error:
            if not (isinstance(error, Refused) and self._is_gone(error)):
                self.request_id._log_step(f"not polled: {error.message}", self)
