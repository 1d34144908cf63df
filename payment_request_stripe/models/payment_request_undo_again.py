# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import models


class AccountMove(models.Model):
    """Entries of ours that were cancelled and are posted again find what they had settled.

    Odoo does not reconcile an entry again, whether it is posted from its payment or by itself.
    """

    _inherit = "account.move"

    def _post(self, soft=True):
        again = self.filtered("posted_before")
        posted = super()._post(soft)
        (again & posted)._reconcile_again()
        return posted

    def _reconcile_again(self):
        """Reconcile what these posted entries gave or took back, as it was before."""
        lines = self.sudo().line_ids
        undoing = lines.payment_request_undo_ids | lines.filtered("payment_request_share_id")
        # What was refunded or disputed of a share pays no invoice.
        undoing._reconcile_undone()
        for payment in lines._get_request_shares().move_id.origin_payment_id:
            payment._take_credits_again()
            if payment._has_lost_shares():
                payment._reconcile_payment_request_lines()
        for entry in self:
            entry.sudo().line_ids.filtered(
                lambda line: line.account_type == "asset_receivable"
            )._settle_credits_again(entry)

    def _reverse_posted(self, date, reference):
        """Reverse those of these entries that count; the others are not posted again either.

        A person may have cancelled one before Stripe said that its money came back.
        """
        self.filtered(lambda move: move.state == "draft").button_cancel()
        for move in self.filtered(lambda move: move.state == "posted"):
            move._reverse_moves([{"date": date, "ref": reference}], cancel=True)


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    def _reconcile_undone(self):
        """Reconcile posted items that took money back with what they took it from.

        That is the credit note that a refund answered, else their share. When it was used in
        another way meanwhile, a person is told.
        """
        undoing = self.filtered(lambda line: line.parent_state == "posted" and not line.reconciled)
        plan = [
            undo | taken
            for undo in undoing.sorted("id")
            for taken in (undo._get_answered_credit(), undo.payment_request_share_id)
            if taken.parent_state == "posted" and not taken.reconciled
        ]
        if plan:
            self.env["account.move.line"]._reconcile_plan(plan)
        for undo in undoing.filtered(lambda line: not line.reconciled):
            share = undo.payment_request_share_id
            if share.parent_state == "posted":  # else it finds this item when it is
                share.move_id.origin_payment_id._tell_loose_undo(undo)

    def _get_answered_credit(self):
        """Return what is open of the credit note that this item of a refund answered: one item."""
        self.ensure_one()
        share = self.payment_request_share_id
        answered = self.env["payment.request.refund.line"].search(
            [
                ("refund_id.refund_payment_id.move_id", "=", self.move_id.id),
                ("line_id", "=", share.payment_request_line_id.id),
                ("credit_move_id", "!=", False),
            ]
        )
        return answered.credit_move_id._get_open_credits(share)[:1]


class AccountPayment(models.Model):
    _inherit = "account.payment"

    def _has_lost_shares(self):
        """Tell whether a posted payment of ours was allocated before and is not any more."""
        self.ensure_one()
        return self.move_id.state == "posted" and any(
            share.payment_request_line_id._get_settled() and not share.reconciled
            for share in self.move_id.line_ids._get_request_shares()
        )
