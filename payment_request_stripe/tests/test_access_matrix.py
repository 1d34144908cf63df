# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Who may do what: the rows come from the code, so that nothing new goes without one."""

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from .access_case import PASSWORD, AccessCase

BILLING, READERS, NOBODY = {"billing"}, {"billing", "reader"}, set()
# Dialogs of one's own: the user of another company may have some, but not this one.
DIALOG = (BILLING, BILLING, BILLING | {"other_company"}, BILLING)
OPERATIONS = ("read", "write", "create", "unlink")
# model: who may read, write, create and unlink a record of this company; everybody else may not.
MODELS = {
    "payment.request": (READERS, BILLING, NOBODY, BILLING),
    "payment.request.api.call": (NOBODY, NOBODY, NOBODY, NOBODY),
    "payment.request.batch": (READERS, NOBODY, NOBODY, NOBODY),
    "payment.request.batch.line": (READERS, NOBODY, NOBODY, NOBODY),
    "payment.request.checkout": (READERS, NOBODY, NOBODY, NOBODY),
    "payment.request.comparison": DIALOG,
    "payment.request.credit": (READERS, NOBODY, NOBODY, NOBODY),
    "payment.request.delivery": (READERS, NOBODY, NOBODY, NOBODY),
    "payment.request.dispute": (READERS, NOBODY, NOBODY, NOBODY),
    "payment.request.event": (READERS, NOBODY, NOBODY, NOBODY),
    "payment.request.health": (READERS, NOBODY, NOBODY, NOBODY),
    "payment.request.health.line": (READERS, NOBODY, NOBODY, NOBODY),
    "payment.request.line": (READERS, NOBODY, NOBODY, NOBODY),
    "payment.request.payout": (READERS, NOBODY, NOBODY, NOBODY),
    "payment.request.payout.line": (READERS, NOBODY, NOBODY, NOBODY),
    "payment.request.refund": (READERS, NOBODY, NOBODY, NOBODY),
    "payment.request.refund.line": (READERS, NOBODY, NOBODY, NOBODY),
    "payment.request.refund.wizard": DIALOG,
    "payment.request.refund.wizard.line": DIALOG,
    "payment.request.reminder.line": (READERS, NOBODY, NOBODY, NOBODY),
    "payment.request.reminder.plan": (READERS, NOBODY, NOBODY, NOBODY),
    "payment.request.reminder.run": (READERS, NOBODY, NOBODY, NOBODY),
    "payment.request.reminder.step": (READERS, NOBODY, NOBODY, NOBODY),
    "payment.request.report": (READERS, NOBODY, NOBODY, NOBODY),
    "payment.request.send.wizard": DIALOG,
    "payment.request.send.wizard.credit": DIALOG,
    "payment.request.send.wizard.line": DIALOG,
    "payment.request.webhook": (READERS, NOBODY, NOBODY, NOBODY),
    "payment.request.webhook.event": (READERS, NOBODY, NOBODY, NOBODY),
    "payment.request.setup": (NOBODY, NOBODY, NOBODY, NOBODY),
    "payment.request.setup.line": (NOBODY, NOBODY, NOBODY, NOBODY),
}
# method that can be called over RPC: who is not turned away.
METHODS = {
    ("account.move", "action_send_payment_link"): BILLING,
    ("account.move", "action_view_payment_requests"): READERS,
    ("account.move", "send_payment_links"): BILLING,
    ("account.payment", "action_cancel"): BILLING,
    ("account.payment", "action_payment_request_allocate"): BILLING,
    ("account.payment", "action_payment_request_keep"): BILLING,
    ("account.payment", "action_payment_request_refund"): BILLING,
    ("account.payment", "action_payment_request_refund_credit"): BILLING,
    ("account.payment", "action_post"): BILLING,
    ("payment.provider", "action_payment_request_check"): NOBODY,
    ("payment.provider", "action_payment_request_check_health"): NOBODY,
    ("payment.provider", "action_payment_request_create_webhook"): NOBODY,
    ("payment.request", "action_cancel"): BILLING,
    ("payment.request", "action_refresh"): BILLING,
    ("payment.request", "action_refund"): BILLING,
    ("payment.request", "action_renew_link"): BILLING,
    ("payment.request", "action_resend"): BILLING,
    ("payment.request", "action_send"): BILLING,
    # The invoice is not there for the other company's user: 422, and nothing of it is told.
    ("payment.request", "create_and_send"): BILLING | {"other_company"},
    ("payment.request.batch", "action_refresh"): READERS,
    ("payment.request.batch", "action_view_dropped"): READERS,
    ("payment.request.batch", "action_view_failed"): READERS,
    ("payment.request.batch", "action_view_requests"): READERS,
    ("payment.request.comparison", "action_compare"): BILLING,
    ("payment.request.delivery", "action_send_again"): BILLING,
    ("payment.request.dispute", "action_download_evidence"): READERS,
    ("payment.request.event", "action_retry"): BILLING,
    ("payment.request.event", "action_settle"): BILLING,
    ("payment.request.payout", "action_check_again"): BILLING,
    ("payment.request.payout", "action_view_payments"): READERS,
    ("payment.request.health", "action_check"): BILLING,
    ("payment.request.refund.wizard", "action_refund"): BILLING,
    ("payment.request.reminder.run", "action_view_lines"): READERS,
    ("payment.request.report", "action_open_request"): READERS,
    # Figures of the companies that one may see.
    ("payment.request.report", "get_dashboard"): READERS | {"other_company"},
    ("payment.request.send.wizard", "action_send"): BILLING,
    ("payment.request.webhook", "action_make_secret"): NOBODY,
    ("payment.request.webhook", "action_view_events"): READERS,
    ("payment.request.webhook.event", "action_replay"): BILLING,
    ("payment.request.setup", "action_look"): NOBODY,
    ("payment.request.setup", "action_test"): NOBODY,
    ("payment.request.setup.line", "action_mend"): NOBODY,
    # Customers may belong to several companies; the other one finds no invoice to ask for.
    ("res.partner", "action_send_payment_link"): BILLING | {"other_company"},
}
# What the keys get; without a valid key it is 401, and a session does not stand in for one.
API_READ = {"billing": 200, "reader": 200, "internal": 403, "portal": 403, "other_company": 404}
API_ACT = {**API_READ, "reader": 403, "billing": 409}
OPEN = "token"  # whoever has the token, and nobody else; a login changes nothing
LOGIN = "login"  # whoever is logged in, for what is their own: see test_portal.py
ROUTES = {
    ("GET", "/pay/<string:token>"): OPEN,
    ("GET", "/pay/<string:token>/cancel"): OPEN,
    ("GET", "/pay/<string:token>/checkout"): OPEN,
    ("GET", "/pay/<string:token>/invoice/<int:line_id>"): OPEN,
    ("GET", "/pay/<string:token>/status"): OPEN,
    ("GET", "/pay/<string:token>/success"): OPEN,
    ("GET", "/pay/<string:token>/promise"): OPEN,
    ("GET", "/pay/<string:token>/question"): OPEN,
    ("GET", "/pay/<string:token>/forward"): OPEN,
    ("GET", "/pay/<string:token>/receipt"): OPEN,
    ("GET", "/pay/<string:token>/statement"): OPEN,
    ("POST", "/pay/<string:token>/checkout"): OPEN,
    ("GET", "/my/payments"): LOGIN,
    ("GET", "/my/payments/page/<int:page>"): LOGIN,
    ("GET", "/my/payments/history"): LOGIN,
    ("GET", "/my/payments/history/page/<int:page>"): LOGIN,
    ("POST", "/my/payments/pay"): LOGIN,
    ("POST", "/pay/<string:token>/promise"): OPEN,
    ("POST", "/pay/<string:token>/question"): OPEN,
    ("POST", "/pay/<string:token>/forward"): OPEN,
    ("GET", "/payment_request_stripe/colour/<string:colour>.css"): 200,
    ("POST", "/api/stripe/webhook"): 400,
    ("POST", "/api/stripe/webhook/<string:endpoint_token>"): 400,
    ("POST", "/payment_request/twilio/status/<string:uuid>"): 403,
    ("POST", "/payment_request/twilio/answer"): 403,
    ("GET", "/api/paylinks/openapi.json"): 200,
    ("GET", "/api/paylinks"): {**API_READ, "other_company": 200},
    ("POST", "/api/paylinks"): {**API_ACT, "billing": 201, "other_company": 422},
    ("GET", "/api/paylinks/metrics"): {**API_READ, "other_company": 200},
    ("GET", "/api/paylinks/<int:request_id>"): API_READ,
    ("POST", "/api/paylinks/<int:request_id>/cancel"): API_ACT,
    ("POST", "/api/paylinks/<int:request_id>/resend"): API_ACT,
}


