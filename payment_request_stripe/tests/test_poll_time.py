# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""When Stripe is slow, a run of the poll ends in time and the next one does the rest."""

import time

from odoo import fields
from odoo.tests import tagged

from .money_case import MoneyCase


@tagged("post_install", "-at_install")
class TestPollTime(MoneyCase):
    def setUp(self):
        super().setUp()
        self.cron = self.env.ref("payment_request_stripe.ir_cron_poll_stripe")
        self.requests = self.env["payment.request"]

    def _poll_late(self, seconds=0):
        """Run the poll when its time has been over for so long; return whether it rang for more."""
        self.env["ir.cron.trigger"].search([("cron_id", "=", self.cron.id)]).unlink()
        self.env.flush_all()
        with self._as_in_production(self.env["payment.request.event"]) as events:
            _cron, progress = self.cron.with_env(events.env)._add_progress()
            events.with_context(
                cron_id=self.cron.id,
                ir_cron_progress_id=progress.id,
                cron_end_time=time.monotonic() - seconds,
            ).sudo()._cron_poll_stripe()
            self.assertFalse(progress.remaining, "Odoo would begin again at once")
        self._run_cron("ir_cron_process_events")
        rung = self.env["ir.cron.trigger"].search([("cron_id", "=", self.cron.id)])
        self.assertTrue(all(one.call_at > fields.Datetime.now() for one in rung))
        return bool(rung)

    def _pay_requests(self, count):
        for _number in range(count):
            self.requests |= self._pay_invoices(100)[0]

    def _count_fees(self):
        self.env.invalidate_all()
        return len(self.requests.filtered("stripe_fee"))

    def test_fees_are_learned_one_run_after_the_other(self):
        self._pay_requests(3)
        rung = [(self._poll_late(), self._count_fees()) for _run in range(3)]
        self.assertEqual(rung, [(True, 1), (True, 2), (False, 3)])
        self.assertFalse(self._poll_late(), "nothing is left to be asked")

    def test_what_stripe_cannot_tell_yet_is_not_asked_again_at_once(self):
        self._pay_requests(2)
        told = dict(self.stripe.payment_intents)
        self.stripe.payment_intents.clear()
        self.assertEqual([self._poll_late() for _run in range(3)], [True, False, False])
        self.stripe.payment_intents.update(told)
        self._run_cron("ir_cron_poll_stripe")
        self._run_cron("ir_cron_process_events")
        self.assertEqual(self._count_fees(), 2)

    def test_a_run_that_is_very_late_asks_nothing_and_leaves_all_to_the_next(self):
        self._pay_requests(2)
        self.assertTrue(self._poll_late(seconds=60))
        self.assertEqual(self._count_fees(), 0)
        self._run_cron("ir_cron_poll_stripe")
        self._run_cron("ir_cron_process_events")
        self.assertEqual(self._count_fees(), 2)

    def test_refunds_under_way_are_asked_one_run_after_the_other(self):
        self.stripe.refund_status = "pending"
        self._pay_requests(2)
        for request in self.requests:
            self._refund(request)
        for refund in self.stripe.refunds.values():
            self.stripe.finish_refund(refund, "succeeded")
        states = []
        self.requests.refund_ids.sudo().asked_at = False
        for _run in range(2):
            rung = self._poll_late()
            self.env.invalidate_all()
            states.append((rung, sorted(self.requests.refund_ids.mapped("state"))))
        self.assertEqual(states[0], (True, ["pending", "succeeded"]))
        self.assertEqual(states[1][1], ["succeeded", "succeeded"])
        for request in self.requests:
            self.assertOwed(request.line_ids.move_id, "100")

    def test_lists_of_refunds_are_asked_one_run_after_the_other(self):
        charges = []
        for _number in range(2):
            request, _invoices, charge = self._pay_invoices(100)
            self.requests |= request
            charges.append(charge)
        for charge in charges:
            self.stripe.refund(charge, 4000)
        self._receive(*[one for one in self.stripe.events if one["type"] == "charge.refunded"])
        self.requests.checkout_ids.sudo().asked_at = False
        refunded = []
        for _run in range(2):
            self._poll_late()
            self.env.invalidate_all()
            refunded.append(sum(self.requests.mapped("amount_refunded")))
        self.assertEqual(refunded, [40, 80])
