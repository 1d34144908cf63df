# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.tests import tagged

from .payer_browser import PayerBrowser, StripePageMixin
from .portal_case import PASSWORD, PortalCase

# What of our page goes beyond the screen; the frame around it is Odoo's.
TOO_WIDE = """
[...document.querySelectorAll("main *")]
    .filter((one) => one.getBoundingClientRect().right > document.documentElement.clientWidth)
    .map((one) => one.outerHTML)
"""


@tagged("post_install", "-at_install")
class TestPortalTour(StripePageMixin, PortalCase):
    """A customer who is logged in pays several invoices at once, with the keyboard alone."""

    browser_size = "390x844"

    def _start(self):
        browser = PayerBrowser(self)
        self.authenticate("petra", PASSWORD, browser=browser.chrome)
        browser.open_portal("/my/payments")
        return browser

    def _read_total(self, browser):
        return browser.evaluate("document.querySelector('.o_payment_request_total').innerText")

    def _pay(self, browser):
        """Go on from My Payments to Stripe's page, pay there, and come back to the receipt."""
        browser.tab_to(".o_payment_request_pay")
        browser.press("Enter", wait_for="Stripe's page")
        browser.press("Tab")
        browser.press("Enter", wait_for="checking your payment")
        for event in self.paid_events:
            self._receive(event)
        browser.wait_for("Thank you, your payment has arrived")

    def test_pay_several_invoices_at_once(self):
        left_out = self._create_invoice(70)
        browser = self._start()
        self.assertIn("190.50", self._read_total(browser))
        browser.tab_to(f"[name=invoice_{left_out.id}]")
        browser.press(" ")
        self.assertIn("120.50", self._read_total(browser))
        self.assertEqual(browser.evaluate(TOO_WIDE), [])
        self._pay(browser)
        for invoice in (self.invoice, self.other_invoice):
            self.assertOwed(invoice, "0")
        self.assertOwed(left_out, "70")
        (choice,) = self._get_choices()
        self.assertEqual((choice.state, choice.amount_paid), ("completed", 120.5))
        browser.open_portal("/my/payments")
        browser.tab_to(f"a[href='/pay/{choice.access_token}/receipt']")
        browser.press("Enter", wait_for="Receipt")
        self.assertIn("120.50", browser.evaluate("document.body.innerText"))

    def test_pay_a_part_of_one(self):
        self.company.payment_request_payer_amounts = True
        browser = self._start()
        # All of them and none of them, by one tick.
        browser.tab_to(".o_payment_request_all")
        browser.press(" ")
        self.assertIn("0.00", self._read_total(browser))
        self.assertTrue(
            browser.evaluate("document.querySelector('.o_payment_request_pay').disabled")
        )
        browser.tab_to(f"[name=invoice_{self.invoice.id}]")
        browser.press(" ")
        self.assertTrue(
            browser.evaluate("document.querySelector('.o_payment_request_all').indeterminate")
        )
        browser.tab_to(f"[name=amount_{self.invoice.id}]")
        browser.evaluate("document.activeElement.select()")
        browser.fill_in("40")
        self.assertIn("40.00", self._read_total(browser))
        self._pay(browser)
        self.assertOwed(self.invoice, "60")
        self.assertOwed(self.other_invoice, "20.50")
