# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from datetime import timedelta

from odoo import api, fields, models

from ..exceptions import PaymentRequestRefused
from ..gateways.money import to_decimal
from .payment_request import OPEN_STATES, PAYABLE_STATES

# A link of the portal that is about to end is not used again.
ALMOST_OVER = timedelta(hours=1)


class AccountMove(models.Model):
    _inherit = "account.move"

    def _get_customer_refusals(self, amounts):
        """Return one detail per invoice that its customer cannot pay, or not so much of it.

        Another link that asks for it is no reason: only one of both can be paid at a time.

        :param dict amounts: ``{invoice id: Decimal in major units}``
        """
        limits = self._get_customer_limits()
        details = []
        for move in self:
            owed = to_decimal(move.amount_residual, move.currency_id.decimal_places)
            amount, (least, most) = amounts[move.id], limits[move]
            refusal = move._get_payment_request_refusal(owed, amount)
            if owed > 0 and not most:
                refusal = (
                    "processing",
                    self.env._(
                        "A payment of %(name)s is on its way. Please do not pay again.",
                        name=move.name,
                    ),
                )
            if not refusal and not least <= amount <= most:
                refusal = ("amount_limits", move._explain_payer_limits(least, most))
            if refusal:
                details.append({"invoice_id": move.id, "code": refusal[0], "message": refusal[1]})
        return details

    def _get_customer_limits(self, in_transit=None):
        """Return ``{invoice: (least, most)}``: what its customer may pay of each at once.

        As the company's settings of the payer's page have it: all that is owed and not on its way,
        unless amounts may be changed. Decimal in major units.

        :param dict in_transit: what :meth:`_get_in_transit` returns, when it is known
        """
        in_transit = self._get_in_transit() if in_transit is None else in_transit
        limits = {}
        for move in self:
            digits, company = move.currency_id.decimal_places, move.company_id
            most = to_decimal(move.amount_residual, digits) - in_transit.get(move, 0)
            least = most
            if company.payment_request_payer_amounts:
                total = to_decimal(move.amount_total, digits)
                least = min(company._get_payment_request_least(total, digits), most)
            limits[move] = least, most
        return limits


