# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from urllib.parse import parse_qs, urlsplit

from lxml import html

from odoo.fields import Command
from odoo.tests import tagged

from .pay_page_case import PayPageCase


@tagged("post_install", "-at_install")
class TestPayerChoice(PayPageCase):
    """The payer chooses invoices and amounts; the server decides what that may be."""

    def setUp(self):
        super().setUp()
        self.company.write(
            {"payment_request_payer_choice": True, "payment_request_payer_amounts": True}
        )
        self.first, self.second = self.request.line_ids

    def _fields(self, **amounts):
        """Return the form that ticks both invoices, with these amounts (``first``, ``second``)."""
        form = {"chosen": "1"}
        for name, line in (("first", self.first), ("second", self.second)):
            if name in amounts:
                form[f"line_{line.id}"] = "1"
                form[f"amount_{line.id}"] = amounts[name]
        return form

    def _choose(self, **amounts):
        return self._open(params=self._fields(**amounts))

    def _pay(self, quote, **amounts):
        return self._open(
            "/checkout", method="POST", data={"quote": quote, **self._fields(**amounts)}
        )

    def _quote_of(self, answer):
        return html.fromstring(answer.content).xpath("//input[@name='quote']/@value")[0]

    def _charged(self):
        parameters = self.request.checkout_ids[:1].sudo().parameters
        return [item["price_data"]["unit_amount"] for item in parameters["line_items"]]

    def test_nothing_to_choose_unless_the_company_says_so(self):
        self.company.write(
            {"payment_request_payer_choice": False, "payment_request_payer_amounts": False}
        )
        answer = self._choose(first="50.00")
        self.assertFalse(html.fromstring(answer.content).xpath("//input[@type='checkbox']"))
        self.assertSaid(answer, "Pay $\N{NO-BREAK SPACE}120.50")
        self.assertEqual(self._pay(self._quote_of(answer), first="50.00").status_code, 303)
        self.assertEqual(self._charged(), [10000, 2050])

    def test_pay_one_invoice_and_the_rest_later(self):
        answer = self._choose(second="20.50")
        self.assertSaid(answer, "Pay $\N{NO-BREAK SPACE}20.50")
        self.assertIn(
            "stripe.com", self._pay(self._quote_of(answer), second="20.50").headers["Location"]
        )
        self.assertEqual(self._charged(), [2050])
        self._deliver(self.stripe.pay(self.request.stripe_checkout_session_ref))
        self.assertOwed(self.other_invoice, "0")
        self.assertOwed(self.invoice, "100")
        self.assertEqual(self.request.state, "sent")
        answer = self._open("/success")
        self.assertSaid(
            answer, "Thank you, your payment has arrived.", "Pay $\N{NO-BREAK SPACE}100.00"
        )
        receipt = self._open("/receipt")
        self.assertSaid(
            receipt,
            "Receipt",
            self.request.payment_ids.name,
            f"Invoice {self.other_invoice.name}",
            "$\N{NO-BREAK SPACE}20.50",
        )
        self.assertNotIn(self.invoice.name, self._text(receipt))

    def test_a_part_paid_after_a_declined_card_is_no_failure_any_more(self):
        self._pay(self._quote_of(self._choose(second="20.50")), second="20.50")
        session = self.request.stripe_checkout_session_ref
        self._deliver(self.stripe.decline(session, "insufficient_funds"))
        self.assertEqual(self.request.state, "failed")
        self._deliver(self.stripe.pay(session))
        self.assertEqual((self.request.state, self.request.failure_reason), ("sent", False))
        self.assertOwed(self.invoice, "100")
        answer = self._open()
        self.assertNotIn("did not go through", self._text(answer))
        self.assertHasPay(answer)

    def test_a_choice_in_the_address_says_nothing_once_all_is_paid(self):
        self._pay(self._quote_of(self._open()), first="100.00", second="20.50")
        self._deliver(self.stripe.pay(self.request.stripe_checkout_session_ref))
        answer = self._choose(second="20.50")
        self.assertSaid(answer, "Thank you, your payment has arrived")
        self.assertNotIn("Please choose", answer.text)

    def test_pay_a_part(self):
        answer = self._choose(first="33.33", second="20.50")
        self.assertSaid(answer, "Pay $\N{NO-BREAK SPACE}53.83")
        self._pay(self._quote_of(answer), first="33.33", second="20.50")
        self.assertEqual(self._charged(), [3333, 2050])
        self._deliver(self.stripe.pay(self.request.stripe_checkout_session_ref))
        self.assertOwed(self.invoice, "66.67")

    def test_a_choice_that_was_not_shown_is_shown_first(self):
        whole = self._quote_of(self._open())
        answer = self._pay(whole, second="20.50")
        location = urlsplit(answer.headers["Location"])
        self.assertEqual(location.path, f"/pay/{self.request.access_token}")
        self.assertEqual(parse_qs(location.query)["notice"], ["stale_quote"])
        self.assertFalse(self.request.checkout_ids)
        shown = self._open(f"?{location.query}")
        self.assertSaid(shown, "Please look at it again", "Pay $\N{NO-BREAK SPACE}20.50")
        # A proof is of one choice only, and of one link only.
        for quote, amounts in (
            (self._quote_of(shown), {"first": "100.00", "second": "20.50"}),
            (self._quote_of(shown), {"second": "10.00"}),
            ("", {"second": "20.50"}),
            ("é", {"second": "20.50"}),
        ):
            self._pay(quote, **amounts)
            self.assertFalse(self.request.checkout_ids)

    def test_bad_amounts_get_a_sentence_and_charge_nothing(self):
        name = self.invoice.name
        limits = (
            f"Of {name}, from $\N{NO-BREAK SPACE}25.00 to $\N{NO-BREAK SPACE}100.00 can be paid."
        )
        for text, sentence in (
            ("100.01", limits),
            ("24.99", limits),
            ("0", limits),
            ("99999999999999", limits),
            ("-5", "“-5” is no amount."),
            ("ten", "“ten” is no amount."),
            ("1e2", "“1e2” is no amount."),
            ("NaN", "“NaN” is no amount."),
            ("", "“” is no amount."),
            ("50.005", f"50.005 is no exact amount in USD ({name})."),
            ("<b>5</b>", "“<b>5</b>” is no amount."),
        ):
            with self.subTest(text=text):
                self.assertSaid(self._choose(first=text), sentence)
                answer = self._pay(self._quote_of(self._open()), first=text)
                where = urlsplit(answer.headers["Location"])
                self.assertSaid(self._open(f"?{where.query}"), sentence)
                self.assertFalse(self.request.checkout_ids)
        self.assertSaid(self._open(params={"chosen": "1"}), "Please choose at least one invoice.")

    def test_amounts_in_the_payers_language(self):
        self.env["res.lang"]._activate_lang("de_DE")
        self.payer.lang = "de_DE"
        big = self._create_request(self._create_invoice(4000))
        for text, pays in (("1.000,50", 100050), ("1000,5", 100050), ("1 200", 120000)):
            form = {"chosen": "1", f"amount_{big.line_ids.id}": text}
            read = big.with_context(lang="de_DE")._read_choice(form)
            self.assertEqual(read, [[big.line_ids.id, pays]])
        answer = self._open(request=big)
        page = html.fromstring(answer.content)
        self.assertEqual(page.xpath("//input[@class='amount-input']/@value"), ["4000,00"])

    def test_the_session_of_a_choice_follows_its_invoices(self):
        answer = self._choose(second="20.50")
        self._pay(self._quote_of(answer), second="20.50")
        checkout = self.request.checkout_ids
        self.assertTrue(checkout._is_current())
        again = self._choose(second="20.50")
        self._pay(self._quote_of(again), second="20.50")
        self.assertEqual(self.request.checkout_ids, checkout, "the open session is used again")
        everything = self._open()
        self._pay(self._quote_of(everything), first="100.00", second="20.50")
        self.assertEqual(checkout.state, "expired")
        self.assertEqual(self._charged(), [10000, 2050])

    def test_lines_of_other_links_are_no_choice(self):
        other = self._create_request(self._create_invoice(7)).line_ids
        answer = self._open(
            params={"chosen": "1", f"line_{other.id}": "1", f"amount_{other.id}": "7"}
        )
        self.assertSaid(answer, "Please choose at least one invoice.")

    def test_a_discount_needs_the_whole_invoice(self):
        term = self.env["account.payment.term"].create(
            {
                "name": "2% within 10 days",
                "early_discount": True,
                "discount_percentage": 2,
                "discount_days": 10,
                "early_pay_discount_computation": "included",
                "line_ids": [Command.create({"value": "percent", "value_amount": 100})],
            }
        )
        invoice = self._create_invoice(200, invoice_payment_term_id=term.id)
        request = self._create_request(invoice)
        line = request.line_ids
        whole = request._get_quote()
        self.assertEqual((whole["total"], whole["lines"][0]["discount"]), (19600, 400))
        form = {"chosen": "1", f"amount_{line.id}": "196.00"}
        self.assertIsNone(request._read_choice(form), "all that is asked is no choice")
        part = request._get_quote(choice=[[line.id, 10000]])
        self.assertEqual(part["total"], 10000)
        self.assertNotIn("discount", part["lines"][0])
        share = request._read_quote(part)[line]
        self.assertIn("Part of the invoice", line._explain_share(share))
