# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import logging
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from .payment_request import PAYABLE_STATES

_logger = logging.getLogger(__name__)

POLL = "payment_request_stripe.ir_cron_poll_stripe"
# So long Odoo itself tries to book a payment of the portal that is done.
NATIVE_BOOKED_WITHIN = timedelta(days=4)
# The slowest bank debits are decided within 14 bank days.
NATIVE_PENDING_WITHIN = timedelta(days=21)
# Odoo's wire transfer is pending as soon as the customer clicks on it, paid or not.
NATIVE_TRANSFER_WITHIN = timedelta(days=7)


def get_native_domain():
    """Return which payments of the portal are under way: not done, or done and not booked yet.

    What waits for longer than its kind ever takes counts no more: nobody would be asked again.
    """
    now = fields.Datetime.now()
    is_transfer = Domain("provider_id.code", "=", "custom")
    within = {
        limit: Domain("last_state_change", ">=", now - limit)
        for limit in (NATIVE_BOOKED_WITHIN, NATIVE_PENDING_WITHIN, NATIVE_TRANSFER_WITHIN)
    }
    under_way = (
        Domain("state", "=", "authorized")
        | (
            Domain("state", "=", "pending")
            & within[NATIVE_PENDING_WITHIN]
            & (~is_transfer | within[NATIVE_TRANSFER_WITHIN])
        )
        | (
            Domain("state", "=", "done")
            & Domain("is_post_processed", "=", False)
            & within[NATIVE_BOOKED_WITHIN]
        )
    )
    return list(under_way)


class AccountPartialReconcile(models.Model):
    _inherit = "account.partial.reconcile"

    @api.model_create_multi
    def create(self, vals_list):
        partials = super().create(vals_list)
        (partials.debit_move_id | partials.credit_move_id).move_id._ring_payment_requests()
        return partials

    def unlink(self):
        moves = (self.debit_move_id | self.credit_move_id).move_id
        result = super().unlink()
        moves.exists()._ring_payment_requests()
        return result


class AccountMove(models.Model):
    _inherit = "account.move"

    def write(self, vals):
        result = super().write(vals)
        if "state" in vals:
            self._ring_payment_requests()
        return result

    def _ring_payment_requests(self):
        """Have the worker look at the links that ask for these invoices or deduct these credits.

        Stripe is not asked here.
        """
        if self.env.context.get("payment_request_ring_off"):
            return
        invoices = self.filtered(lambda move: move.move_type == "out_invoice")
        if (invoices and invoices._is_live()) or (self - invoices)._has_live_credit():
            poll = self.env.ref(POLL, raise_if_not_found=False)
            if poll:
                poll.sudo()._trigger()

    def _is_live(self):
        """Tell whether an open link asks for one of these invoices."""
        return bool(
            self.env["payment.request.line"]
            .sudo()
            .search_count(
                [("move_id", "in", self.ids), ("request_id.state", "in", PAYABLE_STATES)], limit=1
            )
        )


