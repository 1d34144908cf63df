# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import logging
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import email_normalize

from .payment_request_delivery import BATCH, TROUBLE, Outcome

_logger = logging.getLogger(__name__)


class PaymentRequestDelivery(models.Model):
    """What follows when a message does not arrive, or nobody opens its link.

    E-mail, then SMS, then a person; with the cascade off, a person at once.
    """

    _inherit = "payment.request.delivery"

    cascade_at = fields.Datetime(
        string="Look Again At",
        readonly=True,
        help="When it is looked whether the customer has opened the link.",
    )

    bounced_for = fields.Char(
        readonly=True,
        help="The address that did not take the e-mail, when it is not the recipient's own but one "
        "that the recipient passes it on to, say of a list.",
    )

    _cascade_due = models.Index("(cascade_at) WHERE cascade_at IS NOT NULL")

    def _get_outcome_values(self, outcome):
        values = super()._get_outcome_values(outcome)
        if values.get("sent_at"):
            days = self.company_id.payment_request_cascade_days
            values["cascade_at"] = values["sent_at"] + timedelta(days=days)
        elif values["state"] in ("failed", "bounced"):
            values["cascade_at"] = False
        return values

    def _follow_up_each(self):
        """Follow each of these up; what goes wrong with one never fails the worker."""
        for row in self:
            try:
                with self.env.cr.savepoint():
                    row._follow_up()
            except Exception:
                _logger.exception("no follow-up of delivery %s", row.uuid)

    def _follow_up(self):
        """Take the next way to the customer, or tell the person in charge."""
        self.ensure_one()
        request = self.request_id.sudo()
        is_over = self._is_overtaken() or request._is_over()
        if not (is_over or self.state == "unknown") and request._take_next_channel(
            self, self.failure_reason
        ):
            return
        if self._is_our_trouble():
            request._tell_our_trouble(self.failure_reason)
            return
        if is_over:
            return
        request._notify_person_in_charge(
            self._get_summary(), self.failure_reason or self.state, task="unreached"
        )

    def _is_overtaken(self):
        """Tell whether the customer opened the link since, or got a later message.

        A list with one dead member sends something back each time; other mail servers take days.
        """
        self.ensure_one()
        request = self.request_id
        if request.opened_at and self.sent_at and request.opened_at >= self.sent_at:
            return True
        return any(
            row._has_reached_recipient()
            and not row.is_forwarded
            and row.id > self.id
            and (row.channel == self.channel or row.create_date > self.create_date)
            for row in request.sudo().delivery_ids
        )

    def _has_reached_recipient(self):
        """Tell whether its recipient got this, if not everybody to whom it is passed on there."""
        self.ensure_one()
        return self.state in ("sent", "delivered") or bool(self.bounced_for)

    def _get_summary(self):
        """Return what the task about this message is called."""
        self.ensure_one()
        lost, doubtful, partial = self._get_summaries()
        if self.state == "unknown":
            return doubtful
        return partial if self.bounced_for else lost

    def _get_summaries(self):
        """Return what tasks are called: of what did not arrive, what may have, what did in part."""
        self.ensure_one()
        places = {"name": self.request_id.name, "recipient": self.recipient}
        return (
            self.env._("%(name)s did not reach %(recipient)s", **places),
            self.env._("Did %(name)s reach %(recipient)s?", **places),
            self.env._(
                "%(name)s reached %(recipient)s, but not %(member)s",
                member=self.bounced_for or "",
                **places,
            ),
        )

    def _react(self):
        result = super()._react()
        self.filtered(lambda row: row.state in ("sent", "delivered"))._drop_tasks()
        return result

    def _drop_tasks(self):
        """Take back the tasks about these recipients, who were reached after all."""
        for row in self.filtered(lambda row: row.request_id.sudo().activity_ids):
            request = row.request_id
            if request.delivery_ids.filtered(lambda one, row=row: row._is_overtaken_by(one)):
                continue
            same = request.delivery_ids.filtered(
                lambda one, row=row: (one.channel, one.recipient) == (row.channel, row.recipient)
            )
            try:
                with self.env.cr.savepoint():
                    for summary in {name for one in same for name in one._get_summaries()}:
                        request._drop_activity(summary)
            except Exception:
                _logger.exception("the tasks about delivery %s stay", row.uuid)

    def _is_overtaken_by(self, other):
        """Tell whether `other` is a later message to the same recipient that is in trouble."""
        return (
            other.id > self.id
            and (other.channel, other.recipient) == (self.channel, self.recipient)
            and other.state in TROUBLE
        )

    def _is_our_trouble(self):
        """Tell whether it failed for a reason that does not lie with its recipient."""
        self.ensure_one()
        reason = self.failure_reason
        return bool(self.state == "failed" and reason and self.recipient not in reason)

    # === ACTION METHODS === #

    def action_send_again(self):
        """Send the same link to the same recipient once more; a person has decided so.

        Like Resend, it gives a link whose time is over new life.

        :raise UserError: when the link is paid, cancelled, the recipient wants no messages, or the
            channel is not set up
        """
        for row in self:
            row._send_again(row.recipient)
        return True

    def _send_again(self, recipient):
        """Send this message once more, to `recipient`: its own, or the one corrected since."""
        self.ensure_one()
        request, message = self.request_id, (self.channel, recipient)
        request.check_access("write")
        if refusal := request._get_resend_refusal():
            raise UserError(refusal)
        if refusal := request._get_channel_refusal(self.company_id, [self.channel]):
            raise UserError(refusal[1])
        if recipient.lower() in request._get_opted_out([recipient]):
            raise UserError(self._explain_opt_out(recipient))
        request._renew_expiry()
        request._hasten_waiting([message])
        waiting = request.sudo().delivery_ids.filtered(
            lambda one: (
                one.state in ("queued", "sending") and (one.channel, one.recipient) == message
            )
        )
        if not waiting:
            request._queue_messages([(request, *message)])
        request._note_resent()

    # === NOBODY OPENED IT === #

    @api.model
    def _follow_up_unopened(self):
        """Take the next way for links that were not opened within the company's days."""
        domain = [("cascade_at", "<=", fields.Datetime.now())]
        while rows := self.search(domain, order="id", limit=BATCH).try_lock_for_update(
            allow_referencing=True
        ):
            rows.cascade_at = False
            for row in rows:
                try:
                    with self.env.cr.savepoint():
                        row._follow_up_when_unopened()
                except Exception:
                    _logger.exception("no follow-up of delivery %s", row.uuid)
            self.env["ir.cron"]._commit_progress()

    def _follow_up_when_unopened(self):
        self.ensure_one()
        request = self.request_id
        newer = request.delivery_ids.filtered(
            lambda row: row.id > self.id and row.state in ("queued", "sending", "sent", "delivered")
        )
        if request.opened_at or newer or not request._is_cascading() or not request._is_asking():
            return
        days = self.company_id.payment_request_cascade_days
        reason = self.env._("The link was not opened in %(days)s days.", days=days)
        if request._take_next_channel(self, reason):
            return
        request._notify_person_in_charge(
            self.env._("Nobody opened %(name)s", name=request.name),
            self.env._(
                "%(reason)s It was sent to %(recipients)s. Call the customer.",
                reason=reason,
                recipients=", ".join(request.delivery_ids.mapped("recipient")),
            ),
            task="unopened",
        )

    # === IT CAME BACK === #

    def _bounce(self, trouble, address=None):
        """Mark these e-mails as come back.

        :param trouble: a `MailTrouble`, what the mail server of the recipient said
        :param address: the one that did not take them, when the recipient forwards its mail
        """
        email = email_normalize(address or "") or address
        for row in self:
            if email and email.lower() != row.recipient.lower():
                if row.state != "bounced":
                    row.bounced_for = email
            elif row.bounced_for:
                # One member did not get it, and now it turns out that nobody did.
                row._drop_tasks()
                row.write({"bounced_for": False, "state": "sent"})
        moved = self._apply_outcomes(
            {row: Outcome("bounced", row._explain_bounced(trouble, address)) for row in self}
        )
        moved._react()

    def _explain_bounced(self, trouble, address):
        self.ensure_one()
        reason = self._explain_email(trouble, address)
        if not self.bounced_for:
            return reason
        return self.env._(
            "%(recipient)s took the e-mail; an address it goes on to did not. %(reason)s",
            recipient=self.recipient,
            reason=reason,
        )
