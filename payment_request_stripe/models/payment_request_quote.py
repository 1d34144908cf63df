# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from decimal import Decimal

from odoo import api, fields, models
from odoo.tools import format_date

from ..gateways.money import AmountError, chargeable, to_decimal, to_major, to_minor


class PaymentRequest(models.Model):
    """The quote: what the payer is asked now, and why it is not more."""

    _inherit = "payment.request"

    amount_to_pay = fields.Monetary(
        compute="_compute_to_pay",
        string="To Pay Now",
        help="What the link asks the customer for at this moment, after discounts and credits.",
    )
    deductions = fields.Text(
        compute="_compute_to_pay",
        help="Why the link asks for less than the invoices owe, a line for each reason.",
    )

    @api.depends(
        "amount_credit",
        "credit_ids.amount_used",
        "credit_ids.is_reserved",
        "line_ids.amount_due",
        "state",
    )
    @api.depends_context("lang")
    def _compute_to_pay(self):
        for request in self:
            shares = {}
            if request.state not in ("cancelled", "completed"):
                shares = request._read_quote(request._get_quote())
            request.amount_to_pay = float(sum(share["pay"] for share in shares.values()))
            request.deductions = "\n".join(
                request._describe_deduction(one)
                for one in request._get_deductions(shares)["deductions"]
            )

    def _describe_deduction(self, deduction):
        """Return one deduction in a line of text."""
        values = {
            "name": deduction["name"],
            "amount": self.currency_id.format(-float(deduction["amount"])),
        }
        if not deduction["valid_until"]:
            return self.env._("%(name)s: %(amount)s", **values)
        return self.env._(
            "%(name)s: %(amount)s if paid by %(day)s",
            **values,
            day=format_date(self.env, deduction["valid_until"]),
        )

    def _get_quote(self, day=None):
        """Return what the payer is asked, the frozen form of it that a checkout keeps.

        A line may carry, besides what is to be paid, what else settles its invoice:
        ``discount`` for paying until ``valid_until`` (ISO date), and ``credits`` of the customer,
        ``[{"item": journal item id, "amount": int}]``. What credits cover has a ``pay`` of 0.

        :param day: the day of which discounts are looked at; by default the company's today
        :return: ``{"currency": ISO code, "total": int, "lines": [{"line": id, "pay": int}]}``,
            in Stripe's minor units
        """
        self.ensure_one()
        shares = [line._get_quote_share(day) for line in self.line_ids]
        lines = [share for share in shares if share]
        self._deduct_credits(lines)
        return {
            "currency": self.currency_id.name,
            "total": sum(line["pay"] for line in lines),
            "lines": lines,
        }

    def _asks_for_money(self):
        """Tell whether the quote asks for anything; without credits its first line tells."""
        self.ensure_one()
        if self.amount_credit:
            return bool(self._get_quote()["total"])
        shares = (line._get_quote_share() for line in self.line_ids)
        return any(share and share["pay"] for share in shares)

    def _read_quote(self, quote):
        """Return the lines of a quote for people: amounts in major units, Decimal.

        :return: ``{request line: {"pay", "discount", "valid_until", "credits"}}``, the credits as
            ``[(journal item, Decimal)]``
        """
        self.ensure_one()
        code = quote["currency"]
        items = self.env["account.move.line"].sudo()
        lines = {line.id: line for line in self.line_ids}
        return {
            lines[share["line"]]: {
                "pay": to_major(share["pay"], code),
                "discount": to_major(share.get("discount", 0), code),
                "valid_until": share.get("valid_until"),
                "credits": [
                    (items.browse(one["item"]), to_major(one["amount"], code))
                    for one in share.get("credits", ())
                ],
            }
            for share in quote["lines"]
            if share["line"] in lines  # one may have been deleted since
        }

    def _get_deductions(self, shares):
        """Return what the invoices owe of what is asked, and why the payer is asked for less.

        :param shares: the quote as ``_read_quote`` gives it
        :return: ``{"amount_owed": Decimal, "deductions": [{"name", "amount", "valid_until"}]}``
        """
        found = {}
        for line, share in shares.items():
            if share["discount"]:
                name = self.env._("Early payment discount on %(name)s", name=line.move_id.name)
                until = fields.Date.to_date(share["valid_until"])
                found[line] = {"name": name, "amount": share["discount"], "valid_until": until}
            for item, amount in share["credits"]:
                one = found.setdefault(
                    item, {"name": item._get_credit_label(), "amount": 0, "valid_until": None}
                )
                one["amount"] += amount
        deductions = list(found.values())
        digits = self.currency_id.decimal_places
        owed = sum((share["pay"] for share in shares.values()), to_decimal(0, digits))
        owed += sum(one["amount"] for one in deductions)
        return {"amount_owed": owed, "deductions": deductions}


