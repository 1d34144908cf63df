# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import time
import uuid
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command

from ..gateways.errors import GatewayError
from ..gateways.money import minimum, to_major

JOURNAL_CODE = "PLTST"
# How often, and after how many seconds, it is looked whether Stripe's own event has come.
LOOKS = 30
LOOK_EVERY = 0.5


class PaymentProvider(models.Model):
    """A payment in test mode, from the invoice to its reconciliation, that is undone again."""

    _inherit = "payment.provider"

    def _make_setup_test_payment(self):
        """Have a throw-away invoice paid with Stripe's test card, booked, and undone.

        Commits before Stripe is asked; what a crash leaves is undone by the next test.

        :return: ``(whether it passed, [a sentence per step])``
        :raise UserError: outside of test mode, or when this provider is not the one that asks
        """
        self.ensure_one()
        self.check_access("write")
        provider = self.sudo().with_company(self.company_id)
        provider._check_setup_test()
        requests, events = provider.env["payment.request"], provider.env["payment.request.event"]
        told = events.search([], order="id desc", limit=1).id or 0
        requests._undo_setup_tests(provider)
        request = requests._make_setup_test(provider)
        steps = [
            self.env._(
                "%(invoice)s of %(amount)s was made, and asked for by %(name)s.",
                invoice=request.line_ids.move_id.name,
                amount=request.currency_id.format(request.amount_total),
                name=request.name,
            )
        ]
        passed = request._pay_setup_test(steps)
        requests._undo_setup_tests(provider)
        steps.append(self.env._("Cleaned up: invoice and payment are cancelled."))
        return passed and provider._hear_setup_test(told, steps), steps

    def _hear_setup_test(self, told, steps):
        """Wait for Stripe's own event, which proves address and signature; add a sentence.

        :param int told: the last event that was there before the payment
        :return: whether one came in time
        """
        events = self.env["payment.request.event"]
        new = [("provider_id", "=", self.id), ("id", ">", told), *events._get_told_domain()]
        for _look in range(LOOKS):
            self.env["ir.cron"]._commit_progress()  # what came meanwhile is seen only after it
            if events.search_count(new, limit=1):
                steps.append(self.env._("Stripe's own event has arrived, with a valid signature."))
                return True
            time.sleep(LOOK_EVERY)
        steps.append(
            self.env._(
                "Stripe's own event has not arrived. Check that %(url)s can be reached from "
                "outside, and that the signing secret is the one of this webhook at Stripe.",
                url=self.get_base_url(),
            )
        )
        return False

    def _check_setup_test(self):
        if not self._is_payment_request_test_mode():
            raise UserError(
                self.env._("A test payment is made in test mode, with a test key, and only then.")
            )
        if trouble := self._check_payment_request_setup():
            raise UserError(trouble)
        if self._get_payment_request_provider(self.company_id) != self:
            raise UserError(
                self.env._(
                    "Another Stripe provider of this company is the one that asks for money."
                )
            )


