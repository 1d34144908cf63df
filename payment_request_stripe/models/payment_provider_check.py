# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import models

from ..gateways.errors import GatewayError

WORKERS = (
    "ir_cron_process_events",
    "ir_cron_send_deliveries",
    "ir_cron_poll_stripe",
    "ir_cron_expire_requests",
)


class PaymentProvider(models.Model):
    """What must be true before money is asked for, as sentences an administrator can act on."""

    _inherit = "payment.provider"

    def action_payment_request_check(self):
        """Check the set-up here and at Stripe, and say what is missing; changes nothing."""
        self.ensure_one()
        self.check_access("write")
        provider = self.sudo()
        trouble = [
            sentence
            for sentence in (
                *provider._check_payment_request_accounts(),
                *provider._check_payment_request_workers(),
                *provider._check_payment_request_at_stripe(),
            )
            if sentence
        ]
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "warning" if trouble else "success",
                "sticky": bool(trouble),
                "title": self.env._("Payment requests"),
                "message": "\n".join(trouble)
                or self.env._("Everything is set up: payment links can be sent and are booked."),
            },
        }

    def _check_payment_request_accounts(self):
        """Yield what is wrong with the key, the journal or the clearing account."""
        yield self._check_payment_request_setup()
        account = self._get_payment_request_method_line().payment_account_id
        if account and not (account.reconcile and account.account_type == "asset_current"):
            yield self.env._(
                "The clearing account %(account)s must be a reconcilable current asset, or "
                "payouts cannot be matched with their payments.",
                account=account.display_name,
            )

    def _check_payment_request_workers(self):
        """Yield what keeps links from being reached, or events from being booked."""
        if self.state == "enabled" and not self.get_base_url().startswith("https://"):
            yield self.env._("The address of this Odoo (web.base.url) must start with https.")
        for name in WORKERS:
            cron = self.env.ref(f"payment_request_stripe.{name}", raise_if_not_found=False)
            if not (cron and cron.active):
                yield self.env._(
                    "The scheduled action %(name)s is switched off.",
                    name=cron.name if cron else name,
                )

    def _check_payment_request_at_stripe(self):
        """Yield what Stripe says is wrong: the key, the account, the webhook endpoint."""
        if not self.payment_request_webhook_secret:
            yield self.env._("There is no signing secret: press Create Webhook.")
        if self._check_payment_request_setup():
            return
        try:
            gateway = self._get_stripe_gateway()
            account = gateway.retrieve_account()
            endpoints = gateway.list_webhook_endpoints()
        except GatewayError as error:
            yield self.env._("Stripe said: %(reason)s", reason=error.message)
            return
        if not account.charges_enabled:
            yield self.env._("Stripe does not let this account take payments yet.")
        ours = [one for one in endpoints if one.url == self.payment_request_webhook_url]
        live = [one for one in ours if one.status == "enabled"]
        if not live:
            yield self.env._(
                "Stripe has no active webhook to %(url)s.", url=self.payment_request_webhook_url
            )
        handled = set(self.env["payment.request.event"]._handled_event_types())
        if live and not any(handled <= {*one.event_types} for one in live):
            yield self.env._("The webhook at Stripe does not send all events: create it again.")
