# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from datetime import date, timedelta

from odoo import fields, models
from odoo.tools import consteq, email_normalize, format_date, hmac, plaintext2html

from ..exceptions import PayerNotice

MAX_TEXT = 1000
# Per link: whoever has it may not flood us, nor use our mail server to write to the world.
MAX_QUESTIONS = 10
MAX_FORWARDS = 3
# Customers make links themselves in the portal: those of so long count as one.
LIMITS_HOLD_FOR = timedelta(days=1)
# A statement is of today, whatever the link asked for: who has paid sees what was left, and not for
# ever what the customer owes.
STATEMENT_AFTER_PAYMENT = timedelta(days=7)


class PaymentRequest(models.Model):
    """What a payer may do besides paying: promise, ask, and pass the link on."""

    _inherit = "payment.request"

    payer_question_count = fields.Integer(
        string="Questions of the Payer", readonly=True, copy=False
    )
    payer_forward_count = fields.Integer(string="Forwarded", readonly=True, copy=False)

    def _get_payer_services(self, page_state):
        """Return ``{service: offered}`` of the page's face `page_state`."""
        self.ensure_one()
        company = self.company_id
        is_open = page_state == "open"
        return {
            "promise": is_open
            and company.payment_request_payer_promise
            and company.payment_request_promise_days > 0,
            "question": page_state != "cancelled" and company.payment_request_payer_question,
            "forward": is_open and company.payment_request_payer_forward,
            "documents": self._offers_documents(),
            "statement": self._offers_statement(page_state),
        }

    def _offers_statement(self, page_state):
        """Tell whether whoever has the link may read what its customer owes today."""
        self.ensure_one()
        just_paid = page_state == "paid" and (
            self.paid_at and self.paid_at > fields.Datetime.now() - STATEMENT_AFTER_PAYMENT
        )
        return self.company_id.payment_request_payer_statement and bool(
            page_state in ("open", "processing") or just_paid
        )

    def _offers_documents(self):
        """Tell whether whoever has the link may open the PDF of its invoices."""
        self.ensure_one()
        return self.state != "cancelled" and self.company_id.payment_request_payer_documents

    def _sign_services(self):
        """Return the text that proves that a form stood on the page of this link."""
        self.ensure_one()
        return hmac(self.env(su=True), "payment_request_stripe.payer", self.access_token)

    def _serve_payer(self, service, form):
        """Do what a form of the payer's page asks for.

        :param str service: ``promise``, ``question`` or ``forward``
        :param dict form: the fields of that form, and ``proof``
        :raise UserError: with a sentence for the payer; nothing was changed
        """
        self.ensure_one()
        proof = form.get("proof")
        if not consteq((proof or "").encode(), self._sign_services().encode()):
            raise PayerNotice("stale_form", self.env._("Please fill in the form again."))
        if not self._get_payer_services(self._get_page_state())[service]:
            raise PayerNotice("closed", self.env._("This is not possible here any more."))
        self._lock()
        return getattr(self, f"_serve_{service}")(form)

    def _count_of_payer(self, counter):
        """Return how often a thing was done by this link, or by all that its customer made today.

        :param str counter: the field that counts it on each link
        """
        self.ensure_one()
        if not self.is_from_customer:
            return self[counter]
        customer = self.partner_id.commercial_partner_id
        made = self.search(
            [
                ("is_from_customer", "=", True),
                ("company_id", "=", self.company_id.id),
                ("partner_id.commercial_partner_id", "=", customer.id),
                ("create_date", ">", fields.Datetime.now() - LIMITS_HOLD_FOR),
            ]
        )
        return sum((made | self).mapped(counter))

    def _get_text(self, form, name):
        """Return what a payer wrote, without the spaces around it.

        :raise PayerNotice: when it is too long
        """
        text = (form.get(name) or "").replace("\x00", "").strip()
        if len(text) > MAX_TEXT:
            raise PayerNotice(
                name, self.env._("Please use at most %(count)s characters.", count=MAX_TEXT)
            )
        return text

    def _serve_promise(self, form):
        """Note a promise on all the invoices that are open, and keep the link alive until then."""
        try:
            day = date.fromisoformat(form.get("date") or "")
        except ValueError as error:
            raise PayerNotice("date", self.env._("Please choose a day.")) from error
        note = self._get_text(form, "note")
        moves = self.line_ids.filtered(lambda line: line._get_amount_due() > 0).move_id
        moves._promise_payment_request(day, note)
        until = self.company_id._get_payment_request_midnight(day + timedelta(days=2))
        self.expires_at = max(self.expires_at, until)
        inside = self.with_context(lang=self._get_person_in_charge().lang)
        self._notify_person_in_charge(
            inside.env._(
                "%(payer)s promises to pay %(name)s by %(day)s",
                payer=self.partner_id.display_name,
                name=self.name,
                day=format_date(inside.env, day),
            ),
            plaintext2html(note) if note else ", ".join(moves.mapped("name")),
        )

    def _serve_question(self, form):
        """Bring a question about one invoice, or about all, to the person in charge."""
        text = self._get_text(form, "text")
        if not text:
            raise PayerNotice("text", self.env._("Please write your question."))
        if self._count_of_payer("payer_question_count") >= MAX_QUESTIONS:
            raise PayerNotice(
                "text",
                self.env._("You have asked many questions already. Please call or write to us."),
            )
        self.payer_question_count += 1
        about = self.line_ids.filtered(lambda line: str(line.id) == form.get("about"))
        inside = self.with_context(lang=self._get_person_in_charge().lang)
        self._notify_person_in_charge(
            inside.env._(
                "Question %(number)s of %(payer)s about %(name)s",
                number=self.payer_question_count,
                payer=self.partner_id.display_name,
                name=about.move_id.name or self.name,
            ),
            plaintext2html(text),
        )

    def _serve_forward(self, form):
        """Send the link to one more address, as the system does: opt-outs and pauses hold."""
        address = form.get("email") or ""
        email = email_normalize(address) if len(address) <= 254 else False
        if not email:
            raise PayerNotice("email", self.env._("Please write one e-mail address."))
        if self.delivery_ids.filtered(
            lambda row: (
                row.recipient.lower() == email
                and (row.is_forwarded or row.state in ("queued", "sending"))
            )
        ):
            raise PayerNotice("email", self.env._("The link is on its way to this address."))
        if (count := self._count_of_payer("payer_forward_count")) >= MAX_FORWARDS:
            raise PayerNotice(
                "email",
                self.env._(
                    "This link was forwarded %(count)s times. Please ask us to send it once more.",
                    count=count,
                ),
            )
        self.payer_forward_count += 1
        self._queue_messages([(self, "email", email)], automatic=True, is_forwarded=True)
        self._message_log(
            body=self.env._("The payer forwarded the link to %(email)s.", email=email)
        )

    def _get_receipts(self):
        """Return what was paid by this link, payment by payment.

        :return: ``[{"name", "date", "amount", "shares": [{"name", "amount"}]}]``, amounts in the
            payment's currency; a share without a name is credit of the customer
        """
        self.ensure_one()
        payments = self.payment_ids.filtered(
            lambda one: (
                one.payment_type == "inbound"
                and one.state in ("in_process", "paid")
                and one.currency_id == self.currency_id  # else it is told as a credit, by a person
            )
        )
        return [
            {
                "name": payment.name,
                "date": payment.date,
                "amount": payment.amount,
                "shares": payment._get_receipt_shares(),
            }
            for payment in payments.sorted("id")
        ]

    def _get_service_values(self, page_state):
        """Return what the page needs to offer more than paying."""
        self.ensure_one()
        services = self._get_payer_services(page_state)
        first, last = self._get_promise_limits()
        return {
            "services": services,
            "proof": self._sign_services(),
            "promise_first": first.isoformat(),
            "promise_last": last.isoformat(),
            "promised": max(
                (
                    day
                    for day in self.line_ids.move_id.mapped("payment_request_promise_date")
                    if day
                ),
                default=None,
            ),
            "max_text": MAX_TEXT,
        }

    def _get_promise_limits(self):
        """Return the first and the last day that the page offers for a promise."""
        self.ensure_one()
        today = self.company_id._get_payment_request_today()
        return today, today + timedelta(days=self.company_id.payment_request_promise_days)


class PaymentRequestDelivery(models.Model):
    _inherit = "payment.request.delivery"

    is_forwarded = fields.Boolean(
        string="Forwarded by the Payer",
        readonly=True,
        help="The payer asked on the payment page to have the link sent to this address.",
    )


class AccountPayment(models.Model):
    _inherit = "account.payment"

    def _get_receipt_shares(self):
        """Return what this payment paid, invoice by invoice, as it was booked."""
        self.ensure_one()
        items = self.move_id.line_ids.filtered(lambda item: item.account_type == "asset_receivable")
        return [
            {
                "name": item.payment_request_line_id.move_id.name or "",
                "amount": abs(item.amount_currency),
            }
            for item in items.sorted("id")
        ]
