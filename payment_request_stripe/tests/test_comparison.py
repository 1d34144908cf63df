# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""*Equal* is said only of what is on the clearing account, and *different* only of what is not."""

import time
from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.fields import Command
from odoo.tests import tagged

from ..models import payment_request_audit_period
from .money_case import MoneyCase
from .stripe_undo import fee

DAY = 24 * 3600


class ComparisonCase(MoneyCase):
    def setUp(self):
        super().setUp()
        self.expense = self.company_data["default_account_expense"]
        self.company.payment_request_fee_account_id = self.expense

    def _compare(self, **period):
        comparison = (
            self.env["payment.request.comparison"].with_user(self.billing_user).create(period)
        )
        with self._as_in_production(comparison, self.billing_user) as wizard:
            wizard.action_compare()
        return comparison

    def assertEqualBooks(self, **period):
        comparison = self._compare(**period)
        self.assertTrue(comparison.is_equal, comparison.result)

    def assertNamed(self, text):
        comparison = self._compare()
        self.assertFalse(comparison.is_equal)
        self.assertIn(text, comparison.result)

    def _learn_fees(self):
        self._run_cron("ir_cron_poll_stripe")
        self._run_cron("ir_cron_process_events")

    def _book_by_hand(self, ref, *lines):
        """Post an entry with ``(account, amount, currency)`` whose reference names `ref`."""
        company = self.company
        today = fields.Date.today()
        entry = self.env["account.move"].create(
            {
                "move_type": "entry",
                "journal_id": self.stripe_journal.id,
                "ref": f"By hand: {ref}",
                "line_ids": [
                    Command.create(
                        {
                            "account_id": account.id,
                            "currency_id": currency.id,
                            "amount_currency": amount,
                            "balance": currency._convert(
                                amount, company.currency_id, company, today
                            ),
                        }
                    )
                    for account, amount, currency in lines
                ],
            }
        )
        entry.action_post()
        return entry

    def _start_debit(self):
        """Return ``(request, ref, charge)`` of a debit under way, on Stripe's balance already."""
        request = self._create_request(self._create_invoice(100))
        ref = self._open_checkout(request).stripe_checkout_session_ref
        self._receive(self.stripe.pay_async(ref))
        charge = self.stripe.charge_of(ref)
        self.stripe.move_balance("payment", charge, charge["amount"], fee(charge["amount"]))
        return request, ref, charge


