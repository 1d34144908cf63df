# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import models

from .payment_request_reminder_choice import STOPPING

# What keeps a whole link back, when one of its invoices is so.
BLOCKING = ("processing", "disputed", "native_payment", "credit_note", "hold", "customer_hold")
NO_CONTACT = ("no_email", "invalid_email", "no_phone", "invalid_phone", "bounced")


class PaymentRequestReminderLine(models.Model):
    """The invoices of one step of a run: who is written to about which, and who is not."""

    _inherit = "payment.request.reminder.line"

    def _lock_groups(self):
        """Return the lines of those customers whose lines and invoices nobody else holds."""
        mine = self.try_lock_for_update(allow_referencing=True)
        free = mine.move_id.try_lock_for_update(allow_referencing=True)
        held = self.filtered(lambda line: line not in mine or line.move_id not in free)
        lines = self.filtered(lambda line: line.partner_id not in held.partner_id)
        # Another process may have done them between our look and our lock.
        lines.invalidate_recordset(["state"])
        return lines.filtered(lambda line: line.state in ("due", "along"))

    def _leave_out(self, code, detail=False, promise=False):
        """Note why these invoices are not reminded of."""
        self.write({"state": "skipped", "reason_code": code, "detail": detail})
        if promise:
            self.promise_date = promise

    def _look_again(self, verdict):
        """Take over what the plan says now; leave out what is not due any more.

        :param verdict: a `Verdict`, or None of an invoice that is not posted any more
        """
        self.ensure_one()
        is_due = self.state == "due"
        if self._stop(verdict):
            return
        if verdict.reason:
            self._leave_out(verdict.reason)
        elif is_due and not verdict.step_id:
            self._leave_out(
                "overtaken", self.env._("It has come to no step of the plan, as it is now.")
            )
        elif is_due:
            now = {"step_id": verdict.step_id, "days": verdict.days, "date_due": verdict.date_due}
            known = {
                "step_id": self.step_id.id,
                "days": self.days,
                "date_due": self.date_due,
            }
            if now != known:
                self.write(now)

    def _stop(self, verdict):
        """Tell whether this invoice may not be chased any more; then the line says why."""
        self.ensure_one()
        if not verdict:
            self._leave_out("refused", self.env._("The invoice is not posted any more."))
        elif verdict.reason in STOPPING:
            self._leave_out(verdict.reason, promise=verdict.promise_date)
        elif not verdict.plan_id:
            self._leave_out(
                "overtaken", self.env._("Neither the customer nor the company has a plan any more.")
            )
        else:
            return False
        return True

    def _refuse(self, detail):
        """Leave out what is still due, by a refusal of making or sending a link."""
        code = detail["code"]
        if code != "opted_out":
            code = "no_contact" if code in NO_CONTACT else "refused"
        self.filtered(lambda line: line.state != "skipped")._leave_out(code, detail["message"])

    def _group_by_message(self):
        """Return ``{(customer, company, currency): lines}`` of what goes into one message."""
        groups = {}
        for line in self:
            key = line.partner_id, line.company_id, line.currency_id
            groups[key] = groups.get(key, self.browse()) | line
        return {key: group for key, group in groups.items() if group._still_due()}

    def _still_due(self):
        """Return what a message would be about: nothing when only `along` lines are left."""
        left = self.filtered(lambda line: line.state in ("due", "along"))
        return left if any(line.state == "due" for line in left) else self.browse()

    def _get_step(self):
        """Return the step of the message: the furthest that one of the invoices has come to."""
        due = self.filtered(lambda line: line.state == "due" and line.step_id)
        return due.sorted("days")[-1:].step_id

    def _leave_to_other_links(self, request, requests):
        """Leave out what another of the open `requests` asks for: a message carries one link."""
        for line in self:
            if reason := request._explain_other_link(line.move_id, requests):
                line._leave_out("other_link", reason)


