# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import Form, tagged

from ..exceptions import PaymentRequestRefused
from .common import PaymentRequestCommon


@tagged("post_install", "-at_install")
class TestSendWizard(PaymentRequestCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.baker = cls.env["res.partner"].create(
            {"name": "Blue Door Bakery", "email": "bread@example.com"}
        )
        cls.silent = cls.env["res.partner"].create({"name": "Silent Sam"})

    def _open(self, *invoices, user=None):
        """Open the dialog on these invoices as the billing user, and return it."""
        moves = self.env["account.move"].union(*invoices).with_user(user or self.billing_user)
        action = moves.action_send_payment_link()
        self.assertEqual((action["res_model"], action["target"]), (self._wizard_model, "new"))
        wizards = self.env[self._wizard_model].with_user(user or self.billing_user)
        return wizards.browse(action["res_id"])

    _wizard_model = "payment.request.send.wizard"

    def _count(self):
        return self.env["payment.request"].search_count([])

    # === OPENING === #

    def test_opens_on_what_the_customer_owes(self):
        late = self._create_invoice(100, invoice_date_due=fields.Date.today() - timedelta(days=9))
        soon = self._create_invoice(20.5)
        wizard = self._open(soon, late)
        self.assertEqual(wizard.line_ids.move_id, late + soon, "the oldest debt comes first")
        self.assertEqual(wizard.line_ids.mapped("amount"), [100, 20.5])
        self.assertEqual(wizard.partner_id, self.payer)
        self.assertEqual(wizard.delivery_method, "email")
        self.assertEqual((wizard.to_email, wizard.to_phone), ("petra@example.com", "+14155550100"))
        self.assertIn("120.50", wizard.total)
        days = self.company.payment_request_expiry_days
        self.assertEqual(
            wizard.expires_at.date(), (fields.Datetime.now() + timedelta(days=days)).date()
        )
        self.assertFalse(wizard.skipped)
        self.assertFalse(wizard.problems)

    def test_lists_what_is_left_out_with_its_reason(self):
        good = self._create_invoice(10)
        draft = self._create_invoice(20, post=False)
        asked = self._create_invoice(30)
        request = self._create_request(asked)
        wizard = self._open(good, draft, asked)
        self.assertEqual(wizard.line_ids.move_id, good)
        self.assertIn("is not posted", wizard.skipped)
        self.assertIn(f"{asked.name} is already asked for by {request.name}", wizard.skipped)

    def test_says_why_when_nothing_can_be_asked(self):
        draft, paid = self._create_invoice(20, post=False), self._create_invoice(30)
        self._create_request(paid)
        self._pay_by_hand(paid)
        with self.assertRaises(UserError) as refused:
            self._open(draft, paid)
        self.assertEqual(len(str(refused.exception).splitlines()), 2)

    def _pay_by_hand(self, invoice, amount=None):
        wizards = self.env["account.payment.register"]
        wizards.with_context(active_model="account.move", active_ids=invoice.ids).create(
            {"amount": amount} if amount else {}
        ).action_create_payments()

    def _press(self, *invoices):
        """Press the button where every invoice is asked for; return the sentence and what opens."""
        moves = self.env["account.move"].union(*invoices).with_user(self.billing_user)
        action = moves.action_send_payment_link()
        self.assertEqual(action["tag"], "display_notification")
        following = action["params"]["next"]
        self.assertEqual(following["res_model"], "payment.request")
        found = following["domain"] if "domain" in following else [("id", "=", following["res_id"])]
        return action["params"]["message"], self.env["payment.request"].search(found)

    def test_opens_the_link_that_asks_already(self):
        asked, draft = self._create_invoice(30), self._create_invoice(20, post=False)
        request = self._create_request(asked)
        said, opened = self._press(asked)
        self.assertEqual(opened, request)
        self.assertIn(f"{asked.name} is already asked for by {request.name}. Resend", said)
        said, opened = self._press(draft, asked)
        self.assertEqual(opened, request)
        self.assertIn("is not posted", said)
        opened.with_user(self.billing_user).action_resend()

    def test_opens_the_links_that_ask_already(self):
        one, two = self._create_invoice(30), self._create_invoice(40, partner=self.baker)
        requests = self._create_request(one) | self._create_request(two)
        said, opened = self._press(one, two)
        self.assertEqual(opened, requests)
        self.assertIn("press Resend", said)
        opened.with_user(self.billing_user).action_resend()

    def test_says_what_to_do_with_several_links_that_ask_already(self):
        one, two = self._create_invoice(30), self._create_invoice(40, partner=self.baker)
        draft = self._create_request(one, send=False)
        other = self._create_request(two)
        self.assertIn(f"Resend takes {other.name}: select", self._press(one, two)[0])
        other.with_user(self.billing_user).action_resend()
        other._transition("processing")
        said, opened = self._press(one, two)
        self.assertEqual(opened, draft | other)
        self.assertIn("Open a draft to send it", said)
        self.assertNotIn("Resend", said)

    def test_leaves_out_a_link_that_asks_nothing_of_the_invoice_any_more(self):
        asked, other = self._create_invoice(100), self._create_invoice(50)
        first = self._create_request(asked, other, amounts=[60])
        self._pay_by_hand(asked, 60)
        (line,) = first.line_ids.filtered(lambda line: line.move_id == asked)
        line.amount_paid = 60
        self.assertEqual((first.state, line.amount_due, first.amount_residual), ("sent", 0, 50))
        second = self._create_request(asked)
        said, opened = self._press(asked)
        self.assertEqual(opened, second)
        self.assertIn(f"is already asked for by {second.name}. Resend", said)

    def test_says_what_to_do_with_the_link_that_asks_already(self):
        asked = self._create_invoice(30)
        request = self._create_request(asked, send=False)
        self.assertIn("Send it, or cancel it", self._press(asked)[0])
        request._transition("sent")
        request._transition("processing")
        self.assertIn("A payment is on its way", self._press(asked)[0])

    def test_what_the_customer_chose_keeps_nobody_from_asking(self):
        asked = self._create_invoice(30)
        self._create_request(asked).is_from_customer = True
        self.assertEqual(self._open(asked).line_ids.amount, 30)

    def test_names_in_the_dialog_what_others_ask_for(self):
        """Part of one invoice can be asked yet, another is asked for as a whole."""
        part, whole = self._create_invoice(100), self._create_invoice(30)
        self._create_request(part, amounts=[60])
        request = self._create_request(whole)
        wizard = self._open(part, whole)
        self.assertEqual((wizard.line_ids.move_id, wizard.line_ids.amount), (part, 40))
        self.assertIn(f"{whole.name} is already asked for by {request.name}", wizard.skipped)

    def test_says_when_a_customer_owes_nothing(self):
        with self.assertRaisesRegex(UserError, "no unpaid invoice"):
            self.silent.with_user(self.billing_user).action_send_payment_link()

    def test_says_when_stripe_is_not_set_up(self):
        invoice = self._create_invoice(30)
        self.provider.state = "disabled"
        with self.assertRaisesRegex(UserError, "Stripe is not set up"):
            self._open(invoice)

    def test_offers_only_what_no_other_request_asks(self):
        invoice = self._create_invoice(100)
        self._create_request(invoice, amounts=[30])
        self.assertEqual(self._open(invoice).line_ids.amount, 70)

    def test_opens_from_the_customer(self):
        invoice = self._create_invoice(30)
        self._create_invoice(40, partner=self.baker)
        action = self.payer.with_user(self.billing_user).action_send_payment_link()
        wizard = self.env[self._wizard_model].browse(action["res_id"])
        self.assertEqual(wizard.line_ids.move_id, invoice)

    def test_opens_from_the_list_action(self):
        invoices = self._create_invoice(30) + self._create_invoice(40, partner=self.baker)
        action = (
            self.env.ref("payment_request_stripe.action_send_payment_link")
            .with_user(self.billing_user)
            .with_context(active_model="account.move", active_ids=invoices.ids)
            .run()
        )
        wizard = self.env[self._wizard_model].browse(action["res_id"])
        self.assertEqual(wizard.line_ids.move_id, invoices)
        self.assertEqual(wizard.request_count, 2)

    def test_is_not_for_people_who_only_read(self):
        invoice = self._create_invoice(30)
        with self.assertRaises(AccessError):
            self._open(invoice, user=self.readonly_user)

    def test_shows_nothing_of_another_company(self):
        other = self._create_company(name="Elsewhere")
        invoice = self.init_invoice("out_invoice", amounts=[77], post=True, company=other)
        wizards = self.env[self._wizard_model].with_user(self.billing_user)
        wizard = wizards.create(
            {
                "expires_at": fields.Datetime.now() + timedelta(days=1),
                "line_ids": [Command.create({"move_id": invoice.id, "amount": 1})],
            }
        )
        self.env.flush_all()
        self.env.invalidate_all()
        for name in ("partner_id", "invoice_date_due", "refusal"):
            with self.assertRaises(AccessError, msg=name):
                wizard.line_ids[name]
        with self.assertRaises(UserError):
            wizard.action_send()

    # === FILLING IN === #

    def test_refuses_an_amount_while_it_is_typed(self):
        wizard = self._open(self._create_invoice(100))
        with Form(wizard) as form:
            for amount, sentence in ((150, "more than what"), (0, "must be above zero")):
                with form.line_ids.edit(0) as line:
                    line.amount = amount
                    self.assertIn(sentence, line.refusal)
                self.assertTrue(form.has_refusals)
            with form.line_ids.edit(0) as line:
                line.amount = 99.99
                self.assertFalse(line.refusal)
            self.assertFalse(form.has_refusals)
            self.assertIn("99.99", form.total)
        with self.assertRaises(PaymentRequestRefused) as refused:
            wizard.line_ids.amount = 150
            wizard.action_send()
        self.assertEqual(refused.exception.details[0]["code"], "amount_above_due")
        self.assertEqual(self._count(), 0)

    def test_warns_below_the_minimum_and_about_the_clock(self):
        wizard = self._open(self._create_invoice(100))
        with Form(wizard) as form:
            with form.line_ids.edit(0) as line:
                line.amount = 0.2
            self.assertIn("Stripe charges at least", form.problems)
            form.expires_at = fields.Datetime.now() - timedelta(hours=1)
            self.assertIn("expired already", form.problems)
            form.expires_at = fields.Datetime.now() + timedelta(hours=1)
            with form.line_ids.edit(0) as line:
                line.amount = 2
            self.assertFalse(form.problems)

    def test_gives_a_link_to_copy_when_there_is_no_address(self):
        wizard = self._open(self._create_invoice(100, partner=self.silent))
        self.assertEqual(wizard.delivery_method, "link")
        with Form(wizard) as form:
            self.assertFalse(form.problems)
            form.delivery_method = "email"
            self.assertIn("Silent Sam has no e-mail address", form.problems)
            form.to_email = "sam@example.com"
            self.assertFalse(form.problems)
        wizard.action_send()
        request = self.env["payment.request"].search([])
        self.assertEqual(request.delivery_ids.recipient, "sam@example.com")

    # === PREVIEW === #

    def test_preview_is_the_message_and_creates_nothing(self):
        invoice = self._create_invoice(1234.5)
        wizard = self._open(invoice)
        with Form(wizard) as form:
            form.message = "See you <b>soon</b>"
            body = str(form.preview_body)
        self.assertIn(invoice.name, body)
        self.assertIn("1,234.50", body)
        self.assertIn("See you &lt;b&gt;soon&lt;/b&gt;", body)
        self.assertIn("/pay/preview", body)
        self.assertIn("1,234.50", wizard.preview_subject)
        self.assertFalse(wizard.preview_sms)
        self.assertEqual(self._count(), 0)
        self.assertFalse(invoice.payment_request_ids)

    def test_preview_follows_channel_and_language(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.payer.lang = "fr_FR"
        wizard = self._open(self._create_invoice(1234.5))
        with Form(wizard) as form:
            self.assertRegex(form.preview_subject, r"1\s234,50")
            form.delivery_method = "sms"
            self.assertIn("/pay/preview", form.preview_sms)
            self.assertFalse(form.preview_body)
            form.delivery_method = "link"
            self.assertFalse(form.preview_sms)

    # === SENDING === #

    def test_sends_one_request_and_hands_out_the_link(self):
        invoice = self._create_invoice(100)
        wizard = self._open(invoice)
        with Form(wizard) as form:
            form.to_email = "boss@example.com"
            form.message = "As agreed."
            with form.line_ids.edit(0) as line:
                line.amount = 40
        action = wizard.action_send()
        request = self.env["payment.request"].search([])
        self.assertEqual((request.state, request.amount_total), ("sent", 40))
        self.assertEqual((request.to_email, request.message), ("boss@example.com", "As agreed."))
        self.assertEqual(request.user_id, self.billing_user)
        self.assertEqual(request.delivery_ids.recipient, "boss@example.com")
        self.assertEqual(action["tag"], "payment_request_stripe.link_ready")
        self.assertEqual(action["params"]["url"], request.pay_url)
        self.assertIn("boss@example.com", action["params"]["message"])

    def test_sends_nothing_for_a_link_to_copy(self):
        wizard = self._open(self._create_invoice(100))
        wizard.delivery_method = "link"
        action = wizard.action_send()
        request = self.env["payment.request"].search([])
        self.assertEqual(request.state, "sent")
        self.assertFalse(request.delivery_ids)
        self.assertIn("ready to be copied", action["params"]["message"])

    def test_sends_one_request_per_customer_and_currency(self):
        euro = self.setup_other_currency("EUR")
        invoices = [
            self._create_invoice(10),
            self._create_invoice(20),
            self._create_invoice(30, partner=self.baker),
            self._create_invoice(40, currency=euro),
        ]
        wizard = self._open(*invoices)
        self.assertEqual(wizard.request_count, 3)
        self.assertFalse(wizard.partner_id)
        self.assertIn("60.00", wizard.total)
        self.assertIn("40.00", wizard.total)
        self.assertIn("bread@example.com", str(wizard.summary))
        action = wizard.action_send()
        requests = self.env["payment.request"].search([])
        self.assertEqual(sorted(requests.mapped("amount_total")), [30, 30, 40])
        self.assertEqual(
            set(requests.mapped("to_email")), {"petra@example.com", "bread@example.com"}
        )
        shown = self.env["payment.request"].search(action["params"]["next"]["domain"])
        self.assertEqual(shown, requests)

    def test_leaves_out_whom_it_cannot_reach(self):
        wizard = self._open(self._create_invoice(10), self._create_invoice(20, partner=self.silent))
        wizard.delivery_method = "email"
        self.assertIn("Silent Sam has no e-mail address", wizard.left_out)
        self.assertIn("no e-mail address", str(wizard.summary))
        self.assertIn("10.00", wizard.total)
        self.assertFalse(wizard.problems)
        wizard.action_send()
        self.assertEqual(self.env["payment.request"].search([]).partner_id, self.payer)

    def test_nobody_can_be_reached(self):
        mute = self.silent.copy({"name": "Mute Mo"})
        wizard = self._open(
            self._create_invoice(10, partner=mute), self._create_invoice(20, partner=self.silent)
        )
        wizard.delivery_method = "email"
        self.assertIn("Silent Sam has no e-mail address", wizard.problems)
        self.assertFalse(wizard.left_out)
        with self.assertRaisesRegex(PaymentRequestRefused, "Silent Sam"):
            wizard.action_send()
        self.assertEqual(self._count(), 0)

    def test_refuses_a_wrong_amount_of_one_of_several(self):
        wizard = self._open(self._create_invoice(10), self._create_invoice(20, partner=self.baker))
        wizard.line_ids[0].amount = 11
        with self.assertRaisesRegex(PaymentRequestRefused, "still owes"):
            wizard.action_send()
        self.assertEqual(self._count(), 0)

    def test_shows_the_length_of_the_sms_while_typing(self):
        with Form(self._open(self._create_invoice(10))) as form:
            form.delivery_method = "sms"
            self.assertRegex(form.sms_size, r"^\d+ of 160 characters, GSM-7, 1 message$")
            form.message = "Please pay soon. " * 10
            self.assertIn("messages", form.sms_size)
            form.message = "ça va"
            self.assertIn("UCS-2", form.sms_size)

    def test_shows_phone_numbers_as_they_will_be_stored(self):
        with Form(self._open(self._create_invoice(10))) as form:
            form.delivery_method = "sms"
            form.to_phone = "(415) 555-0123"
            self.assertEqual(form.to_phone, "+14155550123")
            form.to_phone = "12"
            self.assertIn("12 is not a phone number", form.problems)
            form.to_phone = "+14155550123"
