# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import logging
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..gateways.money import to_decimal
from .payment_request_delivery import CONFLICTS

_logger = logging.getLogger(__name__)

# Customers whose links are made, and committed, in one step.
CUSTOMERS = 50
# So many invoices are looked at to find them; all of thousands would be read again in each step.
LINES = 200
# When somebody else holds the invoices, it is tried again after so long.
PATIENCE = timedelta(minutes=2)


class PaymentRequestBatch(models.Model):
    """The work in the background: links are made in steps, each committed."""

    _inherit = "payment.request.batch"

    @api.model
    def _start(self, amounts, options):
        """Write down what is to be asked, and ring the worker.

        :param dict amounts: ``{invoice id: Decimal in major units}``, which the user may see
        :param dict options: of ``create_and_send``: delivery_method, message, expires_at, due_by,
            and ``instalments``, ``{invoice id: journal item id}`` where one is asked for
        :return: the action that shows the bulk send of the first company
        """
        self.env["payment.request"].check_access("create")
        moves = self.env["account.move"].search([("id", "in", list(amounts))], order="id")
        instalments = options.get("instalments") or {}
        batches = self.sudo()
        for company, members in moves.grouped("company_id").items():
            batches |= batches.create(
                {
                    "company_id": company.id,
                    "user_id": self.env.uid,
                    "delivery_method": options["delivery_method"],
                    "message": options["message"],
                    "expires_at": options["expires_at"],
                    "due_by": options.get("due_by"),
                    "line_ids": [
                        fields.Command.create(
                            {
                                "move_id": move.id,
                                "partner_id": move.commercial_partner_id.id,
                                "currency_id": move.currency_id.id,
                                "instalment_line_id": instalments.get(move.id),
                                "amount": float(amounts[move.id]),
                            }
                        )
                        for move in members
                    ],
                }
            )
        self.env["payment.request.delivery"]._ring()
        return batches[:1].sudo(False)._get_records_action(name=self.env._("Bulk Send"))

    @api.model
    def _make_requests(self):
        """Make the links of the bulk sends that wait, oldest first; safe in several processes."""
        cron = self.env["ir.cron"]
        for batch in self.search([("state", "=", "making")], order="id"):
            while True:
                try:
                    with self.env.cr.savepoint():
                        is_over = batch._make_some()
                except CONFLICTS:
                    is_over = True
                    self.env["payment.request.delivery"]._ring()
                except Exception:  # it must not keep the messages of others waiting
                    is_over = True
                    _logger.exception("bulk send %s does not go on", batch.id)
                is_out_of_time = not cron._commit_progress()
                self.env.invalidate_all()
                if is_out_of_time:
                    self.env["payment.request.delivery"]._ring()
                    return
                if is_over:
                    break

    def _make_some(self):
        """Make the links of some customers; tell whether there is nothing more to do now."""
        self.ensure_one()
        lines = self._take_lines()
        if lines is None:
            return True
        if not lines:
            self.state = "sending"
            return True
        try:
            with self.env.cr.savepoint():
                reasons = self._make_links(lines)
        except AccessError:
            reason = self.env._(
                "%(user)s may not send payment links of %(company)s any more.",
                user=self.user_id.name,
                company=self.company_id.name,
            )
            reasons = dict.fromkeys(lines.move_id.ids, reason)
        lines._close(reasons)
        return False

    def _make_links(self, lines):
        """Make the links of these lines as the user who asked for them.

        :return: ``{invoice id: sentence}`` of those that got none
        :raise AccessError: when that user may not do so any more
        """
        requests = self.env["payment.request"].with_user(self.user_id)
        requests = requests.with_company(self.company_id).with_context(
            lang=self.user_id.lang, tz=self.user_id.tz
        )
        requests.check_access("create")
        moves = requests.env["account.move"].search([("id", "in", lines.move_id.ids)], order="id")
        amounts = {
            line.move_id.id: to_decimal(line.amount, line.currency_id.decimal_places)
            for line in lines
            if line.move_id.id in set(moves.ids)
        }
        options = self._get_options(lines)
        reasons = {
            move_id: refusal["message"]
            for move_id, refusal in moves._get_payment_request_refusals(
                amounts, options["instalments"]
            ).items()
        }
        groups = requests._group_moves(moves.filtered(lambda move: move.id not in reasons))
        refusals = requests._find_group_refusals(groups, amounts, options)
        for key, refusal in refusals.items():
            reasons.update(dict.fromkeys(groups[key].ids, refusal["message"]))
        groups = {key: members for key, members in groups.items() if key not in refusals}
        self._make_groups(requests, groups, amounts, options, reasons)
        return reasons

    def _take_lines(self):
        """Return the waiting invoices of some customers, locked; None when somebody has them."""
        waiting = [("batch_id", "=", self.id), ("state", "=", "waiting")]
        lines = self.env["payment.request.batch.line"].search(waiting, order="id", limit=LINES)
        if not lines:
            return lines
        # A customer's invoices go together, wherever they stand.
        customers = lines.partner_id[:CUSTOMERS]
        lines = lines.search([*waiting, ("partner_id", "in", customers.ids)], order="id")
        mine = lines.try_lock_for_update(allow_referencing=True)
        moves = lines.move_id.try_lock_for_update(allow_referencing=True)
        if len(mine) < len(lines) or len(moves) < len(lines.move_id):
            self.env["payment.request.delivery"]._ring(fields.Datetime.now() + PATIENCE)
            return None
        return lines

    def _make_groups(self, requests, groups, amounts, options, reasons):
        """Make the links of these customers at once, or, when that fails, one by one."""
        if not groups:
            return
        try:
            with self.env.cr.savepoint():
                made = requests._create_requests(groups, amounts, options)
                made.sudo().batch_id = self
            return
        except CONFLICTS:
            raise
        except Exception as error:  # an automation of the users may refuse one of them
            if len(groups) == 1:
                _logger.warning("a link of bulk send %s was not made: %s", self.id, error)
                reason = (
                    str(error)
                    if isinstance(error, UserError)
                    else self.env._("Something went wrong here. Send it by itself.")
                )
                for members in groups.values():
                    reasons.update(dict.fromkeys(members.ids, reason))
                return
        for key, members in groups.items():
            self._make_groups(requests, {key: members}, amounts, options, reasons)

    def _get_options(self, lines):
        """Return how the invoices of these lines are asked for."""
        self.ensure_one()
        return {
            "delivery_method": self.delivery_method,
            "message": self.message,
            # One that has passed while the worker was down is refused, not sent.
            "expires_at": self.expires_at,
            "user_id": self.user_id.id,
            "due_by": self.due_by,
            "instalments": {
                line.move_id.id: line.instalment_line_id.id
                for line in lines.filtered("instalment_line_id")
            },
        }

    @api.model
    def _close_finished(self):
        """Tell the people whose bulk sends are over how they went."""
        for batch in self.search([("state", "=", "sending")]):
            if batch.waiting_count:
                continue
            batch.state = "done"
            batch.user_id._bus_send(
                "simple_notification",
                {
                    "type": "warning" if batch.failed_count else "success",
                    "sticky": True,
                    "title": batch.name,
                    "message": self.env._(
                        "%(sent)s messages sent, %(failed)s failed, %(dropped)s skipped; "
                        "%(links)s links made, %(left_out)s invoices left out.",
                        sent=batch.sent_count,
                        failed=batch.failed_count,
                        dropped=batch.dropped_count,
                        links=batch.request_count,
                        left_out=batch.skipped_count,
                    ),
                },
            )


class PaymentRequestBatchLine(models.Model):
    _inherit = "payment.request.batch.line"

    def _close(self, reasons):
        """Note what became of these invoices: their link, or why there is none."""
        made = self.env["payment.request.line"].search(
            [("move_id", "in", self.move_id.ids), ("request_id.batch_id", "in", self.batch_id.ids)]
        )
        request_of = {line.move_id.id: line.request_id for line in made}
        for line in self:
            request = request_of.get(line.move_id.id)
            if request:
                line.write({"state": "done", "request_id": request.id})
            else:
                reason = reasons.get(line.move_id.id) or self.env._("The invoice is gone.")
                line.write({"state": "skipped", "reason": reason})
