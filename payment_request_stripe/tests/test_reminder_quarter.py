# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from collections import Counter, defaultdict
from datetime import datetime, time, timedelta

from freezegun import freeze_time

from odoo.tests import tagged
from odoo.tools import SQL

from . import quarter
from .reminder_case import ReminderCase

PLANS = {(-3, 3, 10): "sms", (5, 15): "email", (0, 7, 14, 21): "sms"}


@tagged("post_install", "-at_install")
class TestReminderQuarter(ReminderCase):
    """500 customers, 3,000 invoices and 90 days: who got what, when and why.

    The invoices are copies, made by SQL, of one that Odoo posted, and what is paid is written on
    them as reconciling a payment leaves it: to post and to reconcile them all would take minutes,
    and other tests do it. Chasing, sending and the log are the real ones.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.customers = quarter.imagine(20260101, tuple(PLANS))
        plans = {
            days: cls._create_plan(f"Plan {days}", days, delivery_method=method)
            for days, method in PLANS.items()
        }
        cls.company.write(
            {
                "payment_request_reminder_plan_id": plans[next(iter(PLANS))].id,
                "payment_request_reminder_max": quarter.MOST,
                "payment_request_reminder_interval": quarter.INTERVAL,
                "payment_request_expiry_days": 365,
            }
        )
        cls.partners = cls.env["res.partner"].create(
            [cls._prepare_partner(customer, plans) for customer in cls.customers]
        )
        with freeze_time(quarter.START):
            cls.moves = cls._copy_invoices()

    @classmethod
    def _prepare_partner(cls, customer, plans):
        number = customer.number
        values = {
            "name": f"Customer {number}",
            "email": customer.has_contact and f"customer{number}@example.com",
            "phone": customer.has_contact and f"+1415555{1000 + number}",
            "payment_request_hold": customer.is_held,
        }
        if customer.steps != next(iter(PLANS)):
            values["payment_request_reminder_plan_id"] = plans[customer.steps].id
        return values

    @classmethod
    def _copy_invoices(cls):
        """Return ``{number: invoice}``: copies in the tables of one invoice that Odoo posted."""
        model = cls._create_invoice(100)
        cls.env.flush_all()
        rows = [
            (one.number, partner.id, one.due, f"QUARTER/{one.number:05}")
            for customer, partner in zip(cls.customers, cls.partners, strict=True)
            for one in customer.invoices
        ]
        values = SQL(", ").join(SQL("(%s, %s, %s::date, %s)", *row) for row in rows)
        cls._copy_rows(
            "account_move",
            {
                "name": SQL("v.name"),
                "sequence_number": SQL("v.number + 100000"),
                "partner_id": SQL("v.partner_id"),
                "commercial_partner_id": SQL("v.partner_id"),
                "partner_shipping_id": SQL("v.partner_id"),
                "invoice_date_due": SQL("v.due"),
                "payment_reference": SQL("v.name"),
                "access_token": SQL("NULL"),
            },
            SQL("(VALUES %s) v(number, partner_id, due, name)", values),
            SQL("t.id = %s", model.id),
        )
        cls._copy_rows(
            "account_move_line",
            {
                "move_id": SQL("v.id"),
                "move_name": SQL("v.name"),
                "partner_id": SQL("v.partner_id"),
                "date_maturity": SQL(
                    "CASE WHEN t.date_maturity IS NULL THEN NULL ELSE v.invoice_date_due END"
                ),
            },
            SQL("account_move v"),
            SQL("t.move_id = %s AND v.name LIKE 'QUARTER/%%'", model.id),
        )
        # The one that was copied takes no part.
        model.button_draft()
        model.button_cancel()
        # Nobody has counted these rows yet: PostgreSQL would take them for a few.
        cls.env.cr.execute("ANALYZE account_move, account_move_line")
        cls.env.invalidate_all()
        moves = cls.env["account.move"].search([("name", "=like", "QUARTER/%")])
        return {int(move.name.split("/")[1]): move for move in moves}

    @classmethod
    def _copy_rows(cls, table, changes, source, condition):
        """Copy the rows `t` of `table` that match, once for each row `v` of `source`."""
        cls.env.cr.execute(
            SQL(
                "SELECT column_name FROM information_schema.columns"
                " WHERE table_name = %s AND column_name != 'id' AND is_generated = 'NEVER'",
                table,
            )
        )
        columns = [row[0] for row in cls.env.cr.fetchall()]
        cls.env.cr.execute(
            SQL(
                "INSERT INTO %s (%s) SELECT %s FROM %s t CROSS JOIN %s WHERE %s",
                SQL.identifier(table),
                SQL(", ").join(map(SQL.identifier, columns)),
                SQL(", ").join(
                    changes.get(column) or SQL.identifier("t", column) for column in columns
                ),
                SQL.identifier(table),
                source,
                condition,
            )
        )

    def _count_rows(self):
        """Let PostgreSQL count what has come, as its daemon would if this were committed."""
        self.env.flush_all()
        self.env.cr.execute(
            "ANALYZE account_move, payment_request, payment_request_delivery,"
            " payment_request_line, payment_request_reminder_line"
        )

    # === A DAY === #

    def _pay(self, day, noon):
        """Have all who pay at this time of the day do so, and return the invoices."""
        paid, part = self.env["account.move"], self.env["account.move"]
        for customer in self.customers:
            for one in customer.invoices:
                if one.paid_on == day and one.at_noon == noon:
                    paid |= self.moves[one.number]
                elif not noon and one.part_on == day and not one.is_paid(day):
                    part |= self.moves[one.number]
        kept = {"skip_invoice_sync": True}
        paid.with_context(**kept).write({"amount_residual": 0, "payment_state": "paid"})
        part.with_context(**kept).write({"amount_residual": 60, "payment_state": "partial"})

    def _behave(self, day):
        """Have payers promise and opt out, and the accountant hold and release."""
        for customer in self.customers:
            if customer.opts_out_on == day and customer.has_contact:
                self.env["mail.blacklist"]._add(f"customer{customer.number}@example.com")
                self.env["phone.blacklist"]._add([f"+1415555{1000 + customer.number}"])
            for one in customer.invoices:
                move = self.moves[one.number]
                if one.held and one.held[0] == day:
                    move.payment_request_hold = True
                if one.held and one.held[1] == day - timedelta(days=1):
                    move.payment_request_hold = False
                if one.promise and one.promise[0] == day and not one.is_paid(day):
                    move._promise_payment_request(one.promise[1])

    def _live(self, day):
        """Live through one day: morning, the run, noon, the messages."""
        with freeze_time(datetime.combine(day, time(7))):
            self._pay(day, noon=False)
            self._behave(day)
            self._remind()
        with freeze_time(datetime.combine(day, time(9))):
            self._pay(day, noon=True)
            self._drain()

    def test_a_quarter(self):
        for customer in self.customers:
            for one in customer.invoices:
                if one.held and one.held[0] < quarter.START <= one.held[1]:
                    self.moves[one.number].payment_request_hold = True
        days = [
            quarter.START + timedelta(days=n)
            for n in range((quarter.LAST - quarter.START).days + 1)
        ]
        expected = {}
        for day in days:
            self._live(day)
            if day.weekday() == 6:
                self._count_rows()
            for customer in self.customers:
                for number, said in quarter.foresee(customer, day).items():
                    expected[day, number] = said
        number_of = {move.id: number for number, move in self.moves.items()}
        lines = self.lines.search([("move_id", "in", list(number_of))])
        found = {
            (line.date, number_of[line.move_id.id]): (line.state, line.reason_code)
            for line in lines
        }
        self.assertEqual(len(found), len(lines), "one line a day for an invoice")
        wrong = {
            key: (expected.get(key), found.get(key))
            for key in sorted(expected.keys() | found.keys())
            if expected.get(key) != found.get(key)
        }
        self.assertFalse(dict(list(wrong.items())[:10]), len(wrong))
        self._check_messages(lines)
        tally = Counter(said for said in found.values())
        for said in (
            ("sent", False),
            ("along", False),
            *(
                ("skipped", code)
                for code in (
                    "customer_hold",
                    "hold",
                    "linked",
                    "maximum",
                    "no_contact",
                    "opted_out",
                    "paid",
                    "promise",
                    "recent",
                )
            ),
        ):
            self.assertGreater(tally[said], 5, f"{said} happens in this quarter: {tally}")

    def _check_messages(self, lines):
        """Assert that nobody was written to twice a day, nor about what was paid."""
        paid_on = {one.number: one for customer in self.customers for one in customer.invoices}
        number_of = {move.id: number for number, move in self.moves.items()}
        messages = self.outbox.search([("reminder_run_id", "!=", False)])
        self.assertEqual(set(messages.mapped("state")), {"sent", "skipped"})
        written = defaultdict(list)
        for message in messages.filtered(lambda row: row.state == "sent"):
            written[message.recipient, message.claimed_at.date()].append(message)
        self.assertEqual({len(same) for same in written.values()}, {1})
        self.assertEqual(
            sum(1 for _key in written),
            len({(line.date, line.partner_id) for line in lines if line.state == "sent"}),
            "a message for each customer and day of the log",
        )
        chased = defaultdict(list)
        for line in lines.filtered(lambda line: line.state == "sent"):
            chased[line.partner_id, line.date].append(paid_on[number_of[line.move_id.id]])
        for (partner, day), invoices in chased.items():
            self.assertFalse(
                [one.number for one in invoices if one.is_paid(day, noon=True)],
                f"{partner.name} had paid on {day}",
            )
