# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from datetime import timedelta

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .setup_case import SetupCase
from .twilio_wire import GOOD_SENDER


@tagged("post_install", "-at_install")
class TestSetup(SetupCase):
    """The assistant: each line green, or a sentence and what mends it."""

    def _mend(self, setup, code):
        lines = setup.line_ids.filtered(lambda line: line.code == code)
        with self._as_in_production(lines) as line:
            return line.action_mend()

    def _read(self, setup):
        return {line.code: line.state for line in setup.line_ids}

    def test_a_complete_set_up_is_ready(self):
        setup = self._open()
        self.assertTrue(setup.is_ready, setup.line_ids.mapped("sentence"))
        states = self._read(setup)
        # The fake account is Belgian, the company American; and nothing here has a certificate.
        self.assertEqual(
            {code for code in states if states[code] == "note"}, {"account", "address"}
        )
        self.assertTrue(all(setup.line_ids.mapped("title")))

    def test_each_line_says_what_is_wrong(self):
        provider, company, endpoint = self.provider, self.company, self.endpoint
        method_line = provider._get_payment_request_method_line()
        worker = self.env.ref("payment_request_stripe.ir_cron_process_events").sudo()
        types = self.env["payment.request.event"]._handled_event_types()
        for code, sentence, record, wrong in (
            ("key", "switched off", provider, {"state": "disabled"}),
            ("key", "other mode", provider, {"stripe_secret_key": "sk_live_production"}),
            ("clearing", "no outstanding", method_line, {"payment_account_id": False}),
            ("clearing", "reconcilable", self.clearing_account, {"reconcile": False}),
            ("clearing", "is archived", self.clearing_account, {"active": False}),
            ("webhook", "does not tell", provider, {"payment_request_webhook_secret": False}),
            ("workers", "Switched off", worker, {"active": False}),
            ("company", "no e-mail address", company, {"email": False}),
            ("twilio", "no number", company, {"sms_twilio_number_ids": [(5,)]}),
        ):
            with self.subTest(sentence):
                right = {name: record[name] for name in wrong}
                if code == "twilio":
                    right = {}
                record.write(wrong)
                self._assert_red(code, sentence)
                record.write(right)
        self._set_up_twilio(company, GOOD_SENDER)
        for code, sentence, wrong, right in (
            ("webhook", "switched off at Stripe", {"status": "disabled"}, {"status": "enabled"}),
            ("webhook", "all events", {"enabled_events": types[1:]}, {"enabled_events": types}),
        ):
            endpoint.update(wrong)
            self._assert_red(code, sentence)
            endpoint.update(right)
        self.twilio.account_status = "suspended"
        self._assert_red("twilio", "suspended")
        self.twilio.account_status = "active"
        self.assertTrue(self._open().is_ready)

    def test_the_sender_must_be_one_of_the_twilio_account(self):
        ours = self.twilio.numbers
        self.twilio.numbers = {}
        self._assert_red("twilio", f"cannot send SMS from {GOOD_SENDER}")
        self.company.payment_request_messaging_service = "MG0"
        self._assert_red("twilio", "no messaging service MG0")
        self.twilio.services.add("MG0")
        self.assertTrue(self._open().is_ready, "the service sends, not the numbers")
        self.company.payment_request_messaging_service = False
        self.twilio.numbers = ours
        self.twilio.fail_next(status=503, message="Under repair.")
        self._assert_red("twilio", "Twilio said: Under repair.")
        self.assertTrue(self._open().is_ready)

    def _assert_red(self, code, sentence):
        setup = self._open()
        red = setup.line_ids.filtered(lambda line: line.state == "trouble")
        self.assertIn(code, red.mapped("code"))
        self.assertFalse(setup.is_ready)
        found = red.filtered(lambda line: line.code == code).sentence
        self.assertIn(sentence, found)

    def test_buttons_mend(self):
        provider = self.provider
        worker = self.env.ref("payment_request_stripe.ir_cron_poll_stripe").sudo()
        method_line = provider._get_payment_request_method_line()
        method_line.payment_account_id = False
        provider.payment_request_webhook_secret = False
        worker.active = False
        setup = self._open()
        for code in ("clearing", "webhook", "workers"):
            self._hear()
            self._mend(setup, code)
        self.assertTrue(setup.is_ready, setup.line_ids.mapped("sentence"))
        self.assertTrue(worker.active)
        account = provider._get_payment_request_method_line().payment_account_id
        self.assertEqual((account.account_type, account.reconcile), ("asset_current", True))

    def test_an_archived_clearing_account_is_activated_and_kept(self):
        self.clearing_account.active = False
        setup = self._open()
        self._mend(setup, "clearing")
        self.assertTrue(self.clearing_account.active)
        method_line = self.provider._get_payment_request_method_line()
        self.assertEqual(method_line.payment_account_id, self.clearing_account)
        self.assertEqual(self._read(setup)["clearing"], "ok")

    def test_the_journal_is_made(self):
        self.provider.state = "disabled"  # as long as it is not used, it needs none
        self.provider.journal_id = False
        setup = self._open()
        self.assertEqual(self._read(setup)["journal"], "trouble")
        self._mend(setup, "journal")
        self.assertEqual(self._read(setup)["journal"], "ok")
        self.assertNotEqual(self.provider.journal_id, self.stripe_journal)
        self.provider.state = "test"
        self.assertTrue(self._open().is_ready)

    def test_what_cannot_be_mended_here_says_so(self):
        with self.assertRaisesRegex(UserError, "only be mended on the server"):
            self.provider._mend_setup("dbfilter")

    def test_the_webhook_is_knocked_at_as_stripe_would(self):
        events = self.env["payment.request.event"].sudo()
        parameters, provider = self.env["ir.config_parameter"], self.provider
        secret = provider.payment_request_webhook_secret
        self.assertHears("note", "An event that we signed ourselves was heard")
        self.assertEqual(events.search([]).mapped("event_type"), ["payment_request.check"])
        provider.payment_request_webhook_secret = "whsec_of_nobody," + secret
        self.assertHears("note", "An event that we signed ourselves")  # each secret is taken
        parameters.set_param("web.base.url", f"{self.base_url()}/elsewhere")
        self.assertHears("trouble", "Another database or site answers")
        parameters.set_param("web.base.url", "http://127.0.0.1:9")
        self.assertHears("trouble", "Nothing answers")
        provider.payment_request_webhook_secret = False
        self.assertHears("note", "once there is a webhook")
        self._receive()
        self.assertEqual(set(events.search([]).mapped("state")), {"ignored"})

    def test_what_came_before_a_change_proves_nothing(self):
        parameters, provider = self.env["ir.config_parameter"], self.provider
        self._hear()
        self.assertHears("ok", "Stripe's last event came on")
        later = fields.Datetime.now() + timedelta(minutes=1)
        with freeze_time(later):
            provider.payment_request_webhook_secret = "whsec_mistyped"
            self.assertHears("note", "whether the signing secret is right")
        provider.payment_request_heard_since = False
        self.assertHears("ok", "Stripe's last event came on")
        address = parameters.search([("key", "=", "web.base.url")])
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE ir_config_parameter SET write_date = %s WHERE id = %s", [later, address.id]
        )
        self.assertHears("note", "An event that we signed ourselves")

    def test_the_mail_server_is_tried(self):
        server = self.env["ir.mail_server"].search([])
        self.mail.refuse[self.company.email] = "550 5.7.1 not your address"
        self._assert_red("mail", "The mail server said: 550 5.7.1 not your address")
        self.mail.refuse.clear()
        server.write({"smtp_user": "office", "smtp_pass": "wrong"})
        self._assert_red("mail", "The mail server said: ")
        server.write({"smtp_user": False, "smtp_pass": False})
        port = server.smtp_port
        server.smtp_port = 9
        self._assert_red("mail", "No mail server answers at 127.0.0.1:9.")
        server.smtp_port = port
        self.assertTrue(self._open().is_ready)
        self.assertFalse(self.mail.mails)

    def test_notes_and_addresses_have_their_button(self):
        setup = self._open()
        notes = setup.line_ids.filtered(lambda line: line.state == "note")
        self.assertTrue(all(notes.mapped("button")))
        for code in ("reachable", "address"):
            action = self.provider._mend_setup(code)
            opened = self.env[action["res_model"]].browse(action["res_id"])
            self.assertEqual(opened.key, "web.base.url")

    def assertHears(self, state, sentence):
        self.env.flush_all()
        self.env.invalidate_all()
        with self.allow_requests(all_requests=True):
            check = self.provider._check_setup_reachable()
        self.assertEqual(check.state, state, check.sentence)
        self.assertIn(sentence, check.sentence)

    def test_only_administrators(self):
        with self.assertRaises(AccessError):
            self.provider.with_user(self.billing_user).action_payment_request_check()
        with self.assertRaises(AccessError):
            self.provider.with_user(self.billing_user)._make_setup_test_payment()
