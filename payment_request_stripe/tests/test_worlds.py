# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Other currencies and other companies: each with its own units, keys, journal and account."""

from odoo.fields import Command
from odoo.tests import tagged

from ..gateways.money import to_major
from .common import PaymentRequestHttpCase
from .money_case import MoneyCase

# code: (Odoo's rounding, rate, Stripe's minor units of 12,000)
SPECIAL = {
    "HUF": (1, 0.0027, 1200000),
    "ISK": (1, 0.0072, 1200000),
    "KWD": (0.001, 3.25, 12000000),
    "TWD": (0.01, 0.031, 1200000),
    "UGX": (1, 0.00027, 1200000),
}


@tagged("post_install", "-at_install")
class TestCurrencies(MoneyCase):
    def test_stripes_special_currencies_there_and_back(self):
        self.company.payment_request_fee_account_id = self.company_data["default_account_expense"]
        for code, (rounding, rate, minor) in SPECIAL.items():
            with self.subTest(code):
                currency = self._prepare(code, rounding, rate)
                request, (invoice, other), charge = self._pay_invoices(
                    9000, 3000, currency=currency
                )
                self.assertEqual(charge["amount"], minor)
                self.assertEqual(request.payment_ids.amount, 12000)
                self.assertOwed(invoice, "0")
                self._refund(request, {other: 3000})
                self.assertOwed(other, "3000")
                (refund,) = [
                    one for one in self.stripe.refunds.values() if one["charge"] == charge["id"]
                ]
                self.assertEqual(to_major(refund["amount"], code), 3000)
                _dispute, events = self.stripe.dispute(charge)
                self._receive(*events)
                self.assertOwed(invoice, "9000")
                self.assertMoney(request)
                comparison = self.env["payment.request.comparison"].with_user(self.billing_user)
                with self._as_in_production(comparison.create({}), self.billing_user) as wizard:
                    wizard.action_compare()
                    self.assertTrue(wizard.is_equal, wizard.result)

    def _prepare(self, code, rounding, rate):
        currencies = self.env["res.currency"].with_context(active_test=False)
        currency = currencies.search([("name", "=", code)])
        values = {"name": "2020-01-01", "inverse_company_rate": rate, "company_id": self.company.id}
        currency.write(
            {
                "active": True,
                "rounding": rounding,
                "rate_ids": [Command.clear(), Command.create(values)],
            }
        )
        return currency


@tagged("post_install", "-at_install")
class TestCompanies(PaymentRequestHttpCase):
    """Two companies, two Stripe accounts: neither believes or books what is the other's."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other_data = cls.setup_other_company()
        cls.other = cls.other_data["company"]
        cls.env.user.company_ids |= cls.other
        cls.billing_user.company_ids |= cls.other
        cls.other_clearing = cls.env["account.account"].create(
            {
                "name": "Stripe clearing of the other",
                "code": "101498",
                "account_type": "asset_current",
                "reconcile": True,
                "company_ids": [Command.set(cls.other.ids)],
            }
        )
        journal = cls.env["account.journal"].create(
            {"name": "Stripe", "code": "STR2", "type": "bank", "company_id": cls.other.id}
        )
        cls.other_provider = cls._create_provider(journal, cls.other_clearing)
        cls.other_provider.sudo().payment_request_webhook_secret = "whsec_of_the_other"

    def _ask(self, company):
        invoice = self._create_invoice(100, company_id=company.id)
        requests = self.requests.with_context(allowed_company_ids=company.ids)
        request = requests.create_and_send([{"invoice_id": invoice.id}]).sudo()
        self._click_pay(request)
        return invoice, request, self.stripe.pay(request.stripe_checkout_session_ref)

    def _tell(self, event, provider, secret):
        token = provider.sudo().payment_request_endpoint_token
        answer = self._post_event(event, secret, f"/api/stripe/webhook/{token}")
        self._run_cron("ir_cron_process_events")
        return answer.status_code

    def test_each_books_its_own(self):
        mine = self.provider.sudo().payment_request_webhook_secret
        for company, provider, secret, clearing in (
            (self.company, self.provider, mine, self.clearing_account),
            (self.other, self.other_provider, "whsec_of_the_other", self.other_clearing),
        ):
            with self.subTest(company.name):
                invoice, request, event = self._ask(company)
                self.assertEqual(request.provider_id, provider)
                self.assertEqual(self._tell(event, provider, secret), 200)
                self.assertOwed(invoice, "0")
                payment = request.payment_ids
                self.assertEqual(payment.company_id, company)
                self.assertEqual(payment.journal_id, provider.journal_id)
                self.assertIn(clearing, payment.move_id.line_ids.account_id)

    def test_neither_believes_the_others_secret_nor_books_its_money(self):
        invoice, request, event = self._ask(self.other)
        mine = self.provider.sudo().payment_request_webhook_secret
        self.assertEqual(self._tell(event, self.other_provider, mine), 400)
        self.assertEqual(self._tell(event, self.provider, mine), 200)
        stored = self.env["payment.request.event"].search([], limit=1)
        self.assertEqual((stored.provider_id, stored.state), (self.provider, "ignored"))
        self.assertFalse(request.payment_ids)
        self.assertOwed(invoice, "100")
