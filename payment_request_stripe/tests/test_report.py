# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The figures equal a recount from the raw rows, however they are grouped."""

import random
from ast import literal_eval
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal

from odoo import fields
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from ..gateways.decline_words import Decline
from ..gateways.mail_words import read_trouble
from .delivery_case import DeliveryCase

CHANNELS = ("email", "sms", "link")
MESSAGE_STATES = ("queued", "sent", "delivered", "failed", "bounced", "unknown", "skipped")
COUNTS = ("sent", "delivered", "opened", "started", "paid", "refunded", "disputed", "declined")
AMOUNTS = ("asked", "paid", "refunded", "disputed")


@tagged("post_install", "-at_install")
class TestReport(DeliveryCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.foreign = cls.setup_other_currency("EUR", rates=[("2020-01-01", 0.8137)])
        cls.sellers = [
            new_test_user(cls.env, login=f"seller{number}", groups="account.group_account_invoice")
            for number in range(2)
        ]
        cls.report = cls.env["payment.request.report"].with_user(cls.readonly_user)

    def _make_story(self, rng):
        """Make one request with random facts, as the code would write them."""
        currency = rng.choice((self.company.currency_id, self.foreign))
        invoices = [
            self._create_invoice(
                rng.randint(100, 90000) / 100,
                currency=currency,
                invoice_user_id=rng.choice(self.sellers).id,
            )
            for _number in range(rng.randint(1, 3))
        ]
        request = self._create_request(*invoices, delivery_method=rng.choice(CHANNELS))
        now = fields.Datetime.now()
        sent = rng.random() < 0.9
        paid = sent and rng.random() < 0.5
        sent_at = now - timedelta(days=rng.randint(1, 80), seconds=rng.randint(0, 80000))
        part = sum(invoice.amount_total for invoice in invoices[: rng.randint(1, 3)])
        request.write(
            {
                "first_sent_at": sent and sent_at,
                "opened_at": sent and rng.random() < 0.6 and sent_at + timedelta(hours=1),
                "amount_paid": paid and part,
                "paid_at": paid and min(now, sent_at + timedelta(seconds=rng.randint(1, 900000))),
                "dispute_state": rng.choice(("none", "open", "lost")) if paid else "none",
            }
        )
        for share in (part / 4, part / 2) if paid else ():
            self._note_payment(request, share, now - timedelta(days=rng.randint(0, 80)))
        for payment in request.payment_ids.filtered(lambda _payment: rng.random() < 0.3):
            self._note_refund(payment, payment.amount / 3, rng.choice(("succeeded", "failed")))
        if request.dispute_state != "none":
            request.line_ids[0].amount_disputed = request.line_ids[0].amount
        request.delivery_ids.unlink()
        for _number in range(rng.randint(0, 3)):
            state = rng.choice(MESSAGE_STATES)
            member = state == "bounced" and rng.choice((False, "left@example.com"))
            self.env["payment.request.delivery"].sudo().create(
                {
                    "request_id": request.id,
                    "channel": "email" if member else rng.choice(("email", "sms")),
                    "recipient": f"{rng.random()}@example.com",
                    "bounced_for": member,
                    "state": state,
                    "template_name": rng.choice((False, "Polite", "Firm")),
                }
            )
        for number in range(rng.randint(0, 3)):
            self.env["payment.request.checkout"].sudo().create(
                {
                    "request_id": request.id,
                    "state": rng.choice(("complete", "expired", "failed")),
                    "stripe_checkout_session_ref": rng.choice((False, f"cs_{request.id}_{number}")),
                    "decline_reason": rng.choice((False, *(one.value for one in Decline))),
                }
            )
        return request

    def _note_payment(self, request, amount, moment):
        """Book money of a request that came at that moment."""
        method_line = self.provider._get_payment_request_method_line()
        values = {
            "payment_type": "inbound",
            "partner_id": request.partner_id.id,
            "journal_id": method_line.journal_id.id,
            "payment_method_line_id": method_line.id,
            "currency_id": request.currency_id.id,
            "amount": round(amount, 2),
            "date": moment.date(),
            "payment_request_id": request.id,
        }
        self.env["account.payment"].sudo().create(values).action_post()

    def _note_refund(self, payment, amount, state):
        """Note what Stripe said of a refund of that payment."""
        self.env["payment.request.refund"].sudo().create(
            {
                "request_id": payment.payment_request_id.id,
                "payment_id": payment.id,
                "amount": round(amount, 2),
                "state": state,
            }
        )

    def _recount(self, request):
        """Return the facts and amounts (Decimal, company currency) of a request, from its rows."""
        rows, checkouts = request.delivery_ids, request.checkout_ids.sorted("id")
        started = any(checkouts.mapped("stripe_checkout_session_ref"))
        opened = bool(request.opened_at) or started
        arrived = any(
            row.state == "delivered"
            or (row.channel, row.state) == ("email", "sent")
            or row.bounced_for
            for row in rows
        )
        declined = [reason for reason in checkouts.mapped("decline_reason") if reason]
        refunded = sum(
            (
                Decimal(str(refund.amount))
                for refund in request.refund_ids
                if refund.state == "succeeded"
            ),
            Decimal(0),
        )
        facts = {
            "sent": bool(request.first_sent_at),
            "delivered": arrived or opened,
            "opened": opened,
            "started": started,
            "paid": request.amount_paid > 0,
            "refunded": refunded > 0,
            "disputed": request.dispute_state != "none",
            "declined": bool(declined),
        }
        total = sum(Decimal(str(line.amount)) for line in request.line_ids)
        rate = (
            sum(
                Decimal(str(line.amount)) / Decimal(repr(line.move_id.invoice_currency_rate))
                for line in request.line_ids
            )
            / total
        )
        amounts = {
            "asked": total,
            "paid": Decimal(str(request.amount_paid)),
            "refunded": refunded,
            "disputed": sum(Decimal(str(line.amount_disputed)) for line in request.line_ids),
        }
        return facts, {
            name: (amount * rate).quantize(Decimal("0.01"), ROUND_HALF_UP)
            for name, amount in amounts.items()
        }

    def assertGroup(self, requests, domain):
        """Assert every figure of a group against the recount of its requests."""
        told = [self._recount(request) for request in requests]
        aggregates = [f"{name}_count:sum" for name in COUNTS]
        aggregates += [f"amount_{name}:sum" for name in AMOUNTS]
        aggregates += ["conversion:avg", "amount_average:avg", "days_to_pay:avg", "__count"]
        (values,) = self.report._read_group(domain, [], aggregates)
        figures = dict(zip(aggregates, values, strict=True))
        self.assertEqual(figures["__count"], len(requests))
        for name in COUNTS:
            expected = sum(facts[name] for facts, _amounts in told)
            self.assertEqual(figures[f"{name}_count:sum"] or 0, expected, name)
        for name in AMOUNTS:
            expected = sum(amounts[name] for _facts, amounts in told)
            self.assertAlmostEqual(float(figures[f"amount_{name}:sum"] or 0), float(expected), 2)
        sent = [facts["paid"] for facts, _amounts in told if facts["sent"]]
        self.assertAlmostEqual(
            figures["conversion:avg"] or 0, 100 * sum(sent) / len(sent) if sent else 0, 6
        )
        paid = [amounts["paid"] for facts, amounts in told if facts["paid"]]
        average = sum(paid) / len(paid) if paid else 0
        self.assertAlmostEqual(float(figures["amount_average:avg"] or 0), float(average), 2)
        days = [
            (request.paid_at - request.first_sent_at).total_seconds() / 86400
            for request in requests
            if request.amount_paid
        ]
        self.assertAlmostEqual(
            figures["days_to_pay:avg"] or 0, sum(days) / len(days) if days else 0, 4
        )

    def test_figures_equal_a_recount_from_the_raw_rows(self):
        seed = random.randrange(10**6)  # noqa: S311 - data, no secret
        rng = random.Random(seed)  # noqa: S311
        requests = self.env["payment.request"].union(
            *(self._make_story(rng) for _number in range(16))
        )
        ours = [("company_id", "=", self.company.id)]
        with self.subTest(seed=seed):
            self.assertGroup(requests, ours)
            for name, key in (
                ("delivery_method", lambda one: one.delivery_method),
                ("salesperson_id", self._get_seller),
                ("template_name", self._get_template),
                ("currency_id", lambda one: one.currency_id.id),
                ("decline_reason", self._get_last_decline),
            ):
                for value, group in requests.grouped(key).items():
                    self.assertGroup(group, [*ours, (name, "=", value)])
            self.assertDashboard(requests)

    def _get_seller(self, request):
        return request.line_ids.sorted(lambda line: (-line.amount, line.id))[
            0
        ].move_id.invoice_user_id.id

    def _get_template(self, request):
        names = request.delivery_ids.sorted("id").filtered("template_name")
        return names[-1:].template_name

    def _get_last_decline(self, request):
        return request.checkout_ids.sorted("id").filtered("decline_reason")[-1:].decline_reason

    def assertDashboard(self, requests):
        """Assert the dashboard of the last 30 days against the recount."""
        since = fields.Datetime.now() - timedelta(days=30)
        told = [
            self._recount(request)
            for request in requests
            if request.first_sent_at and request.first_sent_at >= since
        ]
        shown = self.report.with_company(self.company).get_dashboard(days=30)
        self.assertEqual(
            [step["count"] for step in shown["funnel"]],
            [
                sum(facts[name] for facts, _amounts in told)
                for name in ("sent", "delivered", "opened", "started", "paid")
            ],
        )
        paid = sum(amounts["paid"] for _facts, amounts in told)
        self.assertAlmostEqual(shown["paid_amount"], float(paid), 2)
        self.assertEqual(sum(row["sent"] for row in shown["channels"]), len(told))
        weekly = sum(
            sum(payment.move_id.line_ids.mapped("debit"))
            for payment in requests.payment_ids
            if payment.date >= since.date()
        )
        self.assertAlmostEqual(sum(week["amount"] for week in shown["weeks"]), float(weekly), 2)
        self.assertEqual(
            {item["filter"]: item["count"] for item in shown["work"]}["open"],
            len(requests.filtered(lambda one: one.state in ("sent", "failed"))),
        )

    def test_what_one_member_of_a_list_did_not_get_was_delivered(self):
        request = self._create_request(self._create_invoice(10), delivery_method="email")
        row = request.delivery_ids
        row.state = "sent"
        trouble = read_trouble("550 5.1.1 no such user")
        for address, count in (("left@example.com", 1), (row.recipient, 0)):
            row._bounce(trouble, address)
            self.env.flush_all()
            told = self.report.search([("request_id", "=", request.id)])
            self.assertEqual((row.state, told.delivered_count), ("bounced", count))
            told.invalidate_recordset()

    def test_a_test_of_the_set_up_counts_nowhere(self):
        request = self._create_request(self._create_invoice(10))
        request.is_setup_test = True
        self.assertFalse(self.report.search([("request_id", "=", request.id)]))
        work = self.report.with_company(self.company).get_dashboard()["work"]
        self.assertFalse(sum(item["count"] for item in work))

    def test_other_companies_are_not_counted(self):
        self._create_request(self._create_invoice(10))
        elsewhere = self.env["res.company"].create({"name": "Elsewhere"})
        stranger = new_test_user(
            self.env,
            login="stranger",
            groups="account.group_account_readonly",
            company_id=elsewhere.id,
            company_ids=[Command.set(elsewhere.ids)],
        )
        report = self.env["payment.request.report"].with_user(stranger)
        self.assertFalse(report.search_count([]))
        self.assertFalse(report.get_dashboard()["funnel"][0]["count"])

    def test_messages_remember_their_template(self):
        request = self._create_request(self._create_invoice(10))
        self._run_cron("ir_cron_send_deliveries")
        self.assertEqual(
            request.delivery_ids.template_name,
            self.env.ref("payment_request_stripe.mail_template_payment_request").name,
        )

    def test_lists_find_what_accountants_look_for(self):
        """Each filter of the list finds its request and no other."""
        now = fields.Datetime.now()
        made = {
            name: self._create_request(self._create_invoice(10))
            for name in ("open", "in_transit", "failed", "expiring")
        }
        made["in_transit"]._transition("processing")
        made["failed"]._transition("failed")
        made["expiring"].expires_at = now + timedelta(days=1)
        view = self.env["payment.request"].get_view(
            self.env.ref("payment_request_stripe.payment_request_view_search").id, "search"
        )
        for name, found in (
            ("open", made["open"] | made["failed"] | made["expiring"]),
            ("in_transit", made["in_transit"]),
            ("failed", made["failed"]),
            ("expiring", made["expiring"]),
            ("unmatched", self.env["payment.request"]),
        ):
            arch = view["arch"].split(f'name="{name}"')[1]
            text = arch.split('domain="')[1].split('"')[0].replace("&lt;", "<")
            domain = [("company_id", "=", self.company.id), *literal_eval(text)]
            self.assertEqual(self.env["payment.request"].search(domain), found.sorted("id", True))
