# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import re
from decimal import Decimal

from odoo import api, models

from ..exceptions import PayerNotice
from ..gateways.money import AmountError, to_decimal, to_major, to_minor

# What an amount looks like once the language's own signs are gone.
PLAIN_AMOUNT = re.compile(r"\d{1,15}(\.\d{1,6})?")


class PaymentRequest(models.Model):
    """The payer's own choice: which invoices of the link are paid now, and how much of each."""

    _inherit = "payment.request"

    def _get_quote(self, day=None, choice=None):
        """Narrow the quote to what the payer chose; the choice is part of it, and so is signed.

        A discount is given only on an invoice that is paid whole.

        :param choice: ``[[line id, int in minor units], …]`` as :meth:`_read_choice` gives it;
            by default everything is to be paid
        """
        quote = super()._get_quote(day)
        if choice is None:
            return quote
        wanted = dict(choice)
        shares = [
            self._narrow_share(share, wanted.get(share["line"], 0)) for share in quote["lines"]
        ]
        lines = [share for share in shares if share]
        total = sum(share["pay"] for share in lines)
        return {**quote, "total": total, "lines": lines, "choice": choice}

    @api.model
    def _narrow_share(self, share, wanted):
        """Return a line of the quote of which only `wanted` minor units are paid, or none.

        What credits of the customer cover costs nothing, and stays.
        """
        if wanted >= share["pay"]:
            return share
        if not wanted:
            return None
        kept = {name: share[name] for name in share if name not in ("discount", "valid_until")}
        return {**kept, "pay": wanted}

    def _can_choose(self):
        """Return ``(may choose invoices, may change amounts)`` as the company's settings say."""
        self.ensure_one()
        company = self.company_id
        choose = company.payment_request_payer_choice and len(self.line_ids) > 1
        return choose, company.payment_request_payer_amounts

    def _read_choice(self, form):
        """Return the choice that a payer's form makes, or none when it is everything.

        Form fields: ``chosen`` (it was shown), ``line_<id>`` (ticked), ``amount_<id>`` (text in
        the payer's language). What is quoted now bounds every amount.

        :raise PayerNotice: with a sentence, code ``choice``
        """
        self.ensure_one()
        can_choose, can_change = self._can_choose()
        if not (form and form.get("chosen") and (can_choose or can_change)):
            return None
        everything = [[share["line"], share["pay"]] for share in self._get_quote()["lines"]]
        lines = {line.id: line for line in self.line_ids}
        choice = []
        for line_id, pay in everything:
            if not pay or (can_choose and not form.get(f"line_{line_id}")):
                continue
            text = form.get(f"amount_{line_id}") if can_change else None
            chosen = pay if text is None else lines[line_id]._read_chosen_amount(text, pay)
            choice.append([line_id, chosen])
        if not choice:
            raise PayerNotice("choice", self.env._("Please choose at least one invoice."))
        if choice == [one for one in everything if one[1]]:
            return None
        self._check_chosen_total(sum(pay for _line, pay in choice))
        return choice

    def _get_choice_values(self, page_state, form, choice):
        """Return what the page needs to let the payer choose.

        :return: ``can_choose``, ``can_change``, and ``choices``, ``{request line: its fields}``
        """
        self.ensure_one()
        can_choose, can_change = self._can_choose() if page_state == "open" else (False, False)
        shares = self._read_quote(self._get_quote()) if can_choose or can_change else {}
        rows = {line: line._get_choice_row(shares.get(line), form, choice) for line in shares}
        return {"can_choose": can_choose, "can_change": can_change, "choices": rows}

    def _check_chosen_total(self, total):
        currency = self.currency_id
        if refusal := self._get_total_refusal(to_major(total, currency.name), currency):
            raise PayerNotice("choice", refusal[1])

    @api.model
    def _parse_amount(self, text):
        """Return the Decimal that a person wrote in the language of the context.

        :raise PayerNotice: when it could mean something else, or nothing
        """
        language = self.env["res.lang"]._get_data(code=self.env.lang or "en_US")
        point = language.decimal_point or "."
        plain = re.sub(r"[\s\u00a0\u202f']", "", text if isinstance(text, str) else "")
        if language.thousands_sep and re.fullmatch(
            rf"\d{{1,3}}({re.escape(language.thousands_sep)}\d{{3}})+({re.escape(point)}\d*)?",
            plain,
        ):
            plain = plain.replace(language.thousands_sep, "")
        plain = plain.replace(point, ".")
        if not PLAIN_AMOUNT.fullmatch(plain):
            raise PayerNotice(
                "choice", self.env._("“%(text)s” is no amount.", text=str(text or "")[:30])
            )
        return Decimal(plain)

    @api.model
    def _format_amount_to_edit(self, amount):
        """Return an amount (Decimal) as :meth:`_parse_amount` reads it."""
        language = self.env["res.lang"]._get_data(code=self.env.lang or "en_US")
        return str(amount).replace(".", language.decimal_point or ".")


