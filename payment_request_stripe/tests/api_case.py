# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Programs that call the REST interface with real API keys."""

import json
from datetime import datetime, timedelta

import jsonschema_rs

from odoo.tests import new_test_user

from ..controllers.api import get_openapi
from .common import PaymentRequestHttpCase


class ApiCase(PaymentRequestHttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.billing_key = cls._make_key(cls.billing_user)

    @classmethod
    def _make_key(cls, user):
        keys = cls.env["res.users.apikeys"].with_user(user).sudo()
        return keys._generate(None, "of the test", datetime.now() + timedelta(days=1))

    def _call(self, path="", body=None, key=None, method=None, **headers):
        """Call `/api/paylinks<path>`; `key` is the billing user's unless said, "" for none."""
        key = self.billing_key if key is None else key
        if key:
            headers["Authorization"] = f"Bearer {key}"
        data = None
        if body is not None:
            data = body if isinstance(body, (bytes, str)) else json.dumps(body)
            headers["Content-Type"] = "application/json"
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        method = method or ("GET" if data is None else "POST")
        response = self.opener.request(
            method, f"{self.base_url()}/api/paylinks{path}", data=data, headers=headers, timeout=30
        )
        if method != "HEAD":
            self.assertEqual(
                response.headers["Content-Type"].split(";")[0], "application/json", response.text
            )
        self.env.invalidate_all()
        return response

    def _ask(self, *invoices, amounts=(), path="", headers=None, **options):
        """Post a new request for these invoices."""
        allocations = [{"invoiceId": invoice.id} for invoice in invoices]
        for allocation, amount in zip(allocations, amounts, strict=False):
            allocation["amount"] = amount
        return self._call(path, {"allocations": allocations, **options}, **(headers or {}))

    def assertError(self, response, status, code=None):
        """Assert that the answer is an error in the documented shape, and return it."""
        self.assertEqual(response.status_code, status, response.text)
        self.assertNotIn("Traceback", response.text)
        error = response.json()["error"]
        self.assertEqual(set(error), {"code", "message", "details"})
        if code:
            self.assertEqual(error["code"], code)
        return error

    def assertDocumented(self, response, path, method="get"):
        """Assert that the answer is what the OpenAPI document says of it."""
        document = get_openapi()
        answers = document["paths"][path][method]["responses"]
        self.assertIn(str(response.status_code), answers)
        answer = answers[str(response.status_code)]
        if "$ref" in answer:
            answer = document["components"]["responses"][answer["$ref"].rsplit("/", 1)[1]]
        schema = answer["content"]["application/json"]["schema"]
        described = {**schema, "components": document["components"]}
        jsonschema_rs.Draft202012Validator(described).validate(response.json())

    @classmethod
    def _make_other_company(cls):
        """Return a company of its own and a user of it with Invoicing rights."""
        company = cls.env["res.company"].create({"name": "Another Company"})
        user = new_test_user(
            cls.env,
            login="other_company",
            groups="account.group_account_invoice",
            company_id=company.id,
            company_ids=[(6, 0, company.ids)],
        )
        return company, user
