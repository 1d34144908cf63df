# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import json
import re

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import consteq, hmac

from ..exceptions import PayerNotice
from ..gateways.errors import GatewayError
from ..gateways.money import to_decimal, to_major
from .payment_request import PAYABLE_STATES

# The events that say that money came, or is on its way.
PAID_EVENTS = (
    "checkout.session.completed",
    "checkout.session.async_payment_succeeded",
    "payment_intent.succeeded",
)

# Programs that open links before a person does: mail gateways, chat previews, crawlers, libraries.
# Cubot is a make of phones.
SCANNERS = re.compile(
    r"(?<!cu)bot|crawl|spider|preview|scan|proofpoint|mimecast|barracuda|safelinks|urldefense|fetch"
    r"|facebookexternalhit|slack|whatsapp|telegram|skype|discord|outlook-?link|headless"
    r"|curl|wget|python|java/|go-http|okhttp|libwww|ruby|php|axios|node",
    re.IGNORECASE,
)


class PaymentRequest(models.Model):
    """The payer's side: what the page shows, the quote, and the way to Stripe."""

    _inherit = "payment.request"

    @api.model
    def _find_by_token(self, token):
        """Return the request (sudo, in its company and the payer's language) of a link, or none.

        A draft is not there for the payer.
        """
        if not token or not token.isascii() or not token.isprintable():
            return self.browse()
        request = self.sudo().search([("access_token", "=", token)], limit=1)
        if not request or not consteq(request.access_token, token) or request.state == "draft":
            return self.browse()
        request.partner_id.fetch(["lang"])  # not the whole contact
        return request.with_company(request.company_id).with_context(
            lang=request.partner_id.lang or self.env.lang
        )

    # === THE QUOTE === #

    def _sign_quote(self, quote):
        """Return the text that proves which quote of this link a page showed."""
        self.ensure_one()
        shown = (self.access_token, json.dumps(quote, sort_keys=True))
        return hmac(self.env(su=True), "payment_request_stripe.quote", shown)

    # === THE PAGE === #

    def _get_page_state(self):
        """Return which of its faces the pay page shows."""
        self.ensure_one()
        faces = {"completed": "paid", "processing": "processing", "cancelled": "cancelled"}
        if self.state == "completed" and not self.amount_paid:
            return "settled"  # in another way: nothing came by this link
        if self.state in faces:
            return faces[self.state]
        if self.state == "expired" or self.expires_at <= fields.Datetime.now():
            return "expired"
        if self._has_unbooked_payment():
            return "processing"
        return "open" if self._asks_for_money() else "settled"

    def _has_unbooked_payment(self):
        """Tell whether Stripe said that it was paid and the books could not take it yet."""
        self.ensure_one()
        return bool(
            self.env["payment.request.event"].search_count(
                [
                    ("request_id", "=", self.id),
                    ("state", "=", "failed"),
                    ("event_type", "in", PAID_EVENTS),
                ],
                limit=1,
            )
        )

    def _has_debit_under_way(self):
        """Tell whether a checkout was completed whose money has neither come nor failed."""
        self.ensure_one()
        return any(
            checkout.state == "complete" and not checkout._get_payment()
            for checkout in self.checkout_ids
        )

    def _get_pay_page_values(self, form=None):
        """Return what the pay page needs; amounts are Decimal, major units, one currency.

        :param dict form: what the payer chose on the page, see :meth:`_read_choice`
        """
        self.ensure_one()
        page_state = self._get_page_state()
        try:
            # A choice in the address says nothing once there is nothing to choose any more.
            choice, refusal = self._read_choice(form if page_state == "open" else None), ""
        except PayerNotice as error:
            choice, refusal = None, str(error)
        quote = self._get_quote(choice=choice)
        shares = self._read_quote(quote)
        return {
            "request": self,
            "page_state": page_state,
            "lines": [
                line._get_pay_page_line(shares.get(line)) for line in self._get_shown_lines()
            ],
            "amount_due": to_major(quote["total"], quote["currency"]),
            **self._get_deductions(shares),
            "currency": self.currency_id,
            "company": self.company_id,
            "contact": self._get_person_in_charge(),
            "quote": self._sign_quote(quote) if page_state == "open" else "",
            "refusal": refusal,
            **self._get_choice_values(page_state, form or {}, choice),
            **self._get_service_values(page_state),
        }

    def _get_shown_lines(self):
        """Return the lines whose invoices are for the eyes of whoever has the link."""
        return self.line_ids.filtered(lambda line: line._is_as_asked())

    def _get_status_values(self):
        """Return what the success page polls for."""
        self.ensure_one()
        paid = to_decimal(self.amount_paid, self.currency_id.decimal_places)
        return {
            "state": self.state,
            "amountPaid": str(paid),
            "currency": self.currency_id.name,
            "paidAt": self.paid_at.isoformat() + "Z" if self.paid_at else None,
        }

    def _register_opening(self, user_agent):
        """Note when a person first opened the link; programs that look at links do not count."""
        self.ensure_one()
        if self.opened_at or not user_agent or SCANNERS.search(user_agent):
            return
        self.opened_at = fields.Datetime.now()
        self._emit("opened")
        self._log_step("opened by a person")

    # === TO STRIPE === #

    def _open_checkout(self, quote_signature, form=None):
        """Return the address of a Stripe Checkout for the quote that the page showed.

        An open session for the same quote is used again. Commits before and after Stripe is asked.

        :param dict form: what the payer chose on the page, see :meth:`_read_choice`
        :raise PayerNotice: with a sentence for the payer, when there is no way to Stripe now
        """
        self.ensure_one()
        self._check_payable()
        quote = self._get_quote(choice=self._read_choice(form))
        if not quote["total"]:
            raise PayerNotice("nothing_due", self.env._("There is nothing left to pay."))
        shown = quote_signature if isinstance(quote_signature, str) else ""
        if not consteq(shown.encode(), self._sign_quote(quote).encode()):
            raise PayerNotice(
                "stale_quote",
                self.env._("The amount has changed. Please look at it and press Pay again."),
            )
        self._check_chargeable(quote)
        return self.env["payment.request.checkout"]._get_or_open(self, quote)

    def _check_chargeable(self, quote):
        """Keep what Stripe would refuse from being asked; our people learn the reason."""
        self.ensure_one()
        inside = self.with_context(lang=self._get_person_in_charge().lang)
        total = to_major(quote["total"], quote["currency"])
        if refusal := inside._get_total_refusal(total, self.currency_id):
            inside._notify_person_in_charge(
                inside.env._("Customers cannot pay %(name)s", name=self.name),
                refusal[1],
                renew=True,
                task="cannot_pay",
            )
            self._commit()
            raise PayerNotice(
                "not_chargeable", self.env._("This amount cannot be paid online. Please ask us.")
            )

    def _check_payable(self):
        """Raise the sentence that keeps the payer from Stripe, if any."""
        face = self._get_page_state()
        if face == "processing":
            raise PayerNotice(
                "processing", self.env._("A payment is on its way. Please do not pay again.")
            )
        if face == "paid":
            raise PayerNotice("paid", self.env._("This was paid already. Thank you."))
        if face == "settled":
            raise PayerNotice("nothing_due", self.env._("There is nothing left to pay."))
        if self.provider_id.state == "disabled":
            raise PayerNotice(
                "switched_off", self.env._("Online payment is switched off. Please ask us.")
            )
        if face != "open" or self.state not in PAYABLE_STATES:
            raise PayerNotice("closed", self.env._("This payment link does not work any more."))

    def _get_live_checkout(self):
        """Return the checkout that is intended or open at Stripe, at most one by schema."""
        self.ensure_one()
        return self.env["payment.request.checkout"].search(
            [("request_id", "=", self.id), ("state", "in", ("intended", "open"))], limit=1
        )

    def _close_live_checkout(self):
        """Close the live checkout at Stripe, if there is one, and return what Stripe says of it.

        :return: ``"none"``, ``"closed"``, or ``"complete"`` when the payer was faster
        :raise UserError: when Stripe cannot be asked
        """
        self.ensure_one()
        checkout = self._get_live_checkout()
        if not checkout:
            return "none"
        try:
            return checkout._close()
        except GatewayError as error:
            raise self._explain_stripe(error) from error

    def _ask_stripe(self):
        """Ask Stripe what became of the latest checkout and put the answer into the inbox.

        :raise UserError: when Stripe cannot be asked
        """
        self.ensure_one()
        checkout = self.checkout_ids.filtered("stripe_checkout_session_ref").sorted("id")[-1:]
        if not checkout:
            return
        try:
            checkout._ask_stripe()
        except GatewayError as error:
            raise self._explain_stripe(error) from error

    def _explain_stripe(self, error: GatewayError):
        """Return the refusal that a person at a button reads."""
        if error.code == "idempotency_key_in_use":
            return UserError(
                self.env._("Stripe is still busy with the customer's last step. Try again soon.")
            )
        return UserError(self.env._("Stripe could not be asked: %(reason)s", reason=error.message))

    def _sync_from_stripe(self):
        """The payer came back: ask Stripe; when it cannot be asked, the poll will."""
        self.ensure_one()
        if self.state in ("completed", "cancelled"):
            return
        try:
            self._ask_stripe()
        except UserError as error:
            self._log_step(f"not refreshed: {error}")


class PaymentRequestLine(models.Model):
    _inherit = "payment.request.line"

    def _get_pay_page_line(self, share):
        """Return what the pay page shows of this line; amounts are Decimal, major units.

        :param share: this line of the quote as ``_read_quote`` gives it, or none
        """
        self.ensure_one()
        invoice, digits = self.move_id, self.currency_id.decimal_places
        nothing = to_decimal(0, digits)
        total = to_decimal(invoice.amount_total, digits)
        return {
            "line": self,
            "name": invoice.name,
            "instalment": self.instalment_line_id._get_instalment_label(with_day=False),
            "due_date": self.invoice_date_due,
            "amount_invoice": total,
            "amount_asked": to_decimal(self.amount, digits),
            "amount_paid": to_decimal(self.amount_paid, digits),
            # What was paid or credited on the invoice in any way, not only by this link.
            "amount_settled": total - to_decimal(invoice.amount_residual, digits),
            "amount_due": self._get_amount_due(),
            "amount_to_pay": share["pay"] if share else nothing,
            "discount": share["discount"] if share else nothing,
            "valid_until": share and share["valid_until"],
            "credits": share["credits"] if share else [],
        }