class PaymentRequest(models.Model):
    """The throw-away request of a test payment; it counts nowhere and is shown in no list."""

    _inherit = "payment.request"

    is_setup_test = fields.Boolean(
        readonly=True,
        copy=False,
        help="Made by the set-up assistant to try a payment; it counts nowhere.",
    )

    @api.model
    def _make_setup_test(self, provider):
        """Make customer, journal, invoice and request of a test, and return the request."""
        company = provider.company_id
        currency = company.currency_id
        amount = max(10.0, 2 * float(to_major(minimum(currency.name), currency.name)))
        customer = self.env["res.partner"].create(
            {"name": self.env._("Test of Payment Links"), "company_id": company.id}
        )
        income = self.env["account.account"].search(
            [("company_ids", "in", company.ids), ("account_type", "=", "income")], limit=1
        )
        invoice = self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": customer.id,
                "journal_id": self._get_setup_test_journal(company).id,
                "invoice_date": fields.Date.context_today(self),
                "currency_id": currency.id,
                "invoice_payment_term_id": False,
                "invoice_line_ids": [
                    Command.create(
                        {
                            "name": self.env._("Test of the set-up"),
                            "price_unit": amount,
                            "account_id": income.id,
                            "tax_ids": [],
                        }
                    )
                ],
            }
        )
        invoice.action_post()
        request = self.create_and_send([{"invoice_id": invoice.id}], delivery_method="link")
        request.is_setup_test = True
        # Other programs hear nothing of it; what was queued just now is not committed yet.
        self.env["payment.request.webhook.event"].search([("request_id", "=", request.id)]).unlink()
        return request

    @api.model
    def _get_setup_test_journal(self, company):
        """Return a sales journal that is used for tests only, so that no number of yours is."""
        journals = self.env["account.journal"].with_context(active_test=False)
        known = journals.search([("company_id", "=", company.id), ("code", "=", JOURNAL_CODE)])
        known.active = True
        return known or journals.create(
            {
                "name": self.env._("Tests of payment links"),
                "code": JOURNAL_CODE,
                "type": "sale",
                "company_id": company.id,
                "show_on_dashboard": False,
            }
        )

    def _pay_setup_test(self, steps):
        """Pay by Stripe's test card, book, and look at the books; add a sentence per step.

        :return: whether it went as it must
        """
        self.ensure_one()
        checkout, quote = self._intend_setup_test()
        parameters = {
            "amount": quote["total"],
            "currency": quote["currency"].lower(),
            "description": self.env._("Payment request %(name)s", name=self.name),
            "metadata": checkout._get_metadata(self, checkout.idempotency_key),
        }
        self._commit()
        try:
            gateway = self.provider_id._get_stripe_gateway()
            payload = gateway.pay_in_test_mode(parameters, checkout.idempotency_key)
        except GatewayError as error:
            steps.append(self.env._("Stripe said: %(reason)s", reason=error.message))
            return False
        events = self.env["payment.request.event"]
        events._store(self.provider_id, payload)
        self._commit()
        steps.append(self.env._("Stripe took it with its test card."))
        event = events.search(
            [("provider_id", "=", self.provider_id.id), ("event_ref", "=", payload["id"])]
        )
        # The worker may have been faster; it does the same.
        if event.try_lock_for_update().state == "received":
            event._process()
        return self._judge_setup_test(event, steps)

    def _intend_setup_test(self):
        """Write down what will be paid: a checkout without a session, as nobody sees a page."""
        quote = self._get_quote()
        checkout = self.env["payment.request.checkout"].create(
            {
                "request_id": self.id,
                "idempotency_key": str(uuid.uuid4()),
                "quote": quote,
                "amount": float(to_major(quote["total"], quote["currency"])),
                "expires_at": fields.Datetime.now() + timedelta(hours=1),
            }
        )
        return checkout, quote

    def _judge_setup_test(self, event, steps):
        invoice, payment = self.line_ids.move_id, self.payment_ids
        if not payment:
            reason = event.error or self.env._("The worker has not come to it.")
            steps.append(self.env._("It was not booked: %(reason)s", reason=reason))
            return False
        steps.append(
            self.env._(
                "It was booked as %(payment)s on %(account)s.",
                payment=payment.name,
                account=payment.outstanding_account_id.display_name,
            )
        )
        if not invoice.currency_id.is_zero(invoice.amount_residual) or self.state != "completed":
            steps.append(self.env._("The invoice was not reconciled in full."))
            return False
        steps.append(self.env._("The invoice was reconciled in full."))
        return True

    @api.model
    def _undo_setup_tests(self, provider):
        """Cancel what tests made, and put it out of sight; says and does nothing to anybody."""
        requests = self.search([("is_setup_test", "=", True), ("provider_id", "=", provider.id)])
        for request in requests.filtered(
            lambda one: one.line_ids.move_id.filtered(lambda move: move.state != "cancel")
        ):
            payments, invoice = request.payment_ids, request.line_ids.move_id
            payments.move_id.line_ids.remove_move_reconcile()
            payments.action_cancel()
            invoice.button_cancel()
            live = request.checkout_ids.filtered(lambda one: one.state in ("intended", "open"))
            live.state = "failed"
            request._transition("cancelled")
            request.activity_ids.unlink()
            invoice.partner_id.active = False
            invoice.journal_id.active = False
        self._commit()
