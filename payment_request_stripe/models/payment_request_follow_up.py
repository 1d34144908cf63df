# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, fields, models
from odoo.tools import email_normalize

from ..gateways.mail_words import MailTrouble

# A channel, and the one that is tried when it does not reach the customer.
NEXT_CHANNEL = {"email": "sms"}


class PaymentRequest(models.Model):
    """The ways to the customer: which one comes next, and who wants no messages."""

    _inherit = "payment.request"

    cascade = fields.Selection(
        selection=[("yes", "Try SMS, then tell me"), ("no", "Only tell me")],
        string="If It Does Not Arrive",
        help="When the e-mail bounces or its link is not opened. Empty: as the company's settings "
        "say.",
    )

    # === THE CASCADE === #

    def _is_cascading(self):
        """Tell whether the next channel is tried when one does not reach the customer."""
        self.ensure_one()
        return self.cascade == "yes" or (
            not self.cascade and self.company_id.payment_request_cascade
        )

    def _is_asking(self):
        """Tell whether there is still something to ask the customer for by a message."""
        self.ensure_one()
        return self.state in ("sent", "failed") and not self.currency_id.is_zero(
            self.amount_residual
        )

    def _is_over(self):
        """Tell whether nobody waits for a message any more: it is paid, being paid or cancelled.

        Of a link that has expired, or that is no more than a draft, a person still has to know.
        """
        self.ensure_one()
        return self.state in ("processing", "completed", "cancelled") or self.currency_id.is_zero(
            self.amount_residual
        )

    def _take_next_channel(self, delivery, reason):
        """Queue the message of the channel after that of `delivery`; tell whether there is one."""
        self.ensure_one()
        recipient = self._get_next_recipient(delivery)
        if not recipient:
            return False
        channel = NEXT_CHANNEL[delivery.channel]
        rows = self._queue_messages(
            [(self, channel, recipient)], automatic=True, **delivery._get_next_values()
        )
        if not rows:
            return False
        self._message_log(
            body=self.env._(
                "%(recipient)s was not reached: %(reason)s Trying %(next)s.",
                recipient=delivery.bounced_for or delivery.recipient,
                reason=reason,
                next=recipient,
            )
        )
        return True

    def _get_next_recipient(self, delivery):
        """Return whom the next channel can reach, or nothing."""
        self.ensure_one()
        channel = NEXT_CHANNEL.get(delivery.channel)
        if delivery.is_forwarded or not (channel and self._is_cascading() and self._is_asking()):
            return ""
        if self.delivery_ids.filtered(lambda row: row.channel == channel):
            return ""
        if self._get_channel_refusal(self.company_id, [channel]):
            return ""
        known = {"to_email": self.to_email, "to_phone": self.to_phone}
        recipient = self._get_recipient(channel, self._get_recipients(self.partner_id, known))
        if not recipient or recipient.lower() in self._get_opted_out([recipient]):
            return ""
        return recipient

    def _tell_our_trouble(self, reason):
        """Raise one task for all messages that fail for `reason`, which lies with ourselves.

        A thousand messages that fail because Twilio refuses our account are one thing to mend.
        """
        self.ensure_one()
        summary = self.env._("Messages fail: %(reason)s", reason=reason)
        person = self._get_handler()
        known = (
            self.env["mail.activity"]
            .sudo()
            .search(
                [
                    ("res_model", "=", self._name),
                    ("summary", "=", summary),
                    ("user_id", "=", person.id),
                ]
            )
        )
        if self.company_id in self.sudo().browse(known.mapped("res_id")).exists().company_id:
            return
        self._notify_person_in_charge(
            summary,
            self.env._(
                "It may keep other messages back too. When it is mended, choose Not Reached in the "
                "list of payment requests, select all and press Send Again What Failed."
            ),
        )

    # === WHO WANTS NO MESSAGES === #

    @api.model
    def _get_opted_out(self, addresses):
        """Return those of `addresses` (lower case) on Odoo's e-mail or phone blacklist."""
        emails = [address.lower() for address in addresses if "@" in address]
        phones = [address for address in addresses if "@" not in address]
        found = set()
        if emails:
            rows = self.env["mail.blacklist"].sudo().search([("email", "in", emails)])
            found.update(rows.mapped("email"))
        if phones:
            rows = self.env["phone.blacklist"].sudo().search([("number", "in", phones)])
            found.update(rows.mapped("number"))
        return found

    # === WHAT CAME BACK === #

    def _message_receive_bounce(self, email, partner):
        """Mark the e-mail to `email` as come back; Odoo calls this for a bounced message of ours.

        The address is marked on the contacts that have it by Odoo itself (`message_bounce`).
        """
        result = super()._message_receive_bounce(email, partner)
        trouble = self.env.context.get("payment_request_bounce")
        if trouble is False:
            return result  # nothing came back, or it is known which one
        trouble = trouble if isinstance(trouble, MailTrouble) else MailTrouble("unknown")
        for request in self.sudo():
            rows = request.delivery_ids.filtered(
                lambda row: (
                    row.channel == "email"
                    and row.attempt_count
                    and email_normalize(row.recipient) == email_normalize(email)
                )
            )
            rows.sorted("id")[-1:]._bounce(trouble)
        return result
