# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import calendar
from datetime import timedelta
from time import monotonic

from odoo import models

from .payment_request_audit import CHARGES

# What is near the edge of a period may be booked on the other side of it.
MARGIN = timedelta(days=3)
# So many seconds payments that moved nothing in the period are looked up at Stripe, one by one: a
# person waits for it, and Odoo ends a request after two minutes.
LOOK_FOR = 30


class PaymentRequestAudit(models.AbstractModel):
    """Both sides of a period: what Stripe moved, and what is booked."""

    _inherit = "payment.request.audit"

    def _compare_period(self, first, last):
        """Compare what moved Stripe's balance from day to day with our books, and these with it.

        Commits before Stripe is asked.

        :param first: a day of the company; `last` belongs to the period too
        :return: ``(what was compared, [differences])``, both as sentences
        :raise GatewayError: when Stripe cannot be asked
        """
        since, until = (
            self._get_moment(first - MARGIN),
            self._get_moment(last + MARGIN + timedelta(days=1)),
        )
        self.env["ir.cron"]._commit_progress()
        rows = self._get_provider()._get_stripe_gateway().list_balance(since, until)
        start, end = self._get_moment(first), self._get_moment(last + timedelta(days=1))
        seen, differences, count = set(), [], 0
        for row in rows:
            source = row.get("source")
            if not isinstance(source, dict):
                continue
            seen.add(source.get("payment_intent") if row["type"] in CHARGES else source.get("id"))
            if start <= row["created"] < end and self._is_ours(source):
                count += 1
                differences += self._find_difference(row, source)
        differences += self._find_strangers(seen, first, last)
        counts = self.env._("%(count)s movements of Stripe's balance compared.", count=count)
        # Each movement of one dispute says the same.
        return counts, list(dict.fromkeys(differences))

    def _get_moment(self, day):
        """Return the Unix time at which a day of the company begins."""
        begins = self.company_id._get_payment_request_midnight(day)
        return calendar.timegm(begins.utctimetuple())

    def _find_strangers(self, seen, first, last):
        """Name what is booked in the period, and Stripe does not know.

        What moved Stripe's balance in another period (a debit on its way, a locked month) is
        known to Stripe: it is looked up before it is named.

        :raise GatewayError: when Stripe cannot be asked
        """
        booked = self._find_booked(first, last)
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

    def _find_booked(self, first, last):
        """Return ``[(payment or refund, Stripe's ref)]`` of what is posted in the period."""
        payments = self.env["account.payment"].search(
            [
                ("payment_request_id.provider_id", "=", self._get_provider().id),
                ("date", ">=", first),
                ("date", "<=", last),
                ("move_id.state", "=", "posted"),
            ]
        )
        refs = [(one, one.stripe_refund_ref or one.stripe_payment_intent_ref) for one in payments]
        return [(payment, ref) for payment, ref in refs if ref]
