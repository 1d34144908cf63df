# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, models


class PaymentRequestSendWizard(models.TransientModel):
    """What the person who sent links is told."""

    _inherit = "payment.request.send.wizard"

    @api.model
    def _notify_one(self, request):
        recipients = [recipient for _channel, recipient in request._get_wanted_channels()]
        message = (
            self.env._(
                "Payment link %(name)s is on its way to %(recipients)s.",
                name=request.name,
                recipients=", ".join(recipients),
            )
            if recipients
            else self.env._("Payment link %(name)s is ready to be copied.", name=request.name)
        )
        return {
            "type": "ir.actions.client",
            "tag": "payment_request_stripe.link_ready",
            "params": {
                "message": message,
                "url": request.pay_url,
                "request_id": request.id,
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

    @api.model
    def _notify_several(self, requests):
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._("%(count)s payment links were made.", count=len(requests)),
                "next": requests._get_records_action(
                    name=self.env._("Payment Requests"), context={"create": False}
                ),
            },
        }

    @api.model
    def _open_asking(self, requests, sentences):
        """Return the action that shows the links that ask already, and says what can be done.

        :param list sentences: why nothing else can be asked
        """
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "info",
                "sticky": True,
                "message": " ".join([*sentences, self._advise_on_asking(requests)]),
                "next": requests._get_records_action(
                    name=self.env._("Payment Requests"), context={"create": False}
                ),
            },
        }

    @api.model
    def _advise_on_asking(self, requests):
        if len(requests) > 1:
            return self._advise_on_several(requests)
        return {
            "draft": self.env._("Send it, or cancel it to ask anew."),
            "processing": self.env._("A payment is on its way: there is nothing to do but wait."),
        }.get(
            requests.state,
            self.env._("Resend sends the same link once more; cancel it to ask anew."),
        )

    @api.model
    def _advise_on_several(self, requests):
        taken = requests.filtered(lambda request: not request._get_resend_refusal())
        if not taken:
            return self.env._(
                "Open a draft to send it; where a payment is on its way there is nothing to do but "
                "wait."
            )
        if taken == requests:
            return self.env._("Select those that you want to send again and press Resend.")
        return self.env._(
            "Resend takes %(names)s: select those that you want to send again.",
            names=", ".join(taken.mapped("name")),
        )
