# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.tests import tagged

from .money_case import MoneyCase


@tagged("post_install", "-at_install")
class TestUndoLoose(MoneyCase):
    """A refund or dispute that a person takes off its payment is a task until it is back."""

    def setUp(self):
        super().setUp()
        self.company.payment_request_fee_account_id = self.company_data["default_account_expense"]
        self.request, (self.invoice,), self.charge = self._pay_invoices(100)
        self.payment = self.request.payment_ids

    def _get_undoing(self):
        return self.env["account.move.line"].search(
            [("payment_request_share_id.move_id", "=", self.payment.move_id.id)]
        )

    def _take_off(self, item):
        """Undo the reconciliation as the accountant does on the items of an entry."""
        user = self.env["account.move.line"].with_user(self.billing_user)
        user.with_context(active_ids=item.ids).action_unreconcile_match_entries()

    def _get_tasks(self):
        return self.request.activity_ids.filtered(lambda one: "To reconcile" in one.summary)

    def assertTask(self, entry, amount):
        (task,) = self._get_tasks()
        self.assertEqual(task.summary, f"To reconcile: {entry.name}")
        self.assertIn(f"{amount} of {self.payment.name}", task.note)
        self.assertEqual(task.user_id, self.billing_user)
        self.assertNothingLoose()

    def test_a_refund_is_a_task_until_it_is_reconciled_again(self):
        self._refund(self.request, {self.invoice: 40})
        refund = self.request.refund_ids.refund_payment_id
        (item,) = self._get_undoing()
        share = item.payment_request_share_id
        for partial in item.matched_credit_ids:
            partial.with_user(self.billing_user).unlink()
        self.assertEqual(share.amount_residual, -40)
        self.assertTask(refund, "40.00")
        (item | share).with_user(self.billing_user).reconcile()
        self.assertFalse(self._get_tasks())
        self.assertMoney(self.request)
        self._take_off(item)
        self._take_off(share)
        self.assertTask(refund, "40.00")

    def test_another_place_is_a_place(self):
        self._refund(self.request)
        (item,) = self._get_undoing()
        self._take_off(item)
        self.assertTask(self.request.refund_ids.refund_payment_id, "100.00")
        note = self._create_invoice(100, move_type="out_refund")
        found = note.line_ids.filtered(lambda line: line.account_id == item.account_id)
        (item | found).with_user(self.billing_user).reconcile()
        self.assertFalse(self._get_tasks())

    def test_a_part_of_it_stays_a_task(self):
        self._refund(self.request)
        (item,) = self._get_undoing()
        self._take_off(item)
        note = self._create_invoice(30, move_type="out_refund")
        found = note.line_ids.filtered(lambda line: line.account_id == item.account_id)
        (item | found).with_user(self.billing_user).reconcile()
        self.assertTrue(self._get_tasks())
        self._take_off(item)
        self.assertTask(self.request.refund_ids.refund_payment_id, "100.00")

    def test_a_dispute_is_a_task_and_ends_it_when_it_is_won(self):
        dispute, events = self.stripe.dispute(self.charge)
        self._receive(*events)
        (item,) = self._get_undoing()
        self._take_off(item)
        self.assertTask(item.move_id, "100.00")
        self._receive(*self.stripe.close_dispute(dispute, "won"))
        self.assertFalse(self._get_tasks())
        self.assertOwed(self.invoice, "0")
        self.assertMoney(self.request)

    def test_a_refund_that_fails_ends_it(self):
        refund = self.stripe.refund(self.charge, 4000)
        self._hear()
        self._take_off(self._get_undoing())
        self.assertTrue(self._get_tasks())
        self._receive(self.stripe.finish_refund(refund, "failed"))
        self.assertFalse(self._get_tasks())
        self.assertOwed(self.invoice, "0")
        self.assertMoney(self.request)

    def test_a_credit_note_that_is_cancelled_leaves_the_refund_that_answered_it(self):
        note = self.invoice._reverse_moves()
        note.action_post()
        self._refund(self.request)
        self.assertOwed(note, "0")
        self.assertFalse(self._get_tasks())
        note.button_draft()
        note.button_cancel()
        self.assertTask(self.request.refund_ids.refund_payment_id, "100.00")

    def test_what_is_cancelled_and_posted_again_finds_its_place_and_is_no_task(self):
        self._refund(self.request)
        refund = self.request.refund_ids.refund_payment_id
        for payment in (refund, self.payment):
            payment.action_draft()
            payment.action_cancel()
            self.assertFalse(self._get_tasks(), payment.name)
            payment.action_draft()
            payment.action_post()
            self.assertFalse(self._get_tasks(), payment.name)
        self._take_off(self._get_undoing())
        self.assertTrue(self._get_tasks())
        refund.action_draft()
        self.assertFalse(self._get_tasks())
        refund.action_post()
        self.assertFalse(self._get_tasks())
        self.assertTrue(self._get_undoing().reconciled)
        self.assertMoney(self.request)