class PaymentRequestLine(models.Model):
    _inherit = "payment.request.line"

    def _get_quote_share(self, day=None):
        """Return this line of a quote, in Stripe's minor units, or none when nothing is due."""
        self.ensure_one()
        code, due = self.currency_id.name, self._get_amount_due()
        if due <= to_decimal(0, self.currency_id.decimal_places):
            return None
        discount, valid_until = self._get_discount(day)
        if not discount:
            return {"line": self.id, "pay": to_minor(due, code)}
        return {
            "line": self.id,
            "pay": to_minor(chargeable(due - discount, code), code),
            "discount": to_minor(discount, code, charged=False),
            "valid_until": fields.Date.to_string(valid_until),
        }

    def _explain_share(self, share):
        """Return why this line asks for less than the invoice owes, in a few words each.

        :param share: this line of the quote, as ``_read_quote`` gives it
        """
        self.ensure_one()
        money = self.currency_id.format
        words = []
        if self.instalment:
            words.append(self.instalment)
        elif self._is_part():
            words.append(self.env._("Part of the invoice"))
        if share["discount"]:
            words.append(
                self.env._(
                    "%(amount)s less for paying until %(day)s",
                    amount=money(float(share["discount"])),
                    day=format_date(self.env, share["valid_until"]),
                )
            )
        return words + [
            self.env._(
                "%(amount)s less: %(credit)s",
                amount=money(float(amount)),
                credit=item._get_credit_label(),
            )
            for item, amount in share["credits"]
        ]

    def _is_part(self):
        """Tell whether less is asked than the invoice owes."""
        self.ensure_one()
        due, owed = self._get_amount_due(), self.move_id.amount_residual
        return bool(self.currency_id.compare_amounts(float(due), owed))

    def _get_discount(self, day=None):
        """Return ``(discount, last day)`` when this line may be paid with a discount now.

        As Odoo has it: the whole invoice is asked, and nothing was paid or credited on it.

        :return: Decimal in major units and a date; ``(0, None)`` without a discount
        """
        self.ensure_one()
        invoice, digits = self.move_id, self.currency_id.decimal_places
        if (
            not invoice.invoice_payment_term_id.early_discount
            or to_decimal(self.amount, digits) < to_decimal(invoice.amount_residual, digits)
            or self._get_settled()
            or self.request_id._credits_note_of(invoice)
        ):
            return Decimal(0), None
        return invoice._get_payment_request_discount(day)


class AccountMove(models.Model):
    _inherit = "account.move"

    def _get_payment_request_discount(self, day=None):
        """Return ``(discount, last day)`` for paying the whole invoice on `day`.

        :param day: by default today, in the time zone of the company; False for any day
        :return: Decimal in major units and a date; ``(0, None)`` without a discount, or when it
            could not be booked
        """
        self.ensure_one()
        nothing = Decimal(0), None
        if not self.invoice_payment_term_id.early_discount:
            return nothing
        if day is None:
            day = self.company_id._get_payment_request_today()
        item = self._get_term_items()
        if (
            len(item) != 1
            or not self.company_id.account_journal_early_pay_discount_loss_account_id
            or not self._is_eligible_for_early_payment_discount(self.currency_id, day)
        ):
            return nothing
        code, digits = self.currency_id.name, self.currency_id.decimal_places
        discount = to_decimal(item.amount_currency, digits) - to_decimal(
            item.discount_amount_currency, digits
        )
        try:
            to_minor(discount, code, charged=False)
        except AmountError:  # Stripe's quote has no such amount
            return nothing
        return (discount, item.discount_date) if discount > 0 else nothing
