# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from dataclasses import dataclass
from datetime import date, timedelta

from odoo import api, models

UNDO_FLOOR = "payment_request_undo_floor"


@dataclass(frozen=True)
class UndoFloor:
    """The first day on which undoing an allocation may write.

    A caller over RPC writes the context, but only in JSON: it cannot make one of these.
    """

    date: date


def get_undo_floor(env):
    """Return the floor of the undoing that is under way, or none."""
    floor = env.context.get(UNDO_FLOOR) if env.su else None
    return floor.date if isinstance(floor, UndoFloor) else None


class AccountMove(models.Model):
    _inherit = "account.move"

    @api.model_create_multi
    def create(self, vals_list):
        """Have the tax of what stays paid due in the month in which that of the whole is undone.

        Odoo dates the entry of an allocation that is made again today when its own day is locked.
        """
        moves = super().create(vals_list)
        if floor := get_undo_floor(self.env):
            for move in moves.filtered("tax_cash_basis_rec_id"):
                day = move.tax_cash_basis_rec_id.max_date
                if day < floor:
                    move.date = move._get_accounting_date(day, move._affect_tax_report())
        return moves

    def _get_accounting_date(self, invoice_date, has_tax, lock_dates=None):
        """Leave the months before an undoing as they were reported.

        Odoo reverses cash-basis and exchange entries in their own month when it is not locked.
        """
        found = super()._get_accounting_date(invoice_date, has_tax, lock_dates)
        floor = get_undo_floor(self.env)
        return max(found, floor) if floor else found


class ResCompany(models.Model):
    _inherit = "res.company"

    def _get_user_fiscal_lock_date(self, journal, ignore_exceptions=False):
        """Have nothing of an undoing dated before its floor."""
        found = super()._get_user_fiscal_lock_date(journal, ignore_exceptions)
        floor = get_undo_floor(self.env)
        return max(found, floor - timedelta(days=1)) if floor else found
