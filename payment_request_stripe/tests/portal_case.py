# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A customer who is logged in at the portal."""

from lxml import html

from odoo.fields import Command
from odoo.tests import new_test_user

from odoo.addons.payment_request_stripe.controllers import rate_limit

from .common import PaymentRequestHttpCase

PASSWORD = "a password of the tests"


class PortalCase(PaymentRequestHttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.payer.is_company = True
        cls.customer_user = cls._make_portal_user("petra", parent_id=cls.payer.id)
        cls.stranger = cls._make_portal_user("stranger")
        cls.invoice = cls._create_invoice(100)
        cls.other_invoice = cls._create_invoice(20.5)
        cls.foreign_invoice = cls._create_invoice(70, partner=cls.stranger.partner_id)

    @classmethod
    def _make_portal_user(cls, login, **values):
        user = new_test_user(
            cls.env,
            login=login,
            groups="base.group_portal",
            company_id=cls.company.id,
            company_ids=[Command.set(cls.company.ids)],
            password=PASSWORD,
        )
        user.partner_id.write({"email": f"{login}@example.com", **values})
        return user

    def setUp(self):
        super().setUp()
        rate_limit.limiter._counts.clear()
        self.authenticate("petra", PASSWORD)

    def _see(self, path="/my/payments"):
        return html.fromstring(self._get(path).content)

    def _get(self, path):
        self.env.flush_all()
        answer = self.url_open(path, allow_redirects=False)
        self.env.invalidate_all()
        return answer

    def _text(self, page):
        page = html.fromstring(page.content) if hasattr(page, "content") else page
        return " ".join(page.xpath("//main")[0].text_content().split())

    def _choose(self, amounts):
        """Tick invoices and press Pay; `amounts` are ``{invoice: text, or None as it stands}``."""
        page = self._see()
        token = page.xpath("//form[@action='/my/payments/pay']//input[@name='csrf_token']/@value")
        form = {"csrf_token": token[0]}
        for invoice, amount in amounts.items():
            form[f"invoice_{invoice.id}"] = "1"
            if amount is not None:
                form[f"amount_{invoice.id}"] = amount
        answer = self.url_open("/my/payments/pay", data=form, allow_redirects=False)
        self.env.invalidate_all()
        return answer

    def _get_choices(self):
        return self.env["payment.request"].search([("is_from_customer", "=", True)])

    def _get_session(self, answer):
        self.assertEqual(answer.status_code, 303, answer.text[:2000])
        return answer.headers["Location"].rpartition("/")[2].partition("#")[0]
