# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from datetime import timedelta

from odoo import fields, models
from odoo.exceptions import UserError

from ..gateways.errors import GatewayError


class PaymentRequestComparison(models.TransientModel):
    """Stripe's balance against our books, for a period: equal, or each difference by its name."""

    _name = "payment.request.comparison"
    _inherit = "payment.request.audit"
    _description = "Comparison with Stripe"

    company_id = fields.Many2one(
        comodel_name="res.company",
        required=True,
        ondelete="cascade",
        default=lambda self: self.env.company,
    )
    date_from = fields.Date(
        required=True,
        default=lambda self: self.env.company._get_payment_request_today() - timedelta(days=30),
    )
    date_to = fields.Date(
        required=True, default=lambda self: self.env.company._get_payment_request_today()
    )
    is_compared = fields.Boolean(readonly=True)
    is_equal = fields.Boolean(readonly=True)
    result = fields.Text(readonly=True)

    def action_compare(self):
        """Ask Stripe for what moved in the period and show how our books differ.

        :raise UserError: when Stripe cannot be asked
        """
        self.ensure_one()
        self.env["payment.request"].check_access("read")
        if self.company_id not in self.env.companies:
            raise UserError(self.env._("You are not in this company."))
        if not self._get_provider():
            raise UserError(self.env._("Stripe is not set up for this company."))
        try:
            counts, differences = self.sudo()._compare_period(self.date_from, self.date_to)
        except GatewayError as error:
            raise UserError(
                self.env._("Stripe could not be asked: %(reason)s", reason=error.message)
            ) from error
        title = self.env._("Equal") if not differences else self.env._("Different")
        self.write(
            {
                "is_compared": True,
                "is_equal": not differences,
                "result": "\n".join([f"{title}: {counts}", *differences]),
            }
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Compare with Stripe"),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
        }
