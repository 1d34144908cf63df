# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from datetime import timedelta
from decimal import Decimal
from unittest.mock import patch

from lxml import html

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import tagged

from ..gateways.mail_words import read_trouble
from ..models import payment_request_batch_worker as worker
from ..wizards import payment_request_send_wizard as wizard_room
from .delivery_case import DeliveryCase
from .mail_wire import mail_server


@tagged("post_install", "-at_install")
class TestBulk(DeliveryCase):
    """Many customers at once: made and sent in the background."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.partners = cls.env["res.partner"].create(
            [{"name": f"Payer {n}", "phone": f"+1415555{1000 + n}"} for n in range(12)]
        )
        cls.partners[3].phone = False
        cls.env["phone.blacklist"].sudo()._add([cls.partners[5].phone])
        cls.invoices = cls.env["account.move"].create(
            [
                {
                    "move_type": "out_invoice",
                    "partner_id": partner.id,
                    "invoice_date": fields.Date.today(),
                    "invoice_line_ids": [
                        Command.create({"name": "Rent", "price_unit": price, "tax_ids": []})
                    ],
                }
                for partner in cls.partners
                for price in (10, 20)
            ]
        )
        cls.invoices.action_post()
        cls.other = cls.setup_other_company()["company"]

    def setUp(self):
        super().setUp()
        # Few are many here.
        self.enterContext(patch.object(wizard_room, "BACKGROUND_ABOVE", 5))
        self.enterContext(patch.object(worker, "CUSTOMERS", 4))

    def _start(self, method="sms"):
        moves = self.invoices.with_user(self.billing_user)
        action = moves.action_send_payment_link()
        wizard = self.env[action["res_model"]].with_user(self.billing_user)
        wizard = wizard.browse(action["res_id"])
        wizard.delivery_method = method
        return wizard, self.env["payment.request.batch"].sudo()

    def test_preview_groups_by_customer_and_says_who_is_left_out(self):
        wizard, _batches = self._start()
        self.assertEqual(wizard.request_count, 12)
        self.assertIn("Payer 3 has no phone number", wizard.left_out)
        self.assertIn("wants no more messages", wizard.left_out)
        self.assertIn("10 links will be made. 2 of the customers will get none", wizard.outlook)
        self.assertIn("in the background", wizard.outlook)
        rows = str(wizard.summary).split("<tr")[2:]
        self.assertEqual(["Left out" in row for row in rows], [True] * 2 + [False] * 10)
        self.assertIn("300.00", wizard.total)
        self.assertFalse(wizard.problems)

    def test_preview_tells_who_gets_several_messages(self):
        self.assertNotIn("Recipients of several", self._start()[0].outlook)
        self.partners[:3].phone = "+14155550199"
        self.assertIn("+14155550199 (3).", self._start()[0].outlook)
        self.assertNotIn("Recipients of several", self._start("link")[0].outlook)

    def test_one_click_makes_and_sends_all_in_the_background(self):
        wizard, batches = self._start()
        action = wizard.action_send()
        batch = batches.browse(action["res_id"])
        self.assertFalse(self.env["payment.request"].search([("batch_id", "=", batch.id)]))
        self.assertEqual((batch.state, batch.invoice_count, batch.progress), ("making", 24, 0))
        self._drain()
        self.assertEqual((batch.state, batch.progress), ("done", 100))
        self.assertEqual(
            (batch.request_count, batch.sent_count, batch.failed_count, batch.skipped_count),
            (10, 10, 0, 4),
        )
        self.assertEqual(len(self.twilio.messages), 10)
        requests = self.env["payment.request"].search([("batch_id", "=", batch.id)])
        self.assertEqual(set(requests.mapped("amount_total")), {30})
        self.assertEqual(requests.user_id, self.billing_user)
        reasons = batch.line_ids.filtered(lambda line: line.state == "skipped").mapped("reason")
        self.assertEqual(len(reasons), 4)
        self.assertIn("Payer 3 has no phone number.", reasons)
        self._drain()
        self.assertEqual(len(self.twilio.messages), 10)

    def test_goes_on_where_it_stopped(self):
        wizard, batches = self._start()
        batch = batches.browse(wizard.action_send()["res_id"])
        with self.enter_registry_test_mode():
            self.env["payment.request.batch"].browse(batch.id).sudo()._make_some()
        self.assertEqual(batch.line_ids.mapped("state").count("waiting"), 16)
        first = self.env["payment.request"].search([("batch_id", "=", batch.id)])
        self._drain()
        every = self.env["payment.request"].search([("batch_id", "=", batch.id)])
        self.assertEqual((len(every), batch.state), (10, "done"))
        self.assertLess(first, every)
        asked = self.env["payment.request.line"].search([("move_id", "in", self.invoices.ids)])
        self.assertEqual(len(asked), len(asked.move_id))

    def test_what_changed_meanwhile(self):
        wizard, batches = self._start("link")
        batch = batches.browse(wizard.action_send()["res_id"])
        self.invoices[0].button_draft()
        self._drain()
        left_out = batch.line_ids.filtered(lambda line: line.state == "skipped")
        self.assertEqual(left_out.move_id, self.invoices[0])
        self.assertIn("not posted", left_out.reason)
        self.assertEqual(batch.request_count, 12)

    def test_one_that_breaks_is_left_out(self):
        create = type(self.env["payment.request"]).create

        def refuse(records, vals_list):
            if any(vals["partner_id"] == self.partners[1].id for vals in vals_list):
                raise UserError(self.env._("No links for them."))
            return create(records, vals_list)

        wizard, batches = self._start("link")
        batch = batches.browse(wizard.action_send()["res_id"])
        # As an automation of the users would.
        self.patch(type(self.env["payment.request"]), "create", refuse)
        with self.assertLogs(worker.__name__, "WARNING"):
            self._drain()
        left_out = batch.line_ids.filtered(lambda line: line.state == "skipped")
        self.assertEqual(left_out.partner_id, self.partners[1])
        self.assertEqual(set(left_out.mapped("reason")), {"No links for them."})
        self.assertEqual(batch.request_count, 11)

    def test_whoever_started_it_may_not_send_any_more(self):
        for values in (
            {"group_ids": [Command.set(self.env.ref("base.group_user").ids)]},
            {"company_ids": [Command.set(self.other.ids)], "company_id": self.other.id},
        ):
            with self.subTest(values):
                wizard, batches = self._start("link")
                batch = batches.browse(wizard.action_send()["res_id"])
                groups = self.billing_user.group_ids
                self.billing_user.write(values)
                self._drain()
                self.assertEqual((batch.state, batch.skipped_count), ("done", 24))
                self.assertIn("may not send payment links", batch.line_ids[0].reason)
                self.billing_user.write({"group_ids": [Command.set(groups.ids)]})

    def test_failures_are_counted(self):
        wizard, batches = self._start()
        batch = batches.browse(wizard.action_send()["res_id"])
        self.twilio.fail_next(status=400, code=21614, times=2)
        self._drain()
        self.assertEqual((batch.sent_count, batch.failed_count, batch.state), (8, 2, "done"))
        failed = self.outbox.search(batch.action_view_failed()["domain"])
        self.assertEqual(len(failed), 2)

    def test_what_one_member_of_a_list_did_not_get_is_no_failure(self):
        self.partners[:2].email = "books@example.com"
        wizard, batches = self._start("email")
        batch = batches.browse(wizard.action_send()["res_id"])
        with mail_server(self.env):
            self._drain()
        partly, lost = batch.line_ids.request_id.delivery_ids
        trouble = read_trouble("550 5.1.1 no such user")
        partly._bounce(trouble, "left@example.com")
        lost._bounce(trouble, "books@example.com")
        batch.invalidate_recordset()
        self.assertEqual((batch.sent_count, batch.failed_count, batch.progress), (1, 1, 100))
        self.assertEqual(self.outbox.search(batch.action_view_failed()["domain"]), lost)

    def _start_of_instalments(self, choice, paid=0, **values):
        """Ask for `choice` of invoices in three instalments: 120, 90 and 90.

        :param paid: what came by bank of the first one
        :return: ``(invoices, wizard)``
        """
        term = self.env["account.payment.term"].create(
            {
                "name": "Three instalments",
                "line_ids": [
                    Command.create({"value": "percent", "value_amount": share, "nb_days": days})
                    for share, days in ((40, 0), (30, 30), (30, 60))
                ],
            }
        )
        invoices = self.env["account.move"].union(
            *(
                self._create_invoice(
                    300, partner=partner, invoice_payment_term_id=term.id, **values
                )
                for partner in self.partners[6:]
            )
        )
        if paid:
            self._pay_elsewhere(invoices[0], paid)
        action = invoices.with_user(self.billing_user).action_send_payment_link()
        wizard = self.env[action["res_model"]].with_user(self.billing_user).browse(action["res_id"])
        wizard.delivery_method = "sms"
        wizard.ask_for = choice
        wizard._onchange_ask_for()
        return invoices, wizard

    def test_asks_for_what_is_due_and_for_no_later_instalment(self):
        day = fields.Date.today() - timedelta(days=31)
        invoices, wizard = self._start_of_instalments("due", invoice_date=day)
        batch = self.env["payment.request.batch"].sudo().browse(wizard.action_send()["res_id"])
        self._drain()
        line = batch.line_ids.request_id.line_ids.filtered(lambda one: one.move_id == invoices[0])
        self.assertEqual(line.amount, 210)
        self._pay_elsewhere(invoices[0], 120)
        self.assertEqual(line.amount_due, 90)

    def test_asks_for_the_same_instalment_as_the_dialog(self):
        invoices, wizard = self._start_of_instalments("next", paid=120)
        shown = {line.move_id: (line.hint, line.amount) for line in wizard.line_ids}
        batch = self.env["payment.request.batch"].sudo().browse(wizard.action_send()["res_id"])
        self.assertEqual((batch._name, batch.state), ("payment.request.batch", "making"))
        self._drain()
        asked = batch.line_ids.request_id.line_ids
        self.assertEqual(
            {line.move_id: (line.instalment, line.amount) for line in asked},
            {move.sudo(): said for move, said in shown.items()},
        )
        second, first = asked.filtered(lambda line: line.move_id in invoices[:2]).sorted("amount")
        self.assertRegex(first.instalment, "^Instalment 1 of 3, due ")
        self.assertRegex(second.instalment, "^Instalment 2 of 3, due ")
        # What was asked comes by bank: nothing is left to pay with the link.
        for line in first, second:
            self._pay_elsewhere(line.move_id, line.amount)
            self.assertEqual((line.amount_due, line.request_id.amount_to_pay), (0, 0))
            self.assertGreater(line.move_id.amount_residual, 0)

    def _pay_elsewhere(self, invoice, amount):
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=invoice.ids
        ).create({"amount": amount})._create_payments()

    def test_is_for_people_who_invoice(self):
        wizard, batches = self._start()
        batch = batches.browse(wizard.action_send()["res_id"])
        self.assertEqual(batch.with_user(self.billing_user).name, f"Bulk send {batch.id}")
        with self.assertRaises(AccessError):
            batch.with_user(self.billing_user).state = "done"
        with self.assertRaises(AccessError):
            batches.sudo(False).with_user(self.readonly_user)._start({}, {})


@tagged("post_install", "-at_install")
class TestLinkAndCode(DeliveryCase):
    def test_qr_code_of_the_link(self):
        request = self._ask("link").with_user(self.billing_user)
        self.assertTrue(request.pay_qr)

    def _read_qr(self, invoice):
        """Return where the QR code on the invoice leads, and the words beside it, or none."""
        render = self.env["ir.actions.report"]._render_qweb_html
        page = html.fromstring(render("account.account_invoices", invoice.ids)[0])
        for box in page.xpath("//*[@id='payment_request_qr']"):
            return box.xpath(".//a/@href")[0], " ".join(box.text_content().split())
        return None

    def test_qr_code_states_what_the_link_asks_for(self):
        self.company.payment_request_qr_on_invoice = True
        first, second = self._create_invoice(100), self._create_invoice(50)
        note = self._create_invoice(30, move_type="out_refund")
        credit = note.line_ids.filtered(lambda item: item.account_type == "asset_receivable")
        request = self._create_request(
            first, second, delivery_method="link", credits=[{"item_id": credit.id}]
        )
        link, words = self._read_qr(first)
        self.assertEqual(link, request.pay_url)
        self.assertIn("120.00 for 2 invoices", words)
        self._pay_elsewhere(second)
        _link, words = self._read_qr(first)
        self.assertIn("70.00", words)
        self.assertNotIn("invoices", words)
        self.assertFalse(self._read_qr(second), "of the paid one nothing is asked")

    def test_qr_code_is_never_of_what_the_customer_chose(self):
        self.company.payment_request_qr_on_invoice = True
        invoice, other = self._create_invoice(100), self._create_invoice(60)
        ours = self._create_request(invoice, delivery_method="link")
        theirs = ours._make_for_customer(
            self.payer, (invoice + other).sudo(), {invoice.id: Decimal(100), other.id: Decimal(60)}
        )
        self.assertGreater(theirs.id, ours.id)
        link, words = self._read_qr(invoice)
        self.assertEqual(link, ours.pay_url)
        self.assertIn("100.00 (", words)
        self.assertFalse(self._read_qr(other))

    def _pay_elsewhere(self, invoice):
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=invoice.ids
        ).create({})._create_payments()

    def test_qr_code_on_the_invoice(self):
        request = self._ask("link")
        invoice = request.line_ids.move_id
        render = self.env["ir.actions.report"]._render_qweb_html

        def get_page():
            return render("account.account_invoices", invoice.ids)[0].decode()

        self.assertNotIn("payment_request_qr", get_page())
        self.company.payment_request_qr_on_invoice = True
        page = get_page()
        self.assertIn("payment_request_qr", page)
        self.assertIn(request.pay_url, page)
        self.assertIn(request.name, page)
        request.with_user(self.billing_user).action_cancel()
        self.assertNotIn("payment_request_qr", get_page())

    def test_send_again(self):
        self.twilio.fail_next(timeout=True)
        row = self._send()
        self.assertEqual(row.state, "unknown")
        row.with_user(self.billing_user).action_send_again()
        row.with_user(self.billing_user).action_send_again()
        self._drain()
        self.assertEqual(row.request_id.delivery_ids.mapped("state"), ["sent", "unknown"])
        with self.assertRaises(AccessError):
            row.with_user(self.readonly_user).action_send_again()
        self.env["phone.blacklist"].sudo()._add([row.recipient])
        with self.assertRaisesRegex(UserError, "wants no more"):
            row.with_user(self.billing_user).action_send_again()
