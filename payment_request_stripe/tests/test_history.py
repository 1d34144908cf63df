# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Whatever happens, in whatever order: both sides agree to the cent, after each step."""

import os

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from odoo.fields import Command
from odoo.tests import tagged

from .history import STEPS, History
from .money_case import MoneyCase

EXAMPLES = int(os.environ.get("HISTORY_EXAMPLES", "6"))


@tagged("post_install", "-at_install")
class TestHistory(MoneyCase):
    def setUp(self):
        super().setUp()
        self.company.payment_request_fee_account_id = self.company_data["default_account_expense"]
        self.terms = self._create_terms()
        self.currencies = {}
        for code, rate in (("USD", 1), ("EUR", 1.1), ("JPY", 0.007), ("KWD", 3.25)):
            currency = self.env["res.currency"].with_context(active_test=False)
            currency = currency.search([("name", "=", code)])
            currency.active = True
            if code != "USD":
                currency.rate_ids = [
                    Command.clear(),
                    Command.create(
                        {
                            "name": "2020-01-01",
                            "inverse_company_rate": rate,
                            "company_id": self.company.id,
                        }
                    ),
                ]
            self.currencies[code] = currency

    def _create_terms(self):
        terms = self.env["account.payment.term"]
        parts = [(40, 0), (60, 30)]
        return {
            "discount": terms.create(
                {
                    "name": "3% within 10 days",
                    "early_discount": True,
                    "discount_percentage": 3,
                    "discount_days": 10,
                    "line_ids": [Command.create({"value": "percent", "value_amount": 100})],
                }
            ),
            "instalments": terms.create(
                {
                    "name": "Two instalments",
                    "line_ids": [
                        Command.create(
                            {"value": "percent", "value_amount": percent, "nb_days": days}
                        )
                        for percent, days in parts
                    ],
                }
            ),
        }

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize="CI" not in os.environ,  # there each run tells new histories
        suppress_health_check=list(HealthCheck),
    )
    @given(
        steps=st.lists(st.sampled_from(STEPS), min_size=2, max_size=6),
        code=st.sampled_from(["USD", "EUR", "JPY", "KWD"]),
        seed=st.integers(0, 10**6),
    )
    @example(
        steps=["pay", "refund_at_stripe", "refund_fails", "dispute", "dispute_ends", "repeat"],
        code="USD",
        seed=1,
    )
    @example(
        steps=["pay_elsewhere", "pay_twice", "refund_at_stripe", "credit_note", "refund_by_us"],
        code="EUR",
        seed=2,
    )
    @example(steps=["pay", "use_credit", "dispute", "dispute_ends"], code="EUR", seed=4)
    @example(steps=["use_credit", "pay", "refund_by_us", "credit_note", "pay"], code="USD", seed=5)
    @example(
        steps=["pay", "refund_at_stripe", "cancel_payment", "unreconcile", "dispute", "allocate"],
        code="EUR",
        seed=6,
    )
    @example(
        steps=["pay_twice", "unreconcile", "allocate", "refund_by_us", "cancel_payment", "reorder"],
        code="KWD",
        seed=7,
    )
    @example(
        steps=["reorder", "cancel_invoice", "cancel_payment", "refund_by_us", "allocate"],
        code="USD",
        seed=8,
    )
    @example(
        steps=["pay", "credit_note", "refund_by_us", "cancel_entry", "dispute", "cancel_entry"],
        code="EUR",
        seed=9,
    )
    @example(steps=["pay_async", "pay", "dispute", "dispute_ends", "repeat"], code="JPY", seed=3)
    @example(
        steps=["use_credit", "reorder", "cancel_payment", "use_credit", "pay_twice"],
        code="EUR",
        seed=247,
    )
    @example(
        steps=["pay_twice", "allocate_elsewhere", "refund_by_us", "dispute", "dispute_ends"],
        code="USD",
        seed=10,
    )
    @example(
        steps=["pay_twice", "deduct", "dispute", "dispute", "dispute", "dispute_ends"],
        code="USD",
        seed=11,
    )
    @example(
        steps=["pay_twice", "deduct", "dispute", "dispute", "dispute", "cancel_payment"],
        code="EUR",
        seed=12,
    )
    def test_both_sides_agree_after_each_step(self, steps, code, seed):
        history = History(self, self.currencies[code], seed)
        for name in steps:
            history.step(name)
        if history.kept_back:
            history.step("repeat")  # what came late comes at last
