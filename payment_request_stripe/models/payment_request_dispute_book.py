# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from markupsafe import escape

from odoo import api, models
from odoo.tools import format_datetime

from ..exceptions import BookingRefused
from ..gateways.events import PaymentEvent
from ..gateways.money import to_decimal, to_major
from ..gateways.undo import Dispute, parse_dispute
from .payment_request_checkout_booking import LEAN
from .payment_request_debit import RETURNS


class PaymentRequestEvent(models.Model):
    _inherit = "payment.request.event"

    def _on_dispute(self, checkout, event: PaymentEvent):
        """Anything about a dispute: each event carries all that Stripe knows of it."""
        dispute = parse_dispute(self.payload["data"]["object"])
        payment = self._get_booked_payment(checkout)
        if not payment:
            return self._get_waiting_reason()
        row = self.env["payment.request.dispute"]._find_or_create(payment, dispute)
        day = checkout._get_stripe_date(event)
        return row.with_context(**LEAN)._learn(dispute, day, event.occurred_at)


class PaymentRequestDispute(models.Model):
    """Applying what Stripe says of a dispute, once, and in whatever order it is told."""

    _inherit = "payment.request.dispute"

    @api.model
    def _find_or_create(self, payment, dispute: Dispute):
        found = self.search([("stripe_dispute_ref", "=", dispute.ref)], limit=1)
        return found or self.create(
            {
                "request_id": payment.payment_request_id.id,
                "payment_id": payment.id,
                "stripe_dispute_ref": dispute.ref,
            }
        )

    def _learn(self, dispute: Dispute, day, told_at):
        """Apply what Stripe says; what is older than what we know is skipped.

        :param day: the day of it, in the company's time zone
        :param told_at: the moment of it
        :return: the reason why there was nothing to do, or none
        :raise BookingRefused: when the money cannot be booked; nothing is written
        """
        self.ensure_one()
        count, known_at = len(dispute.moves), self.told_at or told_at
        is_older = count < self.move_count or (count == self.move_count and told_at < known_at)
        if is_older or (self.is_closed and not dispute.is_closed):
            return self.env._("Something later is known of this dispute already.")
        before = self.state
        self.write(
            {
                "amount": float(to_major(dispute.amount, dispute.currency)),
                "state": dispute.state,
                "is_closed": dispute.is_closed,
                "reason": dispute.reason,
                "due_by": dispute.due_by,
                "move_count": count,
                "told_at": max(told_at, known_at),
            }
        )
        is_new = self._book_held(dispute, day) and self._is_partly_won()
        if dispute.moves:
            self._settle(dispute.moves, day)
        self.request_id._update_dispute_state()
        if before != self.state or is_new or not dispute.is_closed:
            self._tell_state(dispute.is_answerable)
        return ""

    # === MONEY === #

    def _book_withdrawal(self, dispute: Dispute, amount, day):
        """Book that Stripe took disputed money back, and open the invoices it had paid.

        :param Decimal amount: what of it, in major units
        """
        payment = self.payment_id
        if dispute.currency != payment.currency_id.name or not payment.outstanding_account_id:
            raise BookingRefused(
                self.env._(
                    "The dispute of %(payment)s cannot be booked: it is in another currency, or "
                    "the payment has no clearing account.",
                    payment=payment.name,
                )
            )
        parts, guessed = payment._split_undo(amount, answer_notes=False)
        name = f"{self.request_id.name} {self.stripe_dispute_ref}"
        move = self._post(day, name, payment._prepare_undo_entry(parts, day, name))
        opened = payment._take_back(move, parts, move.date)
        self.move_id = move
        self.entry_ids |= move
        lines = payment._get_undone_lines(parts)
        self._count_withdrawal(lines)
        opened._tell_disputed(self.request_id)
        self._say(
            self.env._(
                "Stripe took %(amount)s back because of a dispute: %(move)s. Open again: "
                "%(invoices)s.",
                amount=self.currency_id.format(float(amount)),
                move=move._get_html_link(),
                invoices=opened._say_names(),
            )
        )
        if guessed:
            self._notify(
                self.env._("Check which invoices a dispute opened"),
                self.env._(
                    "Only a part is disputed, and Stripe does not say of which invoice. Open "
                    "again: %(invoices)s. Reconcile it differently if that is not right.",
                    invoices=opened._say_names(),
                ),
            )
        self._tell_beyond(sum(part.amount for part in parts if not part.share))

    def _count_withdrawal(self, lines):
        """Raise what is disputed of each line by what its invoice lost."""
        self.env["payment.request.line"].union(*lines)._count_lost("amount_disputed", lines)

    def _book_reinstatement(self, day):
        """Book that the money came back, and pay the invoices with it again."""
        payment, returns = self.payment_id, self._get_returns()
        move, self.move_id = self.move_id, False
        lines = move.line_ids.payment_request_share_id.payment_request_line_id
        open_day = payment._get_open_day(max(day, *(move | returns).mapped("date")))
        reference = self.env._("Dispute %(ref)s: money returned", ref=self.stripe_dispute_ref)
        returns._reverse_posted(open_day, reference)  # it comes back as a whole
        shares, paid = payment._give_back(move, open_day, reference)
        payment._tell_day(move.reversal_move_ids - returns, day)
        lines._count_returned("amount_disputed")
        self._raise_credit(shares)
        self._say(
            self.env._(
                "The disputed money came back. Paid again: %(invoices)s.",
                invoices=paid._say_names(),
            )
        )

    def _raise_credit(self, shares):
        """Money that came back and fits no invoice any more is the customer's credit."""
        digits = self.currency_id.decimal_places
        for share in shares:
            if not share.reconciled:
                self.request_id.checkout_ids[:1]._raise_credit(
                    self.payment_id,
                    to_decimal(-share.amount_residual_currency, digits),
                    "came_back",
                )

    def _post(self, day, name, lines, returning=None):
        """Post an entry, of what comes back of the entry `returning` if that is given."""
        move = (
            self.env["account.move"]
            .sudo()
            .create(
                {
                    "move_type": "entry",
                    "journal_id": self.payment_id.journal_id.id,
                    "company_id": self.company_id.id,
                    "date": self.payment_id._get_open_day(day),
                    "ref": name,
                    "line_ids": lines,
                    "reversed_entry_id": returning and returning.id,
                }
            )
        )
        move._post(soft=False)
        self.payment_id._tell_day(move, day)
        return move

    # === TELLING === #

    def _get_summary(self):
        return self.env._("A customer disputes a payment")

    def _get_activities(self):
        """Return those that ask for an answer to this dispute: others name it as well."""
        ref, summary = self.stripe_dispute_ref, self._get_summary()
        return self.request_id.sudo().activity_ids.filtered(
            lambda one: (
                (one.summary or "").startswith(summary) and ref in f"{one.summary} {one.note}"
            )
        )

    def _tell_state(self, is_answerable):
        """Have somebody answer in time while evidence is taken; say how it ended."""
        if is_answerable:
            self._ask_for_evidence()
            return
        self._get_activities().unlink()
        if not self.is_closed:
            return  # answered: the bank decides
        sentences = {
            "won": self.env._("The dispute was won."),
            "lost": self.env._("The dispute was lost: the invoices stay open."),
            "none": self.env._("The inquiry was closed without a dispute."),
        }
        if self._is_partly_won():
            self._tell_partly_won()
            return
        if self.state == "lost" and self.reason in RETURNS:
            self._tell_return()
            return
        self._say(sentences[self.state])
        if self.state == "lost":
            self._notify(self.env._("A dispute was lost"), sentences["lost"])

    def _tell_return(self):
        """A bank took a debit back that had come: that is no quarrel, and cannot be answered."""
        reasons = {
            "insufficient_funds": self.env._("the account held too little"),
            "debit_not_authorized": self.env._("the customer says it was not authorized"),
            "incorrect_account_details": self.env._("the account details are wrong"),
            "bank_cannot_process": self.env._("the bank could not process it"),
        }
        sentence = self.env._(
            "The bank returned the debit (%(reason)s): the invoices are open again.",
            reason=reasons[self.reason],
        )
        self._say(sentence)
        self._notify(self.env._("A bank debit was returned"), sentence)

    def _ask_for_evidence(self):
        """Raise one activity with Stripe's deadline, which it follows."""
        request, handler = self.request_id, self.request_id._get_handler()
        note = self.env._(
            "%(customer)s disputes %(amount)s. Reason: %(cause)s. Stripe takes evidence until "
            "%(until)s: download the evidence pack on the page Disputes, and answer the dispute "
            "%(ref)s at Stripe.",
            customer=request.partner_id.display_name,
            amount=self.currency_id.format(self.amount),
            cause=self.cause or self.env._("unknown"),
            until=self.due_by
            and format_datetime(self.env, self.due_by, tz=handler.tz or "UTC", dt_format="short")
            or "?",
            ref=self.stripe_dispute_ref,
        )
        note = escape(note)  # a name and a word of Stripe's stand in it
        deadline = self.due_by and self.due_by.date()
        if known := self._get_activities():
            known.write({"note": note, "date_deadline": deadline or known[0].date_deadline})
            return
        request.activity_schedule(
            "mail.mail_activity_data_todo",
            date_deadline=deadline,
            summary=self._get_summary(),
            note=note,
            user_id=handler.id,
        )

    def _say(self, sentence):
        self.request_id._message_log(body=sentence)
        self.request_id._log_step(f"dispute {self.stripe_dispute_ref}: {self.state}")

    def _notify(self, summary, note):
        self.request_id._notify_person_in_charge(summary, note)
