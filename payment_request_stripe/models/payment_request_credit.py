# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from decimal import Decimal

from odoo import api, fields, models
from odoo.tools import format_date

from ..gateways.money import chargeable, to_decimal, to_major, to_minor
from .payment_request import OPEN_STATES


class PaymentRequestCredit(models.Model):
    """An open credit of the customer that a payment request deducts: offered, then used."""

    _name = "payment.request.credit"
    _description = "Payment Request Deduction"
    _order = "id"
    _rec_name = "item_id"
    _check_company_auto = True

    request_id = fields.Many2one(
        comodel_name="payment.request", required=True, readonly=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="request_id.company_id", store=True, index=True)
    currency_id = fields.Many2one(related="request_id.currency_id")
    item_id = fields.Many2one(
        comodel_name="account.move.line",
        string="Credit",
        required=True,
        readonly=True,
        check_company=True,
        ondelete="restrict",
        index=True,
        help="The open item of a credit note or of a payment that fits no invoice yet.",
    )
    move_id = fields.Many2one(related="item_id.move_id", string="Credit Note or Payment")
    amount = fields.Monetary(required=True, readonly=True, string="Offered")
    amount_used = fields.Monetary(
        readonly=True, string="Used", help="What was allocated together with payments."
    )
    is_reserved = fields.Boolean(
        readonly=True,
        default=True,
        string="Reserved",
        help="While the link asks, no other link deducts the same credit.",
    )

    _amount_positive = models.Constraint(
        "CHECK (amount > 0)", "The amount of a deduction must be positive."
    )
    _used_at_most = models.Constraint(
        "CHECK (COALESCE(amount_used, 0) BETWEEN 0 AND amount)",
        "No more of a credit is used than was offered.",
    )
    _item_once = models.UniqueIndex(
        "(request_id, item_id)", "A credit stands in a payment request once."
    )
    _reserved_once = models.UniqueIndex(
        "(item_id) WHERE is_reserved", "A credit is deducted by one open payment request."
    )

    def _get_open(self):
        """Return what can still be deducted: Decimal, major units, what Stripe's steps allow."""
        self.ensure_one()
        digits = self.currency_id.decimal_places
        left = to_decimal(self.amount, digits) - to_decimal(self.amount_used, digits)
        can = max(min(left, self._get_item_open()), to_decimal(0, digits))
        return to_decimal(chargeable(can, self.currency_id.name), digits)

    def _get_item_open(self):
        """Return what is left of the credit itself, whoever deducts it: Decimal, major units.

        Without what is being refunded of it.
        """
        digits = self.currency_id.decimal_places
        item = self.item_id.sudo()
        is_there = item.parent_state == "posted" and not item.reconciled
        is_there = is_there and item.amount_residual_currency < 0
        return to_decimal(item._get_free_amount() if is_there else 0, digits)

    def _reserve(self):
        """Hold those of these credits that no other request holds."""
        loose = self.filtered(lambda credit: not credit.is_reserved)
        taken = loose.item_id._get_reserved_credits().item_id
        free = loose.filtered(lambda credit: credit.item_id not in taken)
        free.is_reserved = True
        for credit in loose - free:
            credit.request_id._message_log(
                body=self.env._(
                    "%(credit)s is not deducted any more: another payment request deducts it.",
                    credit=credit.item_id.move_id.name,
                )
            )


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    def _get_credit_label(self):
        """Return how a customer knows this credit: the credit note, or the payment of a day."""
        self.ensure_one()
        if self.move_id.move_type == "out_refund":
            return self.env._("Credit note %(name)s", name=self.move_id.name)
        return self.env._("Payment of %(day)s", day=format_date(self.env, self.date))

    def _get_reserved_credits(self):
        """Return the deductions (sudo) of open payment requests that hold these credits."""
        return (
            self.env["payment.request.credit"]
            .sudo()
            .search([("item_id", "in", self.ids), ("is_reserved", "=", True)])
        )


