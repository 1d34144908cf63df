# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import logging

from odoo import fields, models
from odoo.exceptions import UserError

_logger = logging.getLogger(__name__)

STATEMENT = "payment_request_stripe.action_report_statement"


class PaymentRequest(models.Model):
    """The statement: all that the customer of a request owes the company in its currency."""

    _inherit = "payment.request"

    def _render_statement(self):
        """Return the customer's statement of today as a document, in the customer's language.

        It lists every open invoice, credit note and payment of the request's customer, company and
        currency, asked for by this request or not: mind who gets to see it. Nothing is checked
        and nothing is written here; call it as the system.

        :return: ``{"filename", "content" (bytes), "mimetype", "note"}``. Without wkhtmltopdf on
            the server it is an HTML page, and ``note`` says so in a sentence; else ``note`` is ""
        :rtype: dict
        """
        self.ensure_one()
        reports = self.env["ir.actions.report"].sudo().with_context(lang=self.partner_id.lang)
        stem = self.env._(
            "Statement %(date)s", date=fields.Date.to_string(self._get_statement_day())
        )
        note = ""
        try:
            content, kind = reports._render_qweb_pdf(STATEMENT, self.ids)
        except (UserError, OSError) as error:
            _logger.warning("no PDF of a statement of %s: %s", self.name, error)
            content, kind = reports._render_qweb_html(STATEMENT, self.ids)
        if kind != "pdf":
            kind = "html"
            note = self.env._(
                "The statement is no PDF, because wkhtmltopdf is missing or broken on the server."
            )
        return {
            "filename": f"{stem}.{kind}",
            "content": content if isinstance(content, bytes) else content.encode(),
            "mimetype": "application/pdf" if kind == "pdf" else "text/html",
            "note": note,
        }

    def _get_statement_day(self):
        """Return today where the company is."""
        self.ensure_one()
        return self.company_id._get_payment_request_today()

    def _get_statement_moves(self):
        """Return what the request's customer owes, or has as a credit, the earliest due first."""
        self.ensure_one()
        moves = self.env["account.move"].search(
            [
                ("commercial_partner_id", "=", self.partner_id.commercial_partner_id.id),
                ("company_id", "=", self.company_id.id),
                ("currency_id", "=", self.currency_id.id),
                ("move_type", "in", ("out_invoice", "out_refund")),
                ("state", "=", "posted"),
                ("payment_state", "in", ("not_paid", "partial", "blocked")),
            ]
        )
        return moves.sorted(lambda move: (move.invoice_date_due or move.date, move.id))

    def _get_statement_payments(self):
        """Return the journal items of the customer's payments that fit no invoice yet."""
        self.ensure_one()
        return self.env["account.move.line"].search(
            [
                ("partner_id.commercial_partner_id", "=", self.partner_id.commercial_partner_id.id),
                ("company_id", "=", self.company_id.id),
                ("currency_id", "=", self.currency_id.id),
                ("account_type", "=", "asset_receivable"),
                ("move_type", "=", "entry"),
                ("parent_state", "=", "posted"),
                ("reconciled", "=", False),
                ("amount_residual_currency", "<", 0),
            ],
            order="date, id",
        )

    def _get_statement_lines(self):
        """Return what is open, and the sum owed.

        Major units of the request's currency; what the customer has as a credit counts below zero.

        :return: ``([{"name", "date", "due_date", "days_late", "total", "open"}], sum)``
        """
        lines = [move._get_statement_line() for move in self._get_statement_moves()]
        lines += [item._get_statement_line() for item in self._get_statement_payments()]
        today = self._get_statement_day()
        for line in lines:
            is_late = line["open"] > 0 and line["due_date"]
            line["days_late"] = max((today - line["due_date"]).days, 0) if is_late else 0
        return lines, self.currency_id.round(sum(line["open"] for line in lines))


class AccountMove(models.Model):
    _inherit = "account.move"

    def _get_statement_line(self):
        """Return how this invoice or credit note stands in a statement; major units."""
        self.ensure_one()
        sign = 1 if self.move_type == "out_invoice" else -1
        return {
            "name": self.name,
            "date": self.invoice_date,
            "due_date": self.invoice_date_due or self.date,
            "total": sign * self.amount_total,
            "open": sign * self.amount_residual,
        }


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    def _get_statement_line(self):
        """Return how this payment, or what is left of it, stands in a statement; major units."""
        self.ensure_one()
        return {
            "name": self._get_credit_label(),
            "date": self.date,
            "due_date": None,
            "total": self.amount_currency,
            "open": self.amount_residual_currency,
        }
