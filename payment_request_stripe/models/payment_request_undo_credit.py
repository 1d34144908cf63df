# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from decimal import Decimal

from odoo import models

from ..gateways.money import to_decimal


class AccountMoveLine(models.Model):
    """Money that a link deducted as a credit of the customer, and that goes back or returns.

    The link's payment holds two items: one took from the credit, the other gave to an invoice.
    What the credit does not give any more, the two settle between themselves: the invoice owes it.
    """

    _inherit = "account.move.line"

    def _get_credit_sources(self):
        """Return those of these items that took something from a credit."""
        return self.filtered(lambda line: line.payment_request_part == "credit_source")

    def _get_applied_credit(self):
        """Return the item that gave an invoice what this item took from a credit."""
        self.ensure_one()
        items = self.move_id.line_ids.filtered(
            lambda line: line.payment_request_credit_id == self.payment_request_credit_id
        ).sorted("id")
        sources = items._get_credit_sources()
        return (items - sources)[list(sources).index(self)]  # they are made in pairs

    def _get_own_pairs(self):
        """Return the reconciliations of this applied credit with the item that took it."""
        return self.matched_debit_ids.filtered(
            lambda partial: partial.debit_move_id.move_id == self.move_id
        )

    def _get_given_credit(self):
        """Return what these applied credits gave, without what was taken off again: Decimal."""
        given = Decimal(0)
        for line in self:
            digits = line.currency_id.decimal_places
            given += to_decimal(-line.amount_currency, digits)
            for partial in line._get_own_pairs():
                given -= to_decimal(partial.credit_amount_currency, digits)
        return given

    # === GOING BACK === #

    def _take_credits_off(self, freed, entry):
        """Have invoices owe again what credits among `freed` had settled.

        :param freed: ``{item: Decimal}`` that the money of `entry` does not pay any more
        :return: the other items of `freed`, and those of invoices that owe again by it
        """
        opened, credits_ = self.browse(), self.env["payment.request.credit"]
        todo = list(freed.items())
        while todo:
            item, amount = todo.pop(0)
            if not item._get_credit_sources():
                opened |= item
                continue
            applied = item._get_applied_credit()
            given_up, rest = applied._free_share(amount)
            self._reconcile_plan([applied | item, *([rest] if rest else [])])
            credits_ |= item.payment_request_credit_id
            todo += list(given_up.items())
        for credit in credits_:
            credit._tell_taken_off(credit._count_again(), entry)
        return opened

    # === RETURNING === #

    def _settle_credits_again(self, entry):
        """Have the deductions of these credits settle their invoices again, as far as they go.

        :param entry: what had taken the money back
        :return: the invoices that are paid again by it
        """
        paid = self.env["account.move"]
        sources = self.env["account.move.line"].search(
            [
                ("payment_request_credit_id.item_id", "in", self.ids),
                ("payment_request_part", "=", "credit_source"),
                ("parent_state", "=", "posted"),
            ],
            order="id",
        )
        for source in sources:
            item = source.payment_request_credit_id.item_id
            if item.parent_state == "posted" and not (item.reconciled or source.reconciled):
                self._reconcile_plan([source | item])
            if item.parent_state == "posted" and not item.reconciled:
                paid |= source._apply_credit_again(item, entry)
        return paid

    def _apply_credit_again(self, item, entry):
        """Have this item take from the credit `item` again what was taken off its invoice.

        :return: the invoice that is paid again, or none
        """
        applied, credit = self._get_applied_credit(), self.payment_request_credit_id
        pairs = applied._get_own_pairs()
        owed = applied.payment_request_line_id._get_open_invoice_lines(applied.account_id)
        digits = self.currency_id.decimal_places
        off = sum(to_decimal(one.credit_amount_currency, digits) for one in pairs)
        room = to_decimal(credit.amount, digits) - to_decimal(credit.amount_used, digits)
        if not off or not owed or off > room:
            return self.env["account.move"]
        pairs.unlink()
        # What the scarcer side cannot give or take, the two settle between themselves again.
        plan = [item | self, applied | self, applied | owed]
        if owed._get_open_amount() < item._get_open_amount():
            plan.reverse()
        self._reconcile_plan(plan)
        credit._count_again()
        if not applied._get_own_pairs():
            credit._drop_taken_off(entry | self.move_id)
        return owed.move_id

    # === TELLING === #

    def _tell_loose_sources(self):
        """Have a person look at what took from a credit, and is taken from nothing any more."""
        for entry in self.sudo().move_id.filtered("origin_payment_id.payment_request_id"):
            request = entry.origin_payment_id.payment_request_id
            summary = self.env._("To reconcile: %(entry)s", entry=entry.name)
            loose = {}
            for source in entry.line_ids._get_credit_sources():
                both = source._get_open_amount(), source._get_applied_credit()._get_open_amount()
                if both[0] > both[1]:
                    loose[source] = both[0] - both[1]
            if not loose or entry.state != "posted":
                request._drop_activity(summary)
                continue
            taken = entry.line_ids.browse().union(*loose).payment_request_credit_id.item_id.move_id
            note = self.env._(
                "%(entry)s deducted %(amount)s of %(credit)s, which was undone by hand. Reconcile "
                "both again; if it went back, reconcile the two items of %(entry)s instead, so "
                "that the invoice owes it.",
                entry=entry.name,
                amount=request.currency_id.format(float(sum(loose.values()))),
                credit=", ".join(taken.mapped("name")),
            )
            request._notify_person_in_charge(summary, note)


