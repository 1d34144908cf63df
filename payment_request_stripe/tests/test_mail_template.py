# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from datetime import datetime, timedelta

from lxml import html

from odoo import fields
from odoo.tests import tagged

from .common import PaymentRequestCommon

GSM_7 = set(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ ÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)


@tagged("post_install", "-at_install")
class TestMessageTemplates(PaymentRequestCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.write({"name": "Hafner Property", "phone": "+1 415 555 0142"})
        cls.template = cls.env.ref("payment_request_stripe.mail_template_payment_request")
        cls.sms_template = cls.env.ref("payment_request_stripe.sms_template_payment_request")

    def _render(self, request, *names):
        """Return the e-mail of a request as the worker makes it."""
        names = names or ("subject", "body_html", "email_from", "email_to")
        return self.template._generate_template(request.ids, names)[request.id]

    def _text(self, body):
        return " ".join(html.fromstring(str(body)).text_content().replace("\xa0", " ").split())

    def test_shows_invoices_amounts_and_the_link(self):
        invoices = [self._create_invoice(1000), self._create_invoice(234.5)]
        request = self._create_request(*invoices)
        mail = self._render(request)
        text = self._text(mail["body_html"])
        for part in (
            "Hafner Property",
            "Dear Petra Payer",
            f"Your reference is {request.name}.",
            f"{invoices[0].name} Due on",
            "$ 1,000.00",
            "$ 234.50",
            "Total to pay $ 1,234.50",
            "Pay $ 1,234.50",
            self.billing_user.name,
            "+1 415 555 0142",
        ):
            self.assertIn(part, text)
        self.assertNotIn(" due", text.replace("Due on", ""), "nothing is asked in part")
        links = html.fromstring(str(mail["body_html"])).xpath("//a/@href")
        self.assertEqual(links.count(request.pay_url), 2, "the button, and the address to copy")
        self.assertEqual(
            mail["subject"].replace("\xa0", " "),
            f"Hafner Property: please pay $ 1,234.50 ({request.name})",
        )
        self.assertEqual(mail["email_to"], "petra@example.com")
        self.assertEqual(mail["email_from"], self.billing_user.email_formatted)

    def test_shows_what_is_asked_of_what_is_due(self):
        request = self._create_request(self._create_invoice(100), amounts=[30])
        text = self._text(self._render(request)["body_html"])
        self.assertIn("$ 30.00 of $ 100.00 due", text)
        self.assertIn("Total to pay $ 30.00", text)

    def test_escapes_the_message_and_keeps_its_lines(self):
        request = self._create_request(
            self._create_invoice(100), message="Hello <script>alert(1)</script>\nBye"
        )
        body = str(self._render(request)["body_html"])
        self.assertNotIn("<script", body)
        self.assertIn("Hello &lt;script&gt;", body)
        self.assertRegex(body, r"<br ?/?>\s*Bye")

    def test_names_no_origin_that_only_repeats_the_invoices(self):
        later, sooner = invoices = [self._create_invoice(100), self._create_invoice(50)]
        for days, invoice in zip((20, 5), invoices, strict=True):
            invoice.invoice_date_due = fields.Date.today() + timedelta(days=days)
        request = self._create_request(later, sooner)
        self.assertEqual(request.origin, f"{sooner.name}, {later.name}", "as the mail lists them")
        text = self._text(self._render(request)["body_html"])
        self.assertIn(f"Your reference is {request.name}. ", text)

    def test_names_contract_and_origin(self):
        plan = self.env["account.analytic.plan"].create({"name": "Leases"})
        lease = self.env["account.analytic.account"].create(
            {"name": "Lease 12", "plan_id": plan.id}
        )
        request = self._create_request(
            self._create_invoice(100), analytic_account_id=lease.id, origin="S00012"
        )
        text = self._text(self._render(request)["body_html"])
        self.assertIn(f"Your reference is {request.name}, contract Lease 12, from S00012.", text)

    def test_speaks_of_time_as_the_customer_does(self):
        self.payer.tz = "America/New_York"
        request = self._create_request(
            self._create_invoice(100), expires_at=datetime(2031, 1, 2, 3, 4)
        )
        text = self._text(self._render(request)["body_html"]).replace("\u202f", " ")
        self.assertIn("until January 1, 2031, 10:04 PM (America/New_York)", text)

    def test_is_in_the_customers_language(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.payer.lang = "fr_FR"
        self.template.with_context(
            lang="fr_FR"
        ).subject = "Merci de payer {{ format_amount(object.amount_residual, object.currency_id) }}"
        request = self._create_request(self._create_invoice(1234.5))
        mail = self._render(request)
        self.assertRegex(mail["subject"], r"^Merci de payer \$\s1\s234,50$")
        self.assertRegex(str(mail["body_html"]), r"\$\s1\s234,50")

    def test_needs_no_person_in_charge(self):
        request = self._create_request(self._create_invoice(100))
        request.user_id = False
        self.company.email = "office@example.com"
        mail = self._render(request)
        self.assertIn("Ask Hafner Property, office@example.com", self._text(mail["body_html"]))
        self.assertIn("office@example.com", mail["email_from"])

    def test_is_light_to_render(self):
        """The body's own words are compiled for every message: keep them few."""
        body = html.fromstring(f"<div>{self.template.body_html}</div>")
        self.assertLess(len(body.xpath("//*")), 12)

    def test_sms_fits_one_segment(self):
        request = self._create_request(self._create_invoice(123456.78), delivery_method="link")
        text = self.sms_template._render_field("body", request.ids, compute_lang=True)[request.id]
        self.assertIn("Hafner Property: please pay USD 123456.78 here: ", text)
        self.assertIn(request.pay_url, text)
        self.assertLessEqual(set(text), GSM_7)
        # The test server's address is shorter than a real one: leave room for that.
        self.assertLessEqual(len(text) - len(request.get_base_url()), 160 - 35)
