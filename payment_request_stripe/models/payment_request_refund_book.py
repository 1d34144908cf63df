# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, models

from ..exceptions import BookingRefused
from ..gateways.money import to_decimal, to_major
from ..gateways.undo import Refund
from .payment_request_checkout_booking import LEAN


class PaymentRequestRefund(models.Model):
    """Booking what Stripe says of a refund, once, and in whatever order it is told."""

    _inherit = "payment.request.refund"

    @api.model
    def _adopt(self, payment, refund: Refund):
        """Return the row of a refund of Stripe: known by its ref, ours by its key, or a new one."""
        found = self.search([("stripe_refund_ref", "=", refund.ref)], limit=1)
        if not found and refund.metadata.get("refund"):
            found = self.search(
                [
                    ("idempotency_key", "=", refund.metadata["refund"]),
                    ("payment_id", "=", payment.id),
                    ("stripe_refund_ref", "=", False),
                ],
                limit=1,
            )
            if found.state == "failed":  # a call was refused, of which Stripe knows better
                found.state = "intended"
        if found:
            found.stripe_refund_ref = refund.ref
            return found
        return self.create(
            {
                "request_id": payment.payment_request_id.id,
                "payment_id": payment.id,
                "amount": float(to_major(refund.amount, refund.currency)),
                "stripe_refund_ref": refund.ref,
                "reason": self.env._("Made at Stripe"),
            }
        )

    def _learn(self, refund: Refund, day):
        """Apply what Stripe says of this refund; what is older than what we know is skipped.

        :param day: the day of it, in the company's time zone
        :return: the reason why there was nothing to do, or none
        """
        self.ensure_one()
        if self.state in ("failed", "cancelled"):
            return self.env._("This refund failed already.")
        if refund.state == "succeeded":
            if self.state == "succeeded":
                return self.env._("The refund was booked already.")
            self.with_context(**LEAN)._book(refund, day)
        elif refund.state in ("failed", "cancelled"):
            return self._learn_failure(refund, day)
        elif self.state == "intended":
            self.state = "pending"
        return ""

    # === BOOKING === #

    def _book(self, refund: Refund, day):
        """Book one outbound payment, and open the invoices that it was meant for.

        :raise BookingRefused: when the accounts are not set up for it; nothing is written
        """
        payment = self.payment_id
        if refund.currency != payment.currency_id.name:
            raise BookingRefused(
                self.env._(
                    "Stripe refunded %(refund)s of a payment in %(payment)s.",
                    refund=refund.currency,
                    payment=payment.currency_id.name,
                )
            )
        amount = to_major(refund.amount, refund.currency)
        wanted = self._get_wanted()
        parts, guessed = payment._split_undo(amount, wanted)
        booked = self._create_payment(amount, parts, payment._get_open_day(day))
        request_lines = payment._get_undone_lines(parts)
        opened = payment._take_back(booked.move_id, parts, booked.date)
        self.write({"state": "succeeded", "amount": float(amount), "failure_reason": False})
        self.refund_payment_id = booked
        self._keep_credit_notes(parts)
        self._count(request_lines)
        self._tell_booking(booked, opened)
        if guessed or any(not part.share for part in parts):
            self._ask_to_check(booked, opened, wanted)
        payment._tell_day(booked, day)

    def _get_wanted(self):
        digits = self.currency_id.decimal_places
        return [
            (line.line_id, to_decimal(line.amount, digits), line.credit_move_id)
            for line in self.line_ids
        ]

    def _create_payment(self, amount, parts, day):
        payment = self.payment_id
        if not payment.outstanding_account_id:
            raise BookingRefused(
                self.env._(
                    "%(payment)s has no clearing account, so its refund cannot be booked.",
                    payment=payment.name,
                )
            )
        memo = f"{self.request_id.name} {self.stripe_refund_ref}"
        values = {
            "payment_type": "outbound",
            "partner_type": "customer",
            "partner_id": payment.partner_id.id,
            "journal_id": payment.journal_id.id,
            # The same line as the payment's, so that both meet on one clearing account.
            "payment_method_line_id": payment.payment_method_line_id.id,
            "currency_id": payment.currency_id.id,
            "company_id": payment.company_id.id,
            "amount": float(amount),
            "date": day,
            "memo": memo,
            "payment_reference": self.stripe_refund_ref,
            "payment_request_id": self.request_id.id,
            "stripe_refund_ref": self.stripe_refund_ref,
            "outstanding_account_id": payment.outstanding_account_id.id,
            "destination_account_id": payment.destination_account_id.id,
            "line_ids": payment._prepare_undo_entry(parts, day, memo),
        }
        booked = self.env["account.payment"].sudo().create(values)
        booked.action_post()
        liquidity = booked.move_id.line_ids.filtered(
            lambda line: line.account_id == payment.outstanding_account_id
        )
        if booked.move_id.state != "posted" or len(liquidity) != 1:
            raise BookingRefused(
                self.env._(
                    "The refund would not have been posted on the clearing account %(account)s.",
                    account=payment.outstanding_account_id.display_name,
                )
            )
        return booked

    def _keep_credit_notes(self, parts):
        """Write down what the refund was for in the end, with the credit notes it answered."""
        self.line_ids.unlink()
        self.env["payment.request.refund.line"].create(
            [
                {
                    "refund_id": self.id,
                    "line_id": part.share.payment_request_line_id.id,
                    "amount": float(part.amount),
                    "credit_move_id": part.credit.move_id[:1].id if part.credit else False,
                }
                for part in parts
                if part.is_money
            ]
        )

    def _count(self, request_lines):
        """Raise what was refunded of each line by what its invoice lost, or its credit note got."""
        lines = self.env["payment.request.line"].union(*request_lines)
        lines._count_lost("amount_refunded", request_lines)

    def _tell_booking(self, booked, opened):
        request = self.request_id
        money = booked.currency_id.format(booked.amount)
        request._message_log(
            body=self.env._(
                "Refunded %(amount)s through Stripe, booked as %(payment)s.",
                amount=money,
                payment=booked._get_html_link(),
            )
        )
        request._log_step(f"refund {self.stripe_refund_ref} booked as {booked.name}")
        request._emit("refunded")
        opened._tell_refunded(request, money)

    def _ask_to_check(self, booked, opened, wanted):
        """Have a person look at a refund of which it is not sure what it was for."""
        values = {
            "amount": booked.currency_id.format(booked.amount),
            "invoices": opened._say_names(),
        }
        if not wanted:
            summary = self.env._("Check a refund made at Stripe: %(payment)s", payment=booked.name)
            note = self.env._(
                "%(amount)s was refunded at Stripe without saying for which invoice. It was "
                "taken from: %(invoices)s. Reconcile it differently if that is not right.",
                **values,
            )
        else:
            summary = self.env._("Check what a refund was for: %(payment)s", payment=booked.name)
            note = self.env._(
                "%(amount)s was to go back for %(wanted)s, of which not so much was left when "
                "Stripe refunded it. It was taken from: %(invoices)s. Reconcile it differently if "
                "that is not right.",
                **values,
                wanted=", ".join(
                    line.move_id.name or self.env._("the customer's credit")
                    for line, _part, _note in wanted
                ),
            )
        self.request_id._notify_person_in_charge(summary, note)

    # === FAILING === #

    def _learn_failure(self, refund: Refund, day):
        """A refund did not reach the payer; one that was booked is taken back."""
        state = "cancelled" if refund.state == "cancelled" else "failed"
        booked, paid = self.refund_payment_id, self.env["account.move"]
        if booked:
            payment = self.payment_id
            lines = booked.move_id.line_ids.payment_request_share_id.payment_request_line_id
            shares, paid = payment._give_back(
                booked.move_id,
                payment._get_open_day(max(day, booked.date)),
                self.env._("Refund %(ref)s failed", ref=self.stripe_refund_ref),
            )
            payment._tell_day(booked.move_id.reversal_move_ids, day)
            self._uncount(lines)
            self._raise_credit(shares)
            self.request_id._emit("refunded")  # what is refunded has changed
        self.write({"state": state, "failure_reason": refund.failure_reason})
        if booked:
            booked._forget_balance(day)
        self.request_id._notify_person_in_charge(
            self.env._("A refund failed: %(ref)s", ref=self.stripe_refund_ref),
            self.env._(
                "%(amount)s did not reach the customer and is back at Stripe%(why)s. Paid again by "
                "it: %(invoices)s. Refund the customer in another way.",
                invoices=paid._say_names(),
                amount=self.currency_id.format(self.amount),
                why=f" ({refund.failure_reason})" if refund.failure_reason else "",
            ),
        )
        return ""

    def _uncount(self, request_lines):
        self.state = "failed"  # what it answered counts no more
        request_lines._count_returned("amount_refunded")

    def _raise_credit(self, shares):
        """Money that came back and fits no invoice any more is the customer's credit."""
        for share in shares:
            if not share.reconciled:
                checkout = self.request_id.checkout_ids[:1]
                digits = self.currency_id.decimal_places
                checkout._raise_credit(
                    self.payment_id,
                    to_decimal(-share.amount_residual_currency, digits),
                    "came_back",
                )
