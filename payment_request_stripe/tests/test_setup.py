# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import PaymentRequestHttpCase
from .delivery_case import ACCOUNT, TOKEN, DeliveryCase
from .twilio_wire import GOOD_SENDER


@tagged("post_install", "-at_install")
class TestSetup(DeliveryCase, PaymentRequestHttpCase):
    """The assistant: each line green, or a sentence and what mends it; and a test payment."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["ir.mail_server"].create({"name": "Out", "smtp_host": "127.0.0.1"})
        cls.company.email = "office@hartmann.example"
        cls.provider = cls.provider.sudo()

    def setUp(self):
        super().setUp()
        self.env["ir.config_parameter"].set_param("web.base.url", self.base_url())
        with self._as_in_production(self.provider) as provider:
            provider.action_payment_request_create_webhook()
        (self.endpoint,) = self.stripe.webhook_endpoints.values()
        # Stripe was heard lately; else the assistant knocks at this very server.
        self.env["payment.request.event"].sudo()._store(
            self.provider, self.stripe.event("charge.updated", {"object": "charge", "id": "ch_x"})
        )

    def _open(self):
        with self._as_in_production(self.provider) as provider:
            action = provider.action_payment_request_check()
        return self.env[action["res_model"]].browse(action["res_id"])

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
            self._mend(setup, code)
        self.assertTrue(setup.is_ready, setup.line_ids.mapped("sentence"))
        self.assertTrue(worker.active)
        account = provider._get_payment_request_method_line().payment_account_id
        self.assertEqual((account.account_type, account.reconcile), ("asset_current", True))

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
        events.search([]).unlink()
        parameters, provider = self.env["ir.config_parameter"], self.provider
        secret = provider.payment_request_webhook_secret
        self.assertHears("ok", "A signed event was heard")
        self.assertEqual(events.search([]).mapped("event_type"), ["payment_request.check"])
        provider.payment_request_webhook_secret = "whsec_of_nobody," + secret
        self.assertHears("ok", "A signed event was heard")  # each secret is taken
        parameters.set_param("web.base.url", f"{self.base_url()}/elsewhere")
        self.assertHears("trouble", "Another database or site answers")
        parameters.set_param("web.base.url", "http://127.0.0.1:9")
        self.assertHears("trouble", "Nothing answers")
        provider.payment_request_webhook_secret = False
        self.assertHears("note", "once there is a webhook")
        self._receive()
        self.assertEqual(set(events.search([]).mapped("state")), {"ignored"})

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

    # === THE TEST PAYMENT === #

    def _test(self):
        setups = self._open()
        with self._as_in_production(setups) as setup:
            setup.action_test()
        return setups

    def _get_test_request(self):
        return self.env["payment.request"].search([("is_setup_test", "=", True)])

    def test_a_test_payment_is_booked_and_cleaned_up(self):
        numbers = self._create_invoice(5).name
        balance = sum(self._get_clearing_lines().mapped("balance"))
        setup = self._test()
        self.assertEqual(setup.test_state, "passed", setup.test_report)
        self.assertIn("reconciled in full", setup.test_report)
        request = self._get_test_request()
        (charge,) = self.stripe.charges.values()
        self.assertEqual(charge["payment_intent"], request.stripe_payment_intent_ref)
        self.assertEqual(request.payment_ids.state, "canceled")
        self.assertEqual(request.line_ids.move_id.state, "cancel")
        self.assertFalse(request.activity_ids)
        self.assertEqual(sum(self._get_clearing_lines().mapped("balance")), balance)
        self.assertFalse(request.partner_id.active)
        self.assertFalse(request.line_ids.move_id.journal_id.active)
        following = int(numbers.rpartition("/")[2]) + 1
        self.assertEqual(int(self._create_invoice(5).name.rpartition("/")[2]), following)

    def _get_clearing_lines(self):
        return self.env["account.move.line"].search(
            [("account_id", "=", self.clearing_account.id), ("parent_state", "=", "posted")]
        )

    def test_the_events_that_follow_change_nothing(self):
        self._test()
        request = self._get_test_request()
        self._receive(*self.stripe.events)
        self.assertEqual(len(request.payment_ids), 1)
        self.assertEqual(request.payment_ids.state, "canceled")
        self.assertFalse(request.activity_ids)
        self.assertFalse(request.event_ids.filtered(lambda event: event.state == "failed"))

    def test_a_second_test_passes_too(self):
        self._test()
        self.assertEqual(self._test().test_state, "passed")
        self.assertEqual(len(self._get_test_request()), 2)

    def test_a_test_that_stripe_refuses_says_so_and_cleans_up(self):
        self.stripe.fail_next(
            "POST", "/v1/payment_intents", status=402, kind="card_error", message="Declined."
        )
        setup = self._test()
        self.assertEqual(setup.test_state, "failed")
        self.assertIn("Stripe said: Declined.", setup.test_report)
        request = self._get_test_request()
        self.assertEqual(request.line_ids.move_id.state, "cancel")
        self.assertEqual(request.state, "cancelled")

    def test_no_test_payment_with_a_live_key(self):
        self.provider.write({"state": "enabled", "stripe_secret_key": "sk_live_production"})
        with self.assertRaisesRegex(UserError, "in test mode, with a test key"):
            self.provider._make_setup_test_payment()
        self.assertFalse(self._get_test_request())

    def test_secrets_stay_here(self):
        setup = self._test()
        words = " ".join([setup.test_report, *setup.line_ids.mapped("sentence")])
        for secret in ("sk_test_of_the_suite", TOKEN, ACCOUNT, "whsec_"):
            self.assertNotIn(secret, words)
