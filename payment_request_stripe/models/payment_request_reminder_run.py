# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL, format_date, format_datetime

# Customers whose reminders are made, and committed, in one step.
CUSTOMERS = 50
# Lines that only say why nothing was sent are kept so long.
KEEP_SKIPPED = timedelta(days=90)


class PaymentRequestReminderRun(models.Model):
    """One look at the invoices of a company, one a day, and what became of each."""

    _name = "payment.request.reminder.run"
    _description = "Payment Reminder Run"
    _inherit = ["payment.request.record"]
    _order = "date desc, id desc"
    _rec_name = "date"

    company_id = fields.Many2one(
        comodel_name="res.company", required=True, readonly=True, index=True
    )
    date = fields.Date(required=True, readonly=True)
    state = fields.Selection(
        selection=[("sending", "Under Way"), ("done", "Done")],
        required=True,
        readonly=True,
        default="sending",
    )
    line_ids = fields.One2many(
        comodel_name="payment.request.reminder.line", inverse_name="run_id", readonly=True
    )
    message_count = fields.Integer(compute="_compute_counts", string="Customers Written To")
    sent_count = fields.Integer(compute="_compute_counts", string="Invoices Reminded Of")
    skipped_count = fields.Integer(compute="_compute_counts", string="Invoices Left Out")

    # One run a day, however many processes there are.
    _once_a_day = models.UniqueIndex(
        "(company_id, date)", "A company's invoices are looked at once a day."
    )
    _under_way = models.Index("(id) WHERE state = 'sending'")

    @api.depends("date")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for run in self:
            day = format_date(self.env, run.date)
            run.display_name = self.env._("Reminders of %(day)s", day=day)

    @api.depends("line_ids.state")
    def _compute_counts(self):
        counts = self._get_counts()
        for run in self:
            run.sent_count = counts.get((run, "sent"), (0, 0))[0]
            run.skipped_count = counts.get((run, "skipped"), (0, 0))[0]
            run.message_count = counts.get((run, "sent"), (0, 0))[1]

    def _get_counts(self):
        """Return ``{(run, state of lines): (number of lines, number of links)}``."""
        return {
            (run, state): (lines, links)
            for run, state, lines, links in self.env["payment.request.reminder.line"]._read_group(
                [("run_id", "in", self.ids)],
                ["run_id", "state"],
                ["__count", "request_id:count_distinct"],
            )
        }

    # === WHAT IS LEFT TO DO === #

    def _get_waiting_lines(self):
        return self.env["payment.request.reminder.line"].search(
            [("run_id", "in", self.ids), ("state", "=", "due")]
        )

    def _get_next_customers(self, last):
        self.env.cr.execute(
            SQL(
                "SELECT DISTINCT partner_id FROM payment_request_reminder_line"
                " WHERE run_id = %s AND state = 'due' AND partner_id > %s"
                " ORDER BY partner_id LIMIT %s",
                self.id,
                last,
                CUSTOMERS,
            )
        )
        return [row[0] for row in self.env.cr.fetchall()]

    def _give_up(self, customers, error):
        """Leave out for today what broke down; what an automation of the users says is told."""
        said = isinstance(error, UserError) and str(error)
        self._get_waiting_lines().filtered(lambda line: line.partner_id.id in customers)._leave_out(
            "refused", said or self.env._("Something went wrong here. It is tried again tomorrow.")
        )

    # === ACTION METHODS === #

    def action_view_lines(self):
        """Show what became of each invoice."""
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Reminder Log"),
            "res_model": "payment.request.reminder.line",
            "view_mode": "list,kanban,form",
            "domain": [("run_id", "in", self.ids)],
        }


class PaymentRequestReminderLine(models.Model):
    """One invoice that had come to a step of its plan: reminded of, or why not."""

    _name = "payment.request.reminder.line"
    _description = "Payment Reminder Log"
    _inherit = ["payment.request.record"]
    _order = "id desc"
    _rec_name = "move_id"

    run_id = fields.Many2one(
        comodel_name="payment.request.reminder.run",
        required=True,
        readonly=True,
        ondelete="cascade",
        index=True,
    )
    company_id = fields.Many2one(comodel_name="res.company", required=True, readonly=True)
    date = fields.Date(required=True, readonly=True)
    move_id = fields.Many2one(
        comodel_name="account.move",
        string="Invoice",
        required=True,
        readonly=True,
        ondelete="cascade",
        index=True,
    )
    partner_id = fields.Many2one(
        comodel_name="res.partner",
        string="Customer",
        required=True,
        readonly=True,
        ondelete="cascade",
        index=True,
    )
    currency_id = fields.Many2one(comodel_name="res.currency", required=True, readonly=True)
    step_id = fields.Many2one(
        comodel_name="payment.request.reminder.step", readonly=True, ondelete="set null"
    )
    days = fields.Integer(
        string="Days of the Step",
        readonly=True,
        help="The step's days after the due date, as it was then.",
    )
    date_due = fields.Date(string="Due Date", readonly=True)
    promise_date = fields.Date(string="Promised Until", readonly=True)
    state = fields.Selection(
        selection=[
            ("due", "To Be Sent"),
            ("sent", "Reminded"),
            ("along", "Listed Along"),
            ("skipped", "Left Out"),
        ],
        required=True,
        readonly=True,
        help="Listed Along: overdue, between two steps of its plan, and listed in the message "
        "about other invoices.",
    )
    reason_code = fields.Selection(selection="_get_reason_codes", string="Because", readonly=True)
    detail = fields.Char(readonly=True)
    reason = fields.Char(compute="_compute_reason")
    request_id = fields.Many2one(
        comodel_name="payment.request",
        string="Payment Request",
        readonly=True,
        ondelete="set null",
        index="btree_not_null",
    )
    delivery_status = fields.Char(compute="_compute_delivery_status", string="Message")

    _to_be_sent = models.Index("(run_id, partner_id) WHERE state = 'due'")
    _reminded = models.Index("(move_id) WHERE state = 'sent'")

    @api.depends("request_id.delivery_ids.state")
    def _compute_delivery_status(self):
        states = dict(
            self.env["payment.request.delivery"]._fields["state"]._description_selection(self.env)
        )
        for line in self:
            rows = line.sudo().request_id.delivery_ids.filtered(
                lambda row, line=line: row.reminder_run_id == line.run_id
            )
            said = (
                self.env._(
                    "%(state)s, not before %(moment)s",
                    state=states[row.state],
                    moment=format_datetime(self.env, row.retry_at, dt_format="short"),
                )
                if row.state == "queued" and row.retry_at
                else states[row.state]
                for row in rows
            )
            line.delivery_status = ", ".join(dict.fromkeys(said))

    @api.autovacuum
    def _gc_skipped(self):
        """Drop what only says why nothing was sent; what was sent counts as long as it is there."""
        limit = fields.Date.today() - KEEP_SKIPPED
        lines = self.search(
            [("state", "in", ("skipped", "along")), ("date", "<", limit)], limit=100_000
        )
        lines.unlink()
        return len(lines), len(lines) == 100_000
