# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import models

# What the pay page reads of Odoo's widest records. What is missing here is read all the same, but
# with the whole row: a company has over a hundred columns, an invoice seventy.
COMPANY_FIELDS = (
    "currency_id",
    "email",
    "email_secondary_color",
    "name",
    "partner_id",
    "payment_request_payer_amounts",
    "payment_request_payer_choice",
    "payment_request_payer_documents",
    "payment_request_payer_forward",
    "payment_request_payer_minimum",
    "payment_request_payer_promise",
    "payment_request_payer_question",
    "payment_request_payer_statement",
    "payment_request_promise_days",
    "phone",
    "uses_default_logo",
)
INVOICE_FIELDS = (
    "amount_residual",
    "amount_total",
    "commercial_partner_id",
    "currency_id",
    "invoice_date_due",
    "invoice_payment_term_id",
    "name",
    "payment_request_promise_date",
    "state",
)
CONTACT_FIELDS = (
    "city",
    "company_name",
    "commercial_partner_id",
    "email",
    "name",
    "parent_id",
    "phone",
    "street",
    "tz",
    "vat",
)


class PaymentRequest(models.Model):
    """Reading what the pay page shows, in few and narrow queries."""

    _inherit = "payment.request"

    def _get_pay_page_values(self, form=None):
        self._read_page_ahead()
        return super()._get_pay_page_values(form)

    def _read_page_ahead(self):
        self.company_id.fetch(COMPANY_FIELDS)
        self.line_ids.move_id.fetch(INVOICE_FIELDS)
        contact = self._get_person_in_charge()
        (self.company_id.partner_id | self.partner_id | contact.partner_id).fetch(CONTACT_FIELDS)
