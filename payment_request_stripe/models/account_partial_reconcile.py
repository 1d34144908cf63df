# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, models

from .payment_request_undo_dates import get_undo_floor


class AccountPartialReconcile(models.Model):
    """What is reconciled, and taken off again, is followed by each concern in its turn.

    What we book back ourselves is counted where it is booked; only what a person does is here.
    """

    _inherit = "account.partial.reconcile"

    @api.model_create_multi
    def create(self, vals_list):
        partials = super().create(vals_list)
        items = partials.debit_move_id
        is_by_hand = not get_undo_floor(self.env)
        items._get_credit_sources()._tell_loose_sources()
        if is_by_hand:
            partials._count_credits()
            items._get_undoing().move_id._drop_loose_undo()
        (items | partials.credit_move_id).move_id._ring_payment_requests()
        if is_by_hand:
            partials._count_payments()
        return partials

    def unlink(self):
        items = self.debit_move_id
        sources, undoing = items._get_credit_sources(), items._get_undoing()
        shares = self.sudo().credit_move_id.filtered("payment_request_line_id")
        moves = (items | self.credit_move_id).move_id
        is_by_hand = not get_undo_floor(self.env)
        result = super().unlink()
        if is_by_hand:
            sources._tell_loose_sources()
            undoing.exists()._tell_taken_off_by_hand()
        moves.exists()._ring_payment_requests()
        if is_by_hand:
            shares.exists().move_id.origin_payment_id._explain_unreconciled()
        return result
