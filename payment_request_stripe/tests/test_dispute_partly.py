# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Of a dispute over what was refunded in part, Stripe may return that part: it is lost, and not."""

from odoo.tests import BaseCase, tagged
from odoo.tools import mute_logger

from ..gateways.undo import parse_dispute
from .test_booking import EVENT_LOGGER
from .test_comparison import ComparisonCase
from .test_exchange import ExchangeCase


class TestHeld(BaseCase):
    """What Stripe holds of a dispute, by what it moved."""

    def _held(self, *amounts, status="lost", currency="usd", moved_in=None):
        moves = [
            {"id": f"txn_{n}", "amount": amount, "fee": 0, "created": n,
             "currency": moved_in or currency}
            for n, amount in enumerate(amounts)
        ]  # fmt: skip
        return parse_dispute(
            {"object": "dispute", "id": "du_1", "status": status, "amount": 10000,
             "currency": currency, "balance_transactions": moves}
        ).held  # fmt: skip

    def test_in_the_same_currency_it_is_what_did_not_come_back(self):
        for amounts, held in (
            ((), 0), ((-10000,), 10000), ((-10000, 3000), 7000), ((-10000, 10000), 0),
            ((-10000, 10000, -10000), 10000), ((-10000, 0), 10000), ((-3000, 10000), 0),
        ):  # fmt: skip
            for status in ("needs_response", "won", "lost"):
                with self.subTest((amounts, status)):
                    self.assertEqual(self._held(*amounts, status=status), held)

    def test_in_another_currency_a_part_comes_back_only_when_it_is_lost(self):
        for amounts, status, held in (
            ((-9000,), "lost", 10000), ((-9000,), "needs_response", 10000),
            ((-9000, 3600), "lost", 6000), ((-9000, 3600), "won", 0),
            ((-9000, 8900), "won", 0), ((-9000, 9100), "lost", 0),
            ((-9000, 9100, -9200), "lost", 10000), ((-9000, 9100, -9200, 4600), "lost", 5000),
            ((), "lost", 0), ((0,), "lost", 0),
        ):  # fmt: skip
            with self.subTest((amounts, status)):
                self.assertEqual(self._held(*amounts, status=status, moved_in="eur"), held)

    def test_it_is_an_amount_that_stripe_knows(self):
        self.assertEqual(self._held(-900, 300, currency="kwd", moved_in="usd"), 6670)


