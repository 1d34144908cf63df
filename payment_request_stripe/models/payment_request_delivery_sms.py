# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from concurrent.futures import ThreadPoolExecutor

from odoo import api, models

from ..gateways.errors import GatewayError, Misconfigured, OutcomeUnknown, Unavailable
from ..gateways.twilio_api import TWILIO_STATUS, describe_error

# Twilio answers after a tenth of a second or more: so many calls wait side by side.
THREADS = 8
# Twilio's word for a recipient who answered STOP.
OPTED_OUT = "21610"
# target: the states a callback may move an SMS there from; callbacks repeat and overtake.
CALLBACK_SOURCES = {
    "sent": ("sending", "unknown"),
    "delivered": ("sending", "sent", "unknown", "failed"),
    "failed": ("sending", "sent", "unknown"),
}


class PaymentRequestDelivery(models.Model):
    """SMS through Twilio: texts are rendered first, then only HTTP runs in threads."""

    _inherit = "payment.request.delivery"

    def _send_sms(self):
        """Hand these messages to Twilio side by side; each records its own outcome."""
        company = self.env.company
        try:
            gateway = company._get_twilio_gateway()
        except Misconfigured as error:
            for row in self:
                row._record("failed", failure_reason=error.message)
            return
        calls = self._prepare_sms(company)

        def send(arguments):
            # No ORM here: a cursor belongs to one thread.
            try:
                return gateway.send_sms(**arguments)
            except GatewayError as error:
                return error

        with ThreadPoolExecutor(max_workers=THREADS) as pool:
            outcomes = list(pool.map(send, calls))
        for row, outcome in zip(self, outcomes, strict=True):
            row._record_sms(outcome)

    def _prepare_sms(self, company):
        """Return the arguments of one gateway call per message."""
        template = self.env.ref("payment_request_stripe.sms_template_payment_request").sudo()
        requests = self.request_id
        bodies = template._render_field("body", requests.ids, compute_lang=True)
        base = company.get_base_url()
        return [
            {
                "to": row.recipient,
                "body": bodies[row.request_id.id],
                "status_callback": f"{base}/payment_request/twilio/status/{row.uuid}",
                **company._get_sms_sender(row.recipient),
            }
            for row in self
        ]

    def _record_sms(self, outcome):
        """Write what Twilio answered; what cannot be known is never sent again by a machine."""
        if isinstance(outcome, OutcomeUnknown):
            self._record("unknown", failure_reason=outcome.message)
        elif isinstance(outcome, Unavailable):
            self._retry_or_fail(outcome.message)
        elif isinstance(outcome, GatewayError):
            self._record("failed", failure_reason=self._explain_sms(outcome.code))
            if outcome.code == OPTED_OUT:
                self.env["phone.blacklist"].sudo()._add([self.recipient])
        else:
            self._record("sent", vendor_ref=outcome.ref, failure_reason=False)

    # === FEEDBACK === #

    @api.model
    def _find_by_uuid(self, uuid):
        """Return the SMS (sudo) of a status callback, or none."""
        return self.sudo().search([("uuid", "=", uuid), ("channel", "=", "sms")], limit=1)

    def _is_callback_genuine(self, form, headers):
        """Tell whether Twilio signed this callback for our public address.

        :param form: the posted form, with repeated keys kept
        :param headers: of the request; a missing signature is no signature
        """
        self.ensure_one()
        url = f"{self.get_base_url()}/payment_request/twilio/status/{self.uuid}"
        try:
            gateway = self.company_id._get_twilio_gateway()
        except Misconfigured:
            return False
        return gateway.is_valid_callback(url, form, headers.get("X-Twilio-Signature"))

    def _apply_callback(self, form):
        """Move this SMS forward by what Twilio reports; what is older or repeated is dropped."""
        self.ensure_one()
        target = TWILIO_STATUS.get(form.get("MessageStatus", ""))
        code = form.get("ErrorCode") or ""
        if not target or self.state not in CALLBACK_SOURCES.get(target, ()):
            return
        if target == "failed":
            self._record("failed", failure_reason=self._explain_sms(code))
            if code == OPTED_OUT:
                self.env["phone.blacklist"].sudo()._add([self.recipient])
        else:
            self._record(target)

    def _explain_sms(self, code):
        """Return what went wrong and what to do, for an accountant, by Twilio's error code."""
        number = self.recipient
        sentences = {
            "bad_number": self.env._("%(number)s cannot receive SMS. Correct the number."),
            "opted_out": self.env._("%(number)s has answered STOP. Use e-mail instead."),
            "routing": self.env._("Twilio may not send to %(number)s: allow the country there."),
            "sender": self.env._("Twilio does not accept our sender number for %(number)s."),
            "request": self.env._("Twilio did not accept the text for %(number)s."),
            "auth": self.env._("Twilio refuses our account: check its SID and token."),
            "unreachable": self.env._("The phone %(number)s is off or out of reach. Try later."),
            "no_use": self.env._("%(number)s does not exist or is a landline."),
            "blocked": self.env._("The carrier of %(number)s blocked the message. Use e-mail."),
        }
        sentence = sentences.get(describe_error(code)) or self.env._(
            "The SMS to %(number)s failed for an unknown reason."
        )
        return sentence % {"number": number} + (f" (Twilio {code})" if code else "")
