# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What is there at a moment of a history, and what must hold of it."""


class HistoryFacts:
    """Looks at the request of a history, the links that deduct its money, and all invoices."""

    def assertAgrees(self):
        """Assert what must hold at any moment, and that nothing waits for somebody to mend it."""
        requests = self.request | self.links
        for request in requests:
            self.case.assertMoney(request, self.freed)
        self.case.assertFalse(self._get_loose_undo())
        self.case.assertNothingLoose()
        failed = requests.event_ids.filtered(lambda event: event.state == "failed")
        self.case.assertFalse(failed.mapped("error"))

    def assertOpenedAsTold(self, owed, told):
        """Assert that what says that it is open again is what owes more than before."""
        opened = {
            move for move, amount in self._get_owed().items() if amount > owed.get(move, amount)
        }
        self.case.assertEqual({move for move, _message in self._get_told() - told}, opened)

    def assertOnlyOpened(self, line, told):
        """Assert that a refund of `line` opened other invoices only when its own has given all."""
        others = {move for move, _message in self._get_told() - told} - {line.move_id}
        under_way = self.request.refund_ids.filtered(lambda one: one.state == "pending")
        if others and not under_way:
            shares = self.request.payment_ids.move_id.line_ids.filtered(
                lambda item: item.payment_request_line_id == line and not item.payment_request_part
            )
            used = shares.matched_debit_ids.debit_move_id.move_id
            self.case.assertNotIn(line.move_id, used)

    # === WHAT IS THERE === #

    def _open(self):
        live = self.request._get_live_checkout()
        if live and live.quote == self.request._get_quote():
            return live.stripe_checkout_session_ref
        return self.case._open_checkout(self.request).stripe_checkout_session_ref

    def _get_held(self):
        """Return ``{request line, or none: Decimal}`` of what can be refunded of each."""
        held = {}
        for payment in self.request._get_stripe_payments():
            for share, amount in payment._get_unpromised().items():
                line = share.payment_request_line_id
                held[line] = held.get(line, 0) + amount
        return held

    def _get_loose_undo(self):
        """Return what took money back and took it from no payment and no credit note."""
        payments = (self.request | self.links).payment_ids
        return self.case.env["account.move.line"].search(
            [
                ("payment_request_share_id.move_id", "in", payments.move_id.ids),
                ("parent_state", "=", "posted"),
                ("reconciled", "=", False),
            ]
        )

    def _get_work(self):
        """Return a payment of the request that the list of work holds, or none."""
        self.case.env.flush_all()
        return self.request.payment_ids.filtered("payment_request_has_credit")[:1]

    def _get_invoices(self):
        domain = [("id", ">=", self.invoices[0].id), ("move_type", "=", "out_invoice")]
        return self.case.env["account.move"].search([*domain, ("state", "=", "posted")])

    def _get_owed(self):
        return {move: move.amount_residual for move in self._get_invoices()}

    def _get_told(self):
        """Return ``{(invoice, message)}`` of the messages that say that it is open again."""
        return {
            (move, message)
            for move in self._get_invoices()
            for message in move.message_ids
            if "Open again" in (message.body or "")
        }

    def _refundable(self):
        charged_back = {
            one["charge"] for one in self.disputes if one["status"] in ("needs_response", "lost")
        }
        return [
            charge
            for charge in self.charges
            if charge["amount"] > charge["amount_refunded"] and charge["id"] not in charged_back
        ]
