# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from .pay_page_case import PayPageCase
from .payer_browser import PayerBrowser, StripePageMixin


@tagged("post_install", "-at_install")
class TestPortalTour(StripePageMixin, PayPageCase):
    """A customer at a phone, logged in, pays several invoices at once with the keyboard alone."""

    browser_size = "390x844"

    def test_choose_invoices_and_pay_them_at_once(self):
        customer = new_test_user(
            self.env,
            login="petra",
            groups="base.group_portal",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        customer.partner_id.write({"parent_id": self.payer.id, "email": "petra@example.com"})
        left_out = self._create_invoice(70)
        browser = PayerBrowser(self)
        self.authenticate("petra", "petra", browser=browser.chrome)
        browser.open("/my/payments")
        browser.wait_for("190.50")
        browser.tab_to(f"[name=invoice_{left_out.id}]")
        browser.press(" ")
        browser.wait_for("120.50")
        width = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        self.assertEqual(browser.evaluate(width), 0)
        browser.tab_to(".o_payment_request_pay")
        browser.press("Enter", wait_for="Stripe's page")
        browser.press("Tab")
        browser.press("Enter", wait_for="checking your payment")
        for event in self.paid_events:
            self._deliver(event)
        browser.wait_for("Thank you, your payment has arrived")
        for invoice in (self.invoice, self.other_invoice):
            self.assertOwed(invoice, "0")
        self.assertOwed(left_out, "70")
