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
    is_late_told = fields.Boolean(
        readonly=True, help="The person in charge knows that the bank has not answered in time."
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
            values.update(debit_expected_on=debit.expected_on, is_late_told=False)
        if values:
            self.write(values)
        return bool(values)

    @api.model
    def _get_late_domain(self):
        """Return which debits should have come or failed by now; they may be booked already."""
        return [
            ("state", "=", "complete"),
            ("request_id.state", "=", "processing"),
            ("debit_expected_on", "<", fields.Date.today() - LATE_AFTER),
        ]


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

    @api.depends(
        "checkout_ids.debit_expected_on",
        "checkout_ids.debit_method",
        "checkout_ids.state",
        "payment_ids",
        "state",
    )
    def _compute_debit(self):
        sent = self.filtered(lambda request: request.state == "processing").checkout_ids
        waiting = sent.filtered(lambda one: one.debit_method and one.state == "complete")
        waiting = waiting._filter_unbooked()
        for request in self:
            checkout = (request.checkout_ids & waiting).sorted("id")[-1:]
            request.debit_method = checkout.debit_method
            request.debit_expected_on = checkout.debit_expected_on

    @api.model
    def _tell_late_debits(self, limit=200):
        """Tell who is in charge of debits to which the bank has not answered in time, once."""
        checkouts = self.env["payment.request.checkout"]
        untold = [*checkouts._get_late_domain(), ("is_late_told", "=", False)]
        found = checkouts.search(untold, order="id", limit=limit)
        found.is_late_told = True
        for late in found._filter_unbooked():
            day = format_date(self.env, late.debit_expected_on)
            late.request_id._notify_person_in_charge(
                self.env._("A bank debit is late"),
                self.env._(
                    "The bank's answer was expected on %(day)s. Ask Stripe before you ask the "
                    "customer again.",
                    day=day,
                ),
                renew=True,
                task="debit_late",
            )

    def _has_late_debit(self):
        """Tell whether a bank has not answered in time to a debit that is still under way."""
        self.ensure_one()
        checkouts = self.env["payment.request.checkout"]
        late = [("request_id", "=", self.id), *checkouts._get_late_domain()]
        return bool(checkouts.search(late)._filter_unbooked())


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
