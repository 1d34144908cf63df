# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The history of one request: what payers, Stripe and accountants do, in any order."""

import random

from odoo import fields
from odoo.exceptions import UserError
from odoo.tools import mute_logger

from ..gateways.money import decimal_places, step, to_major, to_minor
from .history_facts import HistoryFacts
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
    "allocate_elsewhere",
    "deduct",
)
# Of these it is known which invoices they open: those that say so.
OPENING_STEPS = ("refund_at_stripe", "refund_by_us", "dispute")


class History(HistoryFacts):
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
        self.links = case.env["payment.request"]  # that deduct what was paid for this request
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
        owed, told = self._get_owed(), self._get_told()
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
        self.assertAgrees()
        if name in OPENING_STEPS and not late:
            self.assertOpenedAsTold(owed, told)

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
        held = self._get_held()
        lines = [line for line, amount in held.items() if line and amount > 0]
        if not lines or self.disputes:
            return
        line = self.random.choice(lines)
        known = set(self.stripe.refunds)
        coin = step(self.currency.name)
        minor = to_minor(held[line], self.currency.name)
        minor = self.random.choice([minor, max(minor // 3 // coin, 1) * coin])
        told, amount = self._get_told(), float(to_major(minor, self.currency.name))
        self.case._refund(self.request, {line.move_id: amount})
        self.assertOnlyOpened(line, told)
        self.refunds += [one for ref, one in self.stripe.refunds.items() if ref not in known]

    def refund_fails(self):
        if alive := [one for one in self.refunds if one["status"] != "failed"]:
            refund = self.random.choice(alive)
            done = refund["status"] == "succeeded"
            self.stripe.finish_refund(refund, "failed" if done else "succeeded")

    def dispute(self):
        if charges := [one for one in self._refundable() if not one["disputed"]]:
            charge = self.random.choice(charges)
            # A bank may dispute what was refunded already.
            is_all = charge["amount_refunded"] and self.random.random() < 0.5
            dispute, _events = self.stripe.dispute(
                charge, is_all and charge["amount"], inquiry=self.random.random() < 0.3
            )
            self.disputes.append(dispute)

    def dispute_ends(self):
        if alive := [one for one in self.disputes if "needs_response" in one["status"]]:
            dispute = self.random.choice(alive)
            if dispute["status"].startswith("warning"):
                self.stripe.withdraw(dispute)
                return
            charge = self.stripe.charges[dispute["charge"]]
            refunded = dispute["amount"] - (charge["amount"] - charge["amount_refunded"])
            ends = [("won", 0), ("lost", 0), *([("lost", refunded)] if refunded > 0 else [])]
            self.stripe.close_dispute(dispute, *self.random.choice(ends))

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

    def allocate_elsewhere(self):
        """A person uses what the list of work holds for another invoice, which it pays."""
        if work := self._get_work():
            self.case._create_invoice(work.payment_request_credit, currency=self.currency)
            try:
                work.with_user(self.case.billing_user).action_payment_request_allocate()
            except UserError as error:  # what a link deducts, or is being refunded
                self.case.assertRegex(str(error), "is deducted by|is being refunded")

    def deduct(self):
        """A link for another invoice deducts what was paid for this request, and is paid."""
        work = self._get_work()
        amount = work.payment_request_credit + self.invoices[0].amount_total
        invoice = self.case._create_invoice(amount, currency=self.currency)
        if not (shares := work._get_open_shares() & invoice._get_payment_request_credits()):
            return
        link = self.case._create_request(invoice, credits=[{"item_id": shares[0].id}])
        self.links |= link
        ref = self.case._open_checkout(link).stripe_checkout_session_ref
        self.stripe.pay(ref)
        self.charges.append(self.stripe.charge_of(ref))

    def cancel_payment(self):
        """A person cancels what was booked, sees the task, and posts it again."""
        if payments := (self.request | self.links).payment_ids:
            payment = self.random.choice(payments)
            payment.action_draft()
            payment.action_cancel()
            tasks = payment.payment_request_id.activity_ids
            self.case.assertIn(payment.name, " ".join(tasks.mapped("summary")))
            payment.action_draft()
            payment.action_post()

    def cancel_entry(self):
        """A person cancels an entry by itself, of a payment, refund or dispute, and posts it."""
        requests = self.request | self.links
        entries = requests.payment_ids.move_id | requests.dispute_ids.move_id
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
