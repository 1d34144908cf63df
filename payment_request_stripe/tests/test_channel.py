# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from unittest.mock import patch

from odoo.tests import Form, tagged

from ..exceptions import PaymentRequestRefused
from ..models.payment_request_delivery import CHANNELS, Outcome
from ..models.payment_request_follow_up import NEXT_CHANNEL
from .delivery_case import DeliveryCase

PIGEON = ("pigeon", "Pigeon")


@tagged("post_install", "-at_install")
class TestNewChannel(DeliveryCase):
    """A channel that somebody adds as readme/CHANNELS.rst says, and nothing else is to be told."""

    def setUp(self):
        super().setUp()
        self.flown = []
        self.enterContext(patch.dict(CHANNELS, {"pigeon": ("pigeon",)}))
        for model, field in (
            ("payment.request", "delivery_method"),
            ("payment.request.delivery", "channel"),
        ):
            known = self.env[model]._fields[field]
            values = [*known.selection, PIGEON]
            self.patch(known, "selection", values)
            self.patch(known, "_selection", dict(values))

        def send_pigeons(rows):
            self.flown += rows.mapped("recipient")
            return {row: Outcome("sent") for row in rows}

        outbox = type(self.outbox)
        self.enterContext(patch.object(outbox, "_send_pigeon", send_pigeons, create=True))

    def _open(self, *invoices):
        moves = self.env["account.move"].union(*invoices).with_user(self.billing_user)
        action = moves.action_send_payment_link()
        wizard = self.env[action["res_model"]].with_user(self.billing_user)
        wizard = wizard.browse(action["res_id"])
        wizard.delivery_method = "pigeon"
        return wizard

    def test_dialog_offers_it_and_the_outbox_sends_it(self):
        wizard = self._open(self._create_invoice(10))
        self.assertFalse(wizard.problems)
        wizard.to_phone = "+14155550122"
        action = wizard.action_send()
        self.assertIn("+14155550122", action["params"]["message"])
        request = self.env["payment.request"].search([])
        self._drain()
        self.assertEqual(self.flown, ["+14155550122"])
        self.assertEqual(request.delivery_ids.state, "sent")
        request.with_user(self.billing_user).to_phone = "+14155550133"
        request.with_user(self.billing_user).action_resend()
        self._drain()
        self.assertEqual(self.flown, ["+14155550122", "+14155550133"])

    def test_its_number_can_be_seen_and_corrected(self):
        wizard = self._open(self._create_invoice(10))
        wizard.delivery_method = "email"
        with Form(wizard) as dialog:
            with self.assertRaisesRegex(AssertionError, "invisible"):
                dialog.to_phone = "+14155550122"
            dialog.delivery_method = "pigeon"
            dialog.to_phone = "+14155550122"
        wizard.action_send()
        request = self.env["payment.request"].search([])
        self.assertEqual(request.delivery_ids.recipient, "+14155550122")
        request.to_phone = False
        with Form(request.with_user(self.billing_user)) as form:
            with self.assertRaisesRegex(AssertionError, "to_phone.*required"):
                form.save()
            form.to_phone = "+14155550133"
        self.assertEqual(request.to_phone, "+14155550133")

    def test_preview_of_several_customers_says_who_cannot_be_reached(self):
        nowhere = self.env["res.partner"].create({"name": "Nowhere"})
        wizard = self._open(self._create_invoice(10), self._create_invoice(20, partner=nowhere))
        self.assertIn("Nowhere has no address for Pigeon.", wizard.left_out)
        self.assertIn("no address", str(wizard.summary))
        self.assertIn("+14155550100", str(wizard.summary))
        with self.assertRaisesRegex(PaymentRequestRefused, "no address for Pigeon"):
            self._ask("pigeon", partner=nowhere)

    def test_programs_are_told_its_name(self):
        request = self._ask("pigeon")
        self.assertEqual(request._get_api_values()[0]["deliveryMethod"], "pigeon")

    def test_it_can_be_the_next_way(self):
        self.company.payment_request_cascade = True
        with patch.dict(NEXT_CHANNEL, {"sms": "pigeon"}):
            self.twilio.fail_next(status=400, code=21614)
            request = self._ask()
            self._drain()
            self._drain()
        states = [(row.channel, row.state) for row in request.delivery_ids.sorted("id")]
        self.assertEqual(states, [("sms", "failed"), ("pigeon", "sent")])
