# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import logging

from odoo import api, models

from ..gateways.errors import Misconfigured
from ..gateways.stripe_api import StripeGateway, key_mode

_logger = logging.getLogger(__name__)

STRIPE_API_BASE = "payment_request_stripe.stripe_api_base"
TWILIO_API_BASE = "payment_request_stripe.twilio_api_base"


class PaymentProvider(models.Model):
    _inherit = "payment.provider"

    @api.model
    def _get_payment_request_provider(self, company):
        """Return the Stripe provider with which `company` asks for money, or none."""
        return self.sudo().search(
            [
                ("code", "=", "stripe"),
                ("state", "in", ("enabled", "test")),
                *self._check_company_domain(company),
            ],
            # A live provider before one in test mode.
            order="state, sequence, id",
            limit=1,
        )

    def _is_payment_request_event_ours(self, livemode):
        """Tell whether an event's mode is this provider's: live events for live providers only."""
        self.ensure_one()
        if self.state == "disabled":  # still books what arrives; its key tells its mode, if any
            mode = self._get_stripe_key_mode()
            return mode == "unknown" or livemode == (mode == "live")
        return livemode == (self.state == "enabled")

    def _get_stripe_key_mode(self):
        """Return which mode the secret key is of: ``test``, ``live`` or ``unknown``."""
        self.ensure_one()
        return key_mode(self.sudo().stripe_secret_key or "")

    def _is_stripe_key_of_mode(self):
        """Tell whether the secret key is of the mode of the state; switched off, any is."""
        mode = {"enabled": "live", "test": "test"}.get(self.state)
        return not mode or self._get_stripe_key_mode() == mode

    def _get_stripe_gateway(self):
        """Return the gateway to this provider's Stripe account.

        :raise Misconfigured: when there is no key, or it is of the other mode
        """
        self.ensure_one()
        key = self.sudo().stripe_secret_key or ""
        if not key:
            raise Misconfigured(self.env._("%(name)s has no secret key.", name=self.name))
        if not self._is_stripe_key_of_mode():
            raise Misconfigured(
                self.env._(
                    "The secret key of %(name)s is not a %(mode)s key, as the provider's state "
                    "requires.",
                    name=self.name,
                    mode="live" if self.state == "enabled" else "test",
                )
            )
        return StripeGateway(key, api_base=self._get_payment_request_api_base(STRIPE_API_BASE))

    def _get_payment_request_api_base(self, parameter):
        """Return the stand-in's address, honoured only in test mode with a test key."""
        base = self.env["ir.config_parameter"].sudo().get_param(parameter)
        if not base:
            return None
        if self._is_payment_request_test_mode():
            return base
        _logger.warning("%s is ignored: provider %s is not in test mode", parameter, self.id)
        return None

    def _is_payment_request_test_mode(self):
        """Tell whether no real money can move: test mode, with a test key."""
        return self.state == "test" and self._is_stripe_key_of_mode()

    def _check_payment_request_setup(self):
        """Return a sentence on what keeps this provider from asking for money, or none.

        :rtype: str
        """
        if not self:
            return self.env._(
                "Stripe is not set up for this company: enable the Stripe payment provider first."
            )
        if not self.sudo().stripe_secret_key:
            return self.env._("The Stripe payment provider has no secret key.")
        if not self._is_stripe_key_of_mode():
            return self.env._(
                "The secret key of the Stripe payment provider is of the other mode (test or live) "
                "than the provider."
            )
        if not self._get_payment_request_method_line().payment_account_id:
            return self.env._(
                "The Stripe payment method of journal %(journal)s has no outstanding account: "
                "set a reconcilable clearing account on it.",
                journal=self.journal_id.display_name or self.env._("(none)"),
            )
        return ""

    def _get_payment_request_method_line(self):
        """Return the inbound payment method line on which this provider's payments are booked."""
        self.ensure_one()
        return (
            self.env["account.payment.method.line"]
            .sudo()
            .search_fetch(
                [
                    ("payment_provider_id", "=", self.id),
                    ("journal_id", "!=", False),
                    ("payment_type", "=", "inbound"),
                ],
                limit=1,
            )
        )
