# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What Stripe changes into another currency is changed on the clearing account as well."""

from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from .test_comparison import ComparisonCase


class ExchangeCase(ComparisonCase):
    """A company in dollars; its Stripe account settles in euros, in the books at 0.90."""

    def setUp(self):
        super().setUp()
        self.euro = self.setup_other_currency("EUR", rates=[("2020-01-01", 0.9)])
        self.company.payment_request_post_fees = True
        self.stripe.settles = {"usd": ("eur", 0.92)}

    def _get_exchange_balance(self):
        accounts = (
            self.company.income_currency_exchange_account_id
            | self.company.expense_currency_exchange_account_id
        )
        items = self.env["account.move.line"].search(
            [("account_id", "in", accounts.ids), ("parent_state", "=", "posted")]
        )
        return self.company.currency_id.round(sum(items.mapped("balance")))

    def _get_at_stripe(self):
        """Return what lies on Stripe's balance, in major units of the euro."""
        rows = self.stripe.balance.values()
        self.assertEqual({row["currency"] for row in rows}, {"eur"})
        return sum(row["net"] for row in rows) / 100

    def assertClearing(self):
        """Assert that the clearing account holds what is at Stripe, in euros only."""
        clearing = self._get_open_items()
        self.assertEqual(clearing.currency_id, self.euro)
        self.assertAlmostEqual(sum(clearing.mapped("amount_currency")), self._get_at_stripe(), 6)
        self.assertEqualBooks()

    def _get_open_items(self):
        return self.env["account.move.line"].search(
            [
                ("account_id", "=", self.clearing_account.id),
                ("parent_state", "=", "posted"),
                ("reconciled", "=", False),
            ]
        )


