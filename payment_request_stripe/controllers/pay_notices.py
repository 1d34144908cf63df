# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What the payer's page says above everything else, by its code."""

from odoo.tools import LazyTranslate

_lt = LazyTranslate(__name__)

# What may stand in `?notice=`: the sentence is ours, the address carries only its code. A code that
# is not here says nothing, because the page's own state says it (paid, expired, …).
NOTICES = {
    "stale_quote": _lt("The amount has changed. Please look at it again, then press Pay."),
    "unavailable": _lt(
        "We cannot reach our payment service at the moment. Nothing was charged. Please try again "
        "in a minute."
    ),
    "switched_off": _lt("Online payment is switched off. Please ask us."),
    "just_paid": _lt(
        "We have just received a payment. Thank you. Please do not pay again: this page will show "
        "it in a moment."
    ),
    "refused": _lt(
        "The payment page could not be opened. Nothing was charged. We have been told; please try "
        "again later or ask us."
    ),
    "not_chargeable": _lt(
        "This amount cannot be paid online. Nothing was charged. We have been told; please ask us."
    ),
    "rival": _lt(
        "These invoices are just being paid by another link. Nothing was charged here. To pay here "
        "instead, press Pay again."
    ),
    "document": _lt("This document cannot be shown at the moment. Please ask us for it."),
    "back": _lt("You have not paid, and nothing was charged. You can pay whenever you are ready."),
    "failed": _lt("Your last payment did not go through. You can try again below."),
    "stale_form": _lt("Please fill in the form again."),
    "part_paid": _lt("Thank you, your payment has arrived. The rest can be paid below."),
    "promise": _lt("Thank you. We have noted your promise, and the person in charge knows of it."),
    "question": _lt("Thank you. Your question has reached the person in charge."),
    "forward": _lt("The link is on its way to that address."),
}
# Before what may be done about it, when Stripe told why.
DECLINED = _lt("Your last payment did not go through.")
# Those that may stand on a face on which nothing can be paid.
EVERYWHERE = {"document", "question"}
