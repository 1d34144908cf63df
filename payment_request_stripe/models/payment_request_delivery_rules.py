# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from datetime import timedelta

import pytz

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

    recipient_trouble = fields.Selection(
        selection=[("for_now", "For Now"), ("lasting", "Lasting")],
        readonly=True,
        help="The message failed because of its recipient: as long as no other one gets there, "
        "the system writes no more where that lasts, and minds the days between reminders "
        "where it does not.",
    )

    _last_to_recipient = models.Index("(recipient, claimed_at) WHERE claimed_at IS NOT NULL")

    # === NOT ANY MORE === #

    def _get_skip_reasons(self):
        """Return ``{row: sentence}`` of messages not wanted any more, checked before sending."""
        reasons, unreachable = {}, self._get_unreachable()
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
            elif row in unreachable:
                reasons[row] = unreachable[row]
        return reasons

    def _tell_unreachable(self):
        """Try the next way, or tell a person, where the recipient was lost while it waited."""
        unreachable = self._get_unreachable()
        self.filtered(
            lambda row: row in unreachable and row.request_id._is_asking()
        )._follow_up_each()

    def _get_unreachable(self):
        """Return ``{row: sentence}`` of messages whose recipient wants none, or takes none.

        What a person sends goes also where the last message came back.
        """
        opted_out = self._get_opted_out()
        bounced = self.filtered("is_automatic")._get_bounced()
        unreachable = {}
        for row in self:
            address = row.recipient.lower()
            if address in opted_out:
                unreachable[row] = row._explain_opt_out()
            elif (row.channel, address) in bounced:
                unreachable[row] = row.request_id._explain_bounce(row.recipient)
        return unreachable

    def _explain_opt_out(self, address=None):
        self.ensure_one()
        return self.env._(
            "%(address)s wants no more messages from us. Use another channel.",
            address=address or self.recipient,
        )

    def _get_opted_out(self):
        """Return those of the recipients that are on Odoo's e-mail or phone blacklist."""
        return self.request_id._get_opted_out(self.mapped("recipient"))

    def _get_bounced(self):
        """Return the channels and recipients whose last message from this company came back."""
        return self._get_bounced_addresses(self.mapped("recipient"), self.company_id)

    @api.model
    def _get_bounced_addresses(self, addresses, companies):
        """Return ``{(channel, address or number in lower case)}`` whose last message came back.

        A number that takes no SMS may well take what goes to it by another channel.

        One that could not be delivered because there is no such address or number, or it takes no
        SMS, counts as one that came back. One that came back for another address, to which the
        recipient passes it on, did arrive.
        """
        if not addresses:
            return set()
        tried = self.sudo().search(
            [
                ("recipient", "in", list(set(addresses))),
                ("company_id", "in", companies.ids),
                ("claimed_at", "!=", False),
                "|",
                ("state", "in", ("sent", "delivered", "bounced")),
                *("&", ("state", "=", "failed"), ("recipient_trouble", "=", "lasting")),
            ],
            order="claimed_at, id",
        )
        last = {(row.channel, row.recipient.lower()): row for row in tried}
        return {
            way
            for way, row in last.items()
            if row.state in ("bounced", "failed") and not row.bounced_for
        }

    def _get_outcome_values(self, outcome):
        values = super()._get_outcome_values(outcome)
        return {**values, "recipient_trouble": outcome.recipient_trouble or False}

    # === NOT YET === #

    def _get_waits(self):
        """Return ``{row: moment (UTC, naive)}`` of the messages that have to wait.

        A person who presses Send means now; but when an SMS did not go out then, it is the system
        that tries again, and nobody shall be woken by it.
        """
        now = fields.Datetime.now()
        waits = {}
        for row in self.filtered(lambda row: not row.is_automatic):
            if row.attempt_count and (moment := row._get_sms_quiet_until(now)):
                waits[row] = moment
        automatic = self.filtered("is_automatic")
        last = automatic._get_last_moments(now - BREATH) if automatic else {}
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

    def _get_sms_quiet_until(self, moment):
        """Return the same for what rings; an e-mail wakes nobody."""
        return None if self.channel == "email" else self._get_quiet_until(moment)

    def _get_time_zone(self):
        """Return the recipient's time zone: the phone number's, the contact's, or ours.

        Odoo gives a new contact the zone of the user who made it: it counts only where it is one
        of the contact's country, or nothing else is known.
        """
        self.ensure_one()
        partner = self.request_id.partner_id
        guesses = partner.tz, self.company_id.partner_id.tz
        if self.channel != "email" and (zone := time_zone_of_number(self.recipient, guesses)):
            return zone
        country = partner.country_id or partner.commercial_partner_id.country_id
        zones = pytz.country_timezones.get(country.code or "", ())
        return (
            next((guess for guess in guesses if guess in zones), None)
            or next(iter(zones), None)
            or next(filter(None, guesses), None)
            or self.request_id._get_person_in_charge().tz
            or "UTC"
        )


class PaymentRequest(models.Model):
    _inherit = "payment.request"

    def _mind_quiet_hours(self):
        """Keep back the SMS that would go out now, until the customers' quiet hours are over.

        For what a program asks: at three in the morning it does not mean now.
        """
        now = fields.Datetime.now()
        for row in self.sudo().delivery_ids.filtered(lambda row: row.state == "queued"):
            moment = row._get_sms_quiet_until(max(row.retry_at or now, now))
            if moment:
                row.retry_at = moment
                row._ring(moment)

    @api.model
    def _explain_bounce(self, address):
        if "@" in address:
            return self.env._("The last e-mail to %(address)s came back.", address=address)
        return self.env._("The last SMS to %(number)s could not be delivered.", number=address)
