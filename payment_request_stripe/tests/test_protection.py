# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.exceptions import AccessError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .test_booking import BookingCase

KEPT = {
    "payment.request": ("state", "amount_paid", "access_token", "stripe_payment_intent_ref"),
    "payment.request.line": ("amount", "amount_paid"),
    "payment.request.checkout": ("state", "amount", "stripe_payment_intent_ref"),
    "payment.request.delivery": ("state", "recipient", "vendor_ref"),
    "payment.request.event": ("state", "event_ref"),
}
FORGED = {
    "state": "completed",
    "amount": 1,
    "amount_paid": 1,
    "access_token": "known",
    "stripe_payment_intent_ref": "pi_forged",
    "recipient": "me@example.com",
    "vendor_ref": "SM_forged",
    "event_ref": "evt_forged",
}


@tagged("post_install", "-at_install")
class TestDoorsOfRpc(BookingCase):
    """What the code keeps is written over no door that RPC has."""

    def _get_records(self):
        request = self._create_request(self._create_invoice(100))
        self._pay(request)
        return {
            "payment.request": request,
            "payment.request.line": request.line_ids,
            "payment.request.checkout": request.checkout_ids,
            "payment.request.delivery": request.delivery_ids,
            "payment.request.event": request.event_ids[:1],
        }

    @mute_logger("odoo.models", "odoo.sql_db")
    def test_no_door_writes_what_the_code_keeps(self):
        for model, record in self._get_records().items():
            mine = record.with_user(self.billing_user)
            before = record.read(KEPT[model])
            for name in KEPT[model]:
                values = {name: FORGED[name]}
                doors = {
                    "write": lambda mine=mine, values=values: mine.write(values),
                    "create": lambda mine=mine, values=values: mine.create(values),
                    "web_save": lambda mine=mine, values=values: mine.web_save(values, {}),
                    "copy": lambda mine=mine, values=values: mine.copy(values),
                }
                for door, open_it in doors.items():
                    with self.subTest(model=model, name=name, door=door):
                        with self.assertRaises(AccessError), self.env.cr.savepoint():
                            open_it()
                with self.subTest(model=model, name=name, door="import"):
                    answer = mine.load([".id", name], [[str(record.id), str(FORGED[name])]])
                    self.assertFalse(answer["ids"])
            self.env.invalidate_all()
            self.assertEqual(record.read(KEPT[model]), before)

    def test_no_door_writes_what_the_code_keeps_on_payments_and_their_items(self):
        payment = self._get_records()["payment.request"].payment_ids
        share = payment.move_id.line_ids.filtered("payment_request_line_id")
        for record, values in (
            (payment, {"stripe_balance_ref": "txn_forged"}),
            (payment, {"stripe_fee": 1}),
            (payment, {"stripe_fee_move_id": payment.move_id.id}),
            (share, {"payment_request_share_id": share.id}),
            (share, {"payment_request_undo_ids": [(4, share.id)]}),
        ):
            with self.subTest(values), self.assertRaises(AccessError), self.env.cr.savepoint():
                record.with_user(self.billing_user).write(values)

    def test_an_onchange_stores_nothing(self):
        request = self._get_records()["payment.request"]
        request.with_user(self.billing_user).onchange(
            {"amount_paid": 1, "state": "draft"}, ["state"], {"state": {}, "amount_paid": {}}
        )
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual((request.state, request.amount_paid), ("completed", 100))

    def test_defaults_of_a_context_or_a_user_say_nothing(self):
        """They would come along when the code makes its records under sudo."""
        forged = {
            "state": "completed",
            "access_token": "known",
            "amount_paid": 1,
            "stripe_payment_intent_ref": "pi_forged",
            "dispute_state": "lost",
        }
        context = {f"default_{name}": value for name, value in forged.items()}
        defaults = self.env["ir.default"].with_user(self.billing_user)
        for model, name, value in (
            ("payment.request", "paid_at", "2026-01-01 00:00:00"),
            ("payment.request.delivery", "vendor_ref", "SM_forged"),
        ):
            defaults.sudo().set(model, name, value, user_id=self.billing_user.id)
        requests = self.requests.with_user(self.billing_user).with_context(**context)
        invoice = self._create_invoice(100)
        request = requests.create_and_send([{"invoice_id": invoice.id}]).sudo()
        self.assertEqual((request.state, request.dispute_state), ("sent", "none"))
        self.assertNotEqual(request.access_token, "known")
        self.assertFalse(request.amount_paid or request.line_ids.amount_paid or request.paid_at)
        self.assertFalse(request.stripe_payment_intent_ref)
        self.assertEqual(request.delivery_ids.state, "queued")
        self.assertFalse(request.delivery_ids.vendor_ref)

    def test_defaults_tie_no_payment_to_a_link(self):
        request = self._create_request(self._create_invoice(100))
        payments = (
            self.env["account.payment"]
            .with_user(self.billing_user)
            .with_context(
                default_payment_request_id=request.id,
                default_stripe_payment_intent_ref="pi_claimed",
            )
        )
        payment = payments.create({"amount": 1, "partner_id": self.payer.id})
        self.assertFalse(payment.sudo().payment_request_id)
        self.assertFalse(payment.sudo().stripe_payment_intent_ref)
