# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import random

from odoo import api, fields, models

from ..gateways.money import to_major

# The tasks whose reason can be looked up at any time, and the method that tells whether it is
# still there. All others are for a person to end, or for who raised them.
REASONS = {
    "cannot_pay": "_is_pay_refused",
    "changed": "_is_unfinished",
    "covered": "_is_covered",
    "debit_failed": "_is_debit_failed",
    "debit_late": "_has_late_debit",
    "debit_unknown": "_has_debit_under_way",
    "gone": "_is_unfinished",
    "hands": "_is_unfinished",
    "unopened": "_is_unopened",
    "unreached": "_is_unfinished",
}


class MailActivity(models.Model):
    _inherit = "mail.activity"

    payment_request_task = fields.Char(
        readonly=True,
        copy=False,
        index="btree_not_null",
        help="Which task of a payment request this is, to end it when its reason is gone.",
    )


class PaymentRequest(models.Model):
    """When a task is over: whenever the request moves, and with each poll, by its reason."""

    _inherit = "payment.request"

    def _transition(self, target, **values):
        moved = super()._transition(target, **values)
        moved._end_tasks()
        return moved

    def _end_tasks(self):
        """Take back the tasks of these requests whose reason is gone."""
        for request in self:
            tasks = request.sudo().activity_ids.filtered(
                lambda task: task.payment_request_task in REASONS
            )
            tasks.filtered(
                lambda task, one=request: not getattr(one, REASONS[task.payment_request_task])()
            ).unlink()

    @api.model
    def _end_all_tasks(self):
        tasks = self.env["mail.activity"].search([("payment_request_task", "in", list(REASONS))])
        requests = list(self.browse(set(tasks.mapped("res_id"))).exists())
        # A run that is short of time looks at one: not at the same one each time.
        random.shuffle(requests)
        self._follow_each(requests, lambda one: one._end_tasks())

    # === REASONS === #

    def _is_unfinished(self):
        """Tell whether there is anything to do about the request at all."""
        self.ensure_one()
        return self.state not in ("completed", "cancelled")

    def _is_unopened(self):
        return self._is_unfinished() and not self.opened_at

    def _is_debit_failed(self):
        """Tell whether the customer was not asked again, and has not paid, since a debit failed."""
        self.ensure_one()
        return self.state in ("failed", "expired")

    def _is_covered(self):
        """Tell whether credits, which a person has to reconcile, cover all that the link asks."""
        self.ensure_one()
        return bool(self.amount_residual) and not self._get_quote()["total"]

    def _is_pay_refused(self):
        """Tell whether Stripe refused the latest attempt to pay, or would refuse what is asked."""
        self.ensure_one()
        quote = self._get_quote()
        if not self._is_unfinished() or self.state == "processing" or not quote["total"]:
            return False
        asked = self.checkout_ids.filtered(lambda one: one.state != "intended")
        latest = asked.sorted("id")[-1:]
        if latest.state == "failed" and not latest.stripe_checkout_session_ref:
            return True
        total = to_major(quote["total"], quote["currency"])
        return bool(self._get_total_refusal(total, self.currency_id))
