# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import logging

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import email_normalize

from .payment_request_delivery import CHANNELS

_logger = logging.getLogger(__name__)


class PaymentRequest(models.Model):
    """Sending, cancelling and refreshing a payment request."""

    _inherit = "payment.request"

    uses_email = fields.Boolean(compute="_compute_uses")
    uses_phone = fields.Boolean(compute="_compute_uses")

    @api.depends("delivery_method")
    def _compute_uses(self):
        """Tell which recipients the way of delivery needs, also one that an addon has added."""
        for request in self:
            request.uses_email, request.uses_phone = self._get_uses(request.delivery_method)

    @api.model
    def _get_uses(self, method):
        """Return whether `method` needs an e-mail address, and whether it needs a phone number."""
        channels = set(CHANNELS.get(method, ()))
        return "email" in channels, bool(channels - {"email"})

    # === CRUD METHODS === #

    def _init_column(self, column_name):
        """Take what is known of links that were sent before the first sending was noted."""
        if column_name != "first_sent_at":
            return super()._init_column(column_name)
        self.env.cr.execute(
            "UPDATE payment_request SET first_sent_at = sent_at WHERE is_from_customer IS NOT TRUE"
        )
        return None

    def write(self, vals):
        if not vals.get("to_phone"):
            return super().write(vals)
        for request in self:
            phone = request.partner_id._phone_format(number=vals["to_phone"]) or vals["to_phone"]
            super(PaymentRequest, request).write({**vals, "to_phone": phone})
        return True

    # === ACTION METHODS === #

    def action_send(self):
        """Send drafts to their customers.

        :raise UserError: when one of them is no draft, or nothing is left to ask
        """
        self.check_access("write")
        for request in self:
            if request.state != "draft":
                raise UserError(
                    self.env._("%(name)s was already sent. Use Resend.", name=request.name)
                )
            if refusal := request._get_paid_refusal() or request._get_message_refusal():
                raise UserError(refusal)
        self._renew_expiry()
        self._queue_deliveries()
        self._mark_sent()
        return True

    def _get_paid_refusal(self):
        """Say so when the invoices were settled in another way meanwhile."""
        if not self.currency_id.is_zero(self.amount_residual):
            return ""
        return self.env._("Nothing is left to pay on %(name)s.", name=self.name)

    def _renew_expiry(self):
        """Give links whose time is over as much of it as new ones."""
        for request in self.filtered(lambda one: one.expires_at <= fields.Datetime.now()):
            request.sudo().expires_at = self._get_default_expiry(request.company_id)

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

    def _mark_sent(self):
        """Move the requests to sent, now.

        A link to copy counts as sent from now on; the others once a message has left, which is
        noted with its outcome (:meth:`.PaymentRequestDelivery._apply_outcomes`).
        """
        self._transition("sent", sent_at=fields.Datetime.now())
        self.filtered(lambda one: one.delivery_method == "link")._note_first_sent()

    def _note_first_sent(self):
        """Write down when these were first sent, once; of a batch in one statement.

        A link that its customer made in the portal was sent by nobody, also when it is passed on.
        """
        fresh = self.sudo().filtered(lambda one: not (one.first_sent_at or one.is_from_customer))
        fresh.write({"first_sent_at": fields.Datetime.now()})

    def _queue_deliveries(self, automatic=False):
        """Put a message per channel into the outbox; the worker sends it after the commit.

        A message that waits there already is not queued twice.

        :param automatic: a machine decided to send: the customer's quiet hours and one message a
            day hold; otherwise a person did, and means now
        """
        self._queue_messages(
            [
                (request, channel, recipient)
                for request in self
                for channel, recipient in request._get_channels()
            ],
            automatic,
        )

    @api.model
    def _queue_messages(self, messages, automatic=False, **values):
        """Put ``[(request, channel, recipient)]`` into the outbox; return what will be sent.

        Whoever wants no messages is skipped, visibly.

        :param values: what else to write on each message
        """
        deliveries = self.env["payment.request.delivery"].sudo()
        rows = deliveries.create(
            [
                {
                    "request_id": request.id,
                    "channel": channel,
                    "recipient": recipient,
                    "is_automatic": automatic,
                    **values,
                }
                for request, channel, recipient in messages
            ]
        )
        opted_out = self._get_opted_out(rows.mapped("recipient"))
        skipped = rows.filtered(lambda row: row.recipient.lower() in opted_out)
        for row in skipped:
            row._skip(row._explain_opt_out())
            row._follow_up()
        if left := rows - skipped:
            deliveries._ring()
        return left

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
        wanted = self._get_wanted_channels()
        if not all(recipient for _channel, recipient in wanted):
            raise UserError(
                self.env._(
                    "%(name)s has nobody to go to: fill in the e-mail or phone.", name=self.name
                )
            )
        return [pair for pair in wanted if pair not in waiting]

    def _get_wanted_channels(self):
        """Return ``[(channel, recipient or nothing)]`` of this request's way of delivery."""
        self.ensure_one()
        return [
            (channel, self._get_recipient(channel, self))
            for channel in CHANNELS.get(self.delivery_method, ())
        ]

    @api.model
    def _get_recipient(self, channel, contact):
        """Return where the messages of `channel` go, an e-mail address or E.164, or nothing.

        A channel goes to the phone unless an override says otherwise.

        :param contact: what :meth:`_get_recipients` returns, or a request
        """
        if channel == "email":
            return email_normalize(contact["to_email"]) or contact["to_email"]
        return contact["to_phone"]

    def _get_message_refusal(self):
        """Return the sentence that says that no message could go out, or none."""
        self.ensure_one()
        refusal = self._get_channel_refusal(self.company_id, CHANNELS.get(self.delivery_method, ()))
        return refusal[1] if refusal else self._get_opt_out_refusal()

    def _get_opt_out_refusal(self):
        """Return the sentence that says that nobody would get the message, or none."""
        self.ensure_one()
        recipients = [recipient for _channel, recipient in self._get_wanted_channels() if recipient]
        opted_out = self._get_opted_out(recipients)
        if not recipients or any(one.lower() not in opted_out for one in recipients):
            return ""
        return self.env._(
            "%(addresses)s wants no more messages from us. Choose another channel or recipient, "
            "or copy the link.",
            addresses=", ".join(recipients),
        )

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
            request._expire()
            if not cron._commit_progress(1):
                return

    def _expire(self):
        """Expire one link; what goes wrong with it must not keep the others open."""
        self.ensure_one()
        try:
            if self._close_live_checkout() != "complete":
                self._transition("expired")
                self.env.flush_all()
        except UserError as error:
            self.env.cr.rollback()
            self._log_step(f"not expired yet: {error}")
        except Exception:
            self.env.cr.rollback()
            _logger.exception("payment request %s was not expired", self.id)
