# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import logging
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from .payment_request import PAYABLE_STATES
from .payment_request_checkout_booking import RING_OFF

_logger = logging.getLogger(__name__)

# So long Odoo itself tries to book a payment of the portal that is done.
NATIVE_BOOKED_WITHIN = timedelta(days=4)
# The slowest bank debits are decided within 14 bank days.
NATIVE_PENDING_WITHIN = timedelta(days=21)
# No provider holds an authorized amount for longer.
NATIVE_AUTHORIZED_WITHIN = timedelta(days=31)
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
        for limit in (
            NATIVE_AUTHORIZED_WITHIN,
            NATIVE_BOOKED_WITHIN,
            NATIVE_PENDING_WITHIN,
            NATIVE_TRANSFER_WITHIN,
        )
    }
    under_way = (
        (Domain("state", "=", "authorized") & within[NATIVE_AUTHORIZED_WITHIN])
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
        if self.env.context.get("payment_request_ring_off") is RING_OFF:
            return
        invoices = self.filtered(lambda move: move.move_type == "out_invoice")
        if (invoices and invoices._is_live()) or (self - invoices)._has_live_credit():
            self.env["payment.request.event"]._ring_poll()

    def _is_live(self):
        """Tell whether an open link asks for one of these invoices."""
        return bool(
            self.env["payment.request.line"]
            .sudo()
            .search_count(
                [("move_id", "in", self.ids), ("request_id.state", "in", PAYABLE_STATES)], limit=1
            )
        )


class PaymentTransaction(models.Model):
    _inherit = "payment.transaction"

    def write(self, vals):
        """Have the worker close our page at Stripe when the portal's payment is under way."""
        result = super().write(vals)
        if vals.get("state") in ("pending", "authorized", "done"):
            self.sudo().invoice_ids._ring_payment_requests()
        return result


class PaymentRequest(models.Model):
    """Following what happens to the invoices of an open link by other ways."""

    _inherit = "payment.request"

    @api.model
    def _follow_changes(self, limit=500):
        """Close the sessions that ask for what is not owed any more, and the links without use.

        Stripe is asked first: when the customer has just paid there, that is booked instead.
        """
        payable = ("state", "in", PAYABLE_STATES)
        untold = self._walk([payable, ("is_lapse_untold", "=", True)])
        settled, in_time = self._follow_each(untold, lambda one: one._follow_lapse())
        if not in_time:  # what is told is not found again, so the next run finds the others
            self.env["payment.request.event"]._ring_poll()
        # The poll writes down when it asked for each session: of very many each has its turn.
        checkouts = self.env["payment.request.checkout"].search(
            [("state", "in", ("intended", "open"))], order="asked_at nulls first, id", limit=limit
        )
        self._follow_each(checkouts, lambda one: one.request_id._follow_quote(one))
        empty = self._walk([payable, ("amount_residual", "=", 0)])
        settled += self._follow_each(empty, lambda one: one._close_settled())[0]
        deducting = self._walk([payable, ("amount_credit", ">", 0), ("amount_residual", ">", 0)])
        covered = (one for one in deducting if one._may_be_covered())
        self._follow_each(covered, lambda one: one._follow_covered())
        if settled:
            together = [self.browse().union(*settled)]
            self._follow_each(together, lambda requests: requests._tell_settled())

    @api.model
    def _walk(self, domain, at_once=500):
        """Yield all requests of `domain`, however many need no change and stay in it."""
        last = 0
        while found := self.search([*domain, ("id", ">", last)], order="id", limit=at_once):
            yield from found
            last = found[-1].id

    @api.model
    def _follow_each(self, records, step):
        """Do one step for each record, at least one, as long as this run has time.

        :return: the list of those of which the step returned something true, and whether all had
            their turn
        """
        done = []
        for record in records:
            if self._follow(record, step):
                done.append(record)
            if not self.env["ir.cron"]._commit_progress():
                return done, False
        return done, True

    @api.model
    def _follow(self, records, step):
        """Do one step for one record; what goes wrong with it must not stop the others."""
        try:
            result = step(records)
            self.env.flush_all()  # what cannot be written goes wrong here
        except Exception:
            self.env.cr.rollback()
            _logger.exception("the changes of %s were not followed", records)
            return None
        return result

    def _follow_lapse(self):
        """Follow what happened to the invoices by other ways, and tell who is in charge.

        :return: whether the link is settled by it
        """
        self.ensure_one()
        live = self._get_live_checkout()
        outcome = None
        if live and not self._is_wanted(live):
            outcome = self._close_stale_checkout(live)
        if outcome == "complete":
            return False  # told when that is booked
        settled = False
        if self.amount_credit and self.amount_residual and not self._get_quote()["total"]:
            self._drop_changes("changed")  # that credits cover the rest is a task of its own
        elif self.amount_residual:
            self._tell_change(at_stripe=outcome == "closed")
        else:
            settled = self._close_settled()
        self.amount_lapsed_told = self.amount_lapsed
        return settled

    def _follow_quote(self, checkout):
        if not self._is_wanted(checkout):
            is_open = self._get_page_state() == "open"
            if self._close_stale_checkout(checkout) == "closed" and is_open:
                self._tell_change(at_stripe=True)

    def _is_wanted(self, checkout):
        """Tell whether what is asked at Stripe may still be paid there."""
        return self._get_page_state() == "open" and checkout._is_current()

    def _close_stale_checkout(self, checkout):
        """Expire a session that must not be paid any more.

        :return: as `_close_live_checkout`; none when Stripe could not be asked
        """
        self.ensure_one()
        under_way = self._get_page_state() == "processing"
        try:
            outcome = self._close_live_checkout()
        except UserError as error:
            self._log_step(f"stale session not closed yet: {error}", checkout)
            return None
        if outcome == "closed" and under_way:
            self._message_log(
                body=self.env._(
                    "Another payment of these invoices is on its way. The customer's page at "
                    "Stripe was closed, so that nobody pays twice."
                )
            )
        elif outcome == "closed":
            self._message_log(
                body=self.env._(
                    "The invoices changed while the customer was at Stripe. That page was closed; "
                    "the payment link asks for what is owed now: %(amount)s.",
                    amount=self.currency_id.format(self.amount_residual),
                )
            )
        self._commit()
        return outcome

    def _may_be_covered(self):
        """Tell cheaply whether credits may by now cover all that the link asks."""
        self.ensure_one()
        return self.currency_id.compare_amounts(
            self.amount_credit, self.amount_residual
        ) >= 0 or any(self.line_ids.move_id.invoice_payment_term_id.mapped("early_discount"))

    def _follow_covered(self):
        """Have a person reconcile credits that by now cover all that the link asks."""
        if not self._is_covered():
            return
        self._notify_person_in_charge(
            self.env._("Credits cover all that %(name)s asks", name=self.name),
            self.env._(
                "Nothing is left to charge. Reconcile the credits with the invoices: %(invoices)s.",
                invoices=", ".join(self.line_ids.move_id.mapped("name")),
            ),
            task="covered",
        )

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
        """A payment of the portal that is under way keeps our link from taking it twice."""
        face = super()._get_page_state()
        return "processing" if face == "open" and self._get_native_payment() else face
