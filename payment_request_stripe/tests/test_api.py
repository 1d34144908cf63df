# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from datetime import timedelta

from odoo import fields
from odoo.fields import Command
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from ..controllers.rate_limit import RateLimiter, get_caller, limiter
from .api_case import ApiCase
from .delivery_case import DeliveryCase


@tagged("post_install", "-at_install")
class TestApiCreate(ApiCase):
    def test_create_asks_and_sends(self):
        first, second = self._create_invoice(100), self._create_invoice(20.5)
        contract = self.env["account.analytic.account"].create(
            {
                "name": "Lease 7",
                "plan_id": self.env["account.analytic.plan"].create({"name": "Leases"}).id,
            }
        )
        expires = fields.Datetime.now().replace(microsecond=0) + timedelta(days=3)
        response = self._ask(
            first,
            second,
            amounts=["60.10"],
            leaseId=contract.id,
            tenantId=self.payer.id,
            toEmail="books@example.com",
            deliveryMethod="email",
            message="Thank you",
            expiresAt=f"{expires.isoformat()}+00:00",
        )
        self.assertEqual(response.status_code, 201, response.text)
        self.assertDocumented(response, "/api/paylinks", "post")
        data = response.json()["data"]
        value = data["paymentRequest"]
        request = self.env["payment.request"].browse(value["id"])
        self.assertEqual(data["url"], request.pay_url)
        self.assertEqual(request.amount_total, 80.6)
        self.assertEqual(request.line_ids.move_id, first | second)
        self.assertEqual(request.analytic_account_id, contract)
        self.assertEqual(request.create_uid, self.billing_user)
        self.assertEqual(request.expires_at, expires)
        self.assertEqual(request.delivery_ids.recipient, "books@example.com")
        self.assertEqual(
            value["allocations"][0],
            {
                "invoiceId": first.id,
                "invoiceName": first.name,
                "amount": "60.10",
                "amountPaid": "0.00",
                "amountRefunded": "0.00",
            },
        )
        self.assertEqual((value["amountTotal"], value["status"]), ("80.60", "sent"))
        self.assertEqual(value["expiresAt"], f"{expires.isoformat()}Z")

    def test_one_instalment_of_an_invoice(self):
        term = self.env["account.payment.term"].create(
            {
                "name": "Two instalments",
                "line_ids": [
                    Command.create({"value": "percent", "value_amount": 40, "nb_days": 0}),
                    Command.create({"value": "percent", "value_amount": 60, "nb_days": 30}),
                ],
            }
        )
        invoice = self._create_invoice(100, invoice_payment_term_id=term.id)
        second = invoice._get_payment_request_instalments()[1]
        asked = {"invoiceId": invoice.id, "instalmentLineId": second.id}
        response = self._call(body={"allocations": [asked]}, method="POST")
        self.assertEqual(response.status_code, 201, response.text)
        self.assertDocumented(response, "/api/paylinks", "post")
        (said,) = response.json()["data"]["paymentRequest"]["allocations"]
        self.assertEqual((said["amount"], said["instalmentLineId"]), ("60.00", second.id))
        again = self._call(body={"allocations": [asked]}, method="POST")
        self.assertEqual(again.json()["error"]["details"][0]["code"], "already_requested")

    def test_create_without_amount_asks_all(self):
        response = self._ask(self._create_invoice(75), deliveryMethod="link")
        self.assertEqual(response.json()["data"]["paymentRequest"]["amountTotal"], "75.00")

    def test_tenant_is_another_contact_of_the_customer(self):
        contact = self.env["res.partner"].create(
            {"name": "Her Bookkeeper", "parent_id": self.payer.id, "email": "keeper@example.com"}
        )
        response = self._ask(self._create_invoice(75), tenantId=contact.id)
        value = response.json()["data"]["paymentRequest"]
        self.assertEqual((value["tenantId"], value["toEmail"]), (contact.id, "keeper@example.com"))

    def test_refusals_name_each_allocation(self):
        sound, draft = self._create_invoice(10), self._create_invoice(10, post=False)
        credit = self._create_invoice(10, move_type="out_refund")
        error = self.assertError(self._ask(sound, draft, credit), 422, "refused")
        self.assertEqual(
            [(one["invoiceId"], one["code"]) for one in error["details"]],
            [(draft.id, "not_posted"), (credit.id, "not_customer_invoice")],
        )
        self.assertTrue(all(one["message"] for one in error["details"]))
        self.assertFalse(sound.payment_request_ids)

    def test_what_is_wrong_with_the_whole_stands_on_each_allocation(self):
        invoices = self._create_invoice(10), self._create_invoice(10)
        stranger = self.env["res.partner"].create({"name": "Stranger"})
        for options, code in (
            ({"tenantId": stranger.id}, "other_customer"),
            ({"leaseId": 2**31 - 1}, "unknown_contract"),
            ({"toEmail": "nobody"}, "invalid_email"),
            ({"expiresAt": "2001-01-01T00:00:00Z"}, "refused"),
        ):
            error = self.assertError(self._ask(*invoices, **options), 422, "refused")
            self.assertEqual(
                [(one["invoiceId"], one["code"]) for one in error["details"]],
                [(invoice.id, code) for invoice in invoices],
            )
        self.assertFalse(invoices[0].payment_request_ids)

    def test_amounts_are_exact_or_refused(self):
        invoice = self._create_invoice(100)
        for amount, code in (
            ("100.01", "amount_above_due"),
            ("0", "amount_not_positive"),
            ("-5", "amount_not_positive"),
            ("10.001", "amount_precision"),
        ):
            error = self.assertError(self._ask(invoice, amounts=[amount]), 422)
            self.assertEqual(error["details"][0]["code"], code)
        self.assertEqual(
            self.assertError(self._ask(invoice, invoice), 422)["details"][0]["invoiceId"],
            invoice.id,
        )

    def test_malformed_bodies(self):
        invoice = self._create_invoice(100).id
        for body in (
            b"",
            b"{",
            b"[]",
            b"\xff",
            b'{"allocations": NaN}',
            b"[" * 5000,
            {"allocations": []},
            {"allocations": {}},
            {"allocations": [7]},
            {"allocations": [{"invoiceId": str(invoice)}]},
            {"allocations": [{"invoiceId": True}]},
            {"allocations": [{"invoiceId": 2**40}]},
            {"allocations": [{"invoiceId": invoice, "amount": "1e3"}]},
            {"allocations": [{"invoiceId": invoice, "amount": [1]}]},
            f'{{"allocations": [{{"invoiceId": {invoice}, "amount": 1e999999999}}]}}',
            f'{{"allocations": [{{"invoiceId": {invoice}.5}}]}}',
            {"allocations": [{"invoiceId": invoice, "price": 1}]},
            {"allocations": [{"invoiceId": invoice}], "state": "completed"},
            {"allocations": [{"invoiceId": invoice}], "deliveryMethod": "pigeon"},
            {"allocations": [{"invoiceId": invoice}], "expiresAt": "tomorrow"},
            {"allocations": [{"invoiceId": invoice}], "expiresAt": "0001-01-01T00:00:00+14:00"},
            {"allocations": [{"invoiceId": invoice}], "message": "\0"},
            {"allocations": [{"invoiceId": invoice}], "message": "\ud800"},
        ):
            with self.subTest(body=str(body)[:60]):
                response = self._call("", body, method="POST")
                self.assertError(response, 400, "malformed")
        self.assertFalse(self.env["account.move"].browse(invoice).payment_request_ids)

    def test_dry_run_creates_nothing(self):
        invoice = self._create_invoice(100)
        response = self._ask(invoice, amounts=["40"], path="?dryRun=1", toEmail="a@example.com")
        self.assertEqual(response.status_code, 200, response.text)
        self.assertDocumented(response, "/api/paylinks", "post")
        data = response.json()["data"]
        self.assertEqual(data["refusals"], [])
        self.assertEqual(data["quote"]["amountTotal"], "40.00")
        self.assertEqual(data["quote"]["toEmail"], "a@example.com")
        self.assertEqual(data["quote"]["allocations"][0]["invoiceName"], invoice.name)
        refused = self._ask(invoice, amounts=["400"], path="?dryRun=1")
        self.assertDocumented(refused, "/api/paylinks", "post")
        self.assertIsNone(refused.json()["data"]["quote"])
        self.assertEqual(refused.json()["data"]["refusals"][0]["code"], "amount_above_due")
        missing = self._call("?dryRun=1", {"allocations": [{"invoiceId": 2**31 - 1}]})
        self.assertEqual(missing.json()["data"]["refusals"][0]["code"], "not_found")
        self.assertError(self._ask(invoice, path="?dryRun=yes"), 400)
        self.assertFalse(invoice.payment_request_ids)


