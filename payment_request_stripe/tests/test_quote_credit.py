# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from psycopg2.errors import UniqueViolation

from odoo import fields
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..exceptions import PayerNotice, PaymentRequestRefused
from .money_case import MoneyCase


@tagged("post_install", "-at_install")
class TestQuoteCredit(MoneyCase):
    """Open credits of the customer are deducted from what is asked, and allocated exactly."""

    def _create_note(self, amount, **values):
        """Return the open item of a credit note."""
        note = self._create_invoice(amount, move_type="out_refund", **values)
        return self._get_receivable(note)

    def _create_prepayment(self, amount):
        """Return the open item of a payment that fits no invoice."""
        payment = self.env["account.payment"].create(
            {
                "payment_type": "inbound",
                "partner_type": "customer",
                "partner_id": self.payer.id,
                "amount": amount,
                "journal_id": self.company_data["default_journal_bank"].id,
            }
        )
        payment.action_post()
        return payment.move_id.line_ids.filtered(
            lambda line: line.account_type == "asset_receivable"
        )

    def _get_receivable(self, move):
        return move.line_ids.filtered(lambda line: line.account_type == "asset_receivable")

    def _ask(self, *invoices, credits_=(), **options):
        chosen = [
            {"item_id": one.id}
            if not isinstance(one, tuple)
            else {"item_id": one[0].id, "amount": one[1]}
            for one in credits_
        ]
        return self._create_request(*invoices, credits=chosen, **options)

    def _get_refusal(self, *invoices, **options):
        with self.assertRaises(PaymentRequestRefused) as refused:
            self._ask(*invoices, **options)
        return refused.exception.details[0]

    # === OFFERED === #

    def test_credit_notes_and_open_payments_of_the_same_customer_are_offered(self):
        invoice = self._create_invoice(100)
        note, prepaid = self._create_note(20), self._create_prepayment(5)
        other = self.env["res.partner"].create({"name": "Somebody else"})
        self._create_note(7, partner=other)
        self._create_note(7, currency=self.setup_other_currency("EUR"))
        self._create_invoice(7, move_type="out_refund", post=False)
        self.assertEqual(invoice._get_payment_request_credits(), note | prepaid)

    def test_a_credit_is_deducted_by_one_request_at_a_time(self):
        first, second, note = (
            self._create_invoice(100),
            self._create_invoice(100),
            self._create_note(20),
        )
        request = self._ask(first, credits_=[note])
        self.assertFalse(second._get_payment_request_credits())
        self.assertEqual(self._get_refusal(second, credits_=[note])["code"], "unknown_credit")
        with (
            self.assertRaises(UniqueViolation),
            mute_logger("odoo.sql_db"),
            self.env.cr.savepoint(),
        ):
            self.env["payment.request.credit"].sudo().create(
                {
                    "request_id": self._create_request(second).id,
                    "item_id": note.id,
                    "amount": 1,
                }
            )
        request._transition("cancelled")
        self.assertEqual(self._ask(second, credits_=[note])._get_quote()["total"], 8000)

    def test_a_link_that_comes_back_to_life_asks_without_what_another_deducts(self):
        first, second, note = (
            self._create_invoice(100),
            self._create_invoice(100),
            self._create_note(20),
        )
        request = self._ask(first, credits_=[note])
        request._transition("expired")
        other = self._ask(second, credits_=[note])
        request._transition("sent")
        self.assertEqual(request._get_quote()["total"], 10000)
        self.assertEqual(other._get_quote()["total"], 8000)

    def test_bad_credits_are_refused_and_nothing_is_made(self):
        invoice, note = self._create_invoice(100), self._create_note(20)
        stranger = self._create_note(9, partner=self.env["res.partner"].create({"name": "S"}))
        for chosen, code in (
            ([stranger], "unknown_credit"),
            ([self._get_receivable(invoice)], "unknown_credit"),
            ([(note, 20.01)], "credit_amount"),
            ([(note, "0.001")], "credit_amount"),
            ([(note, 0)], "credit_amount"),
            ([(note, -5)], "credit_amount"),
        ):
            with self.subTest(code=code, chosen=chosen):
                self.assertEqual(self._get_refusal(invoice, credits_=chosen)["code"], code)
        self.assertFalse(self.env["payment.request.credit"].search([]))

    def test_what_credits_cover_is_reconciled_not_asked(self):
        invoice, note = self._create_invoice(100), self._create_note(100)
        refusal = self._get_refusal(invoice, credits_=[note])
        self.assertEqual(refusal["code"], "nothing_to_charge")
        self.assertIn("Reconcile", refusal["message"])

    def test_the_net_is_held_against_the_minimum_of_stripe(self):
        invoice, note = self._create_invoice(100), self._create_note(99.60)
        refusal = self._get_refusal(invoice, credits_=[note])
        self.assertEqual(refusal["code"], "amount_too_small")
        self.assertIn("0.40", refusal["message"])

    # === QUOTED === #

    def test_the_net_is_spread_over_the_lines_and_explained(self):
        first, second = self._create_invoice(30), self._create_invoice(100)
        note = self._create_note(50)
        request = self._ask(first, second, credits_=[note])
        quote = request._get_quote()
        self.assertEqual(quote["total"], 8000)
        self.assertEqual([line["pay"] for line in quote["lines"]], [0, 8000])
        (item,) = self._open_checkout(request).sudo().parameters["line_items"]
        self.assertEqual(item["price_data"]["unit_amount"], 8000)
        said = item["price_data"]["product_data"]["description"]
        self.assertIn(note.move_id.name, said)
        self.assertIn(first.name, said)
        self.assertIn(note.move_id.name, request.deductions)
        self.assertEqual(request.amount_to_pay, 80)

    def test_only_on_the_same_account(self):
        account = self.company_data["default_account_receivable"].copy()
        partner = self.env["res.partner"].create(
            {"name": "Two accounts", "property_account_receivable_id": account.id}
        )
        invoice = self._create_invoice(100, partner=partner)
        partner.property_account_receivable_id = self.company_data["default_account_receivable"]
        self._create_note(10, partner=partner)
        self.assertFalse(invoice._get_payment_request_credits())

    # === BOOKED === #

    def test_each_invoice_and_each_credit_gets_exactly_its_part(self):
        first, second = self._create_invoice(30), self._create_invoice(100)
        note, prepaid = self._create_note(50), self._create_prepayment(25)
        request = self._ask(first, second, credits_=[note, (prepaid, 10)], amounts=[30, 60])
        self.assertEqual(request._get_quote()["total"], 3000)
        self._pay(request)
        self.assertOwed(first, "0")
        self.assertOwed(second, "40")
        self.assertTrue(note.reconciled)
        self.assertEqual(prepaid.amount_residual, -15)
        self.assertEqual(request.amount_paid, 30)
        self.assertEqual(request.state, "completed")
        self.assertEqual(request.credit_ids.mapped("amount_used"), [50, 10])
        self.assertFalse(any(request.credit_ids.mapped("is_reserved")))
        self.assertFalse(request.activity_ids)
        self.assertMoney(request)

    def test_in_a_foreign_currency(self):
        currency = self.setup_other_currency("EUR")
        currency.rate_ids = [
            Command.clear(),
            Command.create({"name": "2020-01-01", "inverse_company_rate": 1.2}),
            Command.create({"name": fields.Date.today(), "inverse_company_rate": 1.35}),
        ]
        old = {"invoice_date": "2025-03-01", "date": "2025-03-01"}
        invoice = self._create_invoice(100, currency=currency, **old)
        note = self._create_note(33.33, currency=currency, **old)
        request = self._ask(invoice, credits_=[note])
        self._pay(request)
        self.assertOwed(invoice, "0")
        self.assertTrue(note.reconciled)
        self.assertEqual((self._get_receivable(invoice) | note).mapped("amount_residual"), [0, 0])
        self.assertMoney(request)

    def test_a_credit_that_was_used_meanwhile_leaves_a_rest_and_a_task(self):
        invoice, other, note = (
            self._create_invoice(100),
            self._create_invoice(15),
            self._create_note(20),
        )
        request = self._ask(invoice, credits_=[note])
        checkout = self._open_checkout(request)
        (note | self._get_receivable(other)).reconcile()
        self._receive(self.stripe.pay(checkout.stripe_checkout_session_ref))
        self.assertOwed(invoice, "15")
        self.assertTrue(note.reconciled)
        self.assertIn(note.move_id.name, request.activity_ids.note)
        self.assertEqual(request.state, "sent", "the rest can still be paid")
        self.assertMoney(request)

    def test_no_credit_is_used_that_the_invoice_does_not_need_any_more(self):
        invoice, note = self._create_invoice(100), self._create_note(20)
        request = self._ask(invoice, credits_=[note])
        checkout = self._open_checkout(request)
        self._pay_elsewhere(invoice, 90)
        self._receive(self.stripe.pay(checkout.stripe_checkout_session_ref))
        self.assertOwed(invoice, "0")
        self.assertEqual(note.amount_residual, -20)
        self.assertEqual(request.payment_ids.payment_request_credit, 70)
        self.assertMoney(request)

    def test_the_same_money_twice_uses_the_credit_once(self):
        invoice, note = self._create_invoice(100), self._create_note(20)
        request = self._ask(invoice, credits_=[note])
        first = self._open_checkout(request)
        first.state = "failed"
        self.env.flush_all()
        second = self._open_checkout(request)
        for checkout in (first, second):
            self._receive(self.stripe.pay(checkout.stripe_checkout_session_ref))
        self.assertOwed(invoice, "0")
        self.assertEqual(request.line_ids.amount_credit, 20)
        self.assertEqual(request.amount_paid, 160)
        self.assertMoney(request)

    def test_a_payment_that_is_posted_again_takes_its_credit_again(self):
        invoice, note = self._create_invoice(100), self._create_note(20)
        request = self._ask(invoice, credits_=[note])
        self._pay(request)
        payment = request.payment_ids
        payment.action_draft()
        payment.move_id.line_ids.remove_move_reconcile()
        self.assertOwed(invoice, "100")
        payment.action_post()
        self.assertOwed(invoice, "0")
        self.assertTrue(note.reconciled)

    # === GOING BACK === #

    def test_a_refund_leaves_the_credit_where_it_is(self):
        invoice, note = self._create_invoice(100), self._create_note(20)
        request = self._ask(invoice, credits_=[note])
        checkout = self._pay(request)
        charge = self.stripe.charge_of(checkout.stripe_checkout_session_ref)
        self.stripe.refund(charge, 3000)
        self._hear()
        self.assertOwed(invoice, "30")
        self.assertMoney(request)
        self.stripe.refund(charge, 5000)
        self._hear()
        self.assertOwed(invoice, "80")
        self.assertTrue(note.reconciled)
        self.assertMoney(request)
        self.assertFalse(request._get_quote()["total"])

    # === FOLLOWED === #

    def test_a_session_is_quoted_again_when_its_credit_was_used(self):
        invoice, note = self._create_invoice(100), self._create_note(20)
        request = self._ask(invoice, credits_=[note])
        checkout = self._open_checkout(request)
        self._run_cron("ir_cron_poll_stripe")
        self.assertEqual(checkout.state, "open")
        (note | self._get_receivable(self._create_invoice(20))).reconcile()
        self.assertTrue(
            self.env["ir.cron.trigger"].search_count(
                [("cron_id", "=", self.env.ref("payment_request_stripe.ir_cron_poll_stripe").id)]
            )
        )
        self._run_cron("ir_cron_poll_stripe")
        self.assertEqual(checkout.state, "expired")
        self.assertEqual(request._get_quote()["total"], 10000)

    def test_a_credit_note_that_is_cancelled_is_not_deducted(self):
        invoice, note = self._create_invoice(100), self._create_note(20)
        request = self._ask(invoice, credits_=[note])
        note.move_id.button_draft()
        self.assertEqual(request._get_quote()["total"], 10000)

    def test_credits_that_cover_the_rest_are_a_task(self):
        invoice, note = self._create_invoice(100), self._create_note(20)
        request = self._ask(invoice, credits_=[note])
        self._pay_elsewhere(invoice, 85)
        self._run_cron("ir_cron_poll_stripe")
        self.assertEqual(request._get_page_state(), "settled")
        self.assertIn("Reconcile the credits", request.activity_ids.note)

    def test_too_little_for_stripe_is_not_asked_of_it(self):
        invoice, note = self._create_invoice(100), self._create_note(20)
        request = self._ask(invoice, credits_=[note])
        self._pay_elsewhere(invoice, 79.80)
        with self._as_in_production(request) as asked:
            paying = asked.sudo()
            try:  # assertRaises would take back what was written
                paying._open_checkout(paying._sign_quote(paying._get_quote()))
            except PayerNotice as notice:
                self.assertEqual(notice.code, "not_chargeable")
        self.assertFalse(self.stripe.sessions)
        self.assertIn("at least", request.activity_ids.note)

    # === WITH A DISCOUNT === #

    def test_a_discount_and_a_credit_on_one_invoice(self):
        term = self.env["account.payment.term"].create(
            {
                "name": "2% within 10 days",
                "early_discount": True,
                "line_ids": [Command.create({"value": "percent", "value_amount": 100})],
            }
        )
        invoice = self._create_invoice(100, invoice_payment_term_id=term.id)
        request = self._ask(invoice, credits_=[self._create_prepayment(20)])
        self.assertEqual(request._get_quote()["total"], 7800)
        self._pay(request)
        self.assertOwed(invoice, "0")
        line = request.line_ids
        self.assertEqual((line.amount_paid, line.amount_discount, line.amount_credit), (78, 2, 20))
        self.assertMoney(request)

    def test_a_credit_note_of_the_invoice_takes_its_discount(self):
        term = self.env["account.payment.term"].create(
            {
                "name": "2% within 10 days",
                "early_discount": True,
                "line_ids": [Command.create({"value": "percent", "value_amount": 100})],
            }
        )
        invoice = self._create_invoice(100, invoice_payment_term_id=term.id)
        note = invoice._reverse_moves([{"invoice_date": fields.Date.today()}])
        note.invoice_line_ids.price_unit = 20
        note.action_post()
        note.line_ids.remove_move_reconcile()  # Odoo had reconciled it with its invoice
        request = self._ask(invoice, credits_=[self._get_receivable(note)])
        self.assertEqual(request._get_quote()["total"], 8000)
