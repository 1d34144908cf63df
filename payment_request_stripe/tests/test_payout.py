# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A payout shows what it consists of, sums up, and says what the books do not."""

from odoo.tests import BaseCase, tagged

from ..gateways.errors import MalformedPayload
from ..gateways.payouts import composition_event, movements_of, parse_movement, parse_payout
from .money_case import MoneyCase
from .stripe_undo import fee


class TestReadPayouts(BaseCase):
    def _payout(self, **values):
        return {
            "object": "payout", "id": "po_1", "status": "paid", "amount": 100, "currency": "usd",
            "arrival_date": 1795435200, "automatic": True, "created": 1, **values,
        }  # fmt: skip

    def test_a_payout_may_take_from_the_bank(self):
        self.assertEqual(parse_payout(self._payout(amount=-500)).amount, -500)

    def test_what_is_no_payout_is_malformed(self):
        for values in (
            {"object": "refund"}, {"id": ""}, {"status": "gone"}, {"amount": 1.5},
            {"amount": True}, {"currency": None}, {"arrival_date": "soon"},
            {"arrival_date": 10**18},
        ):  # fmt: skip
            with self.subTest(values), self.assertRaises(MalformedPayload):
                parse_payout(self._payout(**values))

    def test_a_movement_adds_up_or_is_malformed(self):
        row = {"id": "txn", "type": "charge", "amount": 100, "fee": 3, "net": 97, "currency": "usd"}
        self.assertEqual(parse_movement(row).net, 97)
        with self.assertRaises(MalformedPayload):
            parse_movement({**row, "net": 96})

    def test_kinds(self):
        row = {"id": "txn", "amount": -15, "fee": 0, "net": -15, "currency": "usd"}
        for kind, expected in (
            ("charge", "payment"), ("payment_refund", "refund"), ("stripe_fee", "fee"),
            ("payout", "payout"), ("payout_failure", "returned"), ("payout_cancel", "returned"),
            ("contribution", "other"),
        ):  # fmt: skip
            with self.subTest(kind):
                self.assertEqual(parse_movement({**row, "type": kind}).kind, expected)
        dispute = {**row, "type": "adjustment", "source": {"object": "dispute", "id": "du_1"}}
        self.assertEqual(parse_movement(dispute).kind, "dispute")

    def test_what_is_kept_names_nobody_and_its_id_follows_it(self):
        source = {
            "id": "ch_1", "object": "charge", "amount": 100, "currency": "usd",
            "billing_details": {"email": "petra@example.com"}, "payment_intent": {"id": "pi_1"},
        }  # fmt: skip
        row = {"id": "txn", "type": "charge", "amount": 100, "fee": 3, "net": 97, "source": source}
        first = composition_event(self._payout(), [row], "v", False)
        self.assertNotIn("petra", str(first))
        (kept,) = movements_of(first["data"]["object"])
        self.assertEqual(kept["source"]["payment_intent"], "pi_1")
        again = composition_event(self._payout(), [row], "v", False)
        other = composition_event(self._payout(), [], "v", False)
        self.assertEqual(first["id"], again["id"])
        self.assertNotEqual(first["id"], other["id"])


