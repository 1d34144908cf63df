# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Who may do what: the rows come from the code, so that nothing new goes without one."""

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from .access_case import PASSWORD, AccessCase
from .access_rows import LOGIN, METHODS, MODELS, OPEN, OPERATIONS, ROUTES, SECRETS


@tagged("post_install", "-at_install")
class TestAccessMatrix(AccessCase):
    def test_every_model_has_a_row(self):
        self.assertEqual(set(MODELS), set(self._get_models()))

    def test_every_public_method_has_a_row(self):
        self.assertEqual(set(METHODS), self._get_public_methods())

    def test_every_route_has_a_row(self):
        offered = {
            route for route, name in self._get_routes().items() if not name.startswith("refuse_")
        }
        self.assertEqual(set(ROUTES), offered)

    def test_what_needs_no_row_refuses_everybody(self):
        request = self._create_request(self._create_invoice(100), delivery_method="link")
        for (method, path), name in self._get_routes().items():
            if name.startswith("refuse_") and (method, path) not in ROUTES:
                with self.subTest(method=method, path=path):
                    code = self._knock(method, path, request, key="system")
                    self.assertIn(code, (404, 405))

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
        for (model, field), readers in SECRETS.items():
            for role, user in self.users.items():
                record = examples[model].with_user(user)
                if role in readers:
                    with self.subTest(field=field, role=role):
                        self.assertTrue(record.read([field])[0][field])
                    continue
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
            for role in self.users:
                allowed = expected
                if isinstance(expected, dict):
                    allowed = expected["portal" if role.startswith("portal") else role]
                with self.subTest(role=role, method=method, path=path):
                    self.assertEqual(self._knock(method, path, request, key=role), allowed)
            if isinstance(expected, dict):
                for role in (None, *self.users):
                    self.authenticate(role and self.users[role].login, PASSWORD if role else None)
                    with self.subTest(session=role, method=method, path=path):
                        self.assertEqual(self._knock(method, path, request), 401)

    # === HELPERS === #

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
            .replace("<path:rest>", "nothing")
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
