# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import logging
from datetime import timedelta

from psycopg2 import IntegrityError

from odoo import api, fields, models
from odoo.exceptions import UserError

from .payment_request_delivery import CONFLICT_TRIES, CONFLICTS

_logger = logging.getLogger(__name__)

# When somebody else holds a customer's invoices, it is tried again after so long.
PATIENCE = timedelta(minutes=2)
CRON = "payment_request_stripe.ir_cron_send_reminders"


class PaymentRequestReminderRun(models.Model):
    """The cron: who is due is chosen once a day, then written to in steps, each committed.

    A run that was cut off goes on where it stopped: what is still to be sent stands in its lines.
    """

    _inherit = "payment.request.reminder.run"

    @api.model
    def _cron_send_reminders(self):
        """Look at each company's invoices once a day, and remind; safe in several processes."""
        cron = self.env["ir.cron"]
        self._open_runs()
        runs = self.search([("state", "=", "sending")], order="id")
        cron._commit_progress(remaining=len(runs))
        for run in runs:
            last = 0
            while last is not None:
                last = run._step(last)
                is_out_of_time = not cron._commit_progress()
                self.env.invalidate_all()
                if is_out_of_time:
                    self._ring()
                    return
            cron._commit_progress(1)

    @api.model
    def _ring(self, at=None):
        self.env.ref(CRON).sudo()._trigger(at)

    @api.model
    def _open_runs(self):
        """Choose for the companies whose day has begun; another process may be faster."""
        for company in self.env["res.company"].search([("active", "=", True)], order="id"):
            today = company._get_payment_request_today()
            known = self.search_count([("company_id", "=", company.id), ("date", ">=", today)])
            if known or not company._has_payment_reminders():
                continue
            try:
                with self.env.cr.savepoint():
                    self._close_overtaken(company)
                    self.create({"company_id": company.id, "date": today})._choose()
            except (IntegrityError, *CONFLICTS):
                _logger.info("another process looks at the invoices of company %s", company.id)
            self.env["ir.cron"]._commit_progress()

    @api.model
    def _close_overtaken(self, company):
        """End runs of earlier days: what they did not get to is chosen anew."""
        old = self.search([("company_id", "=", company.id), ("state", "=", "sending")])
        old._get_waiting_lines()._leave_out("overtaken")
        old.state = "done"

    def _step(self, last):
        """Write to the next customers; return the last one's id, or None when none is left now.

        :param int last: the customer after whom to go on
        """
        self.ensure_one()
        customers = self._get_next_customers(last)
        if not customers:
            self._close_when_over()
            return None
        self._try_to_remind(customers)
        return customers[-1]

    def _try_to_remind(self, customers):
        """Remind these customers; what breaks down with one of them must not cost the others."""
        for _try in range(CONFLICT_TRIES):
            try:
                with self.env.cr.savepoint():
                    self._remind_some(customers)
                return
            except CONFLICTS:
                # Somebody changed a link or an invoice of these customers: look once more.
                self.env["ir.cron"]._commit_progress()
                self.env.invalidate_all()
            except Exception as error:
                if len(customers) == 1:
                    _logger.exception("reminder run %s leaves out %s", self.id, customers)
                    self._give_up(customers, error)
                    return
                for customer in customers:
                    self._try_to_remind([customer])
                return

    def _remind_some(self, customers):
        lines = self.env["payment.request.reminder.line"].search(
            [
                ("run_id", "=", self.id),
                ("partner_id", "in", customers),
                ("state", "in", ("due", "along")),
            ],
            order="partner_id, date_due, id",
        )
        self._remind(lines._lock_groups())

    def _close_when_over(self):
        if self._get_waiting_lines():
            self._ring(fields.Datetime.now() + PATIENCE)  # another process holds some
        else:
            self.state = "done"

    # === ONE STEP === #

    def _remind(self, lines):
        """Queue one message per customer and currency of these locked lines.

        What has changed since they were chosen counts: they are looked at again first.
        """
        requests = self._find_links(self.company_id, lines.partner_id)
        moves = lines.move_id | requests.line_ids.move_id
        verdicts = self._get_verdicts(moves)
        for line in lines:
            line._look_again(verdicts.get(line.move_id.id))
        lines = lines.filtered(lambda line: line.state in ("due", "along"))
        groups = lines._group_by_message()
        links = {
            key: requests._choose_link(
                *key, group.filtered(lambda line: line.state == "due").move_id
            )
            for key, group in groups.items()
        }
        for key, group in groups.items():
            if links[key]:
                group._leave_to_other_links(links[key], requests)
                links[key]._check_blocked_lines(group._still_due(), verdicts)
        groups = {key: left for key, group in groups.items() if (left := group._still_due())}
        self._make_links({key: group for key, group in groups.items() if not links[key]}, links)
        self._queue_reminders(links, groups)

    @api.model
    def _find_links(self, company, customers):
        """Return the open links by which `company` asks these customers, the newest first.

        What customers chose in the portal, maybe a part of an invoice, is theirs, and no link of
        ours.
        """
        requests = self.env["payment.request"].search(
            [
                ("company_id", "=", company.id),
                ("state", "in", ("sent", "failed")),
                ("is_from_customer", "=", False),
                ("expires_at", ">", fields.Datetime.now()),
                ("partner_id.commercial_partner_id", "in", customers.ids),
            ],
            order="id desc",
        )
        return requests.filtered(lambda one: not one.currency_id.is_zero(one.amount_residual))

    def _make_links(self, groups, links):
        """Make a link, not sent yet, for each of these groups; put it into `links`."""
        lines = self.env["payment.request.reminder.line"].union(*groups.values())
        for move_id, refusal in lines.move_id._get_payment_request_refusals().items():
            lines.filtered(lambda line, move_id=move_id: line.move_id.id == move_id)._leave_out(
                "refused", refusal["message"]
            )
        by_method = {}
        for key, group in groups.items():
            if left := group._still_due():
                method = self.env["payment.request"]._get_reachable_method(
                    left.move_id, left._get_step().delivery_method
                )
                by_method.setdefault(method, {})[key] = left
        for method, members in by_method.items():
            moves = {key: group.move_id for key, group in members.items()}
            asked = self.env["account.move"].union(*moves.values())._get_reminder_amounts()
            options = {
                "delivery_method": method,
                "send": False,
                "due_by": self.company_id._get_payment_request_today(),
                "instalments": {move: item.id for move, (item, _most) in asked.items() if item},
            }
            amounts = {move: most for move, (_item, most) in asked.items()}
            refusals = self.env["payment.request"]._get_group_refusals(moves, amounts, options)
            for detail in refusals:
                key = next(key for key in moves if detail["invoice_id"] in moves[key].ids)
                members[key]._refuse(detail)
                del moves[key]
            self._create_links(moves, amounts, options, groups, links)

    def _create_links(self, moves, amounts, options, groups, links):
        """Make these links at once, or, when that fails, one by one; lines say why one is not."""
        if not moves:
            return
        try:
            with self.env.cr.savepoint():
                made = self.env["payment.request"]._create_requests(moves, amounts, options)
                links.update(zip(moves, made, strict=True))
            return
        except CONFLICTS:
            raise
        except Exception as error:  # an automation of the users may refuse one of them
            if len(moves) == 1:
                _logger.warning("no reminder of %s: %s", [*moves.values()], error)
                reason = str(error) if isinstance(error, UserError) else False
                for key in moves:
                    groups[key]._still_due()._leave_out("refused", reason)
                return
        for key, members in moves.items():
            self._create_links({key: members}, amounts, options, groups, links)
