# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import logging
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

from .payment_request_delivery import BATCH, Outcome

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
        if self.state != "unknown" and request._take_next_channel(self, self.failure_reason):
            return
        request._notify_person_in_charge(
            self.env._(
                "%(name)s did not reach %(recipient)s", name=request.name, recipient=self.recipient
            )
            if self.state != "unknown"
            else self.env._(
                "Did %(name)s reach %(recipient)s?", name=request.name, recipient=self.recipient
            ),
            self.failure_reason or self.state,
        )

    # === ACTION METHODS === #

    def action_send_again(self):
        """Send the same link to the same recipient once more; a person has decided so.

        Like Resend, it gives a link whose time is over new life.

        :raise UserError: when the link is paid, cancelled, or the recipient wants no messages
        """
        for row in self:
            request = row.request_id
            request.check_access("write")
            if refusal := request._get_resend_refusal():
                raise UserError(refusal)
            if row.recipient.lower() in row._get_opted_out():
                raise UserError(row._explain_opt_out())
            request._renew_expiry()
            request._hasten_waiting([(row.channel, row.recipient)])
            waiting = request.sudo().delivery_ids.filtered(
                lambda one, row=row: (
                    one.state in ("queued", "sending")
                    and (one.channel, one.recipient) == (row.channel, row.recipient)
                )
            )
            if not waiting:
                request._queue_messages([(request, row.channel, row.recipient)])
            request._note_resent()
        return True

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
        )

    # === IT CAME BACK === #

    def _bounce(self, trouble):
        """Mark these e-mails as come back.

        :param trouble: a `MailTrouble`, what the mail server of the recipient said
        """
        moved = self._apply_outcomes(
            {row: Outcome("bounced", row._explain_email(trouble)) for row in self}
        )
        moved._react()
