# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, models
from odoo.exceptions import ConcurrencyError, LockError, UserError

from ..exceptions import PaymentRequestRefused
from ..gateways.money import to_decimal

# Our names of the channels, and what the REST interface calls them.
API_DELIVERY_METHODS = {"email": "email", "sms": "sms", "link": "link", "email_sms": "email+sms"}


class PaymentRequest(models.Model):
    """What the REST interface says and takes; amounts are decimal text, times ISO 8601 UTC."""

    _inherit = "payment.request"

    # === SAYING === #

    def _get_api_values(self):
        """Return these requests as the REST interface shows them.

        The caller has checked that the user may read them.
        """
        return [request._get_api_value() for request in self.sudo()]

    def _get_api_value(self):
        self.ensure_one()
        digits = self.currency_id.decimal_places
        return {
            "id": self.id,
            "name": self.name,
            "tenantId": self.partner_id.id,
            "leaseId": self.analytic_account_id.id or None,
            "amountTotal": str(to_decimal(self.amount_total, digits)),
            "amountPaid": str(to_decimal(self.amount_paid, digits)),
            "amountRefunded": str(to_decimal(self.amount_refunded, digits)),
            "currency": self.currency_id.name,
            "deliveryMethod": _say_delivery_method(self.delivery_method),
            "toEmail": self.to_email or None,
            "toPhone": self.to_phone or None,
            "message": self.message or None,
            "status": self.state,
            "expiresAt": _say_moment(self.expires_at),
            "stripeCustomerId": self.stripe_customer_ref or None,
            "stripeCheckoutSessionId": self.stripe_checkout_session_ref or None,
            "stripePaymentIntentId": self.stripe_payment_intent_ref or None,
            "url": self.pay_url,
            "failureReason": self.failure_reason or None,
            "createdByUserId": self.create_uid.id,
            "createdAt": _say_moment(self.create_date),
            "paidAt": _say_moment(self.paid_at),
            "allocations": [line._get_api_value() for line in self.line_ids],
            "paymentIds": self.payment_ids.ids,
        }

    def _get_api_stripe_values(self):
        """Return what Stripe last told of the latest checkout; None where it told nothing."""
        self.ensure_one()
        checkout = self.sudo().checkout_ids.sorted("id")[-1:]
        told = checkout._get_last_told()
        status = {"open": "open", "complete": "complete", "expired": "expired"}
        return {
            "stripeStatus": told.get("status") or status.get(checkout.state),
            "stripePaymentStatus": told.get("payment_status")
            or ("unpaid" if checkout.stripe_checkout_session_ref else None),
        }

    # === ASKING === #

    def _sync_for_api(self):
        """Ask Stripe now what became of the visit; when it cannot be asked, what is known stays.

        Whoever may read the request may have it asked: nothing is changed by the caller.
        """
        self.check_access("read")
        self.sudo()._sync_from_stripe()

    def _resend_for_api(self):
        """Send the same link again; an SMS waits for the end of the customer's quiet hours."""
        self.action_resend()
        self._mind_quiet_hours()

    @api.model
    def _create_for_api(self, allocations, options, now=False):
        """Create and send, or say why not: ``(201, body)`` or ``(422, body)``.

        Takes what :meth:`create_and_send` takes; a refusal leaves nothing behind.

        :param now: send an SMS in the customer's quiet hours too

        :raise ConcurrencyError: when somebody else asks for the same invoices right now: no answer
            to keep, so Odoo runs the call again
        """
        try:
            with self.env.cr.savepoint():
                request = self.create_and_send(allocations, **options)
                if not now:
                    request._mind_quiet_hours()
        except LockError as error:
            raise ConcurrencyError(str(error)) from error
        except PaymentRequestRefused as error:
            return 422, self._say_refused(allocations, error.details)
        except UserError as error:
            return 422, self._say_refused(allocations, self._spread(allocations, str(error)))
        value = request._get_api_values()[0]
        return 201, {"data": {"paymentRequest": value, "url": value["url"]}}

    @api.model
    def _quote_for_api(self, allocations, options):
        """Return what :meth:`create_and_send` would ask and what it would refuse, as data.

        :raise ConcurrencyError: when somebody else asks for the same invoices right now
        """
        self.browse().check_access("create")
        try:
            amounts, options = self._parse_asked(allocations, options)
            groups, details = self._examine(amounts, options, single=True)
            (key, moves), *_others = groups.items() or [(None, None)]
            vals = None
            if not details:
                asked = self._get_asked(moves, amounts, options)
                [vals] = self._prepare_requests({key: moves}, asked, options)
        except LockError as error:
            raise ConcurrencyError(str(error)) from error
        except UserError as error:
            vals, details = None, self._spread(allocations, str(error))
        quote = self._say_quote(vals) if vals else None
        refusals = self._say_details(allocations, details)
        return {"data": {"quote": quote, "refusals": refusals}}

    @api.model
    def _say_quote(self, vals):
        draft = self.sudo().new(vals)
        digits = draft.currency_id.decimal_places
        total = sum((to_decimal(line.amount, digits) for line in draft.line_ids), 0)
        return {
            "tenantId": vals["partner_id"],
            "leaseId": vals["analytic_account_id"] or None,
            "amountTotal": str(to_decimal(total, digits)),
            "currency": draft.currency_id.name,
            "deliveryMethod": _say_delivery_method(vals["delivery_method"]),
            "toEmail": vals["to_email"] or None,
            "toPhone": vals["to_phone"] or None,
            "message": vals["message"] or None,
            "expiresAt": _say_moment(vals["expires_at"]),
            "allocations": [
                {
                    "invoiceId": command[2]["move_id"],
                    "invoiceName": self.env["account.move"].browse(command[2]["move_id"]).name,
                    "amount": str(to_decimal(command[2]["amount"], digits)),
                    **_say_some(instalmentLineId=command[2]["instalment_line_id"]),
                }
                for command in vals["line_ids"]
            ],
        }

    # === REFUSALS === #

    @api.model
    def _spread(self, allocations, message):
        """Return a detail per allocation of what concerns them all."""
        return [
            {"invoice_id": move_id, "code": "refused", "message": message}
            for move_id in dict.fromkeys(one["invoice_id"] for one in allocations)
        ]

    @api.model
    def _say_refused(self, allocations, details):
        return {
            "error": {
                "code": "refused",
                "message": "\n".join(dict.fromkeys(detail["message"] for detail in details)),
                "details": self._say_details(allocations, details),
            }
        }

    @api.model
    def _say_details(self, allocations, details):
        """Return one entry per refused allocation, in the order in which they were asked.

        What is wrong with the request as a whole stands on each of its allocations.
        """
        said = {}
        for detail in details:
            concerned = (
                [allocation["invoice_id"] for allocation in allocations]
                if detail.get("is_whole")
                else [detail["invoice_id"]]
            )
            for move_id in concerned:
                said.setdefault(
                    move_id,
                    {
                        "invoiceId": move_id,
                        "code": detail["code"],
                        "message": detail["message"],
                    },
                )
        order = {one["invoice_id"]: place for place, one in enumerate(allocations)}
        return sorted(said.values(), key=lambda one: order.get(one["invoiceId"], -1))


