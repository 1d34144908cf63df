# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import SUPERUSER_ID, api, models

from ..gateways.errors import Misconfigured
from ..gateways.twilio_words import wish_of_answer

ANSWER_PATH = "/payment_request/twilio/answer"


class PaymentRequestDelivery(models.Model):
    """What customers answer to an SMS: that they want no more of them, or again some."""

    _inherit = "payment.request.delivery"

    @api.model
    def _find_answered_companies(self, form, headers):
        """Return the companies (as root) whose Twilio account signed that an SMS came in.

        :param form: the posted form, with repeated keys kept
        :param headers: of the request; a missing signature is no signature
        """
        account = form.get("AccountSid") or ""
        companies = self.env["res.company"].with_user(SUPERUSER_ID)
        if not account.isprintable():
            return companies  # PostgreSQL would refuse it
        return companies.search([("sms_twilio_account_sid", "=", account)]).filtered(
            lambda company: company._is_twilio_request_genuine(ANSWER_PATH, form, headers)
        )

    @api.model
    def _apply_answer(self, companies, form):
        """Keep a customer's STOP on Odoo's phone blacklist, or take it back; nothing else counts.

        :param companies: whose Twilio account the SMS came in at
        :param dict form: as Twilio posts it, proven to be Twilio's
        """
        number = companies[:1].partner_id._phone_format(number=form.get("From") or "+")
        wish = wish_of_answer(form.get("OptOutType") or "", form.get("Body") or "")
        if not number or not wish:
            return
        blacklist = companies.env["phone.blacklist"]
        if wish == "stop":
            note = self.env._("%(number)s has answered STOP to an SMS.", number=number)
            blacklist._add_stopped([number], message=note)
            self._tell_requests(companies, number, note)
            return
        entry = blacklist.search([("number", "=", number)], limit=1)
        if not entry:
            return
        if not entry.is_stopped_by_phone:
            self._ask_about_start(companies, entry)
            return
        note = self.env._("%(number)s has answered START: SMS are welcome.", number=number)
        blacklist._remove([number], message=note)
        self._tell_requests(companies, number, note)

    @api.model
    def _ask_about_start(self, companies, entry):
        """Have a person decide on a START, when it was a person who blocked the number.

        :param entry: of Odoo's phone blacklist
        """
        summary = self.env._("%(number)s wants SMS again", number=entry.number)
        note = self.env._(
            "It answered START, but it did not get on the phone blacklist by its own STOP. Take it "
            "off the list if the customer may decide so."
        )
        entry.message_post(body=note, subtype_xmlid="mail.mt_note")
        for request in self._get_told_requests(companies, entry.number).sorted("id")[-1:]:
            request._notify_person_in_charge(summary, note)

    @api.model
    def _get_told_requests(self, companies, number):
        """Return the open requests that `number` had an SMS about."""
        return (
            self.with_user(SUPERUSER_ID)
            .search(
                [
                    ("recipient", "=", number),
                    ("channel", "=", "sms"),
                    ("company_id", "in", companies.ids),
                    ("request_id.state", "in", ("draft", "sent", "failed")),
                ]
            )
            .request_id
        )

    @api.model
    def _tell_requests(self, companies, number, note):
        """Say it on the open requests that `number` had an SMS about."""
        requests = self._get_told_requests(companies, number)
        requests._message_log_batch({request.id: note for request in requests})
        for request in requests:
            request._log_step("the recipient of its SMS answered")


class ResCompany(models.Model):
    _inherit = "res.company"

    def _is_twilio_request_genuine(self, path, form, headers):
        """Tell whether this company's Twilio account signed a request to our public `path`.

        :param form: the posted form, with repeated keys kept
        :param headers: of the request; a missing signature is no signature
        """
        self.ensure_one()
        try:
            gateway = self._get_twilio_gateway()
        except Misconfigured:
            return False
        signature = headers.get("X-Twilio-Signature")
        return gateway.is_valid_callback(f"{self.get_base_url()}{path}", form, signature)