@tagged("post_install", "-at_install")
class TestPartlyWon(ComparisonCase):
    def _dispute_all(self, refunded=30):
        """Return ``(request, invoice, dispute of Stripe)``: 100 paid, and all of it disputed."""
        request, (invoice,), charge = self._pay_invoices(100)
        self._refund(request, {invoice: refunded})
        dispute, events = self.stripe.dispute(charge, 10000)
        self._receive(*events)
        return request, invoice, dispute

    def _get_tasks(self, request):
        return request.activity_ids.mapped("summary")

    def test_the_refunded_part_that_comes_back_is_owed_by_nobody(self):
        request, invoice, dispute = self._dispute_all()
        self.assertEqual(sum(self._get_loose_debits().mapped("amount_residual")), 30)
        told = len(invoice.message_ids)
        self._receive(*self.stripe.close_dispute(dispute, "lost", 3000))
        self.assertFalse(self._get_loose_debits())
        self.assertOwed(invoice, "100")
        line = request.line_ids
        self.assertEqual((line.amount_refunded, line.amount_disputed), (30, 70))
        self.assertEqual(request.dispute_state, "lost")
        self.assertEqual(len(invoice.message_ids), told)  # it was open before
        self.assertMoney(request)
        self.assertEqualBooks()

    def test_a_person_is_told_that_it_was_partly_won(self):
        request, _invoice, dispute = self._dispute_all()
        self.assertIn("More was disputed than was left", self._get_tasks(request))
        self._receive(*self.stripe.close_dispute(dispute, "lost", 3000))
        self.assertEqual(self._get_tasks(request), ["A dispute was partly won"])
        self.assertIn("30.00 of the disputed", request.activity_ids.note)
        self.assertNotIn("was lost", str(request.message_ids.mapped("body")))

    def test_that_it_was_lost_is_corrected_when_a_part_comes_back_later(self):
        request, _invoice, dispute = self._dispute_all()
        self._receive(*self.stripe.close_dispute(dispute, "lost"))
        self.assertIn("A dispute was lost", self._get_tasks(request))
        self._receive(*self.stripe.close_dispute(dispute, "lost", 3000))
        self.assertEqual(self._get_tasks(request), ["A dispute was partly won"])
        self.assertMoney(request)

    def test_the_comparison_misses_a_part_that_came_back_until_it_is_booked(self):
        _request, _invoice, dispute = self._dispute_all()
        events = self.stripe.close_dispute(dispute, "lost", 3000)
        self.assertNamed(f"The money of dispute {dispute['id']}")
        self._receive(*events)
        self.assertEqualBooks()

    def test_what_is_won_in_the_end_gives_all_back(self):
        request, invoice, dispute = self._dispute_all()
        self._receive(*self.stripe.close_dispute(dispute, "lost", 3000))
        line = self.stripe.move_balance("adjustment", dispute, 7000)
        dispute["balance_transactions"].append(line)
        dispute["status"] = "won"
        self._receive(self.stripe.event("charge.dispute.funds_reinstated", dispute))
        self.assertOwed(invoice, "30")
        self.assertEqual(request.line_ids.amount_disputed, 0)
        self.assertFalse(self._get_loose_debits())
        self.assertMoney(request)
        self.assertEqualBooks()

    def test_more_than_what_was_refunded_pays_the_invoice_again(self):
        request, invoice, dispute = self._dispute_all()
        self._receive(*self.stripe.close_dispute(dispute, "lost", 4500))
        self.assertOwed(invoice, "85")
        self.assertEqual(request.line_ids.amount_disputed, 55)
        self.assertFalse(self._get_loose_debits())
        self.assertMoney(request)
        self.assertEqualBooks()

    def test_a_withdrawal_that_a_person_cancelled_takes_no_return(self):
        request, _invoice, dispute = self._dispute_all()
        request.dispute_ids.move_id.button_cancel()
        self._receive(*self.stripe.close_dispute(dispute, "lost", 3000))
        self.assertEqual(request.line_ids.amount_disputed, 70)
        self.assertMoney(request)

    def test_a_return_whose_item_was_settled_by_hand_is_a_task(self):
        request, _invoice, dispute = self._dispute_all()
        loose = self._get_loose_debits()
        hand = self._book_by_hand(
            "settled", (loose.account_id, -30, loose.currency_id),
            (self.expense, 30, loose.currency_id),
        )  # fmt: skip
        (loose | hand.line_ids.filtered(lambda line: line.balance < 0)).reconcile()
        self._receive(*self.stripe.close_dispute(dispute, "lost", 3000))
        self.assertIn("To reconcile: ", str(self._get_tasks(request)))
        self.assertMoney(request)

    def test_any_order_ends_the_same(self):
        for order in ((0, 1, 3, 2), (1, 2, 0, 3), (2, 0, 3, 1), (3, 2, 1, 0)):
            with self.subTest(order):
                invoice = self._create_invoice(100)
                request = self._create_request(invoice)
                ref = self._open_checkout(request).stripe_checkout_session_ref
                self._receive(self.stripe.pay(ref))
                charge = self.stripe.charge_of(ref)
                self._refund(request, {invoice: 30})
                dispute, events = self.stripe.dispute(charge, 10000)
                events += self.stripe.close_dispute(dispute, "lost", 3000)
                with mute_logger(EVENT_LOGGER):
                    self._receive(*[events[position] for position in order])
                self.assertOwed(invoice, "100")
                self.assertEqual(request.line_ids.amount_disputed, 70)
                self.assertFalse(self._get_loose_debits())
                self.assertMoney(request)


@tagged("post_install", "-at_install")
class TestPartlyWonInAnotherCurrency(ExchangeCase):
    def _dispute_all(self, refunded):
        request, (invoice,), charge = self._pay_invoices(100)
        self._learn_fees()
        self._refund(request, {invoice: refunded})
        self._learn_fees()
        dispute, events = self.stripe.dispute(charge, 10000)
        self._receive(*events)
        return request, invoice, dispute

    def test_it_is_what_was_refunded_whatever_the_rate(self):
        for refunded in (40, 4, 96):
            with self.subTest(refunded):
                request, invoice, dispute = self._dispute_all(refunded)
                self.stripe.settles = {"usd": ("eur", 0.89)}
                told = self.stripe.close_dispute(dispute, "lost", refunded * 100)
                self.assertNamed(f"The money of dispute {dispute['id']}")
                self._receive(*told)
                self.assertOwed(invoice, "100")
                self.assertEqual(request.line_ids.amount_disputed, 100 - refunded)
                self.assertFalse(self._get_loose_debits())
                self.assertClearing()
                count = self.env["account.move"].search_count([])
                self._receive(self.stripe.event("charge.dispute.updated", dispute))
                self.assertEqual(self.env["account.move"].search_count([]), count)
                self.stripe.settles = {"usd": ("eur", 0.92)}

    def test_what_is_heard_of_at_the_end_only_is_booked_as_it_stands(self):
        request, (invoice,), charge = self._pay_invoices(100)
        self._learn_fees()
        self._refund(request, {invoice: 40})
        self._learn_fees()
        dispute, _events = self.stripe.dispute(charge, 10000)
        *_all, closed = self.stripe.close_dispute(dispute, "lost", 4000)
        self._receive(closed)
        self.assertOwed(invoice, "100")
        self.assertEqual(request.line_ids.amount_disputed, 60)
        self.assertFalse(self._get_loose_debits())
        self.assertClearing()
        self._receive(self.stripe.event("charge.dispute.updated", dispute))
        self.assertClearing()
