# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import models

from ..gateways.money import to_decimal, to_major

# Stripe's words for what moves its balance. Payouts and fees of the account are not ours.
CHARGES = ("charge", "payment")
REFUNDS = ("refund", "payment_refund")
FAILED = ("failed", "canceled")  # a refund that moved the balance there and back


class PaymentRequestAudit(models.AbstractModel):
    """Says what our books do not say of a movement of Stripe's balance, for one company.

    A movement comes as Stripe tells it, its source expanded; `self` has a `company_id`. It is
    compared with the posted items on the clearing account: those that we made for it and, where
    these do not fit, those whose entry names Stripe's id in its reference.
    """

    _name = "payment.request.audit"
    _description = "Audit of Payment Requests"

    def _get_provider(self):
        return self.env["payment.provider"]._get_payment_request_provider(self.company_id)

    def _is_ours(self, source):
        """Tell whether what moved the balance belongs to a checkout of this company's.

        Or of a branch of it: they may share a Stripe account. The set-up's tests are nobody's.
        """
        if found := self._find_checkout(source):
            is_ours = self.company_id in found.company_id.sudo().parent_ids
            return is_ours and not found.request_id.is_setup_test
        metadata = source.get("metadata") or {}
        return self.env["payment.request.event"]._is_marked_ours(self._get_provider(), metadata)

    def _find_checkout(self, source):
        """Return the checkout of what moved the balance, or none."""
        checkouts = self.env["payment.request.checkout"]
        found = checkouts.search(
            [("stripe_payment_intent_ref", "=", source.get("payment_intent") or "-")], limit=1
        )
        key = (source.get("metadata") or {}).get("checkout")
        return found or (key and checkouts.search([("idempotency_key", "=", key)], limit=1))

    def _find_difference(self, row, source):
        """Return what our books do not say of one movement, in sentences; mostly none."""
        kind = row["type"]
        if source.get("object") == "dispute":
            return self._compare_dispute(source)
        if kind in CHARGES:
            return self._compare_charge(row, source)
        if kind in (*REFUNDS, "refund_failure"):
            return self._compare_refund(row, source)
        if kind == "payment_failure_refund":  # of a debit that never arrived
            return self._compare_nothing(source)
        return [
            self.env._(
                "%(movement)s of %(money)s (%(kind)s of %(ref)s) is of a kind unknown here.",
                movement=row.get("id"),
                money=self._format(row["amount"], row["currency"]),
                kind=kind,
                ref=source.get("payment_intent") or source.get("id"),
            )
        ]

    def _find_row(self, model, field_name, ref):
        return self.env[model].search([(field_name, "=", ref)], limit=1)

    # === ON THE CLEARING ACCOUNT === #

    def _get_booked(self, moves, account):
        """Return ``{currency: Decimal}`` of what posted entries and their reversals hold there."""
        totals = {}
        for item in moves._with_reversals().line_ids:
            if item.account_id == account and item.parent_state == "posted":
                name, digits = item.currency_id.name, item.currency_id.decimal_places
                amount = to_decimal(item.amount_currency, digits)
                totals[name] = totals.get(name, 0) + amount
        return {name: total for name, total in totals.items() if total}

    def _is_same(self, booked, told):
        """Compare ``{currency: Decimal}``, as exactly as Odoo can keep the amounts."""
        currencies = self.env["res.currency"].with_context(active_test=False)
        return all(
            currencies.search([("name", "=", code)], limit=1).is_zero(
                float(booked.get(code, 0) - told.get(code, 0))
            )
            for code in {*booked, *told}
            if booked.get(code) != told.get(code)
        )

    def _find_named(self, ref, account):
        """Return the entries on the clearing account that name `ref`, a person's among them."""
        items = self.env["account.move.line"].search(
            [
                ("move_id.ref", "ilike", ref),
                ("account_id", "=", account.id),
                ("parent_state", "=", "posted"),
            ]
        )
        return items.move_id

    def _format(self, minor, currency_code):
        return f"{to_major(minor, currency_code)} {currency_code.upper()}"

    # === PAYMENTS AND REFUNDS === #

    def _compare_charge(self, row, source):
        ref, status = source["payment_intent"], source.get("status", "succeeded")
        if status == "pending":  # a debit under way lies on Stripe's balance before it arrives
            return []
        if status == "failed":
            return self._compare_nothing(source)
        payment = self._find_row("account.payment", "stripe_payment_intent_ref", ref)
        return self._compare_payment(payment, ref, source) or (
            self._compare_exchange(payment, ref, row, source)
            if row["currency"] != source["currency"]
            else self._compare_fee(payment, ref, row)
        )

    def _compare_nothing(self, source):
        """Name a payment that is in the books although Stripe never got it."""
        ref = source["payment_intent"]
        payment = self._find_row("account.payment", "stripe_payment_intent_ref", ref)
        if not self._get_booked(payment.move_id, payment.outstanding_account_id):
            return []
        return [
            self.env._(
                "%(ref)s of %(money)s failed at Stripe, and is booked as %(payment)s.",
                ref=ref,
                money=self._format(source["amount"], source["currency"]),
                payment=payment.name,
            )
        ]

    def _compare_refund(self, row, source):
        ref = source["id"]
        money = self._format(source["amount"], source["currency"])
        refund = self._find_row("payment.request.refund", "stripe_refund_ref", ref)
        payment = self._find_row("account.payment", "stripe_refund_ref", ref)
        is_known = refund.state in ("failed", "cancelled")  # that is the last word on a refund
        has_failed = row["type"] == "refund_failure" or source.get("status") in FAILED
        if is_known or has_failed:
            if not payment or self._is_undone(payment, is_known):
                return []
            return [
                self.env._(
                    "%(ref)s of %(money)s failed at Stripe, and is booked as %(payment)s.",
                    ref=ref,
                    money=money,
                    payment=payment.name,
                )
            ]
        # A payout is kept as it was told then; what was under way may be booked since.
        if "succeeded" in (source.get("status"), refund.state):
            return self._compare_payment(payment, ref, source, -1) or (
                self._compare_exchange(payment, ref, row, source)
                if row["currency"] != source["currency"]
                else self._compare_fee(payment, ref, row)
            )
        if refund:
            return []
        return [self.env._("%(ref)s of %(money)s is not known.", ref=ref, money=money)]

    def _is_undone(self, refund_payment, is_known):
        """Tell whether the books hold nothing of a refund that failed, but what Stripe changed.

        :param is_known: that it failed was learned; what Stripe changed until then is to go too
        """
        account, currency = refund_payment.outstanding_account_id, refund_payment.currency_id
        entries = refund_payment.move_id | refund_payment.stripe_exchange_move_id
        settled_in = refund_payment.stripe_balance_currency_id or currency
        digits = settled_in.decimal_places
        is_changed = is_known and settled_in != currency
        moved = to_decimal(refund_payment.stripe_settled, digits) if is_changed else 0
        return self._is_same(self._get_booked(entries, account), {settled_in.name: moved})

    def _compare_payment(self, payment, ref, source, sign=1):
        """Return how what is booked of a payment or refund differs from what Stripe moved."""
        amount = sign * to_major(source["amount"], source["currency"])
        money = self._format(source["amount"], source["currency"])
        currency, account = payment.currency_id, payment.outstanding_account_id
        expected = {source["currency"].upper(): amount}
        booked = self._get_booked(payment.move_id, account)
        if self._is_same(booked, expected):
            return []
        if not payment or payment.move_id.state != "posted":
            return [self._name_unbooked(ref, money, source)]
        if self._is_same(self._get_booked(self._find_named(ref, account), account), expected):
            return []
        return [
            self.env._(
                "%(ref)s of %(money)s is booked with %(booked)s as %(payment)s.",
                ref=ref,
                money=money,
                booked=currency.format(float(sign * booked.get(currency.name, 0))),
                payment=payment.name,
            )
        ]

    def _name_unbooked(self, ref, money, source):
        """Return what is not booked, with whose it is as far as we know."""
        if not (checkout := self._find_checkout(source)):
            return self.env._("%(ref)s of %(money)s is not booked.", ref=ref, money=money)
        request = checkout.request_id
        return self.env._(
            "%(ref)s of %(money)s is not booked: %(request)s, %(customer)s.",
            ref=ref,
            money=money,
            request=request.name,
            customer=request.partner_id.display_name,
        )

    def _compare_exchange(self, payment, ref, row, source):
        """Name what Stripe changed into another currency, and is not so on the clearing account."""
        account, code = payment.outstanding_account_id, row["currency"].upper()
        booked = self._get_booked(self._find_named(ref, account), account)
        gross, net = to_major(row["amount"], code), to_major(row["amount"] - row["fee"], code)
        totals = [{code: net}] if self._is_fee_wanted(payment) else [{code: net}, {code: gross}]
        if any(self._is_same(booked, total) for total in totals):
            return []
        return [
            self.env._(
                "Stripe changed %(ref)s of %(money)s into %(changed)s (after its fee: %(net)s): "
                "the clearing account does not show that.",
                ref=ref,
                money=self._format(source["amount"], source["currency"]),
                changed=f"{gross} {code}",
                net=f"{net} {code}",
            )
        ]

    # === FEES === #

    def _is_fee_wanted(self, payment):
        """Tell whether the fee of a payment or refund belongs into the books.

        Where fees are booked only since later, those of earlier ones are not missed.
        """
        if payment.stripe_balance_ref:
            return payment.stripe_fee_wanted or bool(payment.stripe_fee_move_id)
        return payment.company_id.payment_request_post_fees

    def _compare_fee(self, payment, ref, row):
        """Return how what is booked of a fee differs from what Stripe kept."""
        code = row["currency"].upper()
        kept = to_major(row.get("fee") or 0, code)
        account, entry = payment.outstanding_account_id, payment.stripe_fee_move_id
        if not kept or not self._is_fee_wanted(payment):
            return []
        booked = self._get_booked(entry, account)
        if not self._is_same(booked, {code: -kept}):
            named = self._find_named(ref, account)
            own = payment.move_id | payment.move_id.reversal_move_ids
            booked = self._get_booked(named - own, account)
        if self._is_same(booked, {code: -kept}):
            return []
        fee = f"{kept} {code}"
        if not booked:
            return [self.env._("The fee of %(ref)s, %(fee)s, is not booked.", ref=ref, fee=fee)]
        return [
            self.env._(
                "The fee of %(ref)s, %(fee)s, is booked with %(booked)s.",
                ref=ref,
                fee=fee,
                booked=", ".join(f"{-total} {name}" for name, total in booked.items()),
            )
        ]
