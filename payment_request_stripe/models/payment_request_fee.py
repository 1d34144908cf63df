# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..gateways.errors import GatewayError
from ..gateways.events import PaymentEvent
from ..gateways.money import to_decimal, to_major
from ..gateways.undo import moves_told

# Stripe knows the fee of a card at once, of a bank debit when it settles; later nobody asks.
ASK_FOR = timedelta(days=14)


class AccountPayment(models.Model):
    """Payments and refunds, and what they moved on Stripe's balance."""

    _name = "account.payment"
    _inherit = ["account.payment", "payment.request.settlement"]

    stripe_balance_ref = fields.Char(
        string="Stripe Balance Transactions", readonly=True, copy=False
    )

    stripe_balance_asked_at = fields.Datetime(
        readonly=True, copy=False, help="When the poll last asked what it moved there."
    )

    _stripe_balance_unknown = models.Index(
        "(id) WHERE payment_request_id IS NOT NULL AND stripe_balance_ref IS NULL"
    )
    _stripe_entry_missing = models.Index("(id) WHERE stripe_entry_missing")

    def _get_settled_payment(self):
        return self

    def _get_settled_entries(self):
        """Without the entry of a refund that failed when a person had cancelled it already."""
        if self.stripe_refund_ref and self.move_id.state == "cancel" and self._has_failed():
            return self.env["account.move"]
        return self.move_id

    def _has_failed(self):
        """Tell whether this is the booking of a refund that did not reach the payer."""
        refunds = self.env["payment.request.refund"].sudo()
        failed = [("state", "in", ("failed", "cancelled")), ("refund_payment_id", "in", self.ids)]
        return bool(refunds.search_count(failed, limit=1))

    def _get_settled_ref(self):
        return self.stripe_refund_ref or self.stripe_payment_intent_ref

    def _is_fee_booked(self):
        return self.company_id.payment_request_post_fees

    def _learn_balance(self, moves, day):
        """Keep what this payment or refund moved on Stripe's balance, once; book what follows.

        :param moves: its `BalanceLine` so far; a refund that failed later has two
        :return: the reason why there was nothing to do, or none
        """
        self.ensure_one()
        ref = ",".join(move.ref for move in moves)
        if (self.stripe_balance_ref or "").startswith(ref):
            return self.env._("The fee is known already.")
        code = moves[0].currency
        known = to_decimal(self.stripe_fee, self.stripe_balance_currency_id.decimal_places or 0)
        more = to_major(sum(move.fee for move in moves), code) - known
        self.stripe_balance_ref = ref
        self._settle(moves, day)
        if more and self.stripe_balance_currency_id.active:  # without it there may be no rate
            self.payment_request_id._add_stripe_fee(more, self.stripe_balance_currency_id, day)
        return ""

    def _ask_balance(self, gateway):
        """Return the event that tells what it moved on Stripe's balance, or none as yet.

        :raise GatewayError: when Stripe cannot be asked
        """
        self.ensure_one()
        if self.stripe_refund_ref:
            return gateway.retrieve_refund_balance(self.stripe_refund_ref)
        return gateway.retrieve_charge(self.stripe_payment_intent_ref)

    def _poll(self):
        """Put what it moved on Stripe's balance into the inbox, when Stripe can tell it."""
        request = self.payment_request_id
        request._commit()
        self._note_balance_asked()
        request._commit()
        try:
            payload = self._ask_balance(request.provider_id._get_stripe_gateway())
        except GatewayError as error:
            request._log_step(f"fee not asked: {error.message}")
            return
        if payload:
            self.env["payment.request.event"]._store(request.provider_id, payload)

    def _note_balance_asked(self):
        """Write down that the poll asks now; it is no change, which would have it asked for longer.

        What Stripe cannot tell, say of another mode's key, goes to the end of the row.
        """
        self.ensure_one()
        now = fields.Datetime.now()
        self.env.cr.execute(
            SQL(
                "UPDATE account_payment SET stripe_balance_asked_at = %s WHERE id = %s",
                now,
                self.id,
            )
        )
        self.invalidate_recordset(["stripe_balance_asked_at"])

    def _forget_balance(self, day):
        """Have the poll ask anew what Stripe's balance moved for a refund that failed.

        Its exchange is taken back at once: of the payment's currency nothing is left to be changed.
        What the rates of the way there and back differ by is booked when it is known.

        :param day: the day of the failure, in the company's time zone
        """
        self.ensure_one()
        self.stripe_balance_ref = self.stripe_balance_asked_at = False
        self.env["payment.request.event"]._ring_poll()
        if self.stripe_balance_currency_id in (self.currency_id, self.env["res.currency"]):
            return
        try:
            with self.env.cr.savepoint():
                self.stripe_settled = 0
                self._keep_settlement(day)
        except UserError as error:  # the failure itself is booked all the same
            self.payment_request_id._log_step(f"exchange of a failed refund stands: {error}")


class PaymentRequest(models.Model):
    _inherit = "payment.request"

    def _add_stripe_fee(self, fee, currency, day):
        """Count a fee (Decimal, major units), changed at the day's rate when it has to be."""
        self.ensure_one()
        known = to_decimal(self.stripe_fee, self.currency_id.decimal_places)
        if currency != self.currency_id:
            changed = currency._convert(float(fee), self.currency_id, self.company_id, day)
            fee = to_decimal(changed, self.currency_id.decimal_places)
        self.stripe_fee = float(known + fee)


class PaymentRequestEvent(models.Model):
    _inherit = "payment.request.event"

    def _on_charge_updated(self, checkout, event: PaymentEvent):
        """Stripe knows what it keeps of a payment; told by webhook it is only a reference."""
        moves = moves_told(self.payload["data"]["object"])
        payment = checkout._get_payment()
        if not payment or not moves:
            return self.env._("It does not say what Stripe keeps: the poll asks.")
        return payment._learn_balance(moves, checkout._get_stripe_date(event))

    def _on_refund(self, checkout, event: PaymentEvent):
        """Learn of a refund; when we asked, also what it moved on Stripe's balance."""
        reason = super()._on_refund(checkout, event)
        obj = self.payload["data"]["object"]
        refund = self.env["payment.request.refund"].search([("stripe_refund_ref", "=", obj["id"])])
        if (booked := refund.refund_payment_id) and (moves := moves_told(obj)):
            return booked._learn_balance(moves, checkout._get_stripe_date(event))
        return reason

    @api.model
    def _poll_balance(self, limit=200):
        """Ask Stripe what payments and refunds moved on its balance that were booked lately."""
        payments = self.env["account.payment"].search(
            [
                ("payment_request_id", "!=", False),
                ("stripe_balance_ref", "=", False),
                ("write_date", ">=", fields.Datetime.now() - ASK_FOR),
            ],
            order="stripe_balance_asked_at nulls first, id",
            limit=limit,
        )
        self._poll_each(payments, lambda payment: payment._poll(), asked="stripe_balance_asked_at")
