# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import fields, models


class ResPartner(models.Model):
    _name = "res.partner"
    _inherit = ["res.partner", "payment.request.protection"]

    _kept_by_payment_requests = frozenset({"stripe_customer_ref"})

    stripe_customer_ref = fields.Char(
        string="Stripe Customer",
        company_dependent=True,
        copy=False,
        groups="account.group_account_invoice,account.group_account_readonly",
        help="The customer of this contact in the company's Stripe account (cus_…).",
    )

    def action_send_payment_link(self):
        """Open the Send Payment Link dialog on everything these customers owe now."""
        moves = self.env["account.move"].search(
            [
                ("commercial_partner_id", "in", self.commercial_partner_id.ids),
                ("company_id", "in", self.env.companies.ids),
                ("move_type", "=", "out_invoice"),
                ("state", "=", "posted"),
                ("payment_state", "in", ("not_paid", "partial")),
            ],
            order="invoice_date_due, id",
        )
        return moves.action_send_payment_link()
