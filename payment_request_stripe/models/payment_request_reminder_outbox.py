# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, fields, models

from .payment_request_reminder_choice import REACHED
from .payment_request_reminder_line import BLOCKING

# By these states nobody got a message, or will.
LOST = ("failed", "bounced", "skipped")


class PaymentRequestDelivery(models.Model):
    """A reminder in the outbox: its words, its statement, and a last look before it is sent."""

    _inherit = "payment.request.delivery"

    reminder_run_id = fields.Many2one(
        comodel_name="payment.request.reminder.run",
        readonly=True,
        ondelete="set null",
        index="btree_not_null",
    )
    reminder_step_id = fields.Many2one(
        comodel_name="payment.request.reminder.step",
        string="Reminder",
        readonly=True,
        ondelete="set null",
        index="btree_not_null",
    )

    _claimed = models.Index("(company_id, claimed_at) WHERE claimed_at IS NOT NULL")

    def _get_mail_template(self):
        return self.reminder_step_id.mail_template_id or super()._get_mail_template()

    def _get_sms_template(self):
        return self.reminder_step_id.sms_template_id or super()._get_sms_template()

    def _get_documents(self):
        documents = super()._get_documents()
        if self.reminder_step_id.attach_statement:
            documents[self.env._("the statement")] = self._render_statement
        return documents

    def _render_statement(self):
        """Return the statement, or why it is not for this recipient."""
        if self.recipient.lower() not in self.request_id._get_own_addresses():
            return {
                "note": self.env._(
                    "%(recipient)s is no address of the customer's.", recipient=self.recipient
                )
            }
        return self.request_id._render_statement()

    # === A LAST LOOK === #

    def _get_skip_reasons(self):
        reasons = self._get_held_reasons() | super()._get_skip_reasons()
        reasons.update((row, lines[0].reason) for row, lines in self._get_stopped().items())
        return reasons

    def _tell_unreachable(self):
        """A plan has its own log of whom it could not remind, and of what it tries next."""
        return super(
            PaymentRequestDelivery, self.filtered(lambda row: not row.reminder_run_id)
        )._tell_unreachable()

    def _get_held_reasons(self):
        """Return ``{row: sentence}`` of the system's other messages that would chase in vain.

        A link that a rule sends, or that goes out by the next channel because nobody opened it, is
        no step of a plan, but minds the same holds and promises.
        """
        rows = self.filtered(
            lambda row: row.is_automatic and not (row.reminder_run_id or row.is_forwarded)
        )
        reasons = {}
        owed = rows.request_id.line_ids.filtered(lambda line: line.amount_due > 0)
        holds = owed.move_id._get_reminder_holds()
        for row in rows:
            moves = row.request_id.line_ids.filtered(lambda line: line.amount_due > 0).move_id
            held = [holds[move.id] for move in moves if move.id in holds]
            blocked = [hold for hold in held if hold["code"] in BLOCKING]
            if blocked or (held and len(held) == len(moves)):
                reasons[row] = (blocked or held)[0]["message"]
        return reasons

    def _get_stopped(self):
        """Return ``{reminder: its lines}`` of those that may not go out now; the lines say why.

        All of its invoices are paid or put off by now, or its link asks for something on hold, or
        the customer got another message meanwhile. When the reminder was stopped on one channel,
        the other one's message does not go out either.
        """
        rows = self.filtered("reminder_run_id")
        lines = rows._get_reminder_lines(("sent", "skipped"))
        owed = rows.request_id.line_ids.filtered(lambda line: line.amount_due > 0)
        moves = lines.move_id | owed.move_id
        verdicts = self.env["payment.request.reminder.run"]._get_verdicts(moves)
        stopped, recent = {}, rows._get_preceded()
        for row in rows:
            mine = lines.filtered(
                lambda line, row=row: (
                    line.run_id == row.reminder_run_id and line.request_id == row.request_id
                )
            )
            free = mine.filtered(
                lambda line: line.state == "sent" and not line._stop(verdicts.get(line.move_id.id))
            )
            if free and row in recent:
                free._leave_out("recent")
            elif free:
                row.request_id._check_blocked_lines(free, verdicts)
            free = free.filtered(lambda line: line.state == "sent")
            if mine and not free:
                stopped[row] = mine
        return stopped

    def _get_preceded(self):
        """Return those reminders whose customer got another message while they waited."""
        preceded = self.browse()
        for company, rows in self.grouped("company_id").items():
            since = company._get_reminder_interval_start(company._get_payment_request_today())
            others = self.sudo().search(
                [
                    ("company_id", "=", company.id),
                    ("claimed_at", ">=", since),
                    "|",
                    ("state", "in", REACHED),
                    *("|", ("bounced_for", "!=", False), ("recipient_trouble", "=", "for_now")),
                    (
                        "request_id.partner_id.commercial_partner_id",
                        "in",
                        rows.request_id.partner_id.commercial_partner_id.ids,
                    ),
                ]
            )
            runs = {}
            for one in others:
                runs.setdefault(one._get_reminded(), set()).add(one.reminder_run_id)
            preceded |= rows.filtered(
                lambda row, runs=runs: runs.get(row._get_reminded(), set()) - {row.reminder_run_id}
            )
        return preceded

    def _get_reminded(self):
        """Return who gets one message in the days between reminders: customer and currency."""
        request = self.request_id
        return request.partner_id.commercial_partner_id, request.currency_id

    def _get_reminder_lines(self, states=("sent",)):
        """Return the lines of the log that these messages remind of."""
        return (
            self.env["payment.request.reminder.line"]
            .sudo()
            .search(
                [
                    ("run_id", "in", self.reminder_run_id.ids),
                    ("request_id", "in", self.request_id.ids),
                    ("state", "in", states),
                ]
            )
        )

    def _skip(self, reason):
        """Say in the log that a reminder did not go out, so that a later run looks again."""
        waiting = self.filtered(lambda row: row.reminder_run_id and row.state == "queued")
        result = super()._skip(reason)
        for row in waiting:
            others = row.request_id.delivery_ids.filtered(
                lambda one, row=row: (
                    one.reminder_run_id == row.reminder_run_id and not one._is_lost()
                )
            )
            if not others:
                code = "opted_out" if row._get_opted_out() else "refused"
                row._get_reminder_lines()._leave_out(code, reason)
                row.request_id.sudo().reminder_count -= 1
        return result

    # === WHAT BECAME OF IT === #

    def _apply_outcomes(self, outcomes):
        moved = super()._apply_outcomes(outcomes)
        moved._settle_reminders()
        return moved

    def _react(self):
        result = super()._react()
        self._settle_reminders()  # the next channel may have taken it over
        return result

    def _is_lost(self):
        """Tell whether nobody got this message, or will; of a list, all but one may have it."""
        self.ensure_one()
        return self.state in LOST and not self.bounced_for

    def _settle_reminders(self):
        """Take a reminder back that reached nobody, so that its step comes again.

        When it proves to have gone out after all, or goes out by the next channel, it counts again.
        """
        rows = self.sudo().filtered("reminder_run_id")
        lines = rows and rows._get_reminder_lines(("sent", "skipped"))
        for (run, request), mine in rows.grouped(
            lambda row: (row.reminder_run_id, row.request_id)
        ).items():
            messages = request.delivery_ids.filtered(
                lambda row, run=run: row.reminder_run_id == run
            )
            noted = lines.filtered(
                lambda line, run=run, request=request: (
                    line.run_id == run and line.request_id == request
                )
            )
            if any(not row._is_lost() for row in messages):
                noted = noted.filtered(lambda line: line.reason_code == "not_sent")
                noted._note_sent_after_all()
                request.reminder_count += 1 if noted else 0
            elif reminded := noted.filtered(lambda line: line.state == "sent"):
                reminded._note_not_sent(mine[:1])
                request.reminder_count -= 1

    def _get_next_values(self):
        """Return what the next channel's message takes over: it is the reminder that was lost."""
        if not self._is_lost():
            return {}
        return {
            "reminder_run_id": self.reminder_run_id.id,
            "reminder_step_id": self.reminder_step_id.id,
        }


class PaymentRequestReminderLine(models.Model):
    _inherit = "payment.request.reminder.line"

    def _note_not_sent(self, delivery):
        """Note that the reminder of these invoices reached nobody, as `delivery` says."""
        self._leave_out("not_sent", delivery.failure_reason)
        body = self.env._(
            "%(step)s did not reach %(recipient)s. %(reason)s",
            step=delivery.reminder_step_id.name,
            recipient=delivery.recipient,
            reason=delivery.failure_reason or "",
        )
        self.move_id._message_log_batch(dict.fromkeys(self.move_id.ids, body))

    def _note_sent_after_all(self):
        self.write({"state": "sent", "reason_code": False, "detail": False})


class PaymentRequest(models.Model):
    _inherit = "payment.request"

    days_late = fields.Integer(
        compute="_compute_days_late", help="Of the invoice that is due the longest and still owed."
    )

    @api.depends("line_ids.amount_due")
    def _compute_days_late(self):
        for request in self:
            owed = request.line_ids.filtered(lambda line: line.amount_due > 0)
            request.days_late = max(owed.mapped("days_late"), default=0)
