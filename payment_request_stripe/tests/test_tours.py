# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.tests import tagged

from .pay_page_case import PayPageCase
from .payer_browser import PayerBrowser, StripePageMixin


@tagged("post_install", "-at_install")
class TestTours(StripePageMixin, PayPageCase):
    """The main job in a real browser, by the accountant and by the payer."""

    def _pay_with_keys(self, request):
        """Pay with the keyboard alone, from the link to the receipt."""
        browser = PayerBrowser(self)
        browser.open(f"/pay/{request.access_token}")
        browser.press("Tab")
        self.assertEqual(browser.evaluate("document.activeElement.className"), "pay")
        focus = "getComputedStyle(document.activeElement).outlineStyle"
        self.assertEqual(browser.evaluate(focus), "solid")
        browser.press("Enter", wait_for="Stripe's page")
        browser.press("Tab")
        browser.press("Enter", wait_for="We are checking your payment")
        for event in self.paid_events:
            self._deliver(event)
        # The page looks for itself, and the payer has nothing to press.
        browser.wait_for("Thank you, your payment has arrived")
        return browser

    def assertFits(self, browser):
        """Assert that nothing has to be scrolled sideways, and everything can be touched."""
        width = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        self.assertEqual(browser.evaluate(width), 0)
        small = (
            "[...document.querySelectorAll('a, button')]"
            ".filter(one => one.getBoundingClientRect().height < 24)"
            ".map(one => one.textContent.trim())"
        )
        self.assertEqual(browser.evaluate(small), [])

    def test_from_the_invoice_list_to_paid(self):
        payer = self.env["res.partner"].create(
            {"name": "Tess Tourist", "email": "tess@example.com"}
        )
        amounts = (300, 50, 1.25)
        invoices = self.env["account.move"].union(
            *(self._create_invoice(amount, partner=payer) for amount in amounts)
        )
        self.start_tour(
            "/odoo/action-account.action_move_out_invoice_type",
            "payment_request_stripe_send_link",
            login="billing",
        )
        request = invoices.sudo().payment_request_ids
        self.assertEqual(len(request), 1)
        self.assertEqual(request.message, "Thank you for staying with us.")
        self._pay_with_keys(request)
        self.assertEqual(request.state, "completed")
        for invoice in invoices:
            self.assertOwed(invoice, "0")
        self.assertEqual(request.payment_ids.amount, 351.25)

    def test_on_a_phone(self):
        self.browser_size = "360x740"
        invoices = [self._create_invoice(1000 + number) for number in range(12)]
        request = self._create_request(*invoices, message="x" * 200)
        browser = PayerBrowser(self)
        browser.open(f"/pay/{request.access_token}")
        self.assertFits(browser)
        pay = "document.querySelector('.pay').getBoundingClientRect()"
        self.assertLess(browser.evaluate(f"{pay}.bottom"), 740, "Pay is below the fold")
        self.assertGreaterEqual(browser.evaluate(f"{pay}.height"), 44)
        browser = self._pay_with_keys(request)
        self.assertFits(browser)

    def test_without_javascript(self):
        browser = PayerBrowser(self)
        browser.disable_javascript()
        browser.open(f"/pay/{self.request.access_token}")
        browser.press("Tab")
        browser.press("Enter", wait_for="Stripe's page")
        browser.press("Tab")
        browser.press("Enter", wait_for="This page looks again every ten seconds.")
        for event in self.paid_events:
            self._deliver(event)
        browser.wait_for("Thank you, your payment has arrived")