class PaymentRequest(models.Model):
    """What customers see and ask for themselves, in the portal."""

    _inherit = "payment.request"

    is_from_customer = fields.Boolean(
        string="Made by the Customer",
        readonly=True,
        copy=False,
        help="The customer chose the invoices in the portal.",
    )

    # === PAYING === #

    @api.model
    def _make_for_customer(self, partner, moves, amounts):
        """Return the link (sudo) by which `partner` pays `amounts` of `moves` now.

        The same choice as before gives the same link; an earlier other choice is withdrawn. Commits
        when a session at Stripe has to be closed for it.

        :param partner: the contact who pays, of the customer of all these invoices
        :param moves: invoices that this contact may see, in sudo
        :param dict amounts: ``{invoice id: Decimal in major units}``
        :raise PaymentRequestRefused: with a sentence per invoice; nothing was created
        :raise PayerNotice: when an earlier choice was just paid, or Stripe does not answer
        """
        if not moves:
            self._refuse_choice("nothing_chosen", self.env._("Choose at least one invoice."))
        self._check_choice(partner, moves, amounts)
        for earlier in self._get_open_choices(partner, moves):
            if earlier._is_choice(amounts):
                return earlier
            earlier._withdraw_choice()
        options = {
            "delivery_method": "link",
            "partner_id": partner.id,
            "user_id": (moves.invoice_user_id[:1] or self.env.ref("base.user_admin")).id,
        }
        request = self.sudo()._create_requests(self._group_moves(moves), amounts, options)
        # Nobody sent it, so it counts in no figure of what was sent.
        request.write({"is_from_customer": True, "first_sent_at": False})
        return request

    @api.model
    def _check_choice(self, partner, moves, amounts):
        groups = self._group_moves(moves)
        details = self._get_mix_refusals(groups) or moves._get_customer_refusals(amounts)
        if not details and moves.commercial_partner_id != partner.commercial_partner_id:
            self._refuse_choice("other_customer", self.env._("Choose invoices of your own."))
        options = {"delivery_method": "link", "partner_id": partner.id}
        details = details or self.sudo()._get_group_refusals(groups, amounts, options)
        if details:
            raise PaymentRequestRefused(details)

    @api.model
    def _refuse_choice(self, code, message):
        raise PaymentRequestRefused([{"invoice_id": None, "code": code, "message": message}])

    @api.model
    def _get_open_choices(self, partner, moves):
        """Return the customer's own open links that hold one of `moves`, the latest first."""
        return self.sudo().search(
            [
                ("is_from_customer", "=", True),
                ("partner_id.commercial_partner_id", "=", partner.commercial_partner_id.id),
                ("line_ids.move_id", "in", moves.ids),
                ("state", "in", PAYABLE_STATES),
                ("expires_at", ">", fields.Datetime.now() + ALMOST_OVER),
            ]
        )

    def _is_choice(self, amounts):
        """Tell whether this link asks for exactly `amounts` now."""
        self.ensure_one()
        return {line.move_id.id: line._get_amount_due() for line in self.line_ids} == amounts

    def _withdraw_choice(self):
        """Cancel a link that the customer made for another choice, at Stripe first."""
        self.ensure_one()
        if checkout := self._get_live_checkout():
            checkout._close_for_payer()
        if self._transition("cancelled"):
            self._message_log(body=self.env._("The customer has chosen other invoices to pay."))

    # === SEEING === #

    @api.model
    def _get_customer_domain(self, partner):
        """Return which links the contact's company may look at: of its own, in these companies.

        Drafts are not there for customers, nor what was withdrawn before anything was paid.
        """
        return [
            ("partner_id.commercial_partner_id", "=", partner.commercial_partner_id.id),
            ("company_id", "in", self.env.companies.ids),
            ("is_setup_test", "=", False),
            ("state", "!=", "draft"),
            "|",
            ("state", "!=", "cancelled"),
            ("amount_paid", ">", 0),
        ]

    @api.model
    def _get_customer_balance(self, partner, moves, shown):
        """Return what a customer owes, per company and currency; the earliest due first.

        :param moves: open invoices of the customer, in sudo: the totals are theirs
        :param shown: those of them that get a row
        :return: dicts of ``company``, ``currency``, ``can_change`` (amounts), ``hint`` (a sentence
            about it), ``rows`` (of ``move``, ``due``, ``in_transit``, ``least`` and ``most`` that
            can be paid, ``is_payable``, ``is_overdue``, ``requests``) and the totals ``open``,
            ``in_transit`` and ``credit``; amounts are Decimal, major units
        """
        in_transit, credits = moves._get_in_transit(), self._get_customer_credits(partner)
        limits = moves._get_customer_limits(in_transit)
        refusals = {company: self._get_setup_refusal(company) for company in moves.company_id}
        with_row, balance = set(shown.ids), {}
        for move in moves.sorted(lambda one: (one.invoice_date_due or one.date, one.id)):
            key = move.company_id, move.currency_id
            group = balance.setdefault(key, self._prepare_balance(*key, credits))
            group["open"] += to_decimal(move.amount_residual, move.currency_id.decimal_places)
            group["in_transit"] += in_transit.get(move, 0)
            if move.id in with_row:
                row = self._prepare_balance_row(move, limits[move])
                row["is_payable"] = row["most"] > 0 and not refusals[move.company_id]
                group["rows"].append(row)
        for key in credits:  # also where nothing is open
            if key[0] in self.env.companies:
                balance.setdefault(key, self._prepare_balance(*key, credits))
        return list(balance.values())

    @api.model
    def _prepare_balance_row(self, move, limits):
        today = fields.Date.context_today(self)
        least, most = limits
        due = to_decimal(move.amount_residual, move.currency_id.decimal_places)
        return {
            "move": move,
            "due": due,
            "in_transit": due - most,
            "least": least,
            "most": most,
            "is_overdue": bool(move.invoice_date_due) and move.invoice_date_due < today,
            "requests": move.payment_request_ids.filtered(
                lambda one: one.state in OPEN_STATES and not one.is_from_customer
            ),
        }

    @api.model
    def _prepare_balance(self, company, currency, credits):
        nothing = to_decimal(0, currency.decimal_places)
        return {
            "company": company,
            "currency": currency,
            "can_change": company.payment_request_payer_amounts,
            "hint": self._get_part_hint(company),
            "rows": [],
            "open": nothing,
            "in_transit": nothing,
            "credit": to_decimal(credits.get((company, currency), 0), currency.decimal_places),
        }

    @api.model
    def _get_part_hint(self, company):
        least = company.payment_request_payer_minimum
        if not company.payment_request_payer_amounts or least == 100:
            return ""
        return self.env._(
            "You may pay a part of an invoice, at least %(share)s%% of it.", share=least
        )

    @api.model
    def _get_customer_credits(self, partner):
        """Return ``{(company, currency): amount}`` of credit notes and payments not used yet."""
        found = (
            self.env["account.move.line"]
            .sudo()
            ._read_group(
                [
                    ("partner_id.commercial_partner_id", "=", partner.commercial_partner_id.id),
                    ("account_type", "=", "asset_receivable"),
                    ("parent_state", "=", "posted"),
                    ("reconciled", "=", False),
                    ("amount_residual_currency", "<", 0),
                ],
                ["company_id", "currency_id"],
                ["amount_residual_currency:sum"],
            )
        )
        return {(company, currency): -amount for company, currency, amount in found}
