# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import itertools
import uuid
from datetime import timedelta
from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command

from ..exceptions import PaymentRequestRefused
from ..gateways.errors import GatewayError, Refused
from ..gateways.money import AmountError, to_minor
from ..gateways.undo import refund_parameters
from .payment_request_undo_split import REACHES

# Stripe forgets an idempotency key after a day at the earliest (its API reference, "Idempotent
# requests"): from then on the same call would refund once more.
KEY_LIFE = timedelta(hours=20)


class PaymentRequestRefund(models.Model):
    """Asking Stripe for a refund: intend and commit, ask, keep the answer for the worker."""

    _inherit = "payment.request.refund"

    @api.model
    def _write_down(self, payment, wanted, reason):
        """Write down one refund, for Stripe to be asked once it is committed.

        :param payment: the booked payment whose money goes back
        :param wanted: ``[(request line or none, Decimal, credit note or none)]``, major units
        :raise PaymentRequestRefused: when it cannot be refunded; nothing is written
        """
        request = payment.payment_request_id
        amount = sum((part for _line, part, _note in wanted), Decimal(0))
        minor = self._check_refund(payment, amount)
        key = str(uuid.uuid4())
        # Whoever waits for the request has counted without this refund: a new version of the row
        # has PostgreSQL end his transaction, and he counts again.
        self.env.cr.execute(
            "UPDATE payment_request SET write_date = write_date WHERE id = %s", [request.id]
        )
        return self.create(
            {
                "request_id": request.id,
                "payment_id": payment.id,
                "amount": float(amount),
                "reason": reason,
                "idempotency_key": key,
                "parameters": refund_parameters(
                    payment.stripe_payment_intent_ref,
                    minor,
                    reason or "",
                    {"payment_request": request.name, "refund": key},
                ),
                "line_ids": [
                    Command.create(
                        {"line_id": line.id, "amount": float(part), "credit_move_id": note.id}
                    )
                    for line, part, note in wanted
                ],
            }
        )

    @api.model
    def _check_refund(self, payment, amount):
        """Return `amount` in minor units if it can be refunded; refuse it with a sentence."""
        code = payment.currency_id.name
        left = payment._get_refundable()
        if amount <= 0:
            message = self.env._("The amount to refund must be above zero.")
        elif amount > left:
            message = self.env._(
                "At most %(left)s of %(payment)s can be refunded.",
                left=payment.currency_id.format(float(left)),
                payment=payment.name,
            )
        else:
            try:
                return to_minor(amount, code)
            except AmountError:
                message = self.env._(
                    "%(amount)s is no exact amount in %(currency)s.", amount=amount, currency=code
                )
        raise PaymentRequestRefused(
            [{"invoice_id": None, "code": "refund_amount", "message": message}]
        )

    def _ask(self):
        """Ask Stripe for this refund, or what became of it; the answer goes into the inbox.

        Asked again after a crash or a time-out, Stripe answers with the same refund.

        :raise GatewayError: when Stripe cannot be asked, or says no; a no is kept on the refund
        """
        self.ensure_one()
        provider = self.request_id.provider_id
        self.asked_at = fields.Datetime.now()
        self.request_id._commit()
        gateway = provider._get_stripe_gateway()
        try:
            if self.stripe_refund_ref:
                payload = gateway.retrieve_refund(self.stripe_refund_ref)
            else:
                payload = self._recall(gateway) or gateway.create_refund(
                    self.parameters, self.idempotency_key
                )
        except Refused as error:
            if not self.stripe_refund_ref:
                self._refuse(error)
            raise
        self.env["payment.request.event"]._store(provider, payload)
        self.request_id._log_step(f"refund {payload['data']['object']['id']} asked")
        self.request_id._commit()

    def _try_asking(self):
        """Ask Stripe for this refund; return what a person has to know of it, or nothing."""
        try:
            self._ask()
        except Refused as error:
            return self.env._("Stripe refused the refund: %(reason)s", reason=error.message)
        except GatewayError as error:
            return self.env._(
                "Stripe did not answer (%(reason)s). The refund is kept and asked for again by "
                "itself: do not refund a second time.",
                reason=error.message,
            )
        return ""

    def _recall(self, gateway):
        """Return what an earlier call made of this refund when its key may be forgotten, or none.

        :raise GatewayError: when Stripe cannot be asked
        """
        self.ensure_one()
        if self.create_date > fields.Datetime.now() - KEY_LIFE:
            return None
        made = gateway.list_refunds(self.payment_id.stripe_payment_intent_ref)
        return next(
            (
                payload
                for payload in made
                if payload["data"]["object"]["metadata"].get("refund") == self.idempotency_key
            ),
            None,
        )

    def _refuse(self, error):
        """Keep that Stripe said no, unless it became a refund all the same meanwhile."""
        self.request_id._commit()
        self.request_id._lock()
        if self.state == "intended":
            self.write({"state": "failed", "failure_reason": error.message})
        self.request_id._commit()

    @api.model
    def _cron_poll(self, limit=200):
        """Ask Stripe about refunds under way: asked but not answered, or pending."""
        refunds = self.search(
            [("state", "in", ("intended", "pending"))],
            order="asked_at nulls first, id",
            limit=limit,
        )
        self.env["payment.request.event"]._poll_each(refunds, lambda refund: refund._poll())

    def _poll(self):
        """Ask Stripe from the poll; what goes wrong waits for the next one."""
        try:
            self.with_company(self.company_id)._ask()
        except GatewayError as error:
            self.request_id._log_step(f"refund not polled: {error.message}")
            if isinstance(error, Refused):
                self._tell_refusal(error.message)

    def _tell_refusal(self, message):
        self.request_id._notify_person_in_charge(
            self.env._("Stripe refused a refund"),
            self.env._(
                "%(amount)s was not refunded: %(reason)s",
                amount=self.currency_id.format(self.amount),
                reason=message,
            ),
        )


