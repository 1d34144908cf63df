# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from decimal import ROUND_UP, Decimal

from odoo import fields, models

from ..gateways.colour import readable


class ResCompany(models.Model):
    """What a company lets the holder of a link do on the payer's page."""

    _inherit = "res.company"

    payment_request_payer_choice = fields.Boolean(
        string="Payers May Choose Invoices",
        help="A payer may pay some of the invoices of a link and leave the others for later.",
    )
    payment_request_payer_amounts = fields.Boolean(
        string="Payers May Change Amounts",
        help="A payer may pay a part of an invoice. Early payment discounts need the whole.",
    )
    payment_request_payer_minimum = fields.Integer(
        string="Smallest Part (%)",
        default=25,
        help="At least so much of what was asked for an invoice has to be paid at once.",
    )
    payment_request_payer_promise = fields.Boolean(
        string="Payers May Promise a Date",
        help="A payer may say until when they pay. Reminders wait, the person in charge is told.",
    )
    payment_request_payer_question = fields.Boolean(
        string="Payers May Ask",
        help="A payer may ask about an invoice; the person in charge gets an activity.",
    )
    payment_request_payer_forward = fields.Boolean(
        string="Payers May Forward the Link",
        help="A payer may have the link sent to another e-mail address, a few times per link.",
    )
    payment_request_payer_documents = fields.Boolean(
        string="Invoices as PDF",
        default=True,
        help="Whoever has the link can open the PDF of its invoices.",
    )
    payment_request_payer_statement = fields.Boolean(
        string="Statement of Account",
        help="Whoever has the link can open a statement of all that the customer owes.",
    )

    _payment_request_payer_minimum_share = models.Constraint(
        "CHECK (payment_request_payer_minimum BETWEEN 1 AND 100)",
        "The smallest part of an invoice lies between 1 and 100 percent.",
    )

    def _get_payment_request_least(self, amount, digits):
        """Return the smallest part of `amount` that may be paid at once (Decimal, major units)."""
        self.ensure_one()
        part = amount * Decimal(self.payment_request_payer_minimum) / 100
        return part.quantize(Decimal(1).scaleb(-digits), ROUND_UP)

    def _get_payment_request_colour(self):
        """Return the colour of buttons and links, in mails and on pages, as ``#rrggbb``.

        It is the company's colour of e-mail buttons, darkened until white text on it can be read.
        """
        self.ensure_one()
        return readable(self.email_secondary_color)


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    payment_request_payer_choice = fields.Boolean(
        related="company_id.payment_request_payer_choice", readonly=False
    )
    payment_request_payer_amounts = fields.Boolean(
        related="company_id.payment_request_payer_amounts", readonly=False
    )
    payment_request_payer_minimum = fields.Integer(
        related="company_id.payment_request_payer_minimum", readonly=False
    )
    payment_request_payer_promise = fields.Boolean(
        related="company_id.payment_request_payer_promise", readonly=False
    )
    payment_request_payer_question = fields.Boolean(
        related="company_id.payment_request_payer_question", readonly=False
    )
    payment_request_payer_forward = fields.Boolean(
        related="company_id.payment_request_payer_forward", readonly=False
    )
    payment_request_payer_documents = fields.Boolean(
        related="company_id.payment_request_payer_documents", readonly=False
    )
    payment_request_payer_statement = fields.Boolean(
        related="company_id.payment_request_payer_statement", readonly=False
    )
