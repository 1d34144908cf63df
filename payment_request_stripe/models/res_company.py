# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import fields, models

from ..gateways.errors import Misconfigured
from ..gateways.phone_numbers import region_of_number
from ..gateways.twilio_api import TwilioGateway
from .payment_provider import TWILIO_API_BASE


class ResCompany(models.Model):
    _inherit = "res.company"

    payment_request_expiry_days = fields.Integer(
        string="Payment Link Validity (Days)",
        default=30,
        help="How long a payment link works when nothing else is said.",
    )
    payment_request_attach_invoices = fields.Boolean(
        string="Attach Invoices to Payment Requests",
        help="Attach the PDF of each invoice to the e-mail that carries the payment link. One that "
        "cannot be made keeps no link back: a note on the request says so.",
    )
    payment_request_messaging_service = fields.Char(
        string="Twilio Messaging Service SID",
        groups="base.group_system",
        help="When set (MG…), Twilio chooses the sender; otherwise the company's Twilio numbers "
        "are used, by the country of the recipient.",
    )

    payment_request_cascade = fields.Boolean(
        string="Try SMS When E-mail Does Not Arrive",
        help="When the e-mail bounces, or its link is not opened within the days below, the link "
        "goes out by SMS, and when that fails too, the person in charge is told.",
    )
    payment_request_cascade_days = fields.Integer(
        string="Days Before the Next Channel",
        default=3,
        help="How long an unopened link waits before the next channel is tried.",
    )
    payment_request_quiet_from = fields.Float(
        string="Quiet Hours From",
        default=21.0,
        help="In the customer's time zone: of the phone number, else of the contact. The system "
        "sends nothing by itself in these hours, and tries no SMS again; what a person sends goes "
        "out at once. An SMS that a program asks for by REST waits, unless it says otherwise.",
    )
    payment_request_quiet_to = fields.Float(string="Quiet Hours Until", default=8.0)
    payment_request_promise_days = fields.Integer(
        string="Longest Promise (Days)",
        default=14,
        help="So far ahead a customer may promise to pay; reminders wait until then.",
    )
    payment_request_qr_on_invoice = fields.Boolean(
        string="Payment Link QR Code on Invoices",
        help="Print the QR code of the open payment link on the PDF of its invoices.",
    )

    _payment_request_expiry_days_positive = models.Constraint(
        "CHECK (payment_request_expiry_days > 0)",
        "A payment link must be valid for at least one day.",
    )
    _payment_request_cascade_days_positive = models.Constraint(
        "CHECK (payment_request_cascade_days > 0)",
        "An unopened payment link must wait for at least one day.",
    )
    _payment_request_promise_days_positive = models.Constraint(
        "CHECK (payment_request_promise_days >= 0)",
        "The longest promise cannot be less than no day.",
    )
    _payment_request_quiet_hours = models.Constraint(
        "CHECK (payment_request_quiet_from >= 0 AND payment_request_quiet_from <= 24"
        " AND payment_request_quiet_to >= 0 AND payment_request_quiet_to <= 24)",
        "Quiet hours lie between 0:00 and 24:00.",
    )

    def _get_twilio_gateway(self):
        """Return the gateway to this company's Twilio account.

        :raise Misconfigured: when the account or its token is missing
        """
        self.ensure_one()
        company = self.sudo()
        if not company._has_twilio_account():
            raise Misconfigured(self._explain_no_twilio_account())
        provider = self.env["payment.provider"]._get_payment_request_provider(self)
        return TwilioGateway(
            company.sms_twilio_account_sid,
            company.sms_twilio_auth_token,
            api_base=provider and provider._get_payment_request_api_base(TWILIO_API_BASE),
        )

    def _has_twilio_account(self):
        company = self.sudo()
        return bool(company.sms_twilio_account_sid and company.sms_twilio_auth_token)

    def _explain_no_twilio_account(self):
        return self.env._("Twilio is not set up for %(name)s.", name=self.name)

    def _get_sms_trouble(self):
        """Return the sentence that says why this company can send no SMS at all, or nothing."""
        self.ensure_one()
        company = self.sudo()
        if not company._has_twilio_account():
            return self._explain_no_twilio_account()
        if company.sms_provider != "twilio":
            # The account is not shown there then, and stays where it is.
            return self.env._(
                "Twilio is not chosen for the SMS of %(name)s in the settings.", name=self.name
            )
        if company.payment_request_messaging_service or company.sms_twilio_number_ids:
            return ""
        return self.env._("Twilio has no number or messaging service to send from.")

    def _get_sms_sender(self, recipient):
        """Return who sends an SMS to `recipient` (E.164): the service, or a number by country.

        :rtype: dict
        """
        self.ensure_one()
        company = self.sudo()
        if company.payment_request_messaging_service:
            return {"messaging_service": company.payment_request_messaging_service}
        region = region_of_number(recipient)
        numbers = company.sms_twilio_number_ids
        number = numbers.filtered(lambda one: one.country_code == region)[:1] or numbers[:1]
        return {"sender": number.number or ""}
