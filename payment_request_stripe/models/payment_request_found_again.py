# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, fields, models

from ..exceptions import BookingRefused
from ..gateways.events import PaymentEvent
from ..gateways.money import to_major
from ..gateways.payers import customer_details


class PaymentRequestEvent(models.Model):
    """Money for a request that is not there any more: by SQL, an uninstall, an older back-up.

    Stripe took it all the same. The request is made again, without invoices, so that the money is
    booked as the customer's credit, and refunds, disputes and fees find their payment as ever.
    """

    _inherit = "payment.request.event"

    @api.model
    def _is_marked_ours(self, provider, metadata):
        """Tell whether this database opened the checkout that carries `metadata`, for `provider`.

        An account may serve other databases and applications: their money is theirs.
        """
        uuid = self.env["ir.config_parameter"].sudo().get_param("database.uuid")
        return bool(
            metadata.get("checkout")
            and metadata.get("database") == uuid
            and metadata.get("provider", str(provider.id)) == str(provider.id)
        )

    def _is_orphan(self, event: PaymentEvent):
        """Tell whether an event is about a checkout of ours of which nothing is left here."""
        return self._is_marked_ours(
            self.provider_id, event.metadata
        ) and not self._is_known_elsewhere(event)

    def _is_known_elsewhere(self, event: PaymentEvent):
        """Tell whether it belongs to another provider of ours that shares the account."""
        checkouts = self.env["payment.request.checkout"]
        refs = (
            ("idempotency_key", event.metadata.get("checkout")),
            ("stripe_checkout_session_ref", event.session_ref),
            ("stripe_payment_intent_ref", event.payment_intent_ref),
        )
        return any(checkouts.search_count([(name, "=", ref)], limit=1) for name, ref in refs if ref)

    def _get_stranger_reason(self, event: PaymentEvent):
        if self._is_orphan(event):
            return self.env._(
                "The payment request %(name)s is not there any more, and nothing was paid.",
                name=event.metadata.get("payment_request") or "?",
            )
        return self.env._("The event is of another application.")

    def _find_again(self, event: PaymentEvent):
        """Return a checkout made again for money whose request is gone, or none.

        :raise BookingRefused: when Odoo does not know the currency
        """
        self.ensure_one()
        is_money = event.is_paid and event.amount and event.payment_intent_ref
        if not (is_money and self._is_orphan(event)):
            return self.env["payment.request.checkout"]
        request = self._restore_request(event)
        request._log_step(f"made again for the money of {event.metadata.get('payment_request')}")
        return self.env["payment.request.checkout"].create(
            {
                "request_id": request.id,
                "idempotency_key": event.metadata["checkout"],
                "quote": {"currency": event.currency, "total": 0, "lines": []},
                "amount": float(to_major(event.amount, event.currency)),
                "expires_at": fields.Datetime.now(),
                "stripe_checkout_session_ref": event.session_ref,
                "stripe_payment_intent_ref": event.payment_intent_ref,
            }
        )

    def _restore_request(self, event: PaymentEvent):
        company = self.company_id
        customer = self._find_customer(event)
        currency = self.env["res.currency"].with_context(active_test=False)
        currency = currency.search([("name", "=", event.currency)], limit=1)
        if not currency:
            raise BookingRefused(
                self.env._(
                    "Stripe took %(currency)s, which Odoo does not know.", currency=event.currency
                )
            )
        lost = event.metadata.get("payment_request") or "?"
        return (
            self.env["payment.request"]
            .sudo()
            .create(
                {
                    "provider_id": self.provider_id.id,
                    "company_id": company.id,
                    "currency_id": currency.id,
                    "partner_id": customer.id,
                    "origin": self.env._("Money for %(name)s, which was deleted", name=lost),
                    "user_id": customer.user_id.id,
                    "delivery_method": "link",
                    "expires_at": fields.Datetime.now(),
                    "state": "expired",
                }
            )
        )

    # === WHOSE MONEY IT IS === #

    def _find_customer(self, event: PaymentEvent):
        """Return whose money it is: as Stripe knows them, as we wrote down, by e-mail, or anew."""
        name, email = customer_details(self.payload["data"]["object"])
        return (
            self._find_customer_by_stripe(event)
            or self._find_customer_by_metadata(event, email)
            or self._find_customer_by_email(email)
            or self.env["res.partner"].create(
                {
                    "name": name or email or self.env._("Payer of %(ref)s", ref=event.object_ref),
                    "email": email,
                    "company_id": self.company_id.id,
                }
            )
        )

    def _find_customer_by_stripe(self, event: PaymentEvent):
        ref = event.customer_ref
        return self._search_customers([("stripe_customer_ref", "=", ref)] if ref else None, 1)

    def _find_customer_by_metadata(self, event: PaymentEvent, email):
        """Return the contact whose id we gave to Stripe, unless it is another one since.

        After an older back-up was restored, its number may belong to somebody else.
        """
        ref = event.metadata.get("customer", "")
        is_id = ref.isascii() and ref.isdecimal() and len(ref) < 10
        found = self._search_customers([("id", "=", int(ref))] if is_id else None, 1)
        is_other = bool(email and found.email_normalized) and found.email_normalized != email
        is_newer = bool(found) and found.create_date > event.occurred_at
        return found.browse() if is_other or is_newer else found

    def _find_customer_by_email(self, email):
        found = self._search_customers([("email_normalized", "=", email)] if email else None, 2)
        return found if len(found) == 1 else found.browse()

    def _search_customers(self, domain, limit):
        """Return contacts of this company, archived ones too; none without a domain."""
        partners = self.env["res.partner"].sudo().with_company(self.company_id)
        if domain is None:
            return partners
        domain = [*domain, ("company_id", "in", (False, self.company_id.id))]
        return partners.with_context(active_test=False).search(domain, limit=limit)


class PaymentRequestCheckout(models.Model):
    """A line that is gone takes its share with it: to the customer's credit."""

    _inherit = "payment.request.checkout"

    def _get_quoted_lines(self):
        """Return the request line of each share of the quote, or none where it was deleted."""
        self.ensure_one()
        refs = [share["line"] for share in self.quote["lines"]]
        nobody = self.env["payment.request.line"]
        found = nobody.search_fetch([("id", "in", refs)], ["move_id", "instalment_line_id"])
        known = {line.id: line for line in found}
        return [known.get(ref, nobody) for ref in refs]

    def _split_share(self, line, share, taken=None):
        """Return ``[(account, Decimal)]``: the share of one line, or credit when it is gone.

        :param taken: ``{account: Decimal}`` of what discounts and credits settle there
        """
        amount = to_major(share["pay"], self.quote["currency"])
        if line:
            return line._split_by_account(amount, taken)
        return [(self.request_id._get_receivable_account(), amount)]
