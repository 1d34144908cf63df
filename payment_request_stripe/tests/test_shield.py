# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api
from odoo.tests import tagged

from ..exceptions import PayerNotice, PaymentRequestRefused
from .money_case import MoneyCase
from .stripe_wire import Crash


@tagged("post_install", "-at_install")
class TestShield(MoneyCase):
    """One invoice is paid once, by whichever of its links."""

    def _press_pay(self, request):
        with self._as_in_production(request, self.env.ref("base.public_user")) as visited:
            paying = visited.sudo()
            paying._open_checkout(paying._sign_quote(paying._get_quote()))

    def _start_debit(self, invoice, *amounts):
        """Return ``(request, session)``: a bank debit by the customer's own link is on its way."""
        mine = self._create_request(invoice, amounts=amounts)
        mine.is_from_customer = True
        return mine, self._open_checkout(mine).stripe_checkout_session_ref

    def test_a_debit_by_another_link_keeps_this_one_closed_until_it_fails(self):
        invoice = self._create_invoice(100)
        mine, ref = self._start_debit(invoice)
        ours = self._create_request(invoice)
        self._receive(self.stripe.pay_async(ref))
        self.assertEqual((mine.state, ours.state), ("processing", "sent"))
        self.assertEqual(ours._get_page_state(), "processing")
        with self.assertRaisesRegex(PayerNotice, "do not pay again"):
            self._press_pay(ours)
        self.assertEqual(len(self.stripe.sessions), 1)
        self._receive(self.stripe.decline(ref))
        self.assertEqual(ours._get_page_state(), "open")

    def test_a_debit_of_a_part_leaves_the_rest_to_the_other_link(self):
        invoice = self._create_invoice(100)
        _mine, ref = self._start_debit(invoice, 40)
        ours = self._create_request(invoice, amounts=[60])
        self._receive(self.stripe.pay_async(ref))
        self.assertEqual(ours._get_page_state(), "open")
        self._pay(ours)
        self._receive(self.stripe.settle(ref))
        self.assertOwed(invoice, "0")
        self.assertFalse(ours.activity_ids)

    def test_what_a_debit_pays_is_not_asked_by_a_new_link(self):
        invoice = self._create_invoice(100)
        _mine, ref = self._start_debit(invoice)
        self._receive(self.stripe.pay_async(ref))
        with self.assertRaises(PaymentRequestRefused) as refused:
            self._create_request(invoice)
        self.assertEqual(refused.exception.details[0]["code"], "already_requested")

    def test_a_session_of_a_link_that_was_paid_meanwhile_is_closed(self):
        request = self._create_request(self._create_invoice(100))
        first = self._open_checkout(request)
        first.state = "failed"  # we lost sight of it
        self.env.flush_all()
        second = self._open_checkout(request)
        self._receive(self.stripe.pay(first.stripe_checkout_session_ref))
        self.assertEqual((request.state, second.state), ("completed", "open"))
        self._run_cron("ir_cron_poll_stripe")
        self.assertEqual(second.state, "expired")
        session = self.stripe.sessions[second.stripe_checkout_session_ref]
        self.assertEqual(session["status"], "expired")
        self.assertMoney(request)

    def test_a_session_that_nobody_wants_any_more_is_closed_as_soon_as_it_is_open(self):
        changes = {
            "cancelled": lambda request: request._transition("cancelled"),
            "paid elsewhere": lambda request: self._pay_elsewhere(request.line_ids.move_id, 60),
        }
        for name, change in changes.items():
            with self.subTest(name):
                request = self._create_request(self._create_invoice(100))

                def act(request=request, change=change):
                    change(request)
                    self.env.flush_all()

                self.stripe.meanwhile("POST", "/v1/checkout/sessions", act)
                with self.assertRaisesRegex(PayerNotice, "."):  # assertRaises would roll back
                    self._press_pay(request)
                sessions = self.stripe.sessions.values()
                self.assertEqual({session["status"] for session in sessions}, {"expired"})
                self.assertEqual(set(request.checkout_ids.mapped("state")), {"expired"})

    def test_who_dies_after_asking_stripe_asks_for_the_same_session_again(self):
        self._press_pay(self._create_request(self._create_invoice(5)))  # Stripe knows the customer
        known = set(self.stripe.sessions)
        request = self._create_request(self._create_invoice(100))
        self.stripe.fail_next("POST", "/v1/checkout/sessions", crash=True)
        with self.assertRaisesRegex(Crash, "died"):  # assertRaises would roll back
            self._press_pay(request)
        self.assertEqual(request.checkout_ids.state, "intended")
        self._press_pay(request)
        (ref,) = set(self.stripe.sessions) - known
        self.assertEqual(request.checkout_ids.stripe_checkout_session_ref, ref)

    def test_another_payment_does_not_open_the_link_while_a_debit_is_on_its_way(self):
        request = self._create_request(self._create_invoice(100))
        first = self._open_checkout(request)
        first.state = "failed"  # we lost sight of it
        self.env.flush_all()
        ref = self._open_checkout(request).stripe_checkout_session_ref
        self._receive(self.stripe.pay_async(ref))
        odd = self.stripe.pay(first.stripe_checkout_session_ref)
        odd["data"]["object"]["amount_total"] = 9000  # so that nothing of the invoice is paid
        self._receive(odd)
        self.assertEqual(request.amount_paid, 90)
        self.assertEqual(request._get_page_state(), "processing")
        self._receive(self.stripe.settle(ref))
        self.assertEqual(request.state, "completed")

    # === TWO AT THE SAME MOMENT === #

    def _make_two_links(self):
        """Return ``(ours, mine)``, both for all of one invoice."""
        invoice = self._create_invoice(100)
        mine = self._create_request(invoice)
        mine.is_from_customer = True
        return self._create_request(invoice), mine

    def _open_unseen(self, request):
        """Have `request` intend and open a checkout that could not see the one of another link.

        That is how it is when neither was committed when the other looked.
        """
        with self.registry.cursor() as cr:  # of the test's transaction, as _press_pay has it
            paying = request.with_env(api.Environment(cr, api.SUPERUSER_ID, {}))
            quote = paying._get_quote()
            self.env["payment.request.checkout"].with_env(paying.env)._intend(paying, quote)._open()

    def _get_open_sessions(self):
        return [ref for ref, one in self.stripe.sessions.items() if one["status"] == "open"]

    def test_of_two_links_that_are_paid_at_the_same_moment_one_leads_to_stripe(self):
        ours, mine = self._make_two_links()
        self.stripe.meanwhile("POST", "/v1/checkout/sessions", lambda: self._open_unseen(mine))
        with self.assertRaisesRegex(PayerNotice, "press Pay again"):
            self._press_pay(ours)
        self.assertEqual(self._get_open_sessions(), [mine.stripe_checkout_session_ref])
        self.assertEqual(ours.checkout_ids.mapped("state"), ["expired"])
        self._press_pay(ours)
        self.assertEqual(self._get_open_sessions(), [ours.stripe_checkout_session_ref])
        self._receive(self.stripe.pay(ours.stripe_checkout_session_ref))
        self.assertMoney(ours)
