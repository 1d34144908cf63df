# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from datetime import timedelta

from odoo import fields
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import tagged

from .money_case import MoneyCase
from .stripe_undo import fee


@tagged("post_install", "-at_install")
class TestAgreement(MoneyCase):
    """Fees, healing and the comparison: both sides agree, or the difference has a name."""

    def _compare(self):
        comparison = self.env["payment.request.comparison"].with_user(self.billing_user).create({})
        with self._as_in_production(comparison, self.billing_user) as wizard:
            wizard.action_compare()
        return comparison

    def test_equal_after_payments_refunds_and_disputes(self):
        self.company.payment_request_fee_account_id = self.company_data["default_account_expense"]
        request, (first, _second), _charge = self._pay_invoices(100, 50)
        self._refund(request, {first: 30})
        _other, _invoices, charge = self._pay_invoices(70)
        dispute, events = self.stripe.dispute(charge)
        self._receive(*events)
        self._receive(*self.stripe.close_dispute(dispute, "lost"))
        comparison = self._compare()
        self.assertTrue(comparison.is_equal, comparison.result)
        self.assertIn("4 movements", comparison.result)

    def test_a_lost_webhook_is_named_and_healed(self):
        invoice = self._create_invoice(100)
        request = self._create_request(invoice)
        checkout = self._open_checkout(request)
        self.stripe.pay(checkout.stripe_checkout_session_ref)  # and nobody tells
        intent = self.stripe.charge_of(checkout.stripe_checkout_session_ref)["payment_intent"]
        comparison = self._compare()
        self.assertFalse(comparison.is_equal)
        self.assertIn(
            f"{intent} of 100.00 USD is not booked: {request.name}, "
            f"{request.partner_id.display_name}.",
            comparison.result,
        )
        self._run_cron("ir_cron_backfill_events")
        self._run_cron("ir_cron_process_events")
        self.assertOwed(invoice, "0")
        self.assertTrue(self._compare().is_equal)

    def test_a_refund_nobody_told_is_named_and_healed(self):
        request, (invoice,), charge = self._pay_invoices(100)
        refund = self.stripe.refund(charge, 2500)
        self.assertIn(f"{refund['id']} of 25.00 USD is not booked", self._compare().result)
        self._run_cron("ir_cron_backfill_events")
        self._run_cron("ir_cron_process_events")
        self.assertOwed(invoice, "25")
        self.assertTrue(self._compare().is_equal)
        self.assertMoney(request)

    def _have_known_events_collide(self):
        """Have PostgreSQL say of a known event what it says when a webhook commits it meanwhile."""
        self.env.flush_all()
        self.env.cr.execute("""
            CREATE FUNCTION collide() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                IF EXISTS (SELECT 1 FROM payment_request_event WHERE event_ref = NEW.event_ref) THEN
                    RAISE 'could not serialize access' USING ERRCODE = 'serialization_failure';
                END IF;
                RETURN NEW;
            END $$;
            CREATE TRIGGER collide BEFORE INSERT ON payment_request_event
            FOR EACH ROW EXECUTE FUNCTION collide();
        """)

    def test_healing_keeps_what_it_found_before_a_webhook_came_in_between(self):
        invoices = [self._create_invoice(amount) for amount in (10, 20, 30)]
        requests = [self._create_request(invoice) for invoice in invoices]
        refs = [self._open_checkout(one).stripe_checkout_session_ref for one in requests]
        _lost, known, _lost_too = [self.stripe.pay(ref) for ref in refs]
        self._receive(known)
        self._have_known_events_collide()
        self._run_cron("ir_cron_backfill_events")
        self._run_cron("ir_cron_process_events")
        for invoice in invoices:
            self.assertOwed(invoice, "0")

    def test_refunds_found_before_a_webhook_came_in_between_are_kept(self):
        request, (invoice,), charge = self._pay_invoices(100)
        self._have_known_events_collide()
        for _time in range(2):
            self.stripe.refund(charge, 1000)
            request.checkout_ids.refunds_wanted = True
            self._run_cron("ir_cron_poll_stripe")
            self._run_cron("ir_cron_process_events")
        self.assertOwed(invoice, "20")

    def test_what_is_booked_but_not_at_stripe_is_named(self):
        request, _invoices, _charge = self._pay_invoices(100)
        self.stripe.balance.clear()
        comparison = self._compare()
        self.assertIn(f"{request.payment_ids.name} (pi_", comparison.result)
        self.assertIn("not at Stripe", comparison.result)

    def test_events_of_other_applications_are_left_alone(self):
        session = self.stripe.new_session(
            {"line_items": [{"quantity": 1, "price_data": {"currency": "usd", "unit_amount": 500}}]}
        )
        self.stripe.pay(session["id"])
        self._run_cron("ir_cron_backfill_events")
        self.assertFalse(self.env["payment.request.event"].search([("state", "=", "received")]))

    def test_a_stripe_that_does_not_answer_is_said(self):
        self.stripe.fail_next("GET", "/v1/balance_transactions", timeout=True)
        with self.assertRaisesRegex(UserError, "could not be asked"):
            self._compare()

    def test_the_fee_is_known_and_booked_if_wanted(self):
        account = self.company_data["default_account_expense"]
        self.company.payment_request_fee_account_id = account
        self.company.payment_request_post_fees = True
        request, _invoices, charge = self._pay_invoices(100)
        self._run_cron("ir_cron_poll_stripe")
        self._run_cron("ir_cron_process_events")
        kept = fee(charge["amount"]) / 100
        self.assertEqual(request.stripe_fee, kept)
        self.assertEqual(request.payment_ids.stripe_fee_move_id.state, "posted")
        clearing = self.env["account.move.line"].search(
            [("account_id", "=", self.clearing_account.id), ("parent_state", "=", "posted")]
        )
        self.assertAlmostEqual(sum(clearing.mapped("balance")), 100 - kept, 6)
        self._run_cron("ir_cron_poll_stripe")
        self._run_cron("ir_cron_process_events")
        self.assertEqual(request.stripe_fee, kept)

    def test_a_charge_that_stripe_cannot_tell_keeps_no_other_waiting(self):
        lost, _invoices, charge = self._pay_invoices(100)
        other, _invoices, _charge = self._pay_invoices(70)
        changed_at = lost.payment_ids.write_date
        del self.stripe.payment_intents[charge["payment_intent"]]
        for _run in range(2):
            with self._as_in_production(self.env["payment.request.event"]) as events:
                events.sudo()._poll_balance(limit=1)
        self._run_cron("ir_cron_process_events")
        self.assertTrue(other.stripe_fee)
        self.assertFalse(lost.stripe_fee)
        self.assertEqual(lost.payment_ids.write_date, changed_at, "after two weeks nobody asks")

    def test_a_fee_that_cannot_be_booked_is_a_task_until_there_is_an_account(self):
        self.company.payment_request_post_fees = True
        request, _invoices, charge = self._pay_invoices(100)
        for _round in range(2):
            self._run_cron("ir_cron_poll_stripe")
            self._run_cron("ir_cron_process_events")
        self.assertFalse(request.payment_ids.stripe_fee_move_id)
        (task,) = request.activity_ids
        self.assertIn(charge["payment_intent"], task.summary)
        self.assertIn("3.20", task.note)
        account = self.company_data["default_account_expense"]
        self.company.payment_request_fee_account_id = account
        self._run_cron("ir_cron_poll_stripe")
        entry = request.payment_ids.stripe_fee_move_id
        booked = entry.line_ids.filtered(lambda line: line.account_id == account)
        self.assertEqual((entry.state, booked.balance), ("posted", 3.2))
        self.assertFalse(request.activity_ids)

    def test_a_fee_that_a_person_booked_meanwhile_is_not_booked_again(self):
        self.company.payment_request_post_fees = True
        request, _invoices, charge = self._pay_invoices(100)
        self._run_cron("ir_cron_poll_stripe")
        self._run_cron("ir_cron_process_events")
        account = self.company_data["default_account_expense"]
        amounts = {account: 3.2, self.clearing_account: -3.2}
        by_hand = self.env["account.move"].create(
            {
                "move_type": "entry",
                "ref": f"Fee of {charge['payment_intent']}",
                "line_ids": [
                    Command.create({"account_id": account.id, "balance": balance})
                    for account, balance in amounts.items()
                ],
            }
        )
        by_hand.action_post()
        self.company.payment_request_fee_account_id = account
        self._run_cron("ir_cron_poll_stripe")
        self.assertFalse(request.payment_ids.stripe_fee_move_id)


