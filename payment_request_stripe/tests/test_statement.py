# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from datetime import timedelta

from lxml import html

from odoo import fields
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..controllers import rate_limit
from .pay_page_case import PayPageCase


@tagged("post_install", "-at_install")
class TestStatement(PayPageCase):
    """Whoever has the link sees all that its customer owes, where the company allows it."""

    def setUp(self):
        super().setUp()
        self.company.payment_request_payer_statement = True

    def _create_payment(self, amount):
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
        return self._get_receivable(payment.move_id)

    def _get_receivable(self, move):
        return move.line_ids.filtered(lambda line: line.account_type == "asset_receivable")

    def _read(self, request=None):
        """Return ``({document: what is open}, total)`` as the statement says."""
        answer = self._open("/statement", request=request)
        self.assertEqual(answer.status_code, 200)
        rows = html.fromstring(answer.content).xpath("//table//tr[td]")
        cells = [
            # Odoo writes a sign that has no width behind a minus.
            [
                " ".join(cell.text_content().replace("\ufeff", "").split())
                for cell in row.xpath("td")
            ]
            for row in rows
        ]
        return {row[0]: row[-1] for row in cells[:-1]}, cells[-1][-1]

    def test_the_link_is_offered_and_leads_to_a_document(self):
        path = f"/pay/{self.request.access_token}/statement"
        self.assertTrue(html.fromstring(self._open().content).xpath(f"//a[@href='{path}']"))
        answer = self._open("/statement")
        headers = answer.headers
        self.assertIn(headers["Content-Type"].partition(";")[0], ("text/html", "application/pdf"))
        self.assertTrue(headers["Content-Disposition"].startswith("inline; filename"))
        self.assertEqual(headers["Cache-Control"], "no-store")
        self.assertEqual(headers["X-Frame-Options"], "DENY")
        self.assertEqual(headers["Referrer-Policy"], "no-referrer")
        # As a page it may load nothing and run nothing of ours.
        self.assertTrue(headers["Content-Security-Policy"].startswith("sandbox;"))
        self.assertEqual(self._open("/statement", request="guessed").status_code, 404)

    def test_only_where_the_company_says_so_and_never_of_what_was_withdrawn(self):
        self.company.payment_request_payer_statement = False
        self.assertNotIn("/statement", self._open().text)
        page = f"/pay/{self.request.access_token}"
        answer = self._open("/statement")
        self.assertEqual((answer.status_code, answer.headers["Location"]), (303, page))
        self.company.payment_request_payer_statement = True
        self.request.action_cancel()
        self.assertEqual(self._open("/statement").status_code, 303)
        self.assertNotIn("/statement", self._open().text)

    def test_only_while_the_link_asks_and_for_some_days_after_the_payment(self):
        def opens(request=None):
            return self._open("/statement", request=request).status_code == 200

        over = self._create_request(self._create_invoice(5))
        settled = self._create_request(self._create_invoice(6))
        self._pay_choice(self.request, 12050)
        self.assertTrue(opens() and opens(over) and opens(settled))
        over.expires_at = fields.Datetime.now() - timedelta(minutes=1)
        self.assertFalse(opens(over))
        settled._transition("completed")  # in another way
        self.assertFalse(opens(settled))
        self.assertEqual(self.request.state, "completed")
        for days, is_offered in ((6, True), (8, False)):
            self.request.paid_at = fields.Datetime.now() - timedelta(days=days)
            self.assertEqual(opens(), is_offered, days)
            self.assertEqual("/statement" in self._open().text, is_offered, days)

    def test_documents_have_a_rate_of_their_own(self):
        rate_limit.limiter.__init__()
        self.addCleanup(rate_limit.limiter.__init__)
        self.env["ir.config_parameter"].set_param("payment_request_stripe.rate_limit_document", "2")
        other = self._create_request(self._create_invoice(5))
        path = f"/invoice/{self.request.line_ids[0].id}"
        with mute_logger("odoo.addons.base.models.ir_actions_report"):
            codes = [
                self._open(one).status_code for one in (path, "/statement", "/statement", path)
            ]
            self.assertEqual(codes[2:], [429, 429])
            self.assertNotIn(429, codes[:2])
            self.assertEqual(self._open().status_code, 200, "the page is still there")
            self.assertEqual(self._open("/statement", request=other).status_code, 200)

    def test_it_lists_what_this_customer_owes_this_company_in_this_currency(self):
        day = fields.Date.today() - timedelta(days=12)
        late = self._create_invoice(250, invoice_date=day, invoice_date_due=day)
        note = self._create_invoice(30, move_type="out_refund")
        payment = self._create_payment(5)
        stranger = self.env["res.partner"].create({"name": "Somebody else"})
        self._create_invoice(7, partner=stranger)
        self._create_invoice(7, currency=self.setup_other_currency("EUR"))
        self._create_invoice(7, post=False)
        open_, total = self._read()
        self.assertEqual(
            open_,
            {
                late.name: "$ 250.00",
                self.invoice.name: "$ 100.00",
                self.other_invoice.name: "$ 20.50",
                note.name: "$ -30.00",
                payment._get_credit_label(): "$ -5.00",
            },
        )
        self.assertEqual(total, "$ 335.50")
        self.assertIn("12 days late", self._text(self._open("/statement")))

    def test_it_is_in_the_customers_language(self):
        self.env["res.lang"]._activate_lang("de_DE")
        self.env["ir.module.module"]._load_module_terms(["payment_request_stripe"], ["de_DE"])
        self.payer.lang = "de_DE"
        self._create_payment(5)
        text = self._text(self._open("/statement"))
        for part in ("Kontoauszug", "Zahlung vom"):
            self.assertIn(part, text)

    def test_credits_and_a_choice(self):
        """The statement follows what a payer pays of a link that deducts credits."""
        self.company.write(
            {"payment_request_payer_choice": True, "payment_request_payer_amounts": True}
        )
        note = self._get_receivable(self._create_invoice(30, move_type="out_refund"))
        self.request.action_cancel()
        request = self._create_request(
            self.invoice, self.other_invoice, credits=[{"item_id": note.id}]
        )
        first, second = request.line_ids
        self.assertEqual(self._read(request)[1], "$ 90.50")
        # Only the second: the credit stays for the first.
        self._pay_choice(request, 2050, **{f"line_{second.id}": "1"})
        self.assertEqual(
            self._read(request),
            ({self.invoice.name: "$ 100.00", note.move_id.name: "$ -30.00"}, "$ 70.00"),
        )
        # A part of the first, of which the credit pays its share now.
        part = {f"line_{first.id}": "1", f"amount_{first.id}": "40.00"}
        self._pay_choice(request, 4000, **part)
        self.assertOwed(self.invoice, "30")
        self.assertEqual(self._read(request), ({self.invoice.name: "$ 30.00"}, "$ 30.00"))
        self._pay_choice(request, 3000)
        self.assertEqual(request.state, "completed")
        self.assertEqual(self._read(request), ({}, "$ 0.00"))

    def _pay_choice(self, request, minor, **form):
        """Pay what `form` chooses, after looking at it; `minor` is what Stripe charges."""
        form = {"chosen": "1", **form} if form else {}
        page = html.fromstring(self._open(request=request, params=form).content)
        quote = page.xpath("//input[@name='quote']/@value")[0]
        data = {"quote": quote, **form}
        self._open("/checkout", method="POST", request=request, data=data)
        ref = request.stripe_checkout_session_ref
        self.assertEqual(self.stripe.sessions[ref]["amount_total"], minor)
        self._deliver(self.stripe.pay(ref))
