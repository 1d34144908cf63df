# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import SQL

CODE = "payment.request"


class IrSequence(models.Model):
    _inherit = "ir.sequence"

    @api.model
    def _draw_payment_request_numbers(self, count):
        """Return the next `count` numbers of payment requests of the company at work.

        At once where PostgreSQL counts: one by one, a thousand links cost two thousand queries.

        :raise UserError: when there is no sequence for them
        """
        sequence = self.search(
            [("code", "=", CODE), ("company_id", "in", (self.env.company.id, False))],
            order="company_id",
            limit=1,
        )
        if not sequence:
            raise UserError(
                self.env._(
                    "Payment requests have no numbers: switch on, or make, a sequence with the "
                    "code %(code)s.",
                    code=CODE,
                )
            )
        if sequence.implementation != "standard" or sequence.use_date_range:
            return [self.next_by_code(CODE) for _number in range(count)]
        rows = self.env.execute_query(
            SQL(
                "SELECT nextval(%s) FROM generate_series(1, %s)",
                f"ir_sequence_{sequence.id:03d}",
                count,
            )
        )
        prefix, suffix = sequence._get_prefix_suffix()
        return [f"{prefix}{number:0{sequence.padding}d}{suffix}" for (number,) in rows]
