# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from datetime import timedelta

from odoo import fields
from odoo.exceptions import LockError, UserError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from ..models import payment_request_send as room
from .common import PaymentRequestCommon


@tagged("post_install", "-at_install")
class TestDrafts(PaymentRequestCommon):
    """A draft that lay for a while before somebody pressed Send."""

    def setUp(self):
        super().setUp()
        self.request = self._create_request(self._create_invoice(100), send=False)
        self.mine = self.request.with_user(self.billing_user)

    def test_a_link_whose_time_passed_unsent_works_as_long_as_a_new_one(self):
        self.request.expires_at = fields.Datetime.now() - timedelta(days=1)
        self.mine.action_send()
        self.assertEqual(self.request.state, "sent")
        days = timedelta(days=self.company.payment_request_expiry_days)
        left = self.request.expires_at - fields.Datetime.now()
        self.assertAlmostEqual(left, days, delta=timedelta(minutes=1))

    def test_what_was_paid_meanwhile_is_not_sent(self):
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=self.request.line_ids.move_id.ids
        ).create({})._create_payments()
        with self.assertRaisesRegex(UserError, "Nothing is left to pay"):
            self.mine.action_send()
        self.assertEqual(self.request.state, "draft")
        self.assertFalse(self.request.delivery_ids)


@tagged("post_install", "-at_install")
class TestExpiring(PaymentRequestCommon):
    def test_one_that_breaks_keeps_the_others_not_open(self):
        broken, refused, sound = (self._create_request(self._create_invoice(10)) for _ in range(3))
        for place, request in enumerate((broken, refused, sound)):
            request.expires_at = fields.Datetime.now() - timedelta(hours=3 - place)
        write = type(broken).write

        def break_down(records, vals):
            result = write(records, vals)
            if vals.get("state") == "expired" and broken in records:
                raise ValueError("an automation of the users")
            if vals.get("state") == "expired" and refused in records:
                raise UserError(self.env._("an automation that refuses"))
            return result

        # As an automation of the users would.
        self.patch(type(broken), "write", break_down)
        with self.assertLogs(room.__name__, "ERROR"):
            self._run_cron("ir_cron_expire_requests")
        self.assertEqual(
            [one.state for one in (broken, refused, sound)], ["sent", "sent", "expired"]
        )


@tagged("post_install", "-at_install")
class TestHandler(PaymentRequestCommon):
    def setUp(self):
        super().setUp()
        self.invoice = self._create_invoice(100)

    def _get_user_of_task(self):
        request = self.invoice.sudo().send_payment_links()
        request._notify_person_in_charge("Look", "at this")
        return request, request.activity_ids.user_id

    def test_a_salesperson_who_sees_no_requests_gets_no_tasks(self):
        seller = new_test_user(self.env, login="seller", groups="base.group_user")
        self.invoice.invoice_user_id = seller
        request, user = self._get_user_of_task()
        self.assertEqual(request.user_id, seller, "whom the customer may ask")
        self.assertEqual(user, self.invoice.create_uid)
        self.assertTrue(request.with_user(user).has_access("read"))

    def test_nor_does_an_accountant_of_another_company(self):
        other = self.setup_other_company()["company"]
        self.invoice.invoice_user_id = self.billing_user
        self.assertEqual(self._get_user_of_task()[1], self.billing_user)
        self.billing_user.write({"company_id": other.id, "company_ids": [Command.set(other.ids)]})
        request = self.invoice.payment_request_ids
        request.activity_ids.unlink()
        request._notify_person_in_charge("Look", "at this")
        self.assertEqual(request.activity_ids.user_id, self.invoice.create_uid)


@tagged("post_install", "-at_install")
class TestSeveralCompanies(PaymentRequestCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other = cls._set_up_another_company()["company"]
        cls.stranger = (
            cls.env["account.move"]
            .with_company(cls.other)
            .create(
                {
                    "move_type": "out_invoice",
                    "partner_id": cls.payer.id,
                    "invoice_date": fields.Date.today(),
                    "currency_id": cls.company.currency_id.id,
                    "invoice_payment_term_id": False,
                    "invoice_line_ids": [
                        Command.create({"name": "Rent", "price_unit": 10, "tax_ids": []})
                    ],
                }
            )
        )
        cls.stranger.action_post()
        cls.requests = cls.requests.with_context(allowed_company_ids=(cls.company | cls.other).ids)

    def test_one_request_takes_one_company(self):
        mine = self._create_invoice(50)
        with self.assertRaisesRegex(UserError, "is of another company than") as refused:
            self._create_request(mine, self.stranger)
        self.assertEqual(
            [(one["invoice_id"], one["code"]) for one in refused.exception.details],
            [(mine.id, "mixed_company")],
        )

    def test_each_company_counts_its_own_links(self):
        numbers = self.env.ref("payment_request_stripe.sequence_payment_request")
        numbers.copy({"prefix": "MINE/", "company_id": self.company.id})
        both = self._create_invoice(50) | self.stranger
        made = both.with_env(self.requests.env).send_payment_links()
        names = {request.company_id: request.name for request in made}
        self.assertTrue(names[self.company].startswith("MINE/"), names)
        self.assertTrue(names[self.other].startswith("PR/"), names)

    def test_without_a_sequence_a_sentence_says_so(self):
        self.env["ir.sequence"].search([("code", "=", "payment.request")]).active = False
        with self.assertRaisesRegex(UserError, "have no numbers"):
            self._create_request(self.stranger)


@tagged("post_install", "-at_install")
class TestBusyInvoices(PaymentRequestCommon):
    def test_somebody_else_holds_the_invoice(self):
        invoice = self._create_invoice(100)

        def refuse(*_args, **_options):
            raise LockError("Cannot grab a lock on records")

        self.patch(type(invoice), "lock_for_update", refuse)
        with self.assertRaisesRegex(LockError, "being worked on"):
            self._create_request(invoice)
