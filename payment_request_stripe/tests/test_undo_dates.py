# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import time
from collections import Counter
from datetime import timedelta

from odoo import fields
from odoo.fields import Command
from odoo.tests import tagged

from .money_case import MoneyCase

DAY = 24 * 3600


@tagged("post_install", "-at_install")
class TestUndoDates(MoneyCase):
    """Undoing leaves the months that were reported as they are, locked or not."""

    def setUp(self):
        super().setUp()
        self.euro = self.env.ref("base.EUR")
        self.euro.active = True
        today = fields.Date.today()
        self.euro.rate_ids = [
            Command.clear(),
            *(
                Command.create(
                    {
                        "name": today - timedelta(days=days),
                        "inverse_company_rate": rate,
                        "company_id": self.company.id,
                    }
                )
                for days, rate in ((200, 1.1), (75, 1.2), (2, 1.3))
            ),
        ]
        self.company.tax_exigibility = True
        self.company.tax_cash_basis_journal_id = self.env["account.journal"].create(
            {"name": "Cash Basis", "code": "CABX", "type": "general"}
        )
        account = self.company_data["default_account_tax_sale"].copy({"reconcile": True})
        self.tax = self.env["account.tax"].create(
            {
                "name": "On payment",
                "amount": 20,
                "tax_exigibility": "on_payment",
                "cash_basis_transition_account_id": account.id,
                "country_id": self.company.account_fiscal_country_id.id,
            }
        )

        (self.tax.invoice_repartition_line_ids | self.tax.refund_repartition_line_ids).filtered(
            lambda line: line.repartition_type == "tax"
        ).account_id = self.company_data["default_account_tax_sale"]

    def _pay_long_ago(self):
        """Return ``(request, invoice, charge)`` of an invoice of 90 days ago, paid 70 days ago."""
        invoice = self._create_invoice(
            100,
            currency=self.euro,
            post=False,
            invoice_date=fields.Date.today() - timedelta(days=90),
        )
        invoice.invoice_line_ids.tax_ids = self.tax
        invoice.action_post()
        request = self._create_request(invoice)
        ref = self._open_checkout(request).stripe_checkout_session_ref
        event = self.stripe.pay(ref)
        for one in self.stripe.events:
            one["created"] = int(time.time()) - 70 * DAY
        self._receive(event)
        self.assertOwed(invoice, "0")
        return request, invoice, self.stripe.charge_of(ref)

    def _get_past(self):
        """Return what is booked before yesterday, by item."""
        self.env.invalidate_all()
        items = self.env["account.move.line"].search(
            [
                ("company_id", "=", self.company.id),
                ("parent_state", "=", "posted"),
                ("date", "<", fields.Date.today() - timedelta(days=1)),
            ]
        )
        return {(item.id, item.date, item.account_id.id, item.balance) for item in items}

    def _get_tax_due(self):
        """Return the tax that is due by cash-basis entries, over all time."""
        return sum(self._get_tax_by_month().values())

    def _get_tax_by_month(self):
        """Return ``{first of the month: amount}`` of the tax that cash-basis entries make due."""
        entries = self.env["account.move"].search(
            [("journal_id", "=", self.company.tax_cash_basis_journal_id.id)]
        )
        transition = self.tax.cash_basis_transition_account_id
        due = Counter()
        for line in entries.line_ids.filtered(lambda line: line.account_id == transition):
            due[line.date.replace(day=1)] += line.amount_currency
        return due

    def test_a_refund_does_not_rewrite_the_months_before(self):
        request, invoice, charge = self._pay_long_ago()
        payment = request.payment_ids
        self.assertEqual(payment.date, fields.Date.today() - timedelta(days=70))
        past = self._get_past()
        self.assertTrue(
            self.env["account.move"].search(
                [("journal_id", "=", self.company.tax_cash_basis_journal_id.id)]
            ),
            "the payment made its tax due",
        )
        self.assertAlmostEqual(self._get_tax_due(), 20)
        self.stripe.refund(charge, 6000)
        self._receive(*[one for one in self.stripe.events if one["type"] == "refund.created"])
        self.assertOwed(invoice, "60")
        self.assertEqual(past, self._get_past())
        self.assertAlmostEqual(self._get_tax_due(), 10)
        self.assertMoney(request)

    def test_a_part_that_is_learned_later_changes_the_tax_of_its_own_month_only(self):
        request, invoice, charge = self._pay_long_ago()
        self.stripe.refund(charge, 6000)
        (event,) = [one for one in self.stripe.events if one["type"] == "refund.created"]
        event["created"] -= 35 * DAY
        self._receive(event)
        self.assertOwed(invoice, "60")
        paid = request._get_stripe_payments().date.replace(day=1)
        refunded = request.refund_ids.refund_payment_id.date.replace(day=1)
        self.assertEqual(refunded, (fields.Date.today() - timedelta(days=35)).replace(day=1))
        due = {month: round(tax, 2) for month, tax in self._get_tax_by_month().items()}
        self.assertEqual(due, {paid: 20, refunded: -10})
        self.assertMoney(request)

    def test_a_dispute_and_its_return_do_not_rewrite_them_either(self):
        request, invoice, charge = self._pay_long_ago()
        past = self._get_past()
        dispute, events = self.stripe.dispute(charge)
        self._receive(*events)
        self.assertOwed(invoice, "120")
        self.assertEqual(past, self._get_past())
        self.assertAlmostEqual(self._get_tax_due(), 0)
        self._receive(*self.stripe.close_dispute(dispute, "won"))
        self.assertOwed(invoice, "0")
        self.assertEqual(past, self._get_past())
        self.assertAlmostEqual(self._get_tax_due(), 20)

    def test_a_locked_period_moves_the_refund_to_the_first_open_day(self):
        request, (invoice,), charge = self._pay_invoices(100)
        self.company.fiscalyear_lock_date = fields.Date.today()
        self.stripe.refund(charge, 4000)
        self._hear()
        booked = request.refund_ids.refund_payment_id
        self.assertEqual(booked.date, fields.Date.today() + timedelta(days=1))
        self.assertIn("locked", "".join(booked.message_ids.mapped("body")))
        self.assertOwed(invoice, "40")

    def test_every_entry_that_a_locked_period_moves_says_so(self):
        self.company.payment_request_fee_account_id = self.company_data["default_account_expense"]
        self.company.payment_request_post_fees = True
        request, (invoice,), charge = self._pay_invoices(100)
        payment = request.payment_ids
        self._refund(request, {invoice: 40})
        today = fields.Date.today()
        self.company.fiscalyear_lock_date = today
        self._poll()
        (refund,) = self.stripe.refunds.values()
        self._receive(self.stripe.finish_refund(refund, "failed"))
        dispute, events = self.stripe.dispute(charge)
        self._receive(*events)
        withdrawal = request.dispute_ids.move_id
        self._receive(*self.stripe.close_dispute(dispute, "won"))
        for what, entry in {
            "fee": payment.stripe_fee_move_id,
            "failed refund": request.refund_ids.refund_payment_id.move_id.reversal_move_ids,
            "dispute": withdrawal,
            "its fee": request.dispute_ids.stripe_fee_move_id,
            "its money back": withdrawal.reversal_move_ids,
        }.items():
            with self.subTest(what):
                self.assertEqual(entry.date, today + timedelta(days=1))
                self.assertIn("locked", "".join(entry.message_ids.mapped("body")))

    def _refund_days_ago(self):
        """Return ``(request, refund)`` of a refund made six days ago that is on its way."""
        request, _invoices, charge = self._pay_invoices(100)
        payment = request.payment_ids
        payment.date -= timedelta(days=10)
        refund = self.stripe.refund(charge, status="pending")
        refund["created"] -= 6 * DAY
        self._hear()
        self.assertEqual(request.refund_ids.state, "pending")
        return request, refund

    def _finish(self, refund, status, days_ago):
        event = self.stripe.finish_refund(refund, status)
        event["created"] -= days_ago * DAY
        return event

    def _poll(self):
        self._run_cron("ir_cron_poll_stripe")
        self._run_cron("ir_cron_process_events")

    def test_webhook_and_poll_book_a_refund_on_the_day_on_which_it_went_through(self):
        told, refund = self._refund_days_ago()
        self._receive(self._finish(refund, "succeeded", 2))
        asked, refund = self._refund_days_ago()
        self._finish(refund, "succeeded", 2)
        self._poll()
        for request in (told, asked):
            booked = request.refund_ids.refund_payment_id
            self.assertEqual(booked.date, fields.Date.today() - timedelta(days=2))

    def test_a_refund_of_which_stripe_forgot_the_day_is_booked_today(self):
        request, refund = self._refund_days_ago()
        self.stripe.events.remove(self._finish(refund, "succeeded", 2))
        self._poll()
        booked = request.refund_ids.refund_payment_id
        self.assertEqual(booked.date, fields.Date.today())

    def test_a_failure_that_is_found_in_the_list_is_booked_when_it_happened(self):
        for is_remembered, days in ((True, 1), (False, 0)):
            with self.subTest(is_remembered):
                request, refund = self._refund_days_ago()
                self._receive(self._finish(refund, "succeeded", 4))
                booked = request.refund_ids.refund_payment_id
                failed = self._finish(refund, "failed", 1)
                if not is_remembered:
                    self.stripe.events.remove(failed)
                request.checkout_ids.refunds_wanted = True
                self._poll()
                back = booked.move_id.reversal_move_ids
                self.assertEqual(back.date, fields.Date.today() - timedelta(days=days))
                self.assertMoney(request)
