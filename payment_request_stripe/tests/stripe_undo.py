# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What goes back at the fake Stripe: refunds, disputes, and the balance that they move."""

import copy
import time

from .stripe_objects import StripeObjects

DISPUTE_FEE = 1500
DAYS_FOR_EVIDENCE = 9


def fee(amount):
    """Return what Stripe keeps of a payment, in minor units: 2.9 % and 30."""
    return round(amount * 29 / 1000) + 30


class StripeUndo(StripeObjects):
    """Refunds and disputes, made at the dashboard or by the API, with their events."""

    def __init__(self):
        super().__init__()
        self.refunds = {}
        self.refund_status = "succeeded"  # of those that are asked for; banks may take days
        self.disputes = {}
        self.balance = {}
        self.settles = {}  # currency: (currency of the balance, what its minor unit is there)
        self.payouts = {}
        self.paid_out = {}  # balance transaction: payout

    def refund(self, charge, amount=None, *, status="succeeded", metadata=None, reason=None):
        """Refund `amount` minor units (default: what is left); return the refund."""
        amount = amount or charge["amount"] - charge["amount_refunded"]
        refund = {
            "id": self.new_ref("re"),
            "object": "refund",
            "amount": amount,
            "charge": charge["id"],
            "created": int(time.time()),
            "currency": charge["currency"],
            "failure_balance_transaction": None,
            "metadata": metadata or {},
            "payment_intent": charge["payment_intent"],
            "reason": reason,
            "status": status,
        }
        refund["balance_transaction"] = self.move_balance("refund", refund, -amount)["id"]
        charge["amount_refunded"] += amount
        charge["refunded"] = charge["amount_refunded"] == charge["amount"]
        self.refunds[refund["id"]] = refund
        self.event("refund.created", refund)
        self.event("charge.refunded", charge)
        return refund

    def finish_refund(self, refund, status):
        """The bank answers: ``succeeded``, or ``failed``, which may come after success."""
        refund["status"] = status
        if status == "failed":
            refund["failure_reason"] = "lost_or_stolen_card"
            charge = self.charges[refund["charge"]]
            charge["amount_refunded"] -= refund["amount"]
            charge["refunded"] = False
            line = self.move_balance("refund_failure", refund, refund["amount"])
            given = self.balance[refund["balance_transaction"]]["amount"]
            line.update(amount=-given, net=-given)
            refund["failure_balance_transaction"] = line["id"]
            return self.event("refund.failed", refund)
        return self.event("refund.updated", refund)

    def dispute(self, charge, amount=None, *, inquiry=False, reason="fraudulent"):
        """The payer disputes; return ``(dispute, events)``, the money's one included."""
        dispute = {
            "id": self.new_ref("du"),
            "object": "dispute",
            "amount": amount or charge["amount"] - charge["amount_refunded"],
            "balance_transactions": [],
            "charge": charge["id"],
            "created": int(time.time()),
            "currency": charge["currency"],
            "evidence_details": {
                "due_by": int(time.time()) + DAYS_FOR_EVIDENCE * 24 * 3600,
                "has_evidence": False,
                "past_due": False,
                "submission_count": 0,
            },
            "is_charge_refundable": inquiry,
            "livemode": charge["livemode"],
            "metadata": {},
            "payment_intent": charge["payment_intent"],
            "reason": reason,
            "status": "warning_needs_response" if inquiry else "needs_response",
        }
        self.disputes[dispute["id"]] = dispute
        charge["disputed"] = True
        created = self.event("charge.dispute.created", dispute)
        return dispute, [created] if inquiry else [created, self.withdraw(dispute)]

    def withdraw(self, dispute):
        """Stripe takes the disputed money and its fee."""
        dispute["status"] = "needs_response"
        line = self.move_balance("adjustment", dispute, -dispute["amount"], DISPUTE_FEE)
        dispute["balance_transactions"].append(line)
        return self.event("charge.dispute.funds_withdrawn", dispute)

    def close_dispute(self, dispute, status, returned=0):
        """End as ``won``, ``lost`` or ``warning_closed``; return the events.

        :param returned: minor units that come back of one that is lost: what had been refunded
        """
        dispute["status"] = status
        events = []
        if returned := dispute["amount"] if status == "won" else returned:
            line = self.move_balance("adjustment", dispute, returned)
            dispute["balance_transactions"].append(line)
            events.append(self.event("charge.dispute.funds_reinstated", dispute))
        return [*events, self.event("charge.dispute.closed", dispute)]

    def move_balance(self, kind, source, amount, kept=0):
        """Add a movement of the balance: `amount` before and `amount - kept` after the fee.

        What settles in another currency is changed, each time at another rate.
        """
        currency = source["currency"]
        if currency in self.settles:
            currency, rate = self.settles[currency]
            rate *= 1 + len(self.balance) % 5 / 1000
            amount, kept = round(amount * rate), round(kept * rate)
        line = {
            "id": self.new_ref("txn"),
            "object": "balance_transaction",
            "amount": amount,
            "created": int(time.time()),
            "currency": currency,
            "fee": kept,
            "net": amount - kept,
            "reporting_category": kind,
            "source": source["id"],
            "type": kind,
        }
        self.balance[line["id"]] = line
        return line

    def pay_out(self, *, automatic=True, status="paid", reconciled="completed"):
        """Send what lies on the balance to the bank, in its one currency; return the event."""
        rows = [row for ref, row in self.balance.items() if ref not in self.paid_out]
        (currency,) = {row["currency"] for row in rows}
        payout = {
            "id": self.new_ref("po"),
            "object": "payout",
            "amount": sum(row["net"] for row in rows),
            "arrival_date": int(time.time()),
            "automatic": automatic,
            "created": int(time.time()),
            "currency": currency,
            "failure_message": None,
            "livemode": False,
            "metadata": {},
            "reconciliation_status": reconciled if automatic else "not_applicable",
            "status": status,
        }
        self.payouts[payout["id"]] = payout
        own = self.move_balance("payout", payout, -payout["amount"])
        for row in [*rows, own]:
            self.paid_out[row["id"]] = payout["id"]
        return self.event(f"payout.{status}", payout)

    def fail_payout(self, payout):
        """The bank sends a payout back: it lies on the balance again; return the event."""
        payout.update(status="failed", failure_message="The bank account has been closed.")
        line = self.move_balance("payout_failure", payout, payout["amount"])
        payout["failure_balance_transaction"] = line["id"]
        return self.event("payout.failed", payout)

    def _succeed(self, session, intent, event_type):
        event = super()._succeed(session, intent, event_type)
        charge = self.charges[intent["latest_charge"]]
        line = self.move_balance("charge", charge, charge["amount"], fee(charge["amount"]))
        charge["balance_transaction"] = line["id"]
        return event

    def charge_of(self, session_ref):
        """Return the charge that paid a session."""
        intent = self.payment_intents[self.sessions[session_ref]["payment_intent"]]
        return self.charges[intent["latest_charge"]]

    # === LISTS === #

    def list_of(self, rows, url, limit):
        return {
            "object": "list",
            "url": url,
            "has_more": False,
            "data": [copy.deepcopy(row) for row in list(rows)[:limit]],
        }
