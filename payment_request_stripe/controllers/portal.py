# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""*My Payments* for customers who are logged in."""

from decimal import Decimal, InvalidOperation

from odoo.exceptions import UserError
from odoo.http import request, route
from odoo.tools.misc import format_amount

from odoo.addons.portal.controllers.portal import CustomerPortal

from ..exceptions import PayerNotice

PAGE = "/my/payments"
OPEN_INVOICES = [
    ("move_type", "=", "out_invoice"),
    ("state", "=", "posted"),
    ("amount_residual", ">", 0),
]


class PortalPayments(CustomerPortal):
    def _prepare_home_portal_values(self, counters):
        values = super()._prepare_home_portal_values(counters)
        if "payment_request_count" in counters:
            values["payment_request_count"] = len(self._get_open_invoices()) or len(
                request.env["payment.request"]._get_customer_requests(self._get_partner())
            )
        return values

    @route(PAGE, type="http", auth="user", methods=["GET"], website=True, readonly=True)
    def portal_my_payments(self, **_query):
        return self._show_payments()

    @route(f"{PAGE}/pay", type="http", auth="user", methods=["POST"], website=True)
    def portal_pay_invoices(self, **form):
        payment_requests = request.env["payment.request"]
        moves = self._get_open_invoices().filtered(lambda move: form.get(f"invoice_{move.id}"))
        try:
            amounts = {move.id: self._read_amount(move, form) for move in moves}
            made = payment_requests._make_for_customer(self._get_partner(), moves, amounts)
        except UserError as error:
            return self._show_payments(problem=str(error), form=form)
        try:
            url = made._open_checkout(made._sign_quote(made._get_quote()))
        except PayerNotice as notice:
            return request.redirect_query(f"/pay/{made.access_token}", {"notice": notice.code})
        return request.redirect(url, code=303, local=False)

    # === ASKING === #

    def _get_partner(self):
        return request.env.user.partner_id

    def _get_open_invoices(self):
        """Return the unpaid invoices that Odoo shows to this customer, in sudo."""
        moves = request.env["account.move"]
        if not moves.has_access("read"):
            return moves
        customer = self._get_partner().commercial_partner_id
        own = [*OPEN_INVOICES, ("partner_id", "child_of", customer.id)]
        return moves.search(own, order="invoice_date_due, id").sudo()

    def _read_amount(self, move, form):
        """Return what is to be paid of an invoice, major units.

        :raise UserError: when it is no number
        """
        text = form.get(f"amount_{move.id}") or str(move.amount_residual)
        try:
            amount = Decimal(text.strip().replace(",", "."))
        except InvalidOperation:
            amount = Decimal("NaN")
        if not amount.is_finite() or len(text) > 20:
            raise UserError(
                request.env._("The amount for %(invoice)s is no number.", invoice=move.name)
            )
        return amount

    # === ANSWERING === #

    def _show_payments(self, problem="", form=None):
        payment_requests, partner = request.env["payment.request"], self._get_partner()
        values = {
            **self._prepare_portal_layout_values(),
            "page_name": "payment_requests",
            "balance": payment_requests._get_customer_balance(partner, self._get_open_invoices()),
            "payment_requests": payment_requests._get_customer_requests(partner),
            "money": lambda amount, currency: format_amount(request.env, float(amount), currency),
            "problem": problem,
            "form": form,
        }
        return request.render("payment_request_stripe.portal_my_payments", values)
