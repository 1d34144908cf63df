# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, fields, models
from odoo.tools import LazyTranslate

from ..gateways.decline_words import Decline, read_decline
from ..gateways.events import PaymentEvent

_lt = LazyTranslate(__name__)

DECLINE_REASONS = [
    (Decline.FUNDS.value, "Not enough money"),
    (Decline.LIMIT.value, "Card limit reached"),
    (Decline.DETAILS.value, "Wrong card details"),
    (Decline.EXPIRED.value, "Card expired"),
    (Decline.AUTHENTICATION.value, "Payer not confirmed"),
    (Decline.UNSUPPORTED.value, "Card not usable for this"),
    (Decline.SUSPECTED.value, "Card blocked or suspicious"),
    (Decline.ACCOUNT.value, "Bank account closed or unknown"),
    (Decline.NOT_AUTHORIZED.value, "Not authorised by the account holder"),
    (Decline.DUPLICATE.value, "Taken for a duplicate"),
    (Decline.TEMPORARY.value, "Bank not reachable"),
    (Decline.GIVEN_UP.value, "Given up by the payer"),
    (Decline.BANK.value, "Refused by the bank"),
]
# What the payer can do. About a card that is suspected it says no more than about any other.
FOR_PAYER = {
    "funds": _lt("There was not enough money on it. Please use another card or account."),
    "limit": _lt("It went over the card's limit. Please use another card, or ask your bank."),
    "details": _lt("Some details of the card were not right. Please enter them again."),
    "expired": _lt("The card has expired. Please use another card."),
    "authentication": _lt(
        "Your bank could not confirm that it is you. Please try again and confirm the payment "
        "with your bank."
    ),
    "unsupported": _lt("This card cannot be used for this payment. Please use another one."),
    "suspected": _lt("Your bank did not allow it. Please use another card, or ask your bank."),
    "account": _lt("The bank account was not found or is closed. Please use another one."),
    "not_authorized": _lt("It was not authorised. Please use another card or account."),
    "duplicate": _lt(
        "It looked like a payment that you had made just before. Please check your statement, "
        "then try again."
    ),
    "temporary": _lt("Your bank did not answer. Please try again in a few minutes."),
    "given_up": _lt("You can try again below."),
    "bank": _lt("Your bank did not allow it. Please use another card, or ask your bank."),
}
FOR_ACCOUNTANT = {
    "funds": _lt(
        "There was not enough money on the customer's card or account. Send the link again after "
        "their pay day, or agree on a part payment."
    ),
    "limit": _lt("The amount is over the card's limit. Offer a bank debit or several payments."),
    "details": _lt("The customer mistyped the card's details. Nothing is to be done."),
    "expired": _lt("The customer's card has expired. They need another one."),
    "authentication": _lt(
        "The customer did not confirm the payment with the bank. Ask them to try again with "
        "their phone at hand."
    ),
    "unsupported": _lt(
        "The customer's card cannot be used for such a payment or in this currency. They need "
        "another one."
    ),
    "suspected": _lt(
        "The bank or Stripe takes the card for lost, stolen or suspicious. Do not tell the "
        "customer why; ask for another way to pay, and make sure who you are dealing with."
    ),
    "account": _lt(
        "The customer's bank account is closed or unknown to the bank. Ask for another one."
    ),
    "not_authorized": _lt(
        "The account holder or the bank revoked the permission for this debit. Call the customer "
        "before you ask again."
    ),
    "duplicate": _lt(
        "The bank took it for the same payment made twice. Check that the customer has not paid "
        "already."
    ),
    "temporary": _lt("The customer's bank could not be reached. They can simply try again."),
    "given_up": _lt("The customer stopped before the payment was finished."),
    "bank": _lt(
        "The customer's bank refused without a reason that it tells us. The customer has to ask "
        "the bank, or use another card."
    ),
}


class PaymentRequestCheckout(models.Model):
    """Why the last try at this checkout was declined: it stays when a later one went through."""

    _inherit = "payment.request.checkout"

    decline_code = fields.Char(readonly=True, help="Stripe's word for the last declined try.")
    decline_reason = fields.Selection(
        selection=DECLINE_REASONS, string="Declined Because", readonly=True
    )

    def _get_decline_values(self, event: PaymentEvent):
        """Return what to keep of a declined try.

        A failed debit is told twice, and only one of the two events says why.
        """
        if self.decline_code and not event.failure_code:
            return {}
        code = (event.failure_code or "")[:64]
        return {"decline_code": code, "decline_reason": read_decline(code).value}


class PaymentRequest(models.Model):
    """What a declined payment means for the payer, and for the accountant."""

    _inherit = "payment.request"

    decline_reason = fields.Selection(
        selection=DECLINE_REASONS,
        string="Declined Because",
        compute="_compute_decline",
        help="Why the customer's last try to pay was declined.",
    )
    decline_advice = fields.Char(compute="_compute_decline")

    @api.depends("state", "failure_reason", "checkout_ids.decline_reason")
    @api.depends_context("lang")
    def _compute_decline(self):
        for request in self:
            reason = request._get_decline_reason()
            request.decline_reason = reason
            request.decline_advice = reason and self.env._(FOR_ACCOUNTANT[reason])

    def _get_decline_reason(self):
        """Return why the last try was declined, while nothing better has come since; or False."""
        self.ensure_one()
        if self.state not in ("sent", "failed", "expired") or not self.failure_reason:
            return False
        return self.checkout_ids.sorted("id")[-1:].decline_reason

    def _get_payer_advice(self):
        """Return the sentence that tells the payer what to do after a declined payment, or none."""
        self.ensure_one()
        reason = self._get_decline_reason()
        return self.env._(FOR_PAYER[reason]) if reason else ""
