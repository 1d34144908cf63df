# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from decimal import Decimal, InvalidOperation

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command

from ..gateways.money import AmountError, to_decimal, to_minor


class PaymentRequest(models.Model):
    """Making payment requests: the instalments that are meant, and the credits to deduct."""

    _inherit = "payment.request"

    # === READING === #

    @api.model
    def _parse_asked(self, allocations, options):
        """Return ``(amounts, options)`` of a call of ``create_and_send``, in the forms used inside.

        :return: ``{invoice id: Decimal or None}``, and the options with ``instalments``
            ``{invoice id: journal item id}`` and ``credits`` ``{journal item id: Decimal or None}``
        :raise UserError: when they have another shape
        """
        amounts = self._parse_allocations(allocations)
        return amounts, {
            **options,
            "instalments": self._parse_instalments(allocations),
            "credits": self._parse_credits(options.get("credits")),
            "due_by": self._parse_due_by(options.get("due_by")),
        }

    @api.model
    def _parse_due_by(self, given):
        try:
            return fields.Date.to_date(given)
        except (TypeError, ValueError) as error:
            raise UserError(self.env._("%(text)s is no date.", text=str(given)[:50])) from error

    @api.model
    def _parse_instalments(self, allocations):
        instalments = {}
        for allocation in allocations:
            item_id = allocation.get("instalment_line_id")
            if item_id is None or item_id is False:
                continue
            if isinstance(item_id, bool) or not isinstance(item_id, int):
                raise UserError(self.env._("An instalment is named by the id of a journal item."))
            instalments[allocation["invoice_id"]] = item_id
        return instalments

    @api.model
    def _parse_credits(self, given):
        """Return ``{journal item id: Decimal in major units, or None for all of it}``."""
        if isinstance(given, dict):
            return given
        credits_ = {}
        try:
            for one in given or ():
                item_id, amount = one["item_id"], one.get("amount")
                if isinstance(item_id, bool) or not isinstance(item_id, int):
                    raise TypeError
                if isinstance(amount, bool) and not amount:
                    amount = None  # what XML-RPC clients send for "nothing"
                credits_[item_id] = None if amount is None else Decimal(str(amount))
                if amount is not None and not credits_[item_id].is_finite():
                    raise ValueError
        except (TypeError, KeyError, AttributeError, ValueError, InvalidOperation) as error:
            raise UserError(
                self.env._(
                    "Credits are a list of journal items, each with an item_id and, if not all of "
                    "it is deducted, an amount."
                )
            ) from error
        return credits_

    @api.model
    def _lock_credits(self, options):
        """Hold the entries of the credits, so that nobody else deducts them meanwhile."""
        if item_ids := list(self._parse_credits(options.get("credits"))):
            items = self.env["account.move.line"].search([("id", "in", item_ids)])
            # Who writes a refund of one down has another count what is left of it again.
            if requests := items.sudo().move_id.origin_payment_id.payment_request_id:
                requests._lock()
            items.move_id.lock_for_update(allow_referencing=True)

    # === WHAT IS ASKED === #

    @api.model
    def _prepare_lines(self, moves, asked, options):
        instalments, day = options.get("instalments") or {}, options.get("due_by")
        return [
            Command.create(
                {
                    "move_id": move.id,
                    "instalment_line_id": instalments.get(move.id),
                    "due_by": day if self._is_due(move, asked[move.id], options) else False,
                    "amount": float(asked[move.id]),
                }
            )
            for move in self._by_due(moves)
        ]

    @api.model
    def _is_due(self, move, amount, options):
        """Tell whether `amount` is of several instalments that are due by the day of the options.

        Somebody may have asked for more than is due: that is of the invoice.
        """
        day = options.get("due_by")
        if not day or (options.get("instalments") or {}).get(move.id):
            return False
        if len(move._get_payment_request_instalments()) < 2:
            return False
        return amount <= move._get_due_by(day, self.env["payment.request.line"])

    # === WHAT IS DEDUCTED === #

    @api.model
    def _get_credits(self, moves, options):
        """Return ``{journal item: Decimal}`` of what is to be deducted from a request for `moves`.

        :param options: with ``credits``, of which those of other customers are passed over
        """
        wanted = self._parse_credits(options.get("credits"))
        if not wanted:
            return {}
        return {
            item: item._get_free_amount() if wanted[item.id] is None else wanted[item.id]
            for item in moves._get_payment_request_credits()
            if item.id in wanted
        }

    @api.model
    def _prepare_credits(self, moves, options):
        return [
            Command.create({"item_id": item.id, "amount": float(amount), "is_reserved": True})
            for item, amount in self._get_credits(moves, options).items()
        ]

    @api.model
    def _get_net_total(self, key, moves, asked, options):
        """Return what a request for `moves` would ask now: ``(Decimal, credits cover it all)``.

        :param dict asked: ``{invoice id: Decimal}``
        """
        gross = sum((asked[move.id] for move in moves), Decimal(0))
        is_plain = not options.get("credits") and not any(
            moves.invoice_payment_term_id.mapped("early_discount")
        )
        if is_plain or not gross:
            return gross, False
        partner, company, currency = key
        draft = self.sudo().new(
            {
                "company_id": company.id,
                "currency_id": currency.id,
                "partner_id": partner.id,
                "line_ids": self._prepare_lines(moves, asked, options),
                "credit_ids": self._prepare_credits(moves, options),
            }
        )
        shares = draft._read_quote(draft._get_quote()).values()
        net = sum((share["pay"] for share in shares), Decimal(0))
        return net, not net and bool(options.get("credits"))

    # === REFUSALS === #

    @api.model
    def _get_net_refusal(self, key, moves, asked, options):
        """Refuse what would leave nothing to charge, or what Stripe would not charge."""
        net, is_covered = self._get_net_total(key, moves, asked, options)
        if is_covered:
            return "nothing_to_charge", self.env._(
                "The credits cover all that is asked, so there is nothing to charge. Reconcile "
                "them with the invoices instead."
            )
        return self._get_total_refusal(net, key[2])

    @api.model
    def _get_credit_details(self, moves, options):
        """Refuse what is no open credit of these customers: a detail on the first invoice."""
        wanted = self._parse_credits(options.get("credits"))
        known = moves._get_payment_request_credits().ids if wanted else []
        return [
            {
                "invoice_id": moves[:1].id,
                "code": "unknown_credit",
                "message": self.env._(
                    "Journal item %(id)s is no open credit of this customer on the account of the "
                    "invoices, another payment request deducts it, or it is being refunded.",
                    id=item_id,
                ),
                "is_whole": True,
            }
            for item_id in wanted
            if item_id not in known
        ]

    @api.model
    def _get_credit_refusal(self, moves, options):
        """Refuse to deduct more than is open of a credit, or no exact amount."""
        for item, amount in self._get_credits(moves, options).items():
            if refusal := self._get_credit_amount_refusal(item, amount):
                return refusal
        return None

    @api.model
    def _get_credit_amount_refusal(self, item, amount):
        currency = item.currency_id
        try:
            to_minor(to_decimal(amount, currency.decimal_places), currency.name, charged=False)
            is_exact = to_decimal(amount, currency.decimal_places) == amount
        except AmountError:
            is_exact = False
        most = item._get_free_amount()
        if is_exact and 0 < amount <= most:
            return None
        return "credit_amount", self.env._(
            "Of %(credit)s, up to %(open)s can be deducted, not %(amount)s.",
            credit=item.move_id.name,
            open=currency.format(float(most)),
            amount=amount,
        )
