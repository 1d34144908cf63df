# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from datetime import timedelta

from odoo import fields
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import tagged

from ..exceptions import PaymentRequestRefused
from .money_case import MoneyCase


@tagged("post_install", "-at_install")
class TestQuoteInstalment(MoneyCase):
    """Of an invoice that is paid in instalments, one can be asked, or what is due, or all."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.term = cls.env["account.payment.term"].create(
            {
                "name": "Three instalments",
                "line_ids": [
                    Command.create({"value": "percent", "value_amount": 20, "nb_days": 0}),
                    Command.create({"value": "percent", "value_amount": 30, "nb_days": 30}),
                    Command.create({"value": "percent", "value_amount": 50, "nb_days": 60}),
                ],
            }
        )

    def _create_in_three(self, days_ago=0, amount=100):
        day = fields.Date.today() - timedelta(days=days_ago)
        invoice = self._create_invoice(
            amount, invoice_payment_term_id=self.term.id, invoice_date=day
        )
        return invoice, invoice._get_payment_request_instalments()

    def _ask(self, invoice, instalment=None, amount=None, **options):
        allocation = {"invoice_id": invoice.id, "amount": amount}
        if instalment:
            allocation["instalment_line_id"] = instalment.id
        return self.requests.create_and_send([allocation], **options).sudo()

    def _code(self, *arguments, **options):
        with self.assertRaises(PaymentRequestRefused) as refused:
            self._ask(*arguments, **options)
        return refused.exception.details[0]["code"]

    def test_the_payer_is_asked_for_one_instalment_and_pays_that_one(self):
        invoice, (first, second, third) = self._create_in_three()
        request = self._ask(invoice, second)
        self.assertEqual(request.amount_total, 30)
        self.assertRegex(request.line_ids.instalment, "^Instalment 2 of 3, due ")
        self.assertEqual(request.line_ids.invoice_date_due, second.date_maturity)
        (item,) = self._open_checkout(request).sudo().parameters["line_items"]
        self.assertIn("Instalment 2 of 3", item["price_data"]["product_data"]["description"])
        request.checkout_ids.state = "expired"
        self.env.flush_all()
        self._pay(request)
        self.assertEqual([one.amount_residual for one in (first, second, third)], [20, 0, 50])
        self.assertEqual(request.state, "completed")
        self.assertMoney(request)

    def test_the_same_instalment_is_not_asked_twice(self):
        invoice, (first, second, third) = self._create_in_three()
        self._ask(invoice, second)
        self.assertEqual(self._code(invoice, second), "already_requested")
        self.assertEqual(self._code(invoice, second, 5), "already_requested")
        self.assertEqual(self._ask(invoice, first).amount_total, 20)
        self.assertEqual(self._ask(invoice).amount_total, 50, "what nobody asks for yet")
        self.assertEqual(self._code(invoice, third), "already_requested")

    def test_what_is_asked_without_a_name_counts_for_the_earliest(self):
        invoice, (first, second, third) = self._create_in_three()
        self._ask(invoice, amount=35)
        self.assertEqual(self._code(invoice, first), "already_requested")
        self.assertEqual(self._code(invoice, second, 16), "amount_above_due")
        self.assertEqual(self._ask(invoice, second, 15).amount_total, 15)
        self.assertEqual(self._ask(invoice, third).amount_total, 50)

    def test_bad_instalments_are_refused(self):
        invoice, (first, *_rest) = self._create_in_three()
        other, (others, *_rest) = self._create_in_three()
        self.assertEqual(self._code(invoice, others), "unknown_instalment")
        self.assertEqual(self._code(invoice, invoice.invoice_line_ids), "unknown_instalment")
        self.assertEqual(self._code(invoice, first, 20.01), "amount_above_due")
        self._pay_elsewhere(invoice, 20)
        self.assertEqual(self._code(invoice, first), "nothing_due")
        with self.assertRaises(UserError):
            self.requests.create_and_send(
                [{"invoice_id": invoice.id, "instalment_line_id": "first"}]
            )

    def test_a_link_without_a_name_leaves_a_named_instalment_to_its_link(self):
        invoice, (first, second, third) = self._create_in_three()
        named, rest = self._ask(invoice, first), self._ask(invoice)
        self._pay(rest)
        self.assertEqual([one.amount_residual for one in (first, second, third)], [20, 0, 0])
        self._pay(named)
        self.assertOwed(invoice, "0")
        self.assertMoney(named)
        self.assertMoney(rest)

    def test_an_instalment_that_was_paid_elsewhere_closes_its_link(self):
        invoice, (first, *_rest) = self._create_in_three()
        request = self._ask(invoice, first)
        self._pay_elsewhere(invoice, 20)
        self.assertFalse(request._get_quote()["total"])
        self._run_cron("ir_cron_poll_stripe")
        self.assertEqual(request.state, "completed")

    def test_the_dialog_asks_for_the_next_for_what_is_due_or_for_all(self):
        for days, choice, expected, named in (
            (0, "all", 100, False),
            (0, "next", 20, True),
            (0, "due", 20, True),
            (31, "due", 50, False),  # two of them
            (31, "next", 20, True),
        ):
            with self.subTest(days=days, choice=choice):
                invoice, items = self._create_in_three(days)
                action = invoice.with_user(self.billing_user).action_send_payment_link()
                wizards = self.env[action["res_model"]].with_user(self.billing_user)
                wizard = wizards.browse(action["res_id"])
                self.assertTrue(wizard.has_instalments)
                wizard.ask_for = choice
                wizard._onchange_ask_for()
                self.assertEqual(wizard.line_ids.amount, expected)
                self.assertEqual(
                    wizard.line_ids.instalment_line_id, items[:1] if named else items[:0]
                )
                self.assertFalse(wizard.has_refusals)
                wizard.action_send()
                request = invoice.payment_request_ids.sudo()
                self.assertEqual(request.amount_total, expected)
                self.assertEqual(bool(request.line_ids.instalment_line_id), named)

    def _ask_for_what_is_due(self, *invoices, amount=None):
        """Ask in the dialog for all that is due by now; return the request (sudo)."""
        moves = self.env["account.move"].union(*invoices).with_user(self.billing_user)
        action = moves.action_send_payment_link()
        wizard = self.env[action["res_model"]].with_user(self.billing_user).browse(action["res_id"])
        wizard.ask_for = "due"
        wizard._onchange_ask_for()
        if amount is not None:
            wizard.line_ids.amount = amount
        wizard.action_send()
        return moves.payment_request_ids.sudo()

    def test_what_is_not_due_is_not_asked_when_what_is_due_is_paid_elsewhere(self):
        invoice, items = self._create_in_three(31)
        request = self._ask_for_what_is_due(invoice)
        checkout = self._open_checkout(request)
        self._pay_elsewhere(invoice, 20)
        self.assertEqual(request.amount_residual, 30)
        self._run_cron("ir_cron_poll_stripe")
        self.assertEqual(checkout.state, "expired", "it asked for 50")
        self.assertEqual(request.amount_lapsed, 20)
        self.assertRegex(request.activity_ids.note, r"asks for \S*30\.00 instead of \S*50\.00")
        self._pay(request)
        self.assertEqual([one.amount_residual for one in items], [0, 0, 50])
        self.assertEqual(request.state, "completed")
        self.assertMoney(request)

    def test_a_link_for_what_was_due_ends_when_that_is_paid_elsewhere(self):
        invoice, _items = self._create_in_three(31)
        request = self._ask_for_what_is_due(invoice)
        self.assertEqual(request.line_ids.due_by, fields.Date.today())
        self._pay_elsewhere(invoice, 50)
        self._run_cron("ir_cron_poll_stripe")
        self.assertEqual(request.state, "completed")
        self.assertOwed(invoice, "50")

    def test_a_part_of_what_is_due_is_asked_and_more_than_it_when_somebody_says_so(self):
        for amount, paid, expected in ((45, 20, 30), (45, 5, 45), (70, 20, 70), (70, 50, 50)):
            with self.subTest(amount=amount, paid=paid):
                invoice, _items = self._create_in_three(31)
                request = self._ask_for_what_is_due(invoice, amount=amount)
                self.assertEqual(request.amount_total, amount)
                self._pay_elsewhere(invoice, paid)
                self.assertEqual(request.amount_residual, expected)

    def test_what_a_link_names_is_not_asked_by_another_for_what_is_due(self):
        invoice, (first, *_rest) = self._create_in_three(61)
        named = self._ask(invoice, first, 15)
        request = self._ask_for_what_is_due(invoice) - named
        self.assertEqual(request.amount_total, 85)
        self._pay(named)
        self.assertEqual(request.amount_residual, 85)
        self._pay_elsewhere(invoice, 5)
        self.assertEqual(request.amount_residual, 80)

    def test_what_a_cancelled_link_named_is_asked_by_the_link_for_what_is_due(self):
        invoice, (first, *_rest) = self._create_in_three(61)
        named = self._ask(invoice, first, 15)
        request = self._ask_for_what_is_due(invoice) - named
        self._pay_elsewhere(invoice, 10)
        self.assertEqual((named.amount_residual, request.amount_residual), (10, 80))
        named.action_cancel()
        self.assertEqual(request.amount_residual, 85)
        self.assertEqual(request.amount_to_pay, 85)
        self.assertEqual(float(request.line_ids._get_amount_due()), request.line_ids.amount_due)

    def test_a_day_that_is_none_is_refused(self):
        invoice, _items = self._create_in_three(31)
        with self.assertRaisesRegex(UserError, "someday is no date"):
            self._ask(invoice, due_by="someday")
        request = self._ask(invoice, amount=50, due_by=fields.Date.to_string(fields.Date.today()))
        self._pay_elsewhere(invoice, 20)
        self.assertEqual(request.amount_residual, 30)

    def test_a_refund_opens_the_instalment_again(self):
        invoice, (first, second, third) = self._create_in_three()
        request = self._ask(invoice, second)
        checkout = self._pay(request)
        charge = self.stripe.charge_of(checkout.stripe_checkout_session_ref)
        self.stripe.refund(charge, charge["amount"])
        self._hear()
        self.assertEqual([one.amount_residual for one in (first, second, third)], [20, 30, 50])
        self.assertMoney(request)