@tagged("post_install", "-at_install")
class TestChanges(MoneyCase):
    """An open link follows what happens to its invoices by other ways."""

    def test_paid_elsewhere_completes_the_request_and_closes_the_session(self):
        invoice = self._create_invoice(100)
        request = self._create_request(invoice)
        checkout = self._open_checkout(request)
        self._pay_elsewhere(invoice, 100)
        self._run_cron("ir_cron_poll_stripe")
        self.assertEqual(request.state, "completed")
        self.assertEqual(request.amount_paid, 0)
        self.assertEqual(request._get_page_state(), "settled", "nothing came by this link")
        session = self.stripe.sessions[checkout.stripe_checkout_session_ref]
        self.assertEqual(session["status"], "expired")
        self.assertEqual(checkout.state, "expired")

    def test_part_paid_elsewhere_closes_the_session_and_keeps_the_link(self):
        invoice = self._create_invoice(100)
        request = self._create_request(invoice)
        checkout = self._open_checkout(request)
        self._pay_elsewhere(invoice, 40)
        self._run_cron("ir_cron_poll_stripe")
        self.assertEqual(checkout.state, "expired")
        self.assertEqual((request.state, request.amount_residual), ("sent", 60))
        self.assertIn("60.00", request.activity_ids.note)
        self._pay(request)
        self.assertOwed(invoice, "0")
        self.assertMoney(request)

    def test_a_change_rings_the_worker_and_nothing_else_does(self):
        invoice = self._create_invoice(100)
        self._create_request(invoice)
        cron = self.env.ref("payment_request_stripe.ir_cron_poll_stripe")
        triggers = self.env["ir.cron.trigger"].sudo()
        before = triggers.search_count([("cron_id", "=", cron.id)])
        self._pay_elsewhere(self._create_invoice(30), 30)
        self.assertEqual(triggers.search_count([("cron_id", "=", cron.id)]), before)
        self._pay_elsewhere(invoice, 40)
        self.assertGreater(triggers.search_count([("cron_id", "=", cron.id)]), before)

    def test_whoever_just_paid_is_booked_instead(self):
        invoice = self._create_invoice(100)
        request = self._create_request(invoice)
        checkout = self._open_checkout(request)
        self.stripe.pay(checkout.stripe_checkout_session_ref)
        self._pay_elsewhere(invoice, 100)
        self._run_cron("ir_cron_poll_stripe")
        self._run_cron("ir_cron_process_events")
        self.assertEqual(request.amount_paid, 100)
        self.assertIn("100.00", " ".join(request.activity_ids.mapped("note")))
        self.assertMoney(request)

    def test_an_invoice_reset_to_draft_is_a_task_for_a_person(self):
        invoice = self._create_invoice(100)
        request = self._create_request(invoice)
        invoice.button_draft()
        self._run_cron("ir_cron_poll_stripe")
        self.assertEqual(request.state, "sent")
        self.assertIn("not posted", request.activity_ids.summary)

    def _create_portal_payment(self, invoice, state):
        method = self.env["payment.method"].sudo().search([("code", "=", "card")], limit=1)
        return (
            self.env["payment.transaction"]
            .sudo()
            .create(
                {
                    "provider_id": self.provider.id,
                    "payment_method_id": method.id,
                    "reference": "portal",
                    "amount": invoice.amount_residual,
                    "currency_id": invoice.currency_id.id,
                    "partner_id": self.payer.id,
                    "invoice_ids": [(6, 0, invoice.ids)],
                    "state": state,
                    "last_state_change": fields.Datetime.now(),
                }
            )
        )

    def test_a_pending_portal_payment_keeps_our_link_closed(self):
        invoice = self._create_invoice(100)
        request = self._create_request(invoice)
        self.assertEqual(request._get_page_state(), "open")
        transaction = self._create_portal_payment(invoice, "pending")
        for state in ("pending", "done"):  # done, and in the books a moment later
            with self.subTest(state):
                transaction.state = state
                self.assertEqual(request._get_page_state(), "processing")
                self.assertEqual(invoice._get_in_transit(), {invoice: 100})
                with self.assertRaisesRegex(UserError, "do not pay again"):
                    request._open_checkout(request._sign_quote(request._get_quote()))
        transaction.is_post_processed = True
        self.assertEqual(request._get_page_state(), "open")
        transaction.write({"state": "cancel", "is_post_processed": False})
        self.assertEqual(request._get_page_state(), "open")

    def test_what_waits_for_longer_than_its_kind_takes_opens_our_link_again(self):
        invoice = self._create_invoice(100)
        request = self._create_request(invoice)
        transaction = self._create_portal_payment(invoice, "draft")
        for state, days in (("authorized", 31), ("pending", 21), ("done", 4)):
            with self.subTest(state):
                transaction.state = state
                for passed, face in ((days - 1, "processing"), (days + 1, "open")):
                    moment = fields.Datetime.now() - timedelta(days=passed)
                    transaction.last_state_change = moment
                    self.assertEqual(request._get_page_state(), face)

    def test_a_portal_payment_under_way_closes_our_page_at_stripe(self):
        invoice = self._create_invoice(100)
        request = self._create_request(invoice)
        checkout = self._open_checkout(request)
        transaction = self._create_portal_payment(invoice, "draft")
        self._run_cron("ir_cron_poll_stripe")
        self.assertEqual(checkout.state, "open")
        poll = self.env.ref("payment_request_stripe.ir_cron_poll_stripe")
        rung = self.env["ir.cron.trigger"].search_count([("cron_id", "=", poll.id)])
        transaction._set_pending()
        self.assertGreater(
            self.env["ir.cron.trigger"].search_count([("cron_id", "=", poll.id)]), rung
        )
        self._run_cron("ir_cron_poll_stripe")
        session = self.stripe.sessions[checkout.stripe_checkout_session_ref]
        self.assertEqual((checkout.state, session["status"]), ("expired", "expired"))
        self.assertIn("so that nobody pays twice", str(request.message_ids.mapped("body")))
        self.assertFalse(request.activity_ids, "there is nothing to do")
        transaction._set_canceled()
        self.assertEqual(request._get_page_state(), "open")
