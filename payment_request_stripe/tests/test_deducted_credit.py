# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.tests import tagged

from .money_case import MoneyCase


@tagged("post_install", "-at_install")
class TestDeductedCredit(MoneyCase):
    """Money that a link deducted as a credit goes back: the invoice that it settled owes it."""

    def setUp(self):
        super().setUp()
        self.company.payment_request_fee_account_id = self.company_data["default_account_expense"]
        self.invoice = self._create_invoice(100)
        self.request = self._create_request(self.invoice)
        first = self._open_checkout(self.request)
        first.state = "failed"  # we lost sight of it
        self.env.flush_all()
        second = self._open_checkout(self.request)
        for checkout in (first, second):
            self._receive(self.stripe.pay(checkout.stripe_checkout_session_ref))
        self.charge = self.stripe.charge_of(second.stripe_checkout_session_ref)
        self.payment = second._get_payment()
        self.share = self.payment._get_open_shares()
        self.other = self._create_invoice(150)
        self.link = self._create_request(self.other, credits=[{"item_id": self.share.id}])
        self._pay(self.link)
        self.assertOwed(self.other, "0")
        self.line = self.link.line_ids
        self.assertEqual((self.line.amount_paid, self.line.amount_credit), (50, 100))

    def assertSettled(self, owed, credit):
        self.assertOwed(self.invoice, "0")
        self.assertOwed(self.other, owed)
        self.assertEqual(self.line.amount_credit, credit)
        self.assertEqual(self.link.credit_ids.amount_used, credit)
        for request in (self.request, self.link):
            self.assertMoney(request)
        self.assertNothingLoose()

    def _get_tasks(self, words):
        return self.link.activity_ids.filtered(lambda one: words in one.summary)

    def _dispute(self):
        dispute, events = self.stripe.dispute(self.charge)
        self._receive(*events)
        return dispute

    def _cancel_and_post(self, payment):
        payment.action_draft()
        payment.action_cancel()
        self.assertFalse(self._get_tasks("went back"))
        payment.action_draft()
        payment.action_post()

    def test_a_dispute_opens_the_invoice_and_names_it(self):
        self._dispute()
        self.assertSettled("100", 0)
        (task,) = self._get_tasks("A deducted credit went back")
        self.assertIn("100.00 of it", task.note)
        self.assertIn(self.other.name, task.note)
        self.assertIn("Open again", str(self.other.message_ids.mapped("body")))
        self.assertNotIn("Open again", str(self.invoice.message_ids.mapped("body")))
        self.assertFalse(self._get_loose_debits())
        self.assertEqual(self.payment.payment_request_credit, 0)

    def test_a_dispute_that_is_won_settles_it_again(self):
        dispute = self._dispute()
        self._receive(*self.stripe.close_dispute(dispute, "won"))
        self.assertSettled("0", 100)
        self.assertFalse(self._get_tasks("went back"))
        self.assertFalse(self.payment.payment_request_credit)

    def test_a_part_opens_a_part_and_a_failed_refund_settles_it(self):
        refund = self.stripe.refund(self.charge, 4000)
        self._hear()
        self.assertSettled("40", 60)
        self._receive(self.stripe.finish_refund(refund, "failed"))
        self.assertSettled("0", 100)

    def test_the_button_opens_the_invoice_that_the_credit_settled(self):
        self._refund(self.request, payment_id=self.payment.id)
        self.assertSettled("100", 0)
        self.assertTrue(self._get_tasks("A deducted credit went back"))
        (task,) = self.request.activity_ids.filtered(lambda one: "Check what" in one.summary)
        self.assertIn(self.other.name, task.note)

    def test_a_refund_of_the_invoice_leaves_the_credit_alone(self):
        self._refund(self.request, {self.invoice: 100})
        self.assertOwed(self.invoice, "100")
        self.assertOwed(self.other, "0")
        self.assertMoney(self.request)
        self.assertMoney(self.link)

    def test_what_was_paid_meanwhile_leaves_the_customers_credit(self):
        dispute = self._dispute()
        self._pay_elsewhere(self.other, 70)
        self._receive(*self.stripe.close_dispute(dispute, "won"))
        self.assertSettled("0", 30)
        self.assertEqual(self.payment.payment_request_credit, 70)
        self.assertIn(
            f"Money to allocate: {self.payment.name}", self.request.activity_ids.mapped("summary")
        )

    def test_what_comes_back_in_parts_settles_in_parts(self):
        first = self.stripe.refund(self.charge, 4000)
        self.stripe.refund(self.charge, 5000)
        self._hear()
        self.assertSettled("90", 10)
        self._receive(self.stripe.finish_refund(first, "failed"))
        self.assertSettled("50", 50)

    # === POSTED AGAIN, BY HAND === #

    def test_a_deducted_payment_that_is_posted_again_is_deducted_again(self):
        self._cancel_and_post(self.payment)
        self.assertSettled("0", 100)
        self.assertTrue(self.share.reconciled)
        self.assertFalse(self._get_tasks("To reconcile"))

    def test_a_payment_that_is_posted_again_takes_what_is_left_of_its_credit(self):
        self.stripe.refund(self.charge, 4000)
        self._hear()
        own = self.link.payment_ids
        self._get_tasks("went back").unlink()
        self._cancel_and_post(own)
        self.assertSettled("40", 60)
        own.action_draft()
        self.stripe.refund(self.charge, 3000)
        self._hear()
        own.action_post()
        self.assertSettled("70", 30)
        (task,) = self._get_tasks("went back")
        self.assertIn("30.00 of it", task.note)

    def test_what_a_person_takes_off_the_credit_is_a_task_until_it_is_undone(self):
        source = self.share.matched_debit_ids.debit_move_id
        self.share.remove_move_reconcile()
        (task,) = self._get_tasks(f"To reconcile: {source.move_id.name}")
        self.assertIn("100.00", task.note)
        self.assertMoney(self.link)
        self.assertNothingLoose()
        (source | self.share).reconcile()
        self.assertFalse(self._get_tasks("To reconcile"))
        self.assertSettled("0", 100)

    def test_a_person_may_have_the_invoice_owe_it(self):
        source = self.share.matched_debit_ids.debit_move_id
        applied = source._get_applied_credit()
        self.share.remove_move_reconcile()
        applied.remove_move_reconcile()
        (source | applied).reconcile()
        self.assertFalse(self._get_tasks("To reconcile"))
        self.assertSettled("100", 0)
