# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from datetime import timedelta

from odoo import fields
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from .axe import AccessibilityMixin
from .common import PaymentRequestHttpCase
from .pay_page_case import PayPageCase
from .payer_browser import PORTAL_IS_READY, PayerBrowser


@tagged("post_install", "-at_install")
class TestAccessibility(AccessibilityMixin, PayPageCase):
    """Everybody can pay: axe-core finds no serious fault on any face of the payer's pages."""

    def _make_faces(self):
        """Return ``{face: path}`` of every page a payer may see."""

        def ask():
            request = self._create_request(self._create_invoice(10), message="Thank you")
            return request, f"/pay/{request.access_token}"

        services = ("choice", "amounts", "promise", "question", "forward", "statement")
        self.company.write({f"payment_request_payer_{name}": True for name in services})
        faces = {"unknown": "/pay/guessed"}
        _open, path = ask()
        for notice in ("", "stale_quote", "unavailable", "refused", "document"):
            faces[f"open {notice}"] = f"{path}?notice={notice}"
        faces["back"] = f"{path}/cancel"
        for state in ("processing", "failed", "cancelled"):
            request, faces[state] = ask()
            request.state = state
        expired, faces["expired"] = ask()
        expired.expires_at = fields.Datetime.now() - timedelta(days=1)
        settled, faces["settled"] = ask()
        settled.line_ids.move_id.button_cancel()
        checking, path = ask()
        self._click_pay(checking)
        faces["checking"] = f"{path}/success"
        paid, path = ask()
        self._click_pay(paid)
        self._deliver(self.stripe.pay(paid.checkout_ids.stripe_checkout_session_ref))
        self.assertEqual(paid.state, "completed")
        faces |= {"paid": path, "thanks": f"{path}/success", "receipt": f"{path}/receipt"}
        return faces

    def _look_at_all(self):
        browser = PayerBrowser(self)
        for face, path in self._make_faces().items():
            browser.open(path)
            with self.subTest(face=face):
                self.assertTrue(browser.evaluate("document.title"))
                self.assertAccessible(browser, face)

        self._look_at_refusals(browser)

    def _look_at_refusals(self, browser):
        """Look at the forms that say, beside what was written, why that cannot be."""
        request = self._create_request(self._create_invoice(10), message="Thank you")
        for field in ("promise-date", "question-text", "forward-email"):
            browser.open(f"/pay/{request.access_token}")
            refused = f"#{field.partition('-')[0]}-refused"
            browser.submit(f"#{field}", shows=refused)
            with self.subTest(face=refused):
                self.assertAccessible(browser, refused)

    def test_on_a_phone(self):
        self.browser_size = "390x844"
        self._look_at_all()

    def test_at_a_desk(self):
        self.browser_size = "1280x800"
        self._look_at_all()

    def test_a_fault_would_be_found(self):
        browser = PayerBrowser(self)
        browser.open(f"/pay/{self.request.access_token}")
        browser.evaluate("document.querySelector('.pay').replaceChildren()")
        with self.assertRaisesRegex(AssertionError, "button-name"):
            self.assertAccessible(browser)


@tagged("post_install", "-at_install")
class TestPortalAccessibility(AccessibilityMixin, PaymentRequestHttpCase):
    """What is ours of the portal; the frame around it is Odoo's."""

    def _log_in(self, browser):
        user = new_test_user(
            self.env,
            login="portal_of_the_test",
            groups="base.group_portal",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        user.partner_id.parent_id = self.payer
        self.authenticate(user.login, user.login, browser=browser.chrome)

    def _look(self):
        self.company.payment_request_payer_amounts = True
        day = fields.Date.today() - timedelta(days=9)
        open_invoice = self._create_invoice(100)
        part = self._create_invoice(50, invoice_date=day, invoice_date_due=day)
        self._create_request(part, amounts=[20], delivery_method="link")
        paid = self._create_request(self._create_invoice(10), delivery_method="link")
        self._click_pay(paid)
        self._receive(self.stripe.pay(paid.checkout_ids.stripe_checkout_session_ref))
        browser = PayerBrowser(self)
        self._log_in(browser)
        pages = ("/my/payments", "/my/payments/history")
        for path in (*pages, "/my/invoices", f"/my/invoices/{open_invoice.id}"):
            browser.open_portal(path)
            self.assertIn(path, browser.evaluate("location.pathname"))
            if path in pages:
                self.assertAccessible(browser, path, within="main")
            else:
                ours = "a[href='/my/payments']"
                self.assertTrue(browser.evaluate(f'!!document.querySelector("{ours}")'), path)
                self.assertAccessible(browser, path, within=ours)
        browser.open_portal("/my/payments")
        amount = f"[name=amount_{open_invoice.id}]"
        browser.evaluate(f"document.querySelector('{amount}').value = '999'")
        browser.submit(amount, shows=".alert-danger", ready=PORTAL_IS_READY)
        self.assertAccessible(browser, "the portal's refusal", within="main")

    def test_on_a_phone(self):
        self.browser_size = "390x844"
        self._look()

    def test_at_a_desk(self):
        self.browser_size = "1280x800"
        self._look()
