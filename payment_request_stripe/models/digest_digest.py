# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import fields, models
from odoo.exceptions import AccessError
from odoo.fields import Domain


class DigestDigest(models.Model):
    """What payment links brought, in Odoo's periodic e-mail."""

    _inherit = "digest.digest"

    kpi_payment_request_paid = fields.Boolean(string="Paid by Payment Links")
    kpi_payment_request_paid_value = fields.Monetary(
        compute="_compute_kpi_payment_request_paid_value"
    )
    kpi_payment_request_sent = fields.Boolean(string="Payment Links Sent")
    kpi_payment_request_sent_value = fields.Integer(
        compute="_compute_kpi_payment_request_sent_value"
    )
    kpi_payment_request_conversion = fields.Boolean(string="Payment Links Paid (%)")
    kpi_payment_request_conversion_value = fields.Float(
        compute="_compute_kpi_payment_request_conversion_value"
    )

    def _compute_kpi_payment_request_paid_value(self):
        # By the moment of booking, so that each payment is in one digest, however late it came.
        self._compute_payment_request_kpi(
            "paid",
            "account.payment",
            "create_date",
            "amount_company_currency_signed:sum",
        )

    def _compute_kpi_payment_request_sent_value(self):
        self._compute_payment_request_kpi(
            "sent", "payment.request.report", "sent_at", "sent_count:sum"
        )

    def _compute_kpi_payment_request_conversion_value(self):
        self._compute_payment_request_kpi(
            "conversion", "payment.request.report", "sent_at", "conversion:avg"
        )

    def _compute_payment_request_kpi(self, name, model, date_field, aggregate):
        """Fill a figure per company from the report, or from the payments themselves.

        :raise AccessError: for who may not see payment requests; Odoo then leaves the figure out
        """
        if not self.env.user.has_groups(
            "account.group_account_invoice,account.group_account_readonly"
        ):
            raise AccessError(self.env._("Payment requests are for people of Invoicing."))
        start, end, companies = self._get_kpi_compute_parameters()
        records = self.env[model].sudo()
        ours = Domain("company_id", "in", companies.ids)
        if model == "account.payment":
            ours = records._get_payment_request_income_domain(companies)
        period = Domain(date_field, ">=", start) & Domain(date_field, "<", end)
        values = dict(records._read_group(ours & period, ["company_id"], [aggregate]))
        for digest in self:
            company = digest.company_id or self.env.company
            digest[f"kpi_payment_request_{name}_value"] = values.get(company) or 0

    def _compute_kpis_actions(self, company, user):
        actions = super()._compute_kpis_actions(company, user)
        menu = self.env.ref("account.menu_finance").id
        action = f"payment_request_stripe.action_payment_request_dashboard?menu_id={menu}"
        for name in ("paid", "sent", "conversion"):
            actions[f"kpi_payment_request_{name}"] = action
        return actions