@tagged("post_install", "-at_install")
class TestExchange(ExchangeCase):
    def test_the_clearing_account_holds_what_the_payout_brings(self):
        request, (invoice,), charge = self._pay_invoices(100)
        ref = charge["payment_intent"]
        self.assertNamed(f"Stripe changed {ref} of 100.00 USD into 92.00 EUR")
        self._learn_fees()
        payment = request.payment_ids
        entry = payment.stripe_exchange_move_id
        self.assertEqual((payment.stripe_settled, payment.stripe_fee), (92, 2.94))
        self.assertEqual(request.stripe_fee, 3.27)
        self.assertEqual((entry.state, entry.date), ("posted", payment.date))
        self.assertIn(ref, entry.ref)
        self.assertEqual(self._get_exchange_balance(), -2.22)  # 92 EUR are 102.22 USD
        self.assertOwed(invoice, "0")
        self.assertClearing()
        self._receive(self.stripe.pay_out())
        self._learn_fees()
        payout = self.env["payment.request.payout"].search([("company_id", "=", self.company.id)])
        self.assertEqual((payout.currency_id, payout.amount), (self.euro, 89.06))
        self.assertEqual(payout.proof, "equal", payout.result)

    def test_what_is_told_again_changes_nothing(self):
        request, _invoices, _charge = self._pay_invoices(100)
        self._learn_fees()
        entries = self.env["account.move"].search_count([])
        self._hear()
        self._learn_fees()
        self.assertEqual(self.env["account.move"].search_count([]), entries)
        self.assertEqual(len(request.payment_ids), 1)
        self.assertClearing()

    def test_what_settles_in_the_currency_of_the_company_is_changed_too(self):
        self.stripe.settles = {"eur": ("usd", 1.08)}
        invoice = self._create_invoice(90, currency=self.euro)
        request = self._create_request(invoice)
        self._pay(request)
        self._learn_fees()
        (item,) = request.payment_ids.stripe_exchange_move_id.line_ids.filtered(
            lambda line: line.account_id == self.clearing_account and not line.reconciled
        )
        self.assertEqual(item.currency_id, self.company.currency_id)
        self.assertEqual(item.balance, 97.2)
        self.assertEqual(self._get_exchange_balance(), 2.8)
        self.assertEqualBooks()

    def test_a_refund_is_changed_back_at_its_own_rate(self):
        request, (invoice, other), _charge = self._pay_invoices(100, 50)
        self._learn_fees()
        self._refund(request, {invoice: 40})
        ref = request.refund_ids.stripe_refund_ref
        self.assertNamed(f"Stripe changed {ref} of 40.00 USD into -36.8")
        self._learn_fees()
        self.assertTrue(request.refund_ids.refund_payment_id.stripe_exchange_move_id)
        self.assertOwed(invoice, "40")
        self.assertOwed(other, "0")
        self.assertClearing()

    def test_a_refund_that_fails_comes_back_at_another_rate(self):
        request, (invoice,), _charge = self._pay_invoices(100)
        self._learn_fees()
        self._refund(request, {invoice: 40})
        self._learn_fees()
        (refund,) = self.stripe.refunds.values()
        told = self.stripe.finish_refund(refund, "failed")
        self.assertNamed(f"{refund['id']} of 40.00 USD failed at Stripe, and is booked")
        back = self.stripe.balance[refund["failure_balance_transaction"]]
        back.update(amount=3600, net=3600)
        self._receive(told)
        self._learn_fees()
        booked = request.refund_ids.refund_payment_id
        self.assertEqual(booked.stripe_settled, -0.84)
        self.assertOwed(invoice, "0")
        self.assertClearing()

    def _fail(self, prepare=None):
        """Return the booking of a refund of 40 that Stripe changed and that fails."""
        request, (invoice,), _charge = self._pay_invoices(100)
        self._learn_fees()
        self._refund(request, {invoice: 40})
        self._learn_fees()
        booked = request.refund_ids.refund_payment_id
        if prepare:
            prepare(booked)
        (refund,) = self.stripe.refunds.values()
        told = self.stripe.finish_refund(refund, "failed")
        self.stripe.balance[refund["failure_balance_transaction"]].update(amount=3600, net=3600)
        self._receive(told)
        self.assertOwed(invoice, "0")
        return booked

    def assertNothingChanged(self, booked, entry):
        """Assert that the clearing account holds the payment, in euros, and nothing of a refund."""
        self.assertFalse(booked.stripe_exchange_move_id)
        self.assertEqual(entry.reversal_move_ids.mapped("state"), ["posted"])
        clearing = self._get_open_items()
        self.assertEqual(clearing.currency_id, self.euro)
        self.assertAlmostEqual(sum(clearing.mapped("amount_currency")), 89.06, 6)
        self.assertEqual(self._get_exchange_balance(), -2.22)

    def test_a_refund_that_fails_takes_its_exchange_back_at_once(self):
        entries = []
        booked = self._fail(lambda refund: entries.append(refund.stripe_exchange_move_id))
        self.assertNothingChanged(booked, *entries)
        poll = self.env.ref("payment_request_stripe.ir_cron_poll_stripe")
        self.assertTrue(self.env["ir.cron.trigger"].search([("cron_id", "=", poll.id)]))
        self._learn_fees()
        self.assertEqual(booked.stripe_settled, -0.84)
        self.assertClearing()

    def test_a_refund_that_a_person_had_cancelled_takes_its_exchange_back_when_it_fails(self):
        entries = []

        def cancel(refund):
            entries.append(refund.stripe_exchange_move_id)
            refund.action_draft()
            refund.action_cancel()

        booked = self._fail(cancel)
        self.assertNothingChanged(booked, *entries)
        self._learn_fees()
        self.assertEqual(booked.stripe_settled, -0.84)
        self.assertClearing()

    def test_a_failed_refund_whose_exchange_waited_for_an_account_waits_no_more(self):
        gain = self.company.income_currency_exchange_account_id
        request, (invoice,), _charge = self._pay_invoices(100)
        self._learn_fees()
        self.company.income_currency_exchange_account_id = False
        self._refund(request, {invoice: 40})
        self._learn_fees()
        self.assertTrue(request.activity_ids.filtered(lambda one: "To be booked" in one.summary))
        (refund,) = self.stripe.refunds.values()
        self._receive(self.stripe.finish_refund(refund, "failed"))
        self.assertFalse(request.activity_ids.filtered(lambda one: "To be booked" in one.summary))
        self.company.income_currency_exchange_account_id = gain
        self._learn_fees()
        self.assertClearing()

    def test_a_dispute_that_is_won_leaves_the_difference_of_the_rates(self):
        request, (invoice,), charge = self._pay_invoices(100)
        self._learn_fees()
        dispute, events = self.stripe.dispute(charge)
        self._receive(*events)
        self.assertOwed(invoice, "100")
        self.assertClearing()
        self._receive(*self.stripe.close_dispute(dispute, "won"))
        self.assertEqual(request.dispute_state, "won")
        self.assertOwed(invoice, "0")
        self.assertClearing()

    def test_a_dispute_that_is_lost_stays_changed(self):
        request, (invoice,), charge = self._pay_invoices(100)
        self._learn_fees()
        dispute, events = self.stripe.dispute(charge)
        self._receive(*events, *self.stripe.close_dispute(dispute, "lost"))
        self._receive(*events)
        self.assertEqual(request.dispute_state, "lost")
        self.assertOwed(invoice, "100")
        self.assertClearing()

    def test_without_accounts_for_exchange_it_waits_for_them(self):
        gain = self.company.income_currency_exchange_account_id
        self.company.income_currency_exchange_account_id = False
        request, (invoice,), charge = self._pay_invoices(100)
        self._learn_fees()
        self.assertOwed(invoice, "0")
        self.assertFalse(request.payment_ids.stripe_exchange_move_id)
        self.assertIn(charge["payment_intent"], request.activity_ids.summary)
        self.assertNamed("the clearing account does not show that")
        self.company.income_currency_exchange_account_id = gain
        self._run_cron("ir_cron_poll_stripe")
        self.assertFalse(request.activity_ids)
        self.assertClearing()

    def test_what_a_person_booked_meanwhile_is_not_booked_again(self):
        gain = self.company.income_currency_exchange_account_id
        self.company.income_currency_exchange_account_id = False
        request, _invoices, charge = self._pay_invoices(100)
        self._learn_fees()
        dollar = self.company.currency_id
        self._book_by_hand(
            charge["payment_intent"],
            (self.clearing_account, -100, dollar),
            (self.clearing_account, 92, self.euro),
            (self.expense, -2.22, dollar),
        )
        self.assertEqualBooks()
        self.company.income_currency_exchange_account_id = gain
        self._run_cron("ir_cron_poll_stripe")
        self.assertFalse(request.payment_ids.stripe_exchange_move_id)
        self.assertFalse(request.payment_ids.stripe_entry_missing)
        self.assertEqualBooks()

    def test_in_a_locked_period_it_is_booked_on_the_first_open_day(self):
        request, _invoices, _charge = self._pay_invoices(100)
        today = fields.Date.today()
        self.company.fiscalyear_lock_date = today
        self._learn_fees()
        self.assertEqual(
            request.payment_ids.stripe_exchange_move_id.date, today + timedelta(days=1)
        )
