# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import models

from ..gateways.errors import GatewayError
from .payment_provider_check import Check


class PaymentProvider(models.Model):
    """The assistant's line about SMS: Twilio's account, and who the messages come from."""

    _inherit = "payment.provider"

    def _check_setup_twilio(self):
        company = self.company_id
        if company.sms_provider != "twilio" or not company.sms_twilio_account_sid:
            return Check("twilio", "note", self.env._("Not used: links go out by e-mail only."))
        if sentence := company._get_sms_trouble():
            return Check("twilio", "trouble", sentence)
        try:
            gateway = company._get_twilio_gateway()
            trouble = self._find_twilio_trouble(gateway, gateway.get_account_status())
        except GatewayError as error:
            trouble = self.env._("Twilio said: %(reason)s", reason=error.message)
        if trouble:
            return Check("twilio", "trouble", trouble)
        return Check("twilio", "ok", self.env._("The account is active and has a sender."))

    def _find_twilio_trouble(self, gateway, status):
        """Return what keeps the account from sending for this company, or nothing.

        :param str status: Twilio's word for how the account is
        :raise GatewayError: when Twilio cannot be asked
        """
        if status != "active":
            return self.env._("Twilio's account is %(status)s.", status=status)
        service = self.company_id.payment_request_messaging_service
        if service and not gateway.has_messaging_service(service):
            return self.env._(
                "Twilio's account has no messaging service %(service)s: copy its SID from Twilio.",
                service=service,
            )
        numbers = [] if service else self.company_id.sms_twilio_number_ids.mapped("number")
        if missing := gateway.find_missing_senders(numbers):
            return self.env._(
                "Twilio's account cannot send SMS from %(numbers)s: load its numbers again.",
                numbers=", ".join(missing),
            )
        return ""
