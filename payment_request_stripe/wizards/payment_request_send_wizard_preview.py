# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from collections import Counter, defaultdict

from odoo import api, fields, models
from odoo.tools import formatLang

MAIL_TEMPLATE = "payment_request_stripe.mail_template_payment_request"
SMS_TEMPLATE = "payment_request_stripe.sms_template_payment_request"
# So many recipients are named who get several messages at once.
MOST_TOLD = 5
# As long as a real one, so that the length of the SMS is right.
NO_TOKEN = "preview-" * 4


class PaymentRequestSendWizard(models.TransientModel):
    """What the customer will get, shown while the Send Payment Link dialog is filled in."""

    _inherit = "payment.request.send.wizard"

    preview_subject = fields.Char(compute="_compute_preview", string="Subject")
    preview_body = fields.Html(compute="_compute_preview", sanitize=False, string="E-mail Preview")
    preview_sms = fields.Char(compute="_compute_preview", string="SMS Preview")
    sms_size = fields.Char(
        compute="_compute_preview",
        string="SMS Length",
        help="A longer text, or one with characters that SMS does not know, is sent and charged as "
        "several messages.",
    )
    deductions = fields.Text(compute="_compute_preview")

    # === WHO GETS A LINK === #

    def _prepare_summary_row(self, key, moves, amounts, reason):
        _commercial_partner, _company, currency = key
        requests = self.env["payment.request"]
        partner = requests._get_payer(moves)
        contact = requests._get_recipients(partner, {})
        missing = {
            "email": self.env._("no e-mail address"),
            "sms": self.env._("no phone number"),
        }
        addresses = {
            channel: requests._get_recipient(channel, contact) for channel in self._get_channels()
        }
        recipients = [
            address or missing.get(channel) or self.env._("no address")
            for channel, address in addresses.items()
        ]
        return {
            "partner": partner,
            "recipient": ", ".join(recipients) or self.env._("copied by hand"),
            "addresses": list(addresses.values()),
            "reachable": all(addresses.values()),
            "invoices": ", ".join(moves.mapped("name"))
            if len(moves) <= 3
            else self.env._("%(count)s invoices", count=len(moves)),
            "currency": currency,
            "amount": requests._get_net_total(key, moves, amounts, self._get_inner_options())[0],
            "reason": reason,
        }

    @api.model
    def _render_summary(self, rows):
        """Return the table of the customers, those who get no link first."""
        return self.env["ir.qweb"]._render(
            "payment_request_stripe.send_wizard_summary",
            {"rows": sorted(rows, key=lambda row: not row["reason"])},
        )

    @api.model
    def _describe_outlook(self, rows):
        """Say in one line how many links are going to be made, and how.

        :param list rows: of :meth:`_prepare_summary_row`
        """
        customers, left_out = len(rows), sum(1 for row in rows if row["reason"])
        sentences = [self.env._("%(count)s links will be made.", count=customers - left_out)]
        if left_out:
            sentences.append(
                self.env._(
                    "%(count)s of the customers will get none; the list says why.", count=left_out
                )
            )
        if shared := self._describe_shared([row for row in rows if not row["reason"]]):
            sentences.append(shared)
        if self._is_for_the_background(customers):
            sentences.append(
                self.env._("It is done in the background, and you can go on with other work.")
            )
        return " ".join(sentences)

    @api.model
    def _describe_shared(self, rows):
        """Return the sentence that says who would get several messages at once, or nothing."""
        counts = Counter(address for row in rows for address in row["addresses"] if address)
        several = [(address, count) for address, count in counts.most_common() if count > 1]
        if not several:
            return ""
        told = [f"{address} ({count})" for address, count in several[:MOST_TOLD]]
        return self.env._(
            "Recipients of several customers get a message for each of them: %(recipients)s.",
            recipients=", ".join(told + ["…"] * (len(several) > MOST_TOLD)),
        )

    def _get_total(self, rows):
        totals = defaultdict(int)
        for row in rows:
            totals[row["currency"]] += row["amount"]
        return " + ".join(
            formatLang(self.env, float(total), currency_obj=currency)
            for currency, total in totals.items()
        )

    # === WHAT IT SAYS === #

    @api.depends(
        "credit_ids.amount",
        "credit_ids.is_deducted",
        "line_ids.amount",
        "line_ids.instalment_line_id",
        "line_ids.move_id",
        "delivery_method",
        "to_phone",
        "message",
        "expires_at",
    )
    @api.depends_context("lang", "uid")
    def _compute_preview(self):
        for wizard in self:
            request = wizard._new_request()
            by_email = request and "email" in wizard._get_channels()
            by_sms = request and "sms" in wizard._get_channels()
            wizard.deductions = wizard.request_count == 1 and request and request.deductions
            wizard.preview_subject = by_email and self._render(request, MAIL_TEMPLATE, "subject")
            wizard.preview_body = by_email and self._render(request, MAIL_TEMPLATE, "body_html")
            wizard.preview_sms = by_sms and self._render(request, SMS_TEMPLATE, "body")
            wizard.sms_size = by_sms and request._describe_sms(wizard.preview_sms)

    def _new_request(self):
        """Return the first request as it would be made, unsaved, or none."""
        requests = self.env["payment.request"]
        groups = requests._group_moves(self.line_ids.move_id)
        if not groups:
            return requests
        key, moves = next(iter(groups.items()))
        options = self._get_inner_options()
        if self.expires_at and self.expires_at <= fields.Datetime.now():
            options["expires_at"] = False
        amounts = self.line_ids._get_amounts()
        [vals] = requests._prepare_requests({key: moves}, amounts, options)
        # The link in a preview leads nowhere: nobody shall copy it from there.
        return requests.new({**vals, "name": self.env._("PR/…"), "access_token": NO_TOKEN})

    @api.model
    def _render(self, request, template_xmlid, field):
        """Return `field` of the real message template, rendered in the customer's language."""
        template = self.env.ref(template_xmlid, raise_if_not_found=False)
        if not template:
            return False
        rendered = template.sudo()._render_field(
            field, [request.id], set_lang=request.partner_id.lang or self.env.lang
        )
        return rendered[request.id]