class AccountPartialReconcile(models.Model):
    _inherit = "account.partial.reconcile"

    def _count_credits(self):
        """Count the credits of which the two items of a link's payment settle each other."""
        sources = self.debit_move_id._get_credit_sources()
        pairs = self.filtered(
            lambda partial: (
                partial.debit_move_id in sources
                and partial.debit_move_id.move_id == partial.credit_move_id.move_id
            )
        )
        pairs.sudo().debit_move_id.payment_request_credit_id._count_again()


class PaymentRequestCredit(models.Model):
    _inherit = "payment.request.credit"

    def _count_again(self):
        """Count what these credits gave to invoices, after a part was taken off or given again.

        :return: ``{request line: Decimal}`` of what it got less than was counted until now
        """
        items = self.env["account.move.line"].sudo()
        less = {}
        for credit in self:
            given = items.search(
                [
                    ("payment_request_credit_id", "=", credit.id),
                    ("payment_request_part", "=", "credit"),
                ]
            )
            digits = credit.currency_id.decimal_places
            # Of a cancelled payment it is not known what was taken off: until it is posted again,
            # it counts as all.
            most = to_decimal(credit.amount, digits)
            credit.amount_used = float(min(given._get_given_credit(), most))
            for line in given.payment_request_line_id:
                got = line._get_given_credits()
                if lost := to_decimal(line.amount_credit, digits) - got:
                    less[line] = lost
                    line.amount_credit = float(got)
        return less

    def _get_taken_off_summary(self, entry):
        return self.env._(
            "A deducted credit went back: %(credit)s (%(entry)s)",
            credit=self.item_id.sudo().move_id.name,
            entry=entry.name,
        )

    def _tell_taken_off(self, less, entry):
        """Have a person ask again for what this credit had settled until `entry`.

        :param less: as :meth:`_count_again` returns it
        """
        lost = {line: amount for line, amount in less.items() if amount > 0}
        if not lost:
            return
        note = self.env._(
            "%(request)s had deducted %(credit)s. %(amount)s of it is gone with %(entry)s and is "
            "owed again: %(invoices)s. Ask the customer for it.",
            request=self.request_id.name,
            credit=self.item_id.sudo().move_id.name,
            amount=self.currency_id.format(float(sum(lost.values()))),
            entry=entry.name,
            invoices=self.env["account.move"].union(*[line.move_id for line in lost])._say_names(),
        )
        self.request_id._message_log(body=note)
        self.request_id._notify_person_in_charge(self._get_taken_off_summary(entry), note)

    def _drop_taken_off(self, entries):
        for entry in entries:
            self.request_id._drop_activity(self._get_taken_off_summary(entry))


class PaymentRequestLine(models.Model):
    _inherit = "payment.request.line"

    def _get_given_credits(self):
        """Return what credits gave this line, and was not taken off again: Decimal."""
        self.ensure_one()
        return (
            self.env["account.move.line"]
            .sudo()
            .search(
                [
                    ("payment_request_line_id", "=", self.id),
                    ("payment_request_part", "=", "credit"),
                ]
            )
            ._get_given_credit()
        )


class AccountPayment(models.Model):
    _inherit = "account.payment"

    def _take_credits_again(self):
        """Have a payment that is posted again take from its credits what they still hold.

        What they do not hold any more is on no invoice: a person is told.
        """
        self.ensure_one()
        items = self.move_id.line_ids
        sources = items._get_credit_sources().filtered(lambda line: not line.reconciled)
        if not sources:
            return
        credits_ = sources.payment_request_credit_id
        before = {line: line.amount_credit for line in items.payment_request_line_id}
        plan = [
            source | item
            for source in sources.sorted("id")
            if (item := source.payment_request_credit_id.item_id).parent_state == "posted"
            and not item.reconciled
        ]
        if plan:
            items._reconcile_plan(plan)
        for source in sources.filtered(lambda line: not line.reconciled):
            items._reconcile_plan([source._get_applied_credit() | source])
        credits_._count_again()
        less = {
            line: to_decimal(amount - line.amount_credit, self.currency_id.decimal_places)
            for line, amount in before.items()
        }
        credits_[:1]._tell_taken_off(less, self.move_id)
