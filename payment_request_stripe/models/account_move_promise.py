# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from datetime import timedelta

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

GROUPS = "account.group_account_invoice,account.group_account_readonly"
# So often may a payer put an invoice off; then only a person on our side can.
MAX_PROMISES = 3


class AccountMove(models.Model):
    """What keeps reminders away from an invoice: a hold, or the customer's promise to pay."""

    _inherit = "account.move"

    payment_request_hold = fields.Boolean(
        string="No Reminders",
        copy=False,
        tracking=True,
        groups=GROUPS,
        help="Reminders leave this invoice out until you clear this.",
    )
    payment_request_promise_date = fields.Date(
        string="Promised Until",
        copy=False,
        tracking=True,
        groups=GROUPS,
        help="The customer has promised to pay by this day. Reminders start again the day after.",
    )
    payment_request_promise_count = fields.Integer(
        string="Promises of the Customer", readonly=True, copy=False, groups=GROUPS
    )

    def _promise_payment_request(self, date, note=""):
        """Note that the customer promises to pay these invoices by `date`; reminders wait for it.

        May be called for whoever holds the link: it writes as the system, and only within limits.
        Either all of the invoices are put off or none.

        :param date: ``datetime.date``, from today to the company's longest promise
        :param str note: the customer's own words, shown in the invoice's chatter as plain text
        :raise UserError: with a sentence for the customer, when the date or an invoice does not
            allow a promise; nothing was changed
        """
        moves = self.sudo()
        for move in moves:
            if refusal := move._get_promise_refusal(date):
                raise UserError(refusal)
        for move in moves.with_context(tracking_disable=True):
            move.write(
                {
                    "payment_request_promise_date": date,
                    "payment_request_promise_count": move.payment_request_promise_count + 1,
                }
            )
        said = self.env._(
            "The customer promises to pay by %(date)s.", date=format_date(self.env, date)
        )
        body = f"{said}\n{note.strip()[:500]}" if note.strip() else said
        moves._message_log_batch(dict.fromkeys(moves.ids, body))

    def _get_promise_refusal(self, date):
        """Return the sentence that tells the customer why `date` cannot be promised, or none."""
        self.ensure_one()
        today = fields.Date.context_today(self.with_context(tz=self.company_id.partner_id.tz))
        last = today + timedelta(days=self.company_id.payment_request_promise_days)
        if self.state != "posted" or self.payment_state not in ("not_paid", "partial"):
            return self.env._("Nothing is left to pay on %(name)s.", name=self.name)
        if not today <= date <= last:
            return self.env._(
                "Please choose a day from today to %(last)s.", last=format_date(self.env, last)
            )
        if self.payment_request_promise_count >= MAX_PROMISES:
            return self.env._(
                "%(name)s was put off %(count)s times already. Please get in touch with us.",
                name=self.name,
                count=self.payment_request_promise_count,
            )
        return ""
