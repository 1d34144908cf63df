# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Money that fits no invoice: why, and what the company has decided for it."""

from odoo import fields
from odoo.tests import tagged
from odoo.tools import mute_logger

from .money_case import MoneyCase
from .test_booking import EVENT_LOGGER


@tagged("post_install", "-at_install")
class TestCredit(MoneyCase):
    def _pay_twice(self, invoice=None):
        """Return ``(invoice, request, second payment)`` of a link that was paid in two sessions."""
        invoice = invoice or self._create_invoice(100)
        request = self._create_request(invoice)
        first = self._open_checkout(request)
        first.state = "failed"
        self.env.flush_all()
        second = self._open_checkout(request)
        refs = [one.stripe_checkout_session_ref for one in (first, second)]
        self._receive(*[self.stripe.pay(ref) for ref in refs])
        return invoice, request, request.payment_ids.sorted("id")[-1]

    def _settle(self):
        for _round in range(2):
            self._run_cron("ir_cron_poll_stripe")
            self._run_cron("ir_cron_process_events")

    def _choose(self, request, **amounts):
        """Open the session of a payer who chose `amounts`, by the place of the invoice."""
        self.company.write(
            {"payment_request_payer_choice": True, "payment_request_payer_amounts": True}
        )
        form = {"chosen": "1"}
        for line, name in zip(request.line_ids, ("first", "second"), strict=False):
            if name in amounts:
                form |= {f"line_{line.id}": "1", f"amount_{line.id}": amounts[name]}
        quote = request._get_quote(choice=request._read_choice(form))
        return self._open_checkout(request, quote).stripe_checkout_session_ref

    # === WHY === #

    def test_a_second_payment_is_called_so(self):
        _invoice, request, payment = self._pay_twice()
        self.assertEqual(payment.payment_request_credit_reason, "second_payment")
        first = request.payment_ids - payment
        self.assertIn(first.name, payment.payment_request_credit_note)

    def test_an_over_payment_names_the_invoice_that_was_settled(self):
        invoice = self._create_invoice(100)
        request = self._create_request(invoice)
        checkout = self._open_checkout(request)
        self._pay_elsewhere(invoice, 30)
        self._receive(self.stripe.pay(checkout.stripe_checkout_session_ref))
        payment = request.payment_ids
        self.assertEqual(payment.payment_request_credit_reason, "overpayment")
        self.assertIn(invoice.name, payment.payment_request_credit_note)

    def test_a_second_payment_is_found_behind_one_of_another_invoice(self):
        self.company.payment_request_credit_policy = "refund"
        invoices = [self._create_invoice(amount) for amount in (100, 50)]
        request = self._create_request(*invoices)
        lost = self._choose(request, first="100")
        request.checkout_ids.state = "failed"
        self.env.flush_all()
        self._receive(self.stripe.pay(self._choose(request, first="100")))
        first = request.payment_ids
        self._receive(self.stripe.pay(self._choose(request, second="50")))
        self._receive(self.stripe.pay(lost))
        self._settle()
        again = request.payment_ids.filtered("stripe_payment_intent_ref").sorted("id")[-1]
        self.assertEqual(again.payment_request_credit_reason, "second_payment")
        self.assertIn(first.name, again.payment_request_credit_note)
        (refund,) = self.stripe.refunds.values()
        self.assertEqual(refund["amount"], 10000)
        self.assertFalse(request.activity_ids)
        self.assertMoney(request)

    def test_of_a_payment_that_went_back_there_is_no_second_one(self):
        invoice = self._create_invoice(100)
        request = self._create_request(invoice)
        lost = self._open_checkout(request)
        lost.state = "failed"
        self.env.flush_all()
        self._pay(request)
        self._refund(request)
        self._pay_elsewhere(invoice, 100)
        self._receive(self.stripe.pay(lost.stripe_checkout_session_ref))
        payment = request._get_stripe_payments()[:1]
        self.assertEqual(payment.payment_request_credit_reason, "overpayment")

    def test_a_wrong_amount_or_currency_says_what_was_asked(self):
        self.env["res.currency"].with_context(active_test=False).search(
            [("name", "=", "EUR")]
        ).active = True
        changes = {"wrong_amount": {"amount_total": 9000}, "wrong_currency": {"currency": "eur"}}
        for reason, change in changes.items():
            with self.subTest(reason):
                request = self._create_request(self._create_invoice(100))
                event = self.stripe.pay(self._open_checkout(request).stripe_checkout_session_ref)
                event["data"]["object"].update(change)
                self._receive(event)
                payment = request.payment_ids
                self.assertEqual(payment.payment_request_credit_reason, reason)
                self.assertIn("100.00 USD", payment.payment_request_credit_note)

    def test_an_invoice_that_is_gone_is_named(self):
        invoice = self._create_invoice(100)
        request = self._create_request(invoice)
        event = self.stripe.pay(self._open_checkout(request).stripe_checkout_session_ref)
        invoice.button_draft()
        self._receive(event)
        payment = request.payment_ids
        self.assertEqual(payment.payment_request_credit_reason, "invoice_gone")
        self.assertIn("not posted", payment.payment_request_credit_note)

    def test_what_a_person_unreconciles_is_on_the_list_again(self):
        request, (invoice,), _charge = self._pay_invoices(100)
        payment = request.payment_ids
        share = payment.move_id.line_ids.filtered("payment_request_line_id")
        share.remove_move_reconcile()
        self.assertOwed(invoice, "100")
        self.assertEqual(payment.payment_request_credit_reason, "unreconciled")
        self.assertEqual(payment.payment_request_credit, 100)
        payment.with_user(self.billing_user).action_payment_request_allocate()
        self.assertOwed(invoice, "0")
        self.assertMoney(request)

    def test_cancelled_and_posted_again_it_pays_what_was_not_refunded(self):
        request, (invoice, other), _charge = self._pay_invoices(100, 50)
        self._refund(request, {invoice: 30})
        payment = request.payment_ids.filtered("stripe_payment_intent_ref")
        payment.action_draft()
        payment.action_cancel()
        self.assertIn(payment.name, " ".join(request.activity_ids.mapped("summary")))
        payment.action_draft()
        payment.action_post()
        self.assertOwed(invoice, "30")
        self.assertOwed(other, "0")
        self.assertMoney(request)

    # === THE POLICY === #

    def test_keep_leaves_it_with_the_customer(self):
        self.company.payment_request_credit_policy = "keep"
        _invoice, request, payment = self._pay_twice()
        self.assertTrue(payment.payment_request_credit_kept)
        self.assertFalse(request.activity_ids)
        self.assertEqual(payment.payment_request_credit, 100)
        self.assertMoney(request)

    def test_allocate_pays_the_oldest_invoices_and_asks_for_the_rest(self):
        self.company.payment_request_credit_policy = "allocate"
        old = self._create_invoice(30, invoice_date_due="2020-01-01")
        young = self._create_invoice(50, invoice_date_due=fields.Date.today())
        _invoice, request, payment = self._pay_twice()
        self.assertOwed(old, "0")
        self.assertOwed(young, "0")
        self.assertEqual(payment.payment_request_credit, 20)
        self.assertIn("20.00", " ".join(request.activity_ids.mapped("note")))
        self.assertMoney(request)

    def test_allocate_pays_nothing_for_which_a_debit_is_on_its_way(self):
        self.company.payment_request_credit_policy = "allocate"
        other = self._create_invoice(100)
        debit = self._open_checkout(self._create_request(other)).stripe_checkout_session_ref
        self._receive(self.stripe.pay_async(debit))
        _invoice, request, payment = self._pay_twice()
        self.assertOwed(other, "100")
        self.assertEqual(payment.payment_request_credit, 100)
        self.assertIn("100.00", " ".join(request.activity_ids.mapped("note")))
        self._receive(self.stripe.settle(debit))
        self.assertOwed(other, "0")
        self.assertMoney(request)

    def test_allocate_has_other_links_follow(self):
        self.company.payment_request_credit_policy = "allocate"
        other = self._create_request(self._create_invoice(40))
        session = self._open_checkout(other).stripe_checkout_session_ref
        self._pay_twice()
        self._settle()
        self.assertEqual(other.state, "completed")
        self.assertEqual(self.stripe.sessions[session]["status"], "expired")

    def test_second_payments_are_refunded_once(self):
        self.company.payment_request_credit_policy = "refund"
        invoice, request, payment = self._pay_twice()
        self.assertFalse(self.stripe.refunds, "not while the event is applied")
        self._settle()
        self._settle()
        (refund,) = self.stripe.refunds.values()
        self.assertEqual((refund["amount"], refund["reason"]), (10000, "duplicate"))
        self.assertEqual(refund["payment_intent"], payment.stripe_payment_intent_ref)
        self.assertOwed(invoice, "0")
        self.assertEqual(payment.payment_request_credit, 0)
        self.assertFalse(request.activity_ids)
        self.assertMoney(request)

    def test_a_refund_that_stripe_refuses_becomes_a_task(self):
        self.company.payment_request_credit_policy = "refund"
        _invoice, request, _payment = self._pay_twice()
        self.stripe.fail_next("POST", "/v1/refunds", status=400, message="Not enough funds.")
        self._settle()
        self.assertIn("Stripe refused a refund", request.activity_ids.mapped("summary"))
        self.assertMoney(request)

    def test_only_second_payments_are_refunded(self):
        self.company.payment_request_credit_policy = "refund"
        invoice = self._create_invoice(100)
        request = self._create_request(invoice)
        checkout = self._open_checkout(request)
        self._pay_elsewhere(invoice, 30)
        self._receive(self.stripe.pay(checkout.stripe_checkout_session_ref))
        self._settle()
        self.assertFalse(self.stripe.refunds)
        self.assertIn("30.00", " ".join(request.activity_ids.mapped("note")))

    def test_what_a_bank_transfer_settled_first_is_asked_about(self):
        self.company.payment_request_credit_policy = "refund"
        invoice = self._create_invoice(100)
        request = self._create_request(invoice)
        self._receive(self.stripe.pay(self._choose(request, first="40")))
        rest = self._open_checkout(request).stripe_checkout_session_ref
        self._pay_elsewhere(invoice, 60)
        self._receive(self.stripe.pay(rest))
        self._settle()
        payment = request._get_stripe_payments()[:1]
        self.assertEqual(payment.payment_request_credit_reason, "overpayment")
        self.assertIn("in another way", payment.payment_request_credit_note)
        self.assertFalse(self.stripe.refunds)
        self.assertIn("60.00", " ".join(request.activity_ids.mapped("note")))

    def test_a_debit_is_not_refunded_without_a_person(self):
        self.company.payment_request_credit_policy = "refund"
        request = self._create_request(self._create_invoice(100))
        card = self._open_checkout(request)
        card.state = "failed"
        self.env.flush_all()
        debit = self._open_checkout(request).stripe_checkout_session_ref
        self.stripe.pay_async(debit)
        self.stripe.settle(debit)
        self.stripe.pay(card.stripe_checkout_session_ref)
        paid = self.stripe.events.pop()
        self._receive(paid, *self.stripe.events)
        self._settle()
        self.assertFalse(self.stripe.refunds)
        self.assertTrue(request.activity_ids)

    def test_what_comes_back_asks_a_person_whatever_the_policy(self):
        self.company.payment_request_credit_policy = "keep"
        request, (invoice,), charge = self._pay_invoices(100)
        refund = self.stripe.refund(charge)
        self._hear()
        self._pay_elsewhere(invoice, 100)
        self.stripe.finish_refund(refund, "failed")
        self._hear()
        payment = request.payment_ids.filtered("stripe_payment_intent_ref")
        self.assertEqual(payment.payment_request_credit_reason, "came_back")
        self.assertIn("Money to allocate", " ".join(request.activity_ids.mapped("summary")))

    # === WHAT THE BOOKS REFUSE === #

    def _refused(self, cause, mend, words):
        request = self._create_request(invoice := self._create_invoice(100))
        event = self.stripe.pay(self._open_checkout(request).stripe_checkout_session_ref)
        cause()
        with mute_logger(EVENT_LOGGER):
            self._receive(event)
        work = self.env["payment.request.event"].with_user(self.billing_user)
        work = work.search([("state", "=", "failed"), ("request_id", "=", request.id)])
        self.assertEqual((work.failure_kind, work.money), ("accounting", "100.00 USD"))
        self.assertEqual(work.partner_id, self.payer)
        self.assertIn(words, work.error)
        self.assertFalse(request.payment_ids)
        mend()
        work.action_retry()
        self._run_cron("ir_cron_process_events")
        self.assertEqual(work.state, "done")
        self.assertOwed(invoice, "0")
        self.assertMoney(request)

    def test_an_archived_account_is_work_until_it_is_mended(self):
        account = self.clearing_account
        self._refused(
            lambda: account.write({"active": False}), lambda: account.write({"active": True}), ""
        )

    def test_a_closed_journal_is_work_until_it_is_mended(self):
        journal = self.stripe_journal
        self._refused(
            lambda: journal.write({"active": False}), lambda: journal.write({"active": True}), ""
        )

    def test_a_missing_clearing_account_is_work_until_it_is_mended(self):
        line = self.provider._get_payment_request_method_line()
        self._refused(
            lambda: line.write({"payment_account_id": False}),
            lambda: line.write({"payment_account_id": self.clearing_account.id}),
            "no outstanding account",
        )
