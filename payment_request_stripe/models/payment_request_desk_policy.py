# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import fields, models

from ..exceptions import PaymentRequestRefused
from ..gateways.money import chargeable, to_decimal, to_major
from .payment_request_checkout_booking import RING_OFF

# Somebody was to have this money, so that no policy decides over it.
FOR_A_PERSON = frozenset({"came_back", "request_gone"})


class AccountPayment(models.Model):
    """Why money fits no invoice, and what the company wants to be done with it."""

    _inherit = "account.payment"

    payment_request_credit_reason = fields.Selection(
        selection=[
            ("second_payment", "Second Payment"),
            ("overpayment", "Over-payment"),
            ("wrong_amount", "Wrong Amount"),
            ("wrong_currency", "Wrong Currency"),
            ("invoice_gone", "Invoice Gone"),
            ("request_gone", "Request Gone"),
            ("came_back", "Came Back"),
            ("unreconciled", "Unreconciled"),
        ],
        string="Why",
        readonly=True,
        copy=False,
    )
    payment_request_credit_note = fields.Char(string="What Happened", readonly=True, copy=False)

    def _get_paid_lines(self):
        """Return the request lines of whose invoices these payments settle something."""
        shares = self.move_id.line_ids.filtered("payment_request_line_id")
        return shares.filtered(
            lambda share: (
                share.payment_request_line_id.move_id
                in share.matched_debit_ids.debit_move_id.move_id
            )
        ).payment_request_line_id

    def _apply_credit_policy(self, credit, reason):
        """Do with fresh credit what the company's settings say; nothing is asked of Stripe here.

        :param Decimal credit: major units of the payment's currency
        :return: whether a person still has to decide over some of it
        """
        self.ensure_one()
        policy = self.company_id.payment_request_credit_policy
        if reason in FOR_A_PERSON or policy == "ask":
            return True
        if policy == "keep":
            self.action_payment_request_keep()
            return False
        if policy == "allocate":
            # Links for the invoices that it pays have to hear of it.
            return not self.with_context(payment_request_ring_off=None)._allocate_by_policy()
        return not (reason == "second_payment" and self._refund_by_policy(credit))

    def _allocate_by_policy(self):
        """Pay the oldest open invoices; tell whether nothing is left."""
        if self._allocate_credit():
            self._message_log(
                body=self.env._("Allocated to the oldest open invoices, as the settings say.")
            )
        return not self._get_open_shares()

    def _refund_by_policy(self, credit):
        """Write down the refund of a second payment, for the poll to ask Stripe; tell if so.

        A bank may still return a debit after it came: its refund is for a person to decide.
        """
        checkout = self.env["payment.request.checkout"].search(
            [("stripe_payment_intent_ref", "=", self.stripe_payment_intent_ref)], limit=1
        )
        if checkout.debit_method or self._get_refundable() < credit:
            return False
        nobody, nothing = self.env["payment.request.line"], self.env["account.move"]
        refunds = self.env["payment.request.refund"]
        try:
            refund = refunds._write_down(self, [(nobody, credit, nothing)], "duplicate")
        except PaymentRequestRefused:  # of an amount that Stripe cannot express, for one
            return False
        self.env["payment.request.event"]._ring_poll()
        self.payment_request_id._message_log(
            body=self.env._(
                "%(amount)s of %(payment)s was paid a second time and is being refunded, as the "
                "settings say.",
                amount=refund.currency_id.format(refund.amount),
                payment=self._get_html_link(),
            )
        )
        return True

    def _explain_unreconciled(self):
        """Have these payments stand on the desk: somebody took their invoices from them."""
        if self:
            self.write(
                {
                    "payment_request_credit_reason": "unreconciled",
                    "payment_request_credit_note": self.env._(
                        "The reconciliation with its invoices was undone."
                    ),
                    "payment_request_credit_kept": False,
                }
            )


