# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from datetime import timedelta

from odoo import fields
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.payment_request_stripe.controllers.portal import PortalPayments

from .mail_wire import mail_server
from .portal_case import PASSWORD, PortalCase


@tagged("post_install", "-at_install")
class TestPortalRules(PortalCase):
    """*My Payments* follows the company's settings, turns pages, and stays with one customer."""

    def _get_names(self, page):
        """Return the names of the invoices that can be ticked."""
        return page.xpath("//form[@action='/my/payments/pay']//label/span[@class]/text()")

    # === AMOUNTS === #

    def test_amounts_are_changed_only_where_the_company_allows_it(self):
        page = self._see()
        self.assertFalse(page.xpath("//input[@type='number']"))
        self.assertTrue(page.xpath(f"//input[@name='invoice_{self.invoice.id}']"))
        answer = self._choose({self.invoice: "40"})
        self.assertIn("exactly $ 100.00 can be paid", self._text(answer))
        self.assertFalse(self._get_choices())
        ref = self._get_session(self._choose({self.invoice: None, self.other_invoice: "20.50"}))
        self.assertEqual(self.stripe.sessions[ref]["amount_total"], 12050)

    def test_a_part_has_a_smallest_size_of_the_invoice(self):
        self.company.write(
            {"payment_request_payer_amounts": True, "payment_request_payer_minimum": 40}
        )
        field = self._see().xpath(f"//input[@name='amount_{self.invoice.id}']")[0]
        self.assertEqual((field.get("min"), field.get("max")), ("40.00", "100.00"))
        answer = self._choose({self.invoice: "39.99"})
        self.assertIn("from $ 40.00 to $ 100.00 can be paid", self._text(answer))
        self._receive(self.stripe.pay(self._get_session(self._choose({self.invoice: "70"}))))
        # The rest is less than the smallest part: it is paid whole.
        self.assertOwed(self.invoice, "30")
        answer = self._choose({self.invoice: "15"})
        self.assertIn("exactly $ 30.00 can be paid", self._text(answer))

    def test_the_page_of_the_choice_has_the_same_limits(self):
        self.company.payment_request_payer_amounts = True
        self._choose({self.invoice: "40"})
        choice = self._get_choices()
        # A quarter of the invoice, not of the part that was chosen already.
        self.assertEqual(choice.line_ids._get_smallest_payment(4000), 2500)

    # === PAGES AND FILTERS === #

    def test_the_list_of_open_invoices_has_pages(self):
        self.patch(PortalPayments, "_items_per_page", 2)
        third = self._create_invoice(7)
        first, second = self._see(), self._see("/my/payments/page/2")
        names = [self._get_names(page) for page in (first, second)]
        names = [[name for name in found if name.startswith("INV")] for found in names]
        self.assertEqual([len(found) for found in names], [2, 1])
        self.assertEqual(
            {*names[0], *names[1]}, {self.invoice.name, self.other_invoice.name, third.name}
        )
        for page in (first, second):
            self.assertIn("127.50", self._text(page), "totals are of all that is open")
        self.assertTrue(first.xpath("//a[@href='/my/payments/page/2']"))
        # A page that is not there is the last one; what was refused stands on its own page.
        self.assertEqual(
            self._get_names(self._see("/my/payments/page/999")), self._get_names(second)
        )

    def test_what_was_refused_is_shown_on_its_page(self):
        self.patch(PortalPayments, "_items_per_page", 2)
        self._create_invoice(7)
        for text, ticks in (("2", 1), ("²", 2), ("-1", 2), ("x", 2), ("9" * 30, 2)):
            token = self._see().xpath("//input[@name='csrf_token']/@value")[0]
            form = {"csrf_token": token, "page": text, "filterby": "nonsense"}
            answer = self.url_open("/my/payments/pay", data=form)
            self.assertIn("Choose at least one invoice", self._text(answer))
            self.assertEqual(answer.text.count('name="invoice_'), ticks, text)

    def test_overdue_invoices_can_be_looked_at_alone(self):
        self.assertFalse(self._see().xpath("//nav[@aria-label='Show']"))
        day = fields.Date.today() - timedelta(days=9)
        late = self._create_invoice(30, invoice_date=day, invoice_date_due=day)
        page = self._see()
        self.assertTrue(page.xpath("//a[@href='/my/payments?filterby=overdue']"))
        page = self._see("/my/payments?filterby=overdue")
        self.assertEqual(page.xpath("//input[@type='checkbox']/@name"), [f"invoice_{late.id}"])
        page = self._see("/my/payments?filterby=nonsense")
        self.assertIn(self.invoice.name, self._text(page))

    def test_the_history_has_pages_and_filters(self):
        self.patch(PortalPayments, "_items_per_page", 4)
        requests = [self._create_request(self._create_invoice(5 + one)) for one in range(6)]
        paid = requests[0]
        self._click_pay(paid)
        self._receive(self.stripe.pay(paid.stripe_checkout_session_ref))

        def read(path):
            return set(self._see(path).xpath("//li//a[starts-with(., 'PR/')]/text()"))

        names = [one.name for one in requests]
        home = self._see()
        self.assertTrue(home.xpath("//a[@href='/my/payments/history']"))
        self.assertNotIn(paid.name, self._text(home))
        first, second = read("/my/payments/history"), read("/my/payments/history/page/2")
        self.assertEqual((len(first), second), (4, {*names} - first))
        self.assertEqual(read("/my/payments/history?filterby=paid"), {paid.name})
        self.assertNotIn(paid.name, read("/my/payments/history?filterby=open"))
        self.assertEqual(read("/my/payments/history?filterby=nonsense"), first)

    def test_links_that_are_over_do_not_stand_as_open(self):
        request = self._create_request(self.invoice)
        request.expires_at = fields.Datetime.now() - timedelta(minutes=1)
        self.assertEqual(request.state, "sent", "the worker has not been here yet")
        self.assertIn("Link expired", self._text(self._see()))
        page = self._see("/my/payments/history?filterby=open")
        self.assertIn("There is nothing here yet.", self._text(page))

    def test_receipts_stay_when_the_rest_was_withdrawn(self):
        request = self._create_request(self.invoice, self.other_invoice)
        withdrawn = self._create_request(self._create_invoice(3))
        self._click_pay(request)
        self._receive(self.stripe.pay(request.stripe_checkout_session_ref))
        request.state = "cancelled"
        withdrawn.action_cancel()
        page = self._see()
        self.assertIn("Withdrawn", self._text(page))
        self.assertTrue(page.xpath(f"//a[@href='/pay/{request.access_token}/receipt']"))
        self.assertNotIn(withdrawn.name, self._text(page))

    # === WHOSE === #

    def test_an_invoice_that_was_given_to_somebody_else_is_not_named(self):
        request = self._create_request(self.invoice, self.other_invoice)
        name = self.invoice.name
        self.assertIn(name, self._text(self._see("/my/payments/history")))
        self.invoice.button_draft()
        self.invoice.partner_id = self.stranger.partner_id
        self.invoice.action_post()
        text = self._text(self._see("/my/payments/history"))
        self.assertIn(request.name, text)
        self.assertIn(self.other_invoice.name, text)
        self.assertNotIn(self.invoice.name, text)

    def test_a_subsidiary_is_another_customer(self):
        daughter = self.env["res.partner"].create(
            {"name": "Daughter Ltd", "is_company": True, "parent_id": self.payer.id}
        )
        self.assertEqual(daughter.commercial_partner_id, daughter)
        theirs = self._create_invoice(33, partner=daughter)
        request = self._create_request(theirs, delivery_method="link")
        self._create_invoice(12, partner=daughter, move_type="out_refund")
        text = self._text(self._see())
        for part in (theirs.name, request.name, "12.00"):
            self.assertNotIn(part, text)
        self.assertIn("Choose at least one invoice", self._text(self._choose({theirs: None})))

    def test_requests_of_another_company_are_not_there(self):
        other = self.env["res.company"].create({"name": "Elsewhere"})
        request = self._create_request(self.invoice)
        self.assertIn(request.name, self._text(self._see()))
        user = self.customer_user
        user.write({"company_ids": [Command.set(other.ids)], "company_id": other.id})
        self.authenticate("petra", PASSWORD)
        text = self._text(self._see())
        self.assertNotIn(request.name, text)
        self.assertNotIn(self.invoice.name, text)

    def test_archived_customers_are_logged_out(self):
        self.customer_user.active = False
        self.assertIn(self._get("/my/payments").status_code, (303, 403))

    def test_only_forms_of_this_session_pay(self):
        form = {f"invoice_{self.invoice.id}": "1", "csrf_token": "forged"}
        with mute_logger("odoo.http"):
            answer = self.url_open("/my/payments/pay", data=form, allow_redirects=False)
        self.assertEqual(answer.status_code, 400)
        self.assertFalse(self._get_choices())

    def test_customers_are_not_in_charge_of_their_own_links(self):
        self.invoice.invoice_user_id = self.billing_user
        self._choose({self.invoice: None})
        choice = self._get_choices()
        self.assertEqual(choice._get_person_in_charge(), self.billing_user)
        self.billing_user.active = False
        self.assertEqual(choice.create_uid, self.customer_user)
        self.assertEqual(choice._get_person_in_charge(), self.env.ref("base.user_admin"))

    def test_ticks_that_are_no_numbers_tick_nothing(self):
        token = self._see().xpath("//input[@name='csrf_token']/@value")[0]
        names = ("invoice_", "invoice_x", "invoice_-1", "invoice_9999999999999", "invoice_1e3")
        form = {"csrf_token": token, **dict.fromkeys(names, "1")}
        answer = self.url_open("/my/payments/pay", data=form)
        self.assertEqual(answer.status_code, 200)
        self.assertIn("Choose at least one invoice", self._text(answer))

    def test_choices_have_a_rate(self):
        self.env["ir.config_parameter"].set_param("payment_request_stripe.rate_limit_portal", "2")
        answers = [self._choose({}).status_code for _time in range(3)]
        self.assertEqual(answers, [200, 200, 429])

    def test_a_link_that_its_customer_passes_on_counts_in_no_figure_of_what_was_sent(self):
        self.company.payment_request_payer_forward = True
        self._choose({self.invoice: None})
        link = self._get_choices().sudo()
        data = {"proof": link._sign_services(), "email": "ap@big.example"}
        self.url_open(f"/pay/{link.access_token}/forward", data=data)
        with mail_server(self.env) as server:
            self._run_cron("ir_cron_send_deliveries")
        self.assertEqual(server.get_recipients(), ["ap@big.example"])
        self.assertFalse(link.first_sent_at)
        report = self.env["payment.request.report"].search([("request_id", "=", link.id)])
        self.assertFalse(sum(report.mapped("sent_count")))

    def test_links_of_ones_own_share_the_limits_of_one(self):
        """However many links customers make, our mail server writes for them a few times a day."""
        self.company.write(
            {"payment_request_payer_forward": True, "payment_request_payer_question": True}
        )
        third = self._create_invoice(7)
        for invoice in (self.invoice, self.other_invoice, third):
            self._choose({invoice: None})
        first, second, last = self._get_choices().sudo()
        first.write({"payer_forward_count": 2, "payer_question_count": 6})
        second.write({"payer_forward_count": 1, "payer_question_count": 4})
        proof = {"proof": last._sign_services()}
        path = f"/pay/{last.access_token}"
        answer = self.url_open(f"{path}/forward", data={**proof, "email": "ap@big.example"})
        self.assertIn("was forwarded 3 times", answer.text)
        answer = self.url_open(f"{path}/question", data={**proof, "text": "Why?"})
        self.assertIn("You have asked many questions already.", answer.text)
        # A link of ours has limits of its own.
        ours = self._create_request(third)
        data = {"proof": ours._sign_services(), "email": "ap@big.example"}
        self.url_open(f"/pay/{ours.access_token}/forward", data=data)
        self.assertEqual(ours.payer_forward_count, 1)
