# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import secrets

from odoo import models
from odoo.exceptions import UserError


class PaymentRequest(models.Model):
    """Taking a link back that got into the wrong hands."""

    _inherit = "payment.request"

    def action_renew_link(self):
        """Give these requests new links; the ones before lead nowhere from now on.

        What is open at Stripe is closed first, so that nobody goes on there by the old link.

        :raise UserError: when the customer has just paid, or Stripe cannot be asked: the link stays
        """
        self.check_access("write")
        for request in self.sudo():
            if request._close_live_checkout() == "complete":
                raise UserError(
                    self.env._(
                        "The link of %(name)s stays: the customer has just paid with it. The "
                        "payment is being booked.",
                        name=request.name,
                    )
                )
            request.access_token = secrets.token_urlsafe(24)
            request._message_log(
                body=self.env._(
                    "A new payment link was made; the one before does not work any more. Resend "
                    "takes the new one to the customer."
                )
            )
            request._log_step("has a new link")
        return True
