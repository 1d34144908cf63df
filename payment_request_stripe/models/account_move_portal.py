# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import fields, models
from odoo.exceptions import ValidationError

from ..gateways.money import to_decimal


class AccountMove(models.Model):
    """What Odoo's own payments in the portal have to know of ours."""

    _inherit = "account.move"

    # The portal's list asks row by row: here all rows of a list are looked up at once.
    payment_request_in_transit = fields.Boolean(
        compute="_compute_payment_request_in_transit",
        compute_sudo=True,
        exportable=False,
        help="A payment by one of our links is on its way.",
    )

    def _compute_payment_request_in_transit(self):
        asked = self.filtered("payment_request_line_ids")
        in_transit = asked._get_payment_request_transit()
        for move in self:
            move.payment_request_in_transit = move in in_transit

    def _has_to_be_paid(self):
        """Hide the portal's Pay now while one of our payments is on its way."""
        return super()._has_to_be_paid() and not self.payment_request_in_transit

    def _get_online_payment_error(self):
        error = super()._get_online_payment_error()
        if self._get_payment_request_transit():
            ours = self.env._("A payment of this invoice is on its way. Please do not pay again.")
            error = f"{error}\n{ours}" if error else ours
        return error

    def _is_for_my_payments(self):
        """Tell whether the portal's *Your Payments* takes the place of Odoo's page for these.

        It does where our links can be paid. Where they cannot, it still does for an invoice that
        one has paid in part, or pays just now: Odoo's page would ask for all of it again.
        """
        invoices = self.sudo().filtered(lambda move: move.move_type == "out_invoice")
        requests = self.env["payment.request"].sudo()
        return (
            any(not requests._get_setup_refusal(company) for company in invoices.company_id)
            or any(line.amount_paid for line in invoices.payment_request_line_ids)
            or bool(invoices._get_payment_request_transit())
        )

    def _check_portal_payment(self, amount):
        """Keep Odoo's own pages from taking what a link of ours takes just now, or took.

        :param amount: what is to be taken, in major units of the currency of these invoices
        :raise ValidationError: with a sentence for the customer
        """
        asked = self.sudo().filtered("payment_request_line_ids")
        if in_transit := asked._get_payment_request_transit():
            raise ValidationError(
                self.env._(
                    "A payment of %(name)s is on its way. Please do not pay again.",
                    name=", ".join(move.name for move in in_transit),
                )
            )
        digits = self.currency_id[:1].decimal_places
        owed = sum(to_decimal(move.amount_residual, digits) for move in self)
        if asked and to_decimal(float(amount or 0), digits) > owed:
            raise ValidationError(
                self.env._("The amount has changed. Please open the page again and look at it.")
            )
