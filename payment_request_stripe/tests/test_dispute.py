# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import io
import itertools
import json
import zipfile
from datetime import UTC, timedelta
from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import format_datetime, mute_logger

from .money_case import MoneyCase
from .test_booking import EVENT_LOGGER


@tagged("post_install", "-at_install")
class TestDispute(MoneyCase):
    """What the bank takes back opens the invoices; what it returns pays them again."""

    def setUp(self):
        super().setUp()
        self.fees = self.company_data["default_account_expense"]
        self.company.payment_request_fee_account_id = self.fees

    def test_a_lost_dispute_opens_the_invoices_and_costs_the_fee(self):
        request, (first, second), charge = self._pay_invoices(100, 50)
        dispute, events = self.stripe.dispute(charge)
        self._receive(*events)
        self.assertEqual(request.dispute_state, "open")
        self.assertOwed(first, "100")
        self.assertOwed(second, "50")
        self.assertEqual(request.state, "completed")
        self.assertEqual(request.line_ids.mapped("amount_disputed"), [100, 50])
        self.assertEqual(request.amount_disputed, 150)
        fees = self.env["account.move.line"].search([("account_id", "=", self.fees.id)])
        self.assertEqual(sum(fees.mapped("balance")), 15)
        self.assertMoney(request)
        self._receive(*self.stripe.close_dispute(dispute, "lost"))
        self.assertEqual(request.dispute_state, "lost")
        self.assertOwed(first, "100")
        self.assertMoney(request)

    def test_a_won_dispute_pays_the_invoices_again(self):
        request, (first, second), charge = self._pay_invoices(100, 50)
        dispute, events = self.stripe.dispute(charge)
        self._receive(*events)
        self._receive(*self.stripe.close_dispute(dispute, "won"))
        self.assertEqual(request.dispute_state, "won")
        self.assertOwed(first, "0")
        self.assertOwed(second, "0")
        self.assertEqual(request.line_ids.mapped("amount_disputed"), [0, 0])
        self.assertFalse(request.activity_ids)
        self.assertMoney(request)

    def test_a_bank_debit_returned_after_success_opens_the_invoice(self):
        """A bank returns a debit as a dispute that is lost at once; only the end may be told."""
        invoice = self._create_invoice(100)
        request = self._create_request(invoice)
        ref = self._open_checkout(request).stripe_checkout_session_ref
        self._receive(self.stripe.pay_async(ref), self.stripe.settle(ref))
        self.assertOwed(invoice, "0")
        dispute, _events = self.stripe.dispute(
            self.stripe.charge_of(ref), reason="insufficient_funds"
        )
        self._receive(*self.stripe.close_dispute(dispute, "lost"))
        self.assertOwed(invoice, "100")
        self.assertEqual(request.dispute_state, "lost")
        self.assertIn("A bank debit was returned", request.activity_ids.mapped("summary"))
        self.assertIn("held too little", " ".join(request.activity_ids.mapped("note")))
        self.assertMoney(request)

    def test_a_dispute_in_another_currency_is_not_booked(self):
        request, (invoice,), charge = self._pay_invoices(100)
        dispute, _events = self.stripe.dispute(charge)
        told = {**dispute, "currency": "eur"}
        with mute_logger(EVENT_LOGGER):
            self._receive(self.stripe.event("charge.dispute.funds_withdrawn", told))
        self.assertOwed(invoice, "0")
        self.assertEqual(request.dispute_state, "none")
        self.assertIn("another currency", request.activity_ids.note)

    def test_an_inquiry_moves_no_money_and_asks_for_an_answer_in_time(self):
        request, (invoice,), charge = self._pay_invoices(100)
        dispute, events = self.stripe.dispute(charge, inquiry=True)
        self._receive(*events)
        self.assertEqual(request.dispute_state, "inquiry")
        self.assertOwed(invoice, "0")
        activity = request.activity_ids
        self.assertEqual(activity.date_deadline, request.dispute_ids.due_by.date())
        self.assertEqual(activity.user_id, self.billing_user)
        self._receive(*self.stripe.close_dispute(dispute, "warning_closed"))
        self.assertEqual(request.dispute_state, "none")
        self.assertFalse(request.activity_ids)
        self.assertMoney(request)

    def test_an_inquiry_may_become_a_dispute(self):
        request, (invoice,), charge = self._pay_invoices(100)
        dispute, events = self.stripe.dispute(charge, 4000, inquiry=True)
        self._receive(*events, self.stripe.withdraw(dispute))
        self.assertEqual(request.dispute_state, "open")
        self.assertOwed(invoice, "40")
        self.assertEqual(len(request.activity_ids), 1)
        self.assertMoney(request)

    def test_an_inquiry_that_becomes_a_dispute_brings_its_own_deadline(self):
        request, _invoices, charge = self._pay_invoices(100)
        dispute, events = self.stripe.dispute(charge, 4000, inquiry=True)
        self._receive(*events)
        first = request.activity_ids.date_deadline
        dispute["evidence_details"]["due_by"] -= 3 * 24 * 3600
        self._receive(self.stripe.withdraw(dispute))
        self.assertEqual(request.activity_ids.date_deadline, first - timedelta(days=3))
        until = format_datetime(self.env, request.dispute_ids.due_by, tz="UTC", dt_format="short")
        self.assertIn(until, request.activity_ids.note)

    def test_whoever_answers_reads_words_and_finds_the_dispute_at_stripe(self):
        self.billing_user.tz = "America/New_York"
        request, _invoices, charge = self._pay_invoices(100)
        dispute, events = self.stripe.dispute(charge, reason="product_not_received")
        self._receive(*events)
        activity = request.activity_ids
        self.assertEqual(activity.summary, "A customer disputes a payment")
        self.assertIn("The customer did not get what was paid for", activity.note)
        self.assertNotIn("product_not_received", activity.note)
        self.assertIn(dispute["id"], activity.note)
        until = format_datetime(
            self.env, request.dispute_ids.due_by, tz="America/New_York", dt_format="short"
        )
        self.assertIn(until, activity.note)
        request.dispute_ids.sudo().write({"reason": "a_new_word"})
        self.assertEqual(request.dispute_ids.cause, "a_new_word")

    def test_evidence_that_was_sent_is_not_asked_for_again(self):
        request, _invoices, charge = self._pay_invoices(100)
        dispute, events = self.stripe.dispute(charge)
        self._receive(*events)
        self.assertTrue(request.activity_ids)
        dispute["status"] = "under_review"
        for _time in range(2):
            self._receive(self.stripe.event("charge.dispute.updated", dispute))
            self.assertFalse(request.activity_ids)
            self.assertEqual(request.dispute_state, "open")

    def test_what_stripe_told_before_the_evidence_was_sent_is_not_news(self):
        request, _invoices, charge = self._pay_invoices(100)
        dispute, events = self.stripe.dispute(charge)
        created, withdrawn = events
        created["data"]["object"]["balance_transactions"] = dispute["balance_transactions"]
        due_by = dispute["evidence_details"]["due_by"]
        created["data"]["object"]["evidence_details"] = {"due_by": due_by - 7200}
        dispute["status"] = "under_review"
        answered = self.stripe.event("charge.dispute.updated", dispute)
        for age, event in enumerate((answered, withdrawn, created)):
            event["created"] -= 60 * age
            self._receive(event)
        found = request.dispute_ids
        self.assertEqual(found.due_by.replace(tzinfo=UTC).timestamp(), due_by)
        self.assertFalse(request.activity_ids)
        self.assertEqual(request.dispute_state, "open")
        self.assertMoney(request)

    def test_names_and_reasons_in_the_task_are_words_and_no_html(self):
        self.payer.name = "<b>Petra</b> & Sons"
        request, _invoices, charge = self._pay_invoices(100)
        dispute, events = self.stripe.dispute(charge, reason="<i>new</i>")
        self._receive(*events)
        dispute["evidence_details"]["due_by"] -= 7200
        for _time in range(2):
            self.assertIn("&lt;b&gt;Petra&lt;/b&gt; &amp; Sons", request.activity_ids.note)
            self.assertIn("&lt;i&gt;new&lt;/i&gt;", request.activity_ids.note)
            self._receive(self.stripe.event("charge.dispute.updated", dispute))

    def test_any_order_ends_the_same(self):
        for order in itertools.permutations(range(4)):
            with self.subTest(order):
                invoice = self._create_invoice(100)
                request = self._create_request(invoice)
                checkout = self._open_checkout(request)
                ref = checkout.stripe_checkout_session_ref
                paid = self.stripe.pay(ref)
                dispute, events = self.stripe.dispute(self.stripe.charge_of(ref))
                won = self.stripe.close_dispute(dispute, "won")[0]
                events = [paid, *events, won]
                with mute_logger(EVENT_LOGGER):
                    self._receive(*[events[position] for position in order])
                    self._run_cron("ir_cron_process_events")
                self.assertEqual(
                    request.dispute_state,
                    "won",
                    [(one.event_type, one.state, one.error) for one in request.event_ids],
                )
                self.assertOwed(invoice, "0")
                self.assertMoney(request)

    def test_a_refunded_part_is_not_disputed_twice(self):
        request, (invoice,), charge = self._pay_invoices(100)
        self._refund(request, {invoice: 30})
        dispute, events = self.stripe.dispute(charge)
        self.assertEqual(dispute["amount"], 7000)
        self._receive(*events)
        self.assertOwed(invoice, "100")
        self.assertEqual(
            (request.line_ids.amount_refunded, request.line_ids.amount_disputed), (30, 70)
        )
        self.assertMoney(request)

    def test_a_bank_may_dispute_what_was_refunded_already(self):
        request, (invoice,), charge = self._pay_invoices(100)
        self._refund(request, {invoice: 30})
        dispute, events = self.stripe.dispute(charge, 10000)
        self._receive(*events)
        self.assertOwed(invoice, "100")
        line = request.line_ids
        self.assertEqual((line.amount_refunded, line.amount_disputed), (30, 70))
        self.assertIn("More was disputed than was left", request.activity_ids.mapped("summary"))
        self.assertIn("30.00", " ".join(request.activity_ids.mapped("note")))
        self.assertMoney(request)
        self._receive(*self.stripe.close_dispute(dispute, "won"))
        self.assertOwed(invoice, "30")
        self.assertEqual((line.amount_refunded, line.amount_disputed), (30, 0))
        self.assertMoney(request)

    def _dispute(self, amount=100):
        """Return ``(request, invoice, dispute of Stripe)``, withdrawn and booked."""
        request, (invoice,), charge = self._pay_invoices(amount)
        dispute, events = self.stripe.dispute(charge)
        self._receive(*events)
        return request, invoice, dispute

    def test_a_withdrawal_that_is_posted_again_takes_the_money_again(self):
        request, invoice, dispute = self._dispute()
        move = request.dispute_ids.move_id
        move.button_cancel()
        self.assertOwed(invoice, "100")
        move.button_draft()
        move.action_post()
        self.assertOwed(invoice, "100")
        self.assertFalse(request.payment_ids.payment_request_credit)
        self.assertMoney(request)
        self._receive(*self.stripe.close_dispute(dispute, "won"))
        self.assertOwed(invoice, "0")
        self.assertMoney(request)

    def test_a_withdrawal_that_a_person_cancelled_is_not_given_back_twice(self):
        request, invoice, dispute = self._dispute()
        request.dispute_ids.move_id.button_cancel()
        self._receive(*self.stripe.close_dispute(dispute, "won"))
        self.assertOwed(invoice, "0")
        self.assertEqual(request.line_ids.amount_disputed, 0)
        self.assertMoney(request)

    def test_without_an_account_for_fees_a_person_is_told(self):
        self.company.payment_request_fee_account_id = False
        request, (invoice,), charge = self._pay_invoices(100)
        dispute, events = self.stripe.dispute(charge)
        self._receive(*events)
        self.assertOwed(invoice, "100")
        self.assertIn("15.00", " ".join(request.activity_ids.mapped("note")))
        self.assertIn("evidence", " ".join(request.activity_ids.mapped("note")))
        self._receive(*self.stripe.close_dispute(dispute, "lost"))
        self.assertIn("15.00", " ".join(request.activity_ids.mapped("note")))

    def test_the_fee_is_booked_once_there_is_an_account_however_it_ended(self):
        for ends in (["won"], ["won", "lost"]):
            with self.subTest(ends):
                self.company.payment_request_fee_account_id = False
                request, _invoices, charge = self._pay_invoices(100)
                dispute, events = self.stripe.dispute(charge)
                self._receive(*events, *self.stripe.close_dispute(dispute, "won"))
                if "lost" in ends:
                    again = self.stripe.withdraw(dispute)
                    self._receive(again, *self.stripe.close_dispute(dispute, "lost"))
                self.assertIn("To be booked", str(request.activity_ids.mapped("summary")))
                self.company.payment_request_fee_account_id = self.fees
                self._run_cron("ir_cron_poll_stripe")
                self.assertEqual(
                    request.dispute_ids.stripe_fee_move_id.amount_total, 15 * len(ends)
                )
                self.assertNotIn("To be booked", str(request.activity_ids.mapped("summary")))
                self.assertMoney(request)

    def test_a_fee_that_a_person_booked_meanwhile_is_not_booked_again(self):
        self.company.payment_request_fee_account_id = False
        request, _invoice, dispute = self._dispute()
        self._receive(*self.stripe.close_dispute(dispute, "won"))
        hand = request.dispute_ids.entry_ids.copy({"ref": f"Fee of {dispute['id']}"})
        self.assertIn(self.clearing_account, hand.line_ids.account_id)
        hand.action_post()
        self.company.payment_request_fee_account_id = self.fees
        self._run_cron("ir_cron_poll_stripe")
        self.assertFalse(request.dispute_ids.stripe_fee_move_id)
        self.assertFalse(request.dispute_ids.stripe_entry_missing)

    def test_the_evidence_pack_holds_the_facts(self):
        request, (invoice,), charge = self._pay_invoices(100)
        _dispute, events = self.stripe.dispute(charge)
        self._receive(*events)
        action = request.dispute_ids.with_user(self.billing_user).action_download_evidence()
        attachment = self.env["ir.attachment"].browse(
            int(action["url"].split("/")[3].split("?")[0])
        )
        with zipfile.ZipFile(io.BytesIO(attachment.raw)) as pack:
            facts = json.loads(pack.read("facts.json"))
            self.assertIn("messages.txt", pack.namelist())
            (document,) = [name for name in pack.namelist() if name.startswith("invoices/")]
            page = pack.read(document).decode()
            self.assertIn(invoice.name, page)
            self.assertNotIn("Proforma", page)  # it was posted and paid: a bank wants the invoice
        self.assertEqual(facts["invoices"][0]["number"], invoice.name)
        self.assertNotIn(request.access_token, json.dumps(facts))

    def test_the_evidence_pack_tells_messages_and_makes_do_without_pdf(self):
        request, (invoice,), charge = self._pay_invoices(100)
        delivery = request.delivery_ids[:1]
        delivery.write({"state": "delivered", "vendor_ref": "<proof@example.com>"})
        request.message_post(
            body=f"Please pay: {request.pay_url}", subject="Your invoices", message_type="email"
        )
        _dispute, events = self.stripe.dispute(charge)
        self._receive(*events)
        trouble = UserError("Unable to find Wkhtmltopdf on this system.")
        reports = self.env.registry["ir.actions.report"]
        with patch.object(reports, "_render_qweb_pdf", side_effect=trouble):
            content = request.dispute_ids._pack_evidence()
        with zipfile.ZipFile(io.BytesIO(content)) as pack:
            (page,) = [name for name in pack.namelist() if name.startswith("invoices/")]
            self.assertTrue(page.endswith(".html"))
            self.assertIn("Rent", pack.read(page).decode())
            messages = pack.read("messages.txt").decode()
            facts = json.loads(pack.read("facts.json"))
        self.assertIn("no PDF", facts["missing_documents"][0])
        self.assertIn("delivered (<proof@example.com>)", messages)
        self.assertIn("Please pay", messages)
        self.assertNotIn(request.access_token, messages)
