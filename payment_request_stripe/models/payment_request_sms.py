# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, fields, models

from ..gateways.phone_numbers import region_of_number
from ..gateways.sms_text import measure, offenders

# Where carriers want every text of a business to say how to opt out (CTIA's and CWTA's rules).
OPT_OUT_COUNTRIES = ("AS", "CA", "GU", "MP", "PR", "US", "VI")


class PaymentRequest(models.Model):
    """The SMS: what it has to say, and how long it is."""

    _inherit = "payment.request"

    sms_opt_out_hint = fields.Char(compute="_compute_sms_opt_out_hint")

    @api.depends("to_phone", "partner_id.phone")
    def _compute_sms_opt_out_hint(self):
        for request in self:
            request.sms_opt_out_hint = (
                self.env._("Reply STOP to opt out.")
                if request._get_phone_region() in OPT_OUT_COUNTRIES
                else False
            )

    def _get_phone_region(self):
        """Return the country code of the number that an SMS would go to, or nothing."""
        self.ensure_one()
        number = self.to_phone or self._get_recipients(self.partner_id, {})["to_phone"]
        return region_of_number(number or "")

    @api.model
    def _describe_sms(self, text):
        """Return the sentence on the length of an SMS: places, encoding, messages to pay for."""
        size = measure(text or "")
        if not size.segments:
            return ""
        words = {"length": size.length, "room": size.room, "encoding": size.encoding}
        if size.segments == 1:
            said = self.env._("%(length)s of %(room)s characters, %(encoding)s, 1 message", **words)
        else:
            said = self.env._(
                "%(length)s of %(room)s characters, %(encoding)s, %(segments)s messages",
                segments=size.segments,
                **words,
            )
        if size.encoding != "GSM-7":
            said = self.env._(
                "%(said)s. Without %(characters)s it would be shorter.",
                said=said,
                characters=" ".join(offenders(text)[:10]),
            )
        return said
