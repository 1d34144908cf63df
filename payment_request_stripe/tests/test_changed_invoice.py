# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.tests import tagged

from .pay_page_case import PayPageCase


@tagged("post_install", "-at_install")
class TestChangedInvoice(PayPageCase):
    """An invoice that was asked for is corrected: another customer, or another currency."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stranger = cls.env["res.partner"].create({"name": "Sarah Stranger"})
        cls.euro = cls.env.ref("base.EUR")
        cls.euro.active = True

    def setUp(self):
        super().setUp()
        self.line = self.request.line_ids.filtered(lambda one: one.move_id == self.invoice)

    def _correct(self, **values):
        self.invoice.button_draft()
        self.invoice.write(values)
        self.invoice.action_post()
        self.env.flush_all()

    def test_the_link_neither_asks_for_nor_shows_another_customers_invoice(self):
        for values in ({"partner_id": self.stranger.id}, {"currency_id": self.euro.id}):
            with self.subTest(values):
                self._correct(**values)
                self.assertEqual(self.request.amount_residual, 20.5)
                page = self._open()
                self.assertNotIn(f"/invoice/{self.line.id}", page.text)
                self.assertNotIn("100.00", page.text)
                self.assertEqual(self._open(f"/invoice/{self.line.id}").status_code, 404)
                self._correct(partner_id=self.payer.id, currency_id=self.company.currency_id.id)
                self.assertEqual(self.request.amount_residual, 120.5)

    def test_a_contact_that_joins_a_company_is_still_the_customer(self):
        self.payer.parent_id = self.stranger
        self.env.flush_all()
        self.request.line_ids.modified(["move_id"])
        self.assertEqual(self.request.amount_residual, 120.5)
        self.assertHasPay(self._open())

    def test_money_that_came_all_the_same_is_credit_of_who_paid(self):
        for values in ({"partner_id": self.stranger.id}, {"currency_id": self.euro.id}):
            with self.subTest(values):
                request = self.request = self._create_request(
                    self._create_invoice(20), self._create_invoice(5)
                )
                self.invoice = request.line_ids[0].move_id
                event = self.stripe.pay(self._session())
                self._correct(**values)
                owed = self.invoice.amount_residual
                self._deliver(event)
                self.assertEqual(request.event_ids.mapped("state"), ["done"])
                self.assertOwed(self.invoice, str(owed))
                self.assertOwed(request.line_ids[1].move_id, "0")
                self.assertEqual(request.amount_paid, 25)
                self.assertIn("Money to allocate", request.activity_ids.mapped("summary")[0])
                self.assertEqual(request.payment_ids.partner_id, self.payer)

    def test_a_link_of_which_nothing_is_left_becomes_a_task(self):
        request = self._create_request(self._create_invoice(20))
        self.invoice = request.line_ids.move_id
        self._correct(partner_id=self.stranger.id)
        self._run_cron("ir_cron_poll_stripe")
        self.assertEqual(request.state, "sent")
        self.assertIn("changed hands", request.activity_ids.summary)
        self.assertHasNoPay(self._open(request=request))

    def test_neither_messages_nor_documents_carry_it(self):
        self.company.payment_request_qr_on_invoice = True
        self.assertTrue(self.invoice._get_payment_request_for_qr())
        self._correct(partner_id=self.stranger.id)
        self.assertFalse(
            self.invoice._get_payment_request_for_qr(), "not our link on their invoice"
        )
        template = self.env.ref("payment_request_stripe.mail_template_payment_request")
        body = template._render_field("body_html", self.request.ids)[self.request.id]
        self.assertIn("20.50", body)
        self.assertNotIn("100.00", body)
