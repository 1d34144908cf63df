# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from psycopg2.errors import UniqueViolation

from odoo import api, fields, models


class PhoneBlacklist(models.Model):
    """Which numbers are here because their phone said STOP: only those may it take back."""

    _inherit = "phone.blacklist"

    is_stopped_by_phone = fields.Boolean(
        string="Answered STOP",
        readonly=True,
        copy=False,
        help="The phone answered STOP to an SMS, and nobody else entered the number: its START "
        "takes it off the list.",
    )

    @api.model
    def _add_stopped(self, numbers, message=None):
        """Add numbers whose phone answered STOP; one that somebody entered stays theirs.

        :param list numbers: E.164
        """
        known = self.search([("number", "in", numbers)])
        entered = known.filtered(lambda row: not row.is_stopped_by_phone)
        try:
            with self.env.cr.savepoint():
                rows = self._add(numbers, message=message)
        except UniqueViolation:
            # Somebody adds one of them right now, which this transaction cannot see: it is there.
            if len(numbers) == 1:
                return self.browse()
            return self.browse().union(
                *(self._add_stopped([number], message=message) for number in numbers)
            )
        (rows - entered).is_stopped_by_phone = True
        return rows

    @api.model_create_multi
    def create(self, vals_list):
        rows = super().create(vals_list)
        rows.filtered("is_stopped_by_phone").is_stopped_by_phone = False
        return rows

    def write(self, vals):
        if "active" in vals:
            vals = {"is_stopped_by_phone": False, **vals}
        return super().write(vals)
