# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Paid requests, and what goes back of them."""

from odoo.fields import Command

from ..gateways.money import to_decimal, to_major
from .stripe_wire import patch_stripe_wire
from .test_booking import BookingCase


class MoneyCase(BookingCase):
    def setUp(self):
        super().setUp()
        self.stripe = self.enterContext(patch_stripe_wire(self.stripe))

    def _pay_invoices(self, *amounts, **values):
        """Return ``(request, invoices, charge)`` of a request that was paid by card."""
        invoices = [self._create_invoice(amount, **values) for amount in amounts]
        request = self._create_request(*invoices)
        checkout = self._pay(request)
        return request, invoices, self.stripe.charge_of(checkout.stripe_checkout_session_ref)

    def _hear(self):
        """Have Stripe tell all that happened so far."""
        self._receive(*self.stripe.events)

    def _refund(self, request, amounts=None, user=None, **values):
        """Press Refund; `amounts` are ``{invoice: amount}``, by default all."""
        if amounts is not None:
            values["line_ids"] = [
                Command.create({"line_id": line.id, "amount": amounts[line.move_id]})
                for line in request.line_ids
                if line.move_id in amounts
            ]
        with self._as_in_production(
            self.env["payment.request.refund.wizard"], user or self.billing_user
        ) as wizards:
            wizards.create({"request_id": request.id, **values}).action_refund()
        self._run_cron("ir_cron_process_events")

    def assertMoney(self, request, freed=()):
        """Assert what must hold whatever happened: books balance, lines and Stripe agree.

        :param freed: request lines from which a person took money by hand: it is the customer's
            credit, and on the list of work
        """
        self.env.flush_all()
        self.env.invalidate_all()
        moves = self.env["account.move.line"].search([("move_id.company_id", "=", self.company.id)])
        for move in moves.move_id:
            self.assertAlmostEqual(sum(move.line_ids.mapped("balance")), 0, 6, move.name)
        for line in request.line_ids:
            if line not in freed:
                self.assertEqual(line._get_reconciled(), line._get_net_paid(), line.move_id.name)
                continue
            missing = line._get_net_paid() - line._get_reconciled()
            self.assertGreaterEqual(missing, 0, line.move_id.name)
            self.assertLessEqual(missing, self._get_credit(request, line), line.move_id.name)
        for credit in request.credit_ids:
            self.assertCreditUsed(credit)
        self.assertEqual(self._get_booked_totals(), self._get_stripe_totals())

    def assertCreditUsed(self, credit):
        """Assert that invoices got of a credit what was taken from it, and no more than offered."""
        items = self.env["account.move.line"].search(
            [("payment_request_credit_id", "=", credit.id), ("parent_state", "=", "posted")]
        )
        taken = items.filtered(lambda line: line.payment_request_part == "credit_source")
        digits = credit.currency_id.decimal_places
        off = sum(
            to_decimal(partial.debit_amount_currency, digits)
            for partial in taken.matched_credit_ids
            if partial.credit_move_id in items
        )
        for side, sign in ((taken, 1), (items - taken, -1)):
            total = sum(to_decimal(sign * line.amount_currency, digits) for line in side)
            self.assertEqual(total - off, to_decimal(credit.amount_used, digits))

    def assertNothingLoose(self):
        """Assert that nothing is owed on no invoice of which no task tells."""
        tasks = self.env["payment.request"].search([]).activity_ids
        said = " ".join(f"{task.summary} {task.note}" for task in tasks)
        for item in self._get_loose_debits():
            self.assertIn(item.move_id.name, said, "owed, on no invoice, and nobody knows")

    def _get_loose_debits(self):
        """Return what the company's customers owe on no invoice."""
        return self.env["account.move.line"].search(
            [
                ("company_id", "=", self.company.id),
                ("account_type", "=", "asset_receivable"),
                ("move_id.move_type", "=", "entry"),
                ("parent_state", "=", "posted"),
                ("amount_residual_currency", ">", 0),
            ]
        )

    def _get_credit(self, request, line):
        """Return what of the shares of `line` is known to be the customer's: Decimal.

        What the desk lists, what is being refunded, and what a person used for other invoices.
        """
        desk = self.env["account.payment"].search([("payment_request_has_credit", "=", True)])
        under_way = request.payment_ids._get_refunds_under_way()
        listed = (request.payment_ids & desk) | under_way.payment_id
        digits, credit = line.currency_id.decimal_places, 0
        shares = request.payment_ids.move_id.line_ids
        for share in shares.filtered(lambda share: share.payment_request_line_id == line):
            if share.move_id.origin_payment_id in listed:
                credit += to_decimal(-share.amount_residual_currency, digits)
            credit += sum(
                to_decimal(partial.credit_amount_currency, digits)
                for partial in share._get_allocations()
                if partial.debit_move_id.move_id != line.move_id
            )
        return credit

    def _get_booked_totals(self):
        """Return ``{currency: Decimal}`` of what lies on the clearing account."""
        clearing = self.env["account.move.line"].search(
            [("account_id", "=", self.clearing_account.id), ("parent_state", "=", "posted")]
        )
        totals = {}
        for line in clearing:
            digits = line.currency_id.decimal_places
            amount = to_decimal(line.amount_currency, digits)
            totals[line.currency_id.name] = totals.get(line.currency_id.name, 0) + amount
        return {currency: total for currency, total in totals.items() if total}

    def _get_stripe_totals(self):
        """Return the same of what lies at Stripe, before its fees for payments."""
        totals = {}
        for line in self.stripe.balance.values():
            if line["type"] == "payout":
                continue  # on its way to the bank, which its statement tells Odoo
            if (
                line["type"] == "refund"
                and self.stripe.refunds[line["source"]]["status"] == "pending"
            ):
                continue
            currency = line["currency"].upper()
            kept = line["fee"] if line["type"] == "adjustment" else 0
            totals[currency] = totals.get(currency, 0) + to_major(line["amount"] - kept, currency)
        return {currency: total for currency, total in totals.items() if total}
