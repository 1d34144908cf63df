# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from lxml import etree

from odoo import fields
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import Form, HttpCase, new_test_user, tagged
from odoo.tools.safe_eval import safe_eval

from .common import PaymentRequestCommon

OUR_BUTTONS = {"action_send", "action_resend", "action_cancel", "action_refresh", "action_retry"}


@tagged("post_install", "-at_install")
class TestViews(PaymentRequestCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.invoice = cls._create_invoice(100)
        cls.request = cls.requests.create_and_send([{"invoice_id": cls.invoice.id}])
        cls.event = (
            cls.env["payment.request.event"]
            .sudo()
            .create(
                {
                    "provider_id": cls.provider.id,
                    "company_id": cls.company.id,
                    "request_id": cls.request.id,
                    "event_ref": "evt_of_the_views",
                    "event_type": "checkout.session.completed",
                    "payload": {},
                    "state": "failed",
                    "error": "The clearing account is missing.",
                }
            )
        )

        cls.administrator = new_test_user(
            cls.env,
            login="administrator",
            groups="base.group_system,account.group_account_manager",
            company_id=cls.company.id,
            company_ids=[Command.set(cls.company.ids)],
        )

    def _arch(self, model, view_type, user):
        view = self.env[model].with_user(user).get_view(view_type=view_type)
        return etree.fromstring(view["arch"])

    def _buttons(self, model, view_type, user):
        return set(self._arch(model, view_type, user).xpath("//button/@name"))

    def test_forms_open_for_those_who_send_and_those_who_read(self):
        records = (self.request, self.request.delivery_ids, self.event)
        for user in (self.billing_user, self.readonly_user):
            for record in records:
                form = Form(record.with_user(user))
                self.assertEqual(form.id, record.id)

    def test_people_who_only_read_see_no_buttons(self):
        self.assertLessEqual(
            OUR_BUTTONS, self._buttons("payment.request", "form", self.billing_user)
        )
        ours = OUR_BUTTONS | {"action_settle", "action_send_failed_again"}
        self.assertIn(
            "action_settle", self._buttons("payment.request.event", "form", self.billing_user)
        )
        for model in ("payment.request", "payment.request.event"):
            for view_type in ("form", "list"):
                seen = self._buttons(model, view_type, self.readonly_user)
                self.assertFalse(seen & ours, f"{model} {view_type}")

    def test_invoice_offers_the_link_to_those_who_may_send_it(self):
        for view_type in ("form", "list"):
            view = "view_move_form" if view_type == "form" else "view_out_invoice_tree"
            for user, sees in ((self.billing_user, True), (self.readonly_user, False)):
                arch = (
                    self.env["account.move"]
                    .with_user(user)
                    .get_view(self.env.ref(f"account.{view}").id, view_type)["arch"]
                )
                self.assertEqual('name="action_send_payment_link"' in arch, sees, view_type)

    def test_invoice_leads_to_its_requests(self):
        invoice = self.invoice.with_user(self.readonly_user)
        self.assertEqual(Form(invoice).payment_request_count, 1)
        action = invoice.action_view_payment_requests()
        self.assertEqual(action["res_id"], self.request.id)

    def test_request_leads_to_its_invoices_and_payments(self):
        for name, model, expected in (
            ("invoices", "account.move", self.invoice),
            ("payments", "account.payment", self.env["account.payment"]),
        ):
            action = self.env.ref(f"payment_request_stripe.action_payment_request_{name}")
            domain = safe_eval(action.domain, {"active_id": self.request.id})
            found = self.env[model].with_user(self.billing_user).search(domain)
            self.assertEqual(found, expected)

    def test_every_filter_can_be_used(self):
        for model in ("payment.request", "payment.request.event", "payment.request.delivery"):
            arch = self._arch(model, "search", self.billing_user)
            records = self.env[model].with_user(self.billing_user)
            for node in arch.xpath("//filter[@domain]"):
                records.search(safe_eval(node.get("domain"), {"uid": self.billing_user.id}))
            for node in arch.xpath("//field[@filter_domain]"):
                records.search(safe_eval(node.get("filter_domain"), {"self": "PR"}))
            for node in arch.xpath("//filter[@context]"):
                group_by = safe_eval(node.get("context"))["group_by"]
                records.formatted_read_group([], [group_by], ["__count"])

    def test_filters_find_what_they_say(self):
        arch = self._arch("payment.request", "search", self.billing_user)

        def found(name):
            (domain,) = arch.xpath(f"//filter[@name='{name}']/@domain")
            return self.env["payment.request"].search(safe_eval(domain))

        self.assertEqual(found("open"), self.request)
        self.assertFalse(found("expiring"))
        self.assertFalse(found("needs_attention"))
        self.request.expires_at = fields.Datetime.add(fields.Datetime.now(), days=2)
        self.assertEqual(found("expiring"), self.request)
        self.request._notify_person_in_charge("Look at it", "Please")
        self.assertEqual(found("needs_attention"), self.request)
        self.request._transition("processing")
        self.assertEqual(found("in_transit"), self.request)
        self.assertFalse(found("open"))

    def test_form_saves_what_people_may_change(self):
        with Form(self.request.with_user(self.billing_user)) as form:
            form.to_email = "other@example.com"
            form.message = "Hello"
            form.expires_at = "2031-01-02 03:04:05"
        self.assertEqual(self.request.to_email, "other@example.com")
        self.request.with_user(self.billing_user).action_resend()
        self.assertIn("other@example.com", self.request.delivery_ids.mapped("recipient"))

    def test_inbox_retries_only_what_failed(self):
        event = self.event.with_user(self.billing_user)
        event.action_retry()
        self.assertEqual(event.state, "received")
        with self.assertRaises(UserError):
            event.action_retry()

    def test_what_was_settled_by_hand_is_not_tried_again(self):
        event = self.event.with_user(self.billing_user)
        reason = event.error
        event.action_settle()
        self.assertEqual((event.state, event.retry_at), ("ignored", False))
        self.assertIn(f"{self.billing_user.name} settled it by hand. {reason}", event.error)
        with self.assertRaises(UserError):
            event.action_settle()

    def test_provider_shows_the_webhook_to_administrators(self):
        with Form(self.provider.with_user(self.administrator)) as form:
            self.assertIn("/api/stripe/webhook/", form.payment_request_webhook_url)

    def test_settings_reach_the_company(self):
        settings = self.env["res.config.settings"].with_user(self.administrator)
        self.assertIn('name="payment_request_expiry_days"', settings.get_view()["arch"])
        settings.create(
            {"payment_request_expiry_days": 12, "payment_request_attach_invoices": True}
        ).execute()
        self.assertEqual(self.company.payment_request_expiry_days, 12)
        self.assertTrue(self.company.payment_request_attach_invoices)


@tagged("post_install", "-at_install")
class TestScreens(PaymentRequestCommon, HttpCase):
    """The same in a browser, where a wrong attribute of a view shows itself."""

    def _look(self, login, view_type, selector):
        self.browser_js(
            "/odoo/action-payment_request_stripe.action_payment_request?view_type=" + view_type,
            "console.log('test successful')",
            ready=f"!!document.querySelector({selector!r})",
            login=login,
        )

    def test_list_kanban_and_form_show_themselves(self):
        request = self._create_request(self._create_invoice(100))
        for login in ("billing", "readonly"):
            self._look(login, "list", ".o_data_row td[name=pay_url] button")
            self._look(login, "kanban", ".o_kanban_record:not(.o_kanban_ghost)")
            self.browser_js(
                f"/odoo/action-payment_request_stripe.action_payment_request/{request.id}",
                "console.log('test successful')",
                ready="!!document.querySelector('.o_statusbar_status .o_arrow_button_current')",
                login=login,
            )
