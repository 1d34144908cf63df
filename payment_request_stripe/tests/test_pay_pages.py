# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import base64
from datetime import timedelta

from lxml import html

from odoo import fields
from odoo.tests import tagged

from .pay_page_case import PayPageCase


@tagged("post_install", "-at_install")
class TestPayPages(PayPageCase):
    """Every face of the pay page, and what it never shows."""

    def test_open_page_shows_what_is_asked(self):
        self.request.message = "See you <b>soon</b> & thanks"
        answer = self._open()
        self.assertEqual(answer.status_code, 200)
        self.assertHasPay(answer)
        self.assertSaid(
            answer,
            "Your invoices from Hartmann & Söhne",
            self.request.name,
            "Petra Payer",
            self.invoice.name,
            self.other_invoice.name,
            "$\N{NO-BREAK SPACE}100.00",
            "$\N{NO-BREAK SPACE}20.50",
            "Pay $\N{NO-BREAK SPACE}120.50",
            "Link valid until",
            "Anna Bookkeeper",
            "anna@hartmann.example",
            "+493055501",
            "Stripe",
            "See you <b>soon</b> & thanks",
        )
        self.assertIn("See you &lt;b&gt;soon&lt;/b&gt; &amp; thanks", answer.text)

    def test_page_is_usable_without_eyes_or_mouse(self):
        page = html.fromstring(self._open().content)
        self.assertEqual(page.get("lang"), "en-US")
        self.assertEqual(page.get("dir"), "ltr")
        self.assertEqual(len(page.xpath("//main")), 1)
        self.assertEqual(len(page.xpath("//h1")), 1)
        ids = page.xpath("//@id")
        self.assertEqual(len(ids), len(set(ids)))
        for section in page.xpath("//section | //table"):
            self.assertIn(section.get("aria-labelledby"), ids)
        self.assertEqual(len(page.xpath("//thead//th[@scope='col']")), 4)
        self.assertEqual(len(page.xpath("//tbody//th[@scope='row']")), 2)
        self.assertFalse(page.xpath("//*[@style] | //style | //script[text()]"))

    def test_part_payment_and_part_of_an_invoice_are_told(self):
        request = self._create_request(self._create_invoice(500), amounts=[200])
        self.assertSaid(
            self._open(request=request), "$\N{NO-BREAK SPACE}500.00", "part of the invoice"
        )
        self._pay_elsewhere(self.invoice, 40)
        self.assertSaid(
            self._open(), "Already paid", "$\N{NO-BREAK SPACE}40.00", "Pay $\N{NO-BREAK SPACE}80.50"
        )

    def _pay_elsewhere(self, invoice, amount=None):
        register = self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=invoice.ids
        )
        register.create({"amount": amount} if amount else {})._create_payments()

    def test_settled_elsewhere(self):
        self._pay_elsewhere(self.invoice)
        self._pay_elsewhere(self.other_invoice)
        answer = self._open()
        self.assertSaid(answer, "Nothing is left to pay")
        self.assertHasNoPay(answer)

    def test_processing_expired_cancelled(self):
        self.request._transition("processing")
        answer = self._open()
        self.assertSaid(answer, "Your payment is on its way", "Please do not pay again.")
        self.assertHasNoPay(answer)
        self.request._transition("sent")
        self.request.expires_at = fields.Datetime.now() - timedelta(minutes=1)
        answer = self._open()
        self.assertSaid(answer, "This payment link has expired", "anna@hartmann.example")
        self.assertHasNoPay(answer)
        self.request._transition("expired")
        self.assertSaid(self._open(), "This payment link has expired")
        self.request._transition("cancelled")
        answer = self._open()
        self.assertSaid(answer, "This payment request was withdrawn")
        self.assertHasNoPay(answer)

    def test_failed_can_try_again(self):
        self.request._transition("failed", failure_reason="insufficient_funds at the bank")
        answer = self._open()
        self.assertHasPay(answer)
        self.assertSaid(answer, "Your last payment did not go through.")
        self.assertNotIn("insufficient_funds", answer.text)

    def test_paid_page_is_a_receipt(self):
        event = self.stripe.pay(self._session())
        self._deliver(event)
        for path in ("", "/success", "/cancel"):
            answer = self._open(path)
            self.assertHasNoPay(answer)
            self.assertSaid(
                answer,
                "Thank you, your payment has arrived",
                "We have received $\N{NO-BREAK SPACE}120.50",
                self.request.payment_ids.name,
                self.invoice.name,
            )
            self.assertNotIn("nothing was charged", answer.text)

    def test_language_of_the_customer(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.payer.lang = "fr_FR"
        self.env["ir.ui.view"].search(
            [("key", "=", "payment_request_stripe.pay_contact")]
        ).update_field_translations("arch_db", {"fr_FR": {"Any questions?": "Des questions ?"}})
        answer = self._open(headers={"Accept-Language": "en"})
        self.assertEqual(html.fromstring(answer.content).get("lang"), "fr-FR")
        self.assertSaid(answer, "Des questions ?", "120,50")

    def test_right_to_left(self):
        self.env["res.lang"]._activate_lang("ar_001")
        self.payer.lang = "ar_001"
        self.assertEqual(html.fromstring(self._open().content).get("dir"), "rtl")

    def test_headers(self):
        for path in ("", "/success", "/cancel", "/status"):
            answer = self._open(path)
            self.assertEqual(answer.headers["Cache-Control"], "no-store", path)
            self.assertEqual(answer.headers["Referrer-Policy"], "no-referrer", path)
            self.assertEqual(answer.headers["X-Frame-Options"], "DENY", path)
            self.assertIn("noindex", answer.headers["X-Robots-Tag"], path)
            policy = answer.headers["Content-Security-Policy"]
            self.assertIn("default-src 'self'", policy, path)
            self.assertIn("frame-ancestors 'none'", policy, path)
            self.assertNotIn("Set-Cookie", answer.headers, path)

    def test_page_loads_nothing_from_elsewhere(self):
        page = html.fromstring(self._open().content)
        loaded = page.xpath("//link/@href | //script/@src | //img/@src")
        self.assertTrue(loaded)
        for address in loaded:
            self.assertTrue(address.startswith("/"), address)
            self.assertEqual(self.url_open(address).status_code, 200, address)

    def test_the_page_is_cheap(self):
        request = self._create_request(*(self._create_invoice(amount + 1) for amount in range(10)))
        self._open(request=request)  # compiles the templates, notes the opening
        before = self.env.cr.sql_log_count
        self._open(request=request)
        self.assertLessEqual(self.env.cr.sql_log_count - before, 20)

    # === UNKNOWN LINKS === #

    def test_every_unknown_link_gets_the_same_answer(self):
        draft = self._create_request(self._create_invoice(5), send=False)
        self.assertEqual(draft.state, "draft")
        first = self._open(request="unknown")
        self.assertEqual(first.status_code, 404)
        self.assertSaid(first, "We do not know this payment link")
        tokens = [draft.access_token, "x" * 500, "%25", "%00", "é", self.request.access_token[:-1]]
        line = self.request.line_ids[0].id
        for token in tokens:
            for path in ("", "/checkout", "/success", "/cancel", "/status", f"/invoice/{line}"):
                answer = self._open(path, request=token)
                self.assertEqual(
                    (answer.status_code, answer.text), (404, first.text), (token, path)
                )
            answer = self._press_pay("x", request=token)
            self.assertEqual((answer.status_code, answer.text), (404, first.text), token)

    def test_the_last_character_counts(self):
        token = self.request.access_token
        for wrong in (token.swapcase(), f"{token}x", f"{token}%20"):
            self.assertEqual(self._open(request=wrong).status_code, 404, wrong)

    # === DOCUMENTS === #

    def _attach_pdf(self, invoice, content):
        self.env["ir.attachment"].create(
            {
                "name": f"{invoice.name.replace('/', '_')}.pdf",
                "raw": content,
                "res_model": "account.move",
                "res_id": invoice.id,
                "res_field": "invoice_pdf_report_file",
                "mimetype": "application/pdf",
            }
        )
        invoice.invalidate_recordset(["invoice_pdf_report_id", "invoice_pdf_report_file"])

    def test_the_links_own_invoices_only(self):
        pdf = base64.b64decode("JVBERi0xLjQKJeLjz9MKJSVFT0YK")
        self._attach_pdf(self.invoice, pdf)
        line = self.request.line_ids[0]
        link = html.fromstring(self._open().content).xpath("//table//a/@href")[0]
        self.assertEqual(link, f"/pay/{self.request.access_token}/invoice/{line.id}")
        answer = self._open(f"/invoice/{line.id}")
        self.assertEqual(answer.status_code, 200)
        self.assertEqual(answer.content, pdf)
        self.assertEqual(answer.headers["Content-Type"], "application/pdf")
        self.assertTrue(answer.headers["Content-Disposition"].startswith("inline"))
        self.assertEqual(answer.headers["Cache-Control"], "no-store")
        other = self._create_request(self._create_invoice(7))
        for line_id in (other.line_ids.id, 0, 2**40, 999999):
            self.assertEqual(self._open(f"/invoice/{line_id}").status_code, 404, line_id)
        self.assertEqual(self._open(f"/invoice/{line.id}", request=other).status_code, 404)

    def test_a_document_that_cannot_be_made(self):
        sentence = "This document cannot be shown at the moment."
        self.assertSaid(self._open("?notice=document"), sentence)
        self.request._transition("processing")
        self.assertSaid(self._open("?notice=document"), sentence, "Your payment is on its way")

    def test_an_invoice_that_is_a_draft_again_is_not_shown(self):
        line = self.request.line_ids[0]
        self._attach_pdf(self.invoice, b"%PDF-1.4")
        self.invoice.button_draft()
        self.assertEqual(self._open(f"/invoice/{line.id}").status_code, 404)
        self.assertEqual(len(html.fromstring(self._open().content).xpath("//table//a")), 1)
