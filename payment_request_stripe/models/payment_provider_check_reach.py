# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from datetime import timedelta

from odoo import fields, models

from ..gateways.reach import knock
from .payment_provider_check import Check

# An event that came so lately proves that the address is heard.
HEARD_WITHIN = timedelta(days=7)
# What an event proves holds as long as these are as they were when it came.
HEARD_BY = {"state", "payment_request_endpoint_token", "payment_request_webhook_secret"}


class PaymentProvider(models.Model):
    """The assistant's line about Stripe's events: do they arrive here, signed by Stripe?"""

    _inherit = "payment.provider"

    payment_request_heard_since = fields.Datetime(
        copy=False,
        readonly=True,
        groups="base.group_system",
        help="When the secret or the address of the webhook was last changed: events that came "
        "earlier prove nothing any more.",
    )

    def write(self, vals):
        if HEARD_BY & set(vals):
            vals = {**vals, "payment_request_heard_since": fields.Datetime.now()}
        return super().write(vals)

    def _check_setup_reachable(self):
        """Look for an event of Stripe, or knock at our own address with a signed one.

        Only Stripe's own event proves that the secret is Stripe's: we sign with the one we have.
        """
        if last := self._find_event_heard():
            moment = self._tell_moment(last.create_date)
            sentence = self.env._("Stripe's last event came on %(moment)s.", moment=moment)
            return Check("reachable", "ok", sentence)
        secret = (self.payment_request_webhook_secret or "").split(",")[0].strip()
        if not secret:
            sentence = self.env._("It can be tried once there is a webhook.")
            return Check("heard", "note", sentence)
        url = self.payment_request_webhook_url
        # A secret that was stored just now: the other processes, of which one answers, read it too.
        self.env.registry.signal_changes()
        status, _ref = knock(url, secret, livemode=self.state == "enabled")
        if status == 200:
            sentence = self.env._(
                "An event that we signed ourselves was heard at %(url)s. Stripe's first event will "
                "show whether the signing secret is right; a test payment brings one.",
                url=self.get_base_url(),
            )
            return Check("heard", "note", sentence)
        return Check("reachable", "trouble", self._explain_knock(status))

    def _find_event_heard(self):
        """Return the last event that Stripe told at this address, signed as now, or none."""
        events = self.env["payment.request.event"]
        parameters = self.env["ir.config_parameter"].search([("key", "=", "web.base.url")])
        changes = [self.payment_request_heard_since, *parameters.mapped("write_date")]
        since = max([fields.Datetime.now() - HEARD_WITHIN, *filter(None, changes)])
        told = [("provider_id", "=", self.id), *events._get_told_domain()]
        return events.search([*told, ("create_date", ">=", since)], order="id desc", limit=1)

    def _explain_knock(self, status):
        if status is None:
            return self.env._(
                "Nothing answers at %(url)s. Check the address and the proxy before Odoo; Stripe "
                "must reach it from outside.",
                url=self.get_base_url(),
            )
        if status == 404:
            return self.env._(
                "Another database or site answers at %(url)s: check web.base.url and dbfilter.",
                url=self.get_base_url(),
            )
        return self.env._(
            "The webhook at %(url)s answered %(status)s instead of 200: check the proxy before "
            "Odoo, and that it leaves the body of requests as it is.",
            url=self.get_base_url(),
            status=status,
        )
