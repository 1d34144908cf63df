# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import logging
import secrets

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import ormcache

from ..gateways.errors import GatewayError, Unavailable
from ..gateways.stripe_api import verify_webhook

_logger = logging.getLogger(__name__)

# What the addresses of webhooks and their secrets are made of.
ENDPOINT_FIELDS = {"code", "payment_request_endpoint_token", "payment_request_webhook_secret"}


class PaymentProvider(models.Model):
    """The address that Stripe tells of payments, and the secrets that prove that it is Stripe."""

    _inherit = "payment.provider"

    payment_request_endpoint_token = fields.Char(
        compute="_compute_payment_request_endpoint_token",
        store=True,
        copy=False,
        exportable=False,
        groups="base.group_system",
        help="The unguessable end of this provider's webhook address; it chooses the secret.",
    )
    payment_request_webhook_secret = fields.Char(
        string="Signing Secrets of Payment Requests",
        copy=False,
        exportable=False,
        groups="base.group_system",
        help="The signing secret (whsec_…) of the endpoint at Stripe. Several, separated by "
        "commas, are all accepted while a secret is being rotated.",
    )
    payment_request_webhook_ref = fields.Char(
        string="Stripe Webhook Endpoint", copy=False, readonly=True, groups="base.group_system"
    )
    payment_request_webhook_key = fields.Char(
        copy=False, exportable=False, groups="base.group_system"
    )
    payment_request_webhook_url = fields.Char(
        string="Webhook Address of Payment Requests",
        compute="_compute_payment_request_webhook_url",
        groups="base.group_system",
    )

    _payment_request_endpoint_token_unique = models.UniqueIndex(
        "(payment_request_endpoint_token)", "Each provider has its own webhook address."
    )

    # === COMPUTE METHODS === #

    @api.depends("code")
    def _compute_payment_request_endpoint_token(self):
        for provider in self:
            # Once given, an address is kept: Stripe knows it.
            provider.payment_request_endpoint_token = (
                provider.payment_request_endpoint_token or secrets.token_urlsafe(24)
            )

    @api.depends("payment_request_endpoint_token")
    def _compute_payment_request_webhook_url(self):
        for provider in self:
            provider.payment_request_webhook_url = (
                f"{provider.get_base_url()}/api/stripe/webhook/"
                f"{provider.payment_request_endpoint_token}"
                if provider.code == "stripe"
                else False
            )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        self._forget_payment_request_endpoints()
        return super().create(vals_list)

    def write(self, vals):
        if ENDPOINT_FIELDS & set(vals):
            self._forget_payment_request_endpoints()
        moved = "company_id" in vals and self.filtered(
            lambda provider: provider.company_id.id != vals["company_id"]
        )
        if moved and moved._has_payment_request_events():
            raise UserError(
                self.env._(
                    "Stripe has told this provider of payments of %(company)s: it stays there. "
                    "Duplicate it for the other company.",
                    company=moved.company_id[:1].name,
                )
            )
        return super().write(vals)

    def unlink(self):
        self._forget_payment_request_endpoints()
        return super().unlink()

    @api.ondelete(at_uninstall=False)
    def _unlink_except_told(self):
        if self._has_payment_request_events():
            raise UserError(
                self.env._("Stripe has told this provider of payments: disable it instead.")
            )

    def _has_payment_request_events(self):
        events = self.env["payment.request.event"].sudo()
        return bool(events.search_count([("provider_id", "in", self.ids)], limit=1))

    def _forget_payment_request_endpoints(self):
        """Forget them now, and once more after the commit: another thread may have read between."""
        self.env.registry.clear_cache()
        self.env.cr.postcommit.add(self.env.registry.clear_cache)

    # === ACTION METHODS === #

    def action_payment_request_create_webhook(self):
        """Create the endpoint at Stripe, with exactly the events we handle, and keep its secret.

        A second press makes a new endpoint and keeps the old secret beside the new one, so that
        nothing is refused while both exist.

        :raise UserError: when Stripe cannot be asked or says no
        """
        self.ensure_one()
        self.check_access("write")
        provider = self.sudo()
        # Asked again after a crash, Stripe answers with the same endpoint and its secret.
        provider.payment_request_webhook_key = (
            provider.payment_request_webhook_key or secrets.token_urlsafe(24)
        )
        self.env["ir.cron"]._commit_progress()
        try:
            ref, secret = provider._get_stripe_gateway().create_webhook_endpoint(
                provider.payment_request_webhook_url,
                self.env["payment.request.event"]._handled_event_types(),
                self.env._("Odoo payment requests"),
                provider.payment_request_webhook_key,
            )
        except GatewayError as error:
            if not isinstance(error, Unavailable):
                provider.payment_request_webhook_key = False
                self.env["ir.cron"]._commit_progress()
            raise UserError(
                self.env._("Stripe did not create the webhook: %(reason)s", reason=error.message)
            ) from error
        known = provider.payment_request_webhook_secret
        provider.payment_request_webhook_secret = f"{secret},{known}" if known else secret
        provider.payment_request_webhook_ref = ref
        provider.payment_request_webhook_key = False
        _logger.info("webhook_endpoint=%s created for provider %s", ref, self.id)
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._("The webhook was created at Stripe and its secret stored."),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

    # === BUSINESS METHODS === #

    @api.model
    def _open_payment_request_event(self, endpoint_token, body, signature_header):
        """Return the provider that an address belongs to, and the event that Stripe signed for it.

        :param str endpoint_token: the end of the address; without one, the only Stripe provider
            that has a secret is meant
        :param bytes body: the request's body as it arrived
        :param str signature_header: the ``Stripe-Signature`` header
        :return: ``(provider, event)``, or ``(none, none)`` for an unknown address
        :raise Misconfigured: when the provider has no signing secret
        :raise SignatureError: when the signature is missing, wrong or stale
        :raise MalformedPayload: when a signed body is no event
        """
        provider_id, signing_secrets = self._find_payment_request_endpoint(endpoint_token)
        if not provider_id:
            return self.browse(), None
        event = verify_webhook(body, signature_header, signing_secrets.split(","))
        return self.browse(provider_id), event

    @api.model
    def _find_payment_request_endpoint(self, endpoint_token):
        """Return the id and the signing secrets of an address; for this model only."""
        endpoints = self._get_payment_request_endpoints()
        if endpoint_token is not None:
            return endpoints.get(endpoint_token, (None, ""))
        with_secret = [endpoint for endpoint in endpoints.values() if endpoint[1]]
        return with_secret[0] if len(with_secret) == 1 else (None, "")

    @api.model
    @ormcache()
    def _get_payment_request_endpoints(self):
        """Return ``{endpoint token: (provider id, signing secrets)}``, kept between requests.

        All of a Stripe account's events ask for it, many more than are ours.
        """
        providers = self.sudo().search([("code", "=", "stripe")], order="id")
        return {
            provider.payment_request_endpoint_token: (
                provider.id,
                provider.payment_request_webhook_secret or "",
            )
            for provider in providers
        }
