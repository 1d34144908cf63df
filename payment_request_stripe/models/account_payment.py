# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, fields, models
from odoo.exceptions import UserError

from ..exceptions import BookingRefused

# In the context of what is only being made: it pays nothing yet. No caller over RPC can write it.
BEING_MADE = object()
# What may still change on a booked payment that was reset to draft; the rest is Stripe's word.
EDITABLE_IN_DRAFT = {"date"}


class AccountPayment(models.Model):
    _name = "account.payment"
    _inherit = ["account.payment", "payment.request.protection"]

    _kept_by_payment_requests = frozenset(
        {
            "payment_request_credit_kept",
            "payment_request_credit_note",
            "payment_request_credit_reason",
            "payment_request_id",
            "stripe_balance_asked_at",
            "stripe_balance_currency_id",
            "stripe_balance_ref",
            "stripe_entry_missing",
            "stripe_exchange_move_id",
            "stripe_fee",
            "stripe_fee_move_id",
            "stripe_fee_wanted",
            "stripe_payment_intent_ref",
            "stripe_refund_ref",
            "stripe_settled",
        }
    )

    payment_request_id = fields.Many2one(
        comodel_name="payment.request",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
    )
    stripe_payment_intent_ref = fields.Char(
        string="Stripe Payment Intent", readonly=True, copy=False
    )
    stripe_refund_ref = fields.Char(string="Stripe Refund", readonly=True, copy=False)

    _stripe_payment_intent_ref_unique = models.UniqueIndex(
        "(stripe_payment_intent_ref) WHERE stripe_payment_intent_ref IS NOT NULL",
        "A Stripe payment is booked once.",
    )
    _stripe_refund_ref_unique = models.UniqueIndex(
        "(stripe_refund_ref) WHERE stripe_refund_ref IS NOT NULL",
        "A Stripe refund is booked once.",
    )

    # === COMPUTE METHODS === #

    def _compute_stat_buttons_from_reconciliation(self):
        """Spare PostgreSQL the question what a payment paid which is only being made.

        Odoo asks it four times on the way, by way of what depends on it.
        """
        if self.env.context.get("payment_request_payment") is not BEING_MADE:
            return super()._compute_stat_buttons_from_reconciliation()
        self.reconciled_invoice_ids = self.reconciled_bill_ids = False
        self.reconciled_invoices_count = self.reconciled_bills_count = 0
        self.reconciled_invoices_type = self.reconciled_statement_line_ids = False
        self.reconciled_statement_lines_count = 0

    # === CRUD METHODS === #

    @api.ondelete(at_uninstall=False)
    def _unlink_except_booked_from_stripe(self):
        if self.filtered("payment_request_id"):
            raise UserError(
                self.env._(
                    "A payment that Stripe took cannot be deleted. Cancel it if it was booked "
                    "wrongly, or refund it."
                )
            )

    # === ACTION METHODS === #

    def action_post(self):
        self.filtered("payment_request_id").check_access("write")
        return super().action_post()

    def action_cancel(self):
        """Cancel, and tell who is in charge: the money is at Stripe all the same.

        Odoo deletes the entry of a draft; ours is kept, line by line, to be posted again.
        """
        drafts = self.filtered(lambda one: one.payment_request_id and one.move_id.state == "draft")
        result = super(AccountPayment, self - drafts).action_cancel()
        drafts.state = "canceled"
        drafts.move_id.button_cancel()
        for payment in self.filtered("payment_request_id"):
            amount = payment.currency_id.format(payment.amount)
            payment.payment_request_id._notify_person_in_charge(
                self.env._("A payment was cancelled: %(payment)s", payment=payment.name),
                self.env._("Stripe has refunded %(amount)s. Post it again.", amount=amount)
                if payment.stripe_refund_ref
                else self.env._(
                    "Stripe still holds %(amount)s. Post the payment again, or refund it.",
                    amount=amount,
                ),
            )
        return result

    # === BUSINESS METHODS === #

    def _synchronize_to_moves(self, changed_fields):
        """Keep the entries of our payments as booked: they have a line per invoice.

        Odoo would fold them into one and fail on the second.

        :raise UserError: when a draft's amount, customer or journal is changed
        """
        ours = self.filtered("payment_request_id")
        touched = changed_fields & set(self._get_trigger_fields_to_synchronize())
        for payment in ours.filtered(lambda one: touched and one.move_id.state == "draft"):
            if touched - EDITABLE_IN_DRAFT:
                raise UserError(
                    self.env._(
                        "%(payment)s was booked from Stripe, so only its date can be changed.",
                        payment=payment.name or payment.payment_request_id.name,
                    )
                )
            payment.move_id.with_context(skip_invoice_sync=True).date = payment.date
        return super(AccountPayment, self - ours)._synchronize_to_moves(changed_fields)

    def _reconcile_payment_request_lines(self):
        """Reconcile every open share with the invoice it was quoted for, in one plan.

        A share is at most what the invoice owes; the rest stays the customer's credit. What is
        deducted is reconciled with the credits it was taken from.

        :return: ``{item of the payment: Decimal}`` in major units of the payment's currency
        :raise BookingRefused: when an invoice did not get exactly its share
        """
        self.ensure_one()
        plan, groups = [], {}
        for share in self.move_id.line_ids._get_request_shares().sorted("id"):
            if share.reconciled:
                continue
            request_line, account = share.payment_request_line_id, share.account_id
            if (request_line, account) not in groups:
                owed_lines = request_line._get_open_invoice_lines(account)
                groups[request_line, account] = owed_lines, owed_lines._get_open_amount(), {}
            owed_lines, _owed, shares = groups[request_line, account]
            if owed_lines:
                plan += [share | items for items in request_line._rank_open_lines(owed_lines)]
                shares[share] = share._get_open_amount()
        plan += self._plan_credit_sources()
        if plan:
            self.env["account.move.line"]._reconcile_plan(plan)
        allocated = {}
        for (request_line, _account), (owed_lines, owed, shares) in groups.items():
            got = {share: amount - share._get_open_amount() for share, amount in shares.items()}
            if shares and (
                sum(got.values()) != min(sum(shares.values()), owed)
                or owed_lines._get_open_amount() != owed - sum(got.values())
            ):
                raise BookingRefused(
                    self.env._(
                        "%(invoice)s did not get exactly its share of the payment.",
                        invoice=request_line.move_id.name,
                    )
                )
            allocated.update(got)
        return allocated

    def _plan_credit_sources(self):
        """Return what pairs the items that take credits with the credits they take from."""
        sources = self.move_id.line_ids.filtered(
            lambda line: line.payment_request_part == "credit_source" and not line.reconciled
        )
        return [source | source.payment_request_credit_id.item_id for source in sources]
