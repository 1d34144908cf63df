# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What changes between the choice, the outbox and the sending of a reminder."""

from datetime import date, timedelta

from freezegun import freeze_time

from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import html2plaintext, mute_logger

from .mail_wire import mail_server
from .reminder_case import TODAY, ReminderCase

SEND = "odoo.addons.payment_request_stripe.models.payment_request_reminder_send"


@tagged("post_install", "-at_install")
@freeze_time("2026-03-16 10:00:00")
class TestReminderChanges(ReminderCase):
    # === THE PLAN === #

    def test_a_step_is_deleted_during_the_run(self):
        invoice = self._create_late_invoice(11)
        self._choose_only()
        self.assertEqual(self._get_line(invoice).days, 10)
        self.plan.step_ids.filtered(lambda step: step.days == 10).unlink()
        self._remind()
        line = self._get_line(invoice)
        self.assertEqual((line.state, line.days, line.step_id.days), ("sent", 3, 3))

    def test_another_plan_during_the_run(self):
        invoice, early = self._create_late_invoice(11), self._create_late_invoice(4)
        self._choose_only()
        self.company.payment_request_reminder_plan_id = self._create_plan("Other", days=(8,))
        self._remind()
        self.assertEqual(self._get_line(invoice).step_id.days, 8)
        line = self._get_line(early)
        self.assertEqual((line.state, line.reason_code), ("skipped", "overtaken"))
        self.assertIn("no step of the plan, as it is now", line.reason)

    def test_a_later_due_date_during_the_run(self):
        """The step that is used up is that of the new due date."""
        invoice = self._create_late_invoice(11)
        self._choose_only()
        invoice.invoice_date_due = TODAY - timedelta(days=4)
        self._remind()
        self._drain()
        line = self._get_line(invoice)
        self.assertEqual((line.days, line.date_due), (3, invoice.invoice_date_due))
        with freeze_time("2026-03-20 10:00:00"):
            self._remind()
        self.assertEqual(self._get_line(invoice), line, "the same step does not come twice")

    def test_reminders_are_switched_off_while_one_waits(self):
        invoice = self._create_late_invoice(3)
        self._remind()
        self.company.payment_request_reminder_plan_id = False
        with mail_server(self.env) as server:
            self._drain()
        self.assertFalse(server.mails)
        self.assertEqual(self._get_reminders().state, "skipped")
        self.assertIn("a plan any more", self._get_line(invoice).reason)
        self.company.payment_request_reminder_plan_id = self.plan
        with freeze_time("2026-03-17 10:00:00"), mail_server(self.env) as server:
            self._remind()
            self._drain()
        self.assertEqual(server.get_recipients(), ["petra@example.com"])

    # === THE INVOICE === #

    def test_the_invoice_is_a_draft_again(self):
        invoice = self._create_late_invoice(3)
        self._choose_only()
        invoice.button_draft()
        self._remind()
        self.assertFalse(self._get_reminders())
        line = self._get_line(invoice)
        self.assertEqual(
            (line.state, line.reason), ("skipped", "The invoice is not posted any more.")
        )
        invoice.action_post()
        with freeze_time("2026-03-17 10:00:00"):
            self._remind()
        self.assertEqual(self._get_line(invoice).state, "sent")

    def test_a_promise_stops_the_message_on_the_other_channel_too(self):
        self.plan.step_ids.delivery_method = "email_sms"
        invoice = self._create_late_invoice(3)
        self._remind()
        email, sms = self._get_reminders().sorted("channel")
        sms.sudo().retry_at = TODAY + timedelta(days=1)  # night where the phone is
        invoice._promise_payment_request(TODAY + timedelta(days=5))
        with mail_server(self.env) as server:
            self._drain()
            with freeze_time("2026-03-17 10:00:00"):
                self._drain()
        self.assertFalse(server.mails)
        self.assertFalse(self.twilio.messages)
        self.assertEqual((email.state, sms.state), ("skipped", "skipped"))
        line = self._get_line(invoice)
        self.assertEqual((line.state, line.reason_code), ("skipped", "promise"))
        self.assertEqual(email.request_id.reminder_count, 0)

    def test_the_next_channel_minds_a_promise(self):
        """Nobody opened the link: but by now the customer has called and promised."""
        self.company.write({"payment_request_cascade": True, "payment_request_cascade_days": 2})
        invoice = self._create_invoice(100)
        request = self._create_request(invoice)
        self._drain()
        invoice._promise_payment_request(TODAY + timedelta(days=9))
        with freeze_time("2026-03-18 10:01:00"):
            self._drain()
        sms = request.delivery_ids.filtered(lambda row: row.channel == "sms")
        self.assertEqual(sms.state, "skipped")
        self.assertIn("promised to pay", sms.failure_reason)
        self.assertFalse(self.twilio.messages)

    # === THE CUSTOMER === #

    def test_a_person_writes_while_the_reminder_waits_for_the_morning(self):
        """The days between messages count from any of them."""
        self.company.write({"payment_request_quiet_from": 9, "payment_request_quiet_to": 18})
        invoice = self._create_late_invoice(3)
        self._remind()
        self._create_request(self._create_invoice(50))
        with mail_server(self.env) as server:
            self._drain()
            for moment in ("2026-03-16 18:01:00", "2026-03-17 18:02:00"):
                with freeze_time(moment):
                    self._drain()
        self.assertEqual(len(server.mails), 1, "the person's")
        line = self._get_line(invoice)
        self.assertEqual((line.state, line.reason_code), ("skipped", "recent"))
        with freeze_time("2026-03-19 10:00:00"):
            self._remind()
        self.assertEqual(self._get_line(invoice).state, "sent")

    def test_a_person_resends_the_link_while_the_reminder_waits_for_the_morning(self):
        """The customer called, and may have promised: what goes out is the link, no reproach."""
        self.company.write({"payment_request_quiet_from": 9, "payment_request_quiet_to": 18})
        invoices = []
        for name in ("promised", "resent", "again"):
            payer = self.payer.copy({"name": name, "email": f"{name}@example.com"})
            invoices.append(self._create_late_invoice(3, partner=payer))
        self._remind()
        promised, resent, again = [self._get_line(invoice).request_id for invoice in invoices]
        invoices[0]._promise_payment_request(TODAY + timedelta(days=4))
        (promised | resent).with_user(self.billing_user).action_resend()
        again.delivery_ids.with_user(self.billing_user).action_send_again()
        with mail_server(self.env) as server:
            self._drain()
            with freeze_time("2026-03-16 18:01:00"):
                self._drain()
        self.assertEqual(
            sorted(server.get_recipients()),
            ["again@example.com", "promised@example.com", "resent@example.com"],
        )
        for request, invoice in zip((promised, resent, again), invoices, strict=True):
            with self.subTest(request=request.partner_id.name):
                reminder, sent = request.delivery_ids.sorted("id")
                self.assertEqual((reminder.state, sent.state), ("skipped", "sent"))
                self.assertNotEqual(sent.template_name, reminder._get_mail_template().name)
                line = self._get_line(invoice)
                self.assertEqual((line.state, line.reason_code), ("skipped", "refused"))
                self.assertIn("person", line.reason)
                self.assertEqual(request.reminder_count, 0)

    def test_the_day_begins_where_the_company_is(self):
        for zone, late, moment, day in (
            ("Pacific/Auckland", 2, "2026-03-16 11:30:00", date(2026, 3, 17)),
            ("America/Los_Angeles", 4, "2026-03-17 05:30:00", date(2026, 3, 16)),
        ):
            with self.subTest(zone), freeze_time(moment):
                self.runs.sudo().search([]).unlink()
                self.company.partner_id.tz = zone
                # A step of the day on which it is so many days late there, and only there.
                partner = self.env["res.partner"].create({"name": zone, "email": "z@example.com"})
                due = day - timedelta(days=3)
                invoice = self._create_late_invoice(late, partner=partner, invoice_date=due)
                invoice.invoice_date_due = due
                self._remind()
                line = self._get_line(invoice)
                self.assertEqual((line.run_id.date, line.days), (day, 3))

    def _merge(self, gone, kept):
        wizard = self.env["base.partner.merge.automatic.wizard"].create({})
        wizard._merge((gone | kept).ids, kept, extra_checks=False)
        self.env.invalidate_all()

    def test_customers_are_merged_during_the_run(self):
        double = self.env["res.partner"].create({"name": "Petra P.", "email": "pp@example.com"})
        one, two = self._create_late_invoice(3), self._create_late_invoice(10, partner=double)
        self._choose_only()
        self._merge(double, self.payer)
        self._remind()
        self.assertEqual(len(self._get_reminders()), 1)
        self.assertEqual({self._get_line(move).state for move in one | two}, {"sent"})
        self.assertEqual(self._get_reminders().request_id.line_ids.move_id, one | two)

    def test_a_customer_who_was_merged_is_not_written_to_again(self):
        double = self.env["res.partner"].create({"name": "Petra P.", "email": "pp@example.com"})
        self._create_late_invoice(3, partner=double)
        self._remind()
        self._drain()
        self._merge(double, self.payer)
        with freeze_time("2026-03-17 10:00:00"):
            other = self._create_late_invoice(4)
            self._remind()
            self.assertEqual(self._get_line(other).reason_code, "recent")

    @mute_logger(SEND)
    def test_what_breaks_for_one_customer_does_not_cost_the_others(self):
        """An automation of the users refuses one: the 49 of the same step are reminded."""
        poison = self.env["res.partner"].create({"name": "Poison", "email": "p@example.com"})
        bad = self._create_late_invoice(3, partner=poison)
        good = self._create_late_invoice(3)
        self.env["base.automation"].create(
            {
                "name": "Refuse",
                "model_id": self.env.ref("payment_request_stripe.model_payment_request").id,
                "trigger": "on_create_or_write",
                "filter_domain": "[('state', '=', 'sent')]",
                "action_server_ids": [
                    Command.create(
                        {
                            "name": "Refuse",
                            "model_id": self.env.ref(
                                "payment_request_stripe.model_payment_request"
                            ).id,
                            "state": "code",
                            "code": "if record.partner_id.name == 'Poison': raise UserError('No.')",
                        }
                    )
                ],
            }
        )
        self._remind()
        self.assertEqual(self._get_line(good).state, "sent")
        line = self._get_line(bad)
        self.assertEqual((line.state, line.reason_code, line.reason), ("skipped", "refused", "No."))
        self.assertFalse(bad.payment_request_ids)
        self.assertEqual(self.runs.search([]).state, "done")

    # === THE WORDS === #

    def test_one_day_and_many_are_worded_right_in_each_language(self):
        firm = self.env.ref("payment_request_stripe.mail_template_reminder_firm")
        for lang, none, one, many in (
            ("en_US", "is not paid. Please", "and one day late.", "and up to 2 days late."),
            ("de_DE", "bezahlt. Bitte", "und einen Tag überfällig.", "bis zu 2 Tage überfällig."),
            ("fr_FR", "impayé. Nous", "avec un jour de retard.", "jusqu'à 2 jours. Nous"),
            ("es_ES", "pagarse. Le", "con un día de retraso.", "hasta 2 días de retraso."),
        ):
            self.env["res.lang"]._activate_lang(lang)
            self.env.ref("base.module_payment_request_stripe")._update_translations([lang])
            payer = self.env["res.partner"].create(
                {"name": lang, "email": "x@example.com", "lang": lang}
            )
            for late, words in enumerate((none, one, many)):
                request = self._create_request(self._create_late_invoice(late, partner=payer))
                html = firm._render_field("body_html", request.ids, compute_lang=True)[request.id]
                text = " ".join(html2plaintext(html).replace("*", "").split())
                with self.subTest(lang=lang, late=late):
                    self.assertIn(words, text)

    def test_all_words_name_the_amount_that_the_button_asks_for(self):
        """A credit is taken off: neither subject nor SMS may ask for more than the page."""
        note = self._create_invoice(30, move_type="out_refund")
        item = note.line_ids.filtered(lambda line: line.account_type == "asset_receivable")
        invoice = self._create_late_invoice(3)
        request = self._create_request(invoice, credits=[{"item_id": item.id}])
        self.assertEqual(request.amount_to_pay, 70)
        for template, field in (
            ("mail_template_reminder_friendly", "subject"),
            ("mail_template_reminder_firm", "subject"),
            ("sms_template_reminder", "body"),
        ):
            record = self.env.ref(f"payment_request_stripe.{template}")
            words = record._render_field(field, request.ids)[request.id]
            with self.subTest(template):
                self.assertIn("70.00", words)
                self.assertNotIn("100.00", words)
