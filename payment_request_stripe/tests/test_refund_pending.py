# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from decimal import Decimal

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import SQL

from ..exceptions import PaymentRequestRefused
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

    # === CREDIT THAT IS BEING REFUNDED === #

    def _refund_credit(self, amount):
        """Return ``(request, payment, its open share)`` of a credit of 100, `amount` on its way."""
        request = self._create_request(self._create_invoice(150))
        checkout = self._open_checkout(request)
        ref = checkout.stripe_checkout_session_ref
        self.stripe.sessions[ref]["amount_total"] = 10000  # not what was asked
        self._receive(self.stripe.pay(ref))
        request._transition("cancelled")
        self._refund(request, line_ids=[Command.create({"line_id": False, "amount": amount})])
        self.assertEqual(request.refund_ids.state, "pending")
        return request, request.payment_ids, request.payment_ids._get_open_shares()

    def _get_work(self):
        return self.env["account.payment"].search([("payment_request_has_credit", "=", True)])

    def test_credit_that_is_being_refunded_is_not_allocated(self):
        request, payment, _share = self._refund_credit(100)
        self.assertEqual(payment.payment_request_credit, 0)
        self.assertNotIn(payment, self._get_work())
        with self.assertRaisesRegex(UserError, "100.00 of .* is being refunded"):
            payment.with_user(self.billing_user).action_payment_request_allocate()
        self.assertOwed(request.line_ids.move_id, "150")
        self._succeed()
        self.assertOwed(request.line_ids.move_id, "150")
        self.assertFalse(request.activity_ids.filtered(lambda one: "Check" in one.summary))
        self.assertMoney(request)

    def test_what_is_left_beside_a_refund_waits_for_it(self):
        request, payment, _share = self._refund_credit(60)
        self.assertEqual(payment.payment_request_credit, 40)
        self.assertIn(payment, self._get_work())
        with self.assertRaisesRegex(UserError, "60.00 of .* is being refunded"):
            payment.with_user(self.billing_user).action_payment_request_allocate()
        self._succeed()
        payment.with_user(self.billing_user).action_payment_request_allocate()
        self.assertOwed(request.line_ids.move_id, "110")
        self.assertMoney(request)

    def test_credit_whose_refund_fails_is_to_be_allocated_again(self):
        _request, payment, _share = self._refund_credit(100)
        (refund,) = self.stripe.refunds.values()
        self._receive(self.stripe.finish_refund(refund, "failed"))
        self.assertEqual(payment.payment_request_credit, 100)
        self.assertIn(payment, self._get_work())

    def test_no_link_deducts_what_is_being_refunded(self):
        request, _payment, share = self._refund_credit(60)
        invoice = self._create_invoice(120)
        wizards = self.env["payment.request.send.wizard"].with_user(self.billing_user)
        (offered,) = wizards._prepare_wizard_credits(invoice)
        self.assertEqual(offered[2], {"item_id": share.id, "amount": 40})
        with self.assertRaises(PaymentRequestRefused) as refused:
            self._create_request(invoice, credits=[{"item_id": share.id, "amount": 41}])
        self.assertEqual(refused.exception.details[0]["code"], "credit_amount")
        link = self._create_request(invoice, credits=[{"item_id": share.id}])
        self.assertEqual(link._get_quote()["total"], 8000)
        self._pay(link)
        self._succeed()
        self.assertOwed(invoice, "0")
        self.assertTrue(share.reconciled)
        self.assertFalse(link.activity_ids)
        for one in (request, link):
            self.assertMoney(one)

    def test_all_of_a_credit_that_is_being_refunded_is_no_credit(self):
        _request, _payment, share = self._refund_credit(100)
        invoice = self._create_invoice(120)
        self.assertFalse(invoice._get_payment_request_credits())
        with self.assertRaises(PaymentRequestRefused) as refused:
            self._create_request(invoice, credits=[{"item_id": share.id}])
        self.assertEqual(refused.exception.details[0]["code"], "unknown_credit")
        self.assertIn("being refunded", refused.exception.details[0]["message"])

    def test_a_link_asks_for_what_is_being_refunded_of_its_credit(self):
        invoice = self._create_invoice(100)
        request = self._create_request(invoice)
        checkout = self._open_checkout(request)
        self._pay_elsewhere(invoice, 100)
        ref = checkout.stripe_checkout_session_ref
        self._receive(self.stripe.pay(ref))
        share = request.payment_ids._get_open_shares()
        link = self._create_request(self._create_invoice(150), credits=[{"item_id": share.id}])
        self.assertEqual(link._get_quote()["total"], 5000)
        self.stripe.refund(self.stripe.charge_of(ref), 7000, status="pending")
        self._hear()
        self.assertEqual(link._get_quote()["total"], 12000)
        self._pay(link)
        self._succeed()
        self.assertOwed(link.line_ids.move_id, "0")
        for one in (request, link):
            self.assertMoney(one)
