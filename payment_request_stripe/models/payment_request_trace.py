# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import logging

from markupsafe import escape

from odoo import SUPERUSER_ID, models

_logger = logging.getLogger(__name__)


class PaymentRequest(models.Model):
    """Who hears of what: the log that support reads, the person in charge, other programs."""

    _inherit = "payment.request"

    def _log_step(self, step, checkout=None):
        """Log one step with the ids that support looks for, and nothing secret."""
        self.ensure_one()
        _logger.info(
            "payment_request=%s checkout_session=%s payment_intent=%s: %s",
            self.name,
            (checkout or self).stripe_checkout_session_ref or "-",
            (checkout or self).stripe_payment_intent_ref or "-",
            step,
        )

    def _emit(self, kind):
        """Tell the company's own programs that something happened to these requests."""
        if told := self.filtered(lambda request: not request.is_setup_test):
            self.env["payment.request.webhook.event"]._queue(told, kind)

    def _get_person_in_charge(self):
        """Return the active user who hears of what needs a person."""
        self.ensure_one()
        for user in (self.user_id, self.create_uid):
            if user.active and not user.share:  # customers make links as well, in the portal
                return user
        return self.env.ref("base.user_admin")

    def _get_handler(self):
        """Return who gets the tasks: the person in charge, or somebody else who can open them.

        A salesperson may be in charge of what a rule sends, without the right to see it.
        """
        self.ensure_one()
        for user in (self._get_person_in_charge(), *self.line_ids.move_id.create_uid):
            if self._is_open_to(user):
                return user
        return self.env.ref("base.user_admin")

    def _is_open_to(self, user):
        """Tell whether `user` is at work here and may open this request."""
        self.ensure_one()
        if not user.active or user.share:
            return False
        own = self.with_user(user).with_context(allowed_company_ids=user._get_company_ids())
        return own.has_access("read")

    def _notify_person_in_charge(self, summary, note, renew=False, task=False):
        """Raise one activity for the person in charge; the same one twice is no news.

        :param bool renew: have the activity that is there already say the new `note`
        :param str task: its kind, see ``REASONS``: it ends by itself when that reason is gone
        """
        self.ensure_one()
        # In a payer's visit we are the public user, who has no address to write from.
        request = self.with_user(SUPERUSER_ID)
        known = request.activity_ids.filtered(lambda activity: activity.summary == summary)
        if known:
            if renew:
                known.note = escape(note)
            return
        request.activity_schedule(
            "mail.mail_activity_data_todo",
            summary=summary,
            note=escape(note),  # a vendor's words may stand in it
            payment_request_task=task,
            user_id=request._get_handler().id,
        )

    def _drop_activity(self, summary):
        """Take back an activity whose reason is gone."""
        self.sudo().activity_ids.filtered(lambda one: one.summary == summary).unlink()
