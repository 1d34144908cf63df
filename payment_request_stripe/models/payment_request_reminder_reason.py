# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import format_date

from .account_move_promise import GROUPS
from .payment_request_reminder_choice import STOPPING


class PaymentRequestReminderLine(models.Model):
    """Why an invoice was left out, in sentences."""

    _inherit = "payment.request.reminder.line"

    @api.model
    def _get_reason_codes(self):
        return [
            ("paid", self.env._("Paid")),
            ("processing", self.env._("Payment under way")),
            ("disputed", self.env._("Disputed")),
            ("native_payment", self.env._("Other online payment under way")),
            ("credit_note", self.env._("Credit note pending")),
            ("promise", self.env._("Promise to pay")),
            ("hold", self.env._("On hold")),
            ("customer_hold", self.env._("Customer gets no reminders")),
            ("draft", self.env._("Payment request not sent yet")),
            ("maximum", self.env._("Maximum reached")),
            ("recent", self.env._("Sent too recently")),
            ("no_contact", self.env._("No contact")),
            ("opted_out", self.env._("Opted out")),
            ("other_link", self.env._("Another link first")),
            ("linked", self.env._("Link asks for a blocked invoice")),
            ("refused", self.env._("Cannot be asked for")),
            ("not_sent", self.env._("Could not be sent")),
            ("overtaken", self.env._("A later run looks again")),
        ]

    @api.depends("reason_code", "detail", "promise_date", "company_id")
    def _compute_reason(self):
        for line in self:
            line.reason = line.detail or (
                line.reason_code
                and self._explain(line.reason_code, line.company_id, line.promise_date)
            )

    @api.model
    def _explain(self, code, company, promise_date=None):
        """Return the sentence of a reason."""
        sentences = {
            "paid": self.env._("It is paid, or its payment is on the way to the bank."),
            "processing": self.env._("A payment of it is on its way."),
            "disputed": self.env._("The customer disputes a payment of it at the bank."),
            "native_payment": self.env._(
                "An online payment of it is under way, outside of payment requests."
            ),
            "credit_note": self.env._("A credit note of it is not settled yet."),
            "promise": self.env._(
                "The customer promised to pay by %(date)s.",
                date=format_date(self.env, promise_date),
            ),
            "hold": self.env._("It is on hold."),
            "customer_hold": self.env._("Its customer gets no reminders."),
            "draft": self.env._("A payment request that was not sent yet asks for it."),
            "maximum": self.env._(
                "The customer was reminded of it as often as the settings allow (%(count)s).",
                count=company.payment_request_reminder_max,
            ),
            "recent": self.env._(
                "The customer was written to lately (days between reminders: %(days)s).",
                days=company.payment_request_reminder_interval,
            ),
            "overtaken": self.env._("The run did not end on its day. A later one looks again."),
        }
        return sentences.get(code) or dict(self._get_reason_codes()).get(code, "")


