# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The history of one request: what payers, Stripe and accountants do, in any order."""

import random

from odoo import fields
from odoo.tools import mute_logger

from ..gateways.money import decimal_places, step
from .test_booking import EVENT_LOGGER

STEPS = (
    "pay",
    "pay_twice",
    "pay_async",
    "pay_elsewhere",
    "refund_at_stripe",
    "refund_by_us",
    "refund_fails",
    "dispute",
    "dispute_ends",
    "credit_note",
    "cancel",
    "unreconcile",
    "allocate",
    "cancel_payment",
    "cancel_entry",
    "cancel_invoice",
    "reorder",
    "repeat",
    "use_credit",
)


class History:
    """One request and what happens to it; a step that cannot happen now does nothing.

    `freed` are the lines from which a person took money by hand (`unreconcile`, `cancel_invoice`):
    nothing may be reconciled with them beyond what is owed, and what is missing is the customer's
    credit, on the list of work. Of every other line what is reconciled is exactly what was paid.
    """

    def __init__(self, case, currency, seed):
        self.case = case
        self.stripe = case.stripe
        self.random = random.Random(seed)  # noqa: S311 - a story, no secret
        self.currency = currency
        # Half of the stories settle in another currency: what a minor unit is in its minor units.
        changed = {"USD": ("eur", 0.9), "EUR": ("usd", 1.1), "JPY": ("usd", 0.7)}
        settled_in = changed.get(currency.name, ("usd", 0.325))
        case.stripe.settles = {currency.name.lower(): settled_in} if seed % 2 else {}
        self.told = len(case.stripe.events)
        self.charges, self.refunds, self.disputes = [], [], []
        self.kept_back = []
        self.freed = case.env["payment.request.line"]
        # Of three decimals Stripe takes two: a tax or an instalment must not need the third.
        unit = 10 ** decimal_places(currency.name) if step(currency.name) == 1 else 1
        self.unit = step(currency.name) / 10 ** decimal_places(currency.name)
        self.invoices = [
            self._create_invoice(self.random.randint(100 * unit, 300 * unit) / unit)
            for _number in range(2)
        ]
        self.request = self._create_request()

    def _create_invoice(self, amount):
        """Make an invoice that is due at once, with a discount for early payment, or in parts."""
        term = self.random.choice(["", "discount", "instalments"])
        invoice = self.case._create_invoice(
            amount,
            currency=self.currency,
            post=False,
            invoice_payment_term_id=self.case.terms[term].id if term else False,
        )
        if term == "discount":
            invoice.invoice_line_ids.tax_ids = self.case.company_data["default_tax_sale"]
        invoice.action_post()
        return invoice

    def _create_request(self):
        """Ask for the invoices, or one instalment of them, less a credit of the customer."""
        allocations = [{"invoice_id": invoice.id} for invoice in self.invoices]
        for allocation, invoice in zip(allocations, self.invoices, strict=True):
            instalments = invoice._get_payment_request_instalments()
            if len(instalments) > 1 and self.random.random() < 0.5:
                allocation["instalment_line_id"] = self.random.choice(instalments).id
        note = self.case._create_invoice(
            self.random.randint(5, 20), currency=self.currency, move_type="out_refund"
        )
        self.credit = note.line_ids.filtered(lambda line: line.account_type == "asset_receivable")
        chosen = [{"item_id": self.credit.id}] if self.random.random() < 0.5 else []
        return self.case.requests.create_and_send(allocations, credits=chosen).sudo()

    def step(self, name):
        late, self.kept_back = self.kept_back, []
        getattr(self, name)()
        events = self.stripe.events[self.told :] + late
        self.told = len(self.stripe.events)
        self.random.shuffle(events)
        with mute_logger(EVENT_LOGGER):
            self.case._receive(*events)
            # What was asked of Stripe, what waited for its payment, and what that was changed into.
            for _round in range(3 if self.stripe.settles else 2):
                self.case._run_cron("ir_cron_poll_stripe")
                self.case._run_cron("ir_cron_process_events")
        self.case.assertMoney(self.request, self.freed)
        self.case.assertFalse(self._get_loose_undo())
        failed = self.request.event_ids.filtered(lambda event: event.state == "failed")
        self.case.assertFalse(failed.mapped("error"))

    # === STEPS === #

    def pay(self):
        if self.request.state in ("sent", "failed") and self.request._get_quote()["total"]:
            ref = self._open()
            self.stripe.pay(ref)
            self.charges.append(self.stripe.charge_of(ref))

    def pay_twice(self):
        """Two sessions that we never closed are both paid: the one thing no shield can exclude."""
        if self.request.state in ("sent", "failed") and self.request._get_quote()["total"]:
            first = self._open()
            self.request._get_live_checkout().state = "failed"
            self.case.env.flush_all()
            for ref in (first, self._open()):
                self.stripe.pay(ref)
                self.charges.append(self.stripe.charge_of(ref))

    def pay_async(self):
        if self.request.state in ("sent", "failed") and self.request._get_quote()["total"]:
            ref = self._open()
            self.stripe.pay_async(ref)
            if self.random.random() < 0.5:
                self.stripe.settle(ref)
                self.charges.append(self.stripe.charge_of(ref))
            else:
                self.stripe.decline(ref)

    def pay_elsewhere(self):
        invoice = self.random.choice(self.invoices)
        if invoice.state == "posted" and invoice.amount_residual > self.unit:
            part = self.random.choice([1, 0.5])
            self.case._pay_elsewhere(
                invoice, self.currency.round(invoice.amount_residual * part) or self.unit
            )

    def refund_at_stripe(self):
        if charges := self._refundable():
            charge = self.random.choice(charges)
            left = charge["amount"] - charge["amount_refunded"]
            coin = step(self.currency.name)
            amount = self.random.choice([left, max(left // 3 // coin, 1) * coin])
            status = self.random.choice(["succeeded", "pending"])
            self.refunds.append(self.stripe.refund(charge, amount, status=status))

    def refund_by_us(self):
        held = {}
        for payment in self.request._get_stripe_payments():
            for share, amount in payment._get_unpromised().items():
                line = share.payment_request_line_id
                held[line] = held.get(line, 0) + amount
        lines = [line for line, amount in held.items() if line and amount > 0]
        if not lines or self.disputes:
            return
        line = self.random.choice(lines)
        known = set(self.stripe.refunds)
        self.case._refund(self.request, {line.move_id: float(held[line])})
        self.refunds += [one for ref, one in self.stripe.refunds.items() if ref not in known]

    def refund_fails(self):
        if alive := [one for one in self.refunds if one["status"] != "failed"]:
            refund = self.random.choice(alive)
            done = refund["status"] == "succeeded"
            self.stripe.finish_refund(refund, "failed" if done else "succeeded")

    def dispute(self):
        if charges := [one for one in self._refundable() if not one["disputed"]]:
            dispute, _events = self.stripe.dispute(
                self.random.choice(charges), inquiry=self.random.random() < 0.3
            )
            self.disputes.append(dispute)

    def dispute_ends(self):
        if alive := [one for one in self.disputes if "needs_response" in one["status"]]:
            dispute = self.random.choice(alive)
            if dispute["status"].startswith("warning"):
                self.stripe.withdraw(dispute)
            else:
                self.stripe.close_dispute(dispute, self.random.choice(["won", "lost"]))

    def credit_note(self):
        invoice = self.random.choice(self.invoices)
        if invoice.state == "posted":
            note = invoice._reverse_moves([{"invoice_date": fields.Date.today()}])
            note.invoice_line_ids.price_unit = self.currency.round(invoice.amount_total / 4)
            note.action_post()

    def use_credit(self):
        """The credit is reconciled with another invoice, whoever had counted on it."""
        if not self.credit.reconciled:
            other = self.case._create_invoice(
                abs(self.credit.amount_residual_currency), currency=self.currency
            )
            (self.credit | other.line_ids).filtered(
                lambda line: line.account_type == "asset_receivable"
            ).reconcile()

    def cancel(self):
        if self.request.state in ("sent", "failed"):
            with self.case._as_in_production(self.request, self.case.billing_user) as request:
                request.action_cancel()

    def unreconcile(self):
        """A person takes a payment off the invoice that it paid."""
        shares = self.request.payment_ids.move_id.line_ids.filtered(
            lambda line: line.payment_request_line_id and line._get_allocations()
        )
        if shares:
            share = self.random.choice(shares)
            self.freed |= share.payment_request_line_id
            share._get_allocations().unlink()

    def allocate(self):
        """A person allocates what the list of work holds."""
        if work := self.request.payment_ids.filtered("payment_request_has_credit"):
            work[0].with_user(self.case.billing_user)._allocate_credit()

    def cancel_payment(self):
        """A person cancels what was booked, sees the task, and posts it again."""
        if payments := self.request.payment_ids:
            payment = self.random.choice(payments)
            payment.action_draft()
            payment.action_cancel()
            self.case.assertIn(payment.name, " ".join(self.request.activity_ids.mapped("summary")))
            payment.action_draft()
            payment.action_post()

    def cancel_entry(self):
        """A person cancels an entry by itself, of a payment, refund or dispute, and posts it."""
        entries = self.request.payment_ids.move_id | self.request.dispute_ids.move_id
        if entries:
            entry = self.random.choice(entries)
            entry.button_cancel()
            entry.button_draft()
            entry.action_post()

    def cancel_invoice(self):
        """An invoice is reset to draft; there it is cancelled, or posted again."""
        invoice = self.random.choice(self.invoices)
        if invoice.state == "posted" and not invoice.reversal_move_ids:
            self.freed |= self.request.line_ids.filtered(lambda line: line.move_id == invoice)
            invoice.button_draft()
            if self.random.random() < 0.5:
                invoice.button_cancel()
            else:
                invoice.action_post()

    def reorder(self):
        """A payment's events come after all that follows: the poll is faster than they are."""
        self.pay()
        self.kept_back = self.stripe.events[self.told :]
        self.told = len(self.stripe.events)
        self.refund_at_stripe()

    def repeat(self):
        """Stripe tells again what it told, some of it long ago, in any order."""
        for event in self.random.sample(self.stripe.events, min(3, len(self.stripe.events))):
            self.stripe.events.append({**event, "id": self.stripe.new_ref("evt")})

    # === WHAT IS THERE === #

    def _open(self):
        live = self.request._get_live_checkout()
        if live and live.quote == self.request._get_quote():
            return live.stripe_checkout_session_ref
        return self.case._open_checkout(self.request).stripe_checkout_session_ref

    def _get_loose_undo(self):
        """Return what took money back and took it from no payment and no credit note."""
        return self.case.env["account.move.line"].search(
            [
                ("payment_request_share_id.move_id", "in", self.request.payment_ids.move_id.ids),
                ("parent_state", "=", "posted"),
                ("reconciled", "=", False),
            ]
        )

    def _refundable(self):
        charged_back = {
            one["charge"] for one in self.disputes if one["status"] in ("needs_response", "lost")
        }
        return [
            charge
            for charge in self.charges
            if charge["amount"] > charge["amount_refunded"] and charge["id"] not in charged_back
        ]
