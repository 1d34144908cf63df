# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.tests import tagged

from .money_case import MoneyCase


class AllocatedCase(MoneyCase):
    """Money that a person used for other invoices than its own."""

    def setUp(self):
        super().setUp()
        self.company.payment_request_fee_account_id = self.company_data["default_account_expense"]

    def _pay_twice(self, amount=100):
        """Return ``(request, invoice, second payment, its charge)``."""
        invoice = self._create_invoice(amount)
        request = self._create_request(invoice)
        first = self._open_checkout(request)
        first.state = "failed"  # we lost sight of it
        self.env.flush_all()
        second = self._open_checkout(request)
        for checkout in (first, second):
            self._receive(self.stripe.pay(checkout.stripe_checkout_session_ref))
        charge = self.stripe.charge_of(second.stripe_checkout_session_ref)
        return request, invoice, second._get_payment(), charge

    def _overpay(self):
        """Return ``(request, invoice, charge)``: 100 were paid where 30 were owed."""
        invoice = self._create_invoice(100)
        request = self._create_request(invoice)
        checkout = self._open_checkout(request)
        self._pay_elsewhere(invoice, 70)
        self._receive(self.stripe.pay(checkout.stripe_checkout_session_ref))
        return request, invoice, self.stripe.charge_of(checkout.stripe_checkout_session_ref)

    def _allocate(self, payment, amount):
        """Use the credit of `payment` for another invoice, which is returned."""
        other = self._create_invoice(amount)
        payment.with_user(self.billing_user).action_payment_request_allocate()
        self.assertOwed(other, "0")
        return other

    def _pay_wrong_amount(self, amount=100):
        """Return ``(request, charge)``: Stripe took another amount than was asked."""
        request = self._create_request(self._create_invoice(amount + 50))
        checkout = self._open_checkout(request)
        ref = checkout.stripe_checkout_session_ref
        self.stripe.sessions[ref]["amount_total"] = amount * 100
        self._receive(self.stripe.pay(ref))
        return request, self.stripe.charge_of(ref)

    def assertTold(self, request, *invoices):
        """Assert that these invoices, and no others, have it in their log that they are open."""
        moves = self.env["account.move"].search([("company_id", "=", self.company.id)])
        told = moves.filtered(
            lambda move: any("Open again" in (one.body or "") for one in move.message_ids)
        )
        self.assertEqual(told, self.env["account.move"].union(*invoices))
        self.assertMoney(request)
        self.assertNothingLoose()


@tagged("post_install", "-at_install")
class TestRefundAllocated(AllocatedCase):
    """It goes back last, and what it opens is named."""

    # === NAMED === #

    def test_a_named_invoice_opens_though_the_second_payment_was_used_elsewhere(self):
        request, invoice, second, _charge = self._pay_twice()
        other = self._allocate(second, 100)
        self._refund(request, {invoice: 100})
        self.assertOwed(invoice, "100")
        self.assertOwed(other, "0")
        self.assertEqual(request.line_ids.amount_refunded, 100)
        self.assertFalse(request.activity_ids.filtered(lambda one: "refund" in one.summary))
        self.assertTold(request, invoice)

    def test_a_named_invoice_opens_though_the_rest_of_its_payment_was_used_elsewhere(self):
        request, invoice, _charge = self._overpay()
        other = self._allocate(request.payment_ids, 70)
        self._refund(request, {invoice: 30})
        self.assertOwed(invoice, "30")
        self.assertOwed(other, "0")
        self.assertEqual(request.line_ids.amount_refunded, 30)
        self.assertTold(request, invoice)

    def test_an_overpayment_goes_back_before_its_invoice_opens(self):
        request, invoice, second, _charge = self._pay_twice()
        self._refund(request, {invoice: 60})
        self.assertOwed(invoice, "0")
        self.assertEqual(request.refund_ids.payment_id, second)
        self.assertTold(request)

    def test_what_was_used_elsewhere_opens_last_and_is_a_task(self):
        request, invoice, _charge = self._overpay()
        other = self._allocate(request.payment_ids, 70)
        self._refund(request, {invoice: 50})
        self.assertOwed(invoice, "30")
        self.assertOwed(other, "20")
        self.assertEqual(request.line_ids.amount_refunded, 30)
        (task,) = request.activity_ids.filtered(lambda one: "Check what" in one.summary)
        self.assertIn(f"taken from: {invoice.name}, {other.name}", task.note)
        self.assertTold(request, invoice, other)

    def test_money_of_no_invoice_opens_the_one_it_was_used_for_and_is_a_task(self):
        request, _charge = self._pay_wrong_amount()
        payment = request.payment_ids
        self.assertFalse(payment.move_id.line_ids.payment_request_line_id)
        paid = request.line_ids.move_id
        payment.with_user(self.billing_user).action_payment_request_allocate()
        self.assertOwed(paid, "50")
        self._refund(request)
        self.assertOwed(paid, "150")
        (task,) = request.activity_ids.filtered(lambda one: "Check what" in one.summary)
        self.assertIn(f"taken from: {paid.name}", task.note)
        self.assertTold(request, paid)

    # === NOT NAMED === #

    def test_a_refund_at_stripe_names_the_invoice_that_it_opens(self):
        request, invoice, second, charge = self._pay_twice()
        other = self._allocate(second, 100)
        self.stripe.refund(charge, 4000)
        self._hear()
        self.assertOwed(invoice, "0")
        self.assertOwed(other, "40")
        self.assertEqual(request.line_ids.amount_refunded, 0)
        self.assertFalse(request.activity_ids.filtered(lambda one: "refund" in one.summary))
        self.assertTold(request, other)

    def test_a_refund_at_stripe_of_money_that_two_invoices_use_is_a_task(self):
        request, invoice, charge = self._overpay()
        other = self._allocate(request.payment_ids, 70)
        self.stripe.refund(charge, 5000)
        self._hear()
        self.assertOwed(invoice, "30")
        self.assertOwed(other, "20")
        (task,) = request.activity_ids.filtered(lambda one: "Check a refund" in one.summary)
        self.assertIn(other.name, task.note)
        self.assertTold(request, invoice, other)

    def test_open_credit_of_several_invoices_goes_back_before_one_opens(self):
        first, second = self._create_invoice(100), self._create_invoice(50)
        request = self._create_request(first, second)
        checkout = self._open_checkout(request)
        self._pay_elsewhere(first, 70)
        self._pay_elsewhere(second, 20)
        self._receive(self.stripe.pay(checkout.stripe_checkout_session_ref))
        self.stripe.refund(self.stripe.charge_of(checkout.stripe_checkout_session_ref), 9000)
        self._hear()
        self.assertOwed(first, "0")
        self.assertOwed(second, "0")
        self.assertTold(request)

    def test_a_dispute_names_the_invoice_that_it_opens(self):
        request, invoice, second, charge = self._pay_twice()
        other = self._allocate(second, 100)
        _dispute, events = self.stripe.dispute(charge)
        self._receive(*events)
        self.assertOwed(invoice, "0")
        self.assertOwed(other, "100")
        self.assertIn(f"Open again: {other.name}.", str(request.message_ids.mapped("body")))
        self.assertTold(request, other)
