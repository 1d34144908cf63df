# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from datetime import timedelta
from unittest.mock import ANY

from lxml import html

from odoo import fields
from odoo.tests import tagged

from .pay_page_case import PayPageCase


@tagged("post_install", "-at_install")
class TestPayFlow(PayPageCase):
    """From the link to Stripe and back, and who may write what on the way."""

    # === OPENED === #

    def test_a_person_opens(self):
        self._open()
        opened_at = self.request.opened_at
        self.assertTrue(opened_at)
        self.request.opened_at = opened_at - timedelta(hours=1)
        self._open()
        self.assertEqual(self.request.opened_at, opened_at - timedelta(hours=1))

    def test_a_person_with_a_phone_whose_name_sounds_like_a_robot_opens(self):
        self._open(
            agent="Mozilla/5.0 (Linux; Android 13; CUBOT NOTE 50) AppleWebKit/537.36 (KHTML, like "
            "Gecko) Chrome/141.0.0.0 Mobile Safari/537.36"
        )
        self.assertTrue(self.request.opened_at)

    def test_scanners_and_head_write_nothing(self):
        before = self._snapshot()
        for agent in (
            "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
            "WhatsApp/2.23.20.0",
            "Slackbot-LinkExpanding 1.0",
            "python-requests/2.32",
            "",
        ):
            self.assertEqual(self._open(agent=agent).status_code, 200)
        for path in ("", "/success", "/cancel", "/status", "/checkout"):
            answer = self._open(path, method="HEAD")
            self.assertIn(answer.status_code, (200, 303))
            self.assertFalse(answer.content)
        self.assertEqual(self._snapshot(), before)
        self.assertFalse(self.request.opened_at)
        self.assertFalse(self.stripe.requests)

    def test_a_look_ahead_is_no_visit(self):
        for name, value in (
            ("Sec-Purpose", "prefetch;prerender"),
            ("Purpose", "prefetch"),
            ("X-Purpose", "preview"),
            ("X-Moz", "prefetch"),
        ):
            with self.subTest(header=name):
                self.assertEqual(self._open(headers={name: value}).status_code, 200)
                self.assertFalse(self.request.opened_at)

    def test_our_own_people_who_try_a_link_are_no_customers(self):
        self.authenticate(self.billing_user.login, self.billing_user.login)
        self.assertEqual(self._open().status_code, 200)
        self.assertFalse(self.request.opened_at)

    def _snapshot(self):
        self.env.flush_all()
        self.env.invalidate_all()
        request = self.request
        stored = [name for name, field in request._fields.items() if field.store]
        return request.read(stored)[0], request.line_ids.read(), request.checkout_ids.read()

    def test_reading_pages_asks_stripe_nothing(self):
        for path in ("", "/cancel", "/status", "/success"):
            self._open(path)
        self.assertFalse(self.stripe.requests)
        self.assertFalse(self.request.checkout_ids)

    # === TO STRIPE === #

    def test_pay_leads_to_stripe(self):
        answer = self._press_pay(self._quote())
        self.assertEqual(answer.status_code, 303)
        self.assertEqual(answer.headers["Location"], self.request.checkout_ids.url)
        self.assertEqual(answer.headers["Referrer-Policy"], "no-referrer")
        self.assertNotIn("Set-Cookie", answer.headers)
        again = self._press_pay(self._quote())
        self.assertEqual(again.headers["Location"], answer.headers["Location"])
        self.assertEqual(len(self.request.checkout_ids), 1)

    def assertBack(self, answer, code, sentence):
        """Assert that the payer is back on the page, where `sentence` stands."""
        self.assertEqual(answer.status_code, 303)
        path = answer.headers["Location"]
        self.assertTrue(path.endswith(f"/pay/{self.request.access_token}{code}"), path)
        page = self._open(code)
        self.assertEqual(page.status_code, 200)
        self.assertSaid(page, sentence)

    def test_missing_wrong_or_stale_quote(self):
        shown = self._quote()
        foreign = self._quote(self._create_request(self._create_invoice(120.5)))
        changed = "The amount has changed. Please look at it again, then press Pay."
        for quote in ("", "wrong", "é", foreign, shown[:-1]):
            self.assertBack(self._press_pay(quote), "?notice=stale_quote", changed)
        self.assertBack(
            self._open("/checkout", method="POST", data={"x": "1"}), "?notice=stale_quote", changed
        )
        self.other_invoice.button_draft()
        self.assertBack(self._press_pay(shown), "?notice=stale_quote", changed)
        self.assertFalse(self.stripe.requests)

    def test_nothing_to_pay(self):
        quote = self._quote()
        (self.invoice | self.other_invoice).button_draft()
        self.assertBack(self._press_pay(quote), "", "Nothing is left to pay")

    def test_closed_links(self):
        quote = self._quote()
        self.request.expires_at = fields.Datetime.now() - timedelta(minutes=1)
        self.assertBack(self._press_pay(quote), "", "This payment link has expired")
        self.request._transition("cancelled")
        self.assertBack(self._press_pay(quote), "", "This payment request was withdrawn")

    def test_on_its_way_and_paid(self):
        quote, session = self._quote(), self._session()
        self._deliver(self.stripe.pay_async(session))
        self.assertBack(self._press_pay(quote), "", "Your payment is on its way")
        self._deliver(self.stripe.settle(session))
        self.assertBack(self._press_pay(quote), "", "Thank you, your payment has arrived")

    def test_stripe_is_down_then_up(self):
        quote = self._quote()
        self.stripe.fail_next("POST", "/v1/checkout/sessions", status=500)
        self.assertBack(
            self._press_pay(quote),
            "?notice=unavailable",
            "We cannot reach our payment service at the moment.",
        )
        self.assertEqual(self.request.state, "sent")
        self.assertEqual(
            self._press_pay(quote).headers["Location"], self.request.checkout_ids[:1].url
        )

    def test_stripe_refuses(self):
        self.stripe.fail_next("POST", "/v1/checkout/sessions", status=401)
        self.assertBack(
            self._press_pay(self._quote()),
            "?notice=refused",
            "The payment page could not be opened.",
        )

    def test_visiting_the_forms_address(self):
        answer = self._open("/checkout")
        self.assertEqual(answer.status_code, 303)
        self.assertTrue(answer.headers["Location"].endswith(f"/pay/{self.request.access_token}"))

    def test_notices_come_from_the_table_only(self):
        plain = self._text(self._open())
        for code in ("unknown", "<b>Call+555</b>", "%00", "processing"):
            self.assertEqual(self._text(self._open(f"?notice={code}")), plain, code)

    # === AND BACK === #

    def test_success_asks_stripe_and_tells_the_truth(self):
        session = self._session()
        answer = self._open("/success")
        self.assertSaid(answer, "We are checking your payment", "Back to the invoices")
        page = html.fromstring(answer.content)
        self.assertTrue(page.xpath("//head/noscript//meta[@http-equiv='refresh']"))
        polled = page.xpath("//*[@data-status-url]/@data-status-url")
        self.assertEqual(polled, [f"/pay/{self.request.access_token}/status"])
        self.assertEqual(page.xpath("//*[@data-state]/@data-state"), ["sent"])
        self.assertTrue(page.xpath("//*[@role='status'][@aria-live='polite']"))
        asked = len(self.stripe.requests)
        self._open("/success")
        self.assertEqual(len(self.stripe.requests), asked, "asked twice within ten seconds")
        self.stripe.pay(session)  # the webhook never comes
        self.request.checkout_ids.asked_at -= timedelta(minutes=1)
        self._open("/success")
        self.assertEqual(self.request.state, "sent", "only the worker books")
        self._run_cron("ir_cron_process_events")
        self.assertSaid(self._open("/success"), "Thank you, your payment has arrived")
        self.assertOwed(self.invoice, "0")

    def test_success_without_a_visit_to_stripe_is_the_page(self):
        answer = self._open("/success")
        self.assertHasPay(answer)
        self.assertFalse(self.stripe.requests)

    def test_success_while_stripe_is_down(self):
        self._session()
        self.stripe.fail_next("GET", "/v1/checkout/sessions/*", timeout=True)
        self.assertSaid(self._open("/success"), "We are checking your payment")

    def test_bank_debit(self):
        session = self._session()
        self._deliver(self.stripe.pay_async(session))
        answer = self._open("/success")
        self.assertSaid(answer, "Your payment is on its way", "Please do not pay again.")
        self.assertIn("data-status-url", answer.text)
        self.assertNotIn("data-status-url", self._open().text)

    def test_a_declined_card_then_another_one(self):
        session = self._session()
        self._deliver(self.stripe.decline(session))
        self.assertEqual(self.request.state, "failed")
        self.assertSaid(self._open("/success"), "We are checking your payment")
        again = self._press_pay(self._quote())
        self.assertIn(session, again.headers["Location"])
        self._deliver(self.stripe.pay(session))
        self.assertEqual(self.request.state, "completed")

    def test_cancel_loses_nothing(self):
        self._session()
        answer = self._open("/cancel")
        self.assertEqual(answer.status_code, 200)
        self.assertSaid(answer, "You have not paid, and nothing was charged.")
        self.assertHasPay(answer)
        self.assertEqual(self.request.checkout_ids.state, "open")

    def test_status(self):
        answer = self._open("/status")
        self.assertEqual(answer.headers["Content-Type"], "application/json; charset=utf-8")
        self.assertEqual(
            answer.json(),
            {"state": "sent", "amountPaid": "0.00", "currency": "USD", "paidAt": None},
        )
        self._deliver(self.stripe.pay(self._session()))
        status = self._open("/status").json()
        self.assertEqual(
            status,
            {"state": "completed", "amountPaid": "120.50", "currency": "USD", "paidAt": ANY},
        )
        self.assertEqual(status["paidAt"], self.request.paid_at.isoformat() + "Z")
