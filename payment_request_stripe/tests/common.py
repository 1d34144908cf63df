# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""One company that asks for money: its Stripe provider, its clearing account, its invoices."""

import contextlib
import json
from decimal import Decimal

from odoo import api, fields
from odoo.fields import Command
from odoo.tests import HttpCase, new_test_user

from odoo.addons.account.tests.common import AccountTestInvoicingCommon

from .stripe_wire import patch_stripe_wire, sign

WEBHOOK_SECRET = "whsec_of_the_test_suite"


class PaymentRequestCommon(AccountTestInvoicingCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.company_data["company"]
        cls.company.partner_id.tz = "UTC"
        cls.clearing_account = cls.env["account.account"].create(
            {
                "name": "Stripe clearing",
                "code": "101499",
                "account_type": "asset_current",
                "reconcile": True,
            }
        )
        cls.stripe_journal = cls.env["account.journal"].create(
            {"name": "Stripe", "code": "STRP", "type": "bank"}
        )
        cls.provider = cls._create_provider(cls.stripe_journal, cls.clearing_account)
        cls.payer = cls.env["res.partner"].create(
            {"name": "Petra Payer", "email": "petra@example.com", "phone": "+14155550100"}
        )
        cls.billing_user = new_test_user(
            cls.env,
            login="billing",
            groups="account.group_account_invoice",
            company_id=cls.company.id,
            company_ids=[Command.set(cls.company.ids)],
        )
        cls.readonly_user = new_test_user(
            cls.env,
            login="readonly",
            groups="account.group_account_readonly",
            company_id=cls.company.id,
            company_ids=[Command.set(cls.company.ids)],
        )
        cls.requests = cls.env["payment.request"].with_user(cls.billing_user)

    @classmethod
    def _create_provider(cls, journal, clearing_account):
        # Odoo gives each new company its own copy of each provider.
        provider = (
            cls.env["payment.provider"]
            .sudo()
            .search([("code", "=", "stripe"), ("company_id", "=", journal.company_id.id)], limit=1)
        )
        provider.write(
            {
                "state": "test",
                "stripe_publishable_key": "pk_test_of_the_suite",
                "stripe_secret_key": "sk_test_of_the_suite",
                "payment_request_webhook_secret": WEBHOOK_SECRET,
                "journal_id": journal.id,
            }
        )
        provider._get_payment_request_method_line().payment_account_id = clearing_account
        return provider

    @classmethod
    def _set_up_another_company(cls):
        """Set up one that asks by Stripe too, where people bill as well; return its data."""
        data = cls.setup_other_company()
        cls.billing_user.company_ids += data["company"]
        accounts = cls.env["account.account"].with_company(data["company"])
        clearing_account = accounts.create(
            {
                "name": "Stripe clearing",
                "code": "101499",
                "account_type": "asset_current",
                "reconcile": True,
            }
        )
        cls._create_provider(data["default_journal_bank"], clearing_account)
        return data

    @classmethod
    def _create_invoice(cls, amount=100.0, partner=None, currency=None, post=True, **values):
        """Make a customer invoice without taxes that owes `amount`, in major units."""
        invoice = cls.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": (partner or cls.payer).id,
                "invoice_date": fields.Date.today(),
                "currency_id": (currency or cls.company.currency_id).id,
                "invoice_payment_term_id": False,
                "invoice_line_ids": [
                    Command.create({"name": "Rent", "price_unit": amount, "tax_ids": []})
                ],
                **values,
            }
        )
        if post:
            invoice.action_post()
        return invoice

    def _create_request(self, *invoices, amounts=(), **options):
        """Ask for these invoices as the billing user does, and return the request (sudo)."""
        allocations = [{"invoice_id": invoice.id} for invoice in invoices]
        for allocation, amount in zip(allocations, amounts, strict=False):
            allocation["amount"] = amount
        return self.requests.create_and_send(allocations, **options).sudo()

    def _test_mode(self):
        """Return the context in which new cursors work on the test's transaction."""
        return self.enter_registry_test_mode()

    @contextlib.contextmanager
    def _as_in_production(self, records, user=None):
        """Yield `records` on a cursor that may commit and roll back, for a user.

        What it commits ends with the test all the same.
        """
        self.env.flush_all()
        try:
            with self._test_mode(), self.registry.cursor() as cr:
                yield records.with_env(api.Environment(cr, (user or self.env.user).id, {}))
        finally:
            self._see_others_work()

    def _see_others_work(self):
        """Forget what this transaction remembers: other cursors have written meanwhile."""
        self.env.invalidate_all()
        # Odoo counts the numbers of entries on in memory as long as a transaction lasts.
        self.env.cr.precommit.data.pop("sequence.mixin", None)

    def _run_cron(self, name):
        """Run one of our crons to its end."""
        self.env.flush_all()
        with self._test_mode():
            self.env.ref(f"payment_request_stripe.{name}").method_direct_trigger()
        self._see_others_work()

    def _receive(self, *payloads):
        """Put events into the inbox as the webhook does, then let the worker apply them."""
        for payload in payloads:
            self.env["payment.request.event"].sudo()._store(self.provider, payload)
        self._run_cron("ir_cron_process_events")

    def assertOwed(self, invoice, amount):
        """Assert what an invoice still owes, in major units as text."""
        digits = Decimal(1).scaleb(-invoice.currency_id.decimal_places)
        owed = Decimal(str(invoice.amount_residual)).quantize(digits)
        self.assertEqual(owed, Decimal(amount).quantize(digits), invoice.name)


class PaymentRequestHttpCase(PaymentRequestCommon, HttpCase):
    """The same over HTTP, with Stripe faked on the wire."""

    def setUp(self):
        super().setUp()
        self.stripe = self.enterContext(patch_stripe_wire())

    def _test_mode(self):
        return contextlib.nullcontext()  # an HttpCase is always in it

    def _click_pay(self, request, choice=None):
        """Open the pay page and press Pay; return the response that leads to Stripe.

        :param dict choice: what the payer chose, as the page's form has it
        """
        page = self.url_open(f"/pay/{request.access_token}", params=choice)
        quote = page.text.split('name="quote"')[1].split('value="')[1].split('"')[0]
        return self.url_open(
            f"/pay/{request.access_token}/checkout",
            data={"quote": quote, **(choice or {})},
            allow_redirects=False,
        )

    def _post_event(self, payload, secret=WEBHOOK_SECRET, url=None, body=None, headers=None):
        """Post a signed event to the provider's webhook address."""
        body = body if body is not None else json.dumps(payload).encode()
        address = url or (
            f"/api/stripe/webhook/{self.provider.sudo().payment_request_endpoint_token}"
        )
        return self.url_open(
            address,
            data=body,
            headers=headers
            or {"Stripe-Signature": sign(body, secret), "Content-Type": "application/json"},
        )