@tagged("post_install", "-at_install")
class TestPayout(MoneyCase):
    def setUp(self):
        super().setUp()
        self.company.payment_request_fee_account_id = self.company_data["default_account_expense"]

    def _learn(self, event=None):
        if event:
            self._receive(event)
        self._run_cron("ir_cron_poll_stripe")
        self._run_cron("ir_cron_process_events")
        return self.env["payment.request.payout"].search([])

    def test_it_consists_of_payments_refunds_and_disputes_and_sums_up(self):
        request, (first, _second), charge = self._pay_invoices(100, 50)
        self._refund(request, {first: 30})
        other, _invoices, disputed = self._pay_invoices(70)
        _dispute, events = self.stripe.dispute(disputed)
        self._receive(*events)
        event = self.stripe.pay_out()
        payout = self._learn(event)
        self.assertEqual((payout.status, payout.proof), ("paid", "equal"), payout.result)
        self.assertEqual(
            payout.line_ids.mapped("kind"), ["payment", "refund", "payment", "dispute"]
        )
        self.assertEqual(payout.payment_ids, request.payment_ids | other.payment_ids)
        self.assertEqual(payout.line_ids.dispute_id, other.dispute_ids)
        kept = fee(15000) + fee(7000) + 1500
        self.assertAlmostEqual(payout.amount, 150 - 30 + 70 - 70 - kept / 100, 2)
        self.assertAlmostEqual(sum(payout.line_ids.mapped("net")), payout.amount, 2)
        self.assertEqual(request.payment_ids[0].payment_request_payout_id, payout)
        self.assertEqual(charge["amount"], 15000)

    def test_told_again_or_late_it_is_one_payout(self):
        self._pay_invoices(100)
        event = self.stripe.pay_out()
        payout = self._learn(event)
        lines = payout.line_ids
        again = {**event, "id": "evt_again", "type": "payout.reconciliation_completed"}
        self.assertEqual(self._learn(again), payout)
        self.assertEqual(payout.line_ids, lines)
        failed = {**event, "id": "evt_failed", "type": "payout.failed"}
        failed["data"] = {"object": {**event["data"]["object"], "status": "failed"}}
        self._learn(failed)
        self._learn({**event, "id": "evt_old"})
        self.assertEqual(payout.status, "failed")

    def test_what_follows_a_payout_that_failed_carries_its_money_and_is_equal(self):
        self._pay_invoices(100)
        first = self._learn(self.stripe.pay_out())
        self._learn(self.stripe.fail_payout(self.stripe.payouts[first.stripe_payout_ref]))
        self._pay_invoices(50)
        second = self._learn(self.stripe.pay_out()) - first
        self.assertEqual((first.status, first.proof), ("failed", "equal"), first.result)
        self.assertEqual((second.status, second.proof), ("paid", "equal"), second.result)
        self.assertEqual(sorted(second.line_ids.mapped("kind")), ["payment", "returned"])
        returned = second.line_ids.filtered(lambda line: line.kind == "returned")
        self.assertEqual((returned.net, returned.is_ours), (first.amount, False))
        self.assertEqual(returned.stripe_ref, first.stripe_payout_ref)
        self.assertIn("Returned Payout: 1", second.result)

    def test_a_payment_that_is_not_booked_is_named_until_it_is(self):
        invoice = self._create_invoice(100)
        request = self._create_request(invoice)
        checkout = self._open_checkout(request)
        paid = self.stripe.pay(checkout.stripe_checkout_session_ref)
        # Nobody tells of the payment, and the poll does not reach it.
        checkout.state = "failed"
        payout = self._learn(self.stripe.pay_out())
        intent = self.stripe.charge_of(checkout.stripe_checkout_session_ref)["payment_intent"]
        self.assertEqual(payout.proof, "different")
        self.assertIn(f"{intent} of 100.00 USD is not booked", payout.result)
        self._receive(paid)
        self._learn()
        self.assertEqual(payout.proof, "equal", payout.result)
        self.assertEqual(payout.payment_ids, request.payment_ids)

    def test_parts_that_do_not_sum_up_are_named(self):
        self._pay_invoices(100)
        event = self.stripe.pay_out()
        self.stripe.payouts[event["data"]["object"]["id"]]["amount"] -= 7
        payout = self._learn(event)
        self.assertEqual(payout.proof, "different")
        self.assertIn("0.07", payout.result)

    def test_money_of_other_applications_counts_and_is_not_ours(self):
        self._pay_invoices(100)
        item = {"quantity": 1, "price_data": {"currency": "usd", "unit_amount": 500}}
        self.stripe.pay(self.stripe.new_session({"line_items": [item]})["id"])
        payout = self._learn(self.stripe.pay_out())
        self.assertEqual(payout.proof, "equal", payout.result)
        self.assertEqual(payout.line_ids.mapped("is_ours"), [True, False])

    def test_one_made_by_hand_says_that_stripe_does_not_tell(self):
        self._pay_invoices(100)
        payout = self._learn(self.stripe.pay_out(automatic=False))
        self.assertEqual(payout.proof, "unknown")
        self.assertIn("by hand", payout.result)

    def test_what_stripe_is_still_working_out_is_asked_again(self):
        self._pay_invoices(100)
        payout = self._learn(self.stripe.pay_out(reconciled="in_progress"))
        self.assertEqual((payout.proof, payout.lines_wanted), ("asked", True))
        self.stripe.payouts[payout.stripe_payout_ref]["reconciliation_status"] = "completed"
        self._learn()
        self.assertEqual((payout.proof, payout.lines_wanted), ("equal", False))

    def test_a_stripe_that_does_not_answer_is_said_and_asked_again(self):
        self._pay_invoices(100)
        event = self.stripe.pay_out()
        self._receive(event)
        self.stripe.fail_next("GET", "/v1/payouts/*", timeout=True)
        payout = self._learn()
        self.assertIn("could not be asked", payout.result)
        self._learn()
        self.assertEqual(payout.proof, "equal")

    def test_fees_that_the_company_books_are_part_of_the_proof(self):
        self.company.payment_request_post_fees = True
        request, _invoices, _charge = self._pay_invoices(100)
        self.stripe.fail_next("GET", "/v1/payment_intents/*", timeout=True, times=6)
        payout = self._learn(self.stripe.pay_out())
        self.assertIn("is not booked", payout.result)
        self.stripe.forget_faults()
        self._learn()
        self._learn()
        self.assertTrue(request.payment_ids.stripe_fee_move_id)
        self.assertEqual(payout.proof, "equal", payout.result)
        # What is on the clearing account is what arrives on the bank.
        self.assertEqual(float(self._get_booked_totals()["USD"]), payout.amount)

    def test_labels_on_the_clearing_account_name_what_stripe_names(self):
        request, (invoice,), charge = self._pay_invoices(100)
        self._refund(request, {invoice: 30})
        (refund,) = self.stripe.refunds.values()
        items = self.env["account.move.line"].search(
            [("account_id", "=", self.clearing_account.id)], order="id"
        )
        for item, ref in zip(items, (charge["payment_intent"], refund["id"]), strict=True):
            self.assertIn(ref, item.name)
            self.assertIn(request.name, item.name)
            self.assertIn(ref, item.move_id.origin_payment_id.memo)

    def test_the_back_fill_brings_payouts(self):
        self._pay_invoices(100)
        self.stripe.pay_out()
        self._run_cron("ir_cron_backfill_events")
        self._run_cron("ir_cron_process_events")
        self.assertEqual(self._learn().proof, "equal")

    def test_a_live_payout_is_not_a_test_providers(self):
        self._pay_invoices(100)
        self.assertFalse(self._learn({**self.stripe.pay_out(), "livemode": True}))

    def test_an_accountant_checks_again_and_finds_the_payments(self):
        request, _invoices, _charge = self._pay_invoices(100)
        payout = self._learn(self.stripe.pay_out()).with_user(self.billing_user)
        payout.action_check_again()
        action = payout.action_view_payments()
        self.assertEqual(action["res_id"], request.payment_ids.id)