class PaymentRequest(models.Model):
    _inherit = "payment.request"

    def _refund(self, wanted, reason="", payment=None):
        """Refund what is wanted, from one payment or over all of this request.

        Commits before and after Stripe is asked; the worker books what Stripe says.

        :param wanted: ``[(request line or none, Decimal, credit note or none)]``, major units
        :return: the refunds
        :raise UserError: with a sentence, when Stripe said no or did not answer
        """
        self.ensure_one()
        refunds = self.env["payment.request.refund"]
        self._lock()
        shared = self._share_refund(wanted, payment or self._get_stripe_payments())
        for one, parts in shared.items():
            refunds |= refunds._write_down(one, parts, reason)
        self._commit()
        said = {refund: refund._try_asking() for refund in refunds}
        sentences = [sentence for sentence in said.values() if sentence]
        if not sentences:
            return refunds
        sentences += [
            self.env._(
                "%(amount)s is being refunded.", amount=refund.currency_id.format(refund.amount)
            )
            for refund, sentence in said.items()
            if not sentence
        ]
        raise UserError("\n".join(sentences))

    def _get_stripe_payments(self):
        """Return the payments that Stripe took for this request, the latest first."""
        return self.payment_ids.filtered(
            lambda payment: (
                payment.payment_type == "inbound"
                and payment.stripe_payment_intent_ref
                and payment.move_id.state == "posted"
            )
        ).sorted("id", reverse=True)

    def _share_refund(self, wanted, payments):
        """Say which payment gives back what: ``{payment: [(line, Decimal, credit note)]}``.

        :raise PaymentRequestRefused: when the payments hold less than is wanted
        """
        left = {payment: payment._get_unpromised() for payment in payments}
        shared = {}
        for line, amount, note in wanted:
            missing, given = amount, {}
            for reach, payment in itertools.product(REACHES, payments):
                taken = payment._take_named(left[payment], line, missing, reach)
                if part := sum((one.amount for one in taken), Decimal(0)):
                    given[payment] = given.get(payment, 0) + part
                    missing -= part
            for payment, part in given.items():
                shared.setdefault(payment, []).append((line, part, note))
            if missing > 0:
                message = self.env._(
                    "At most %(left)s of %(what)s can be refunded.",
                    left=self.currency_id.format(float(amount - missing)),
                    what=line.move_id.name or self.env._("the customer's credit"),
                )
                detail = {"invoice_id": line.move_id.id, "code": "refund_amount"}
                raise PaymentRequestRefused([{**detail, "message": message}])
        return shared
