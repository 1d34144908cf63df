# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from collections import Counter

from odoo import api, models

from ..gateways.money import to_decimal
from .payment_request import PAYABLE_STATES


class PaymentRequest(models.Model):
    """Two links may ask for one invoice; only one of them can be paid at a time.

    A customer may choose invoices in the portal that our people have asked for already.
    """

    _inherit = "payment.request"

    def _get_siblings(self):
        """Return the other links by which an invoice of this request could be paid."""
        self.ensure_one()
        lines = self.env["payment.request.line"].search(
            [
                ("move_id", "in", self.line_ids.move_id.ids),
                ("request_id", "!=", self.id),
                ("request_id.state", "in", PAYABLE_STATES),
            ]
        )
        return lines.request_id

    def _claim_invoices(self):
        """Hold this link and all others for its invoices until the next commit; return the others.

        Of those who claim the same at the same moment, PostgreSQL ends all but one, and Odoo runs
        them again with what the one has written in sight.
        """
        siblings = self._get_siblings()
        claimed = self | siblings
        claimed._lock()
        if siblings:  # a lock alone would not end who waited for it
            self.env.cr.execute(
                "UPDATE payment_request SET write_date = write_date WHERE id IN %s",
                [tuple(claimed.ids)],
                log_exceptions=False,  # done again, so no error
            )
        return siblings

    def _get_rival_checkouts(self, quote):
        """Return live checkouts of other links that would, with `quote`, be paid for too much."""
        self.ensure_one()
        checkouts = self.env["payment.request.checkout"].search(
            [
                ("request_id", "in", self._get_siblings().ids),
                ("state", "in", ("intended", "open")),
            ]
        )
        if not checkouts:
            return checkouts
        asked = {one: one.request_id._get_settled_by(one.quote) for one in checkouts}
        mine = self._get_settled_by(quote)
        too_much = self._find_too_much(sum(asked.values(), mine)) & set(mine)
        return checkouts.filtered(lambda one: too_much & set(asked[one]))

    def _get_page_state(self):
        """Keep an invoice from being paid by this link while another's payment is on its way."""
        face = super()._get_page_state()
        return "processing" if face == "open" and self._has_rival_payment() else face

    def _has_rival_payment(self):
        """Tell whether payments by other links leave less of an invoice than is asked here."""
        self.ensure_one()
        moves = self.line_ids.move_id
        others = [("move_id", "in", moves.ids), ("request_id", "!=", self.id)]
        if not self.env["payment.request.line"].search_count(others, limit=1):  # mostly so
            return False
        under_way = moves._get_payment_request_transit(but=self)
        if not under_way:
            return False
        mine = self._get_settled_by(self._get_quote())
        return bool(self._find_too_much(mine + Counter(under_way)) & set(mine))

    @api.model
    def _find_too_much(self, settled):
        """Return the invoices of which quotes would settle more than they owe.

        :param settled: ``{invoice: Decimal}``, major units
        """
        return {
            move
            for move, amount in settled.items()
            if amount > to_decimal(move.amount_residual, move.currency_id.decimal_places)
        }

    def _get_settled_by(self, quote):
        """Return ``{invoice: Decimal}``, a Counter, major units: what a quote would settle."""
        settled = Counter()
        for line, share in self._read_quote(quote).items():
            credits = sum(amount for _item, amount in share["credits"])
            settled[line.move_id] += share["pay"] + share["discount"] + credits
        return settled
