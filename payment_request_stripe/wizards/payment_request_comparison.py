# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import calendar
from datetime import timedelta
from time import monotonic

from odoo import fields, models
from odoo.exceptions import UserError

from ..gateways.errors import GatewayError
from ..models.payment_request_audit import CHARGES

# What is near the edge of a period may be booked on the other side of it.
MARGIN = timedelta(days=3)
# So many seconds payments that moved nothing in the period are looked up at Stripe, one by one: a
# person waits for it, and Odoo ends a request after two minutes.
LOOK_FOR = 30


class PaymentRequestComparison(models.TransientModel):
    """Stripe's balance against our books, for a period: equal, or each difference by its name."""

    _name = "payment.request.comparison"
    _inherit = "payment.request.audit"
    _description = "Comparison with Stripe"

    company_id = fields.Many2one(
        comodel_name="res.company",
        required=True,
        ondelete="cascade",
        default=lambda self: self.env.company,
    )
    date_from = fields.Date(
        required=True,
        default=lambda self: self.env.company._get_payment_request_today() - timedelta(days=30),
    )
    date_to = fields.Date(
        required=True, default=lambda self: self.env.company._get_payment_request_today()
    )
    is_compared = fields.Boolean(readonly=True)
    is_equal = fields.Boolean(readonly=True)
    result = fields.Text(readonly=True)

    def action_compare(self):
        """Ask Stripe for what moved in the period and show how our books differ.

        :raise UserError: when Stripe cannot be asked
        """
        self.ensure_one()
        self.env["payment.request"].check_access("read")
        if self.company_id not in self.env.companies:
            raise UserError(self.env._("You are not in this company."))
        if not self._get_provider():
            raise UserError(self.env._("Stripe is not set up for this company."))
        try:
            counts, differences = self.sudo()._compare()
        except GatewayError as error:
            raise UserError(
                self.env._("Stripe could not be asked: %(reason)s", reason=error.message)
            ) from error
        title = self.env._("Equal") if not differences else self.env._("Different")
        self.write(
            {
                "is_compared": True,
                "is_equal": not differences,
                "result": "\n".join([f"{title}: {counts}", *differences]),
            }
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Compare with Stripe"),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
        }

    def _compare(self):
        """Return ``(what was compared, [differences])``, both as sentences.

        :raise GatewayError: when Stripe cannot be asked
        """
        since, until = (
            self._get_moment(self.date_from - MARGIN),
            self._get_moment(self.date_to + MARGIN + timedelta(days=1)),
        )
        self.env["ir.cron"]._commit_progress()
        rows = self._get_provider()._get_stripe_gateway().list_balance(since, until)
        start, end = (
            self._get_moment(self.date_from),
            self._get_moment(self.date_to + timedelta(days=1)),
        )
        seen, differences, count = set(), [], 0
        for row in rows:
            source = row.get("source")
            if not isinstance(source, dict):
                continue
            seen.add(source.get("payment_intent") if row["type"] in CHARGES else source.get("id"))
            if start <= row["created"] < end and self._is_ours(source):
                count += 1
                differences += self._find_difference(row, source)
        differences += self._find_strangers(seen)
        counts = self.env._("%(count)s movements of Stripe's balance compared.", count=count)
        # Each movement of one dispute says the same.
        return counts, list(dict.fromkeys(differences))

    def _get_moment(self, day):
        """Return the Unix time at which a day of the company begins."""
        begins = self.company_id._get_payment_request_midnight(day)
        return calendar.timegm(begins.utctimetuple())

    def _find_strangers(self, seen):
        """Name what is booked in the period, and Stripe does not know.

        What moved Stripe's balance in another period (a debit on its way, a locked month) is
        known to Stripe: it is looked up before it is named.

        :raise GatewayError: when Stripe cannot be asked
        """
        booked = self._find_booked()
        unseen = [(payment, ref) for payment, ref in booked if ref not in seen]
        self.env["ir.cron"]._commit_progress()
        gateway = self._get_provider()._get_stripe_gateway()
        named, until = [], monotonic() + LOOK_FOR
        for looked_up, (payment, ref) in enumerate(unseen):
            if monotonic() >= until:
                said = self.env._(
                    "%(count)s more moved nothing on Stripe's balance near this period: compare "
                    "a shorter one.",
                    count=len(unseen) - looked_up,
                )
                return [*named, said]
            if not gateway.is_known(ref):
                said = self.env._(
                    "%(payment)s (%(ref)s) is booked, but not at Stripe.",
                    payment=payment.name,
                    ref=ref,
                )
                named.append(said)
        return named

    def _find_booked(self):
        """Return ``[(payment or refund, Stripe's ref)]`` of what is posted in the period."""
        payments = self.env["account.payment"].search(
            [
                ("payment_request_id.provider_id", "=", self._get_provider().id),
                ("date", ">=", self.date_from),
                ("date", "<=", self.date_to),
                ("move_id.state", "=", "posted"),
            ]
        )
        refs = [(one, one.stripe_refund_ref or one.stripe_payment_intent_ref) for one in payments]
        return [(payment, ref) for payment, ref in refs if ref]
