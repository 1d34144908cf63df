# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What Stripe and the banks behind it mean when they decline a payment, sorted by what to do."""

from __future__ import annotations

from enum import Enum


class Decline(str, Enum):
    """Why a payment was declined, as far as it tells somebody what to do next."""

    FUNDS = "funds"
    LIMIT = "limit"
    DETAILS = "details"
    EXPIRED = "expired"
    AUTHENTICATION = "authentication"
    UNSUPPORTED = "unsupported"
    SUSPECTED = "suspected"
    ACCOUNT = "account"
    NOT_AUTHORIZED = "not_authorized"
    DUPLICATE = "duplicate"
    TEMPORARY = "temporary"
    GIVEN_UP = "given_up"
    BANK = "bank"


# Codes of cards, and of the failure of bank debits. Closed: what does not stand here is the bank's
# own decision, about which only the bank can say more.
_BY_REASON: dict[Decline, tuple[str, ...]] = {
    Decline.FUNDS: ("insufficient_funds",),
    Decline.LIMIT: (
        "card_velocity_exceeded",
        "charge_exceeds_source_limit",
        "charge_exceeds_transaction_limit",
        "charge_exceeds_weekly_limit",
        "withdrawal_count_limit_exceeded",
    ),
    Decline.DETAILS: (
        "incorrect_address",
        "incorrect_cvc",
        "incorrect_number",
        "incorrect_pin",
        "incorrect_zip",
        "invalid_cvc",
        "invalid_expiry_month",
        "invalid_expiry_year",
        "invalid_number",
        "invalid_pin",
        "new_account_information_available",
    ),
    Decline.EXPIRED: ("expired_card",),
    Decline.AUTHENTICATION: (
        "approve_with_id",
        "authentication_not_handled",
        "authentication_required",
        "mobile_device_authentication_required",
        "offline_pin_required",
        "online_or_offline_pin_required",
        "payment_intent_authentication_failure",
        "pin_try_exceeded",
    ),
    Decline.UNSUPPORTED: (
        "card_decline_rate_limit_exceeded",
        "card_not_supported",
        "currency_not_supported",
        "invalid_amount",
        "invalid_currency",
        "not_permitted",
        "service_not_allowed",
        "testmode_decline",
        "transaction_not_allowed",
    ),
    # The payer must not learn which of these it was: whoever holds the card may have stolen it.
    Decline.SUSPECTED: (
        "fraudulent",
        "highest_risk_level",
        "lost_card",
        "merchant_blacklist",
        "pickup_card",
        "restricted_card",
        "security_violation",
        "stolen_card",
    ),
    Decline.ACCOUNT: (
        "account_closed",
        "account_frozen",
        "bank_account_restricted",
        "bank_ownership_changed",
        "invalid_account",
        "invalid_account_number",
        "no_account",
        "recipient_deceased",
    ),
    Decline.NOT_AUTHORIZED: (
        "customer_disputed",
        "debit_not_authorized",
        "debit_prohibited",
        "do_not_try_again",
        "mandate_invalid",
        "payment_method_customer_decline",
        "refer_to_customer",
        "revocation_of_all_authorizations",
        "revocation_of_authorization",
        "stop_payment_order",
    ),
    Decline.DUPLICATE: ("duplicate_transaction",),
    Decline.TEMPORARY: (
        "could_not_process",
        "issuer_not_available",
        "payment_method_provider_timeout",
        "processing_error",
        "reenter_transaction",
        "try_again_later",
    ),
    Decline.GIVEN_UP: ("payment_intent_payment_attempt_expired", "abandoned"),
    Decline.BANK: (
        "bank_account_declined",
        "call_issuer",
        "card_declined",
        "do_not_honor",
        "generic_decline",
        "no_action_taken",
        "payment_intent_payment_attempt_failed",
        "payment_method_provider_decline",
    ),
}
DECLINES = {code: decline for decline, codes in _BY_REASON.items() for code in codes}


def read_decline(code: str | None) -> Decline:
    """Return what a code of Stripe's means; an unknown one is the bank's own decision."""
    return DECLINES.get(code or "", Decline.BANK)
