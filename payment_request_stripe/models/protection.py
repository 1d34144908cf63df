# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What only the code may write on Odoo's records: a field's `readonly` binds views only."""

from odoo import api, models
from odoo.exceptions import AccessError


class PaymentRequestProtection(models.AbstractModel):
    """Refuses what a person writes to `_kept_by_payment_requests`, over whatever door."""

    _name = "payment.request.protection"
    _description = "Fields Kept by Payment Requests"

    _kept_by_payment_requests = frozenset()

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            self._refuse_kept({name for vals in vals_list for name in vals if vals[name]})
        return super().create(vals_list)

    def write(self, vals):
        if not self.env.su:
            self._refuse_kept(set(vals))
        return super().write(vals)

    def _refuse_kept(self, names):
        if kept := names & self._kept_by_payment_requests:
            raise AccessError(
                self.env._(
                    "These fields are kept by payment requests: %(fields)s.",
                    fields=", ".join(sorted(kept)),
                )
            )
