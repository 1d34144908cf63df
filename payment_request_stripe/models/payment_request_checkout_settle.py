# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from odoo import models

from ..exceptions import BookingRefused
from ..gateways.money import to_decimal

# Where it is counted what settled a requested invoice, by the part of the payment's item.
SETTLED_FIELDS = {
    False: "amount_paid",
    "discount": "amount_discount",
    "credit": "amount_credit",
}


@dataclass(frozen=True)
class Settlement:
    """What settles a part of a requested invoice besides the money that Stripe took.

    :ivar line: the request line
    :ivar part: ``discount`` or ``credit``
    :ivar account: the receivable account of the invoice
    :ivar amount: major units, Decimal
    :ivar credit: the deduction that it uses, for a credit
    """

    line: Any
    part: str
    account: Any
    amount: Decimal
    credit: Any = None


class PaymentRequestCheckout(models.Model):
    """Booking what a quote promised besides the money: discounts and credits.

    They are items of the same entry as the payment, so that each invoice gets exactly its part: a
    discount is paid for by the company's cash discount account and the taxes, as Odoo computes
    them; a credit is taken from its item and given to the invoice.
    """

    _inherit = "payment.request.checkout"

    def _get_settlements(self):
        """Return what of the discounts and credits in the quote still holds, and what does not.

        A quote made in time is honoured, however late the money comes. But a discount falls when
        something was paid or credited on its invoice meanwhile, as Odoo has it, and a credit
        gives no more than is left of it and than its invoice needs.

        :return: ``([Settlement], [sentence for our people])``
        """
        self.ensure_one()
        settled, broken = [], []
        if not any(share.keys() & {"discount", "credits"} for share in self.quote["lines"]):
            return settled, broken
        left = {credit.item_id: credit for credit in self.request_id.credit_ids}
        left = {item: [credit, credit._get_open()] for item, credit in left.items()}
        for line, share in self.request_id._read_quote(self.quote).items():
            owed = line._get_owed_by_account()
            if share["discount"]:
                self._settle_discount(line, share, owed, settled, broken)
            room = max(sum(owed.values(), Decimal(0)) - share["pay"], Decimal(0))
            for item, amount in share["credits"]:
                credit, is_open = left.get(item, (None, Decimal(0)))
                most = min(amount, room, owed.get(item.account_id, Decimal(0)))
                part = min(most, is_open)
                if part < most:
                    broken.append(self._say_credit_gone(line, item, most - part))
                if part > 0:
                    settled.append(Settlement(line, "credit", item.account_id, part, credit))
                    left[item][1] -= part
                    owed[item.account_id] -= part
                    room -= part
        return settled, broken

    def _settle_discount(self, line, share, owed, settled, broken):
        """Grant the discount of one share of the quote, or say why not; lower what is owed."""
        invoice = line.move_id
        found, _until = invoice._get_payment_request_discount(day=False)
        account = invoice._get_term_items()[:1].account_id
        if (
            found != share["discount"]
            or owed.get(account, Decimal(0)) < found
            or line._get_settled()
        ):
            broken.append(
                self.env._(
                    "%(invoice)s: the early payment discount of %(amount)s was not granted, "
                    "because the invoice changed before the money came.",
                    invoice=invoice.name,
                    amount=line.currency_id.format(float(share["discount"])),
                )
            )
            return
        owed[account] -= found
        settled.append(Settlement(line, "discount", account, found))

    def _say_credit_gone(self, line, item, amount):
        return self.env._(
            "%(invoice)s: %(amount)s of %(credit)s was used in another way before the money came.",
            invoice=line.move_id.name,
            amount=line.currency_id.format(float(amount)),
            credit=item.move_id.name,
        )

    # === THE ENTRY === #

    def _prepare_settlements(self, settled, common, in_company_currency):
        """Return the values of the journal items of `settled`; each balances by itself.

        :param dict common: what all items of the entry have in common
        :param in_company_currency: turns a Decimal of the payment's currency into a float
        """
        items = []
        for one in settled:
            balance = in_company_currency(one.amount)
            name = {
                "discount": self.env._("Early Payment Discount"),
                "credit": one.credit and one.credit.item_id.move_id.name,
            }[one.part]
            items.append(
                {
                    **common,
                    "name": f"{self.request_id.name} {name} {one.line.move_id.name}",
                    "account_id": one.account.id,
                    "amount_currency": -float(one.amount),
                    "balance": -balance,
                    "payment_request_line_id": one.line.id,
                    "payment_request_part": one.part,
                    "payment_request_credit_id": one.credit.id if one.credit else False,
                }
            )
            if one.part == "discount":
                items += self._prepare_discount_cost(one, common, balance)
            else:
                items.append(self._prepare_credit_source(items[-1]))
        return items

    def _prepare_credit_source(self, applied):
        """Return the item that takes from the credit what `applied` gives to the invoice."""
        return {
            **applied,
            "amount_currency": -applied["amount_currency"],
            "balance": -applied["balance"],
            "payment_request_line_id": False,
            "payment_request_part": "credit_source",
        }

    def _prepare_discount_cost(self, one, common, balance):
        """Return who pays for a discount: Odoo's own write-off items, taxes and exchange included.

        :param float balance: the discount in the company's currency, at the day of the payment
        """
        moves = self.env["account.move"].sudo()
        item = one.line.move_id._get_term_items()
        found = moves._get_invoice_counterpart_amls_for_early_payment_discount(
            [{"aml": item, "amount_currency": -float(one.amount), "balance": -balance}], balance
        )
        costs = [
            {
                **common,
                **values,
                "amount_currency": one.line.currency_id.round(values["amount_currency"]),
                "balance": one.line.company_id.currency_id.round(values["balance"]),
                "payment_request_line_id": one.line.id,
                "payment_request_part": "discount_cost",
            }
            for group in found.values()
            for values in group
        ]
        if any(not cost["account_id"] for cost in costs):
            raise BookingRefused(
                self.env._(
                    "The early payment discount of %(invoice)s cannot be booked: an account for "
                    "cash discounts or exchange differences is missing in the settings.",
                    invoice=one.line.move_id.name,
                )
            )
        return costs

    # === AFTERWARDS === #

    def _count_allocation(self, allocated):
        """Raise what is settled of each line, and what is used of each credit.

        :param allocated: ``{item of the payment: Decimal}``
        :return: ``{request line: Decimal}`` of what the money alone settled
        """
        counted, paid = {}, {}
        for share, amount in allocated.items():
            line, part = share.payment_request_line_id, share.payment_request_part
            field = SETTLED_FIELDS[part]
            counted[line, field] = counted.get((line, field), 0) + amount
            if not part:
                paid[line] = paid.get(line, 0) + amount
            if credit := share.payment_request_credit_id:
                counted[credit, "amount_used"] = counted.get((credit, "amount_used"), 0) + amount
        for (record, field), amount in counted.items():
            digits = record.currency_id.decimal_places
            record[field] = float(to_decimal(record[field], digits) + amount)
        return paid

    def _check_credits_taken(self, payment):
        """Fail unless each credit gave exactly what its invoice got."""
        sources = payment.move_id.line_ids.filtered(
            lambda line: line.payment_request_part == "credit_source"
        )
        if open_sources := sources.filtered(lambda line: not line.reconciled):
            raise BookingRefused(
                self.env._(
                    "%(credit)s did not give exactly what was to be deducted.",
                    credit=open_sources[0].payment_request_credit_id.item_id.move_id.name,
                )
            )

    def _raise_broken(self, payment, broken):
        """Have somebody look at what the quote promised and the books could not keep."""
        if not broken:
            return
        self.request_id._notify_person_in_charge(
            self.env._("A discount or credit did not hold: %(payment)s", payment=payment.name),
            "\n".join(
                [
                    *broken,
                    self.env._("The rest stays open on the invoice. Waive it, or ask for it."),
                ]
            ),
        )


class AccountMove(models.Model):
    _inherit = "account.move"

    def _get_term_items(self):
        """Return the receivable items of the payment terms; with a discount there is one."""
        return self.line_ids.filtered(lambda line: line.display_type == "payment_term")