class PaymentRequestLine(models.Model):
    _inherit = "payment.request.line"

    def _explain_share(self, share):
        words = super()._explain_share(share)
        settled = (
            share["pay"] + share["discount"] + sum(amount for _item, amount in share["credits"])
        )
        if settled < self._get_amount_due() and not self._is_part():
            words.insert(0, self.env._("Part of the invoice"))
        return words

    def _get_smallest_payment(self, pay):
        """Return the least (minor units) that may be paid of this line, whose quote is `pay`.

        It is a share of what was asked at first, so that there are only so many part payments.
        What customers ask of themselves in the portal may be a part already.
        """
        self.ensure_one()
        code, digits = self.currency_id.name, self.currency_id.decimal_places
        is_part = self.request_id.is_from_customer
        asked = to_decimal(self.move_id.amount_total if is_part else self.amount, digits)
        least = self.company_id._get_payment_request_least(asked, digits)
        try:
            return min(to_minor(least, code), pay)
        except AmountError:  # Stripe has no such amount
            return pay

    def _read_chosen_amount(self, text, pay):
        """Return the minor units that `text` chooses of the `pay` that is quoted.

        :raise PayerNotice: with a sentence, when it is no amount within the limits
        """
        self.ensure_one()
        currency, name = self.currency_id, self.move_id.name
        amount = self.request_id._parse_amount(text)
        try:
            chosen = to_minor(amount, currency.name)
        except AmountError as error:
            raise PayerNotice(
                "choice",
                self.env._(
                    "%(amount)s is no exact amount in %(currency)s (%(name)s).",
                    amount=amount,
                    currency=currency.name,
                    name=name,
                ),
            ) from error
        least = self._get_smallest_payment(pay)
        if not least <= chosen <= pay or not chosen:
            limits = (to_major(least, currency.name), to_major(pay, currency.name))
            raise PayerNotice("choice", self.move_id._explain_payer_limits(*limits))
        return chosen

    def _get_choice_row(self, share, form, choice):
        """Return how this line stands in the form: ticked or not, and the text of its amount.

        :param share: this line as ``_read_quote`` gives it, of the whole quote
        :param dict form: what the payer sent last, if anything
        :param choice: what came of it, as :meth:`_read_choice` gives it
        """
        self.ensure_one()
        if not share or not share["pay"]:
            return None
        chosen = dict(choice or ()).get(self.id)
        pay = share["pay"] if chosen is None else to_major(chosen, self.currency_id.name)
        text = self.request_id._format_amount_to_edit(pay)
        if form.get("chosen") and choice is None:  # what was refused stands there to be mended
            text = (form.get(f"amount_{self.id}") or text)[:30]
        return {
            "tick": f"line_{self.id}",
            "amount": f"amount_{self.id}",
            "is_ticked": not form.get("chosen") or bool(form.get(f"line_{self.id}")),
            "text": text,
        }


class AccountMove(models.Model):
    _inherit = "account.move"

    def _explain_payer_limits(self, least, most):
        """Return the sentence that says how much of this invoice a payer may pay (major units)."""
        self.ensure_one()
        currency = self.currency_id
        words = {
            "name": self.name,
            "least": currency.format(float(least)),
            "most": currency.format(float(most)),
        }
        if least == most:
            return self.env._("Of %(name)s, exactly %(most)s can be paid.", **words)
        return self.env._("Of %(name)s, from %(least)s to %(most)s can be paid.", **words)
