# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import uuid
from datetime import timedelta

from psycopg2.errors import UniqueViolation

from odoo import api, fields, models
from odoo.tools import email_normalize, mute_logger

from ..exceptions import PayerNotice
from ..gateways.checkout import checkout_parameters
from ..gateways.errors import GatewayError, Refused, Unavailable
from ..gateways.events import CheckoutLine, CheckoutOrder, CheckoutSession
from ..gateways.money import to_major, to_minor

# Stripe's limits are 30 minutes and 24 hours from the moment it is asked; the margins are for
# a call that is repeated later with the same frozen parameters.
SHORTEST_SESSION = timedelta(minutes=45)
LONGEST_SESSION = timedelta(hours=23)
# A session that is about to end is not shown to a payer any more.
ALMOST_OVER = timedelta(minutes=5)


class PaymentRequestCheckout(models.Model):
    """Opening a Checkout Session: intend and commit, ask Stripe, lock, write the outcome."""

    _inherit = "payment.request.checkout"

    @api.model
    def _get_or_open(self, request, quote):
        """Return the address of an open session for `quote`; open one if there is none.

        :raise PayerNotice: when there is no way to Stripe now
        """
        for _attempt in range(3):
            if rivals := request._get_rival_checkouts(quote):
                rivals[0]._close_for_payer()
                continue
            live = request._get_live_checkout()
            if live and not live._offers(quote):
                live._close_for_payer()
                continue
            if live and live.state == "open":
                return live.url
            checkout = live or self._intend(request, quote)
            if checkout and (url := checkout._open()):
                return url
        raise PayerNotice(
            "unavailable", self.env._("Our payment service is busy. Please try again in a minute.")
        )

    def _is_current(self):
        """Tell whether the invoices and credits are still what they were for this quote.

        A discount that was quoted in time stands, although its last day passed since.
        """
        day, choice = self._get_quote_day(), self.quote.get("choice")
        return self.quote == self.request_id._get_quote(day, choice)

    def _offers(self, quote):
        """Tell whether this checkout may still be shown to a payer for `quote`."""
        return self.quote == quote and self.expires_at > fields.Datetime.now() + ALMOST_OVER

    @api.model
    def _intend(self, request, quote):
        """Write down what Stripe will be asked, and commit it; none when somebody was faster."""
        key = str(uuid.uuid4())
        try:
            with mute_logger("odoo.sql_db"), self.env.cr.savepoint():
                checkout = self.create(self._prepare_checkout(request, quote, key))
        except UniqueViolation:
            request._commit()  # a new snapshot shows the other one
            return self.browse()
        request._commit()
        return checkout

    @api.model
    def _prepare_checkout(self, request, quote, key):
        expires_at = self._get_session_expiry(request, quote)
        customer_ref = self._get_payer(request).stripe_customer_ref
        base = request.pay_url
        order = CheckoutOrder(
            currency=quote["currency"],
            lines=self._get_checkout_lines(quote),
            customer_ref=customer_ref or None,
            customer_email=self._get_email(request),
            locale=request.partner_id.lang or "",
            success_url=f"{base}/success",
            cancel_url=f"{base}/cancel",
            expires_at=expires_at,
            reference=request.name,
            # payment_stripe looks for a transaction of this reference: none has such a one.
            description=self.env._("Payment request %(name)s", name=request.name),
            metadata=self._get_metadata(request, key),
        )
        return {
            "request_id": request.id,
            "idempotency_key": key,
            "parameters": checkout_parameters(order),
            "customer_parameters": None if customer_ref else self._prepare_customer(request),
            "quote": quote,
            "amount": float(to_major(quote["total"], quote["currency"])),
            "expires_at": expires_at,
        }

    @api.model
    def _get_session_expiry(self, request, quote):
        """Return when the session ends: with the link, the discount, or what Stripe allows."""
        now = fields.Datetime.now().replace(microsecond=0)
        until = [share["valid_until"] for share in quote["lines"] if share.get("valid_until")]
        ends = [request.expires_at] + [
            request.company_id._get_payment_request_day_end(fields.Date.to_date(day))
            for day in until
        ]
        return min(max(min(ends), now + SHORTEST_SESSION), now + LONGEST_SESSION)

    def _get_quote_day(self):
        """Return the day of which this checkout's quote is, in the company's time zone."""
        return self.request_id.company_id._get_payment_request_day(self.create_date)

    @api.model
    def _get_checkout_lines(self, quote):
        """Return the lines that Stripe shows: what is to be paid, and why it is less than owed."""
        request_lines = self.env["payment.request.line"].browse(
            share["line"] for share in quote["lines"]
        )
        shown, covered = [], []
        for line, share in request_lines.request_id._read_quote(quote).items():
            words = line._explain_share(share)
            if share["pay"]:
                name = self.env._("Invoice %(name)s", name=line.move_id.name)
                shown.append((name, words, share["pay"]))
            else:
                covered.append(f"{line.move_id.name}: {', '.join(words)}")
        # Checkout takes no line of zero: what credits cover is told on the first one.
        return [
            CheckoutLine(
                name=name,
                description=". ".join(words + (covered if place == 0 else [])),
                amount=to_minor(pay, quote["currency"]),
            )
            for place, (name, words, pay) in enumerate(shown)
        ]

    @api.model
    def _get_metadata(self, request, key):
        """Return what finds our rows again in any event of this payment."""
        return {
            "payment_request": request.name,
            "checkout": key,
            "provider": str(request.provider_id.id),
            "customer": str(request.partner_id.id),
            "database": self.env["ir.config_parameter"].sudo().get_param("database.uuid"),
        }

    @api.model
    def _get_payer(self, request):
        """Return the customer as the request's company knows them at Stripe."""
        return request.partner_id.with_company(request.company_id)

    @api.model
    def _get_email(self, request):
        """Return the bare address for Stripe's receipt: with a name before it, Stripe refuses."""
        return (
            email_normalize(request.to_email or "", strict=False)
            or email_normalize(request.partner_id.email or "", strict=False)
            or ""
        )

    @api.model
    def _prepare_customer(self, request):
        partner = request.partner_id
        email = self._get_email(request)
        return {
            "name": (partner.name or partner.display_name)[:256],
            **({"email": email[:512]} if email else {}),
            "metadata": {"odoo_partner": str(partner.id)},
        }

    def _open(self):
        """Ask Stripe for the intended session and return its address; none to start afresh.

        Repeating this after a crash asks with the same keys and parameters, so Stripe answers
        with the same session.
        """
        self.ensure_one()
        try:
            gateway = self.request_id.provider_id._get_stripe_gateway()
            session = self._create_session(gateway)
        except Unavailable as error:
            self.request_id._log_step(f"Stripe is unavailable: {error.message}", self)
            raise PayerNotice(
                "unavailable",
                self.env._("Our payment service does not answer. Please try again in a minute."),
            ) from error
        except Refused as error:
            return self._handle_refusal(error)
        except GatewayError as error:
            return self._fail(error)
        return self._record_session(session)

    def _create_session(self, gateway):
        parameters = dict(self.parameters)
        if self.customer_parameters and "customer" not in parameters:
            ref = gateway.create_customer(
                self.customer_parameters, f"{self.idempotency_key}:customer"
            )
            parameters.pop("customer_email", None)  # Stripe takes the one or the other
            parameters["customer"] = ref
            self.request_id._commit()  # another press may have been told the same meanwhile
            if self.try_lock_for_update(allow_referencing=True):
                if "customer" not in self.parameters:
                    self.parameters = parameters
                    self._get_payer(self.request_id).stripe_customer_ref = ref
                self.request_id._commit()
        return gateway.create_checkout(parameters, self.idempotency_key)

    def _handle_refusal(self, error):
        """A customer that was deleted at Stripe is made anew; anything else is final."""
        if error.code == "resource_missing" and error.param == "customer":
            self._get_payer(self.request_id).stripe_customer_ref = False
            self.write({"state": "failed", "failure_reason": error.message})
            self.request_id._commit()
            return ""
        return self._fail(error)

    def _fail(self, error):
        """Close a refused attempt: the payer gets a sentence, our people the reason."""
        request = self.request_id
        self.write({"state": "failed", "failure_reason": error.message})
        request.failure_reason = error.message
        # The page speaks the payer's language, the activity that of our people.
        inside = self.with_context(lang=request._get_person_in_charge().lang)
        request._notify_person_in_charge(
            inside.env._("Customers cannot pay %(name)s", name=request.name),
            inside.env._("Stripe refused to open the payment page: %(why)s", why=error.message),
            renew=True,
            task="cannot_pay",
        )
        request._log_step(f"refused by Stripe: {error.code}", self)
        request._commit()
        raise PayerNotice(
            "refused",
            self.env._("The payment page cannot be opened. We have been told and look into it."),
        ) from error

    def _record_session(self, session: CheckoutSession):
        """Write down Stripe's answer; undo it at Stripe when it is no longer wanted.

        :raise PayerNotice: when another link for these invoices was faster
        """
        request = self.request_id
        request._commit()  # look at the request as it is now, not as it was before the call
        if request._claim_invoices() and self._is_outrun():
            self._give_way(session)
        if self.state == "intended":
            self.write(
                {
                    "state": "open",
                    "stripe_checkout_session_ref": session.ref,
                    "stripe_payment_intent_ref": session.payment_intent_ref,
                    "url": session.url,
                    "expires_at": session.expires_at,
                }
            )
            request.write(
                {
                    "stripe_checkout_session_ref": session.ref,
                    "stripe_customer_ref": session.customer_ref,
                }
            )
            request._log_step("checkout open", self)
        wanted = request._get_page_state() == "open" and self._is_current()
        request._commit()
        if not wanted:
            self._close_for_payer()
            return ""
        return self.url

    def _is_outrun(self):
        """Tell whether a payer was led to Stripe by another link while this one was on its way.

        When both were intended, neither may have seen the other. The first to be open stays.
        """
        rivals = self.request_id._get_rival_checkouts(self.quote)
        is_closed = self.state not in ("intended", "open")  # by a rival, if there is one
        return bool(rivals if is_closed else rivals.filtered(lambda one: one.state == "open"))

    def _give_way(self, session: CheckoutSession):
        self.stripe_checkout_session_ref = session.ref
        self._close_for_payer()
        raise PayerNotice(
            "rival",
            self.env._(
                "These invoices are just being paid by another link. Nothing was charged here. To "
                "pay here instead, press Pay again."
            ),
        )
