# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from datetime import timedelta

from odoo import api, fields, models

from ..gateways.clock import quiet_until, time_zone_of_number

# A machine sends at most one message to one recipient in this time.
BREATH = timedelta(days=1)


class PaymentRequestDelivery(models.Model):
    """When a message may not be sent, or not yet."""

    _inherit = "payment.request.delivery"

    is_automatic = fields.Boolean(
        string="By the System",
        readonly=True,
        help="Sent by the system, not by a person: it waits for the end of the quiet hours, and "
        "for a day after the last message to the same recipient.",
    )

    _last_to_recipient = models.Index("(recipient, claimed_at) WHERE claimed_at IS NOT NULL")

    # === NOT ANY MORE === #

    def _get_skip_reasons(self):
        """Return ``{row: sentence}`` of messages not wanted any more, checked before sending."""
        reasons = {}
        opted_out = self._get_opted_out()
        bounced = self.filtered("is_automatic")._get_bounced()
        now = fields.Datetime.now()
        for row in self:
            request = row.request_id
            if request.state not in ("draft", "sent", "failed"):
                reasons[row] = self.env._("The payment request is not open any more.")
            elif request.expires_at <= now:
                reasons[row] = self.env._(
                    "The link expired before this was sent. Resend gives it new life."
                )
            elif request.currency_id.is_zero(request.amount_residual):
                reasons[row] = self.env._("Nothing is left to pay.")
            elif row.recipient.lower() in opted_out:
                reasons[row] = row._explain_opt_out()
            elif row.recipient.lower() in bounced:
                reasons[row] = request._explain_bounce(row.recipient)
        return reasons

    def _tell_unreachable(self):
        """Try the next way, or tell a person, where the recipient was lost while it waited."""
        opted_out = self._get_opted_out()
        bounced = self.filtered("is_automatic")._get_bounced()
        lost = self.filtered(
            lambda row: row.request_id._is_asking() and row.recipient.lower() in opted_out | bounced
        )
        lost._follow_up_each()

    def _explain_opt_out(self):
        self.ensure_one()
        return self.env._(
            "%(address)s wants no more messages from us. Use another channel.",
            address=self.recipient,
        )

    def _get_opted_out(self):
        """Return those of the recipients that are on Odoo's e-mail or phone blacklist."""
        return self.request_id._get_opted_out(self.mapped("recipient"))

    def _get_bounced(self):
        """Return those of the recipients whose last e-mail from this company came back."""
        addresses = [row.recipient for row in self if row.channel == "email"]
        return self._get_bounced_addresses(addresses, self.company_id)

    @api.model
    def _get_bounced_addresses(self, addresses, companies):
        """Return those of these e-mail addresses, lower case, whose last e-mail came back."""
        if not addresses:
            return set()
        tried = self.sudo().search(
            [
                ("recipient", "in", list(set(addresses))),
                ("company_id", "in", companies.ids),
                ("claimed_at", "!=", False),
                ("state", "in", ("sent", "delivered", "bounced")),
            ],
            order="claimed_at, id",
        )
        last = {row.recipient.lower(): row.state for row in tried}
        return {address for address, state in last.items() if state == "bounced"}

    # === NOT YET === #

    def _get_waits(self):
        """Return ``{row: moment (UTC, naive)}`` of the system's messages that have to wait.

        A person who presses Send means now.
        """
        automatic = self.filtered("is_automatic")
        if not automatic:
            return {}
        now = fields.Datetime.now()
        last = automatic._get_last_moments(now - BREATH)
        waits = {}
        for row in automatic:
            key = (row.company_id, row.recipient)
            moment = max(last[key] + BREATH, now) if key in last else now
            moment = row._get_quiet_until(moment) or moment
            if moment > now:
                waits[row] = moment
            else:
                last[key] = now
        return waits

    def _get_last_moments(self, since):
        """Return ``{(company, recipient): moment}`` of the last message to each recipient."""
        groups = self.sudo()._read_group(
            [
                ("recipient", "in", self.mapped("recipient")),
                ("company_id", "in", self.company_id.ids),
                ("claimed_at", ">", since),
                ("state", "in", ("sending", "sent", "delivered", "unknown")),
            ],
            ["company_id", "recipient"],
            ["claimed_at:max"],
        )
        return {(company, recipient): moment for company, recipient, moment in groups}

    def _get_quiet_until(self, moment):
        """Return when the customer's quiet hours around `moment` end (both UTC, naive), or None."""
        self.ensure_one()
        company = self.company_id
        return quiet_until(
            moment,
            self._get_time_zone(),
            company.payment_request_quiet_from,
            company.payment_request_quiet_to,
        )

    def _get_time_zone(self):
        """Return the recipient's time zone: the contact's, the phone number's, or ours."""
        self.ensure_one()
        request = self.request_id
        return (
            request.partner_id.tz
            or (self.channel != "email" and time_zone_of_number(self.recipient))
            or self.company_id.partner_id.tz
            or request._get_person_in_charge().tz
            or "UTC"
        )


class PaymentRequest(models.Model):
    _inherit = "payment.request"

    @api.model
    def _explain_bounce(self, address):
        return self.env._("The last e-mail to %(address)s came back.", address=address)