@tagged("post_install", "-at_install")
class TestEqual(ComparisonCase):
    """Nothing is called equal that is not on the clearing account."""

    def test_an_entry_that_was_cancelled_is_missed(self):
        self.company.payment_request_post_fees = True
        request, _invoices, charge = self._pay_invoices(100)
        self._learn_fees()
        dispute, events = self.stripe.dispute(charge)
        self._receive(*events)
        self.assertEqualBooks()
        found = request.dispute_ids
        for entry, said in (
            (found.move_id, f"The money of dispute {dispute['id']}"),
            (found.stripe_fee_move_id, f"The fee of dispute {dispute['id']}"),
            (request.payment_ids.stripe_fee_move_id, f"The fee of {charge['payment_intent']}"),
        ):
            with self.subTest(said):
                entry.button_draft()
                entry.button_cancel()
                self.assertNamed(said)
                entry.button_draft()
                entry.action_post()
                self.assertEqualBooks()

    def test_a_payment_that_was_reversed_is_missed(self):
        request, _invoices, charge = self._pay_invoices(100)
        payment = request.payment_ids
        payment.move_id._reverse_moves([{"date": payment.date}], cancel=False).action_post()
        self.assertNamed(f"{charge['payment_intent']} of 100.00 USD is booked with")
        self._book_by_hand(
            charge["payment_intent"],
            (self.clearing_account, 100, self.company.currency_id),
            (self.expense, -100, self.company.currency_id),
        )
        self.assertEqualBooks()

    def test_a_dispute_that_costs_more_later_is_booked_and_compared(self):
        request, _invoices, charge = self._pay_invoices(100)
        dispute, events = self.stripe.dispute(charge)
        self._receive(*events)
        line = self.stripe.move_balance("adjustment", dispute, 0, 1500)
        dispute["balance_transactions"].append(line)
        self.assertNamed(f"dispute {dispute['id']}")
        self._receive(self.stripe.event("charge.dispute.updated", dispute))
        self.assertEqualBooks()
        self.assertMoney(request)

    def test_a_refund_that_failed_and_is_still_booked_is_named(self):
        request, (invoice,), _charge = self._pay_invoices(100)
        self._refund(request, {invoice: 30})
        (refund,) = self.stripe.refunds.values()
        for row in self.stripe.balance.values():
            row["created"] -= 9 * DAY
        failed = self.stripe.finish_refund(refund, "failed")
        today = fields.Date.today()
        period = {"date_from": today - timedelta(days=2), "date_to": today}
        comparison = self._compare(**period)
        self.assertFalse(comparison.is_equal)
        booked = request.refund_ids.refund_payment_id
        self.assertIn(f"failed at Stripe, and is booked as {booked.name}", comparison.result)
        self._receive(failed)
        self.assertOwed(invoice, "0")
        self.assertEqualBooks(**period)

    def test_a_payout_with_a_refund_that_failed_and_is_still_booked_is_not_equal(self):
        request, (invoice,), _charge = self._pay_invoices(100)
        self._refund(request, {invoice: 30})
        self._receive(self.stripe.pay_out())
        self._learn_fees()  # from now on nobody asks for the refund by himself
        (refund,) = self.stripe.refunds.values()
        failed = self.stripe.finish_refund(refund, "failed")
        self._receive(self.stripe.pay_out())
        self._learn_fees()
        payout = self.env["payment.request.payout"].search([("amount", "=", 30)])
        self.assertEqual(payout.proof, "different", payout.result)
        self._receive(failed)
        payout.action_check_again()
        self.assertEqual(payout.proof, "equal", payout.result)
        self.assertOwed(invoice, "0")

    def test_what_is_of_an_unknown_kind_is_named(self):
        _request, _invoices, charge = self._pay_invoices(100)
        line = self.stripe.move_balance("payment_reversal", charge, -500)
        self.assertNamed(f"{line['id']} of -5.00 USD (payment_reversal")

    def test_the_fee_of_a_refund_is_booked_and_compared(self):
        self.company.payment_request_post_fees = True
        request, (invoice,), _charge = self._pay_invoices(100)
        self._learn_fees()
        self._refund(request, {invoice: 30})
        ref = request.refund_ids.stripe_refund_ref
        (line,) = [one for one in self.stripe.balance.values() if one["source"] == ref]
        line.update(fee=25, net=line["amount"] - 25)
        self.assertNamed(f"The fee of {ref}, 0.25 USD, is not booked")
        self._learn_fees()
        self.assertEqualBooks()
        self.assertEqual(request.stripe_fee, 3.45)

    def test_a_day_is_one_of_the_company(self):
        is_late = fields.Datetime.now().hour >= 10
        # Where it is tomorrow or yesterday already.
        self.company.partner_id.tz = "Pacific/Kiritimati" if is_late else "Etc/GMT+12"
        today = self.company._get_payment_request_today()
        self.assertNotEqual(today, fields.Date.today())
        request, _invoices, charge = self._pay_invoices(100)
        request.payment_ids.action_draft()
        self.assertNamed(f"{charge['payment_intent']} of 100.00 USD is not booked")
        self.assertEqual(self._compare().date_to, today)
        self.assertEqual(self._compare().date_from, today - timedelta(days=30))
        yesterday = today - timedelta(days=1)
        self.assertEqualBooks(date_from=yesterday, date_to=yesterday)

    def test_a_branch_that_shares_the_account_is_compared(self):
        request, _invoices, charge = self._pay_invoices(100)
        branch = self.env["res.company"].create(
            {"name": "Branch", "parent_id": self.company.id, "country_id": False}
        )
        self.env.cr.execute(
            "UPDATE payment_request_checkout SET company_id = %s WHERE id IN %s",
            [branch.id, tuple(request.checkout_ids.ids)],
        )
        self.env.invalidate_all()
        request.payment_ids.action_draft()
        self.assertNamed(f"{charge['payment_intent']} of 100.00 USD is not booked")


