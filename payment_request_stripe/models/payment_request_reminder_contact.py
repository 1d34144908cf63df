# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, fields, models
from odoo.tools import email_normalize


class PaymentRequest(models.Model):
    """Whom a reminder goes to, and who else has the link.

    A person may have typed any address for a link, say an insurer's for a damage. Reminders go on
    to it, but with nothing that the link did not ask for from the beginning.
    """

    _inherit = "payment.request"

    # As of the moment when the address came here: what the contact says later changes nothing.
    is_email_typed = fields.Boolean(
        compute="_compute_is_email_typed",
        store=True,
        help="The e-mail was no address of the customer's when it was written here.",
    )
    is_phone_typed = fields.Boolean(
        compute="_compute_is_phone_typed",
        store=True,
        help="The phone was no number of the customer's when it was written here.",
    )

    @api.depends("to_email")
    def _compute_is_email_typed(self):
        for request in self:
            email = request._get_plain_email()
            contacts = request.partner_id | request.partner_id.commercial_partner_id
            request.is_email_typed = bool(
                email
                and email not in contacts.mapped("email_normalized")
                and email not in request._get_own_addresses()
            )

    @api.depends("to_phone")
    def _compute_is_phone_typed(self):
        for request in self:
            phone = request.to_phone
            contacts = request.partner_id | request.partner_id.commercial_partner_id
            request.is_phone_typed = bool(
                phone
                and phone not in contacts.mapped("phone_sanitized")
                and phone not in request._get_own_addresses()
            )

    def _get_plain_email(self):
        self.ensure_one()
        return (email_normalize(self.to_email) or self.to_email or "").lower()

    def _get_own_addresses(self):
        """Return the e-mails (lower case) and phones (E.164) of the customer as of now.

        Those of the contact, of its company, and of the company's contacts for invoices.
        """
        self.ensure_one()
        customer = self.partner_id.commercial_partner_id
        contacts = self.partner_id | customer
        contacts |= customer.child_ids.filtered(lambda contact: contact.type == "invoice")
        addresses = {
            *contacts.mapped("email_normalized"),
            *contacts.mapped("phone_sanitized"),
            *self._get_recipients(self.partner_id, {}).values(),
        }
        return {address.lower() for address in addresses if address}

    def _get_other_readers(self):
        """Return the addresses, none of the customer's, that have this link or are to have it."""
        self.ensure_one()
        readers = {row.recipient.lower() for row in self.delivery_ids if not row._is_lost()}
        readers |= {self._get_plain_email()} if self.is_email_typed else set()
        readers |= {self.to_phone} if self.is_phone_typed else set()
        return sorted(readers - self._get_own_addresses())

    @api.model
    def _get_reachable_method(self, moves, method, options=None):
        """Return `method`, or of e-mail and SMS the one that the customer can be reached by."""
        if method != "email_sms":
            return method
        if self._get_channel_refusal(moves.company_id, ["sms"]):
            return "email"
        contact = self._get_recipients(self._get_payer(moves, options), options or {})
        if contact["to_email"] and contact["to_phone"]:
            return method
        return "sms" if contact["to_phone"] else "email"

    def _prepare_reminder(self, step, bounced):
        """Return the options of a step's message, as making a link takes them.

        It goes to the addresses of the link. Where one was the customer's and is not any more, it
        goes to the contact's of today.

        :param set bounced: of :meth:`_get_bounced_contacts`; the contact may have new ones
        """
        self.ensure_one()
        own, email = self._get_own_addresses(), self._get_plain_email()
        dead = {address for _channel, address in bounced}
        keeps_email = (self.is_email_typed or email in own) and email not in dead
        keeps_phone = (self.is_phone_typed or self.to_phone in own) and self.to_phone not in dead
        contact = self._get_recipients(
            self.partner_id,
            {
                "to_email": keeps_email and self.to_email,
                "to_phone": keeps_phone and self.to_phone,
            },
        )
        options = {**contact, "partner_id": self.partner_id.id}
        options["delivery_method"] = self._get_reachable_method(
            self.line_ids.move_id[:1], step.delivery_method, options
        )
        return options

    def _get_bounced_contacts(self):
        """Return ``{(channel, address or number)}`` of these and contacts that do not work."""
        contacts = self.partner_id | self.partner_id.commercial_partner_id
        addresses = [
            *self.mapped("to_email"),
            *self.mapped("to_phone"),
            *contacts.mapped("email_normalized"),
            *contacts.mapped("phone_sanitized"),
        ]
        return self.env["payment.request.delivery"]._get_bounced_addresses(
            [one for one in addresses if one], self.company_id
        )

    def _get_reminder_messages(self, options, opted_out, bounced):
        """Return the messages of a step, and a refusal when nobody would get one.

        :param dict options: of :meth:`_prepare_reminder`
        :param set opted_out: addresses that want no messages
        :param set bounced: of :meth:`_get_bounced_contacts`
        :return: ``([(request, channel, recipient)], None or {"code", "message"})``
        """
        self.ensure_one()
        moves = self.line_ids.move_id[:1]
        refusal = self._get_delivery_refusal(
            moves, options, options
        ) or self._get_opt_out_group_refusal(options, options, opted_out)
        if refusal:
            return [], dict(zip(("code", "message"), refusal, strict=True))
        wanted = [
            (channel, recipient)
            for channel, recipient in self._get_messages(options, options)
            if recipient.lower() not in opted_out
        ]
        messages = [
            (self, channel, recipient)
            for channel, recipient in wanted
            if (channel, recipient.lower()) not in bounced
        ]
        if not messages:
            return [], {"code": "bounced", "message": self._explain_bounce(wanted[0][1])}
        return messages, None