class AccountMove(models.Model):
    _inherit = "account.move"

    def _get_payment_request_credits(self):
        """Return the open credits of the customers of these invoices that links may deduct.

        Credit notes and payments that fit no invoice yet: of the same customer, company, currency
        and receivable account, deducted by no other open payment request, and not being refunded.

        :rtype: account.move.line
        """
        found = self.env["account.move.line"]
        for key, moves in self.env["payment.request"]._group_moves(self).items():
            found |= found.search(self._get_credit_domain(key, moves), order="date, id")
        found -= found._get_reserved_credits().item_id
        free = found._get_free_amounts()
        return found.filtered(lambda item: free[item] > 0)

    @api.model
    def _get_credit_domain(self, key, moves):
        partner, company, currency = key
        accounts = moves.line_ids.account_id.filtered(
            lambda account: account.account_type == "asset_receivable"
        )
        return [
            ("partner_id", "=", partner.id),
            ("company_id", "=", company.id),
            ("currency_id", "=", currency.id),
            ("account_id", "in", accounts.ids),
            ("parent_state", "=", "posted"),
            ("reconciled", "=", False),
            ("amount_residual_currency", "<", 0),
        ]

    def _has_live_credit(self):
        """Tell whether an open payment request deducts a credit of one of these entries."""
        return bool(
            self.env["payment.request.credit"]
            .sudo()
            .search_count(
                [("is_reserved", "=", True), ("item_id.move_id", "in", self.ids)], limit=1
            )
        )


class PaymentRequest(models.Model):
    """What a request deducts, and how long it holds on to it."""

    _inherit = "payment.request"

    credit_ids = fields.One2many(
        comodel_name="payment.request.credit",
        inverse_name="request_id",
        string="Credits Deducted",
        readonly=True,
    )
    amount_credit = fields.Monetary(
        compute="_compute_amount_credit",
        store=True,
        string="Credits Offered",
        help="Credits of the customer that the link deducts from what the invoices owe.",
    )

    @api.depends("credit_ids.amount")
    def _compute_amount_credit(self):
        for request in self:
            request.amount_credit = request._sum_amounts(request.credit_ids.mapped("amount"))

    def _transition(self, target, **values):
        """Hold the credits while a link asks, and let go of them when it does not any more.

        A link that comes back to life takes only those that no other holds by now.
        """
        moved = super()._transition(target, **values)
        for request in moved.filtered("amount_credit"):
            if target in OPEN_STATES:
                request.credit_ids._reserve()
            else:
                request.credit_ids.is_reserved = False
        return moved

    def _deduct_credits(self, shares):
        """Deduct the credits from what the lines of a quote ask, in place, the first line first.

        Checkout knows no negative lines: each line asks for less, and says why.
        """
        self.ensure_one()
        if not self.amount_credit:
            return
        code = self.currency_id.name
        owed = {line.id: line._get_owed_by_account() for line in self.line_ids}
        for credit in self.credit_ids.filtered("is_reserved"):
            left, account = credit._get_open(), credit.item_id.sudo().account_id
            for share in shares:
                on_account = owed[share["line"]]
                pay = to_major(share["pay"], code)
                part = chargeable(min(left, pay, on_account.get(account, Decimal(0))), code)
                if part <= 0:
                    continue
                minor = to_minor(part, code)
                share["pay"] -= minor
                share.setdefault("credits", []).append({"item": credit.item_id.id, "amount": minor})
                on_account[account] -= part
                left -= part

    def _credits_note_of(self, invoice):
        """Tell whether a credit note of this very invoice is deducted here."""
        return bool(self.amount_credit) and invoice in (
            self.credit_ids.item_id.sudo().move_id.reversed_entry_id
        )

    def _get_receivable_account(self):
        """Return the account on which the customer's credit lies."""
        self.ensure_one()
        return self.partner_id.with_company(self.company_id).property_account_receivable_id
