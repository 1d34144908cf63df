# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from calendar import timegm
from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import format_date

from ..gateways.debits import parse_debit
from ..gateways.events import PaymentEvent

# How long after the expected day a person is told that the bank has not answered.
LATE_AFTER = timedelta(days=5)
# Stripe's words for why a bank takes back a debit that had come: nobody can answer these.
RETURNS = frozenset(
    {
        "bank_cannot_process",
        "debit_not_authorized",
        "incorrect_account_details",
        "insufficient_funds",
    }
)


class PaymentRequestCheckout(models.Model):
    _inherit = "payment.request.checkout"

    debit_method = fields.Selection(
        selection=[
            ("us_bank_account", "ACH Direct Debit"),
            ("sepa_debit", "SEPA Direct Debit"),
            ("bacs_debit", "Bacs Direct Debit"),
            ("au_becs_debit", "BECS Direct Debit"),
            ("acss_debit", "Pre-authorized Debit"),
            ("other", "Bank Payment"),
        ],
        readonly=True,
        help="How a payment travels that is not certain at once.",
    )
    debit_expected_on = fields.Date(
        string="Expected On", readonly=True, help="When the bank's answer is to be expected."
    )

    def _learn_debit(self, event: PaymentEvent, obj):
        """Keep how a payment travels that is not certain yet; what is known is not unlearnt."""
        self.ensure_one()
        debit = parse_debit(obj, timegm(event.occurred_at.utctimetuple()))
        known = dict(self._fields["debit_method"].selection)
        method = debit.method if debit.method in known else "other"
        values = {}
        if not self.debit_method or (self.debit_method == "other" and method != "other"):
            values["debit_method"] = method
        if debit.expected_on and debit.expected_on != self.debit_expected_on:
            values["debit_expected_on"] = debit.expected_on
        if values:
            self.write(values)
        return bool(values)


class PaymentRequest(models.Model):
    """A bank debit under way: what travels, and until when nobody should be asked again."""

    _inherit = "payment.request"

    debit_method = fields.Selection(
        selection=lambda self: (
            self.env["payment.request.checkout"]._fields["debit_method"].selection
        ),
        compute="_compute_debit",
    )
    debit_expected_on = fields.Date(
        string="Expected On",
        compute="_compute_debit",
        help="When the bank's answer to the debit under way is to be expected.",
    )

    @api.depends("state", "checkout_ids.debit_method", "checkout_ids.debit_expected_on")
    def _compute_debit(self):
        for request in self:
            checkout = request.checkout_ids.browse()
            if request.state == "processing":
                checkout = request.checkout_ids.filtered("debit_method").sorted("id")[-1:]
            request.debit_method = checkout.debit_method
            request.debit_expected_on = checkout.debit_expected_on

    @api.model
    def _tell_late_debits(self, limit=200):
        """Tell who is in charge of debits to which the bank has not answered in time."""
        late = self.env["payment.request.checkout"].search(
            [
                ("state", "=", "complete"),
                ("request_id.state", "=", "processing"),
                ("debit_expected_on", "<", fields.Date.today() - LATE_AFTER),
            ],
            order="id",
            limit=limit,
        )
        for request in late.request_id:
            day = format_date(self.env, request.debit_expected_on)
            request._notify_person_in_charge(
                self.env._("A bank debit is late"),
                self.env._(
                    "The bank's answer was expected on %(day)s. Ask Stripe before you ask the "
                    "customer again.",
                    day=day,
                ),
            )


class PaymentRequestEvent(models.Model):
    _inherit = "payment.request.event"

    def _on_checkout_completed(self, checkout, event: PaymentEvent):
        """Learn of a debit that is on its way when it is to be expected, also when told again."""
        reason = super()._on_checkout_completed(checkout, event)
        if event.is_paid or checkout.state != "complete" or checkout._get_payment():
            return reason
        return "" if checkout._learn_debit(event, self.payload["data"]["object"]) else reason

    def _on_debit_pending(self, checkout, event: PaymentEvent):
        """The charge of a debit says how it travels; the session says that it does."""
        if checkout._get_payment():
            return self.env._("The payment was booked already.")
        checkout._learn_debit(event, self.payload["data"]["object"])
        return ""

    @api.model
    def _cron_poll_stripe(self):
        result = super()._cron_poll_stripe()
        self.env["payment.request"]._tell_late_debits()
        return result
