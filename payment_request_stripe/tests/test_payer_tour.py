# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from .pay_page_case import PayPageCase
from .payer_browser import PayerBrowser, StripePageMixin


@tagged("post_install", "-at_install")
class TestPayerTour(StripePageMixin, PayPageCase):
    """A payer at a phone, with the keyboard alone: chooses, asks, promises, and pays a part."""

    browser_size = "390x844"

    def setUp(self):
        super().setUp()
        self.company.write(
            {
                f"payment_request_payer_{name}": True
                for name in ("choice", "amounts", "promise", "question", "forward")
            }
        )

    def _start(self):
        browser = PayerBrowser(self)
        browser.open(f"/pay/{self.request.access_token}")
        return browser

    def test_choose_one_invoice_and_pay_it(self):
        self._choose_and_pay(self._start())

    def test_choose_without_javascript(self):
        browser = PayerBrowser(self)
        browser.disable_javascript()
        browser.open(f"/pay/{self.request.access_token}")
        self._choose_and_pay(browser)

    def _choose_and_pay(self, browser):
        browser.tab_to(f"[name=line_{self.request.line_ids[0].id}]")
        browser.press(" ")
        # Pay was about all of it: it shows the new total first.
        browser.tab_to(".pay", back=True)
        browser.press("Enter", wait_for="Please look at it again")
        browser.tab_to(".pay")
        label = browser.evaluate("document.activeElement.innerText")
        self.assertIn("20.50", label)
        browser.press("Enter", wait_for="Stripe's page")
        browser.press("Tab")
        browser.press("Enter", wait_for="checking your payment")
        for event in self.paid_events:
            self._deliver(event)
        browser.wait_for("The rest can be paid below.")
        self.assertOwed(self.other_invoice, "0")
        self.assertOwed(self.invoice, "100")
        width = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        self.assertEqual(browser.evaluate(width), 0)

    def test_ask_and_promise(self):
        browser = self._start()
        browser.tab_to("details:has(#question-text) summary")
        browser.press("Enter")
        browser.tab_to("#question-text")
        browser.fill_in("Is the water included?")
        browser.press("Tab")
        browser.press("Enter", wait_for="Your question has reached")
        day = fields.Date.today() + timedelta(days=3)
        browser.tab_to("details:has(#promise-date) summary")
        browser.press("Enter")
        browser.tab_to("#promise-date")
        browser.enter_date(day)
        browser.tab_to("details:has(#promise-date) button")
        browser.press("Enter", wait_for="We have noted your promise")
        self.env.invalidate_all()
        notes = self.request.activity_ids.mapped("note")
        self.assertTrue(any("Is the water included?" in note for note in notes))
        self.assertEqual(self.invoice.payment_request_promise_date, day)

    def test_forward(self):
        browser = self._start()
        browser.tab_to("details:has(#forward-email) summary")
        browser.press("Enter")
        browser.tab_to("#forward-email")
        browser.fill_in("ap@big.example")
        browser.press("Tab")
        browser.press("Enter", wait_for="The link is on its way to that address.")
        self.env.invalidate_all()
        row = self.request.delivery_ids.filtered("is_forwarded")
        self.assertEqual(row.recipient, "ap@big.example")
