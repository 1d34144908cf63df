# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.modules.neutralize import get_neutralization_queries
from odoo.tests import tagged

from .mail_wire import mail_server
from .pay_page_case import PayPageCase

# Every module that has secrets or states of ours.
MODULES = ["payment", "payment_stripe", "sms_twilio", "payment_request_stripe"]


@tagged("post_install", "-at_install")
class TestNeutralize(PayPageCase):
    """A copy of production never sends or charges, even when somebody starts to test with it."""

    def setUp(self):
        super().setUp()
        self.session = self._session()  # at production's Stripe, still open
        self.provider.sudo().write({"payment_request_webhook_key": "of a try"})
        refund = {"request_id": self.request.id, "payment_id": self._pay_another().id}
        self.refund = self.env["payment.request.refund"].sudo().create({**refund, "amount": 1})
        self.env["payment.request.event"].sudo()._store(
            self.provider, self.stripe.pay(self.request.stripe_checkout_session_ref)
        )
        self.env.flush_all()
        for query in get_neutralization_queries(MODULES):
            self.env.cr.execute(query)
        self.env.invalidate_all()

    def _pay_another(self):
        request = self._create_request(self._create_invoice(7))
        self._press_pay(self._quote(request), request)
        self._receive(self.stripe.pay(request.stripe_checkout_session_ref))
        return request.payment_ids

    def test_nothing_secret_is_left(self):
        provider = self.provider.sudo()
        for name in (
            "stripe_secret_key",
            "payment_request_webhook_secret",
            "payment_request_webhook_ref",
            "payment_request_webhook_key",
        ):
            self.assertFalse(provider[name], name)
        company = self.company.sudo()
        self.assertFalse(company.sms_twilio_account_sid)
        self.assertFalse(company.payment_request_messaging_service)

    def test_no_scheduled_action_runs(self):
        crons = self.provider.sudo()._get_payment_request_crons()
        self.assertTrue(crons)
        self.assertFalse(crons.filtered("active"))
        self.assertFalse(self.env["ir.cron.trigger"].search([("cron_id", "in", crons.ids)]))

    def test_nothing_goes_out_when_the_actions_are_run_by_hand(self):
        asked = len(self.stripe.requests)
        with mail_server(self.env) as server:
            for cron in self.provider.sudo()._get_payment_request_crons():
                cron.method_direct_trigger()
        self.env.invalidate_all()
        self.assertFalse(server.mails)
        self.assertEqual(len(self.stripe.requests), asked)
        self.assertEqual(self.refund.state, "cancelled")
        self.assertFalse(self.request.amount_paid)

    def test_a_tester_with_a_key_does_not_reach_the_session_of_production(self):
        keys = {"stripe_secret_key": "sk_test_of_a_tester", "stripe_publishable_key": "pk_test_x"}
        self.provider.sudo().write({"state": "test", **keys})
        answer = self._press_pay(self._quote())
        self.assertEqual(answer.status_code, 303)
        self.assertNotIn(self.session, answer.headers["Location"])
