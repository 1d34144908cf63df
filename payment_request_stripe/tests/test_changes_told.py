# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import time
from datetime import timedelta

from freezegun import freeze_time

from odoo import fields
from odoo.tests import tagged

from .money_case import MoneyCase


@tagged("post_install", "-at_install")
class TestChangesTold(MoneyCase):
    """Whatever happens to the invoices of an open link by other ways is told, once."""

    def _poll(self):
        self._run_cron("ir_cron_poll_stripe")

    def _follow(self, limit):
        with self._as_in_production(self.env["payment.request"]) as requests:
            requests.sudo()._follow_changes(limit=limit)

    def _poll_without_time(self):
        """Run the worker when its time is over: it does the least it can."""
        self.env.flush_all()
        cron = self.env.ref("payment_request_stripe.ir_cron_poll_stripe")
        with self._as_in_production(self.env["payment.request.event"]) as events:
            _cron, progress = cron.with_env(events.env)._add_progress()
            events.with_context(
                cron_id=cron.id,
                ir_cron_progress_id=progress.id,
                cron_end_time=time.monotonic(),
            ).sudo()._cron_poll_stripe()

    def assertTold(self, request, words):
        self.assertEqual(len(request.activity_ids), 1)
        note = request.activity_ids.note.replace("&nbsp;", " ")
        self.assertIn(words, note.replace("\N{NO-BREAK SPACE}", " "))

    def _get_log(self, request):
        return [str(message.body) for message in request.message_ids if "now asks" in message.body]

    def test_a_part_that_is_paid_elsewhere_is_told_and_brought_up_to_date(self):
        invoice = self._create_invoice(100)
        request = self._create_request(invoice)
        self._poll()
        self.assertFalse(request.activity_ids, "nothing happened yet")
        self._pay_elsewhere(invoice, 40)
        self._poll()
        self._poll()
        self.assertEqual(request.activity_ids.user_id, self.billing_user)
        self.assertIn("40.00", request.activity_ids.note)
        self.assertTold(request, "now asks for $ 60.00 instead of $ 100.00")
        self.assertEqual(len(self._get_log(request)), 1)
        self._pay_elsewhere(invoice, 40)
        self._poll()
        self.assertTold(request, "now asks for $ 20.00 instead of $ 100.00")
        self.assertEqual(len(self._get_log(request)), 2)

    def test_a_credit_note_is_told(self):
        invoice, other = self._create_invoice(100), self._create_invoice(50)
        request = self._create_request(invoice, other)
        note = invoice._reverse_moves([{"invoice_date": fields.Date.today()}])
        note.invoice_line_ids.price_unit = 30
        note.action_post()
        (note | invoice).line_ids.filtered(
            lambda line: line.account_type == "asset_receivable"
        ).reconcile()
        self._poll()
        self.assertIn(f"30.00 of {invoice.name}", request.activity_ids.note)
        self.assertNotIn(other.name, request.activity_ids.note)

    def test_one_of_three_invoices_that_is_reset_and_posted_again_is_told_and_taken_back(self):
        invoices = [self._create_invoice(amount) for amount in (100, 50, 25)]
        request = self._create_request(*invoices)
        invoices[1].button_draft()
        self._poll()
        self.assertIn(f"{invoices[1].name} is not posted any more", request.activity_ids.note)
        self.assertTold(request, "now asks for $ 125.00 instead of $ 175.00")
        invoices[1].action_post()
        self._poll()
        self.assertFalse(request.activity_ids)
        self.assertEqual(request.amount_residual, 175)

    def test_a_session_that_is_closed_and_the_change_are_one_task(self):
        invoice = self._create_invoice(100)
        request = self._create_request(invoice)
        checkout = self._open_checkout(request)
        self._pay_elsewhere(invoice, 40)
        self._poll()
        self.assertEqual(checkout.state, "expired")
        self.assertTold(request, "The customer was about to pay another amount.")
        self.assertTold(request, "now asks for $ 60.00 instead of $ 100.00")

    def test_what_is_booked_for_the_link_itself_is_no_change(self):
        request, (first, second), charge = self._pay_invoices(100, 50)
        self._refund(request, {first: 30})
        self._receive(*self.stripe.dispute(charge, 5000)[1])
        part = self._create_request(self._create_invoice(80))
        checkout = self._open_checkout(part)
        paid = self.stripe.pay(checkout.stripe_checkout_session_ref)
        paid["data"]["object"]["amount_total"] = 3000
        self._receive(paid)
        self._poll()
        for one in (request, part):
            self.assertEqual((one.amount_lapsed, one.is_lapse_untold), (0, False))
            self.assertNotIn("changed", " ".join(one.activity_ids.mapped("summary")))

    def test_links_that_are_settled_elsewhere_are_told_in_one_message(self):
        invoices = [self._create_invoice(amount) for amount in (100, 50)]
        requests = self.env["payment.request"].union(*map(self._create_request, invoices))
        for invoice in invoices:
            self._pay_elsewhere(invoice, invoice.amount_residual)
        self._poll()
        self.assertEqual(requests.mapped("state"), ["completed", "completed"])
        self.assertFalse(requests.activity_ids, "there is nothing to do")
        told = self.env["mail.notification"].search(
            [("res_partner_id", "=", self.billing_user.partner_id.id)]
        )
        told = told.mail_message_id.filtered(lambda one: "in another way" in (one.subject or ""))
        self.assertEqual(len(told), 1)
        for request in requests:
            self.assertIn(request.name, told.body)
        self._poll()
        self.assertFalse(requests.filtered("is_lapse_untold"))

    def test_a_part_that_was_told_and_then_the_rest_leave_no_task(self):
        invoice = self._create_invoice(100)
        request = self._create_request(invoice)
        self._pay_elsewhere(invoice, 40)
        self._poll()
        self.assertTrue(request.activity_ids)
        self._pay_elsewhere(invoice, 60)
        self._poll()
        self.assertEqual(request.state, "completed")
        self.assertFalse(request.activity_ids)

    def test_a_link_that_a_customer_made_concerns_nobody(self):
        invoice = self._create_invoice(100)
        request = self._create_request(invoice)
        request.is_from_customer = True
        self._pay_elsewhere(invoice, 40)
        self._poll()
        self.assertFalse(request.activity_ids)
        self.assertEqual(len(self._get_log(request)), 1)

    def test_a_change_is_followed_however_many_sessions_are_open(self):
        invoices = [self._create_invoice(100) for _number in range(3)]
        requests = [self._create_request(invoice) for invoice in invoices]
        sessions = [self._open_checkout(request) for request in requests]
        self._pay_elsewhere(invoices[2], 40)
        self._follow(limit=1)
        self.assertEqual([one.state for one in sessions], ["open", "open", "expired"])
        self.assertTrue(requests[2].activity_ids)

    def test_of_very_many_sessions_each_has_its_turn(self):
        requests = [self._create_request(self._create_invoice(100)) for _number in range(2)]
        first, second = (self._open_checkout(request) for request in requests)
        requests[1].expires_at = fields.Datetime.now()
        self._follow(limit=1)
        self.assertEqual((first.state, second.state), ("open", "open"))
        first.asked_at = fields.Datetime.now()  # as the poll does after each of them
        self._follow(limit=1)
        self.assertEqual((first.state, second.state), ("open", "expired"))

    def test_very_many_changes_leave_the_poll_its_time(self):
        paid = self._open_checkout(self._create_request(self._create_invoice(30)))
        self.stripe.pay(paid.stripe_checkout_session_ref)
        invoices = [self._create_invoice(100) for _number in range(3)]
        requests = self.env["payment.request"].union(*map(self._create_request, invoices))
        for invoice in invoices:
            self._pay_elsewhere(invoice, 40)
        triggers = self.env["ir.cron.trigger"].sudo()
        triggers.search([]).unlink()
        self._poll_without_time()
        self._run_cron("ir_cron_process_events")
        self.assertEqual(paid.request_id.state, "completed")
        self.assertEqual([bool(one.activity_ids) for one in requests], [True, False, False])
        poll = self.env.ref("payment_request_stripe.ir_cron_poll_stripe")
        self.assertTrue(triggers.search([("cron_id", "=", poll.id)]), "it goes on at once")
        self._poll()
        self.assertEqual([len(one.activity_ids) for one in requests], [1, 1, 1])

    def test_an_account_that_cannot_be_asked_keeps_no_change_from_being_told(self):
        invoices = [self._create_invoice(100) for _number in range(2)]
        older, stuck = (self._create_request(invoice) for invoice in invoices)
        checkout = self._open_checkout(stuck)
        for invoice in invoices:
            self._pay_elsewhere(invoice, 40)
        self.stripe.fail_next("POST", "/v1/checkout/sessions/*/expire", status=401, times=2)
        self._poll()
        self.assertEqual(checkout.state, "open")
        for request in (older, stuck):
            self.assertTold(request, "now asks for $ 60.00 instead of $ 100.00")
        self.assertFalse((older | stuck).filtered("is_lapse_untold"))
        self._poll()
        self.assertEqual(checkout.state, "expired")
        self.assertTold(stuck, "The customer was about to pay another amount.")

    def test_the_poll_asks_for_each_session_once_in_a_while(self):
        checkout = self._open_checkout(self._create_request(self._create_invoice(100)))
        asked = []
        for minutes in (0, 5, 15):
            with freeze_time(fields.Datetime.now() + timedelta(minutes=minutes)):
                self._poll()
            asked.append(checkout.asked_at)
        self.assertEqual(asked[0], asked[1])
        self.assertGreater(asked[2], asked[1])
