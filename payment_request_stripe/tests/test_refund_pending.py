# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from decimal import Decimal

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import SQL

from .money_case import MoneyCase


@tagged("post_install", "-at_install")
class TestRefundPending(MoneyCase):
    """A bank takes days for a refund: meanwhile nobody gives the same money back again."""

    def setUp(self):
        super().setUp()
        self.stripe.refund_status = "pending"

    def _succeed(self):
        """Have the banks carry out all refunds, and Stripe tell it."""
        for refund in list(self.stripe.refunds.values()):
            if refund["status"] == "pending":
                self._receive(self.stripe.finish_refund(refund, "succeeded"))

    def _open_dialog(self, request):
        action = request.with_user(self.billing_user).action_refund()
        dialogs = self.env["payment.request.refund.wizard"].with_user(self.billing_user)
        return dialogs.browse(action["res_id"])

    def _confirm(self, dialog):
        with self._as_in_production(dialog, self.billing_user) as wizard:
            wizard.action_refund()

    def test_the_dialog_offers_no_invoice_that_is_being_refunded(self):
        request, (first, second), _charge = self._pay_invoices(100, 100)
        self._refund(request, {first: 70})
        dialog = self._open_dialog(request)
        offered = {line.move_id: line.amount for line in dialog.line_ids}
        self.assertEqual(offered, {first: 30, second: 100})
        self._confirm(dialog)
        with self.assertRaisesRegex(UserError, "Nothing of"):
            self._open_dialog(request)
        self._succeed()
        self.assertOwed(first, "100")
        self.assertOwed(second, "100")
        self.assertFalse(request.activity_ids)
        self.assertMoney(request)

    def test_a_dialog_that_stood_open_does_not_refund_an_invoice_again(self):
        request, (first, second), charge = self._pay_invoices(100, 100)
        dialog = self._open_dialog(request)
        dialog.line_ids.filtered(lambda line: line.move_id == second).amount = 0
        self._refund(request, {first: 100})
        with self.assertRaisesRegex(UserError, f"At most .*0.00 of {first.name}"):
            self._confirm(dialog)
        self.assertEqual(charge["amount_refunded"], 10000)
        self._succeed()
        self.assertOwed(first, "100")
        self.assertOwed(second, "0")
        self.assertFalse(request.activity_ids)
        self.assertMoney(request)

    def test_the_customers_credit_is_not_refunded_again(self):
        request = self._create_request(self._create_invoice(100))
        first = self._open_checkout(request)
        first.state = "failed"  # we lost sight of it
        self.env.flush_all()
        second = self._open_checkout(request)
        self._receive(self.stripe.pay(first.stripe_checkout_session_ref))
        self._receive(self.stripe.pay(second.stripe_checkout_session_ref))
        credit = [Command.create({"line_id": False, "amount": 60})]
        self._refund(request, line_ids=credit)
        with self.assertRaisesRegex(UserError, "At most .*40.00 of the customer's credit"):
            self._refund(request, line_ids=credit)
        payment = request.payment_ids.filtered("payment_request_has_credit")
        action = payment.with_user(self.billing_user).action_payment_request_refund_credit()
        dialogs = self.env["payment.request.refund.wizard"].with_user(self.billing_user)
        self.assertEqual(dialogs.browse(action["res_id"]).amount, 40)
        self._succeed()
        self.assertOwed(request.line_ids.move_id, "0")
        self.assertEqual(request.amount_refunded, 60)
        self.assertMoney(request)

    def test_a_refund_made_at_stripe_leaves_the_money_that_another_one_named(self):
        request, (first, second, third), charge = self._pay_invoices(100, 60, 40)
        self._refund(request, {first: 100})
        self.stripe.refund(charge, 10000)  # as much as the first invoice, which it cannot be
        self._hear()
        self.assertOwed(first, "0")
        self.assertOwed(second, "60")
        self.assertOwed(third, "40")
        self._succeed()
        self.assertOwed(first, "100")
        self.assertFalse(request.activity_ids)
        self.assertMoney(request)

    def test_a_named_invoice_that_holds_no_more_money_becomes_a_task(self):
        request, (first, second), charge = self._pay_invoices(100, 100)
        wanted = [(request.line_ids[0], Decimal(100), self.env["account.move"])]
        for _time in range(2):  # as two people could before
            row = self.env["payment.request.refund"].sudo()
            row = row._write_down(request.payment_ids[:1], wanted, "")
            self.stripe.refund(charge, 10000, metadata={"refund": row.idempotency_key})
        self._hear()
        self.assertOwed(first, "100")
        self.assertOwed(second, "100")
        self.assertIn("Check what a refund was for", request.activity_ids.summary)
        self.assertIn(f"taken from: {second.name}", request.activity_ids.note)
        self.assertMoney(request)

    def test_whoever_waited_for_the_request_has_to_count_again(self):
        request, _invoices, _charge = self._pay_invoices(100)
        version = SQL("SELECT ctid FROM payment_request WHERE id = %s", request.id)
        (before,) = self.env.execute_query(version)
        wanted = [(request.line_ids, Decimal(40), self.env["account.move"])]
        self.env["payment.request.refund"].sudo()._write_down(request.payment_ids, wanted, "")
        self.assertNotEqual(self.env.execute_query(version), [before])
