# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import logging
from concurrent.futures import ThreadPoolExecutor

from odoo import api, models

from ..gateways.errors import GatewayError, Misconfigured, OutcomeUnknown, Unavailable
from ..gateways.phone_numbers import region_of_number
from ..gateways.twilio_words import TWILIO_STATUS, describe_error
from .payment_request_delivery import Outcome

_logger = logging.getLogger(__name__)

# Twilio answers after a tenth of a second or more: so many calls wait side by side.
THREADS = 10
# Twilio's word for a recipient who answered STOP.
OPTED_OUT = "21610"
# What lies with the recipient, by what to do about it.
RECIPIENT_TROUBLE = {
    "bad_number": "lasting",
    "no_use": "lasting",
    "blocked": "for_now",
    "unreachable": "for_now",
    "unknown": "for_now",
}
SMS_TEMPLATE = "payment_request_stripe.sms_template_payment_request"


class PaymentRequestDelivery(models.Model):
    """SMS through Twilio: texts are rendered first, then only HTTP runs in threads."""

    _inherit = "payment.request.delivery"

    def _send_sms(self):
        """Hand these messages of one company to Twilio, side by side.

        :return: ``{row: Outcome}``
        """
        company = self.company_id
        if trouble := company._get_sms_trouble():
            return {row: Outcome("failed", trouble) for row in self}
        gateway = company._get_twilio_gateway()
        outcomes, calls = self._prepare_sms(company)
        # No transaction stays open while Twilio is asked.
        self.env["ir.cron"]._commit_progress()

        def send(arguments):
            # No ORM here: a cursor belongs to one thread.
            try:
                return gateway.send_sms(**arguments)
            except GatewayError as error:
                return error
            except Exception:  # say an answer that is none: the others' answers still count
                _logger.exception("an SMS broke the gateway")
                return OutcomeUnknown("Twilio's answer is unreadable.")

        with ThreadPoolExecutor(max_workers=THREADS) as pool:
            answers = list(pool.map(send, calls.values()))
        for row, answer in zip(calls, answers, strict=True):
            outcomes[row] = row._get_sms_outcome(answer)
        return outcomes

    def _prepare_sms(self, company):
        """Return the outcomes of what cannot be written, and one gateway call per other message."""
        outcomes, calls = {}, {}
        bodies = self._render_sms()
        base = company.get_base_url()
        for row in self:
            body = bodies.get(row)
            if not body:
                reason = self.env._("The text could not be written: check the SMS template.")
                outcomes[row] = Outcome("failed", reason)
                continue
            calls[row] = {
                "to": row.recipient,
                "body": body,
                "status_callback": f"{base}/payment_request/twilio/status/{row.uuid}",
                **company._get_sms_sender(row.recipient),
            }
        return outcomes, calls

    def _render_sms(self):
        """Return ``{row: text}``; a message whose text cannot be rendered is left out."""
        bodies = {}
        for template, rows in self.grouped(lambda row: row._get_sms_template()).items():
            if template:
                rows.template_name = template.name
                texts = rows._render_each(
                    lambda ids, template=template: template.sudo()._render_field(
                        "body", ids, compute_lang=True
                    )
                )
                bodies |= {row: texts.get(row.request_id.id) for row in rows}
        return bodies

    def _get_sms_template(self):
        """Return the template of this message, or none when somebody deleted it."""
        self.ensure_one()
        template = self.env.ref(SMS_TEMPLATE, raise_if_not_found=False)
        return template or self.env["sms.template"]

    def _get_sms_outcome(self, answer):
        """Sort what the gateway answered, a `DeliveryReport` or a `GatewayError`."""
        self.ensure_one()
        if not isinstance(answer, GatewayError):
            return Outcome("sent", vendor_ref=answer.ref)
        if isinstance(answer, OutcomeUnknown):
            reason = self.env._(
                "Twilio did not answer in time: it may or may not have been sent. Ask the "
                "customer, or send it again."
            )
            return Outcome("unknown", reason)
        if isinstance(answer, Unavailable):
            reason = self.env._("Twilio could not take it (%(why)s).", why=answer.message)
            return Outcome("retry", reason)
        if not answer.code:
            return Outcome("failed", answer.message)
        is_ours = isinstance(answer, Misconfigured)
        if not is_ours and describe_error(answer.code) == "unknown":
            # It may be our account as well as the number: when Twilio's words do not name the
            # number, it is one task for all messages.
            reason = self.env._(
                "Twilio did not take the SMS: %(why)s Use e-mail, or ask whoever looks after our "
                "Twilio account. (Twilio %(code)s)",
                why=f"{answer.message.rstrip('.')}.",
                code=answer.code,
            )
            return Outcome("failed", reason)
        return self._get_failed_outcome(answer.code, is_ours=is_ours)

    def _get_failed_outcome(self, code, is_ours=False, **values):
        """Return the outcome of an SMS that did not arrive, by Twilio's error code."""
        fault = "" if is_ours else RECIPIENT_TROUBLE.get(describe_error(code), "")
        return Outcome(
            "failed",
            self._explain_sms(code, is_ours=is_ours),
            opted_out=code == OPTED_OUT,
            recipient_trouble=fault,
            **values,
        )

    # === FEEDBACK === #

    @api.model
    def _find_by_uuid(self, uuid):
        """Return the SMS (sudo) of a status callback, or none."""
        if not uuid.isprintable():
            return self.browse()  # PostgreSQL would refuse it
        return self.sudo().search([("uuid", "=", uuid), ("channel", "=", "sms")], limit=1)

    def _is_callback_genuine(self, form, headers):
        """Tell whether Twilio signed this callback for our public address.

        :param form: the posted form, with repeated keys kept
        :param headers: of the request; a missing signature is no signature
        """
        self.ensure_one()
        path = f"/payment_request/twilio/status/{self.uuid}"
        return self.company_id._is_twilio_request_genuine(path, form, headers)

    def _apply_callback(self, form):
        """Move this SMS forward by what Twilio reports; what is older or repeated is dropped."""
        self.ensure_one()
        state = TWILIO_STATUS.get(form.get("MessageStatus", ""))
        if not state:
            return
        ref, code = form.get("MessageSid", ""), form.get("ErrorCode") or ""
        if state == "failed":
            outcome = self._get_failed_outcome(code, vendor_ref=ref)
        else:
            outcome = Outcome(state, vendor_ref=ref)
        self._apply_outcomes({self: outcome})._react()

    def _explain_sms(self, code, is_ours=False):
        """Return what went wrong and what to do, for an accountant, by Twilio's error code.

        :param is_ours: Twilio said that it is our account or sender, whatever the code
        """
        advice = describe_error(code)
        if is_ours and advice == "unknown":
            advice = "auth"
        sentences = {**self._get_their_troubles(), **self._get_our_troubles()}
        sentence = sentences.get(advice) or self.env._(
            "The SMS to %(number)s did not arrive, for no known reason. Use e-mail instead."
        )
        places = {"number": self.recipient, "country": self._get_country_name()}
        return sentence % places + (f" (Twilio {code})" if code else "")

    @api.model
    def _get_their_troubles(self):
        """Return the sentences on what lies with the recipient, with a place for the number."""
        return {
            "bad_number": self.env._("%(number)s cannot receive SMS. Correct the number."),
            "opted_out": self.env._("%(number)s has answered STOP. Use e-mail instead."),
            "unreachable": self.env._(
                "The phone %(number)s is off or out of reach. Resend it later, or use e-mail."
            ),
            "no_use": self.env._(
                "%(number)s does not exist or is a landline. Correct the number, or use e-mail."
            ),
            "blocked": self.env._("The carrier of %(number)s blocked the message. Use e-mail."),
        }

    @api.model
    def _get_our_troubles(self):
        """Return the sentences on what lies with ourselves.

        None names the number: it is one task for all messages (to a country, where it is about
        that), see :meth:`_is_our_trouble`.
        """
        return {
            "country": self.env._(
                "Our Twilio account may not send to numbers of this country: %(country)s. Allow it "
                "in Twilio's geo permissions, or use e-mail."
            ),
            "no_route": self.env._(
                "Our Twilio number cannot reach numbers of this country: %(country)s. Add one that "
                "can to the settings, or use e-mail."
            ),
            "sender": self.env._(
                "Twilio does not accept our sender. Check the Twilio numbers in the settings."
            ),
            "request": self.env._(
                "Twilio did not accept the text. Check the SMS template, and the length of your "
                "own messages."
            ),
            "auth": self.env._(
                "Twilio refuses our account. Check its SID and token in the settings."
            ),
            "trial": self.env._(
                "Our Twilio account is on trial: it sends to no numbers but those that were "
                "verified there. Upgrade it."
            ),
            "slow_down": self.env._(
                "Twilio was given more messages than our account or sender may send. Send them "
                "again later."
            ),
        }

    def _get_country_name(self):
        """Return the country of the number, or how numbers like it begin."""
        self.ensure_one()
        region = region_of_number(self.recipient)
        country = region and self.env["res.country"].search([("code", "=", region)], limit=1)
        return country.name if country else self.recipient[:4]
