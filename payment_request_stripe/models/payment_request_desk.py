# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command, Domain


class AccountPayment(models.Model):
    """The desk of money that Stripe took and that fits no invoice: a list of work."""

    _inherit = "account.payment"

    payment_request_credit = fields.Monetary(
        string="To Allocate",
        compute="_compute_payment_request_credit",
        help="What of this payment of Stripe is still the customer's and not being refunded.",
    )
    payment_request_has_credit = fields.Boolean(
        compute="_compute_payment_request_credit", search="_search_payment_request_has_credit"
    )
    payment_request_credit_kept = fields.Boolean(
        string="Kept as Credit",
        readonly=True,
        copy=False,
        help="Somebody decided that the rest stays the customer's credit.",
    )

    @api.depends(
        "move_id.line_ids.amount_residual_currency",
        "payment_request_id.refund_ids.amount",
        "payment_request_id.refund_ids.state",
    )
    def _compute_payment_request_credit(self):
        free = self._get_open_shares()._get_free_amounts()
        for payment in self:
            shares = payment._get_open_shares()
            credit = sum((free[share] for share in shares), Decimal(0))
            payment.payment_request_credit = float(credit)
            payment.payment_request_has_credit = credit > 0

    @api.model
    def _search_payment_request_has_credit(self, operator, value):
        if operator != "in":
            return NotImplemented
        open_shares = self.env["account.move.line"]._search(
            [
                ("parent_state", "=", "posted"),
                ("account_type", "=", "asset_receivable"),
                ("reconciled", "=", False),
                ("amount_residual_currency", "<", 0),
                ("move_id.origin_payment_id.stripe_payment_intent_ref", "!=", False),
            ]
        )
        refunds = self.env["payment.request.refund"].sudo()
        under_way = refunds.search([("state", "in", ("intended", "pending"))]).payment_id
        promised = under_way.filtered(lambda payment: not payment.payment_request_has_credit)
        found = Domain("move_id.line_ids", "in", open_shares)
        found &= Domain("id", "not in", promised.ids)
        return found if True in value else ~found

    def _get_open_shares(self):
        """Return the receivable items of these payments of Stripe that are not used up."""
        return self.filtered("stripe_payment_intent_ref").move_id.line_ids.filtered(
            lambda line: (
                line.account_type == "asset_receivable"
                and line.parent_state == "posted"
                and not line.reconciled
                and line.amount_residual_currency < 0
            )
        )

    # === ACTION METHODS === #

    def action_payment_request_allocate(self):
        """Use the credit for what the customer owes on other invoices, the oldest first.

        :raise UserError: when the customer owes nothing that it could pay or that is not being
            paid already, a link deducts it, or it is being refunded
        """
        self.check_access("write")
        for payment in self:
            payment.payment_request_id.sudo()._lock()  # nobody writes a refund down meanwhile
            payment._check_not_deducted()
            payment._check_not_promised()
            if not payment._allocate_credit():
                raise UserError(payment._explain_nothing_owed())
            if not payment._get_open_shares():
                payment._drop_credit_activity()
        return True

    def _check_not_deducted(self):
        """Refuse to use a credit that an open link of the customer promises to deduct.

        :raise UserError: naming the links
        """
        if deducted := self._get_open_shares()._get_reserved_credits():
            raise UserError(
                self.env._(
                    "%(payment)s is deducted by %(requests)s. Cancel that payment request first, "
                    "or let the customer pay it.",
                    payment=self.name,
                    requests=", ".join(deducted.request_id.mapped("name")),
                )
            )

    def _check_not_promised(self):
        """Refuse to use a credit of which a refund takes something and is not made yet.

        :raise UserError: saying how much
        """
        shares, promised = self._get_open_shares(), self._get_promised()
        if shares and all(share in promised for share in shares):
            amount = sum(promised[share] for share in shares)
            raise UserError(
                self.env._(
                    "%(amount)s of %(payment)s is being refunded. What is left can be allocated "
                    "when the refund is made.",
                    amount=self.currency_id.format(float(amount)),
                    payment=self.name,
                )
            )

    def _explain_nothing_owed(self):
        """Return the sentence that says why this credit pays nothing now."""
        names = {"customer": self.partner_id.display_name, "payment": self.name}
        owed = [self._get_owed_items(share) for share in self._get_open_shares()]
        under_way = self.env["account.move.line"].union(*owed).move_id._get_in_transit()
        if not under_way:
            return self.env._("%(customer)s owes nothing that %(payment)s could pay.", **names)
        return self.env._(
            "%(payment)s could pay only what %(customer)s is paying already: a payment of "
            "%(invoices)s is on its way. Wait for it, or keep or refund the credit.",
            **names,
            invoices=", ".join(move.name for move in under_way),
        )

    def _allocate_credit(self):
        """Reconcile the open shares with the customer's open invoices; tell whether any was.

        A share of which something is being refunded waits: Odoo would use all of it. So does an
        invoice for which a payment is on its way: that would not fit any more when it comes.
        """
        self.ensure_one()
        done, promised = False, self._get_promised()
        for share in self._get_open_shares().filtered(lambda share: share not in promised):
            owed = self._get_owed_items(share)
            under_way = owed.move_id._get_in_transit()
            owed -= owed.filtered(lambda item, under_way=under_way: item.move_id in under_way)
            if owed:
                share._reconcile_plan([share | owed])
                done = True
        self.move_id.line_ids.payment_request_line_id._count_reconciled()
        return done

    def _get_owed_items(self, share):
        """Return what the customer owes on invoices that `share` could pay, the oldest first."""
        return self.env["account.move.line"].search(
            [
                ("partner_id", "child_of", self.partner_id.commercial_partner_id.id),
                ("company_id", "=", self.company_id.id),
                ("account_id", "=", share.account_id.id),
                ("currency_id", "=", share.currency_id.id),
                ("parent_state", "=", "posted"),
                ("move_id.move_type", "=", "out_invoice"),
                ("amount_residual_currency", ">", 0),
            ],
            order="date_maturity, date, id",
        )

    def action_payment_request_keep(self):
        """Decide that the rest stays the customer's credit; it leaves the list of work."""
        self.check_access("write")
        for payment in self:
            payment.sudo().payment_request_credit_kept = True
            payment._drop_credit_activity()
            payment._message_log(
                body=self.env._(
                    "%(credit)s stays the customer's credit.",
                    credit=payment.currency_id.format(payment.payment_request_credit),
                )
            )
        return True

    def action_payment_request_refund_credit(self):
        """Open the Refund dialog for the credit only.

        :raise UserError: when there is none, or a link deducts it
        """
        self.ensure_one()
        self.check_access("read")
        request = self.payment_request_id
        request.check_access("write")
        self._check_not_deducted()
        credit = float(self.sudo()._get_refundable_credit())
        if not credit:
            raise UserError(self.env._("Nothing of %(name)s is left.", name=self.name))
        line = {"amount": credit, "amount_max": credit}
        return request._open_refund(self, payment_id=self.id, line_ids=[Command.create(line)])

    def _drop_credit_activity(self):
        self.payment_request_id._drop_activity(
            self.env._("Money to allocate: %(payment)s", payment=self.name)
        )
