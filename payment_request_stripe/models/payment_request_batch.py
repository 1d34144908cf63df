# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from collections import Counter

from odoo import api, fields, models


class PaymentRequest(models.Model):
    _inherit = "payment.request"

    batch_id = fields.Many2one(
        comodel_name="payment.request.batch",
        string="Bulk Send",
        readonly=True,
        copy=False,
        ondelete="set null",
        index="btree_not_null",
    )


class PaymentRequestBatch(models.Model):
    """Links for many customers, made and sent in the background; it goes on where it stopped."""

    _name = "payment.request.batch"
    _inherit = ["payment.request.record"]
    _description = "Bulk Send of Payment Links"
    _order = "id desc"
    _check_company_auto = True

    name = fields.Char(compute="_compute_name")
    company_id = fields.Many2one(comodel_name="res.company", required=True, readonly=True)
    user_id = fields.Many2one(
        comodel_name="res.users", string="Sent By", required=True, readonly=True
    )
    state = fields.Selection(
        selection=[("making", "Making Links"), ("sending", "Sending"), ("done", "Done")],
        required=True,
        readonly=True,
        default="making",
    )
    delivery_method = fields.Selection(
        selection=lambda self: self.env["payment.request"]._fields["delivery_method"].selection,
        string="Send By",
        required=True,
        readonly=True,
    )
    message = fields.Text(readonly=True)
    expires_at = fields.Datetime(string="Link Works Until", required=True, readonly=True)
    due_by = fields.Date(
        readonly=True,
        help="Of invoices in instalments, what is due by this day is asked, and no later one.",
    )
    line_ids = fields.One2many(
        comodel_name="payment.request.batch.line", inverse_name="batch_id", readonly=True
    )
    invoice_count = fields.Integer(compute="_compute_progress", string="Invoices")
    skipped_count = fields.Integer(compute="_compute_progress", string="Invoices Left Out")
    request_count = fields.Integer(compute="_compute_progress", string="Links")
    waiting_count = fields.Integer(compute="_compute_progress", string="Messages Waiting")
    sent_count = fields.Integer(compute="_compute_progress", string="Messages Sent")
    failed_count = fields.Integer(compute="_compute_progress", string="Messages Failed")
    dropped_count = fields.Integer(compute="_compute_progress", string="Messages Skipped")
    progress = fields.Float(compute="_compute_progress")

    _unfinished = models.Index("(id) WHERE state != 'done'")

    # === COMPUTE METHODS === #

    @api.depends("create_date")
    def _compute_name(self):
        for batch in self:
            batch.name = self.env._("Bulk send %(number)s", number=batch.id or "")

    @api.depends("line_ids.state")
    def _compute_progress(self):
        lines, deliveries = self._count_lines(), self._count_deliveries()
        links = dict(
            self.env["payment.request"]._read_group(
                [("batch_id", "in", self.ids)], ["batch_id"], ["__count"]
            )
        )
        for batch in self:
            by_line, by_delivery = lines.get(batch, {}), deliveries.get(batch, {})
            batch.invoice_count = sum(by_line.values())
            batch.skipped_count = by_line.get("skipped", 0)
            batch.request_count = links.get(batch, 0)
            batch.waiting_count = sum(by_delivery.get(state, 0) for state in ("queued", "sending"))
            batch.sent_count = sum(by_delivery.get(state, 0) for state in ("sent", "delivered"))
            batch.failed_count = sum(
                by_delivery.get(state, 0) for state in ("failed", "bounced", "unknown")
            )
            batch.dropped_count = by_delivery.get("skipped", 0)
            batch.progress = batch._get_progress(by_line.get("waiting", 0))

    def _get_progress(self, waiting_invoices):
        """Return the part of the work that is done, in percent: links first, then messages."""
        self.ensure_one()
        messages = self.waiting_count + self.sent_count + self.failed_count + self.dropped_count
        made = 1 - waiting_invoices / self.invoice_count if self.invoice_count else 1
        out = 1 - self.waiting_count / messages if messages else float(not waiting_invoices)
        return 100 * made * (0.5 + out / 2)

    def _count_lines(self):
        counts = {}
        for batch, state, count in self.env["payment.request.batch.line"]._read_group(
            [("batch_id", "in", self.ids)], ["batch_id", "state"], ["__count"]
        ):
            counts.setdefault(batch, {})[state] = count
        return counts

    def _count_deliveries(self):
        """Count messages by state; one that not every member of a list got was sent."""
        counts = {}
        for batch in self:
            counts[batch] = by_state = Counter()
            for state, count, partly in self.env["payment.request.delivery"]._read_group(
                [("request_id.batch_id", "=", batch.id)],
                ["state"],
                ["__count", "bounced_for:count"],
            ):
                by_state[state] += count - partly
                by_state["sent"] += partly
        return counts

    # === ACTION METHODS === #

    def action_refresh(self):
        """Show how far it is now."""
        self.check_access("read")
        return {"type": "ir.actions.client", "tag": "soft_reload"}

    def action_view_requests(self):
        """Show the links of this bulk send."""
        self.check_access("read")
        requests = self.env["payment.request"].search([("batch_id", "in", self.ids)])
        return requests._get_records_action(
            name=self.env._("Payment Requests"), context={"create": False}
        )

    def action_view_failed(self):
        """Show the messages that did not arrive."""
        return self._view_deliveries(("failed", "bounced", "unknown"))

    def action_view_dropped(self):
        """Show the messages that were not sent."""
        return self._view_deliveries(("skipped",))

    def _view_deliveries(self, states):
        self.check_access("read")
        action = self.env["ir.actions.actions"]._for_xml_id(
            "payment_request_stripe.action_payment_request_delivery"
        )
        domain = [
            ("request_id.batch_id", "in", self.ids),
            ("state", "in", states),
            ("bounced_for", "=", False),
        ]
        return {**action, "domain": domain}


class PaymentRequestBatchLine(models.Model):
    """One invoice of a bulk send, and what became of it."""

    _name = "payment.request.batch.line"
    _inherit = ["payment.request.record"]
    _description = "Bulk Send: Invoice"
    _order = "id"
    _rec_name = "move_id"

    batch_id = fields.Many2one(
        comodel_name="payment.request.batch",
        required=True,
        readonly=True,
        ondelete="cascade",
        index=True,
    )
    company_id = fields.Many2one(related="batch_id.company_id", store=True)
    move_id = fields.Many2one(
        comodel_name="account.move",
        string="Invoice",
        required=True,
        readonly=True,
        ondelete="cascade",
        index=True,
    )
    partner_id = fields.Many2one(
        comodel_name="res.partner", string="Customer", required=True, readonly=True
    )
    currency_id = fields.Many2one(comodel_name="res.currency", required=True, readonly=True)
    instalment_line_id = fields.Many2one(
        comodel_name="account.move.line",
        string="Instalment",
        readonly=True,
        # When an invoice gets other terms meanwhile, the amount is asked all the same.
        ondelete="set null",
        index="btree_not_null",
    )
    amount = fields.Monetary(string="Amount to Ask", readonly=True)
    state = fields.Selection(
        selection=[("waiting", "Waiting"), ("done", "Link Made"), ("skipped", "Left Out")],
        required=True,
        readonly=True,
        default="waiting",
    )
    reason = fields.Char(readonly=True)
    request_id = fields.Many2one(
        comodel_name="payment.request", string="Payment Request", readonly=True, index=True
    )

    _waiting = models.Index("(batch_id, partner_id) WHERE state = 'waiting'")