@tagged("post_install", "-at_install")
class TestApiIdempotency(ApiCase):
    def test_same_key_and_body_same_answer(self):
        invoice = self._create_invoice(100)
        first = self._ask(invoice, headers={"Idempotency_Key": "once"})
        again = self._ask(invoice, headers={"Idempotency_Key": "once"})
        self.assertEqual((again.status_code, again.json()), (201, first.json()))
        self.assertEqual(len(invoice.payment_request_ids), 1)

    def test_same_key_other_body_is_a_conflict(self):
        invoice = self._create_invoice(100)
        self._ask(invoice, amounts=["10"], headers={"Idempotency_Key": "once"})
        other = self._ask(invoice, amounts=["20"], headers={"Idempotency_Key": "once"})
        self.assertError(other, 409, "idempotency_conflict")
        self.assertEqual(invoice.payment_request_ids.amount_total, 10)

    def test_a_refusal_is_remembered(self):
        invoice = self._create_invoice(100, post=False)
        refused = self._ask(invoice, headers={"Idempotency_Key": "once"})
        self.assertError(refused, 422)
        invoice.action_post()
        again = self._ask(invoice, headers={"Idempotency_Key": "once"})
        self.assertEqual((again.status_code, again.json()), (422, refused.json()))
        self.assertEqual(self._ask(invoice).status_code, 201)

    def test_malformed_calls_do_not_use_the_key_up(self):
        invoice = self._create_invoice(100)
        self.assertError(self._call("", {}, Idempotency_Key="once"), 400)
        self.assertEqual(self._ask(invoice, headers={"Idempotency_Key": "once"}).status_code, 201)
        self.assertError(self._ask(invoice, headers={"Idempotency_Key": "x" * 256}), 400)

    def test_a_link_is_sent_again_once(self):
        request = self._create_request(self._create_invoice(100), send=True)
        path = f"/{request.id}/resend"
        answers = []
        for _time in range(2):
            request.delivery_ids.state = "sent"
            answers.append(self._call(path, method="POST", Idempotency_Key="once"))
            self.assertDocumented(answers[-1], "/api/paylinks/{id}/resend", "post")
        self.assertEqual({answer.status_code for answer in answers}, {200})
        self.assertEqual(answers[0].text, answers[1].text)
        self.assertEqual(len(request.delivery_ids), 2)
        other = self._create_request(self._create_invoice(10))
        used = self._call(f"/{other.id}/resend", method="POST", Idempotency_Key="once")
        self.assertError(used, 409, "idempotency_conflict")
        malformed = self._call(path, method="POST", Idempotency_Key="x" * 256)
        self.assertDocumented(malformed, "/api/paylinks/{id}/resend", "post")
        self.assertError(malformed, 400, "malformed")
        self.assertEqual(self._call(path, method="POST").status_code, 200)
        self.assertEqual(len(request.delivery_ids), 3)

    def test_to_cancel_twice_is_to_cancel_once(self):
        request = self._create_request(self._create_invoice(100))
        first, again = (self._call(f"/{request.id}/cancel", method="POST") for _time in range(2))
        self.assertEqual((first.status_code, again.status_code), (200, 200))
        self.assertEqual(first.text, again.text)

    def test_keys_are_of_one_user(self):
        invoice = self._create_invoice(100)
        colleague = new_test_user(
            self.env,
            login="colleague",
            groups="account.group_account_invoice",
            company_id=self.company.id,
            company_ids=[(6, 0, self.company.ids)],
        )
        self._ask(invoice, amounts=["10"], headers={"Idempotency_Key": "once"})
        response = self._call(
            "",
            {"allocations": [{"invoiceId": invoice.id, "amount": "20"}]},
            key=self._make_key(colleague),
            Idempotency_Key="once",
        )
        self.assertEqual(response.status_code, 201, response.text)

    def test_old_calls_are_forgotten(self):
        self._ask(self._create_invoice(100), headers={"Idempotency_Key": "once"})
        calls = self.env["payment.request.api.call"].sudo().search([])
        self.env.cr.execute(
            "UPDATE payment_request_api_call SET create_date = create_date - INTERVAL '31 days'"
        )
        calls._gc_calls()
        self.assertFalse(calls.exists())


