# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import models

from ..gateways.money import to_decimal, to_major

# Stripe's words for what moves its balance. Payouts and fees of the account are not ours.
CHARGES = ("charge", "payment")
REFUNDS = ("refund", "payment_refund")


class PaymentRequestAudit(models.AbstractModel):
    """Says what our books do not say of a movement of Stripe's balance, for one company.

    A movement comes as Stripe tells it, its source expanded; `self` has a `company_id`.
    """

    _name = "payment.request.audit"
    _description = "Audit of Payment Requests"

    def _get_provider(self):
        return self.env["payment.provider"]._get_payment_request_provider(self.company_id)

    def _is_ours(self, source):
        """Tell whether what moved the balance belongs to a checkout of this database."""
        found = self.env["payment.request.checkout"].search(
            [("stripe_payment_intent_ref", "=", source.get("payment_intent") or "-")], limit=1
        )
        metadata = source.get("metadata") or {}
        if not found and (key := metadata.get("checkout")):
            found = found.search([("idempotency_key", "=", key)], limit=1)
        if found:
            return found.company_id == self.company_id
        return self.env["payment.request.event"]._is_marked_ours(self._get_provider(), metadata)

    def _find_difference(self, row, source):
        """Return what our books do not say of one movement, in sentences; mostly none."""
        kind = row["type"]
        amount = to_major(source["amount"], source["currency"])
        money = f"{amount} {source['currency'].upper()}"
        if kind in CHARGES:
            ref = source["payment_intent"]
            return self._compare_payment(
                "stripe_payment_intent_ref", ref, amount, money
            ) or self._compare_fee(ref, row)
        if kind in REFUNDS:
            if source.get("status") == "succeeded":
                return self._compare_payment("stripe_refund_ref", source["id"], amount, money)
            refund = self._find_row("payment.request.refund", "stripe_refund_ref", source["id"])
            if refund and refund.state != "succeeded":
                return []
            return [self.env._("%(ref)s of %(money)s is not known.", ref=source["id"], money=money)]
        if source.get("object") == "dispute":
            return self._compare_dispute(source, money)
        return []

    def _find_row(self, model, field_name, ref):
        return self.env[model].search([(field_name, "=", ref)], limit=1)

    def _compare_payment(self, field_name, ref, amount, money):
        payment = self._find_row("account.payment", field_name, ref)
        if not payment or payment.move_id.state != "posted":
            return [self.env._("%(ref)s of %(money)s is not booked.", ref=ref, money=money)]
        booked = to_decimal(payment.amount, payment.currency_id.decimal_places)
        if booked != amount:
            return [
                self.env._(
                    "%(ref)s of %(money)s is booked with %(booked)s as %(payment)s.",
                    ref=ref,
                    money=money,
                    booked=payment.currency_id.format(payment.amount),
                    payment=payment.name,
                )
            ]
        return []

    def _compare_fee(self, ref, row):
        """Return what the books do not say of the fee of a payment, if they keep fees."""
        payment = self._find_row("account.payment", "stripe_payment_intent_ref", ref)
        keeps = payment.company_id.payment_request_post_fees
        if not keeps or row.get("fee", 0) <= 0 or payment.stripe_fee_move_id:
            return []
        fee = f"{to_major(row['fee'], row['currency'])} {row['currency'].upper()}"
        return [self.env._("The fee of %(ref)s, %(fee)s, is not booked.", ref=ref, fee=fee)]

    def _compare_dispute(self, source, money):
        dispute = self._find_row("payment.request.dispute", "stripe_dispute_ref", source["id"])
        withdrawn = sum(move["amount"] for move in source.get("balance_transactions") or ()) < 0
        if not dispute or bool(dispute.move_id) != withdrawn:
            return [
                self.env._(
                    "The money of dispute %(ref)s of %(money)s is not booked as it moved.",
                    ref=source["id"],
                    money=money,
                )
            ]
        fee = sum(move["fee"] for move in source.get("balance_transactions") or ())
        if fee and not dispute.fee_move_id:
            return [self.env._("The fee of dispute %(ref)s is not booked.", ref=source["id"])]
        return []
