# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What happened in a period stays in it, whatever happens to the same link later."""

from datetime import timedelta

from freezegun import freeze_time

from odoo import fields
from odoo.tests import new_test_user, tagged

from .money_case import MoneyCase
from .reminder_case import ReminderCase


@tagged("post_install", "-at_install")
class TestReportPeriods(MoneyCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.report = cls.env["payment.request.report"].with_user(cls.readonly_user)
        cls.digest = cls.env["digest.digest"].create(
            {"name": "Numbers", "company_id": cls.company.id}
        )

    def _pay_on(self, request, moment, amount=None):
        """Pay `amount` of the request (all, by default), and have it booked, at that moment."""
        checkout = self._open_checkout(request)
        session = self.stripe.sessions[checkout.stripe_checkout_session_ref]
        if amount:
            minor = round(amount * 100)
            quote = request._get_quote(choice=[[request.line_ids.id, minor]])
            checkout.write({"quote": quote, "amount": amount})
            session["amount_total"] = minor
        event = self.stripe.pay(session["id"])
        event["created"] = int(moment.timestamp())
        before = request.payment_ids
        self._receive(event)
        payment = request.payment_ids - before
        self.env.cr.execute(
            "UPDATE account_payment SET create_date = %s WHERE id = %s", [moment, payment.id]
        )
        self.env.invalidate_all()
        return payment

    def _told_by_digest(self, days_ago, days=30):
        """Return the amount paid, and the links sent, in the digest of a period that ended then."""
        end = fields.Datetime.now() - timedelta(days=days_ago)
        digest = self.digest.with_user(self.readonly_user)
        digest = digest.with_context(start_datetime=end - timedelta(days=days), end_datetime=end)
        digest.invalidate_recordset()
        return digest.kpi_payment_request_paid_value, digest.kpi_payment_request_sent_value

    def _told_by_weeks(self, days=365):
        weeks = self.report.with_company(self.company).get_dashboard(days=days)["weeks"]
        return [week["amount"] for week in weeks if week["amount"]]

    def test_a_link_paid_in_parts_counts_each_part_when_it_came(self):
        request = self._create_request(self._create_invoice(300))
        now = fields.Datetime.now()
        self._pay_on(request, now - timedelta(days=45), 100)
        self.assertEqual(self._told_by_digest(30)[0], 100)
        self._pay_on(request, now - timedelta(days=5), 200)
        self.assertEqual(request.state, "completed")
        self.assertEqual(self._told_by_digest(30)[0], 100, "the past has changed")
        self.assertEqual(self._told_by_digest(0)[0], 200)
        self.assertEqual(self._told_by_weeks(), [100, 200])
        self.assertEqual(self._told_by_weeks(days=30), [200])

    def test_weeks_without_a_payment_stand_between_the_others(self):
        request = self._create_request(self._create_invoice(100))
        self._pay_on(request, fields.Datetime.now() - timedelta(hours=1))
        weeks = self.report.with_company(self.company).get_dashboard(days=30)["weeks"]
        self.assertIn(len(weeks), (5, 6))
        self.assertEqual([week["amount"] for week in weeks][-1], 100)
        self.assertFalse(any(week["amount"] for week in weeks[:-1]))

    def test_a_payment_that_was_cancelled_brought_nothing(self):
        request = self._create_request(self._create_invoice(100))
        payment = self._pay_on(request, fields.Datetime.now() - timedelta(hours=1))
        self.assertEqual(self._told_by_digest(0)[0], 100)
        payment.action_draft()
        payment.action_cancel()
        self.assertEqual(self._told_by_digest(0)[0], 0)
        self.assertFalse(self._told_by_weeks())

    def test_money_of_another_currency_is_told_in_the_companys(self):
        euro = self.setup_other_currency("EUR", rates=[("2020-01-01", 0.5)])
        request = self._create_request(self._create_invoice(100, currency=euro))
        self._pay_on(request, fields.Datetime.now() - timedelta(hours=1))
        self.assertEqual(self._told_by_digest(0)[0], 200)
        self.assertEqual(self._told_by_weeks(), [200])

    def test_the_digest_tells_the_same(self):
        request = self._create_request(self._create_invoice(80))
        self._run_cron("ir_cron_send_deliveries")
        request.first_sent_at = fields.Datetime.now() - timedelta(hours=2)
        self._pay_on(request, fields.Datetime.now() - timedelta(hours=1))
        self.digest.write(
            {
                "kpi_payment_request_paid": True,
                "kpi_payment_request_sent": True,
                "kpi_payment_request_conversion": True,
            }
        )
        kpis = {
            kpi["kpi_name"]: kpi["kpi_col1"]["value"]
            for kpi in self.digest._compute_kpis(self.company, self.readonly_user)
        }
        self.assertIn("80", kpis["kpi_payment_request_paid"])
        self.assertEqual(kpis["kpi_payment_request_sent"], 1)
        self.assertEqual(kpis["kpi_payment_request_conversion"], "100.00")
        nobody = new_test_user(self.env, login="nobody", groups="base.group_user")
        self.assertNotIn(
            "kpi_payment_request_paid",
            [kpi["kpi_name"] for kpi in self.digest._compute_kpis(self.company, nobody)],
        )

    def test_sending_again_does_not_change_when_a_link_was_sent(self):
        now = fields.Datetime.now()
        with freeze_time(now - timedelta(days=40)):
            request = self._create_request(self._create_invoice(100), delivery_method="link")
        with freeze_time(now - timedelta(days=1)):
            request.action_resend()
        self._pay_on(request, now)
        row = self.report.search([("request_id", "=", request.id)])
        self.assertAlmostEqual(row.days_to_pay, 40, 3)
        self.assertEqual(self._told_by_digest(30)[1], 1)
        self.assertEqual(self._told_by_digest(0)[1], 0)

    def test_links_of_before_keep_the_day_they_were_sent(self):
        request = self._create_request(self._create_invoice(100))
        request.first_sent_at = False
        self.env.flush_all()
        self.env["payment.request"]._init_column("first_sent_at")
        self.env.invalidate_all()
        self.assertEqual(request.first_sent_at, request.sent_at)


@tagged("post_install", "-at_install")
@freeze_time("2026-03-16 10:00:00")
class TestReportOfMessages(ReminderCase):
    """A link counts as sent when something has left, and from then on."""

    def _tell(self, request):
        self.env.flush_all()
        row = self.env["payment.request.report"].search([("request_id", "=", request.id)])
        row.invalidate_recordset()
        return row.sent_count, fields.Datetime.to_string(row.sent_at)

    def test_a_message_that_waits_was_not_sent(self):
        request = self._ask("email")
        self.assertEqual(self._tell(request), (0, False))
        self._drain()
        self.assertEqual(self._tell(request), (1, "2026-03-16 10:00:00"))

    def test_a_message_that_failed_was_not_sent(self):
        self.twilio.fail_next(status=400, code=21211)
        request = self._ask("sms")
        self._drain()
        self.assertEqual(request.delivery_ids.state, "failed")
        self.assertEqual(self._tell(request), (0, False))

    def test_a_reminder_that_is_stopped_changes_nothing(self):
        self._create_late_invoice(3)
        self._remind()
        request = self._get_reminders().request_id
        self.assertEqual((request.state, self._tell(request)), ("sent", (0, False)))
        self._drain()
        self.assertEqual(self._tell(request), (1, "2026-03-16 10:00:00"))
        with freeze_time("2026-03-23 10:00:00"):
            self._remind()
            self._drain()
        self.assertEqual(request.reminder_count, 2)
        self.assertEqual(self._tell(request), (1, "2026-03-16 10:00:00"))