class AccountMove(models.Model):
    _inherit = "account.move"

    payment_request_reminder_line_ids = fields.One2many(
        comodel_name="payment.request.reminder.line",
        inverse_name="move_id",
        string="Reminder Log",
        readonly=True,
        groups=GROUPS,
    )
    payment_request_reminder_note = fields.Char(
        compute="_compute_payment_request_reminder_note",
        string="Reminders",
        groups=GROUPS,
        help="What the reminder plan says of this invoice now.",
    )

    # A form of another moment may show another answer: it is worked out when it is looked at.
    @api.depends("payment_request_hold", "payment_request_promise_date", "payment_state", "state")
    def _compute_payment_request_reminder_note(self):
        real = self._origin.filtered(
            lambda move: move.move_type == "out_invoice" and move.state == "posted"
        )
        verdicts = self.env["payment.request.reminder.run"]._get_verdicts(real)
        for move in self:
            verdict = verdicts.get(move._origin.id)
            move.payment_request_reminder_note = (
                move._origin._explain_reminder(verdict) if verdict else False
            )

    def _explain_reminder(self, verdict):
        """Return the sentence that says whether, when or why not the customer is reminded."""
        self.ensure_one()
        lines = self.env["payment.request.reminder.line"]
        steps = self.env["payment.request.reminder.step"].sudo()
        if verdict.reason == "paid":
            return self.env._("No reminder: it is paid.")
        if not verdict.plan_id:
            return self.env._("No reminder: neither the customer nor the company has a plan.")
        if verdict.reason and (verdict.step_id or verdict.reason != "recent"):
            said = lines._explain(verdict.reason, self.company_id, verdict.promise_date)
            return self.env._("No reminder now: %(reason)s", reason=said)
        if verdict.step_id:
            obstacle = self.sudo()._get_reminder_obstacle()
            if obstacle:
                return self.env._("No reminder now: %(reason)s", reason=obstacle)
            return self.env._(
                "%(step)s goes out with the next run.", step=steps.browse(verdict.step_id).name
            )
        coming = steps.search(
            [("plan_id", "=", verdict.plan_id), ("days", ">", verdict.late)], limit=1, order="days"
        )
        if not coming:
            return self.env._("All reminders of the plan are sent.")
        return self.env._(
            "%(step)s goes out on %(date)s.",
            step=coming.name,
            date=format_date(self.env, verdict.date_due + timedelta(days=coming.days)),
        )

    def _get_reminder_obstacle(self):
        """Return the sentence that says why the next run would not write about this, or nothing.

        The invoice has come to a step. What the run does with it depends on what else its customer
        owes, and on the links that ask for it: the same is looked at here, and nothing is written.
        """
        self.ensure_one()
        customer, company, currency = self.commercial_partner_id, self.company_id, self.currency_id
        run = self.env["payment.request.reminder.run"]
        requests = run._find_links(company, customer)
        moves = self.search(
            [
                ("commercial_partner_id", "=", customer.id),
                ("company_id", "=", company.id),
                ("currency_id", "=", currency.id),
                ("move_type", "=", "out_invoice"),
                ("state", "=", "posted"),
                ("payment_state", "in", ("not_paid", "partial")),
            ],
            order="invoice_date_due, id",
        )
        verdicts = run._get_verdicts(moves | requests.line_ids.move_id)
        free = moves.filtered(
            lambda move: verdicts[move.id].plan_id and not verdicts[move.id].reason
        )
        due = free.filtered(lambda move: verdicts[move.id].step_id).sorted(
            lambda move: (verdicts[move.id].date_due, move.id)
        )
        furthest = due.sorted(lambda move: verdicts[move.id].days)[-1:]
        step = self.env["payment.request.reminder.step"].browse(verdicts[furthest.id].step_id)
        link = requests._choose_link(customer, company, currency, due)
        if not link:
            return self._get_first_reminder_refusal(step)
        about = due | free.filtered(lambda move: verdicts[move.id].late > 0)
        if reason := (
            link._explain_other_link(self, requests) or link._explain_blocked(about, verdicts)
        ):
            return reason
        bounced = link._get_bounced_contacts()
        options = link._prepare_reminder(step, bounced)
        addresses = [one for one in (options["to_email"], options["to_phone"]) if one]
        opted_out = link._get_opted_out(addresses)
        _messages, refusal = link._get_reminder_messages(options, opted_out, bounced)
        if refusal:
            return refusal["message"]
        return "" if self in link._get_asked_moves() else link._explain_other_readers()

    def _get_first_reminder_refusal(self, step):
        """Return the sentence that says why no first link could be sent by `step`, or nothing."""
        requests = self.env["payment.request"]
        refusals = self._get_payment_request_refusals()
        amounts = {
            move_id: amount for move_id, (_item, amount) in self._get_reminder_amounts().items()
        }
        details = [*refusals.values()] or requests._get_group_refusals(
            requests._group_moves(self),
            amounts,
            {"delivery_method": requests._get_reachable_method(self, step.delivery_method)},
        )
        return details[0]["message"] if details else ""

    # === AUTOMATION RULES === #

    def _get_reminder_holds(self):
        """Return ``{invoice id: {"code", "message"}}`` of what is on hold, or promised."""
        lines = self.env["payment.request.reminder.line"]
        return {
            move_id: {
                "code": verdict.reason,
                "message": lines._explain(
                    verdict.reason, self.browse(move_id).company_id, verdict.promise_date
                ),
            }
            for move_id, verdict in self.env["payment.request.reminder.run"]
            ._get_verdicts(self)
            .items()
            if verdict.reason in STOPPING
        }

    def _get_overdue_together(self):
        """Return these invoices and what else of their customers is overdue, not asked for yet.

        A rule on a date comes once for each invoice: the first gathers all into one link, and for
        the others there is nothing left. As it never comes back, those of these that are on hold
        are returned too: :meth:`send_payment_links` says in their chatter why it left them out.
        """
        found = self.browse()
        for (partner, company, currency), moves in (
            self.env["payment.request"]._group_moves(self).items()
        ):
            found |= self.search(
                [
                    ("commercial_partner_id", "=", partner.id),
                    ("company_id", "=", company.id),
                    ("currency_id", "=", currency.id),
                    ("move_type", "=", "out_invoice"),
                    ("state", "=", "posted"),
                    ("payment_state", "in", ("not_paid", "partial", "blocked")),
                    "|",
                    ("id", "in", moves.ids),
                    ("invoice_date_due", "<", company._get_payment_request_today()),
                ],
                order="invoice_date_due, id",
            )
        held = self.browse(found._get_reminder_holds())
        available = found._get_payment_request_available()
        return (found - held).filtered(lambda move: available[move.id]) | (held & self)