@tagged("post_install", "-at_install")
class TestDifferent(ComparisonCase):
    """What is as it should be is not called different."""

    def test_what_stripe_took_in_another_period_is_known_there(self):
        request, _invoices, charge = self._pay_invoices(100)
        self.stripe.balance[charge["balance_transaction"]]["created"] = int(time.time()) - 9 * DAY
        today = fields.Date.today()
        self.assertEqualBooks(date_from=today - timedelta(days=2), date_to=today)
        del self.stripe.payment_intents[charge["payment_intent"]]
        comparison = self._compare(date_from=today - timedelta(days=2), date_to=today)
        self.assertIn("is booked, but not at Stripe", comparison.result)
        self.assertIn(request.payment_ids.name, comparison.result)

    def test_what_there_is_no_time_to_look_up_is_counted(self):
        for _number in range(3):
            _request, _invoices, charge = self._pay_invoices(100)
            self.stripe.balance[charge["balance_transaction"]]["created"] -= 9 * DAY
        today = fields.Date.today()
        period = {"date_from": today - timedelta(days=2), "date_to": today}
        with patch.object(payment_request_audit_period, "LOOK_FOR", 0):
            comparison = self._compare(**period)
        self.assertIn("3 more moved nothing on Stripe's balance", comparison.result)
        self.assertEqualBooks(**period)

    def test_a_debit_under_way_or_failed_is_not_missed(self):
        request, ref, charge = self._start_debit()
        self.assertEqualBooks()
        self._receive(self.stripe.decline(ref))
        charge["status"] = "failed"
        self.stripe.move_balance("payment_failure_refund", charge, -charge["amount"])
        self.assertEqualBooks()
        self.assertEqual(request.state, "failed")

    def test_a_debit_that_arrived_is_missed_until_it_is_booked(self):
        _request, ref, charge = self._start_debit()
        before = dict(self.stripe.balance)
        arrived = self.stripe.settle(ref)
        self.stripe.balance = before  # it lies there since it was sent
        self.assertNamed(f"{charge['payment_intent']} of 100.00 USD is not booked")
        self._receive(arrived)
        self.assertEqualBooks()

    def test_a_refund_that_failed_before_it_was_booked_is_not_missed(self):
        request, (invoice,), _charge = self._pay_invoices(100)
        self.stripe.refund_status = "pending"
        self._refund(request, {invoice: 30})
        (refund,) = self.stripe.refunds.values()
        failed = self.stripe.finish_refund(refund, "failed")
        self.assertEqualBooks()
        self._receive(failed)
        self.assertEqual(request.refund_ids.state, "failed")
        self.assertEqualBooks()

    def test_fees_of_before_they_were_booked_are_not_missed(self):
        self._pay_invoices(100)
        self._learn_fees()
        self.company.payment_request_post_fees = True
        self.assertEqualBooks()
        request, _invoices, charge = self._pay_invoices(70)
        self.assertNamed(f"The fee of {charge['payment_intent']}")
        self._learn_fees()
        self.assertTrue(request.payment_ids.stripe_fee_move_id)
        self.assertEqualBooks()

    def test_fees_of_refunds_of_before_they_were_booked_are_not_missed(self):
        request, (invoice,), _charge = self._pay_invoices(100)
        self._refund(request, {invoice: 30})
        (refund,) = self.stripe.refunds.values()
        self.stripe.balance[refund["balance_transaction"]].update(fee=50, net=-3050)
        self._learn_fees()
        self.company.payment_request_post_fees = True
        self.assertEqualBooks()
        self._refund(request, {invoice: 20})
        later = list(self.stripe.refunds.values())[-1]
        self.stripe.balance[later["balance_transaction"]].update(fee=40, net=-2040)
        self.assertNamed(f"The fee of {later['id']}, 0.40 USD, is not booked")

    def test_a_payout_with_a_refund_that_was_under_way_is_equal_once_it_is_booked(self):
        request, (invoice,), _charge = self._pay_invoices(100)
        self.stripe.refund_status = "pending"
        self._refund(request, {invoice: 30})
        (refund,) = self.stripe.refunds.values()
        self._receive(self.stripe.pay_out())
        self._learn_fees()
        payout = self.env["payment.request.payout"].search([("company_id", "=", self.company.id)])
        self.assertEqual(payout.proof, "equal", payout.result)
        self._receive(self.stripe.finish_refund(refund, "succeeded"))
        payout.action_check_again()
        self.assertEqual(payout.proof, "equal", payout.result)
        booked = request.refund_ids.refund_payment_id
        booked.action_draft()
        payout.action_check_again()
        self.assertIn(f"{refund['id']} of 30.00 USD is not booked", payout.result)

    def test_a_payout_with_a_refund_that_was_heard_of_late_is_equal_once_it_is_booked(self):
        _request, _invoices, charge = self._pay_invoices(100)
        refund = self.stripe.refund(charge, 3000, status="pending")
        self._receive(self.stripe.pay_out())
        self._learn_fees()
        payout = self.env["payment.request.payout"].search([("company_id", "=", self.company.id)])
        self._receive(self.stripe.finish_refund(refund, "succeeded"))
        self._learn_fees()
        self.assertEqual(payout.proof, "equal", payout.result)

    def test_a_payout_that_is_checked_again_after_a_dispute_was_won_is_equal(self):
        _request, _invoices, charge = self._pay_invoices(100)
        _other, _invoices, _charge = self._pay_invoices(300)
        dispute, events = self.stripe.dispute(charge)
        self._receive(*events)
        self._receive(self.stripe.pay_out())
        self._learn_fees()
        payout = self.env["payment.request.payout"].search([("company_id", "=", self.company.id)])
        self.assertEqual(payout.proof, "equal", payout.result)
        self._receive(*self.stripe.close_dispute(dispute, "won"))
        payout.action_check_again()
        self.assertEqual(payout.proof, "equal", payout.result)
