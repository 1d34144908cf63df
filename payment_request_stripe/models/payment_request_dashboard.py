# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import format_date

FUNNEL = ("sent_count", "delivered_count", "opened_count", "started_count", "paid_count")
LONGEST_PERIOD = 3660  # days


class PaymentRequestReport(models.Model):
    """The figures of the dashboard: what was sent in a period, and what became of it."""

    _inherit = "payment.request.report"

    @api.model
    def get_dashboard(self, days=30):
        """Return all that the dashboard shows about the companies that are switched on.

        :param int days: how far back the requests that count were sent
        :return: a dict for JSON; amounts are major units of the current company's currency
        """
        self.check_access("read")
        days = min(max(int(days), 1), LONGEST_PERIOD)
        since = fields.Datetime.now() - timedelta(days=days)
        period = Domain("sent_at", ">=", since) & Domain("company_id", "in", self.env.companies.ids)
        return {
            "currency": self.env.company.currency_id.id,
            "since": fields.Datetime.to_string(since),
            **self._get_totals(period),
            "funnel": self._get_funnel(period),
            "channels": self._get_channels(period),
            "declines": self._get_declines(period),
            "weeks": self._get_weeks(since),
            "work": self._get_work(),
        }

    @api.model
    def _sum_in_company_currency(self, domain, field_name):
        """Return a total over companies, in the current one's currency at today's rate."""
        company, today = self.env.company, fields.Date.context_today(self)
        totals = self._read_group(domain, ["company_currency_id"], [f"{field_name}:sum"])
        return company.currency_id.round(
            sum(
                currency._convert(total or 0, company.currency_id, company, today)
                for currency, total in totals
            )
        )

    @api.model
    def _get_totals(self, period):
        ((paid, conversion, days_to_pay),) = self._read_group(
            period, [], ["paid_count:sum", "conversion:avg", "days_to_pay:avg"]
        )
        amount = self._sum_in_company_currency(period, "amount_paid")
        return {
            "paid_count": paid or 0,
            "paid_amount": amount,
            "average_amount": self.env.company.currency_id.round(amount / paid) if paid else 0,
            "conversion": conversion or 0,
            "days_to_pay": days_to_pay or 0,
            "refunded_amount": self._sum_in_company_currency(period, "amount_refunded"),
            "disputed_amount": self._sum_in_company_currency(period, "amount_disputed"),
        }

    @api.model
    def _get_funnel(self, period):
        """Return the steps from sent to paid, each with its count and its share of the first."""
        (counts,) = self._read_group(period, [], [f"{name}:sum" for name in FUNNEL])
        sent = counts[0] or 0
        return [
            {
                "name": name,
                "label": self._fields[name]._description_string(self.env),
                "count": count or 0,
                "share": 100 * (count or 0) / sent if sent else 0,
            }
            for name, count in zip(FUNNEL, counts, strict=True)
        ]

    @api.model
    def _get_channels(self, period):
        labels = dict(self._fields["delivery_method"]._description_selection(self.env))
        rows = self._read_group(
            period, ["delivery_method"], ["sent_count:sum", "paid_count:sum", "conversion:avg"]
        )
        return [
            {
                "name": method,
                "label": labels[method],
                "sent": sent,
                "paid": paid,
                "conversion": conversion or 0,
            }
            for method, sent, paid, conversion in sorted(rows, key=lambda row: -row[1])
        ]

    @api.model
    def _get_declines(self, period):
        labels = dict(self._fields["decline_reason"]._description_selection(self.env))
        rows = self._read_group(
            period & Domain("decline_reason", "!=", False), ["decline_reason"], ["__count"]
        )
        return [
            {"name": reason, "label": labels[reason], "count": count}
            for reason, count in sorted(rows, key=lambda row: -row[1])
        ]

    @api.model
    def _get_weeks(self, since):
        """Return what was paid week by week, the oldest first, empty weeks included.

        Each payment in its own week: a link may be paid in parts.
        """
        company, today = self.env.company, fields.Date.context_today(self)
        payments = self.env["account.payment"]
        paid = payments._get_payment_request_income_domain(self.env.companies)
        amounts = {}
        for week, company_paid, amount in payments._read_group(
            paid & Domain("date", ">=", since.date()),
            ["date:week", "company_id"],
            ["amount_company_currency_signed:sum"],
        ):
            currency = company_paid.currency_id
            converted = currency._convert(amount, company.currency_id, company, today)
            amounts[week] = amounts.get(week, 0) + converted
        # Weeks begin where PostgreSQL has them begin, as far as there is any.
        first = min(amounts, default=today)
        while first > since.date():
            first -= timedelta(weeks=1)
        weeks = [first + timedelta(weeks=number) for number in range((today - first).days // 7 + 1)]
        return [
            {
                "label": format_date(self.env, week, date_format="d MMM"),
                "amount": company.currency_id.round(amounts.get(week, 0)),
            }
            for week in weeks
        ]

    @api.model
    def _get_work(self):
        """Return what waits for the customer or for us, now; `filter` names one of the list's."""
        requests, soon = self.env["payment.request"], fields.Datetime.now() + timedelta(days=3)
        ours = Domain("company_id", "in", self.env.companies.ids)
        ours &= Domain("is_setup_test", "=", False)
        payable = Domain("state", "in", ("sent", "failed"))
        return [
            {"filter": name, "label": label, "count": requests.search_count(ours & domain)}
            for name, label, domain in (
                ("open", self.env._("Open"), payable),
                ("in_transit", self.env._("In transit"), Domain("state", "=", "processing")),
                ("failed", self.env._("Failed"), Domain("state", "=", "failed")),
                (
                    "expiring",
                    self.env._("Expiring soon"),
                    payable & Domain("expires_at", "<=", soon),
                ),
                (
                    "not_reached",
                    self.env._("Not reached"),
                    payable & Domain("is_unreached", "=", True),
                ),
                ("unmatched", self.env._("Unmatched money"), requests._get_unmatched_domain()),
                (
                    "disputed",
                    self.env._("Disputed"),
                    Domain("dispute_state", "in", ("inquiry", "open")),
                ),
            )
        ]


class AccountPayment(models.Model):
    _inherit = "account.payment"

    @api.model
    def _get_payment_request_income_domain(self, companies):
        """Return the payments by which links of these companies brought money, tests left out."""
        return (
            Domain("company_id", "in", companies.ids)
            & Domain("payment_request_id", "any", [("is_setup_test", "=", False)])
            & Domain("payment_type", "=", "inbound")
            & Domain("state", "in", ("in_process", "paid"))
        )


class PaymentRequest(models.Model):
    _inherit = "payment.request"

    @api.model
    def _get_unmatched_domain(self):
        """Return the requests with money that fits no invoice and about which nobody decided."""
        return Domain(
            "payment_ids",
            "any",
            [
                ("payment_request_has_credit", "=", True),
                ("payment_request_credit_kept", "=", False),
            ],
        )
