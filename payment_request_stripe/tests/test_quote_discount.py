# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from datetime import timedelta

from freezegun import freeze_time

from odoo import fields
from odoo.fields import Command
from odoo.tests import tagged

from .money_case import MoneyCase


@tagged("post_install", "-at_install")
class TestQuoteDiscount(MoneyCase):
    """An early payment discount is quoted while it is valid, and booked as Odoo books it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.term = cls.env["account.payment.term"].create(
            {
                "name": "2% within 10 days",
                "early_discount": True,
                "discount_percentage": 2,
                "discount_days": 10,
                "early_pay_discount_computation": "included",
                "line_ids": [Command.create({"value": "percent", "value_amount": 100})],
            }
        )
        cls.tax = cls.company_data["default_tax_sale"]  # 15%
        cls.company.payment_request_fee_account_id = cls.company_data["default_account_expense"]
        cls.last_day = fields.Date.today() + timedelta(days=10)

    def _create_discounted(self, amount=100, taxes=None, **values):
        invoice = self._create_invoice(post=False, invoice_payment_term_id=self.term.id, **values)
        invoice.invoice_line_ids.write(
            {"price_unit": amount, "tax_ids": [Command.set((taxes or self.env["account.tax"]).ids)]}
        )
        invoice.action_post()
        return invoice

    def _quote(self, request, day=None):
        """Return what is quoted for the only line: ``(pay, discount)`` in minor units."""
        share = request._get_quote(day)["lines"][0]
        return share["pay"], share.get("discount")

    def _get_writeoff(self, invoice, computation):
        """Return what Odoo's own Register Payment writes off: ``{(account, tax): amount}``."""
        payment = (
            self.env["account.payment.register"]
            .with_context(active_model="account.move", active_ids=invoice.ids)
            .create({})
            ._create_payments()
        )
        self.assertEqual(invoice.payment_state, "paid", computation)
        return self._get_costs(payment.move_id)

    def _get_costs(self, move):
        return sorted(
            (line.account_id.code, line.tax_ids.ids, line.tax_tag_ids.ids, line.balance)
            for line in move.line_ids
            if line.account_id.account_type != "asset_receivable"
            and line.account_id.account_type not in ("asset_cash", "asset_current")
            or line.tax_repartition_line_id
        )

    # === THE QUOTE === #

    def test_less_is_asked_while_the_discount_is_valid(self):
        request = self._create_request(self._create_discounted())
        self.assertEqual(self._quote(request, self.last_day), (9800, 200))
        self.assertEqual(self._quote(request, self.last_day + timedelta(days=1)), (10000, None))
        quote = request._get_quote()
        self.assertEqual(quote["total"], 9800)
        self.assertEqual(quote["lines"][0]["valid_until"], str(self.last_day))

    def test_the_day_is_that_of_the_company(self):
        self.company.partner_id.tz = "Asia/Tokyo"
        request = self._create_request(self._create_discounted())
        with freeze_time(f"{self.last_day} 14:59:00"):
            self.assertEqual(self._quote(request), (9800, 200))
        with freeze_time(f"{self.last_day} 15:01:00"):  # the next day in Tokyo
            self.assertEqual(self._quote(request), (10000, None))

    def test_no_discount_on_a_part_of_the_invoice(self):
        request = self._create_request(self._create_discounted(), amounts=[99.99])
        self.assertEqual(self._quote(request), (9999, None))

    def test_no_discount_when_something_was_paid_or_credited(self):
        paid, credited = self._create_discounted(), self._create_discounted()
        self._pay_elsewhere(paid, 10)
        note = credited._reverse_moves([{"invoice_date": fields.Date.today()}])
        note.invoice_line_ids.price_unit = 5
        note.action_post()
        (note | credited).line_ids.filtered(
            lambda line: line.account_type == "asset_receivable"
        ).reconcile()
        self.assertEqual(self._quote(self._create_request(paid)), (9000, None))
        self.assertEqual(self._quote(self._create_request(credited)), (9500, None))

    def test_no_discount_that_could_not_be_booked(self):
        self.company.account_journal_early_pay_discount_loss_account_id = False
        request = self._create_request(self._create_discounted())
        self.assertEqual(self._quote(request), (10000, None))

    # === THE BOOKS === #

    def test_it_is_written_off_as_odoo_does(self):
        for computation in ("included", "excluded", "mixed"):
            with self.subTest(computation):
                self.term.early_pay_discount_computation = computation
                ours, odoos = (
                    self._create_discounted(200, self.tax),
                    self._create_discounted(200, self.tax),
                )
                expected = self._get_writeoff(odoos, computation)
                request = self._create_request(ours)
                self._pay(request)
                self.assertEqual(ours.payment_state, "paid")
                self.assertOwed(ours, "0")
                self.assertEqual(request.state, "completed")
                self.assertFalse(request.activity_ids)
                self.assertEqual(self._get_costs(request.payment_ids.move_id), expected)
                line = request.line_ids
                self.assertEqual(
                    line.amount_paid + line.amount_discount, ours.amount_total, computation
                )
                self.assertMoney(request)

    def test_in_a_foreign_currency_the_books_balance_and_the_invoice_is_paid(self):
        currency = self.setup_other_currency("EUR")
        day = fields.Date.today() - timedelta(days=3)
        currency.rate_ids = [
            Command.clear(),
            Command.create({"name": "2020-01-01", "inverse_company_rate": 1.2}),
            Command.create({"name": fields.Date.today(), "inverse_company_rate": 1.35}),
        ]
        invoice = self._create_discounted(
            333.33, self.tax, currency=currency, invoice_date=day, date=day
        )
        request = self._create_request(invoice)
        self._pay(request)
        self.assertOwed(invoice, "0")
        self.assertEqual(invoice.payment_state, "paid")
        receivable = invoice.line_ids.filtered(lambda line: line.account_type == "asset_receivable")
        self.assertEqual(receivable.amount_residual, 0)
        self.assertMoney(request)

    def test_a_quote_made_in_time_is_honoured_when_the_money_comes_late(self):
        invoice = self._create_discounted()
        request = self._create_request(invoice)
        checkout = self._open_checkout(request)
        with freeze_time(fields.Datetime.now() + timedelta(days=14)):
            self._receive(self.stripe.pay(checkout.stripe_checkout_session_ref))
            self.assertGreater(request.payment_ids.date, self.last_day)
        self.assertOwed(invoice, "0")
        self.assertEqual(request.line_ids.amount_discount, 2)
        self.assertEqual(request.state, "completed")

    def test_the_poll_leaves_a_session_alone_whose_discount_ran_out(self):
        request = self._create_request(self._create_discounted())
        checkout = self._open_checkout(request)
        with freeze_time(fields.Datetime.now() + timedelta(days=11)):
            self.assertTrue(checkout._is_current())
            self.assertNotEqual(checkout.quote, request._get_quote(), "a new visit pays more")

    def test_the_session_ends_with_the_discount(self):
        request = self._create_request(self._create_discounted())
        with freeze_time(f"{self.last_day} 20:00:00"):
            checkout = self._open_checkout(request)
            end = fields.Datetime.to_datetime(self.last_day) + timedelta(days=1)
            self.assertEqual(checkout.expires_at, end)
        item = checkout.sudo().parameters["line_items"][0]["price_data"]
        self.assertEqual(item["unit_amount"], 9800)
        self.assertRegex(item["product_data"]["description"], r"^\$.2\.00 less for paying until")

    def test_a_discount_that_fell_meanwhile_leaves_a_rest_and_a_task(self):
        invoice = self._create_discounted()
        request = self._create_request(invoice)
        checkout = self._open_checkout(request)
        self._pay_elsewhere(invoice, 1)
        self._receive(self.stripe.pay(checkout.stripe_checkout_session_ref))
        self.assertOwed(invoice, "1")
        self.assertEqual(request.line_ids.amount_discount, 0)
        self.assertIn("was not granted", request.activity_ids.note)
        self.assertMoney(request)

    def test_one_of_several_invoices_has_a_discount(self):
        plain, discounted = self._create_invoice(50), self._create_discounted(100)
        request = self._create_request(plain, discounted)
        self._pay(request)
        self.assertEqual(request.amount_paid, 148)
        self.assertOwed(plain, "0")
        self.assertOwed(discounted, "0")
        self.assertEqual(request.state, "completed")

    # === GOING BACK === #

    def _pay_discounted(self, amount=100, taxes=None):
        invoice = self._create_discounted(amount, taxes)
        request = self._create_request(invoice)
        checkout = self._pay(request)
        return request, invoice, self.stripe.charge_of(checkout.stripe_checkout_session_ref)

    def test_a_full_refund_takes_the_discount_back(self):
        request, invoice, charge = self._pay_discounted(200, self.tax)
        costs = request.payment_ids.move_id.line_ids.filtered(
            lambda line: line.payment_request_part == "discount_cost"
        )
        self.stripe.refund(charge, charge["amount"])
        self._hear()
        self.assertOwed(invoice, str(invoice.amount_total))
        self.assertEqual(request.line_ids.amount_discount_withdrawn, 4.6)
        for account in costs.account_id:
            items = self.env["account.move.line"].search(
                [
                    ("account_id", "=", account.id),
                    ("move_id", "in", request.payment_ids.move_id.ids),
                ]
            )
            self.assertAlmostEqual(sum(items.mapped("balance")), 0, 2, account.display_name)
        self.assertMoney(request)
        self.assertFalse(request._get_quote()["total"], "a refunded request asks no more")

    def test_taxes_of_a_locked_period_are_written_off_after_it(self):
        today = fields.Date.today()
        request = self._create_request(invoice := self._create_discounted(200, self.tax))
        checkout = self._open_checkout(request)
        self.company.tax_lock_date = today
        self._receive(self.stripe.pay(checkout.stripe_checkout_session_ref))
        payment = request.payment_ids
        self.assertOwed(invoice, "0")
        self.assertEqual((payment.date, payment.move_id.date), (today + timedelta(days=1),) * 2)
        self.assertIn("locked", "".join(payment.message_ids.mapped("body")))
        self.company.tax_lock_date = today + timedelta(days=1)
        self.stripe.refund(self.stripe.charge_of(checkout.stripe_checkout_session_ref))
        self._hear()
        refund = request.refund_ids.refund_payment_id
        self.assertEqual((refund.date, refund.move_id.date), (today + timedelta(days=2),) * 2)
        self.assertMoney(request)

    def test_a_partial_refund_keeps_the_discount(self):
        request, invoice, charge = self._pay_discounted()
        self.stripe.refund(charge, 4800)
        self._hear()
        self.assertOwed(invoice, "48")
        self.assertMoney(request)
        self.stripe.refund(charge, 5000)
        self._hear()
        self.assertOwed(invoice, "100")
        self.assertMoney(request)

    def test_a_refund_that_fails_grants_the_discount_again(self):
        request, invoice, charge = self._pay_discounted(200, self.tax)
        refund = self.stripe.refund(charge, charge["amount"])
        self._hear()
        self.stripe.finish_refund(refund, "failed")
        self._hear()
        self.assertOwed(invoice, "0")
        self.assertEqual(request.line_ids.amount_discount_withdrawn, 0)
        self.assertMoney(request)

    def test_a_dispute_takes_it_and_a_won_one_gives_it_again(self):
        request, invoice, charge = self._pay_discounted(200, self.tax)
        dispute, _events = self.stripe.dispute(charge)
        self._hear()
        self.assertOwed(invoice, str(invoice.amount_total))
        self.assertMoney(request)
        self.stripe.close_dispute(dispute, "won")
        self._hear()
        self.assertOwed(invoice, "0")
        self.assertMoney(request)

    def test_a_refund_of_a_credited_invoice_leaves_nothing_open(self):
        for credited in (100, 98):
            with self.subTest(credited):
                request, invoice, charge = self._pay_discounted()
                note = invoice._reverse_moves([{"invoice_date": fields.Date.today()}])
                note.invoice_line_ids.price_unit = credited
                note.action_post()
                self.stripe.refund(charge, charge["amount"])
                self._hear()
                self.assertOwed(invoice, "0")
                self.assertOwed(note, "0")
                self.assertMoney(request)
