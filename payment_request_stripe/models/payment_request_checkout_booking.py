# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from datetime import timedelta

from odoo import models
from odoo.fields import Command

from ..exceptions import BookingRefused
from ..gateways.events import PaymentEvent
from ..gateways.money import to_decimal, to_major
from .account_payment import BEING_MADE

# What the worker books tells nobody to look at it. A caller over RPC writes the context, but only
# in JSON: he cannot make this.
RING_OFF = object()
# Tracking and the sync of invoice lines cost more than the booking itself and say nothing here:
# what happened is logged once for all records.
LEAN = {
    "tracking_disable": True,
    "mail_create_nolog": True,
    "mail_create_nosubscribe": True,
    "skip_invoice_sync": True,
    "payment_request_ring_off": RING_OFF,
}


class PaymentRequestCheckout(models.Model):
    """Booking what Stripe took: one payment, each invoice reconciled with its quoted share."""

    _inherit = "payment.request.checkout"

    def _get_payment(self):
        """Return the payment that was booked for this checkout's payment intent, or none."""
        self.ensure_one()
        if not self.stripe_payment_intent_ref:
            return self.env["account.payment"]
        return self.env["account.payment"].search(
            [("stripe_payment_intent_ref", "=", self.stripe_payment_intent_ref)], limit=1
        )

    def _write_refs(self, event: PaymentEvent, **values):
        """Keep what an event taught about this checkout, here and on the request."""
        self.ensure_one()
        refs = {
            "stripe_checkout_session_ref": event.session_ref or self.stripe_checkout_session_ref,
            "stripe_payment_intent_ref": event.payment_intent_ref or self.stripe_payment_intent_ref,
        }
        self.write({**refs, **values})
        if values.get("state") or self == self.request_id.checkout_ids.sorted("id")[-1:]:
            self.request_id.write(refs)

    def _book(self, event: PaymentEvent):
        """Book what Stripe took, once, and give each invoice exactly its quoted share.

        :param PaymentEvent event: ``amount`` in Stripe's minor units of ``currency``
        :return: the reason why there was nothing to do, or none
        :raise BookingRefused: when the accounts are not set up for it; nothing is written
        """
        self.ensure_one()
        if not event.payment_intent_ref or not event.amount or not event.currency:
            raise BookingRefused(self.env._("The event does not say what was paid."))
        lean = self.with_context(**LEAN)
        lean._write_refs(event, state="complete")
        if self._get_payment():
            return self.env._("The payment was booked already.")
        payment, broken = lean._create_payment(event)
        self._check_entry(payment)
        allocated = self._allocate(payment)
        self._apply_allocation(payment, allocated, event)
        self._raise_broken(payment, broken)
        self.request_id._log_step(f"booked as {payment.name}", self)
        return ""

    # === THE PAYMENT === #

    def _create_payment(self, event: PaymentEvent):
        """Create and post one payment with one receivable line per quoted share.

        :return: the payment, and sentences on what the quote promised and does not hold
        """
        request = self.request_id
        method_line = request.provider_id._get_payment_request_method_line()
        if not method_line.payment_account_id:
            raise BookingRefused(
                self.env._(
                    "The Stripe payment method has no outstanding account. Set a reconcilable "
                    "clearing account on it in the journal %(journal)s, then retry.",
                    journal=request.provider_id.journal_id.display_name or "?",
                )
            )
        currency, amount = self._get_currency(event), to_major(event.amount, event.currency)
        date = self._get_booking_date(event, method_line.journal_id)
        values = {
            "payment_type": "inbound",
            "partner_type": "customer",
            "partner_id": request.partner_id.commercial_partner_id.id,
            "journal_id": method_line.journal_id.id,
            "payment_method_line_id": method_line.id,
            "currency_id": currency.id,
            "amount": float(amount),
            "date": date,
            "memo": f"{request.name} {event.payment_intent_ref}",
            "payment_reference": event.payment_intent_ref,
            "payment_request_id": request.id,
            "stripe_payment_intent_ref": event.payment_intent_ref,
            "company_id": request.company_id.id,
        }
        settled, broken = [], []
        if self._is_as_quoted(amount, currency):
            settled, broken = self._get_settlements()
        shares = self._get_shares(amount, currency, settled)
        # What Odoo would compute, and then write once more.
        values["outstanding_account_id"] = method_line.payment_account_id.id
        values["destination_account_id"] = shares[0][1].id
        values["line_ids"] = [
            Command.create(line)
            for line in self._prepare_entry(values, shares, method_line.payment_account_id, settled)
        ]
        payments = self.env["account.payment"].sudo()
        payment = payments.with_context(payment_request_payment=BEING_MADE).create(values)
        payment.action_post()
        return payment.with_env(self.env(su=True)), broken

    def _get_currency(self, event: PaymentEvent):
        if event.currency == self.request_id.currency_id.name:
            return self.request_id.currency_id
        currency = (
            self.env["res.currency"]
            .with_context(active_test=False)
            .search([("name", "=", event.currency)], limit=1)
        )
        if not currency:
            raise BookingRefused(
                self.env._(
                    "Stripe took %(currency)s, which Odoo does not know.", currency=event.currency
                )
            )
        return currency

    def _get_stripe_date(self, event: PaymentEvent):
        """Return the day of an event in the company's time zone."""
        return self.request_id.company_id._get_payment_request_day(event.occurred_at)

    def _get_booking_date(self, event: PaymentEvent, journal):
        """Return Stripe's day, or the first open one after a locked period."""
        date = self._get_stripe_date(event)
        # With a discount, a part of the taxes is written off in the entry of the payment.
        has_tax = any(share.get("discount") for share in self.quote["lines"])
        locks = self.request_id.company_id._get_violated_lock_dates(date, has_tax, journal)
        return locks[-1][0] + timedelta(days=1) if locks else date

    def _is_as_quoted(self, amount, currency):
        """Tell whether Stripe took exactly what was quoted."""
        return self.quote["currency"] == currency.name and (
            to_major(self.quote["total"], currency.name) == amount
        )

    def _get_shares(self, amount, currency, settled=()):
        """Return ``[(request line or none, account, Decimal)]`` that sum up to `amount`.

        The quote is honoured when Stripe took exactly what was quoted; otherwise the money is
        the customer's credit, to be allocated by a person.

        :param settled: what discounts and credits settle of the same invoices
        """
        nobody = self.env["payment.request.line"]
        if not self._is_as_quoted(amount, currency):
            account = self.request_id._get_receivable_account()
            return [(nobody, account, to_decimal(amount, currency.decimal_places))]
        taken = {}
        for one in settled:
            on_line = taken.setdefault(one.line, {})
            on_line[one.account] = on_line.get(one.account, 0) + one.amount
        shares = self.quote["lines"]
        return [
            (line, part_account, part)
            for line, share in zip(self._get_quoted_lines(), shares, strict=True)
            for part_account, part in self._split_share(line, share, taken.get(line))
        ]

    def _prepare_entry(self, payment_values, shares, clearing_account, settled=()):
        """Return the values of the payment's journal items.

        Company-currency amounts are differences of the cumulated total, so that they add up.
        """
        request = self.request_id
        company = request.company_id
        currency = self.env["res.currency"].browse(payment_values["currency_id"])
        common = {
            "partner_id": payment_values["partner_id"],
            "currency_id": currency.id,
            "date_maturity": payment_values["date"],
            # Odoo would look for a distribution model for each line.
            "analytic_distribution": False,
        }

        def in_company_currency(total):
            return currency._convert(
                float(total), company.currency_id, company, payment_values["date"]
            )

        total = to_decimal(payment_values["amount"], currency.decimal_places)
        lines = [
            {
                **common,
                "name": payment_values["memo"],
                "account_id": clearing_account.id,
                "amount_currency": float(total),
                "balance": in_company_currency(total),
            }
        ]
        cumulated, booked = to_decimal(0, currency.decimal_places), 0.0
        for line, account, amount in shares:
            cumulated += amount
            balance = company.currency_id.round(in_company_currency(cumulated) - booked)
            booked = company.currency_id.round(booked + balance)
            lines.append(
                {
                    **common,
                    "name": f"{payment_values['memo']} {line.move_id.name or ''}".strip(),
                    "account_id": account.id,
                    "amount_currency": -float(amount),
                    "balance": -balance,
                    "payment_request_line_id": line.id,
                }
            )
        return lines + self._prepare_settlements(settled, common, in_company_currency)

    def _check_entry(self, payment):
        """Fail unless the money lies on the clearing account, in a posted entry."""
        clearing = payment.payment_method_line_id.payment_account_id
        liquidity = payment.move_id.line_ids.filtered(lambda line: line.account_id == clearing)
        if payment.move_id.state != "posted" or len(liquidity) != 1:
            raise BookingRefused(
                self.env._(
                    "The payment would not have been posted on the clearing account %(account)s.",
                    account=clearing.display_name,
                )
            )

    # === THE ALLOCATION === #

    def _allocate(self, payment):
        """Reconcile each share with its invoice, in one plan, and check every residual.

        :return: ``{item of the payment: Decimal}`` of what its invoice got, major units
        :raise BookingRefused: when an invoice did not get exactly what it should
        """
        allocated = payment.with_context(**LEAN)._reconcile_payment_request_lines()
        self._check_credits_taken(payment)
        return allocated

    def _apply_allocation(self, payment, allocated, event: PaymentEvent):
        """Write the amounts, move the request, and tell people, in one go each."""
        request = self.request_id
        lean = request.with_context(tracking_disable=True)
        digits = request.currency_id.decimal_places
        paid_lines = self._count_allocation(allocated)
        paid = to_decimal(request.amount_paid, digits)
        if payment.currency_id == request.currency_id:
            paid += to_decimal(payment.amount, digits)
        lean.write(
            {"amount_paid": float(paid), "paid_at": event.occurred_at, "failure_reason": False}
        )
        if not any(line._get_amount_due() for line in request.line_ids):
            lean._transition("completed")
        else:
            if request.state in ("failed", "processing") and not request._has_debit_under_way():
                lean._transition("sent")  # the trouble is over, and the link asks for the rest
            request._emit("part_paid")
        credit = to_decimal(payment.amount, payment.currency_id.decimal_places) - sum(
            paid_lines.values()
        )
        self._tell(payment, paid_lines)
        payment._tell_day(payment, self._get_stripe_date(event))
        if credit:
            self._raise_credit(payment, credit)
