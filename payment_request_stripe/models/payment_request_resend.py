# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import fields, models
from odoo.exceptions import UserError

# What says whom the messages go to, and how.
WHERE = ("delivery_method", "to_email", "to_phone")


class PaymentRequest(models.Model):
    """Sending a link once more, and what waits already to the recipient that it has now."""

    _inherit = "payment.request"

    # === CRUD METHODS === #

    def write(self, vals):
        if not any(name in vals for name in WHERE):
            return super().write(vals)
        before = {request: request._get_ways() for request in self}
        result = super().write(vals)
        for request, ways in before.items():
            request._withdraw_waiting(*ways)
        for name in ("to_email", "to_phone"):
            if vals.get(name):
                self._redirect_waiting(name == "to_email")
        return result

    # === ACTION METHODS === #

    def action_resend(self):
        """Send the same link again, to the recipients that stand on the request now.

        What waits for them already, for the morning or for another try, goes out now instead.

        :raise UserError: when there is nothing left to ask, or a payment is on its way
        """
        self.check_access("write")
        for request in self:
            if refusal := request._get_resend_refusal() or request._get_message_refusal():
                raise UserError(refusal)
        self._renew_expiry()
        for request in self:
            request._hasten_waiting(request._get_wanted_channels())
        self._queue_deliveries()
        self._note_resent()
        return True

    # === BUSINESS METHODS === #

    def _note_resent(self):
        self._mark_sent()
        self.sudo().write({"sent_at": fields.Datetime.now(), "failure_reason": False})

    def _get_resend_refusal(self):
        """Return the sentence that says why this request cannot be sent again, or none."""
        self.ensure_one()
        sentences = {
            "draft": self.env._("%(name)s was not sent yet. Use Send.", name=self.name),
            "processing": self.env._("A payment of %(name)s is on its way.", name=self.name),
            "completed": self.env._("%(name)s is paid.", name=self.name),
            "cancelled": self.env._("%(name)s is cancelled.", name=self.name),
        }
        if self.state in sentences:
            return sentences[self.state]
        if refusal := self._get_paid_refusal():
            return refusal
        if self.state == "expired":
            return self._get_taken_refusal()
        return ""

    def _get_taken_refusal(self):
        """Say so when another link asks by now for what this expired one would ask again."""
        amounts = {line.move_id.id: line._get_amount_due() for line in self.line_ids}
        wanted = self.line_ids.move_id.filtered(lambda move: amounts[move.id] > 0)
        instalments = {line.move_id.id: line.instalment_line_id.id for line in self.line_ids}
        refusals = wanted._get_payment_request_refusals(amounts, instalments)
        return "\n".join(refusal["message"] for refusal in refusals.values())

    def _hasten_waiting(self, messages):
        """Let those of `messages` that wait already go out now: a person has decided so.

        A reminder that waits is not hastened but given up: the person sends the link, not the
        plan's words, and whatever holds the plan back does not hold the person back.

        :param list messages: ``[(channel, recipient)]``
        """
        self.ensure_one()
        rows = self.sudo().delivery_ids.filtered(
            lambda row: row.state == "queued" and (row.channel, row.recipient) in messages
        )
        reminders = rows.filtered("reminder_run_id")
        reminders._skip(self.env._("A person sent the link instead."))
        reminders.flush_recordset(["state"])  # before its twin is queued
        rows -= reminders
        rows.write({"is_automatic": False, "retry_at": False, "attempt_count": 0})
        if rows:
            rows._ring()

    def _get_ways(self):
        """Return ``(channels, {channel: recipient or nothing})``: what is chosen, all there are."""
        self.ensure_one()
        channels = {row.channel for row in self.sudo().delivery_ids}
        return (
            {channel for channel, _recipient in self._get_wanted_channels()},
            {channel: self._get_recipient(channel, self) for channel in channels},
        )

    def _withdraw_waiting(self, channels, recipients):
        """Give up what waits for somebody, or on a channel, that a person has taken away since.

        What the payer forwards to somebody else goes there all the same. The channel of a reminder
        is its plan's choice: it is given up only together with its recipient.

        :param channels: those that were chosen before
        :param dict recipients: ``{channel: recipient}`` before
        """
        self.ensure_one()
        left, now = self._get_ways()
        emptied = {channel for channel, one in recipients.items() if one and not now.get(channel)}
        for row in self.sudo().delivery_ids:
            if row.state != "queued" or row.is_forwarded:
                continue
            is_unwanted = row.channel in channels - left and not row.reminder_run_id
            is_nobodys = row.channel in emptied and (
                not row.is_automatic or row.recipient == recipients[row.channel]
            )
            if is_unwanted or is_nobodys:
                row._skip(row._explain_withdrawal())

    def _redirect_waiting(self, by_email, rows=None):
        """Let what waits go to the corrected recipient: the old one may be a stranger's.

        What the payer forwards to somebody else goes there all the same.

        :param by_email: the e-mail address was corrected, else the phone number
        :param rows: only these of the messages, by default all
        """
        for request in self.sudo():
            queued = request.delivery_ids.filtered(
                lambda row: row.state == "queued" and (row.channel == "email") == by_email
            )
            wanted = queued if rows is None else queued & rows
            for row in wanted.filtered(lambda row: not row.is_forwarded):
                recipient = request._get_recipient(row.channel, request)
                if recipient in (None, False, row.recipient):
                    continue
                waiting = {(one.channel, one.recipient) for one in queued}
                if (row.channel, recipient) in waiting or row._is_made_up_for(recipient):
                    row._skip(self.env._("%(address)s gets it instead.", address=recipient))
                    continue
                request._message_log(
                    body=self.env._(
                        "What waits for %(old)s goes to %(new)s.", old=row.recipient, new=recipient
                    )
                )
                row.write(
                    {
                        "recipient": recipient,
                        "failure_reason": False,
                        "retry_at": False,
                        "attempt_count": 0,
                    }
                )
                row._ring()
