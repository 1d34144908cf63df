# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import email_normalize

from ..exceptions import PaymentRequestRefused

OPTIONS = {
    "analytic_account_id",
    "credits",
    "delivery_method",
    "due_by",
    "expires_at",
    "message",
    "origin",
    "partner_id",
    "send",
    "to_email",
    "to_phone",
    "user_id",
}


class PaymentRequest(models.Model):
    """Making payment requests: who is asked for what, and what is refused."""

    _inherit = "payment.request"

    # === BUSINESS METHODS === #

    @api.model
    def create_and_send(self, allocations, **options):
        """Ask one customer for the amounts of `allocations` and send the link.

        :param list allocations: ``[{"invoice_id": int, "amount": number or decimal text}]`` in
            major units of the invoices' currency; without an amount, all that can be asked; with
            an ``instalment_line_id``, of that instalment of the invoice
        :param options: ``credits`` to deduct, ``[{"item_id": journal item id, "amount": number or
            decimal text, by default all of it}]``, ``delivery_method``, ``to_email``,
            ``to_phone``, ``message``, ``expires_at`` (datetime, or text as Odoo writes it, UTC),
            ``due_by`` (date: an amount that the instalments due by then owe is asked of no later
            one), ``analytic_account_id``, ``origin``, ``partner_id`` (the payer, if another
            contact of the same customer), ``user_id``, ``send`` (default True)
        :return: the new ``payment.request``
        :raise PaymentRequestRefused: with one detail per refused invoice; nothing was created
        :raise UserError: when the call itself makes no sense
        """
        return self._create_grouped(allocations, single=True, **options)

    @api.model
    def _create_grouped(self, allocations, single=False, **options):
        """Make one request per customer, company and currency, and send them.

        Takes what :meth:`create_and_send` takes. With `single`, more than one group is refused.
        """
        self.browse().check_access("create")
        if unknown := set(options) - OPTIONS:
            raise UserError(
                self.env._("Unknown options: %(names)s.", names=", ".join(sorted(unknown)))
            )
        if options.get("user_id") and not self.env["res.users"].search_count(
            [("id", "=", options["user_id"]), ("share", "=", False)]
        ):
            raise UserError(self.env._("The person in charge must be a user of this database."))
        amounts, options = self._parse_asked(allocations, options)
        groups, details = self._examine(amounts, options, single=single)
        if details:
            raise PaymentRequestRefused(details)
        return self._create_requests(groups, amounts, options)

    @api.model
    def _examine(self, amounts, options, single=False):
        """Return the groups of invoices and one detail per refused invoice.

        :param dict amounts: ``{invoice id: Decimal in major units, or None for all}``
        """
        moves = self.env["account.move"].search([("id", "in", list(amounts))], order="id")
        moves._lock_for_payment_request()
        self._lock_credits(options)
        groups = self._group_moves(moves)
        refusals = moves._get_payment_request_refusals(amounts, options.get("instalments"))
        details = [
            {
                "invoice_id": move_id,
                "code": "not_found",
                "message": self.env._("Invoice %(id)s does not exist.", id=move_id),
            }
            for move_id in amounts
            if move_id not in set(moves.ids)
        ] + [{"invoice_id": move_id, **refusal} for move_id, refusal in refusals.items()]
        details += self._get_credit_details(moves, options)
        if single:
            details += self._get_mix_refusals(groups)
        if not details:
            details = self._get_group_refusals(groups, amounts, options)
        return groups, details

    @api.model
    def _parse_allocations(self, allocations):
        """Return ``{invoice id: Decimal in major units, or None for all}``.

        :raise UserError: when `allocations` has another shape, or names an invoice twice
        """
        amounts = {}
        try:
            for allocation in allocations:
                move_id, amount = allocation["invoice_id"], allocation.get("amount")
                if isinstance(move_id, bool) or not isinstance(move_id, int):
                    raise TypeError
                if move_id in amounts:
                    raise UserError(self.env._("Invoice %(id)s is named twice.", id=move_id))
                if isinstance(amount, bool) and not amount:
                    amount = None  # what XML-RPC clients send for "nothing"
                amounts[move_id] = None if amount is None else Decimal(str(amount))
                if amount is not None and not amounts[move_id].is_finite():
                    raise ValueError
        except (TypeError, KeyError, AttributeError, ValueError, InvalidOperation) as error:
            raise UserError(
                self.env._(
                    "Allocations are a list of invoices, each with an invoice_id and, if not all "
                    "of it is asked, an amount."
                )
            ) from error
        if not amounts:
            raise UserError(self.env._("Choose at least one invoice."))
        return amounts

    @api.model
    def _group_moves(self, moves):
        return moves.grouped(
            lambda move: (move.commercial_partner_id, move.company_id, move.currency_id)
        )

    @api.model
    def _get_mix_refusals(self, groups):
        """Refuse what cannot stand in one request, naming the invoices that do not fit."""
        if len(groups) < 2:
            return []
        sentences = (
            ("mixed_customer", self.env._("%(name)s is of another customer than %(first)s.")),
            ("mixed_company", self.env._("%(name)s is of another company than %(first)s.")),
            ("mixed_currency", self.env._("%(name)s is in another currency than %(first)s.")),
        )
        (first_key, first_moves), *others = groups.items()
        details = []
        for key, moves in others:
            code, sentence = next(
                said
                for said, one, other in zip(sentences, first_key, key, strict=True)
                if one != other
            )
            details += [
                {
                    "invoice_id": move.id,
                    "code": code,
                    "message": sentence % {"name": move.name, "first": first_moves[0].name},
                }
                for move in moves
            ]
        return details

    @api.model
    def _create_requests(self, groups, amounts, options):
        """Write the requests and their lines, and send them unless told otherwise."""
        moves = self.env["account.move"].union(*groups.values())
        asked = self._get_asked(moves, amounts, options)
        requests = (
            self.sudo()
            .with_context(mail_create_nolog=True, mail_create_nosubscribe=True, mail_notrack=True)
            .create(self._prepare_requests(groups, asked, options))
        )
        requests.line_ids.move_id.sudo()._message_log_batch(
            {
                line.move_id.id: self.env._(
                    "Payment link %(name)s asks for %(amount)s of this invoice.",
                    name=line.request_id.name,
                    amount=line.currency_id.format(line.amount),
                )
                for line in requests.line_ids
            }
        )
        requests = requests.with_env(self.env)
        if options.get("send", True):
            requests._queue_deliveries()
            requests._mark_sent()
        return requests

    @api.model
    def _get_asked(self, moves, amounts, options):
        """Return ``{invoice id: Decimal}``: what was said, or all that can be asked."""
        asked = moves._get_payment_request_available()
        for move in moves.filtered(lambda one: one.id in (options.get("instalments") or {})):
            available = move._get_instalments_available()
            item = move.line_ids.browse(options["instalments"][move.id])
            asked[move.id] = min(available.get(item, Decimal(0)), asked[move.id])
        asked.update({move_id: amount for move_id, amount in amounts.items() if amount is not None})
        return asked

    @api.model
    def _get_payer(self, moves, options=None):
        """Return who is asked: who was named, the contact of all the invoices, or the company."""
        if options and options.get("partner_id"):
            return self.env["res.partner"].browse(options["partner_id"])
        return moves.partner_id if len(moves.partner_id) == 1 else moves.commercial_partner_id

    @api.model
    def _prepare_requests(self, groups, asked, options):
        """Return the values of one request per group: what :meth:`_group_moves` returned."""
        providers = {
            company: self.env["payment.provider"]._get_payment_request_provider(company)
            for company in {company for _partner, company, _currency in groups}
        }
        return [
            {
                "provider_id": providers[key[1]].id,
                **self._prepare_request(key, moves, asked, options),
            }
            for key, moves in groups.items()
        ]

    @api.model
    def _prepare_request(self, key, moves, asked, options):
        _commercial_partner, company, currency = key
        partner = self._get_payer(moves, options)
        return {
            "company_id": company.id,
            "currency_id": currency.id,
            "partner_id": partner.id,
            "stripe_customer_ref": partner.sudo().with_company(company).stripe_customer_ref,
            "analytic_account_id": options.get("analytic_account_id"),
            "origin": options.get("origin") or ", ".join(self._by_due(moves).mapped("name"))[:250],
            "user_id": options.get("user_id") or self._get_default_user(moves).id,
            "delivery_method": options.get("delivery_method") or "email",
            **self._get_recipients(partner, options),
            "message": options.get("message"),
            "expires_at": self._parse_expiry(options, company),
            "line_ids": self._prepare_lines(moves, asked, options),
            "credit_ids": self._prepare_credits(moves, options),
        }

    def _by_due(self, moves):
        return moves.sorted(lambda one: (one.invoice_date_due or one.date, one.id))

    @api.model
    def _get_default_user(self, moves):
        """Return who is in charge: whoever asks, or the salesperson when a machine does."""
        return moves[:1].invoice_user_id or self.env.user if self.env.su else self.env.user

    @api.model
    def _get_recipients(self, partner, options):
        """Return ``to_email`` and ``to_phone`` (E.164 when it can be understood)."""
        phone = options.get("to_phone") or partner.phone or partner.commercial_partner_id.phone
        return {
            # What a person typed is refused when it is wrong; a contact's oddity is passed over.
            "to_email": email_normalize(options.get("to_email") or "")
            or options.get("to_email")
            or email_normalize(partner.email or "", strict=False)
            or email_normalize(partner.commercial_partner_id.email or "", strict=False),
            "to_phone": phone and (partner._phone_format(number=phone) or options.get("to_phone")),
        }

    @api.model
    def _get_default_expiry(self, company):
        return fields.Datetime.now() + timedelta(days=company.payment_request_expiry_days)

    @api.model
    def _parse_expiry(self, options, company):
        """Return the moment (UTC, naive) until which the link works.

        :raise UserError: when it is no moment, or in the past
        """
        given = options.get("expires_at")
        if not given:
            return self._get_default_expiry(company)
        try:
            moment = given if isinstance(given, datetime) else fields.Datetime.to_datetime(given)
        except (TypeError, ValueError) as error:
            raise UserError(
                self.env._("%(text)s is no date and time.", text=str(given)[:50])
            ) from error
        if not isinstance(moment, datetime) or moment <= fields.Datetime.now():
            raise UserError(self.env._("The payment link would have expired already."))
        return moment