@tagged("post_install", "-at_install")
class TestApiRead(ApiCase):
    def test_read_one(self):
        request = self._create_request(self._create_invoice(100), delivery_method="link")
        response = self._call(f"/{request.id}")
        self.assertDocumented(response, "/api/paylinks/{id}")
        self.assertEqual(response.json()["data"]["name"], request.name)
        self.assertIsNone(response.json()["data"]["stripeStatus"])

    def test_refresh_asks_stripe_first(self):
        request = self._create_request(self._create_invoice(100), delivery_method="link")
        self._click_pay(request)
        self.stripe.pay(request.checkout_ids.stripe_checkout_session_ref)
        before = self._call(f"/{request.id}").json()["data"]
        self.assertEqual(
            (before["stripeStatus"], before["stripePaymentStatus"]), ("open", "unpaid")
        )
        response = self._call(f"/{request.id}?refresh=1")
        self.assertDocumented(response, "/api/paylinks/{id}")
        after = response.json()["data"]
        self.assertEqual(
            (after["stripeStatus"], after["stripePaymentStatus"]), ("complete", "paid")
        )
        self._run_cron("ir_cron_process_events")
        paid = self._call(f"/{request.id}").json()["data"]
        self.assertEqual((paid["status"], paid["amountPaid"]), ("completed", "100.00"))
        self.assertEqual(paid["paymentIds"], request.payment_ids.ids)
        self.assertEqual(paid["allocations"][0]["amountPaid"], "100.00")
        self.assertTrue(paid["paidAt"].endswith("Z"))

    def test_pages_follow_one_another(self):
        requests = [
            self._create_request(self._create_invoice(10), delivery_method="link") for _ in range(5)
        ]
        seen, path = [], "?limit=2"
        for _page in range(3):
            response = self._call(path)
            self.assertDocumented(response, "/api/paylinks")
            seen += [one["id"] for one in response.json()["data"]]
            path = f"?limit=2&cursor={response.json()['nextCursor']}"
        self.assertEqual(seen, [request.id for request in reversed(requests)])
        self.assertIsNone(response.json()["nextCursor"])

    def test_filters(self):
        other = self.env["res.partner"].create({"name": "Other", "email": "other@example.com"})
        ours, theirs = self._create_invoice(10), self._create_invoice(10, partner=other)
        mine = self._create_request(ours, delivery_method="link")
        cancelled = self._create_request(theirs, delivery_method="link")
        cancelled.action_cancel()

        def ids(query):
            return [one["id"] for one in self._call(f"?{query}").json()["data"]]

        self.assertEqual(ids("status=cancelled"), cancelled.ids)
        self.assertEqual(ids(f"tenantId={self.payer.id}"), mine.ids)
        self.assertEqual(ids(f"invoiceId={theirs.id}"), cancelled.ids)
        self.assertEqual(ids(f"invoiceId={theirs.id}&status=sent"), [])
        self.assertEqual(ids("leaseId=1"), [])

    def test_malformed_queries(self):
        for query in (
            "status=lost",
            "tenantId=me",
            "tenantId=-1",
            "limit=0",
            "limit=101",
            "limit=99999999999999",
            "cursor=x",
            "cursor=0",
            "cursor=%00",
        ):
            with self.subTest(query=query):
                self.assertError(self._call(f"?{query}"), 400, "malformed")

    def test_the_page_costs_the_same_for_many(self):
        for _ in range(2):
            self._create_request(self._create_invoice(10), delivery_method="link")
        requests = self.requests.search([])
        self.env.invalidate_all()
        with self.assertQueryCount(10):
            requests.sudo()._get_api_values()

    def test_resend_and_cancel(self):
        request = self._create_request(self._create_invoice(100), send=True)
        request.delivery_ids.state = "sent"
        response = self._call(f"/{request.id}/resend", method="POST")
        self.assertDocumented(response, "/api/paylinks/{id}/resend", "post")
        self.assertEqual(len(request.delivery_ids), 2)
        response = self._call(f"/{request.id}/cancel", method="POST")
        self.assertDocumented(response, "/api/paylinks/{id}/cancel", "post")
        self.assertEqual((response.json()["data"]["status"], request.state), ("cancelled",) * 2)
        refused = self._call(f"/{request.id}/resend", method="POST")
        self.assertDocumented(refused, "/api/paylinks/{id}/resend", "post")
        self.assertError(refused, 409, "state")


