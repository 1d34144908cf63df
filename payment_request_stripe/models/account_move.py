# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, fields, models
from odoo.exceptions import LockError

from ..gateways.money import AmountError, to_decimal, to_minor
from .payment_request import OPEN_STATES

# What keeps us from asking once more. What customers choose to pay by themselves does not, until
# they have done so.
ASKING = [
    ("state", "in", OPEN_STATES),
    "|",
    ("is_from_customer", "=", False),
    ("state", "=", "processing"),
]


class AccountMove(models.Model):
    _inherit = "account.move"

    payment_request_line_ids = fields.One2many(
        comodel_name="payment.request.line",
        inverse_name="move_id",
        groups="account.group_account_invoice,account.group_account_readonly",
    )
    payment_request_ids = fields.Many2many(
        comodel_name="payment.request",
        compute="_compute_payment_requests",
        string="Payment Requests",
        groups="account.group_account_invoice,account.group_account_readonly",
    )
    payment_request_count = fields.Integer(
        compute="_compute_payment_requests",
        groups="account.group_account_invoice,account.group_account_readonly",
    )

    @api.depends("payment_request_line_ids")
    def _compute_payment_requests(self):
        for move in self:
            move.payment_request_ids = move.payment_request_line_ids.request_id
            move.payment_request_count = len(move.payment_request_ids)

    # === ACTION METHODS === #

    def action_send_payment_link(self):
        """Open the Send Payment Link dialog on these invoices, or the links that ask for them all.

        :raise UserError: with a sentence per invoice when none of them can or need be asked for
        """
        self.check_access("read")
        return self.env["payment.request.send.wizard"]._open_for_moves(self)

    def action_view_payment_requests(self):
        """Show the payment requests that ask for these invoices."""
        self.check_access("read")
        return self.payment_request_ids._get_records_action(
            name=self.env._("Payment Requests"), context={"create": False}
        )

    # === BUSINESS METHODS === #

    def send_payment_links(self, delivery_method=None):
        """Send one link per customer, company and currency; for automated and server actions.

        What cannot be asked for is skipped, with its reason in the invoice's chatter. A rule that
        runs by itself, as the system, also leaves out what is on hold or promised, and its
        messages wait for the end of the customer's quiet hours; a person means now.

        :return: the new ``payment.request`` records
        """
        self.check_access("write")
        requests = self.env["payment.request"]
        options = {"delivery_method": delivery_method} if delivery_method else {}
        refusals = self._get_payment_request_refusals()
        if self.env.su:
            refusals.update(self._get_reminder_holds())
        moves = self.filtered(lambda move: move.id not in refusals)
        groups = requests._group_moves(moves)
        amounts = dict.fromkeys(moves.ids)
        for key, refusal in requests._find_group_refusals(groups, amounts, options).items():
            refusals.update(dict.fromkeys(groups[key].ids, refusal))
        moves -= moves.filtered(lambda move: move.id in refusals)
        self.browse(refusals)._message_log_batch(
            {
                move_id: self.env._("No payment link was sent. %(reason)s", reason=said["message"])
                for move_id, said in refusals.items()
            }
        )
        if not moves:
            return requests
        made = requests._create_grouped(
            [{"invoice_id": move.id} for move in moves], send=False, **options
        )
        made._queue_deliveries(automatic=self.env.su)
        made._mark_sent()
        return made

    def _lock_for_payment_request(self):
        """Hold these invoices, so that nobody else asks for the same meanwhile.

        :raise LockError: when somebody else holds one of them
        """
        try:
            self.lock_for_update(allow_referencing=True)
        except LockError as error:
            raise LockError(
                self.env._("These invoices are being worked on. Try again in a moment.")
            ) from error

    def _get_payment_request_available(self):
        """Return ``{invoice id: Decimal}``: what is owed less what open requests ask already.

        Major units of each invoice's currency; never negative.
        """
        asked = self._get_payment_request_asked()
        return {
            move.id: max(
                to_decimal(move.amount_residual, move.currency_id.decimal_places)
                - to_decimal(asked.get(move.id, 0), move.currency_id.decimal_places),
                to_decimal(0, move.currency_id.decimal_places),
            )
            for move in self
        }

    def _get_payment_request_asked(self):
        """Return ``{invoice id: amount}`` that open requests still ask of these invoices."""
        return {
            move.id: amount
            for move, amount in self.env["payment.request.line"]
            .sudo()
            ._read_group(
                [
                    ("move_id", "in", self.ids),
                    ("request_id", "any", ASKING),
                ],
                ["move_id"],
                ["amount_due:sum"],
            )
        }

    def _get_payment_request_refusals(self, amounts=None, instalments=None):
        """Return ``{invoice id: {"code", "message"}}`` of those that cannot be asked for.

        :param dict amounts: ``{invoice id: Decimal in major units, or None for all}``
        :param dict instalments: ``{invoice id: journal item id}`` where one is asked for
        """
        amounts, instalments = amounts or {}, instalments or {}
        available = self._get_payment_request_available()
        refusals = {}
        for move in self:
            amount = amounts.get(move.id, None)
            refusal = move._get_payment_request_refusal(available[move.id], amount)
            if not refusal and instalments.get(move.id):
                refusal = move._get_instalment_refusal(instalments[move.id], amount)
            if refusal:
                refusals[move.id] = dict(zip(("code", "message"), refusal, strict=True))
        return refusals

    def _get_payment_request_refusal(self, available, amount):
        """Return ``(code, sentence)`` for one invoice, or none when `amount` can be asked."""
        self.ensure_one()
        name = self.name or self.env._("The draft invoice")
        if self.move_type != "out_invoice":
            return "not_customer_invoice", self.env._("%(name)s is no customer invoice.", name=name)
        if self.state != "posted":
            return "not_posted", self.env._("%(name)s is not posted.", name=name)
        if self.currency_id.is_zero(self.amount_residual) or self.amount_residual < 0:
            return "nothing_due", self.env._("Nothing is due on %(name)s.", name=name)
        if not available:
            return "already_requested", self.env._(
                "%(name)s is already asked for by %(requests)s.",
                name=name,
                requests=self._get_open_payment_request_names(),
            )
        return self._get_payment_request_amount_refusal(
            available, available if amount is None else amount
        )

    def _get_payment_request_amount_refusal(self, available, amount):
        if amount <= 0:
            return "amount_not_positive", self.env._(
                "The amount asked for %(name)s must be above zero.", name=self.name
            )
        try:
            to_minor(amount, self.currency_id.name)
        except AmountError:
            return "amount_precision", self.env._(
                "%(amount)s is no exact amount in %(currency)s (%(name)s).",
                amount=amount,
                currency=self.currency_id.name,
                name=self.name,
            )
        if amount <= available:
            return None
        if amount <= to_decimal(self.amount_residual, self.currency_id.decimal_places):
            return "already_requested", self.env._(
                "Of %(name)s, %(available)s can still be asked: %(requests)s asks for the rest.",
                available=self.currency_id.format(float(available)),
                name=self.name,
                requests=self._get_open_payment_request_names(),
            )
        return "amount_above_due", self.env._(
            "%(amount)s is more than what %(name)s still owes, %(due)s.",
            amount=self.currency_id.format(float(amount)),
            name=self.name,
            due=self.currency_id.format(self.amount_residual),
        )

    def _get_open_payment_request_names(self):
        return ", ".join(self.sudo()._get_asking_payment_requests().mapped("name"))

    def _get_asking_payment_requests(self):
        """Return the requests that ask something of these invoices now."""
        lines = self.payment_request_line_ids.filtered(lambda line: line.amount_due > 0)
        return lines.request_id.filtered_domain(ASKING)
