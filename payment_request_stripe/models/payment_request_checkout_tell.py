# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import models


class PaymentRequestCheckout(models.Model):
    """Saying what was booked, where people look, and making a task of what is left."""

    _inherit = "payment.request.checkout"

    def _tell(self, payment, allocated):
        """Log the payment on the request and on each invoice."""
        request = self.request_id
        request._message_log_batch(
            {
                request.id: self.env._(
                    "Paid %(amount)s through Stripe, booked as %(payment)s.",
                    amount=payment.currency_id.format(payment.amount),
                    payment=payment._get_html_link(),
                )
            }
        )
        self.env["account.move"].browse(line.move_id.id for line in allocated)._message_log_batch(
            {
                line.move_id.id: self.env._(
                    "%(amount)s paid through payment request %(name)s.",
                    amount=payment.currency_id.format(float(amount)),
                    name=request._get_html_link(),
                )
                for line, amount in allocated.items()
            }
        )

    def _raise_credit(self, payment, credit, reason=None):
        """Make money that fits no invoice somebody's task: it is the customer's credit."""
        self.request_id._notify_person_in_charge(
            self.env._("Money to allocate: %(payment)s", payment=payment.name),
            self.env._(
                "%(credit)s of %(payment)s fits no invoice of this request any more and stays "
                "the customer's credit. Allocate it to another invoice, or refund it.",
                credit=payment.currency_id.format(float(credit)),
                payment=payment.name,
            ),
        )
