# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, fields, models
from odoo.exceptions import UserError

from .payment_request_delivery import CHANNELS


class PaymentRequest(models.Model):
    """Sending, resending, cancelling and refreshing a payment request."""

    _inherit = "payment.request"

    # === ACTION METHODS === #

    def action_send(self):
        """Send drafts to their customers.

        :raise UserError: when one of them is no draft
        """
        self.check_access("write")
        for request in self:
            if request.state != "draft":
                raise UserError(
                    self.env._("%(name)s was already sent. Use Resend.", name=request.name)
                )
        self._queue_deliveries()
        self._transition("sent", sent_at=fields.Datetime.now())
        return True

    def action_resend(self):
        """Send the same link again, to the recipients that stand on the request now.

        :raise UserError: when there is nothing left to ask, or a payment is on its way
        """
        self.check_access("write")
        for request in self:
            if refusal := request._get_resend_refusal():
                raise UserError(refusal)
        for request in self.filtered(lambda one: one.expires_at <= fields.Datetime.now()):
            request.sudo().expires_at = self._get_default_expiry(request.company_id)
        self._queue_deliveries()
        self._transition("sent", sent_at=fields.Datetime.now(), failure_reason=False)
        return True

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
        if self.currency_id.is_zero(self.amount_residual):
            return self.env._("Nothing is left to pay on %(name)s.", name=self.name)
        return ""

    def action_cancel(self):
        """Make the links worthless, at Stripe first.

        When Stripe says that the customer has just paid, the payment is booked instead.

        :raise UserError: when one cannot be cancelled, or Stripe cannot be asked
        """
        self.check_access("write")
        for request in self:
            if request.state not in ("draft", "sent", "failed", "expired", "cancelled"):
                raise UserError(
                    self.env._("%(name)s cannot be cancelled any more.", name=request.name)
                )
        for request in self.sudo():
            if request._close_live_checkout() == "complete":
                raise UserError(
                    self.env._(
                        "%(name)s was not cancelled: the customer has just paid. The payment is "
                        "being booked.",
                        name=request.name,
                    )
                )
            request.delivery_ids._skip(self.env._("The payment request was cancelled."))
            request._transition("cancelled")
        return True

    def action_refresh(self):
        """Ask Stripe now what became of the customer's visit, and book what it says.

        :raise UserError: when Stripe cannot be asked
        """
        self.check_access("write")
        for request in self.sudo():
            request._ask_stripe()
        return True

    # === BUSINESS METHODS === #

    def _queue_deliveries(self):
        """Put a message per channel into the outbox; the worker sends it after the commit.

        A message that waits there already is not queued twice.
        """
        deliveries = self.env["payment.request.delivery"].sudo()
        rows = deliveries.create(
            [
                {"request_id": request.id, "channel": channel, "recipient": recipient}
                for request in self
                for channel, recipient in request._get_channels()
            ]
        )
        if rows:
            deliveries._ring()

    def _get_channels(self):
        """Return ``[(channel, recipient)]`` of the messages to queue for this request.

        :raise UserError: when a channel has no recipient
        """
        self.ensure_one()
        waiting = {
            (row.channel, row.recipient)
            for row in self.sudo().delivery_ids
            if row.state in ("queued", "sending")
        }
        recipients = {"email": self.to_email, "sms": self.to_phone}
        wanted = [(channel, recipients[channel]) for channel in CHANNELS[self.delivery_method]]
        if not all(recipient for _channel, recipient in wanted):
            raise UserError(
                self.env._(
                    "%(name)s has nobody to go to: fill in the e-mail or phone.", name=self.name
                )
            )
        return [pair for pair in wanted if pair not in waiting]

    @api.model
    def _cron_expire(self):
        """Expire the links whose time is over, at Stripe first; whoever just paid is booked."""
        due = self.search(
            [("state", "in", ("sent", "failed")), ("expires_at", "<=", fields.Datetime.now())],
            order="expires_at, id",
        )
        cron = self.env["ir.cron"]
        cron._commit_progress(remaining=len(due))
        for request in due:
            try:
                if request._close_live_checkout() != "complete":
                    request._transition("expired")
            except UserError as error:
                request._log_step(f"not expired yet: {error}")
            if not cron._commit_progress(1):
                return
