# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from datetime import timedelta
from decimal import Decimal

from psycopg2.errors import UniqueViolation

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..exceptions import PaymentRequestRefused
from .common import PaymentRequestCommon


@tagged("post_install", "-at_install")
class TestCreate(PaymentRequestCommon):
    def _codes(self, *invoices, **options):
        """Return the codes with which these invoices are refused."""
        amounts = options.pop("amounts", ())
        with self.assertRaises(PaymentRequestRefused) as refused:
            self._create_request(*invoices, amounts=amounts, **options)
        return [detail["code"] for detail in refused.exception.details]

    def test_three_invoices_become_one_sent_request(self):
        invoices = [self._create_invoice(amount) for amount in (100, 20.5, 7.25)]
        request = self._create_request(*invoices)
        self.assertEqual(request.state, "sent")
        self.assertEqual(request.amount_total, 127.75)
        self.assertEqual(request.amount_residual, 127.75)
        self.assertEqual(request.partner_id, self.payer)
        self.assertEqual(request.user_id, self.billing_user)
        self.assertEqual(request.provider_id, self.provider)
        self.assertRegex(request.name, r"^PR/\d{4}/\d{5}$")
        self.assertTrue(request.pay_url.endswith(f"/pay/{request.access_token}"))
        self.assertEqual(request.delivery_ids.mapped("recipient"), ["petra@example.com"])
        self.assertEqual(invoices[0].payment_request_ids, request)

    def test_amount_may_be_less_than_what_is_owed(self):
        request = self._create_request(self._create_invoice(100), amounts=["40.10"])
        self.assertEqual(request.amount_total, 40.10)

    def test_two_links_may_ask_for_two_parts_but_not_for_more_than_is_owed(self):
        invoice = self._create_invoice(100)
        first = self._create_request(invoice, amounts=[60])
        self.assertEqual(self._codes(invoice, amounts=[41]), ["already_requested"])
        second = self._create_request(invoice)
        self.assertEqual(second.amount_total, 40)
        with self.assertRaisesRegex(UserError, first.name):
            self._create_request(invoice)

    def test_a_cancelled_request_frees_its_invoices(self):
        invoice = self._create_invoice(100)
        request = self._create_request(invoice, send=False)
        request._transition("cancelled")
        self.assertEqual(self._create_request(invoice).amount_total, 100)

    def test_refusals_name_the_reason(self):
        invoice = self._create_invoice(100)
        draft = self._create_invoice(100, post=False)
        bill = self.env["account.move"].create(
            {"move_type": "in_invoice", "partner_id": self.payer.id}
        )
        self.assertEqual(self._codes(draft), ["not_posted"])
        self.assertEqual(self._codes(bill), ["not_customer_invoice"])
        self.assertEqual(self._codes(invoice, amounts=[0]), ["amount_not_positive"])
        self.assertEqual(self._codes(invoice, amounts=[-5]), ["amount_not_positive"])
        self.assertEqual(self._codes(invoice, amounts=[100.01]), ["amount_above_due"])
        self.assertEqual(self._codes(invoice, amounts=["0.49"]), ["amount_too_small"])
        self.assertEqual(self._codes(invoice, amounts=["10.001"]), ["amount_precision"])
        self.assertEqual(self._codes(invoice, to_email="nobody"), ["invalid_email"])
        self.assertEqual(
            self._codes(invoice, delivery_method="sms", to_phone="12"), ["invalid_phone"]
        )
        self.assertEqual(
            self._codes(invoice, delivery_method="pigeon"), ["unknown_delivery_method"]
        )
        self.assertFalse(invoice.payment_request_ids, "nothing was created")

    def test_a_paid_invoice_is_refused(self):
        invoice = self._create_invoice(100)
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=invoice.ids
        ).create({})._create_payments()
        self.assertEqual(self._codes(invoice), ["nothing_due"])

    def test_a_customer_without_email_is_refused(self):
        stranger = self.env["res.partner"].create({"name": "No Mail"})
        self.assertEqual(self._codes(self._create_invoice(50, partner=stranger)), ["no_email"])

    def test_one_request_takes_one_customer_company_and_currency(self):
        other = self.env["res.partner"].create({"name": "Otto Other", "email": "o@example.com"})
        euro = self.env.ref("base.EUR")
        euro.active = True
        mine = self._create_invoice(50)
        self.assertEqual(
            self._codes(mine, self._create_invoice(50, partner=other)), ["mixed_customer"]
        )
        self.assertEqual(
            self._codes(mine, self._create_invoice(50, currency=euro)), ["mixed_currency"]
        )

    def test_stripe_must_be_set_up(self):
        invoice = self._create_invoice(100)
        self.provider._get_payment_request_method_line().payment_account_id = False
        self.assertEqual(self._codes(invoice), ["stripe_not_set_up"])
        self.provider.state = "disabled"
        self.assertEqual(self._codes(invoice), ["stripe_not_set_up"])

    def test_a_call_that_makes_no_sense_changes_nothing(self):
        invoice = self._create_invoice(100)
        for allocations in (
            [],
            None,
            "7",
            [7],
            [{"amount": 1}],
            [{"invoice_id": "x"}],
            [{"invoice_id": True}],
            [{"invoice_id": invoice.id, "amount": "many"}],
            [{"invoice_id": invoice.id, "amount": "NaN"}],
            [{"invoice_id": invoice.id}, {"invoice_id": invoice.id}],
        ):
            with self.subTest(allocations), self.assertRaises(UserError):
                self.requests.create_and_send(allocations)
        with self.assertRaises(UserError):
            self._create_request(invoice, colour="red")
        with self.assertRaises(UserError):
            self._create_request(invoice, expires_at="2001-01-01 00:00:00")
        with self.assertRaises(UserError):
            self._create_request(invoice, expires_at="tomorrow")
        self.assertFalse(invoice.payment_request_ids)

    def test_an_invoice_of_another_company_does_not_exist(self):
        other = self.setup_other_company()["company"]
        stranger = (
            self.env["account.move"]
            .with_company(other)
            .create(
                {
                    "move_type": "out_invoice",
                    "partner_id": self.payer.id,
                    "company_id": other.id,
                    "invoice_line_ids": [(0, 0, {"name": "x", "price_unit": 10, "tax_ids": []})],
                }
            )
        )
        with self.assertRaises(PaymentRequestRefused) as refused:
            self.requests.create_and_send([{"invoice_id": stranger.id}])
        self.assertEqual(refused.exception.details[0]["code"], "not_found")

    def test_automation_sends_one_link_per_customer_and_says_why_it_skips(self):
        other = self.env["res.partner"].create({"name": "Otto Other", "email": "o@example.com"})
        mute = self.env["res.partner"].create({"name": "No Mail"})
        invoices = (
            self._create_invoice(10)
            | self._create_invoice(20)
            | self._create_invoice(30, partner=other)
            | self._create_invoice(40, partner=mute)
            | self._create_invoice(50, post=False)
        )
        requests = invoices.with_user(self.billing_user).send_payment_links()
        self.assertEqual(sorted(requests.mapped("amount_total")), [30, 30])
        self.assertEqual(set(requests.mapped("state")), {"sent"})
        self.assertIn("no e-mail address", invoices[3].message_ids[0].body)
        self.assertIn("not posted", invoices[4].message_ids[0].body)
        self.assertFalse(invoices.with_user(self.billing_user).send_payment_links())

    def test_expiry_defaults_to_the_companys_days(self):
        self.company.payment_request_expiry_days = 12
        request = self._create_request(self._create_invoice(100))
        days = request.expires_at - fields.Datetime.now()
        self.assertAlmostEqual(days / timedelta(days=1), 12, delta=0.01)

    def test_residual_follows_the_invoice(self):
        invoice = self._create_invoice(100)
        request = self._create_request(invoice)
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=invoice.ids
        ).create({"amount": 70})._create_payments()
        self.assertEqual(request.amount_residual, 30)
        self.assertEqual(request.line_ids._get_amount_due(), Decimal("30.00"))


