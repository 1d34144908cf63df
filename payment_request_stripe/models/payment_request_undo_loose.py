# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import models


class AccountMoveLine(models.Model):
    """What went back, by a refund or a dispute, and is taken from nothing any more."""

    _inherit = "account.move.line"

    def _get_undoing(self):
        """Return those of these items that take back a share of a payment."""
        return self.filtered("payment_request_share_id")

    def _get_loose_undo(self):
        """Return those of these items of an undoing that should be reconciled, and are not.

        While what they were taken from is a draft there is nothing to reconcile them with: they
        find it when it is posted.
        """
        return self._get_undoing().filtered(
            lambda line: (
                line.parent_state == "posted"
                and not line.reconciled
                and line.payment_request_share_id.parent_state == "posted"
            )
        )

    def _tell_taken_off_by_hand(self):
        """Have a person reconcile again what these items of an undoing were reconciled with."""
        for entry in self.sudo().move_id:
            if loose := entry.line_ids._get_loose_undo():
                payment = loose.payment_request_share_id.move_id.origin_payment_id
                note = self.env._(
                    "%(entry)s, by which %(amount)s of %(payment)s went back, was taken off what "
                    "it was reconciled with, by hand. Reconcile it again: until then what went "
                    "back looks like the customer's credit.",
                    entry=entry.name,
                    amount=payment.currency_id.format(float(loose._get_open_amount())),
                    payment=payment.name,
                )
                payment.payment_request_id._notify_person_in_charge(
                    payment._get_loose_undo_summary(entry), note, renew=True
                )


class AccountMove(models.Model):
    _inherit = "account.move"

    def button_draft(self):
        """What is a draft is not to be reconciled; it finds its place when it is posted again."""
        result = super().button_draft()
        self._drop_loose_undo()
        return result

    def _drop_loose_undo(self):
        """Take the tasks back to reconcile these undoings, where nothing of them is loose."""
        for entry in self.sudo():
            undoing = entry.line_ids._get_undoing()
            payment = undoing.payment_request_share_id.move_id.origin_payment_id
            if payment and not undoing._get_loose_undo():
                payment._drop_loose_undo(entry)


class AccountPayment(models.Model):
    _inherit = "account.payment"

    def _get_loose_undo_summary(self, entry):
        return self.env._("To reconcile: %(entry)s", entry=entry.name)

    def _tell_loose_undo(self, undo):
        """Have a person reconcile what went back of this payment, and is taken from nothing."""
        self.payment_request_id._notify_person_in_charge(
            self._get_loose_undo_summary(undo.move_id),
            self.env._(
                "%(amount)s of %(payment)s went back with %(entry)s, but what it was taken from is "
                "used in another way now. Reconcile it with what the customer has open.",
                amount=undo.currency_id.format(abs(undo.amount_residual_currency)),
                payment=self.name,
                entry=undo.move_id.name,
            ),
        )

    def _drop_loose_undo(self, entry):
        """Take the task back to reconcile `entry`, by which money of this payment went back."""
        self.payment_request_id._drop_activity(self._get_loose_undo_summary(entry))
