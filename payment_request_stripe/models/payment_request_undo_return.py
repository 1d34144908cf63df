# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from decimal import Decimal

from odoo import fields, models


class AccountMoveLine(models.Model):
    """Money that was used for other invoices than its own, went back and returns."""

    _inherit = "account.move.line"

    payment_request_taken_from = fields.Json(
        readonly=True,
        copy=False,
        help="What an item that takes money back opened besides its own invoice: amounts by item.",
    )

    def _keep_taken_from(self, given_up):
        """Write down what this item of an undoing opens that its share was not quoted for.

        What credits settled is not among it: a pair of items in the link's payment says that.

        :param given_up: ``{item: Decimal}`` in major units of the share's currency
        """
        self.ensure_one()
        line = self.payment_request_share_id.payment_request_line_id
        own = line.instalment_line_id or line.move_id.line_ids
        taken = {
            item.id: str(amount)
            for item, amount in given_up.items()
            if item not in own and not item._get_credit_sources()
        }
        if taken:
            self.payment_request_taken_from = taken

    def _get_taken_from(self):
        """Return ``{share: {item: Decimal}}`` of what these items of an undoing had opened."""
        found = {}
        for line in self.filtered("payment_request_taken_from"):
            taken = found.setdefault(line.payment_request_share_id, {})
            for item_id, amount in line.payment_request_taken_from.items():
                if item := self.browse(int(item_id)).exists():
                    taken[item] = taken.get(item, 0) + Decimal(amount)
        return found

    def _pay_again(self, taken):
        """Reconcile these shares with what they had paid, as far as it still owes.

        Their own invoices may get all that is open of them, other items at most what was taken
        from these: what is beyond that is the customer's.

        :param taken: as :meth:`_get_taken_from` returns it
        :return: the entries that are paid again by it
        """
        own = {
            share: line._get_open_invoice_lines(share.account_id)
            for share in self
            if (line := share.payment_request_line_id)
        }
        others = [item for by_item in taken.values() for item in by_item]
        items = self.browse().union(*own.values(), *others)
        before = {item: item.amount_residual_currency for item in items}
        self._return_to_others(taken)
        plan = [share | owed for share, owed in own.items() if owed and not share.reconciled]
        if plan:
            self._reconcile_plan(plan)
        self._return_to_others(taken)  # of some there was too much until their own had theirs
        paid = items.filtered(lambda item: item.amount_residual_currency != before[item])
        # Links for what no link of these payments asked for have to hear of it.
        paid.with_context(payment_request_ring_off=None).move_id._ring_payment_requests()
        return paid.move_id

    def _return_to_others(self, taken):
        """Give items back what these shares had paid of them; what is done leaves `taken`."""
        for share in self:
            for item, amount in list(taken.get(share, {}).items()):
                if share._can_return_to(item, amount):
                    self._reconcile_plan([share | item])
                    del taken[share][item]

    def _can_return_to(self, item, amount):
        """Tell whether to reconcile this share with `item` gives it something, at most `amount`."""
        return (
            (item.account_id, item.currency_id) == (self.account_id, self.currency_id)
            and item.partner_id.commercial_partner_id == self.partner_id.commercial_partner_id
            and item.parent_state == "posted"
            and item.amount_residual_currency > 0 > self.amount_residual_currency
            and min(item._get_open_amount(), self._get_open_amount()) <= amount
        )