@tagged("post_install", "-at_install")
class TestProtection(PaymentRequestCommon):
    """What nobody may write over RPC."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.request = cls._create_request(cls, cls._create_invoice(100))

    def test_billing_users_cannot_write_what_the_code_keeps(self):
        request = self.request.with_user(self.billing_user)
        for values in (
            {"state": "completed"},
            {"amount_paid": 100},
            {"access_token": "x"},
            {"stripe_payment_intent_ref": "pi_1"},
            {"line_ids": [(5,)]},
            {"partner_id": self.env.user.partner_id.id},
            {"provider_id": False},
        ):
            with self.subTest(values), self.assertRaises(AccessError):
                request.write(values)
        with self.assertRaises(AccessError):
            request.line_ids.write({"amount": 1})
        with self.assertRaises(AccessError):
            self.requests.create({"partner_id": self.payer.id})

    def test_no_context_grants_more(self):
        request = self.request.with_user(self.billing_user).with_context(
            su=True, bypass=True, default_state="completed", install_mode=True
        )
        with self.assertRaises(AccessError):
            request.write({"state": "completed"})

    def test_billing_users_write_recipients_and_message(self):
        request = self.request.with_user(self.billing_user)
        request.write({"to_email": "new@example.com", "message": "Hello"})
        self.assertEqual(self.request.to_email, "new@example.com")
        with self.assertRaises(ValidationError):
            request.to_email = "nobody"
        with self.assertRaises(ValidationError):
            request.to_phone = "123"

    def test_readonly_accountants_read_and_do_nothing(self):
        request = self.request.with_user(self.readonly_user)
        self.assertEqual(request.amount_total, 100)
        for action in ("action_send", "action_resend", "action_cancel", "action_refresh"):
            with self.subTest(action), self.assertRaises(AccessError):
                getattr(request, action)()
        with self.assertRaises(AccessError):
            request.browse().create_and_send([{"invoice_id": self.request.line_ids.move_id.id}])

    def test_nobody_else_sees_anything(self):
        employee = self.env["res.users"].create(
            {
                "name": "Emil",
                "login": "emil",
                "group_ids": [(6, 0, self.env.ref("base.group_user").ids)],
            }
        )
        for model in (
            "payment.request",
            "payment.request.line",
            "payment.request.checkout",
            "payment.request.refund",
            "payment.request.delivery",
            "payment.request.event",
        ):
            with self.subTest(model), self.assertRaises(AccessError):
                self.env[model].with_user(employee).search([])

    def test_sent_requests_are_not_deleted(self):
        with self.assertRaises(UserError):
            self.request.unlink()

    def test_one_live_checkout_per_request_by_schema(self):
        checkouts = self.env["payment.request.checkout"].sudo()
        checkouts.create({"request_id": self.request.id})
        with (
            self.assertRaises(UniqueViolation),
            mute_logger("odoo.sql_db"),
            self.env.cr.savepoint(),
        ):
            checkouts.create({"request_id": self.request.id})
