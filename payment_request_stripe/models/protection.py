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

    @api.model
    def default_get(self, fields):
        """A `default_…` of the caller's context, or of the user's own, is written like a value."""
        kept = self._kept_by_payment_requests
        return super().default_get([name for name in fields if name not in kept])

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


class PaymentRequestRecord(models.AbstractModel):
    """A record that only the code makes, also when a person's call leads to it."""

    _name = "payment.request.record"
    _description = "Record Kept by Payment Requests"

    # What Odoo's own method adds is just what has to stay away.
    @api.model
    def default_get(self, fields):  # pylint: disable=method-required-super
        """Only the fields' own defaults: a caller's context and a user's `ir.default` say nothing.

        Both would come along under sudo, and could make a request completed or its token known.
        """
        defaults = {}
        for name in fields:
            field = self._fields.get(name)
            if field and field.default:
                value = field.convert_to_cache(field.default(self), self, validate=False)
                defaults[name] = field.convert_to_write(value, self)
        return defaults
