# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import fields
from odoo.tests import tagged

from ..exceptions import PayerNotice
from .money_case import MoneyCase


@tagged("post_install", "-at_install")
class TestTask(MoneyCase):
    """A task is there as long as its reason is."""

    def _poll(self):
        self._run_cron("ir_cron_poll_stripe")
        self._run_cron("ir_cron_process_events")

    def _press_pay(self, request):
        """Press Pay, and return why that did not lead to Stripe, if so."""
        with self._as_in_production(request) as asked:
            paying = asked.sudo()
            try:  # assertRaises would take back what was written
                paying._open_checkout(paying._sign_quote(paying._get_quote()))
            except PayerNotice as notice:
                return notice.code
        return ""

    def _refuse(self, message):
        self.stripe.fail_next(
            "POST",
            "/v1/checkout/sessions",
            status=400,
            kind="invalid_request_error",
            message=message,
        )

    def _fail_debit(self, request):
        ref = self._open_checkout(request).stripe_checkout_session_ref
        self._receive(self.stripe.pay_async(ref))
        self._receive(self.stripe.decline(ref))

    # === A DEBIT THAT FAILED === #

    def test_that_a_debit_failed_is_over_when_the_customer_pays(self):
        request = self._create_request(self._create_invoice(100))
        self._fail_debit(request)
        self.assertIn("A bank debit failed", request.activity_ids.summary)
        self._poll()
        self.assertTrue(request.activity_ids, "nobody has paid yet")
        self._pay(request)
        self.assertEqual(request.state, "completed")
        self.assertFalse(request.activity_ids)

    def test_or_pays_again_by_a_debit_and_a_second_failure_is_news(self):
        request = self._create_request(self._create_invoice(100))
        self._fail_debit(request)
        first = request.activity_ids
        ref = self._open_checkout(request).stripe_checkout_session_ref
        self._receive(self.stripe.pay_async(ref))
        self.assertFalse(request.activity_ids)
        self._receive(self.stripe.decline(ref))
        self.assertEqual(len(request.activity_ids), 1)
        self.assertNotEqual(request.activity_ids, first)

    def test_or_when_a_person_sends_the_link_again(self):
        request = self._create_request(self._create_invoice(100))
        self._fail_debit(request)
        request.with_user(self.billing_user).action_resend()
        self.assertFalse(request.activity_ids)

    # === CUSTOMERS CANNOT PAY === #

    def test_the_latest_refusal_is_told_until_a_session_opens(self):
        request = self._create_request(self._create_invoice(100))
        for message in ("Your account is restricted.", "Too large for this account."):
            self._refuse(message)
            self.assertEqual(self._press_pay(request), "refused")
            self._poll()
            self.assertIn(message, request.activity_ids.note)
        self.assertFalse(self._press_pay(request))
        self._poll()
        self.assertFalse(request.activity_ids)

    def test_a_task_ends_whatever_it_is_called_by_now(self):
        request = self._create_request(self._create_invoice(100))
        self._refuse("Your account is restricted.")
        self._press_pay(request)
        request.activity_ids.summary = "Kunden können nicht zahlen"
        self._pay(request)
        self.assertFalse(request.activity_ids)

    def test_an_amount_that_stripe_does_not_take_is_told_until_it_does(self):
        invoice = self._create_invoice(100)
        request = self._create_request(invoice)
        self._pay_elsewhere(invoice, 99.80)
        self.assertEqual(self._press_pay(request), "not_chargeable")
        self._poll()
        self.assertIn("at least", " ".join(request.activity_ids.mapped("note")))
        invoice.line_ids.remove_move_reconcile()
        self._poll()
        self.assertFalse(request.activity_ids)

    # === CREDITS THAT COVER ALL === #

    def _cover(self):
        """Return ``(request, invoice, credit)``: what is left of the invoice, credits cover."""
        invoice = self._create_invoice(100)
        note = self._create_invoice(20, move_type="out_refund")
        (credit,) = note.line_ids.filtered(lambda line: line.account_type == "asset_receivable")
        request = self._create_request(invoice, credits=[{"item_id": credit.id}])
        self._pay_elsewhere(invoice, 80)
        self._poll()
        self.assertIn("Credits cover", request.activity_ids.summary)
        return request, invoice, credit

    def test_credits_that_were_reconciled_as_asked_are_no_task(self):
        request, invoice, credit = self._cover()
        owed = invoice.line_ids.filtered(lambda line: line.account_type == "asset_receivable")
        (owed | credit).reconcile()
        self._poll()
        self.assertEqual(request.state, "completed")
        self.assertFalse(request.activity_ids)

    def test_nor_are_credits_that_cover_it_no_more(self):
        request, _invoice, credit = self._cover()
        credit.move_id.button_draft()
        self._poll()
        self.assertEqual(request._get_page_state(), "open")
        self.assertNotIn("Credits cover", " ".join(request.activity_ids.mapped("summary")))

    # === OVER WITH THE REQUEST === #

    def test_what_changed_is_over_when_the_rest_is_paid(self):
        invoice = self._create_invoice(100)
        request = self._create_request(invoice)
        self._pay_elsewhere(invoice, 40)
        self._poll()
        self.assertTrue(request.activity_ids)
        self._pay(request)
        self.assertFalse(request.activity_ids)

    def test_a_link_without_invoices_is_over_when_it_is_cancelled(self):
        invoice = self._create_invoice(100)
        request = self._create_request(invoice)
        invoice.button_draft()
        self._poll()
        self.assertIn("not posted", request.activity_ids.summary)
        with self._as_in_production(request, self.billing_user) as link:
            link.action_cancel()
        self.assertFalse(request.activity_ids)

    def test_that_nobody_opened_it_is_over_when_somebody_does(self):
        for action in ("open", "pay"):
            with self.subTest(action):
                request = self._create_request(self._create_invoice(100))
                row = request.delivery_ids or self.env["payment.request.delivery"].sudo().create(
                    {"request_id": request.id, "channel": "email", "recipient": "p@example.com"}
                )
                row.write({"state": "sent", "sent_at": fields.Datetime.now()})
                request.cascade = "yes"
                row._follow_up_when_unopened()
                self.assertIn("Nobody opened", request.activity_ids.summary)
                if action == "open":
                    request._register_opening("Mozilla/5.0 (iPhone) Safari/604.1")
                    self._poll()
                else:
                    self._pay(request)
                self.assertFalse(request.activity_ids)
