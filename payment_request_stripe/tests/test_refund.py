# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import itertools
from datetime import timedelta
from decimal import Decimal

from freezegun import freeze_time
from lxml import etree

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .money_case import MoneyCase
from .test_booking import EVENT_LOGGER


@tagged("post_install", "-at_install")
class TestRefund(MoneyCase):
    """What goes back opens exactly the invoices it was meant for."""

    def test_refund_of_one_invoice_opens_only_that_one(self):
        request, (first, second), _charge = self._pay_invoices(100, 50)
        self._refund(request, {second: 20})
        self.assertOwed(first, "0")
        self.assertOwed(second, "20")
        self.assertEqual(second.payment_state, "partial")
        refund = request.refund_ids
        self.assertEqual((refund.state, refund.amount), ("succeeded", 20))
        payment = refund.refund_payment_id
        self.assertEqual(payment.payment_type, "outbound")
        self.assertEqual(payment.stripe_refund_ref, refund.stripe_refund_ref)
        self.assertEqual(payment.journal_id, self.stripe_journal)
        self.assertEqual(request.state, "completed")
        self.assertEqual((request.amount_paid, request.amount_refunded), (150, 20))
        self.assertEqual(request.line_ids.mapped("amount_refunded"), [0, 20])
        self.assertFalse(request.activity_ids)
        self.assertMoney(request)

    def test_the_whole_request_is_refunded_by_default(self):
        request, invoices, charge = self._pay_invoices(100, 50, 7.77)
        self._refund(request)
        for invoice, owed in zip(invoices, ("100", "50", "7.77"), strict=True):
            self.assertOwed(invoice, owed)
            self.assertEqual(invoice.payment_state, "not_paid")
        self.assertTrue(charge["refunded"])
        self.assertEqual(len(request.payment_ids), 2, "one payment in, one out")
        self.assertMoney(request)
        with self.assertRaisesRegex(UserError, "Nothing of"):
            request.with_user(self.billing_user).action_refund()

    def test_the_button_stands_only_where_something_can_be_refunded(self):
        request, (invoice, _second), charge = self._pay_invoices(100, 50)
        payment = request.payment_ids

        def offers():
            self.env.invalidate_all()
            user = self.billing_user
            return (
                request.with_user(user).is_refundable,
                payment.with_user(user).payment_request_is_refundable,
            )

        self.assertEqual(offers(), (True, True))
        self._refund(request, {invoice: 100})
        self.assertEqual(offers(), (True, True))
        _dispute, events = self.stripe.dispute(charge, 5000)
        self._receive(*events)
        self.assertEqual(offers(), (False, False), "Stripe holds what is disputed")
        for record, view, action in (
            (request, "payment_request_stripe.payment_request_view_form", "action_refund"),
            (payment, "account.view_account_payment_form", "action_payment_request_refund"),
        ):
            arch = record.with_user(self.billing_user).get_view(self.env.ref(view).id)["arch"]
            (button,) = etree.fromstring(arch).xpath(f"//header/button[@name='{action}']")
            self.assertIn("is_refundable", button.get("invisible"))

    def test_repeated_part_refunds_add_up(self):
        request, (invoice,), _charge = self._pay_invoices(100)
        for owed in ("30", "60", "90"):
            self._refund(request, {invoice: 30})
            self.assertOwed(invoice, owed)
            self.assertMoney(request)
        with self.assertRaisesRegex(UserError, "At most"):
            self._refund(request, {invoice: 30})
        self.assertEqual(request.amount_refunded, 90)
        self.assertEqual(len(request.refund_ids), 3)

    def test_a_refund_made_at_stripe_opens_the_invoice_it_equals(self):
        request, (first, second, third), charge = self._pay_invoices(100, 50, 25)
        self.stripe.refund(charge, 5000)
        self._hear()
        self.assertOwed(second, "50")
        self.assertOwed(first, "0")
        self.assertOwed(third, "0")
        self.assertFalse(request.activity_ids, "only one invoice was paid with so much")
        self.assertMoney(request)

    def test_a_refund_made_at_stripe_that_could_be_any_asks_a_person(self):
        request, (first, second), charge = self._pay_invoices(100, 50)
        self.stripe.refund(charge, 6000)
        self._hear()
        self.assertOwed(second, "50")
        self.assertOwed(first, "10")
        self.assertIn(second.name, request.activity_ids.note)
        self.assertMoney(request)

    def test_any_order_and_repetition_ends_the_same(self):
        for order in itertools.permutations(range(4)):
            with self.subTest(order):
                invoice = self._create_invoice(100)
                request = self._create_request(invoice)
                checkout = self._open_checkout(request)
                ref = checkout.stripe_checkout_session_ref
                paid = self.stripe.pay(ref)
                before = len(self.stripe.events)
                refund = self.stripe.refund(self.stripe.charge_of(ref), 4000)
                updated = self.stripe.event("refund.updated", refund)
                events = [paid, *self.stripe.events[before:]]
                self.assertEqual(events[-1], updated)
                with mute_logger(EVENT_LOGGER):
                    self._receive(*[events[position] for position in order])
                    self._run_cron("ir_cron_process_events")
                    self._run_cron("ir_cron_poll_stripe")
                    self._run_cron("ir_cron_process_events")
                self.assertOwed(invoice, "40")
                self.assertEqual(len(request.refund_ids), 1)
                self.assertEqual(
                    request.event_ids.filtered(lambda one: one.state == "failed").ids, []
                )
                self.assertFalse(request.activity_ids)
                self.assertMoney(request)

    def test_charge_refunded_alone_has_stripe_asked_for_the_list(self):
        request, (invoice,), charge = self._pay_invoices(100)
        self.stripe.refund(charge, 1000)
        self.stripe.refund(charge, 2000)
        told = [event for event in self.stripe.events if event["type"] == "charge.refunded"]
        self._receive(*told)
        self._run_cron("ir_cron_poll_stripe")
        self._run_cron("ir_cron_process_events")
        self.assertOwed(invoice, "30")
        self.assertEqual(sorted(request.refund_ids.mapped("amount")), [10, 20])
        self.assertMoney(request)

    def test_a_later_refund_that_charge_refunded_alone_tells_is_no_repetition(self):
        request, (invoice,), charge = self._pay_invoices(100)
        for minor, owed in ((1000, "10"), (2000, "30")):
            self.stripe.refund(charge, minor)
            self.assertEqual(self.stripe.events[-1]["type"], "charge.refunded")
            self._receive(self.stripe.events[-1])
            self._run_cron("ir_cron_poll_stripe")
            self._run_cron("ir_cron_process_events")
            self.assertOwed(invoice, owed)
        self.assertMoney(request)

    def test_our_refund_told_again_by_webhook_is_booked_once(self):
        request, (invoice,), _charge = self._pay_invoices(100)
        self._refund(request, {invoice: 40})
        self._hear()
        self._hear()
        self.assertEqual(len(request.refund_ids), 1)
        self.assertOwed(invoice, "40")
        self.assertMoney(request)

    def test_a_lost_answer_is_asked_again_and_refunds_once(self):
        request, (invoice,), charge = self._pay_invoices(100)
        self.stripe.fail_next("POST", "/v1/refunds", lose_answer=True)
        with self.assertRaisesRegex(UserError, "do not refund a second time"):
            self._refund(request, {invoice: 40})
        self.env.invalidate_all()
        self.assertEqual(request.refund_ids.state, "intended")
        self._run_cron("ir_cron_poll_stripe")
        self._run_cron("ir_cron_process_events")
        self.assertEqual(request.refund_ids.state, "succeeded")
        self.assertEqual(charge["amount_refunded"], 4000)
        self.assertOwed(invoice, "40")
        self.assertMoney(request)

    def test_a_lost_answer_is_recalled_when_stripe_forgot_the_key(self):
        request, (invoice,), charge = self._pay_invoices(100)
        self.stripe.fail_next("POST", "/v1/refunds", lose_answer=True)
        with self.assertRaisesRegex(UserError, "do not refund a second time"):
            self._refund(request, {invoice: 40})
        self.stripe.forget_keys()
        with freeze_time(fields.Datetime.now() + timedelta(days=2)):
            self._run_cron("ir_cron_poll_stripe")
            self._run_cron("ir_cron_process_events")
        self.assertEqual(charge["amount_refunded"], 4000)
        self.assertEqual(request.refund_ids.state, "succeeded")
        self.assertOwed(invoice, "40")
        self.assertMoney(request)

    def test_a_refund_that_never_reached_stripe_is_made_days_later(self):
        request, (invoice,), charge = self._pay_invoices(100)
        self.stripe.fail_next("POST", "/v1/refunds", timeout=True)
        with self.assertRaisesRegex(UserError, "do not refund a second time"):
            self._refund(request, {invoice: 40})
        with freeze_time(fields.Datetime.now() + timedelta(days=2)):
            self._run_cron("ir_cron_poll_stripe")
            self._run_cron("ir_cron_process_events")
        self.assertEqual(charge["amount_refunded"], 4000)
        self.assertOwed(invoice, "40")
        self.assertMoney(request)

    def test_a_no_of_stripe_is_said_and_kept(self):
        request, (invoice,), _charge = self._pay_invoices(100)
        self.stripe.fail_next(
            "POST",
            "/v1/refunds",
            status=400,
            kind="invalid_request_error",
            message="Insufficient funds in your Stripe balance.",
        )
        with self.assertRaisesRegex(UserError, "Insufficient funds"):
            self._refund(request, {invoice: 40})
        self.env.invalidate_all()
        self.assertEqual(request.refund_ids.state, "failed")
        self.assertOwed(invoice, "0")
        self.assertEqual(request.amount_refunded, 0)
        self._refund(request, {invoice: 40})
        self.assertOwed(invoice, "40")
        self.assertMoney(request)

    def test_of_two_payments_the_one_that_stripe_refuses_is_told_apart(self):
        invoice, other = self._create_invoice(100), self._create_invoice(50)
        request = self._create_request(invoice, other)
        choice = [[request.line_ids[0].id, 10000]]
        quote = request._get_quote(choice=choice)
        self.assertEqual(quote["total"], 10000)
        checkout = self._open_checkout(request)
        checkout.write({"quote": quote, "amount": 100})
        paid = self.stripe.pay(checkout.stripe_checkout_session_ref)
        paid["data"]["object"]["amount_total"] = 10000
        self._receive(paid)
        self._pay(request)
        self.stripe.fail_next(
            "POST", "/v1/refunds", status=400, kind="invalid_request_error", message="Not so much."
        )
        with self.assertRaisesRegex(UserError, "(?s)Not so much.*100.00 is being refunded"):
            self._refund(request)
        self._run_cron("ir_cron_process_events")
        self.env.invalidate_all()
        self.assertEqual(sorted(request.refund_ids.mapped("state")), ["failed", "succeeded"])
        self.assertOwed(invoice, "100")
        self.assertOwed(other, "0")

    def test_a_pending_refund_is_booked_when_it_succeeds(self):
        request, (invoice,), charge = self._pay_invoices(100)
        refund = self.stripe.refund(charge, 4000, status="pending")
        self._hear()
        self.assertEqual(request.refund_ids.state, "pending")
        self.assertOwed(invoice, "0")
        with self.assertRaisesRegex(UserError, "At most"):
            self._refund(request, {invoice: 70})
        refund["status"] = "succeeded"  # and nobody tells
        self._run_cron("ir_cron_poll_stripe")
        self._run_cron("ir_cron_process_events")
        self.assertEqual(request.refund_ids.state, "succeeded")
        self.assertOwed(invoice, "40")
        self.assertMoney(request)

    def test_a_refund_that_fails_after_success_pays_the_invoice_again(self):
        request, (first, second), charge = self._pay_invoices(100, 50)
        refund = self.stripe.refund(charge, 12000)
        self._hear()
        self.assertOwed(second, "50")
        self.assertOwed(first, "70")
        succeeded = self.stripe.event("refund.updated", refund)
        failed = self.stripe.finish_refund(refund, "failed")
        self._receive(failed, succeeded, {**failed, "id": "evt_again"})
        self.assertOwed(first, "0")
        self.assertOwed(second, "0")
        self.assertEqual(request.refund_ids.state, "failed")
        self.assertEqual(request.amount_refunded, 0)
        self.assertTrue(
            request.activity_ids.filtered(lambda one: "did not reach" in (one.note or ""))
        )
        self.assertMoney(request)
        self._refund(request, {first: 100})
        self.assertOwed(first, "100")
        self.assertMoney(request)

    def test_a_credit_note_is_answered_instead_of_the_invoice(self):
        request, (invoice,), _charge = self._pay_invoices(100)
        note = invoice._reverse_moves([{"invoice_date": invoice.invoice_date}])
        note.invoice_line_ids.price_unit = 40
        note.action_post()
        self._refund(request, {invoice: 60})
        self.assertOwed(note, "0")
        self.assertOwed(invoice, "20")
        self.assertEqual(request.amount_refunded, 60)
        self.assertEqual(request.refund_ids.line_ids.credit_move_id, note)
        self.assertMoney(request)

    def _refund_with_note(self, amount):
        """Return ``(request, invoice, note)`` of 100 paid, 40 credited and `amount` refunded."""
        request, (invoice,), _charge = self._pay_invoices(100)
        note = invoice._reverse_moves([{"invoice_date": invoice.invoice_date}])
        note.invoice_line_ids.price_unit = 40
        note.action_post()
        self._refund(request, {invoice: amount})
        return request, invoice, note

    def _cancel_and_post(self, entry):
        """Cancel an entry and post it again, from its payment or by itself."""
        entry.button_cancel() if entry._name == "account.move" else entry.action_cancel()
        entry.button_draft() if entry._name == "account.move" else entry.action_draft()
        entry.action_post()

    def test_a_refund_that_is_posted_again_answers_its_credit_note_again(self):
        for amount, owed in ((40, "0"), (60, "20")):
            for by_itself in (False, True):
                with self.subTest(amount=amount, by_itself=by_itself):
                    request, invoice, note = self._refund_with_note(amount)
                    refund = request.refund_ids.refund_payment_id
                    self._cancel_and_post(refund.move_id if by_itself else refund)
                    self.assertOwed(note, "0")
                    self.assertOwed(invoice, owed)
                    taken = refund.move_id.line_ids.filtered("payment_request_share_id")
                    self.assertTrue(all(taken.mapped("reconciled")))
                    self.assertNotIn("To reconcile", str(request.activity_ids.mapped("summary")))
                    self.assertMoney(request)

    def test_a_refund_that_is_posted_again_and_has_lost_its_place_is_a_task(self):
        request, (_invoice,), _charge = self._pay_invoices(100)
        self._refund(request)
        refund = request.refund_ids.refund_payment_id
        refund.action_cancel()
        other = self._create_invoice(100)
        share = request._get_stripe_payments().move_id.line_ids.filtered("payment_request_line_id")
        (share | other.line_ids).filtered(
            lambda line: line.account_type == "asset_receivable"
        ).reconcile()
        refund.action_draft()
        refund.action_post()
        self.assertIn(f"To reconcile: {refund.name}", request.activity_ids.mapped("summary"))
        self.assertMoney(request)

    def test_a_payment_entry_that_is_posted_again_by_itself_pays_again(self):
        request, (invoice, other), _charge = self._pay_invoices(100, 50)
        self._refund(request, {invoice: 30})
        self._cancel_and_post(request._get_stripe_payments().move_id)
        self.assertOwed(invoice, "30")
        self.assertOwed(other, "0")
        self.assertMoney(request)

    def test_a_refund_that_a_person_cancelled_and_that_fails_is_not_taken_back_twice(self):
        for state in ("draft", "canceled"):
            with self.subTest(state):
                request, (invoice,), charge = self._pay_invoices(100)
                refund = self.stripe.refund(charge, 4000)
                self._hear()
                booked = request.refund_ids.refund_payment_id
                booked.action_draft()
                if state == "canceled":
                    booked.action_cancel()
                self._receive(self.stripe.finish_refund(refund, "failed"))
                self.assertOwed(invoice, "0")
                self.assertEqual(booked.state, "canceled")
                self.assertEqual(request.line_ids.amount_refunded, 0)
                self.assertMoney(request)

    def _write_down(self, request):
        """Return a refund of 40 of which Stripe has not been asked yet."""
        refunds = self.env["payment.request.refund"].sudo()
        wanted = [(request.line_ids, Decimal(40), self.env["account.move"])]
        return refunds._write_down(request.payment_ids, wanted, "")

    def test_a_refund_of_ours_that_failed_is_not_booked_by_an_older_event(self):
        request, (invoice,), charge = self._pay_invoices(100)
        row = self._write_down(request)
        made = self.stripe.refund(
            charge, 4000, status="pending", metadata={"refund": row.idempotency_key}
        )
        self._hear()
        self.assertEqual((row.state, row.stripe_refund_ref), ("pending", made["id"]))
        made["status"] = "succeeded"
        succeeded = self.stripe.event("refund.updated", made)
        failed = self.stripe.finish_refund(made, "failed")
        self._receive(failed, succeeded)
        self.assertEqual(row.state, "failed")
        self.assertOwed(invoice, "0")
        self.assertMoney(request)

    def test_a_refund_that_was_refused_and_made_all_the_same_is_booked(self):
        request, (invoice,), charge = self._pay_invoices(100)
        row = self._write_down(request)
        row.state = "failed"
        self.stripe.refund(charge, 4000, metadata={"refund": row.idempotency_key})
        self._hear()
        self.assertEqual((row.state, len(request.refund_ids)), ("succeeded", 1))
        self.assertOwed(invoice, "40")
        self.assertMoney(request)

    def test_a_refund_in_another_currency_is_not_booked(self):
        request, (invoice,), charge = self._pay_invoices(100)
        refund = self.stripe.refund(charge, 4000)
        with mute_logger(EVENT_LOGGER):
            self._receive(self.stripe.event("refund.created", {**refund, "currency": "eur"}))
        self.assertOwed(invoice, "0")
        self.assertEqual(len(request.payment_ids), 1)
        self.assertIn("EUR", request.activity_ids.note)

    def test_a_state_that_stripe_invents_is_no_success(self):
        request, (invoice,), charge = self._pay_invoices(100)
        refund = self.stripe.refund(charge, 4000, status="looked_into")
        self._hear()
        self.assertOwed(invoice, "0")
        self.assertEqual(request.refund_ids.state, "pending")
        self._receive(self.stripe.finish_refund(refund, "succeeded"))
        self.assertOwed(invoice, "40")

    def test_credit_that_fits_no_invoice_goes_back_first(self):
        first, second = self._create_invoice(100), self._create_invoice(50)
        request = self._create_request(first, second)
        checkout = self._open_checkout(request)
        self._pay_elsewhere(first, 70)
        self._receive(self.stripe.pay(checkout.stripe_checkout_session_ref))
        charge = self.stripe.charge_of(checkout.stripe_checkout_session_ref)
        self.stripe.refund(charge, 7000)
        self._hear()
        self.assertOwed(first, "0")
        self.assertOwed(second, "0")
        self.assertEqual(request.amount_refunded, 70)
        self.assertEqual(request.line_ids.mapped("amount_refunded"), [0, 0])
        self.assertMoney(request)

    def test_what_a_person_unreconciled_is_used_first(self):
        request, (invoice,), charge = self._pay_invoices(100)
        share = request.payment_ids.move_id.line_ids.filtered("payment_request_line_id")
        share.remove_move_reconcile()
        self.stripe.refund(charge, 4000)
        self._hear()
        self.assertOwed(invoice, "100")
        self.assertEqual(share.amount_residual, -60)
        self.assertEqual(request.amount_refunded, 40)

    def _pay_twice(self):
        """Return an invoice of 100 and its request, and both checkouts that paid it."""
        invoice = self._create_invoice(100)
        request = self._create_request(invoice)
        first = self._open_checkout(request)
        first.state = "failed"
        self.env.flush_all()
        second = self._open_checkout(request)
        for checkout in (first, second):
            self._receive(self.stripe.pay(checkout.stripe_checkout_session_ref))
        return invoice, request, first, second

    def _press_refund(self, payment):
        """Refund by a payment's own button what its dialog offers."""
        action = payment.with_user(self.billing_user).action_payment_request_refund()
        with self._as_in_production(
            self.env["payment.request.refund.wizard"].browse(action["res_id"]), self.billing_user
        ) as wizard:
            wizard.action_refund()
        self._run_cron("ir_cron_process_events")

    def test_the_second_of_two_payments_goes_back_alone(self):
        invoice, request, _first, second = self._pay_twice()
        payment = second._get_payment()
        self._press_refund(payment)
        self.assertOwed(invoice, "0")
        self.assertEqual(request.refund_ids.payment_id, payment)
        self.assertEqual((request.amount_paid, request.amount_refunded), (200, 100))
        self.assertEqual(request.state, "completed")
        self.assertMoney(request)

    def test_the_first_of_two_payments_goes_back_when_its_button_is_pressed(self):
        invoice, request, first, second = self._pay_twice()
        payment = first._get_payment()
        self._press_refund(payment)
        self.assertEqual(request.refund_ids.payment_id, payment)
        self.assertOwed(invoice, "100")
        self.assertEqual(second._get_payment().payment_request_credit, 100)

    def test_readers_cannot_refund(self):
        request, _invoices, _charge = self._pay_invoices(100)
        with self.assertRaises(AccessError):
            request.with_user(self.readonly_user).action_refund()
        with self.assertRaises(AccessError):
            self._refund(request, user=self.readonly_user)

    def test_lines_of_another_request_are_refused(self):
        request, _invoices, _charge = self._pay_invoices(100)
        other, (stranger,), _charge = self._pay_invoices(70)
        wizard = (
            self.env["payment.request.refund.wizard"]
            .with_user(self.billing_user)
            .create({"request_id": request.id})
        )
        wizard.line_ids.line_id = other.line_ids
        with self.assertRaisesRegex(UserError, "another payment request"):
            wizard.action_refund()
        self.assertOwed(stranger, "0")

    def test_the_total_is_spread_from_the_last_invoice(self):
        request, _invoices, _charge = self._pay_invoices(100, 50)
        wizards = self.env["payment.request.refund.wizard"].with_user(self.billing_user)
        wizard = wizards.create({"request_id": request.id})
        self.assertEqual(wizard.amount, 150)
        wizard.amount = 60
        self.assertEqual(wizard.line_ids.sorted("line_id").mapped("amount"), [10, 50])
