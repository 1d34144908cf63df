# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from datetime import timedelta

from odoo import fields
from odoo.tests import tagged
from odoo.tools import mute_logger

from .portal_case import PortalCase

OVERDUE = "/my/invoices/overdue"


@tagged("post_install", "-at_install")
class TestPortalNative(PortalCase):
    """Odoo's own ways to pay in the portal do not take what our links take, or took, already."""

    def setUp(self):
        super().setUp()
        self.env["ir.config_parameter"].sudo().set_param(
            "account_payment.enable_portal_payment", "True"
        )
        self.late = self._make_late(100)
        # One that needs no network: no other module is needed for it.
        self.method = self.env["payment.method"].sudo().search([("code", "=", "card")], limit=1)
        self.other_way = (
            self.env["payment.provider"]
            .sudo()
            .create(
                {
                    "name": "Another way",
                    "code": "none",
                    "state": "test",
                    "is_published": True,
                    "company_id": self.company.id,
                    "payment_method_ids": [(6, 0, self.method.ids)],
                }
            )
        )

    def _make_late(self, amount):
        day = fields.Date.today() - timedelta(days=9)
        return self._create_invoice(
            amount,
            partner=self.customer_user.partner_id,
            invoice_date=day,
            invoice_date_due=day,
        )

    def _start_debit(self, invoice, **options):
        request = self._create_request(invoice, **options)
        self._click_pay(request)
        ref = request.stripe_checkout_session_ref
        self._receive(self.stripe.pay_async(ref))
        return ref

    def _pay_part(self, invoice, amount):
        request = self._create_request(invoice, amounts=[amount])
        self._click_pay(request)
        self._receive(self.stripe.pay(request.stripe_checkout_session_ref))

    def _pay_natively(self, invoices, amount, overdue=False):
        """Press Pay on Odoo's page; return its transactions, and what it said."""
        params = {
            "provider_id": self.other_way.id,
            "payment_method_id": self.method.id,
            "token_id": None,
            "amount": amount,
            "flow": "direct",
            "tokenization_requested": False,
            "landing_route": "/my/invoices",
        }
        path = "/invoice/transaction/overdue" if overdue else f"/invoice/transaction/{invoices.id}"
        params |= {"payment_reference": "batch"} if overdue else {"access_token": None}
        self.env.flush_all()
        answer = self.opener.post(
            self.base_url() + path,
            json={"jsonrpc": "2.0", "method": "call", "params": params},
            timeout=30,
        ).json()
        self.env.invalidate_all()
        return invoices.sudo().transaction_ids, str(answer.get("error", ""))

    # === THE PAGE === #

    def test_the_overdue_page_leads_to_ours(self):
        self.assertIn(OVERDUE, self._get("/my").text, "the home page leads there")
        answer = self._get(OVERDUE)
        self.assertEqual(answer.status_code, 303)
        target = answer.headers["Location"]
        self.assertTrue(target.endswith("/my/payments?filterby=overdue"), target)
        self.assertIn(self.late.name, self._text(self._see(target)))

    def test_where_links_cannot_be_paid_odoos_page_stays(self):
        self.provider.sudo().state = "disabled"
        answer = self._get(OVERDUE)
        self.assertEqual(answer.status_code, 200)
        self.assertIn("100.00", answer.text)

    def test_what_a_link_took_is_not_asked_again_where_links_cannot_be_paid_any_more(self):
        self._pay_part(self.late, 40)
        self.provider.sudo().state = "disabled"
        self.assertEqual(self._get(OVERDUE).status_code, 303)

    def test_without_anything_overdue_odoo_answers_as_ever(self):
        self.late.invoice_date_due = fields.Date.today()
        target = self._get(OVERDUE).headers["Location"]
        self.assertTrue(target.endswith("/my/invoices"), target)

    def test_the_list_takes_no_more_queries_for_more_invoices(self):
        def count(invoices):
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            found = [one._has_to_be_paid() for one in invoices]
            return found, self.env.cr.sql_log_count - before

        invoices = self.late.union(*(self._make_late(10 + number) for number in range(7)))
        invoices = invoices.with_user(self.customer_user).sudo()
        count(invoices)  # what Odoo keeps in memory from now on
        self.assertEqual(count(invoices)[1], count(invoices[:1])[1])
        for invoice in invoices[:4].sudo(False).with_user(self.env.user):
            self._start_debit(invoice)
        found, queries = count(invoices)
        self.assertEqual(found, [False] * 4 + [True] * 4)
        self.assertEqual(queries, count(invoices[:1])[1])

    # === THE PAYMENT === #

    def test_what_no_link_asks_for_is_paid_as_ever(self):
        for overdue in (False, True):
            late = self._make_late(30) if not overdue else self.late
            found, said = self._pay_natively(late, 130 if overdue else 30, overdue)
            self.assertEqual((len(found), said), (1, ""))

    @mute_logger("odoo.http")
    def test_a_page_left_open_takes_nothing_while_our_debit_is_on_its_way(self):
        ref = self._start_debit(self.late)
        for overdue in (False, True):
            with self.subTest(overdue=overdue):
                found, said = self._pay_natively(self.late, 100, overdue)
                self.assertFalse(found)
                self.assertIn("Please do not pay again", said)
        self._receive(self.stripe.decline(ref))
        self.assertEqual(len(self._pay_natively(self.late, 100)[0]), 1)

    @mute_logger("odoo.http")
    def test_a_page_left_open_takes_no_more_than_is_owed_since(self):
        self._pay_part(self.late, 40)
        for overdue in (False, True):
            with self.subTest(overdue=overdue):
                found, said = self._pay_natively(self.late, 100, overdue)
                self.assertFalse(found)
                self.assertIn("The amount has changed", said)
        self.assertEqual(len(self._pay_natively(self.late, 60)[0]), 1)
