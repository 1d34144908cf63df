# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A company that is set up in full, and whose Stripe tells of what happens."""

from odoo import SUPERUSER_ID, api

from .common import PaymentRequestHttpCase
from .delivery_case import DeliveryCase
from .mail_wire import mail_server


class SetupCase(DeliveryCase, PaymentRequestHttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.email = "office@hartmann.example"
        cls.provider = cls.provider.sudo()

    def setUp(self):
        super().setUp()
        self.env["ir.config_parameter"].set_param("web.base.url", self.base_url())
        with self._as_in_production(self.provider) as provider:
            provider.action_payment_request_create_webhook()
        (self.endpoint,) = self.stripe.webhook_endpoints.values()
        self.mail = self.enterContext(mail_server(self.env))
        self.stripe.webhook = self._tell

    def _tell(self, event):
        """Have an event arrive, as the webhook's route does."""
        with self.registry.cursor() as cr:
            provider = self.provider.with_env(api.Environment(cr, SUPERUSER_ID, {}))
            provider.env["payment.request.event"]._store(provider, event)

    def _hear(self):
        """Have Stripe be heard just now; else the assistant knocks at this very server."""
        event = self.stripe.event("charge.updated", {"object": "charge", "id": "ch_x"})
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE payment_request_event SET create_date = clock_timestamp() AT TIME ZONE 'UTC' "
            "WHERE event_ref = %s",
            [event["id"]],
        )

    def _open(self):
        self._hear()
        with self._as_in_production(self.provider) as provider:
            action = provider.action_payment_request_check()
        return self.env[action["res_model"]].browse(action["res_id"])
