# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from decimal import Decimal

from markupsafe import Markup

from odoo import api, fields, models

from ..gateways.money import chargeable, to_decimal


class PaymentRequestLine(models.Model):
    _inherit = "payment.request.line"

    def _get_lapsed(self):
        """Return what is asked of the invoice and not owed any more: Decimal, major units.

        What payments of this request settled is not in it, whatever went back since.
        """
        self.ensure_one()
        digits = self.currency_id.decimal_places
        nothing = to_decimal(0, digits)
        asked = max(to_decimal(self.amount, digits) - self._get_settled(), nothing)
        asked = to_decimal(chargeable(asked, self.currency_id.name), digits)
        return max(asked - to_decimal(self.amount_due, digits), nothing)

    def _describe_lapse(self):
        """Return in a few words what became of the invoice."""
        self.ensure_one()
        invoice = self.move_id
        name = invoice.name or invoice.display_name
        if invoice.state != "posted":
            return self.env._("%(name)s is not posted any more", name=name)
        if not self._is_as_asked():
            return self.env._("%(name)s is of another customer or currency now", name=name)
        money = self.currency_id.format(float(self._get_lapsed()))
        return self.env._("%(amount)s of %(name)s was paid or credited", amount=money, name=name)


class PaymentRequest(models.Model):
    """Telling the person in charge what happened to the invoices of a link by other ways."""

    _inherit = "payment.request"

    amount_lapsed = fields.Monetary(
        compute="_compute_amount_lapsed",
        store=True,
        string="Asked No More",
        help="What was asked, and was paid, credited or changed in another way than by this link.",
    )
    amount_lapsed_told = fields.Monetary(
        readonly=True, copy=False, help="What of it the person in charge knows."
    )
    is_lapse_untold = fields.Boolean(compute="_compute_amount_lapsed", store=True)

    _lapse_untold = models.Index("(id) WHERE is_lapse_untold")

    @api.depends(
        "amount_lapsed_told",
        "line_ids.amount",
        "line_ids.amount_credit",
        "line_ids.amount_discount",
        "line_ids.amount_due",
        "line_ids.amount_paid",
    )
    def _compute_amount_lapsed(self):
        for request in self:
            lapsed = sum((line._get_lapsed() for line in request.line_ids), Decimal(0))
            request.amount_lapsed = float(lapsed)
            request.is_lapse_untold = lapsed != to_decimal(
                request.amount_lapsed_told, request.currency_id.decimal_places
            )

    def _get_change_summary(self, change):
        """Return what the activity about a change is called: ``changed``, ``gone``, ``hands``."""
        return {
            "changed": self.env._("The invoices of %(name)s changed", name=self.name),
            "gone": self.env._("The invoices of %(name)s are not posted any more", name=self.name),
            "hands": self.env._("The invoices of %(name)s changed hands", name=self.name),
        }[change]

    def _drop_changes(self, *changes):
        for change in changes:
            self._drop_activity(self._get_change_summary(change))

    def _tell_change(self, at_stripe=False):
        """Tell what the link asks for by now; what was told before is brought up to date.

        :param bool at_stripe: the customer was about to pay another amount
        """
        self.ensure_one()
        self._drop_changes("gone", "hands")
        lapses = [line._describe_lapse() for line in self.line_ids if line._get_lapsed()]
        if not lapses and not at_stripe:
            self._drop_changes("changed")
            self._message_log(body=self.env._("The link asks for all of its invoices again."))
            return
        note = self.env._(
            "The link now asks for %(amount)s.",
            amount=self.currency_id.format(self.amount_residual),
        )
        if lapses:
            digits = self.currency_id.decimal_places
            before = sum(
                to_decimal(amount, digits) for amount in (self.amount_residual, self.amount_lapsed)
            )
            note = self.env._(
                "%(changes)s. The link now asks for %(amount)s instead of %(before)s.",
                changes=", ".join(lapses),
                amount=self.currency_id.format(self.amount_residual),
                before=self.currency_id.format(float(before)),
            )
        if at_stripe:
            about_to = self.env._("The customer was about to pay another amount.")
            note = f"{about_to} {note}"
        self._message_log(body=note)
        if self._concerns_somebody():
            self._notify_person_in_charge(
                self._get_change_summary("changed"), note, renew=True, task="changed"
            )

    def _close_settled(self):
        """Complete a link of which nothing is left to pay; one without invoices needs a person.

        :return: whether it is completed
        """
        self.ensure_one()
        if self._get_live_checkout():
            return False  # it could not be closed yet
        self._drop_changes("changed")
        gone = self.line_ids.move_id.filtered(lambda move: move.state != "posted")
        if gone:
            self._notify_person_in_charge(
                self._get_change_summary("gone"),
                self.env._(
                    "%(invoices)s cannot be paid by the link. Post the invoices again, or cancel "
                    "the payment request.",
                    invoices=", ".join(move.name or move.display_name for move in gone),
                ),
                task="gone",
            )
            return False
        if len(self._get_shown_lines()) < len(self.line_ids):
            self._notify_person_in_charge(
                self._get_change_summary("hands"),
                self.env._(
                    "They are of another customer or in another currency now, so the link cannot "
                    "ask for them. Cancel the payment request, and make a new one."
                ),
                task="hands",
            )
            return False
        if not self._transition("completed", failure_reason=False):
            return False
        self._message_log(
            body=self.env._("Nothing is left to pay: the invoices were settled in another way.")
        )
        return True

    def _concerns_somebody(self):
        """Tell whether our people wait for this payment: not when customers made it themselves."""
        return not (self.is_from_customer or self.is_setup_test)

    def _tell_settled(self):
        """Tell everybody in charge, in one message, which links were settled in another way."""
        told = self.filtered(lambda request: request._concerns_somebody())
        for user, requests in told.grouped(lambda request: request._get_handler()).items():
            words = requests.with_context(lang=user.lang).env
            links = Markup("<br/>").join(
                Markup("%s: %s") % (one._get_html_link(), one.partner_id.display_name)
                for one in requests
            )
            body = words._("Nothing is left to pay: the invoices were settled in another way.")
            self.browse().message_notify(
                partner_ids=user.partner_id.ids,
                subject=words._("Payment requests that were settled in another way"),
                body=Markup("<p>%s</p><p>%s</p>") % (body, links),
            )