@tagged("post_install", "-at_install")
class TestApiQuietHours(DeliveryCase, ApiCase):
    """A program asks at three in the morning, where the customer is."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.write({"payment_request_quiet_from": 0, "payment_request_quiet_to": 23.99})

    def _ask_by_rest(self, **options):
        response = ApiCase._ask(self, self._create_invoice(10), **options)
        self.assertEqual(response.status_code, 201, response.text)
        value = response.json()["data"]["paymentRequest"]
        return self.env["payment.request"].browse(value["id"])

    def test_an_sms_waits_unless_told_otherwise(self):
        both = {
            row.channel: row for row in self._ask_by_rest(deliveryMethod="email+sms").delivery_ids
        }
        self.assertGreater(both["sms"].retry_at, fields.Datetime.now())
        self.assertFalse(both["email"].retry_at)
        now = self._ask_by_rest(deliveryMethod="sms", path="?ignoreQuietHours=1")
        self.assertFalse(now.delivery_ids.retry_at)
        wrong = ApiCase._ask(self, self._create_invoice(10), path="?ignoreQuietHours=yes")
        self.assertError(wrong, 400, "malformed")

    def test_so_does_one_that_is_sent_again(self):
        request = self._ask_by_rest(deliveryMethod="sms")
        for query, waits in (("", True), ("?ignoreQuietHours=1", False)):
            response = self._call(f"/{request.id}/resend{query}", method="POST")
            self.assertDocumented(response, "/api/paylinks/{id}/resend", "post")
            self.assertEqual(bool(request.delivery_ids.retry_at), waits, query)
        wrong = self._call(f"/{request.id}/resend?ignoreQuietHours=2", method="POST")
        self.assertDocumented(wrong, "/api/paylinks/{id}/resend", "post")
        self.assertError(wrong, 400)


@tagged("post_install", "-at_install")
class TestApiAccess(ApiCase):
    def test_the_key_is_mandatory(self):
        request = self._create_request(self._create_invoice(100), delivery_method="link")
        self.authenticate("billing", "billing")  # a cookie does not stand in for the key
        for path, method in (
            ("", "GET"),
            ("", "POST"),
            (f"/{request.id}", "GET"),
            (f"/{request.id}/resend", "POST"),
            (f"/{request.id}/cancel", "POST"),
        ):
            for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic eA=="}):
                with self.subTest(path=path, headers=headers):
                    response = self._call(path, key="", method=method, **headers)
                    self.assertError(response, 401, "unauthorized")
                    self.assertIn("Bearer", response.headers["WWW-Authenticate"])
        self.assertEqual(request.state, "sent")

    def test_user_without_invoicing_rights(self):
        request = self._create_request(self._create_invoice(100), delivery_method="link")
        key = self._make_key(new_test_user(self.env, login="plain", groups="base.group_user"))
        for path, method in (
            ("", "GET"),
            ("", "POST"),
            (f"/{request.id}", "GET"),
            (f"/{request.id}/resend", "POST"),
            (f"/{request.id}/cancel", "POST"),
        ):
            with self.subTest(path=path), mute_logger("odoo.http"):
                self.assertError(self._call(path, key=key, method=method), 403, "forbidden")

    def test_reader_may_read_only(self):
        invoice = self._create_invoice(100)
        request = self._create_request(invoice, amounts=[10], delivery_method="link")
        key = self._make_key(self.readonly_user)
        self.assertEqual(self._call("", key=key).json()["data"][0]["id"], request.id)
        self.assertEqual(self._call(f"/{request.id}", key=key).status_code, 200)
        body = {"allocations": [{"invoiceId": invoice.id}]}
        for path in ("", "?dryRun=1", f"/{request.id}/resend", f"/{request.id}/cancel"):
            with self.subTest(path=path), mute_logger("odoo.http"):
                self.assertError(self._call(path, body, key=key), 403, "forbidden")
        self.assertEqual(request.state, "sent")

    def test_another_company_is_not_there(self):
        invoice = self._create_invoice(100)
        request = self._create_request(invoice, amounts=[10], delivery_method="link")
        key = self._make_key(self._make_other_company()[1])
        self.assertEqual(self._call("", key=key).json()["data"], [])
        self.assertError(self._call(f"/{request.id}", key=key), 404, "not_found")
        self.assertError(self._call(f"/{request.id}/cancel", key=key, method="POST"), 404)
        self.assertError(self._call(f"/{request.id}/resend", key=key, method="POST"), 404)
        error = self.assertError(
            self._call("", {"allocations": [{"invoiceId": invoice.id}]}, key=key), 422
        )
        self.assertEqual(error["details"][0]["code"], "not_found")
        self.assertNotIn(invoice.name, str(error))

    def test_addresses_that_lead_nowhere(self):
        for path in ("/0", f"/{2**31 - 1}", f"/{2**40}", "/x", "/1/refund", "/-1"):
            self.assertError(self._call(path), 404, "not_found")
        refused = self._call("", method="DELETE")
        self.assertError(refused, 405)
        self.assertEqual(refused.headers["Allow"], "GET, POST")
        self.assertError(self._call("/1", method="PUT"), 405)
        self.assertError(self._call("/1/cancel"), 405)
        self.assertError(self._call("/openapi.json", method="POST"), 405)

    def test_too_large_a_body(self):
        self.assertError(self._call("", b"x" * (1024 * 1024 + 1)), 413)

    def test_too_many_calls(self):
        limiter.__init__()
        self.addCleanup(limiter.__init__)
        self.env["ir.config_parameter"].set_param("payment_request_stripe.rate_limit_api", "2")
        self.assertEqual([self._call().status_code for _ in range(2)], [200, 200])
        refused = self._call()
        self.assertError(refused, 429, "too_many_requests")
        self.assertDocumented(refused, "/api/paylinks")
        self.assertGreater(int(refused.headers["Retry-After"]), 0)
        self.assertEqual(self._call(key=self._make_key(self.readonly_user)).status_code, 200)

    def test_wrong_keys_are_limited_and_good_ones_pass(self):
        limiter.__init__()
        self.addCleanup(limiter.__init__)
        parameters = self.env["ir.config_parameter"]
        parameters.set_param("payment_request_stripe.rate_limit_api_refused", "1")
        self.assertError(self._call(key="wrong"), 401)
        self.assertError(self._call(key="guessed"), 429)
        self.assertEqual(self._call().status_code, 200)

    def test_unknown_links_are_limited_and_known_ones_pass(self):
        limiter.__init__()
        self.addCleanup(limiter.__init__)
        parameters = self.env["ir.config_parameter"]
        parameters.set_param("payment_request_stripe.rate_limit_unknown_page", "2")
        request = self._create_request(self._create_invoice(100), delivery_method="link")
        statuses = [self.url_open(f"/pay/guess{number}").status_code for number in range(3)]
        self.assertEqual(statuses, [404, 404, 429])
        self.assertEqual(self.url_open(f"/pay/{request.access_token}").status_code, 200)
        parameters.set_param("payment_request_stripe.rate_limit_page", "1")
        self.assertEqual(self.url_open(f"/pay/{request.access_token}").status_code, 429)

    def test_all_addresses_of_one_line_are_one_caller(self):
        self.assertEqual(get_caller("2001:db8::1"), get_caller("2001:db8::ffff:2"))
        self.assertNotEqual(get_caller("2001:db8::1"), get_caller("2001:db8:0:1::1"))
        self.assertNotEqual(get_caller("192.0.2.1"), get_caller("192.0.2.2"))
        self.assertNotEqual(get_caller("::ffff:192.0.2.1"), get_caller("::ffff:192.0.2.2"))
        self.assertIsNone(get_caller(None))

    def test_a_minute_later_it_may_pass(self):
        now = 30.0
        limits = RateLimiter(clock=lambda: now)
        self.assertEqual([limits.hit("a", 1), limits.hit("a", 1), limits.hit("b", 1)], [0, 30, 0])
        now = 60.0
        self.assertEqual(limits.hit("a", 1), 0)


@tagged("post_install", "-at_install")
class TestOpenApi(ApiCase):
    def test_served_without_a_key(self):
        response = self._call("/openapi.json", key="")
        self.assertEqual(response.status_code, 200)
        self.assertEqual(response.json()["openapi"], "3.1.0")

    def test_every_route_is_described_and_nothing_else(self):
        described = {
            (path, method.upper())
            for path, item in self._call("/openapi.json", key="").json()["paths"].items()
            for method in item
        }
        served = {
            (str(rule.rule).replace("<int:request_id>", "{id}"), method)
            for rule in self.env["ir.http"].routing_map().iter_rules()
            if str(rule.rule).startswith("/api/paylinks")
            and not rule.endpoint.func.__name__.startswith("refuse_")
            for method in rule.methods - {"HEAD", "OPTIONS"}
        }
        self.assertEqual(described, served)


@tagged("post_install", "-at_install")
class TestJson2(ApiCase):
    """The methods of the contract, as any program reaches them without our own routes."""

    def _json2(self, model, method, **body):
        with mute_logger("odoo.http"):
            response = self.opener.post(
                f"{self.base_url()}/json/2/{model}/{method}",
                json=body,
                headers={"Authorization": f"Bearer {self.billing_key}"},
                timeout=30,
            )
        self.env.invalidate_all()
        return response

    def test_create_and_send_answers_the_id(self):
        invoice = self._create_invoice(100)
        response = self._json2(
            "payment.request",
            "create_and_send",
            allocations=[{"invoice_id": invoice.id, "amount": "60.10"}],
            delivery_method="link",
            expires_at="2099-01-01 00:00:00",
        )
        request = invoice.payment_request_ids
        self.assertEqual((response.status_code, response.json()), (200, request.ids))
        self.assertEqual((request.state, request.amount_total), ("sent", 60.1))

    def test_refusals_are_sentences(self):
        invoice = self._create_invoice(100)
        for body in (
            {"allocations": [{"invoice_id": invoice.id, "amount": "100.01"}]},
            {"allocations": [{"invoice_id": invoice.id}], "state": "completed"},
            {"allocations": "all"},
            {"allocations": []},
            {"allocations": [{"invoice_id": invoice.id, "amount": "NaN"}]},
            {"allocations": [{"invoice_id": invoice.id}], "expires_at": "soon"},
            {"allocations": [{"invoice_id": invoice.id}], "user_id": 2**31 - 1},
        ):
            with self.subTest(body=body):
                response = self._json2("payment.request", "create_and_send", **body)
                self.assertEqual(response.status_code, 422, response.text)
        self.assertFalse(invoice.payment_request_ids)

    def test_buttons(self):
        request = self._create_request(self._create_invoice(100), send=False)
        for method, state in (
            ("action_send", "sent"),
            ("action_refresh", "sent"),
            ("action_renew_link", "sent"),
            ("action_cancel", "cancelled"),
        ):
            response = self._json2("payment.request", method, ids=request.ids)
            self.assertEqual((response.status_code, response.json()), (200, True), method)
            self.assertEqual(request.state, state)
        response = self._json2("payment.request", "action_resend", ids=request.ids)
        self.assertEqual(response.status_code, 422)

    def test_links_for_many_invoices(self):
        invoices = self._create_invoice(10) | self._create_invoice(20)
        response = self._json2(
            "account.move", "send_payment_links", ids=invoices.ids, delivery_method="link"
        )
        self.assertEqual(response.json(), invoices.payment_request_ids.ids)

    def test_what_the_code_keeps_cannot_be_written(self):
        request = self._create_request(self._create_invoice(100), delivery_method="link")
        for name, value in (
            ("state", "completed"),
            ("amount_paid", 100),
            ("access_token", "mine"),
            ("stripe_payment_intent_ref", "pi_mine"),
        ):
            with self.subTest(field=name):
                vals = {name: value}
                response = self._json2("payment.request", "write", ids=request.ids, vals=vals)
                self.assertEqual(response.status_code, 403)
        self.assertEqual((request.state, request.amount_paid), ("sent", 0))
