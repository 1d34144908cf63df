# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Odoo's own ways to pay invoices online, next to ours."""

from odoo.http import request, route

from odoo.addons.account_payment.controllers.payment import PaymentPortal
from odoo.addons.account_payment.controllers.portal import PortalAccount

OVERDUE = "/my/payments?filterby=overdue"


class NativePayments(PortalAccount, PaymentPortal):
    @route()
    def portal_my_overdue_invoices(self, access_token=None, **kw):
        """Lead to our page: Odoo's asks for the totals, paid in part or on their way or not."""
        moves = request.env["account.move"]
        if moves.has_access("read"):
            overdue = moves.search(self._get_overdue_invoices_domain())
            if overdue._is_for_my_payments():
                return request.redirect(OVERDUE)
        return super().portal_my_overdue_invoices(access_token=access_token, **kw)

    def _process_transaction(
        self, partner_id, currency_id, invoice_ids, payment_reference, **kwargs
    ):
        """Look again when the payment starts: the page may have stood open for days."""
        moves = request.env["account.move"].sudo().browse(invoice_ids)
        moves._check_portal_payment(kwargs.get("amount"))
        return super()._process_transaction(
            partner_id, currency_id, invoice_ids, payment_reference, **kwargs
        )
