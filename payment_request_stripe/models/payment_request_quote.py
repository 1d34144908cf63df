# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import models

from ..gateways.money import to_decimal, to_major, to_minor


class PaymentRequest(models.Model):
    """The quote: what the payer is asked now, and why it is not more."""

    _inherit = "payment.request"

    def _get_quote(self, day=None):
        """Return what the payer is asked, the frozen form of it that a checkout keeps.

        A line may carry, besides what is to be paid, what else settles its invoice:
        ``discount`` for paying until ``valid_until`` (ISO date), and ``credits`` of the customer,
        ``[{"item": journal item id, "amount": int}]``. A line that credits cover has a ``pay`` of 0.

        :param day: the day of which discounts are looked at; by default today, in the time zone
            of the company
        :return: ``{"currency": ISO code, "total": int, "lines": [{"line": id, "pay": int}]}``,
            in Stripe's minor units
        """
        self.ensure_one()
        shares = [line._get_quote_share(day) for line in self.line_ids]
        lines = [share for share in shares if share]
        return {
            "currency": self.currency_id.name,
            "total": sum(line["pay"] for line in lines),
            "lines": lines,
        }

    def _read_quote(self, quote):
        """Return the lines of a quote for people: amounts in major units, Decimal.

        :return: ``{request line: {"pay", "discount", "valid_until", "credits"}}``, the credits as
            ``[(journal item, Decimal)]``
        """
        self.ensure_one()
        code = quote["currency"]
        items = self.env["account.move.line"].sudo()
        return {
            self.env["payment.request.line"].browse(share["line"]): {
                "pay": to_major(share["pay"], code),
                "discount": to_major(share.get("discount", 0), code),
                "valid_until": share.get("valid_until"),
                "credits": [
                    (items.browse(one["item"]), to_major(one["amount"], code))
                    for one in share.get("credits", ())
                ],
            }
            for share in quote["lines"]
        }


class PaymentRequestLine(models.Model):
    _inherit = "payment.request.line"

    def _get_quote_share(self, day=None):
        """Return this line of a quote, in Stripe's minor units, or none when nothing is due."""
        self.ensure_one()
        due = self._get_amount_due()
        if due <= to_decimal(0, self.currency_id.decimal_places):
            return None
        return {"line": self.id, "pay": to_minor(due, self.currency_id.name)}