class PaymentRequestLine(models.Model):
    _inherit = "payment.request.line"

    def _get_api_value(self):
        self.ensure_one()
        digits = self.currency_id.decimal_places
        return {
            "invoiceId": self.move_id.id,
            "invoiceName": self.move_id.name,
            "amount": str(to_decimal(self.amount, digits)),
            "amountPaid": str(to_decimal(self.amount_paid, digits)),
            "amountRefunded": str(to_decimal(self.amount_refunded, digits)),
            **_say_some(
                instalmentLineId=self.instalment_line_id.id,
                amountDiscount=self.amount_discount
                and str(to_decimal(self.amount_discount, digits)),
                amountCredit=self.amount_credit and str(to_decimal(self.amount_credit, digits)),
            ),
        }


class PaymentRequestCheckout(models.Model):
    _inherit = "payment.request.checkout"

    def _get_last_told(self):
        """Return the session as Stripe last told it in the inbox, applied or not, or {}."""
        if not self.stripe_checkout_session_ref:
            return {}
        ref = self.stripe_checkout_session_ref
        asked = [
            f"sync:{ref}:{status}:{payment_status}"
            for status in ("open", "complete", "expired")
            for payment_status in ("paid", "unpaid", "no_payment_required")
        ]
        self.env.cr.execute(
            """
            SELECT payload::jsonb -> 'data' -> 'object'
            FROM payment_request_event
            WHERE (request_id = %s OR (provider_id = %s AND event_ref = ANY(%s)))
                AND payload::jsonb -> 'data' -> 'object' ->> 'id' = %s
            ORDER BY id DESC LIMIT 1
            """,
            [self.request_id.id, self.request_id.provider_id.id, asked, ref],
        )
        row = self.env.cr.fetchone()
        return row[0] if row else {}


def _say_moment(moment):
    return moment.isoformat(timespec="seconds") + "Z" if moment else None


def _say_delivery_method(method):
    """Return what programs call `method`; one that somebody added keeps its name."""
    return API_DELIVERY_METHODS.get(method, method)


def _say_some(**values):
    """Return what has a value: what most requests have not is not said of them."""
    return {name: value for name, value in values.items() if value}
