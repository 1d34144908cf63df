# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from datetime import date, timedelta

from odoo.tests import tagged

from .delivery_case import DeliveryCase


@tagged("post_install", "-at_install")
class TestAutomation(DeliveryCase):
    """Odoo's own automation rules; their clock is that of the database."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.rule = cls.env.ref("payment_request_stripe.automation_overdue")
        cls.env["base.automation"].search([]).active = False

    def _create_late_invoice(self, late, **values):
        return self._create_invoice(invoice_date_due=date.today() - timedelta(days=late), **values)

    def _run_rules(self):
        self.env.flush_all()
        with self._test_mode():
            self.env.ref(
                "base_automation.ir_cron_data_base_automation_check"
            ).method_direct_trigger()
        self.env.invalidate_all()

    def test_the_rule_is_off_until_somebody_switches_it_on(self):
        self.assertFalse(self.rule.active)
        invoice = self._create_late_invoice(4)
        self._run_rules()
        self.assertFalse(invoice.payment_request_ids)

    def test_one_link_for_all_that_is_overdue(self):
        late = [self._create_late_invoice(days) for days in (2, 4, 5, 30)]
        soon, held = self._create_late_invoice(-2), self._create_late_invoice(6)
        held.payment_request_hold = True
        self.rule.active = True
        self._run_rules()
        (request,) = late[0].payment_request_ids
        self.assertEqual(request.line_ids.move_id, self.env["account.move"].union(*late))
        self.assertFalse((soon | held).payment_request_ids)
        self.assertEqual(request.delivery_ids.mapped("is_automatic"), [True])
        self._run_rules()
        self.assertEqual(late[0].payment_request_ids, request)

    def test_the_rule_says_why_it_leaves_an_invoice_out(self):
        """It looks once, so nobody would ever know."""
        held, promised, blocked, credited, disputed, free = (
            self._create_late_invoice(days) for days in (4, 5, 6, 7, 8, 9)
        )
        asked = self._create_request(disputed, delivery_method="link")
        asked.dispute_state = "open"
        held.payment_request_hold = True
        promised._promise_payment_request(date.today() + timedelta(days=3))
        blocked.payment_state = "blocked"
        credited._reverse_moves()
        later = self._create_late_invoice(2)
        later.payment_request_hold = True
        self.rule.active = True
        self._run_rules()
        for invoice, reason in (
            (held, "It is on hold."),
            (promised, "promised to pay"),
            (blocked, "It is on hold."),
            (credited, "A credit note of it is not settled yet."),
            (disputed, "disputes a payment"),
        ):
            said = [body for body in invoice.message_ids.mapped("body") if "No payment" in body]
            self.assertEqual(len(said), 1, reason)
            self.assertIn(reason, said[0])
        self.assertEqual(free.payment_request_ids.line_ids.move_id, free)
        self.assertNotIn("No payment", "".join(free.message_ids.mapped("body")))
        self.assertNotIn("No payment", "".join(later.message_ids.mapped("body")), "not yet due")
        self.assertIn("reminder plan", self.rule.description)

    def test_the_server_action_sends_what_a_person_chose_at_once(self):
        invoices = self._create_invoice(10) | self._create_invoice(20)
        action = self.env.ref("payment_request_stripe.action_send_payment_links_now")
        self.assertEqual(action.binding_model_id.model, "account.move")
        action.with_user(self.billing_user).with_context(
            active_model="account.move", active_ids=invoices.ids, active_id=invoices[0].id
        ).run()
        (request,) = invoices.payment_request_ids
        self.assertEqual(request.state, "sent")
        self.assertEqual(request.delivery_ids.mapped("is_automatic"), [False])

    def test_a_rule_of_the_users_leaves_out_what_is_promised(self):
        invoice = self._create_invoice(10)
        invoice._promise_payment_request(date.today() + timedelta(days=3))
        self.assertFalse(invoice.sudo().send_payment_links())
        self.assertIn("promised to pay", invoice.message_ids[0].body)
        self.assertTrue(invoice.with_user(self.billing_user).send_payment_links())
