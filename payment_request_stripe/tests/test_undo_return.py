# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.tests import tagged

from .test_refund_allocated import AllocatedCase


@tagged("post_install", "-at_install")
class TestUndoReturn(AllocatedCase):
    """What comes back pays the invoices again that it was taken from, whoever had chosen them."""

    def _dispute(self, charge, amount=None):
        dispute, events = self.stripe.dispute(charge, amount)
        self._receive(*events)
        return dispute

    def _win(self, dispute):
        self._receive(*self.stripe.close_dispute(dispute, "won"))

    def _undo_payment_elsewhere(self, invoice):
        """Take off what was paid at the bank."""
        items = invoice.line_ids.filtered(lambda one: one.account_type == "asset_receivable")
        items.matched_credit_ids.filtered(
            lambda one: not one.credit_move_id.move_id.origin_payment_id.payment_request_id
        ).unlink()

    def assertCredit(self, payment, amount):
        """Assert what of a payment is the customer's, and a task when it is something."""
        self.env.invalidate_all()
        self.assertEqual(payment.payment_request_credit, amount)
        tasks = payment.payment_request_id.activity_ids.mapped("summary")
        self.assertEqual(f"Money to allocate: {payment.name}" in tasks, bool(amount))

    def test_a_dispute_that_is_won_pays_the_invoice_that_a_person_had_chosen(self):
        request, invoice, second, charge = self._pay_twice()
        other = self._allocate(second, 100)
        dispute = self._dispute(charge)
        self.assertOwed(other, "100")
        self._win(dispute)
        self.assertOwed(other, "0")
        self.assertOwed(invoice, "0")
        self.assertCredit(second, 0)
        self.assertIn(f"Paid again: {other.name}.", str(request.message_ids.mapped("body")))
        self.assertMoney(request)
        self.assertNothingLoose()

    def test_what_was_paid_meanwhile_leaves_the_customers_credit(self):
        request, _invoice, second, charge = self._pay_twice()
        other = self._allocate(second, 100)
        dispute = self._dispute(charge)
        self._pay_elsewhere(other, 60)
        self._win(dispute)
        self.assertOwed(other, "0")
        self.assertCredit(second, 60)
        self.assertMoney(request)

    def test_a_cancelled_invoice_leaves_the_customers_credit(self):
        request, _invoice, second, charge = self._pay_twice()
        other = self._allocate(second, 100)
        dispute = self._dispute(charge)
        other.button_draft()
        other.button_cancel()
        self._win(dispute)
        self.assertCredit(second, 100)
        self.assertMoney(request)

    def test_each_invoice_gets_what_was_taken_from_it(self):
        request, invoice, charge = self._overpay()
        other = self._allocate(request.payment_ids, 40)
        dispute = self._dispute(charge)
        self.assertOwed(invoice, "30")
        self.assertOwed(other, "40")
        self._win(dispute)
        self.assertOwed(invoice, "0")
        self.assertOwed(other, "0")
        self.assertCredit(request.payment_ids, 30)
        self.assertEqual(request.line_ids.amount_disputed, 0)
        self.assertMoney(request)

    def test_an_invoice_gets_no_more_than_was_taken_from_it(self):
        request, invoice, charge = self._overpay()
        payment = request.payment_ids
        other = self._create_invoice(90)
        self._pay_elsewhere(other, 50)
        payment.with_user(self.billing_user).action_payment_request_allocate()
        dispute = self._dispute(charge)
        self._undo_payment_elsewhere(other)
        self.assertOwed(other, "90")
        self._win(dispute)
        self.assertOwed(invoice, "0")
        self.assertOwed(other, "90")
        self.assertCredit(payment, 70)
        self.assertMoney(request)

    def test_an_invoice_that_owes_more_gets_its_part_once_the_others_have_theirs(self):
        request, invoice, charge = self._overpay()
        other = self._create_invoice(90)
        self._pay_elsewhere(other, 20)
        request.payment_ids.with_user(self.billing_user).action_payment_request_allocate()
        dispute = self._dispute(charge)
        self._undo_payment_elsewhere(other)
        self._win(dispute)
        self.assertOwed(invoice, "0")
        self.assertOwed(other, "20")
        self.assertCredit(request.payment_ids, 0)
        self.assertMoney(request)

    def test_a_part_that_comes_back_pays_a_part(self):
        request, _invoice, second, charge = self._pay_twice()
        other = self._allocate(second, 100)
        lost, won = self._dispute(charge, 6000), self._dispute(charge, 2500)
        self.assertOwed(other, "85")
        self._win(won)
        self.assertOwed(other, "60")
        self._win(lost)
        self.assertOwed(other, "0")
        self.assertCredit(second, 0)
        self.assertMoney(request)

    def test_a_refund_that_fails_pays_the_invoice_that_a_person_had_chosen(self):
        request, invoice, charge = self._overpay()
        payment = request.payment_ids
        other = self._allocate(payment, 70)
        refund = self.stripe.refund(charge, 9000)
        self._hear()
        self.assertOwed(invoice, "30")
        self.assertOwed(other, "60")
        self._receive(self.stripe.finish_refund(refund, "failed"))
        self.assertOwed(invoice, "0")
        self.assertOwed(other, "0")
        (task,) = request.activity_ids.filtered(lambda one: "refund failed" in one.summary)
        for paid in (invoice, other):
            self.assertIn(paid.name, task.note)
        self.assertCredit(payment, 0)
        self.assertMoney(request)

    def test_money_of_no_invoice_returns_to_the_one_it_was_used_for(self):
        request, charge = self._pay_wrong_amount()
        payment = request.payment_ids
        payment.with_user(self.billing_user).action_payment_request_allocate()
        invoice = request.line_ids.move_id
        dispute = self._dispute(charge)
        self.assertOwed(invoice, "150")
        self._win(dispute)
        self.assertOwed(invoice, "50")
        self.assertCredit(payment, 0)
        dispute = self._dispute(charge)
        invoice.button_draft()
        invoice.button_cancel()
        self._win(dispute)
        self.assertCredit(payment, 100)
        self.assertMoney(request)

    def test_a_link_for_the_invoice_asks_for_nothing_any_more(self):
        _request, _invoice, second, charge = self._pay_twice()
        other = self._allocate(second, 100)
        dispute = self._dispute(charge)
        link = self._create_request(other)
        link.state = "sent"
        self._open_checkout(link)
        self.env["ir.cron.trigger"].search([]).unlink()
        self._win(dispute)
        self.assertEqual(link.line_ids.amount_due, 0)
        poll = self.env.ref("payment_request_stripe.ir_cron_poll_stripe")
        self.assertTrue(self.env["ir.cron.trigger"].search([("cron_id", "=", poll.id)]))
