# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, fields, models
from odoo.exceptions import UserError


class PaymentRequest(models.Model):
    """Whether something can be refunded, and the dialog that asks how much."""

    _inherit = "payment.request"

    is_refundable = fields.Boolean(compute="_compute_is_refundable", compute_sudo=True)

    @api.depends("amount_paid", "refund_ids.state", "dispute_ids.state", "payment_ids.state")
    def _compute_is_refundable(self):
        for request in self:
            payments = request._get_stripe_payments()
            request.is_refundable = any(payments.mapped("payment_request_is_refundable"))

    def action_refund(self):
        """Open the Refund dialog for what Stripe took for this request.

        :raise UserError: when there is nothing to refund
        """
        self.ensure_one()
        self.check_access("write")
        return self._open_refund(self.sudo()._get_stripe_payments())

    def _open_refund(self, payments, **values):
        if not any(payment._get_refundable() > 0 for payment in payments.sudo()):
            raise UserError(self.env._("Nothing of %(name)s can be refunded.", name=self.name))
        wizard = self.env["payment.request.refund.wizard"].create({"request_id": self.id, **values})
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Refund %(name)s", name=self.name),
            "res_model": wizard._name,
            "res_id": wizard.id,
            "view_mode": "form",
            "target": "new",
        }


class AccountPayment(models.Model):
    _inherit = "account.payment"

    payment_request_is_refundable = fields.Boolean(
        compute="_compute_payment_request_is_refundable", compute_sudo=True
    )

    @api.depends("state", "payment_request_id.refund_ids.state")
    def _compute_payment_request_is_refundable(self):
        for payment in self:
            is_ours = payment.payment_request_id and payment.stripe_payment_intent_ref
            payment.payment_request_is_refundable = is_ours and payment._get_refundable() > 0

    def action_payment_request_refund(self):
        """Open the Refund dialog for this payment only.

        :raise UserError: when Stripe did not take it, or nothing of it can be refunded
        """
        self.ensure_one()
        self.check_access("read")
        request = self.payment_request_id
        if not request or not self.stripe_payment_intent_ref:
            raise UserError(self.env._("%(name)s was not paid through Stripe.", name=self.name))
        request.check_access("write")
        return request._open_refund(self, payment_id=self.id)
