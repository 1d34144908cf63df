# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from datetime import date
from typing import NamedTuple

from odoo import api, models
from odoo.tools import SQL

from .payment_request_changes import get_native_domain
from .payment_request_pay import PAID_EVENTS

# Messages that the customer got, or may have got; those of a list, too, that one of its members
# sent back. What failed for now, because of the recipient, counts for the days between reminders as
# well: it would be tried in vain every day.
REACHED = ("sending", "sent", "delivered", "unknown")
# What forbids to write about an invoice at all, even when the message is written already.
STOPPING = (
    "paid",
    "processing",
    "disputed",
    "native_payment",
    "credit_note",
    "promise",
    "hold",
    "customer_hold",
)


class Verdict(NamedTuple):
    """What the plan says of one invoice today.

    :ivar step_id: the step it has come to, or None
    :ivar reason: the code of what keeps it from being reminded of, or None
    :ivar late: days since the due date, below zero before it
    :ivar reminded: how often the customer was reminded of it
    """

    move_id: int
    partner_id: int
    currency_id: int
    plan_id: int | None
    step_id: int | None
    days: int | None
    date_due: date
    late: int
    reminded: int
    promise_date: date | None
    reason: str | None


class PaymentRequestReminderRun(models.Model):
    """Choosing whom to remind: one statement of SQL, however many invoices there are.

    :meth:`_choose` runs the statement for a company and leaves its outcome in the database as
    lines of the run: the number of queries is constant and nothing is loaded into memory. To
    measure it::

        run = env["payment.request.reminder.run"].create({"company_id": …, "date": …})
        run._choose()

    (as the superuser; ``run._get_counts()`` tells how many lines came of it).
    """

    _inherit = "payment.request.reminder.run"

    def _choose(self):
        """Write down every invoice that has come to a step of its plan, and what comes of it.

        Lines are ``due``, or ``skipped`` with their reason, or ``along``: overdue, between two
        steps, and listed when the customer is written to about another one.
        """
        self.ensure_one()
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO payment_request_reminder_line (
                    run_id, company_id, partner_id, currency_id, move_id, step_id, days, date,
                    date_due, promise_date, state, reason_code,
                    create_uid, write_uid, create_date, write_date
                )
                SELECT %(run)s, %(company)s, v.partner_id, v.currency_id, v.move_id, v.step_id,
                       v.days, %(day)s, v.date_due, v.promise_date,
                       CASE WHEN v.step_id IS NULL THEN 'along'
                            WHEN v.reason IS NULL THEN 'due'
                            ELSE 'skipped' END,
                       v.reason, %(user)s, %(user)s, %(now)s, %(now)s
                  FROM (SELECT verdict.*,
                               bool_or(step_id IS NOT NULL AND reason IS NULL)
                               OVER (PARTITION BY partner_id, currency_id) AS is_written_to
                          FROM (%(verdicts)s) verdict) v
                 WHERE v.step_id IS NOT NULL
                    OR (v.is_written_to AND v.reason IS NULL AND v.late > 0)
              ORDER BY v.partner_id, v.date_due, v.move_id
                """,
                run=self.id,
                company=self.company_id.id,
                day=self.date,
                user=self.env.uid,
                now=self.env.cr.now(),
                verdicts=self._get_verdict_sql(self.company_id, self.date),
            )
        )
        self.env.invalidate_all()

    @api.model
    def _get_verdicts(self, moves):
        """Return ``{invoice id: Verdict}`` of these invoices as of now; drafts are left out."""
        verdicts = {}
        self.env.flush_all()
        for company, members in moves.grouped("company_id").items():
            today = company._get_payment_request_today()
            sql = self._get_verdict_sql(company, today, members.ids)
            verdicts |= {row[0]: Verdict(*row) for row in self.env.execute_query(sql)}
        return verdicts

    @api.model
    def _get_verdict_sql(self, company, today, move_ids=None):
        """Return the statement whose columns are the fields of a `Verdict`.

        :param list move_ids: these invoices, paid or not; by default all that are open and near
            enough to their due date for any step
        """
        partners = self.env["res.partner"].sudo().with_company(company)
        if move_ids is None:
            among = SQL("m.payment_state IN ('not_paid', 'partial', 'blocked')")
            chosen = SQL(
                """%(among)s
                AND (m.invoice_date_due <= %(until)s
                     OR m.id IN (SELECT move_id FROM parts WHERE day <= %(until)s))
                AND COALESCE(parts.day, m.invoice_date_due) <= %(until)s""",
                among=among,
                until=SQL(
                    "(%s - (SELECT LEAST(min(days), 0) FROM payment_request_reminder_step))", today
                ),
            )
        else:
            among = chosen = SQL("m.id IN %s", tuple(move_ids) or (0,))
        # The same as the pay page minds: it would refuse what a reminder asks for.
        native = self.env["payment.transaction"].sudo()
        return SQL(
            VERDICTS,
            company=company.id,
            today=today,
            plan=company.payment_request_reminder_plan_id.id or None,
            most=company.payment_request_reminder_max,
            since=company._get_reminder_interval_start(today),
            reached=REACHED,
            paid_events=PAID_EVENTS,
            own_plan=partners._field_to_sql("p", "payment_request_reminder_plan_id"),
            customer_hold=partners._field_to_sql("p", "payment_request_hold"),
            native=native._search(
                [("company_id", "=", company.id), *get_native_domain()]
            ).subselect(),
            among=among,
            terms=self._get_instalment_terms(),
            chosen=chosen,
        )

    @api.model
    def _get_instalment_terms(self):
        """Return the ids of the payment terms that name several due dates, at least one number.

        PostgreSQL is told which ones: how many invoices have them decides how it looks.
        """
        lines = self.env["account.payment.term.line"].sudo()
        found = lines._read_group([], ["payment_id"], having=[("__count", ">", 1)])
        return tuple(term.id for (term,) in found) or (0,)


class AccountMove(models.Model):
    _inherit = "account.move"

    # So that what was paid years ago costs nothing.
    _payment_request_open = models.Index(
        "(company_id, invoice_date_due) WHERE move_type = 'out_invoice' AND state = 'posted'"
        " AND payment_state IN ('not_paid', 'partial', 'blocked')"
    )


# `invoice`: the open invoices with what their customer, plan and log say; `reason`: the first of
# what keeps each from being reminded of. What is rare is collected once, not looked up by invoice.
# `unbooked`: what Stripe took and the books could not take yet; the payer reads that it is on its
# way. `parts`: of the invoices whose terms name several due dates, the earliest that is not paid.
VERDICTS = """
WITH plan AS (
    SELECT id FROM payment_request_reminder_plan
     WHERE active AND (company_id IS NULL OR company_id = %(company)s)
), unbooked AS (
    SELECT DISTINCT request_id FROM payment_request_event
     WHERE state = 'failed' AND event_type IN %(paid_events)s AND request_id IS NOT NULL
), asked AS (
    SELECT l.move_id,
           bool_or(r.state = 'processing' OR unbooked.request_id IS NOT NULL) AS is_processing,
           bool_or(r.dispute_state IN ('inquiry', 'open')) AS is_disputed,
           bool_or(r.state = 'draft') AS is_draft
      FROM payment_request r JOIN payment_request_line l ON l.request_id = r.id
 LEFT JOIN unbooked ON unbooked.request_id = r.id
     WHERE r.company_id = %(company)s
       AND r.id IN (
        SELECT request_id FROM unbooked
         UNION
        SELECT id FROM payment_request
         WHERE company_id = %(company)s
           AND (state IN ('processing', 'draft') OR dispute_state IN ('inquiry', 'open')))
  GROUP BY l.move_id
), native AS (
    SELECT DISTINCT invoice_id AS move_id
      FROM account_invoice_transaction_rel
     WHERE transaction_id IN %(native)s
), credited AS (
    SELECT DISTINCT reversed_entry_id AS move_id
      FROM account_move
     WHERE company_id = %(company)s AND move_type = 'out_refund'
       AND reversed_entry_id IS NOT NULL
       AND (state = 'draft' OR state = 'posted' AND payment_state IN ('not_paid', 'partial'))
), reached AS (
    SELECT DISTINCT contact.commercial_partner_id AS partner_id, r.currency_id
      FROM payment_request_delivery d
      JOIN payment_request r ON r.id = d.request_id
      JOIN res_partner contact ON contact.id = r.partner_id
     WHERE d.company_id = %(company)s
       AND (d.state = 'queued' OR d.claimed_at >= %(since)s
            AND (d.state IN %(reached)s OR d.bounced_for IS NOT NULL
                 OR d.recipient_trouble = 'for_now'))
), parts AS (
    SELECT m.id AS move_id, min(item.date_maturity) AS day
      FROM account_move m
      JOIN account_move_line item ON item.move_id = m.id
     WHERE m.company_id = %(company)s AND m.move_type = 'out_invoice' AND m.state = 'posted'
       AND %(among)s
       AND m.invoice_payment_term_id IN %(terms)s
       AND item.display_type = 'payment_term' AND item.reconciled IS NOT TRUE
  GROUP BY m.id
), invoice AS (
    SELECT m.id AS move_id, m.commercial_partner_id AS partner_id, m.currency_id,
           COALESCE(own.id, std.id) AS plan_id,
           COALESCE(parts.day, m.invoice_date_due) AS date_due,
           %(today)s - COALESCE(parts.day, m.invoice_date_due) AS late,
           parts.move_id IS NOT NULL AS is_in_parts,
           m.payment_state, m.payment_request_hold AS is_held,
           m.payment_request_promise_date AS promise_date,
           %(customer_hold)s AS is_customer_held
      FROM account_move m
      JOIN res_partner p ON p.id = m.commercial_partner_id
 LEFT JOIN plan own ON own.id = %(own_plan)s
 LEFT JOIN plan std ON std.id = %(plan)s
 LEFT JOIN parts ON parts.move_id = m.id
     WHERE m.company_id = %(company)s AND m.move_type = 'out_invoice' AND m.state = 'posted'
       AND %(chosen)s
)
SELECT i.move_id, i.partner_id, i.currency_id, i.plan_id, step.id AS step_id, step.days,
       i.date_due, i.late, log.reminded, i.promise_date,
       CASE WHEN i.payment_state NOT IN ('not_paid', 'partial', 'blocked') THEN 'paid'
            WHEN asked.is_processing THEN 'processing'
            WHEN asked.is_disputed THEN 'disputed'
            WHEN native.move_id IS NOT NULL THEN 'native_payment'
            WHEN credited.move_id IS NOT NULL THEN 'credit_note'
            WHEN i.promise_date >= %(today)s THEN 'promise'
            WHEN i.is_held OR i.payment_state = 'blocked' THEN 'hold'
            WHEN i.is_customer_held THEN 'customer_hold'
            WHEN asked.is_draft THEN 'draft'
            WHEN log.reminded >= %(most)s THEN 'maximum'
            WHEN reached.partner_id IS NOT NULL THEN 'recent'
       END AS reason
  FROM invoice i
  LEFT JOIN asked ON asked.move_id = i.move_id
  LEFT JOIN native ON native.move_id = i.move_id
  LEFT JOIN credited ON credited.move_id = i.move_id
  LEFT JOIN reached ON reached.partner_id = i.partner_id AND reached.currency_id = i.currency_id
 CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE NOT i.is_in_parts OR l.date_due = i.date_due)
               AS reminded,
           max(l.days) FILTER (WHERE l.date_due = i.date_due) AS days
      FROM payment_request_reminder_line l
     WHERE l.move_id = i.move_id AND l.state = 'sent'
 ) log
  LEFT JOIN LATERAL (
    SELECT s.id, s.days
      FROM payment_request_reminder_step s
     WHERE s.plan_id = i.plan_id AND s.days <= i.late AND (s.days >= 0 OR i.late <= 0)
       AND (log.days IS NULL OR s.days > log.days)
  ORDER BY s.days DESC
     LIMIT 1
 ) step ON TRUE
"""
