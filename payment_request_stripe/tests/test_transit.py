# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.tests import tagged
from odoo.tools import mute_logger

from .portal_case import PortalCase
from .test_booking import EVENT_LOGGER


@tagged("post_install", "-at_install")
class TestTransit(PortalCase):
    """What is on its way to us is what was paid, and keeps nothing else from being paid."""

    def setUp(self):
        super().setUp()
        self.company.write({"payment_request_payer_choice": True})

    def _totals(self, page):
        """Return what the portal says: open, on its way, credit."""
        amounts = [" ".join(one.text_content().split()) for one in page.xpath("//dd")]
        return [one.strip("$ \u00a0") for one in amounts]

    def _ticks(self, page):
        return page.xpath("//input[@type='checkbox'][starts-with(@name, 'invoice_')]/@name")

    def _debit(self, *invoices, pays=None, amounts=()):
        """Pay a link for `invoices`, or only `pays` of them, by a debit; return its session."""
        request = self._create_request(*invoices, amounts=amounts)
        form = {"chosen": "1"}
        for line in request.line_ids.filtered(lambda line: line.move_id in (pays or invoices)):
            form[f"line_{line.id}"] = "1"
        quote = request._get_quote(choice=request._read_choice(form))
        data = {**form, "quote": request._sign_quote(quote)}
        self.env.flush_all()
        self.url_open(f"/pay/{request.access_token}/checkout", data=data, allow_redirects=False)
        self.env.invalidate_all()
        ref = request.stripe_checkout_session_ref
        self._receive(self.stripe.pay_async(ref))
        self.assertEqual(request.state, "processing")
        return ref

    def _fail_to_book(self, event):
        account = self.provider._get_payment_request_method_line().payment_account_id
        self.provider._get_payment_request_method_line().payment_account_id = False
        with mute_logger(EVENT_LOGGER):
            self._receive(event)
        self.provider._get_payment_request_method_line().payment_account_id = account

    def test_an_invoice_that_the_payer_left_out_of_a_debit_can_be_paid(self):
        ref = self._debit(self.invoice, self.other_invoice, pays=self.invoice)
        page = self._see()
        self.assertEqual(self._totals(page), ["120.50", "100.00", "0.00"])
        self.assertEqual(self._ticks(page), [f"invoice_{self.other_invoice.id}"])
        self.assertTrue(self.other_invoice._has_to_be_paid())
        self.assertFalse(self.invoice._has_to_be_paid())
        second = self._get_session(self._choose({self.other_invoice: None}))
        self._receive(self.stripe.pay(second), self.stripe.settle(ref))
        for invoice in (self.invoice, self.other_invoice):
            self.assertOwed(invoice, "0")

    def test_what_a_debit_of_a_part_leaves_can_be_paid(self):
        ref = self._debit(self.invoice, amounts=[40])
        page = self._see()
        self.assertEqual(self._totals(page), ["120.50", "40.00", "0.00"])
        self.assertIn("on its way $ 40.00", self._text(page).replace("\u00a0", " "))
        (due,) = page.xpath(f"//li[.//input[@name='invoice_{self.invoice.id}']]/@data-due")
        self.assertEqual(due, "60.00")
        self.assertIn("exactly $ 60.00", self._text(self._choose({self.invoice: "100"})))
        second = self._get_session(self._choose({self.invoice: None}))
        self.assertEqual(self.stripe.sessions[second]["amount_total"], 6000)
        self._receive(self.stripe.pay(second), self.stripe.settle(ref))
        self.assertOwed(self.invoice, "0")

    def test_changed_amounts_stay_within_what_a_debit_leaves(self):
        self.company.payment_request_payer_amounts = True
        self._debit(self.invoice, amounts=[40])
        field = self._see().xpath(f"//input[@name='amount_{self.invoice.id}']")[0]
        said = [field.get(name) for name in ("min", "max", "value")]
        self.assertEqual(said, ["25.00", "60.00", "60.00"])
        answer = self._choose({self.invoice: "60.01"})
        self.assertIn("from $ 25.00 to $ 60.00 can be paid", self._text(answer))

    def test_a_debit_of_all_of_it_leaves_nothing_until_it_fails(self):
        ref = self._debit(self.invoice)
        self.assertEqual(self._ticks(self._see()), [f"invoice_{self.other_invoice.id}"])
        answer = self._choose({self.invoice: None})
        self.assertIn("do not pay again", self._text(answer))
        self._receive(self.stripe.decline(ref))
        page = self._see()
        self.assertEqual(self._totals(page), ["120.50", "0.00", "0.00"])
        self.assertIn(f"invoice_{self.invoice.id}", self._ticks(page))

    def test_a_debit_for_an_invoice_that_was_paid_elsewhere_keeps_no_other_from_being_paid(self):
        ref = self._get_session(self._choose({self.invoice: None}))
        ours = self._create_request(self.invoice, self.other_invoice)
        self._receive(self.stripe.pay_async(ref))
        self.assertEqual(ours._get_page_state(), "processing")
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=self.invoice.ids
        ).create({}).action_create_payments()
        self.assertEqual(ours._get_page_state(), "open")
        session = self._click_pay(ours).headers["Location"].rpartition("/")[2].partition("#")[0]
        self._run_cron("ir_cron_poll_stripe")
        self._receive(self.stripe.pay(session))
        self.assertOwed(self.other_invoice, "0")
        self.assertEqual(ours.state, "completed")

    # === PAID, AND NOT IN THE BOOKS === #

    def _make_two_links(self):
        """Return a link of the customer's own, at Stripe, and one of ours for the same invoice."""
        ref = self._get_session(self._choose({self.invoice: None}))
        return self._get_choices().sudo(), ref, self._create_request(self.invoice)

    def test_money_that_could_not_be_booked_keeps_other_links_from_asking_again(self):
        choice, ref, ours = self._make_two_links()
        event = self.stripe.pay(ref)
        self.assertEqual(ours._get_page_state(), "open", "nobody has told us yet")
        self._fail_to_book(event)
        self.assertEqual(ours._get_page_state(), "processing")
        page = self._see()
        self.assertEqual(self._totals(page), ["120.50", "100.00", "0.00"])
        self.assertEqual(self._ticks(page), [f"invoice_{self.other_invoice.id}"])
        self.assertFalse(self.invoice._has_to_be_paid())
        failed = self.env["payment.request.event"].search([("request_id", "=", choice.id)])
        failed.with_user(self.billing_user).action_retry()
        self._run_cron("ir_cron_process_events")
        self.assertOwed(self.invoice, "0")
        self.assertEqual(self._totals(self._see()), ["20.50", "0.00", "0.00"])

    def test_a_part_that_could_not_be_booked_leaves_the_rest(self):
        self.company.payment_request_payer_amounts = True
        ref = self._get_session(self._choose({self.invoice: "40"}))
        self._fail_to_book(self.stripe.pay(ref))
        self.assertEqual(self._totals(self._see()), ["120.50", "40.00", "0.00"])
        rest = self._create_request(self.invoice, amounts=[60])
        self.assertEqual(rest._get_page_state(), "open")
        rest.line_ids.amount = 60.01
        self.assertEqual(rest._get_page_state(), "processing")

    def test_who_has_just_paid_by_another_link_is_told_so(self):
        _choice, ref, ours = self._make_two_links()
        self.stripe.pay(ref)
        target = self._click_pay(ours).headers["Location"]
        self.assertIn("notice=just_paid", target)
        text = self.url_open(target).text
        self.assertIn("We have just received a payment.", text)
        self.assertEqual(len(self.stripe.sessions), 1)

    def test_counting_takes_no_more_queries_for_more_invoices(self):
        def count(moves):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            moves._get_in_transit()
            return self.env.cr.sql_log_count - before

        invoices = [self._create_invoice(10 + one) for one in range(6)]
        for invoice in invoices:
            self._debit(invoice)
        moves = self.env["account.move"].browse([one.id for one in invoices]).sudo()
        self.assertEqual(moves._get_in_transit(), {one: one.amount_total for one in moves})
        self.assertEqual(count(moves), count(moves[:1]))