@tagged("post_install", "-at_install")
class TestAccessMatrix(AccessCase):
    def test_every_model_has_a_row(self):
        self.assertEqual(set(MODELS), set(self._get_models()))

    def test_every_public_method_has_a_row(self):
        self.assertEqual(set(METHODS), self._get_public_methods())

    def test_every_route_has_a_row(self):
        offered = {
            (method, path)
            for method, path in self._get_routes()
            if not self._is_refusal(method, path)
        }
        self.assertEqual(set(ROUTES), offered)

    def test_models(self):
        examples = self._make_examples()
        public = self.env.ref("base.public_user")
        for name, expected in MODELS.items():
            self.assertTrue(examples[name], name)
            for operation, allowed in zip(OPERATIONS, expected, strict=True):
                with self.subTest(model=name, operation=operation):
                    able = {
                        role
                        for role, user in {**self.users, "public": public}.items()
                        if self._try(operation, examples[name], user)
                    }
                    self.assertEqual(able, allowed)

    def test_methods(self):
        examples = self._make_examples()
        invoice = self._create_invoice(40)
        arguments = {
            "create_and_send": {"allocations": [{"invoice_id": invoice.id}]},
            "get_dashboard": {"days": 30},
        }
        for (model, method), allowed in METHODS.items():
            body = {"ids": examples[model].ids, **arguments.get(method, {})}
            if arguments.get(method):
                del body["ids"]
            answers = {
                role: self._call_rpc(model, method, body, key) for role, key in self.keys.items()
            }
            with self.subTest(model=model, method=method, answers=answers):
                self.assertEqual({role for role, code in answers.items() if code != 403}, allowed)
                self.assertLessEqual(set(answers.values()), {200, 403, 422})
                self.assertEqual(self._call_rpc(model, method, body, "wrong"), 401)

    def test_secrets_are_for_system_administrators(self):
        examples = self._make_examples()
        staff = self.env["res.users"].union(*self.users.values()).filtered(lambda u: not u.share)
        staff.write({"group_ids": [Command.link(self.env.ref("base.group_allow_export").id)]})
        for model, field in (
            ("payment.provider", "payment_request_webhook_secret"),
            ("payment.provider", "stripe_secret_key"),
            ("payment.request.checkout", "parameters"),
            ("payment.request.checkout", "url"),
            ("payment.request.event", "payload"),
            ("payment.request.webhook", "url"),
            ("payment.request.webhook", "secret"),
            ("payment.request.webhook", "old_secret"),
            ("payment.request.payout.line", "movement"),
        ):
            for role, user in self.users.items():
                record = examples[model].with_user(user)
                with self.subTest(field=field, role=role), self.assertRaises(AccessError):
                    record.read([field])
                with self.subTest(export=field, role=role), self.assertRaises(UserError):
                    record.export_data([field])
                # A secret that may be searched or sorted by can be guessed letter by letter.
                with self.subTest(search=field, role=role), self.assertRaises(AccessError):
                    record.search([(field, "!=", False)])
                with self.subTest(order=field, role=role), self.assertRaises(AccessError):
                    record.search([], order=field)
                with self.subTest(group=field, role=role), self.assertRaises(AccessError):
                    record._read_group([], [field], ["__count"])
            self.assertFalse(getattr(self.env[model]._fields[field], "tracking", None), field)

    def test_pages_of_a_token(self):
        request = self._create_request(self._create_invoice(100), delivery_method="link")
        for role in (None, *self.users):
            self.authenticate(role and self.users[role].login, PASSWORD if role else None)
            for (method, path), expected in ROUTES.items():
                if expected != OPEN:
                    continue
                with self.subTest(role=role, path=path):
                    good = self._knock(method, path, request, request.access_token)
                    self.assertIn(good, (200, 303))
                    self.assertEqual(self._knock(method, path, request, "guessed"), 404)

    def test_pages_of_a_login(self):
        request = self._create_request(self._create_invoice(100), delivery_method="link")
        pages = [page for page, expected in ROUTES.items() if expected == LOGIN]
        for role in (None, *self.users):
            self.authenticate(role and self.users[role].login, PASSWORD if role else None)
            for method, path in pages:
                # A form of somebody else's page has no token of this session.
                expected = 303 if role is None else 400 if method == "POST" else 200
                with self.subTest(role=role, method=method, path=path):
                    self.assertEqual(self._knock(method, path, request), expected)

    def test_routes(self):
        self._make_examples()
        request = self.request
        for (method, path), expected in ROUTES.items():
            if expected in (OPEN, LOGIN):
                continue
            roles = ["portal_own", "portal_other", "internal", "other_company", "reader", "billing"]
            for role in roles:
                allowed = expected
                if isinstance(expected, dict):
                    allowed = expected["portal" if role.startswith("portal") else role]
                with self.subTest(role=role, method=method, path=path):
                    self.assertEqual(self._knock(method, path, request, key=role), allowed)
            if isinstance(expected, dict):
                for role in (None, *roles):
                    self.authenticate(role and self.users[role].login, PASSWORD if role else None)
                    with self.subTest(session=role, method=method, path=path):
                        self.assertEqual(self._knock(method, path, request), 401)

    # === HELPERS === #

    def _is_refusal(self, method, path):
        return (method, path) not in ROUTES and path.startswith("/api/paylinks")

    def _call_rpc(self, model, method, body, key):
        with mute_logger("odoo.http"):
            return self.opener.post(
                f"{self.base_url()}/json/2/{model}/{method}",
                json=body,
                headers={"Authorization": f"Bearer {key}"},
                timeout=30,
            ).status_code

    def _knock(self, method, path, request, token="", key=None):
        """Return the status of a call of a route, with the key of a role or the session."""
        filled = (
            path.replace("<string:token>", token)
            .replace("<string:colour>", "1d4ed8")
            .replace("<int:page>", "1")
            .replace("<int:line_id>", str(request.line_ids[:1].id))
            .replace("<int:request_id>", str(request.id))
            .replace("<string:endpoint_token>", self.provider.payment_request_endpoint_token)
            .replace(
                "<string:uuid>",
                request.delivery_ids.filtered(lambda row: row.channel == "sms").uuid or "",
            )
        )
        options = {}
        if method == "POST" and path == "/api/paylinks":
            options["json"] = {"allocations": [{"invoiceId": self._create_invoice(9).id}]}
        if key:
            options["headers"] = {"Authorization": f"Bearer {self.keys[key]}"}
        with mute_logger("odoo.http", "odoo.addons.base.models.ir_actions_report"):
            response = self.opener.request(
                method, self.base_url() + filled, allow_redirects=False, timeout=60, **options
            )
        self.env.invalidate_all()
        return response.status_code