class PaymentRequest(models.Model):
    """Following what happens to the invoices of an open link by other ways."""

    _inherit = "payment.request"

    @api.model
    def _follow_changes(self, limit=500):
        """Close the sessions that ask for what is not owed any more, and the links without use.

        Stripe is asked first: when the customer has just paid there, that is booked instead.
        """
        checkouts = self.env["payment.request.checkout"].search(
            [("state", "in", ("intended", "open"))],
            order="id",
            limit=limit,
        )
        for checkout in checkouts:
            checkout.request_id._follow(lambda request, live=checkout: request._follow_quote(live))
        settled = self.search(
            [("state", "in", PAYABLE_STATES), ("amount_residual", "=", 0)], order="id", limit=limit
        )
        for request in settled:
            request._follow(lambda one: one._close_settled())
        covered = self.search(
            [
                ("state", "in", PAYABLE_STATES),
                ("amount_credit", ">", 0),
                ("amount_residual", ">", 0),
            ],
            order="id",
            limit=limit,
        )
        for request in covered:
            request._follow(lambda one: one._follow_covered())

    def _follow(self, step):
        """Do one step for one request; what goes wrong with it must not stop the others."""
        self.ensure_one()
        try:
            step(self)
            self._commit()
        except Exception:
            self.env.cr.rollback()
            _logger.exception("the changes of payment request %s were not followed", self.id)

    def _follow_quote(self, checkout):
        if self.state not in PAYABLE_STATES or not checkout._is_current():
            self._close_stale_checkout(checkout)

    def _close_stale_checkout(self, checkout):
        """Expire a session whose amounts changed; our link asks for the new ones."""
        self.ensure_one()
        try:
            outcome = self._close_live_checkout()
        except UserError as error:
            self._log_step(f"stale session not closed yet: {error}", checkout)
            return
        if outcome == "closed":
            self._message_log(
                body=self.env._(
                    "The invoices changed while the customer was at Stripe. That page was closed; "
                    "the payment link asks for what is owed now: %(amount)s.",
                    amount=self.currency_id.format(self.amount_residual),
                )
            )
            self._notify_person_in_charge(
                self.env._("The invoices of %(name)s changed", name=self.name),
                self.env._(
                    "The customer was about to pay another amount. The link now asks for "
                    "%(amount)s.",
                    amount=self.currency_id.format(self.amount_residual),
                ),
            )
        self._commit()

    def _follow_covered(self):
        """Have a person reconcile credits that by now cover all that the link asks."""
        self.ensure_one()
        if self._get_quote()["total"]:
            return
        self._notify_person_in_charge(
            self.env._("Credits cover all that %(name)s asks", name=self.name),
            self.env._(
                "Nothing is left to charge. Reconcile the credits with the invoices: %(invoices)s.",
                invoices=", ".join(self.line_ids.move_id.mapped("name")),
            ),
        )

    def _close_settled(self):
        """Complete a link of which nothing is left to pay; one without invoices needs a person."""
        self.ensure_one()
        if self._get_live_checkout():
            return  # it could not be closed yet
        gone = self.line_ids.move_id.filtered(lambda move: move.state != "posted")
        if gone:
            self._notify_person_in_charge(
                self.env._("The invoices of %(name)s are not posted any more", name=self.name),
                self.env._(
                    "%(invoices)s cannot be paid by the link. Post the invoices again, or cancel "
                    "the payment request.",
                    invoices=", ".join(move.name or move.display_name for move in gone),
                ),
            )
            return
        if len(self._get_shown_lines()) < len(self.line_ids):
            self._notify_person_in_charge(
                self.env._("The invoices of %(name)s changed hands", name=self.name),
                self.env._(
                    "They are of another customer or in another currency now, so the link cannot "
                    "ask for them. Cancel the payment request, and make a new one."
                ),
            )
            return
        if self._transition("completed", failure_reason=False):
            self._message_log(
                body=self.env._("Nothing is left to pay: the invoices were settled in another way.")
            )


class PaymentRequestEvent(models.Model):
    _inherit = "payment.request.event"

    @api.model
    def _cron_poll_stripe(self):
        self.env["payment.request"]._follow_changes()
        return super()._cron_poll_stripe()


class PaymentRequestPay(models.Model):
    """A payment of the portal that is under way keeps our link from taking the money twice."""

    _inherit = "payment.request"

    def _get_native_payment(self):
        """Return an online payment by the portal, under way, for an invoice of this request."""
        self.ensure_one()
        return (
            self.env["payment.transaction"]
            .sudo()
            .search(
                [("invoice_ids", "in", self.line_ids.move_id.ids), *get_native_domain()],
                limit=1,
            )
        )

    def _get_page_state(self):
        face = super()._get_page_state()
        return "processing" if face == "open" and self._get_native_payment() else face
