# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The payer's pages: they authenticate by the token of the link, hand over, and answer."""

import hashlib
from functools import cache

from odoo import fields, http
from odoo.exceptions import UserError
from odoo.http import content_disposition, request
from odoo.tools import file_open
from odoo.tools.misc import format_amount, format_date

from ..gateways.colour import darken, readable
from .pay_notices import DECLINED, EVERYWHERE, NOTICES
from .rate_limit import check_page_rate, get_caller

# No `form-action`: browsers apply it to the redirect that follows the form, and Stripe's pages may
# live on a domain of the company's own.
PAGE_HEADERS = [
    ("Cache-Control", "no-store"),
    ("Content-Security-Policy", "default-src 'self'; base-uri 'none'; frame-ancestors 'none'"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("X-Robots-Tag", "noindex, nofollow"),
]
# By these, browsers and mail programs say that they load a page before anybody asked for it.
PREFETCH_HEADERS = ("Sec-Purpose", "Purpose", "X-Purpose", "X-Moz")
# The browser's own PDF viewer needs more than a page's policy allows.
SANDBOX = ("Content-Security-Policy", "sandbox; default-src 'self' 'unsafe-inline' data:")
DOCUMENT_HEADERS = [header for header in PAGE_HEADERS if header[0] != "Content-Security-Policy"]


def pay_route(path, **options):
    """A public route without a cookie: the token in the path is all a payer needs."""
    return http.route(
        path,
        type="http",
        auth="public",
        sitemap=False,
        save_session=False,
        **{"methods": ["GET"], "readonly": False, **options},
    )


@cache
def asset_version():
    """Return what makes the address of a changed style sheet or script a new one."""
    digest = hashlib.sha256()
    for name in ("pay.css", "pay.js"):
        with file_open(f"payment_request_stripe/static/src/pay/{name}", "rb") as asset:
            digest.update(asset.read())
    return digest.hexdigest()[:12]


def get_texts(form):
    """Return the fields of a form without uploaded files: no form of ours has one."""
    return {name: value for name, value in form.items() if isinstance(value, str)}


class PayController(http.Controller):
    @pay_route("/pay/<string:token>")
    def pay_page(self, token, notice="", **form):
        payment_request = self._find(token)
        if not payment_request:
            return self._answer_unknown()
        if self._is_visit_of_the_customer():
            payment_request._register_opening(request.httprequest.user_agent.string)
        return self._answer_page(payment_request, notice=notice, form=form)

    @pay_route("/pay/<string:token>/checkout", methods=["POST"], csrf=False)
    def pay_checkout(self, token, quote="", **form):
        payment_request = self._find(token)
        if not payment_request:
            return self._answer_unknown()
        form = get_texts(form)
        try:
            url = payment_request._open_checkout(quote, form)
        except UserError as error:
            payment_request._log_step(f"checkout not opened: {error}")
            notice = getattr(error, "code", "unavailable")
            return self._go_to_page(token, notice, self._get_choice_fields(payment_request, form))
        return self._guard(request.redirect(url, code=303, local=False))

    @pay_route(
        [f"/pay/<string:token>/{step}" for step in ("checkout", "promise", "question", "forward")],
        readonly=True,
    )
    def pay_checkout_visited(self, token, **_query):
        return self._go_to_page(token) if self._find(token) else self._answer_unknown()

    @pay_route("/pay/<string:token>/success")
    def pay_success(self, token, **_query):
        payment_request = self._find(token)
        if not payment_request:
            return self._answer_unknown()
        if request.httprequest.method != "HEAD":
            payment_request._sync_from_stripe()
        return self._answer_page(payment_request, is_return=True)

    @pay_route("/pay/<string:token>/cancel", readonly=True)
    def pay_cancel(self, token, **_query):
        payment_request = self._find(token)
        if not payment_request:
            return self._answer_unknown()
        return self._answer_page(payment_request, notice="back")

    @pay_route("/pay/<string:token>/promise", methods=["POST"], csrf=False)
    def pay_promise(self, token, **form):
        return self._serve(token, "promise", form)

    @pay_route("/pay/<string:token>/question", methods=["POST"], csrf=False)
    def pay_question(self, token, **form):
        return self._serve(token, "question", form)

    @pay_route("/pay/<string:token>/forward", methods=["POST"], csrf=False)
    def pay_forward(self, token, **form):
        return self._serve(token, "forward", form)

    @pay_route("/pay/<string:token>/receipt", readonly=True)
    def pay_receipt(self, token, **_query):
        payment_request = self._find(token)
        if not payment_request:
            return self._answer_unknown()
        if not payment_request.amount_paid:
            return self._go_to_page(token)
        return self._answer_page(
            payment_request, template="payment_request_stripe.pay_receipt_page"
        )

    @pay_route("/pay/<string:token>/statement")
    def pay_statement(self, token, **_query):
        payment_request = self._find(token)
        if not payment_request:
            return self._answer_unknown()
        if not payment_request._offers_statement(payment_request._get_page_state()):
            return self._go_to_page(token)
        check_page_rate("document", payment_request.id)
        document = payment_request._render_statement()
        return self._answer_document(
            document["filename"], document["content"], document["mimetype"]
        )

    @pay_route("/pay/<string:token>/status", readonly=True)
    def pay_status(self, token, **_query):
        payment_request = self._find(token)
        if not payment_request:
            return self._answer_unknown()
        return request.make_json_response(payment_request._get_status_values(), PAGE_HEADERS)

    @pay_route("/pay/<string:token>/invoice/<int:line_id>")
    def pay_invoice(self, token, line_id, **_query):
        payment_request = self._find(token)
        line = payment_request._get_shown_lines().filtered(lambda line: line.id == line_id)
        is_there = line and line.move_id.state == "posted"
        if not is_there or not payment_request._offers_documents():
            return self._answer_unknown()
        check_page_rate("document", payment_request.id)
        try:
            document = line.move_id._get_invoice_legal_documents("pdf", allow_fallback=True)
        except UserError:  # this server cannot make PDF files
            return self._go_to_page(token, notice="document")
        return self._answer_document(document["filename"], document["content"], "application/pdf")

    @http.route(
        "/payment_request_stripe/colour/<string:colour>.css",
        type="http",
        auth="none",
        methods=["GET"],
        sitemap=False,
        save_session=False,
    )
    def pay_colour(self, colour, **_query):
        accent = readable(colour)
        css = f":root{{--accent:{accent};--accent-dark:{darken(accent, 0.25)}}}"
        headers = [("Content-Type", "text/css"), ("Cache-Control", "public, max-age=604800")]
        return request.make_response(css, headers)

    @staticmethod
    def _is_visit_of_the_customer():
        """Tell whether this is more than a look ahead, or one of our own people trying the link."""
        http_request = request.httprequest
        is_ahead = any(http_request.headers.get(name) for name in PREFETCH_HEADERS)
        return (
            http_request.method != "HEAD" and not is_ahead and not request.env.user._is_internal()
        )

    # === ANSWERS === #

    def _serve(self, token, service, form):
        """Do what a form asks for; what is refused is said beside what was written."""
        payment_request = self._find(token)
        if not payment_request:
            return self._answer_unknown()
        check_page_rate("payer", payment_request.id)
        form = get_texts(form)
        try:
            payment_request._serve_payer(service, form)
        except UserError as error:
            if getattr(error, "code", "") in ("stale_form", "closed"):
                return self._go_to_page(token, notice=error.code)
            refused = {"service": service, "sentence": str(error)}
            return self._answer_page(payment_request, form=form, refused=refused, status=422)
        return self._go_to_page(token, notice=service)

    def _find(self, token):
        payment_request = request.env["payment.request"]._find_by_token(token)
        if payment_request:
            check_page_rate("page", payment_request.id)
        else:
            check_page_rate("unknown_page", get_caller(request.httprequest.remote_addr))
        return payment_request

    def _answer_page(self, payment_request, notice="", is_return=False, **options):
        form, refused = options.get("form") or {}, options.get("refused")
        values = payment_request._get_pay_page_values(form)
        face = values["page_state"]
        if is_return and face in ("open", "expired") and payment_request._get_live_checkout():
            face = "checking"  # Stripe may know of a payment of which we have not heard yet
        elif is_return and face == "open" and payment_request.amount_paid:
            notice = "part_paid"
        elif payment_request.state == "failed":
            notice = notice or "failed"
        values |= {
            "payment_request": values.pop("request"),
            "face": face,
            "is_return": is_return,
            # Every other face says all by itself.
            "notice": notice if notice in EVERYWHERE or face == "open" else "",
            "form": form,
            "refused": refused or {},
            **self._get_formatters(payment_request, values),
        }
        values["notice_text"] = values["refusal"] or self._get_notice_text(
            payment_request, values["notice"]
        )
        template = options.get("template", "payment_request_stripe.pay_page")
        return self._render(payment_request.env, template, values, options.get("status", 200))

    def _get_notice_text(self, payment_request, notice):
        if notice == "failed" and (advice := payment_request._get_payer_advice()):
            return f"{payment_request.env._(DECLINED)} {advice}"
        sentence = NOTICES.get(notice)
        return sentence and payment_request.env._(sentence)

    def _answer_document(self, name, content, mimetype):
        headers = [
            ("Content-Type", mimetype),
            ("Content-Disposition", content_disposition(name, disposition_type="inline")),
        ]
        safe = DOCUMENT_HEADERS if mimetype == "application/pdf" else [*DOCUMENT_HEADERS, SANDBOX]
        return request.make_response(content, headers + safe)

    def _answer_unknown(self):
        """Answer every link that leads nowhere with the same words."""
        return self._render(request.env, "payment_request_stripe.pay_unknown", {}, status=404)

    def _go_to_page(self, token, notice="", choice=None):
        query = {**({"notice": notice} if notice in NOTICES else {}), **(choice or {})}
        return self._guard(request.redirect_query(f"/pay/{token}", query or None))

    def _get_choice_fields(self, payment_request, form):
        """Return what the payer chose in a form, to show it to them again."""
        names = {"chosen"} | {
            f"{kind}_{line.id}" for line in payment_request.line_ids for kind in ("line", "amount")
        }
        return {name: form[name][:30] for name in sorted(names & set(form))}

    def _render(self, env, template, values, status=200):
        language = env["res.lang"]._get_data(code=env.lang or "en_US")
        values |= {
            "asset_version": asset_version(),
            "lang": (language.code or "en_US").replace("_", "-"),
            "direction": language.direction or "ltr",
        }
        html = env["ir.qweb"]._render(template, values, minimal_qcontext=True)
        return request.make_response(
            html, [("Content-Type", "text/html; charset=utf-8"), *PAGE_HEADERS], status=status
        )

    def _guard(self, response):
        for name, value in PAGE_HEADERS:
            response.headers[name] = value
        return response

    def _get_formatters(self, payment_request, values):
        """Return how amounts, dates and moments read in the payer's language and time zone."""
        env, currency = payment_request.env, values["currency"]
        zone = payment_request.partner_id.tz or values["contact"].tz or "UTC"
        local = payment_request.with_context(tz=zone)
        return {
            "money": lambda amount: format_amount(env, float(amount), currency),
            "day": lambda date: format_date(env, date, date_format="medium"),
            "moment": lambda moment: format_date(
                env,
                fields.Datetime.context_timestamp(local, moment).date(),
                date_format="long",
            ),
        }
