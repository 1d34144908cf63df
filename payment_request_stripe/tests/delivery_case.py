# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A company that can send SMS and e-mail, with Twilio faked on the wire."""

from odoo.fields import Command

from .common import PaymentRequestCommon
from .twilio_wire import GOOD_SENDER, TwilioWireCase

ACCOUNT = "AC" + "0" * 32
TOKEN = "token_of_the_suite"


class DeliveryCase(TwilioWireCase, PaymentRequestCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_twilio(cls.company, GOOD_SENDER)
        # Whatever the clock says while the suite runs, it is not night.
        cls.company.write({"payment_request_quiet_from": 0, "payment_request_quiet_to": 0})
        cls.outbox = cls.env["payment.request.delivery"]

    @classmethod
    def _set_up_twilio(cls, company, number):
        company.write(
            {
                "sms_provider": "twilio",
                "sms_twilio_account_sid": ACCOUNT,
                "sms_twilio_auth_token": TOKEN,
                "sms_twilio_number_ids": [
                    Command.create({"number": number, "country_id": cls.env.ref("base.us").id})
                ],
            }
        )

    def _ask(self, method="sms", amount=100.0, partner=None, **options):
        """Ask a customer for a new invoice and return the request (sudo)."""
        invoice = self._create_invoice(amount, partner=partner)
        return self._create_request(invoice, delivery_method=method, **options)

    def _drain(self):
        self._run_cron("ir_cron_send_deliveries")

    def _send(self, *args, **options):
        """Ask, let the worker send, and return the request's messages."""
        request = self._ask(*args, **options)
        self._drain()
        return request.delivery_ids

    def _get_activities(self, request):
        return "\n".join(f"{activity.summary} {activity.note}" for activity in request.activity_ids)
