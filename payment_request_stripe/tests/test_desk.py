# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .money_case import MoneyCase


@tagged("post_install", "-at_install")
class TestDesk(MoneyCase):
    """Money that fits no invoice is a list of work with three ways out."""

    def setUp(self):
        super().setUp()
        self.invoice = self._create_invoice(100)
        self.request = self._create_request(self.invoice)
        checkout = self._open_checkout(self.request)
        self._pay_elsewhere(self.invoice, 70)
        self._receive(self.stripe.pay(checkout.stripe_checkout_session_ref))
        self.payment = self.request.payment_ids
        self.desk = self.env["account.payment"].with_user(self.billing_user)
        self.domain = [
            ("payment_request_has_credit", "=", True),
            ("payment_request_credit_kept", "=", False),
        ]

    def _get_work(self):
        self.env.flush_all()
        self.env.invalidate_all()
        return self.desk.search(self.domain)

    def test_the_list_shows_what_is_left(self):
        self.assertEqual(self._get_work().ids, self.payment.ids)
        self.assertEqual(self._get_work().payment_request_credit, 70)
        self._pay_invoices(30)
        self.assertEqual(self._get_work().ids, self.payment.ids, "only what fits no invoice")

    def test_allocate_pays_the_oldest_open_invoices(self):
        with self.assertRaisesRegex(UserError, "owes nothing"):
            self._get_work().action_payment_request_allocate()
        other = self._create_invoice(50)
        self._get_work().action_payment_request_allocate()
        self.assertOwed(other, "0")
        self.assertEqual(self._get_work().payment_request_credit, 20)
        self.assertTrue(self.request.activity_ids)
        last = self._create_invoice(90)
        self._get_work().action_payment_request_allocate()
        self.assertOwed(last, "70")
        self.assertFalse(self._get_work())
        self.assertFalse(self.request.activity_ids)

    def test_allocate_leaves_what_is_on_its_way_and_says_so(self):
        other = self._create_invoice(50)
        debit = self._open_checkout(self._create_request(other)).stripe_checkout_session_ref
        self._receive(self.stripe.pay_async(debit))
        with self.assertRaisesRegex(UserError, f"payment of {other.name} is on its way"):
            self._get_work().action_payment_request_allocate()
        self.assertOwed(other, "50")
        last = self._create_invoice(20)
        self._get_work().action_payment_request_allocate()
        self.assertOwed(last, "0")
        self.assertOwed(other, "50")
        self._receive(self.stripe.decline(debit))
        self._get_work().action_payment_request_allocate()
        self.assertOwed(other, "0")

    def test_allocate_leaves_other_customers_and_currencies_alone(self):
        old = {"invoice_date": "2026-01-05", "invoice_date_due": "2026-01-05"}
        stranger = self.env["res.partner"].create({"name": "Sven Stranger"})
        theirs = self._create_invoice(50, partner=stranger, **old)
        foreign = self._create_invoice(50, currency=self.setup_other_currency("EUR"), **old)
        own = self._create_invoice(30)
        self._get_work().action_payment_request_allocate()
        self.assertOwed(own, "0")
        self.assertOwed(theirs, "50")
        self.assertOwed(foreign, "50")
        self.assertEqual(self.payment.payment_request_credit, 40)

    def test_what_a_person_reconciles_is_counted_whatever_a_caller_writes_into_the_context(self):
        share = self.payment._get_open_shares()
        owed = self.invoice.line_ids.filtered(lambda line: line.account_type == share.account_type)
        owed.matched_credit_ids.filtered(
            lambda partial: partial.credit_move_id.move_id != self.payment.move_id
        ).unlink()
        self.assertEqual(self.request.line_ids.amount_paid, 30)
        (share | owed).with_context(payment_request_ring_off=True).reconcile()
        self.assertEqual(self.request.line_ids.amount_paid, 100)
        self.assertMoney(self.request)

    def test_kept_credit_leaves_the_list(self):
        self._get_work().action_payment_request_keep()
        self.assertFalse(self._get_work())
        self.assertFalse(self.request.activity_ids)
        self.assertEqual(self.payment.payment_request_credit, 70)

    def test_refund_gives_back_only_the_credit(self):
        action = self._get_work().action_payment_request_refund_credit()
        wizard = self.env["payment.request.refund.wizard"].browse(action["res_id"])
        with self._as_in_production(wizard, self.billing_user) as dialog:
            self.assertEqual(dialog.amount, 70)
            dialog.action_refund()
        self._run_cron("ir_cron_process_events")
        self.assertFalse(self._get_work())
        self.assertOwed(self.invoice, "0")
        self.assertEqual(self.request.amount_refunded, 70)
        self.assertMoney(self.request)

    # === PROMISED TO A LINK === #

    def test_what_a_link_deducts_is_not_given_to_others(self):
        invoice, other = self._create_invoice(100), self._create_invoice(60)
        (share,) = self.payment._get_open_shares()
        link = self._create_request(invoice, credits=[{"item_id": share.id}])
        self.assertEqual(link._get_quote()["total"], 3000)
        for action in ("allocate", "refund_credit"):
            with (
                self.subTest(action),
                self.assertRaisesRegex(UserError, f"deducted by {link.name}"),
            ):
                getattr(self._get_work(), f"action_payment_request_{action}")()
        self.assertOwed(other, "60")
        link._transition("cancelled")
        self._get_work().action_payment_request_allocate()
        self.assertOwed(other, "0")
        self.assertOwed(invoice, "90")

    # === RECONCILED BY HAND === #

    def _reconcile_by_hand(self, payment, invoice):
        """Take the payment off whatever it stands against, and give it to the invoice."""
        share = payment.move_id.line_ids.filtered("payment_request_line_id")
        share.remove_move_reconcile()
        (share | invoice.line_ids).filtered(
            lambda line: line.account_type == "asset_receivable"
        ).reconcile()

    def test_no_more_is_paid_by_hand_than_stripe_took(self):
        request, (invoice,), _charge = self._pay_invoices(100)
        self._refund(request)
        self.assertOwed(invoice, "100")
        self._reconcile_by_hand(request._get_stripe_payments(), invoice)
        self.assertOwed(invoice, "0")
        line = request.line_ids
        self.assertEqual((line.amount_paid, line.amount_refunded), (100, 0))
        self.assertEqual((request.amount_paid, request.amount_refunded), (100, 100))
        self.assertMoney(request)

    def test_nor_after_a_dispute(self):
        self.company.payment_request_fee_account_id = self.company_data["default_account_expense"]
        request, (invoice,), charge = self._pay_invoices(100)
        dispute, events = self.stripe.dispute(charge, 4000)
        self._receive(*events)
        self.assertOwed(invoice, "40")
        self._reconcile_by_hand(request._get_stripe_payments(), invoice)
        line = request.line_ids
        self.assertEqual((line.amount_paid, line.amount_disputed), (100, 0))
        self.assertMoney(request)
        self._receive(*self.stripe.close_dispute(dispute, "won"))
        self.assertOwed(invoice, "0")
        self.assertEqual((line.amount_paid, line.amount_disputed), (100, 0))
        self.assertMoney(request)

    def test_what_fits_later_counts_as_paid(self):
        """The invoice was paid elsewhere; that is taken back, and our money takes its place."""
        self.invoice.line_ids.remove_move_reconcile()
        self._reconcile_by_hand(self.payment, self.invoice)
        self.assertOwed(self.invoice, "0")
        self.assertEqual(self.request.line_ids.amount_paid, 100)
        self.assertMoney(self.request)

    def test_readers_decide_nothing(self):
        payment = self.payment.with_user(self.readonly_user)
        for action in ("allocate", "keep", "refund_credit"):
            with self.subTest(action), self.assertRaises(AccessError):
                getattr(payment, f"action_payment_request_{action}")()
