# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""*My Payments*: what a customer who is logged in sees, chooses and pays."""

from lxml import html

from odoo.tests import tagged

from .portal_case import PASSWORD, PortalCase


@tagged("post_install", "-at_install")
class TestPortal(PortalCase):
    """Customers see what is theirs, and pay several invoices at once."""

    def setUp(self):
        super().setUp()
        self.company.payment_request_payer_amounts = True

    # === SEEING === #

    def test_customers_see_the_open_invoices_of_their_company_only(self):
        text = self._text(self._see())
        self.assertIn(self.invoice.name, text)
        self.assertIn(self.other_invoice.name, text)
        self.assertNotIn(self.foreign_invoice.name, text)
        self.assertIn("120.50", text)

    def test_the_balance_tells_open_in_transit_and_credit_apart(self):
        request = self._create_request(self.other_invoice)
        self._click_pay(request)
        self._receive(self.stripe.pay_async(request.stripe_checkout_session_ref))
        self.assertEqual(request.state, "processing")
        note = self._create_invoice(30, move_type="out_refund")
        self.assertEqual(note.state, "posted")
        page = self._see()
        amounts = [" ".join(one.text_content().split()) for one in page.xpath("//dd")]
        self.assertEqual([one.strip("$ \u00a0") for one in amounts], ["120.50", "20.50", "30.00"])
        self.assertIn("Payment on its way", self._text(page))
        names = page.xpath("//input[@type='checkbox']/@name")
        self.assertEqual(names, [f"invoice_{self.invoice.id}"])

    def test_a_credit_stands_there_although_nothing_is_open(self):
        (self.invoice | self.other_invoice).button_draft()
        page = self._see()
        self.assertFalse(page.xpath("//dd"))
        self._create_invoice(30, move_type="out_refund")
        page = self._see()
        amounts = [" ".join(one.text_content().split()) for one in page.xpath("//dd")]
        self.assertEqual([one.strip("$ \u00a0") for one in amounts], ["0.00", "0.00", "30.00"])
        self.assertIn("Nothing is open. Thank you.", self._text(page))

    def test_paid_requests_stand_in_the_history_with_their_receipt(self):
        request = self._create_request(self.invoice)
        self._click_pay(request)
        self._receive(self.stripe.pay(request.stripe_checkout_session_ref))
        page = self._see()
        self.assertEqual(
            page.xpath(f"//a[.='{request.name}']/@href"), [f"/pay/{request.access_token}"]
        )
        self.assertIn("Paid", self._text(page))
        self.authenticate("stranger", PASSWORD)
        self.assertNotIn(request.name, self._text(self._see()))

    # === PAYING === #

    def test_several_invoices_are_paid_at_once_with_the_amounts_chosen(self):
        ref = self._get_session(self._choose({self.invoice: "40", self.other_invoice: None}))
        choice = self._get_choices()
        self.assertEqual(choice.partner_id, self.customer_user.partner_id)
        self.assertEqual(self.stripe.sessions[ref]["amount_total"], 6050)
        self._receive(self.stripe.pay(ref))
        self.assertOwed(self.invoice, "60")
        self.assertOwed(self.other_invoice, "0")
        self.assertEqual(choice.state, "completed")
        row = self.env["payment.request.report"].search([("request_id", "=", choice.id)])
        self.assertEqual((row.sent_count, row.paid_count, row.amount_paid), (0, 1, 60.5))
        self.assertFalse(row.sent_at or row.conversion, "nobody sent it")

    def test_the_same_choice_again_leads_to_the_same_session(self):
        first = self._get_session(self._choose({self.invoice: None}))
        self.assertEqual(self._get_session(self._choose({self.invoice: None})), first)
        self.assertEqual(len(self._get_choices()), 1)

    def test_another_choice_withdraws_the_earlier_one_at_stripe_too(self):
        first = self._get_session(self._choose({self.invoice: None}))
        second = self._get_session(self._choose({self.invoice: "50", self.other_invoice: None}))
        self.assertEqual(self.stripe.sessions[first]["status"], "expired")
        self.assertEqual(self.stripe.sessions[second]["status"], "open")
        self.assertEqual(sorted(self._get_choices().mapped("state")), ["cancelled", "sent"])

    def test_an_invoice_asked_for_by_a_link_can_be_paid_here_once(self):
        request = self._create_request(self.invoice)
        self._click_pay(request)
        theirs = request.stripe_checkout_session_ref
        mine = self._get_session(self._choose({self.invoice: None, self.other_invoice: None}))
        self.assertEqual(self.stripe.sessions[theirs]["status"], "expired")
        self._receive(self.stripe.pay(mine))
        self.assertOwed(self.invoice, "0")
        self._run_cron("ir_cron_poll_stripe")
        self.assertEqual(request.state, "completed")
        self.assertEqual(request.amount_paid, 0)

    def test_opening_the_link_closes_the_session_of_the_portal(self):
        mine = self._get_session(self._choose({self.invoice: None}))
        request = self._create_request(self.invoice)
        self._click_pay(request)
        self.assertEqual(self.stripe.sessions[mine]["status"], "expired")
        theirs = request.stripe_checkout_session_ref
        self.assertEqual(self.stripe.sessions[theirs]["status"], "open")

    def test_two_parts_that_are_both_owed_may_be_paid_side_by_side(self):
        request = self._create_request(self.invoice, amounts=[60])
        self._click_pay(request)
        theirs = request.stripe_checkout_session_ref
        mine = self._get_session(self._choose({self.invoice: "40"}))
        self.assertEqual(self.stripe.sessions[theirs]["status"], "open")
        self._receive(self.stripe.pay(mine), self.stripe.pay(theirs))
        self.assertOwed(self.invoice, "0")

    def test_what_the_link_just_took_is_not_taken_again(self):
        request = self._create_request(self.invoice)
        self._click_pay(request)
        self.stripe.pay(request.stripe_checkout_session_ref)
        answer = self._choose({self.invoice: None})
        self.assertIn("/pay/", answer.headers["Location"])
        self.assertEqual(len(self.stripe.sessions), 1)
        self._run_cron("ir_cron_process_events")
        self.assertOwed(self.invoice, "0")

    def test_a_choice_does_not_keep_our_people_from_asking(self):
        self._choose({self.invoice: None})
        request = self._create_request(self.invoice)
        self.assertEqual(request.state, "sent")

    # === REFUSING === #

    def test_bad_choices_get_a_sentence_and_change_nothing(self):
        for amounts, sentence in (
            ({self.invoice: "100.01"}, "more than what"),
            ({self.invoice: "-5"}, "above zero"),
            ({self.invoice: "0"}, "above zero"),
            ({self.invoice: "1.234"}, "no exact amount"),
            ({self.invoice: "lots"}, "is no number"),
            ({self.invoice: "NaN"}, "is no number"),
            ({self.invoice: "24.99"}, "from $ 25.00 to $ 100.00 can be paid"),
            ({self.invoice: "1e2"}, "is no number"),
            ({self.invoice: "1E999999"}, "is no number"),
            ({self.invoice: "50,00"}, "is no number"),
            ({self.invoice: "٥٠"}, "is no number"),
            ({self.invoice: ""}, "is no number"),
            ({self.invoice: "9" * 16}, "is no number"),
            ({}, "Choose at least one invoice"),
            ({self.foreign_invoice: None}, "Choose at least one invoice"),
        ):
            with self.subTest(sentence=sentence, amounts=list(amounts.values())):
                answer = self._choose(amounts)
                self.assertEqual(answer.status_code, 200)
                self.assertIn(sentence, self._text(answer))
        self.assertFalse(self._get_choices())
        self.assertFalse(self.stripe.sessions)

    def test_what_is_on_its_way_cannot_be_chosen_by_a_forged_form(self):
        request = self._create_request(self.invoice)
        self._click_pay(request)
        self._receive(self.stripe.pay_async(request.stripe_checkout_session_ref))
        answer = self._choose({self.invoice: None})
        self.assertIn("Please do not pay again", self._text(answer))
        self.assertFalse(self._get_choices())

    def test_odoos_pages_of_invoices_lead_here(self):
        for path in ("/my/invoices", self.invoice.get_portal_url()):
            page = html.fromstring(self._get(path).content)
            self.assertTrue(page.xpath("//a[@href='/my/payments']"), path)