class PaymentRequest(models.Model):
    """A link that goes out again as a reminder."""

    _inherit = "payment.request"

    def _choose_link(self, customer, company, currency, due):
        """Return which of these open links goes to a customer again, or none.

        It is the one that asks for the invoice that is due the longest; else the one by which the
        customer was reminded before, which then asks for the new invoices too, unless somebody
        else has it.

        :param due: the invoices that have come to a step, the earliest due first
        """
        mine = self.filtered(
            lambda one: (
                one.partner_id.commercial_partner_id == customer
                and one.company_id == company
                and one.currency_id == currency
            )
        )
        for move in due:
            found = mine.filtered(lambda one, move=move: move in one._get_asked_moves())
            if found:
                return found[:1]
        return mine.filtered(
            lambda one: one.delivery_ids.reminder_run_id and not one._get_other_readers()
        )[:1]

    def _explain_other_link(self, move, requests):
        """Return the sentence that says that another of `requests` asks for an invoice, or none."""
        self.ensure_one()
        others = (requests - self).filtered(lambda one: move in one._get_asked_moves())
        if not others or move in self._get_asked_moves():
            return ""
        return self.env._(
            "%(other)s asks for it, and the customer is reminded of %(name)s today.",
            other=others[:1].name,
            name=self.name,
        )

    def _check_blocked_lines(self, group, verdicts):
        """Leave out `group` when this link asks for something that may not be asked for now."""
        if reason := self._explain_blocked(group.move_id, verdicts):
            group._leave_out("linked", reason)

    def _explain_blocked(self, moves, verdicts):
        """Return the sentence that says what this link may not ask for now, or nothing.

        A promise of another invoice is no obstacle: the message says so beside it.

        :param moves: what the message would be about
        """
        self.ensure_one()
        for move in self._get_asked_moves() - moves:
            verdict = verdicts.get(move.id)
            if verdict and verdict.reason in BLOCKING:
                return self.env._(
                    "%(name)s asks for %(invoice)s too: %(reason)s",
                    name=self.name,
                    invoice=move.name,
                    reason=self.env["payment.request.reminder.line"]._explain(
                        verdict.reason, self.company_id
                    ),
                )
        return ""

    def _explain_other_readers(self):
        """Return the sentence that says why this link can ask for nothing new, or nothing."""
        self.ensure_one()
        readers = self._get_other_readers()
        return readers and self.env._(
            "The customer is reminded of %(name)s today. It cannot ask for this too, as it is also "
            "for %(addresses)s, no address of the customer's. A link of its own follows.",
            name=self.name,
            addresses=", ".join(readers),
        )

    def _get_asked_moves(self):
        """Return the invoices that these links ask for now; others stand in them, paid."""
        return self.line_ids.filtered(lambda line: line.amount_due > 0).move_id

    def _extend_by(self, group):
        """Ask for what no link asks for yet of the invoices of `group`; what is too much waits.

        Whoever else has this link would see it too: then another link asks for it.
        """
        self.ensure_one()
        if self.state == "draft":
            return  # it was made for the group
        new = group.filtered(lambda line: line.move_id not in self._get_asked_moves())
        if reason := self._explain_other_readers():
            new._leave_out("other_link", reason)
            return
        amounts = group.move_id._get_reminder_amounts(self._get_asked_moves())
        refusals = new.move_id._get_payment_request_refusals()
        for line in group:
            refusal = refusals.get(line.move_id.id)
            item, amount = amounts[line.move_id.id]
            total = sum(one._get_amount_due() for one in self.line_ids) + amount
            refused = refusal and refusal["message"]
            if not refused and (too_much := self._get_total_refusal(total, self.currency_id)):
                refused = too_much[1]
            if refused and line in new:
                line._leave_out("refused", refused)
            elif amount and not refused:
                self._ask_more(line.move_id, amount, item)

    def _ask_more(self, move, amount, item):
        """Ask for `amount` (Decimal) more of this invoice than this link does now.

        An invoice stands in a link once. Its line grows; when it was for some instalments, it is
        for the invoice then.

        :param item: the instalment, of an invoice that is new to this link, or none
        """
        self.ensure_one()
        known = self.line_ids.filtered(lambda line: line.move_id == move)[:1]
        asked = amount + known._get_amount_due() if known else amount
        if known:
            known.write(
                {
                    "amount": float(known._get_settled() + asked),
                    "instalment_line_id": False,
                    "due_by": move._get_reminder_due_by(asked, known),
                }
            )
        else:
            self.line_ids.create(
                {
                    "request_id": self.id,
                    "move_id": move.id,
                    "instalment_line_id": item.id,
                    "due_by": not item and move._get_reminder_due_by(asked, known),
                    "amount": float(asked),
                }
            )
        move._message_log(
            body=self.env._(
                "Payment link %(name)s asks for %(amount)s of this invoice.",
                name=self.name,
                amount=self.currency_id.format(float(asked)),
            )
        )

    def _prolong(self):
        """Let the link live on when the reminder would outlive it."""
        self.ensure_one()
        expiry = self._get_default_expiry(self.company_id)
        if self.reminder_count and self.expires_at < expiry:
            self.expires_at = expiry


class ResCompany(models.Model):
    _inherit = "res.company"

    def _has_payment_reminders(self):
        """Tell whether the company or one of its customers has a plan."""
        self.ensure_one()
        return bool(
            self.payment_request_reminder_plan_id.active
            or self.env["res.partner"]
            .with_company(self)
            .search_count([("payment_request_reminder_plan_id", "!=", False)], limit=1)
        )
