# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from datetime import timedelta

from lxml import etree

from odoo import fields
from odoo.tests import tagged
from odoo.tools.safe_eval import safe_eval

from .money_case import MoneyCase


@tagged("post_install", "-at_install")
class TestFilters(MoneyCase):
    """What accountants look for, found on requests to which it has really happened.

    Every filter is tried on all of the requests, and must find its own and no other; the dashboard
    counts the same.
    """

    def _create_in_transit(self):
        request = self._create_request(self._create_invoice(20))
        ref = self._open_checkout(request).stripe_checkout_session_ref
        self._receive(self.stripe.pay_async(ref))
        return request

    def _create_failed(self):
        request = self._create_request(self._create_invoice(30))
        ref = self._open_checkout(request).stripe_checkout_session_ref
        self._receive(self.stripe.pay_async(ref))
        self._receive(self.stripe.decline(ref))
        return request

    def _create_unmatched(self):
        """One invoice, paid in two sessions: the second payment fits nothing."""
        request = self._create_request(self._create_invoice(40))
        first = self._open_checkout(request)
        first.state = "failed"
        self.env.flush_all()
        refs = [one.stripe_checkout_session_ref for one in (first, self._open_checkout(request))]
        self._receive(*[self.stripe.pay(ref) for ref in refs])
        return request

    def _create_disputed(self):
        request, _invoices, charge = self._pay_invoices(50)
        self.stripe.dispute(charge)
        self._hear()
        return request

    def _create_expiring(self):
        soon = fields.Datetime.now() + timedelta(days=1)
        return self._create_request(
            self._create_invoice(60), expires_at=fields.Datetime.to_string(soon)
        )

    def _create_not_reached(self):
        request = self._create_request(self._create_invoice(70))
        request.delivery_ids.state = "unknown"
        return request

    def _find(self, name):
        """Return what the filter of the list finds in our company."""
        search = self.env.ref("payment_request_stripe.payment_request_view_search")
        arch = etree.fromstring(self.env["payment.request"].get_view(search.id, "search")["arch"])
        (node,) = arch.xpath(f"//filter[@name='{name}']")
        domain = safe_eval(node.get("domain"), {"uid": self.env.uid})
        return self.env["payment.request"].search([("company_id", "=", self.company.id), *domain])

    def _count(self):
        """Return what the dashboard says of each filter."""
        report = self.env["payment.request.report"].with_user(self.billing_user)
        work = report.with_company(self.company).get_dashboard()["work"]
        return {item["filter"]: item["count"] for item in work}

    def test_each_finds_its_own_and_no_other(self):
        made = {
            "fresh": self._create_request(self._create_invoice(10)),
            "paid": self._pay_invoices(15)[0],
            **{
                name: getattr(self, f"_create_{name}")()
                for name in (
                    "in_transit",
                    "failed",
                    "unmatched",
                    "disputed",
                    "expiring",
                    "not_reached",
                )
            },
        }
        expected = {name: made[name] for name in made if name not in ("fresh", "paid")}
        expected["open"] = self.env["payment.request"].union(
            *(made[name] for name in ("fresh", "failed", "expiring", "not_reached"))
        )
        counts = self._count()
        for name, found in expected.items():
            with self.subTest(name):
                self.assertEqual(set(self._find(name)), set(found))
                self.assertEqual(counts[name], len(found))
        self.assertEqual(set(counts), set(expected))

    def test_money_that_was_decided_about_is_unmatched_no_more(self):
        request = self._create_unmatched()
        self.assertEqual(self._find("unmatched"), request)
        credit = request.payment_ids.filtered("payment_request_has_credit")
        self.assertEqual(len(credit), 1)
        credit.with_user(self.billing_user).action_payment_request_keep()
        self.assertFalse(self._find("unmatched"))
        self.assertFalse(self._count()["unmatched"])