class PaymentRequestCheckout(models.Model):
    _inherit = "payment.request.checkout"

    def _raise_credit(self, payment, credit, reason=None):
        """Keep why money fits no invoice and apply the company's policy; else ask a person."""
        why, note = self._explain_credit(payment)
        if reason == "came_back":
            note = self.env._("It came back, and its invoices were settled in another way.")
        reason = reason or why
        payment.write(
            {
                "payment_request_credit_reason": reason,
                "payment_request_credit_note": note,
                "payment_request_credit_kept": False,
            }
        )
        if not payment._apply_credit_policy(credit, reason):
            return None
        left = to_decimal(payment.payment_request_credit, payment.currency_id.decimal_places)
        return super()._raise_credit(payment, min(left, credit))

    def _explain_credit(self, payment):
        """Return ``(reason, sentence)`` for the money of `payment` that fits no invoice."""
        quote = self.quote
        if not quote["lines"]:
            return "request_gone", self.request_id.origin
        asked = to_major(quote["total"], quote["currency"])
        took = payment.currency_id.format(payment.amount)
        words = {"took": took, "asked": f"{asked} {quote['currency']}"}
        if payment.currency_id.name != quote["currency"]:
            return "wrong_currency", self.env._(
                "Stripe took %(took)s, where %(asked)s was asked.", **words
            )
        if to_decimal(payment.amount, payment.currency_id.decimal_places) != asked:
            return "wrong_amount", self.env._(
                "Stripe took %(took)s, where %(asked)s was asked.", **words
            )
        return self._explain_settled(payment)

    def _explain_settled(self, payment):
        """Return the same for a payment of exactly what was asked: its invoices changed since."""
        lines = self._get_quoted_lines()
        gone = [line.move_id for line in lines if line and line.move_id.state != "posted"]
        if gone or not all(lines):
            names = ", ".join(move.name or move.display_name for move in gone)
            return "invoice_gone", self.env._(
                "%(invoices)s: not posted any more.", invoices=names or self.env._("An invoice")
            )
        if earlier := self._get_first_payments(payment, lines):
            return "second_payment", self.env._(
                "%(payment)s had paid the same invoices already.",
                payment=", ".join(earlier.mapped("name")),
            )
        return "overpayment", self.env._(
            "%(invoices)s: settled in another way before the payment came.",
            invoices=", ".join(line.move_id.name for line in lines),
        )

    def _get_first_payments(self, payment, lines):
        """Return the payments before `payment` that had paid all that was asked for `lines`.

        None when something else settled a part, or when it went back: that is for a person.
        """
        earlier = self.request_id._get_stripe_payments() - payment
        if not all(line._is_paid_by_link() for line in lines):
            return earlier.browse()
        return earlier.filtered(lambda one: any(line in one._get_paid_lines() for line in lines))


class PaymentRequestLine(models.Model):
    _inherit = "payment.request.line"

    def _is_paid_by_link(self):
        """Tell whether this link's own payments settle all that was asked of the invoice."""
        self.ensure_one()
        asked = to_decimal(self.amount, self.currency_id.decimal_places)
        return chargeable(asked - self._get_net_paid(), self.currency_id.name) <= 0


class AccountPartialReconcile(models.Model):
    _inherit = "account.partial.reconcile"

    def _count_payments(self):
        """Count what a person reconciled of our payments with the invoices of their requests."""
        if self.env.context.get("payment_request_ring_off") is not RING_OFF:
            shares = self.sudo().credit_move_id.filtered("payment_request_line_id")
            shares.payment_request_line_id._count_reconciled()


class ResCompany(models.Model):
    _inherit = "res.company"

    payment_request_credit_policy = fields.Selection(
        selection=[
            ("ask", "Ask a person"),
            ("keep", "Keep it as the customer's credit"),
            ("allocate", "Pay the oldest open invoices"),
            ("refund", "Refund second payments, ask for the rest"),
        ],
        string="Money That Fits No Invoice",
        default="ask",
        required=True,
        help="What is done when Stripe took more than the invoices of a link still owe.",
    )


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    payment_request_credit_policy = fields.Selection(
        related="company_id.payment_request_credit_policy", readonly=False
    )
