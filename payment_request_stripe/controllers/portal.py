# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""*My Payments* for customers who are logged in."""

import re
from decimal import Decimal

from odoo import fields
from odoo.exceptions import UserError
from odoo.http import request, route
from odoo.tools import LazyTranslate
from odoo.tools.misc import format_amount

from odoo.addons.portal.controllers.portal import CustomerPortal
from odoo.addons.portal.controllers.portal import pager as portal_pager

from ..exceptions import PayerNotice
from ..models.payment_request import PAYABLE_STATES
from .api_input import AMOUNT
from .rate_limit import check_page_rate

_lt = LazyTranslate(__name__)

PAGE = "/my/payments"
# So many of the latest requests stand below the open invoices.
LATEST = 5
OPEN_INVOICES = [
    ("move_type", "=", "out_invoice"),
    ("state", "=", "posted"),
    ("amount_residual", ">", 0),
]
TICK = re.compile(r"invoice_([0-9]{1,9})")
NUMBER = re.compile(r"[0-9]{1,6}")


def portal_route(path, **options):
    """A page for whoever is logged in."""
    return route(path, **{"type": "http", "auth": "user", "website": True, **options})


class PortalPayments(CustomerPortal):
    def _prepare_home_portal_values(self, counters):
        values = super()._prepare_home_portal_values(counters)
        if "payment_request_count" in counters:
            invoices = self._get_open_invoices()
            values["payment_request_count"] = len(invoices or self._get_requests())
        return values

    @portal_route([PAGE, f"{PAGE}/page/<int:page>"], methods=["GET"], readonly=True)
    def portal_my_payments(self, page=1, filterby="all", **_query):
        return self._show_payments(page, filterby)

    @portal_route(
        [f"{PAGE}/history", f"{PAGE}/history/page/<int:page>"], methods=["GET"], readonly=True
    )
    def portal_my_payment_requests(self, page=1, filterby="all", **_query):
        return self._show_history(page, filterby)

    @portal_route(f"{PAGE}/pay", methods=["POST"])
    def portal_pay_invoices(self, **form):
        check_page_rate("portal", request.env.uid)
        payment_requests = request.env["payment.request"]
        moves = self._get_chosen_invoices(form)
        try:
            limits = moves._get_customer_limits()
            amounts = {move.id: self._read_amount(move, form, limits[move]) for move in moves}
            made = payment_requests._make_for_customer(self._get_partner(), moves, amounts)
        except UserError as error:
            page = form.get("page", "")
            page = page if NUMBER.fullmatch(page) else 1
            return self._show_payments(page, form.get("filterby"), problem=str(error), form=form)
        try:
            url = made._open_checkout(made._sign_quote(made._get_quote()))
        except PayerNotice as notice:
            return request.redirect_query(f"/pay/{made.access_token}", {"notice": notice.code})
        return request.redirect(url, code=303, local=False)

    # === ASKING === #

    def _get_partner(self):
        return request.env.user.partner_id

    def _get_open_invoices(self, domain=()):
        """Return the unpaid invoices that Odoo shows to this customer, in sudo."""
        moves = request.env["account.move"]
        if not moves.has_access("read"):
            return moves
        customer = self._get_partner().commercial_partner_id
        own = [*OPEN_INVOICES, ("commercial_partner_id", "=", customer.id), *domain]
        return moves.search(own, order="invoice_date_due, id").sudo()

    def _get_chosen_invoices(self, form):
        """Return those that are ticked, and are there to be paid."""
        ticks = [TICK.fullmatch(name) for name, value in form.items() if value]
        return self._get_open_invoices([("id", "in", [int(tick[1]) for tick in ticks if tick])])

    def _get_requests(self, domain=(), **options):
        """Return the links (sudo) that this customer may look at, the latest first."""
        payment_requests = request.env["payment.request"]
        own = payment_requests._get_customer_domain(self._get_partner())
        return payment_requests.sudo().search([*own, *domain], **options)

    def _read_amount(self, move, form, limits):
        """Return what is to be paid of an invoice, major units: as browsers write numbers.

        :param limits: the least and the most that can be paid; the most where the form says nothing
        :raise UserError: when it is no number
        """
        text = form.get(f"amount_{move.id}", str(limits[1]))
        if not isinstance(text, str) or not AMOUNT.fullmatch(text.strip()):
            raise UserError(
                request.env._("The amount for %(invoice)s is no number.", invoice=move.name)
            )
        return Decimal(text.strip())

    # === ANSWERING === #

    def _show_payments(self, page=1, filterby="all", problem="", form=None):
        payment_requests, moves = request.env["payment.request"], self._get_open_invoices()
        today = fields.Date.context_today(moves)
        overdue = moves.filtered(lambda one: one.invoice_date_due and one.invoice_date_due < today)
        lists = {"all": (_lt("All"), moves), "overdue": (_lt("Overdue"), overdue)}
        shown, values = self._turn_page(PAGE, lists, page, filterby)
        latest = self._get_requests(limit=LATEST + 1)
        values |= {
            "balance": payment_requests._get_customer_balance(self._get_partner(), moves, shown),
            "payment_requests": latest[:LATEST],
            "has_more": len(latest) > LATEST,
            "problem": problem,
            "form": form,
        }
        return request.render("payment_request_stripe.portal_my_payments", values)

    def _show_history(self, page, filterby):
        is_open = [("state", "in", PAYABLE_STATES), ("expires_at", ">", fields.Datetime.now())]
        lists = {
            "all": (_lt("All"), self._get_requests()),
            "open": (_lt("Open"), self._get_requests(is_open)),
            "processing": (
                _lt("Payment on its way"),
                self._get_requests([("state", "=", "processing")]),
            ),
            "paid": (_lt("Paid"), self._get_requests([("amount_paid", ">", 0)])),
        }
        shown, values = self._turn_page(f"{PAGE}/history", lists, page, filterby)
        values |= {"payment_requests": shown, "is_history": True}
        return request.render("payment_request_stripe.portal_my_payment_requests", values)

    def _turn_page(self, url, lists, page, filterby):
        """Return the records of a page of one of `lists`, and what every page of ours needs.

        :param dict lists: ``{name of the filter: (label, records)}``; ``all`` is there
        """
        filterby = filterby if filterby in lists else "all"
        listed, step = lists[filterby][1], self._items_per_page
        arguments = {"filterby": filterby} if filterby != "all" else {}
        pager = portal_pager(url, len(listed), page=page, step=step, url_args=arguments)
        return listed[pager["offset"] : pager["offset"] + step], {
            **self._prepare_portal_layout_values(),
            "page_name": "payment_requests",
            "now": fields.Datetime.now(),
            "pager": pager,
            "filterby": filterby,
            "filters": [
                {
                    "label": request.env._(label),
                    "count": len(records),
                    "url": url if name == "all" else f"{url}?filterby={name}",
                    "is_current": name == filterby,
                }
                for name, (label, records) in lists.items()
                if records or name in ("all", filterby)
            ],
            "money": lambda amount, currency: format_amount(request.env, float(amount), currency),
        }
