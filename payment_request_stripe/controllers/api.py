# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""`/api/paylinks`: payment requests for programs. Described in static/src/api/openapi.json."""

import json
from functools import cache

from odoo.exceptions import UserError
from odoo.http import Controller, request
from odoo.tools import file_open

from ..exceptions import IdempotencyConflict
from ..gateways.errors import GatewayError
from ..models.payment_request_api_call import LONGEST_KEY
from .api_dispatcher import API_HEADERS, ApiError, api_route
from .api_input import (
    LARGEST_ID,
    get_digest,
    read_asked,
    read_choice,
    read_flag,
    read_json_object,
    read_number,
)

LARGEST_PAGE = 100
NOW = "ignoreQuietHours"
OTHER_METHODS = ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"]


@cache
def get_openapi():
    """Return the description of this interface, a dict after OpenAPI 3.1."""
    with file_open("payment_request_stripe/static/src/api/openapi.json") as document:
        return json.load(document)


class PaylinksApi(Controller):
    @api_route("/api/paylinks/openapi.json", methods=["GET"], readonly=True, bearer=False)
    def get_description(self):
        return self._answer(get_openapi())

    @api_route("/api/paylinks", methods=["GET"], readonly=True)
    def list_requests(self):
        arguments = request.httprequest.args
        limit = read_number(arguments, "limit", LARGEST_PAGE, default=LARGEST_PAGE)
        found = self._get_requests().search(
            self._get_domain(arguments), order="id desc", limit=limit + 1
        )
        page = found[:limit]
        cursor = str(page[-1].id) if len(found) > limit else None
        return self._answer({"data": page._get_api_values(), "nextCursor": cursor})

    @api_route("/api/paylinks", methods=["POST"])
    def create_request(self):
        self._get_requests().check_access("create")
        allocations, options = read_asked(read_json_object(request.httprequest))
        now = read_flag(request.httprequest.args, NOW)
        if read_flag(request.httprequest.args, "dryRun"):
            return self._answer(self._get_requests()._quote_for_api(allocations, options))
        status, body = self._answer_once(
            lambda: self._get_requests()._create_for_api(allocations, options, now)
        )
        return self._answer(body, status)

    @api_route("/api/paylinks/metrics", methods=["GET"], readonly=True)
    def get_metrics(self):
        return self._answer({"data": self._get_requests()._get_metrics()})

    @api_route("/api/paylinks/<int:request_id>", methods=["GET"])
    def get_request(self, request_id):
        payment_request = self._find(request_id)
        if read_flag(request.httprequest.args, "refresh"):
            payment_request._sync_for_api()
        value = payment_request._get_api_values()[0] | payment_request._get_api_stripe_values()
        return self._answer({"data": value})

    @api_route("/api/paylinks/<int:request_id>/resend", methods=["POST"])
    def resend_request(self, request_id):
        payment_request = self._find_to_change(request_id)
        now = read_flag(request.httprequest.args, NOW)
        action = "action_resend" if now else "_resend_for_api"
        status, body = self._answer_once(lambda: (200, self._change(payment_request, action)))
        return self._answer(body, status)

    @api_route("/api/paylinks/<int:request_id>/cancel", methods=["POST"])
    def cancel_request(self, request_id):
        # It commits before Stripe is asked, so no answer could be kept together with what it did;
        # none need be: what is cancelled stays so, and a second call says the same.
        payment_request = self._find_to_change(request_id)
        return self._answer(self._change(payment_request, "action_cancel"))

    @api_route(
        "/api/paylinks/openapi.json",
        "/api/paylinks/metrics",
        "/api/paylinks/<int:request_id>",
        methods=["POST", *OTHER_METHODS],
    )
    def refuse_writing(self, **_path):
        raise self._refuse_method("GET")

    @api_route(
        "/api/paylinks/<int:request_id>/resend",
        "/api/paylinks/<int:request_id>/cancel",
        methods=["GET", *OTHER_METHODS],
    )
    def refuse_reading(self, **_path):
        raise self._refuse_method("POST")

    @api_route("/api/paylinks", methods=OTHER_METHODS)
    def refuse_changing(self):
        raise self._refuse_method("GET, POST")

    @api_route("/api/paylinks/<path:rest>", methods=["GET", "POST", *OTHER_METHODS])
    def refuse_address(self, rest):
        raise ApiError(404, "not_found", "There is nothing at this address.")

    # === ASKING === #

    def _get_requests(self):
        return request.env["payment.request"]

    def _find(self, request_id):
        """Return the request if it is there for this user.

        :raise ApiError: 404, the same for what does not exist and for what is another company's
        """
        found = request_id <= LARGEST_ID and self._get_requests().search(
            [("id", "=", request_id)], limit=1
        )
        if not found:
            raise ApiError(404, "not_found", "There is no such payment request.")
        return found

    def _get_domain(self, arguments):
        states = dict(self._get_requests()._fields["state"].selection)
        wanted = [
            ("state", "=", read_choice(arguments, "status", states)),
            ("partner_id", "=", read_number(arguments, "tenantId")),
            ("analytic_account_id", "=", read_number(arguments, "leaseId")),
            ("line_ids.move_id", "=", read_number(arguments, "invoiceId")),
            ("id", "<", read_number(arguments, "cursor")),
            ("is_setup_test", "=", False),
        ]
        return [term for term in wanted if term[2] is not None]

    def _find_to_change(self, request_id):
        payment_request = self._find(request_id)
        payment_request.check_access("write")
        return payment_request

    def _change(self, payment_request, action):
        """Press a button of the request, and return what to answer.

        :raise ApiError: 409 when its state does not allow it, or Stripe cannot be asked
        """
        try:
            getattr(payment_request, action)()
        except UserError as error:
            unreachable = isinstance(error.__cause__, GatewayError)
            code = "stripe_unavailable" if unreachable else "state"
            raise ApiError(409, code, str(error)) from error
        return {"data": payment_request._get_api_values()[0]}

    # === ANSWERING === #

    def _answer_once(self, answer):
        """Return ``(status, body)``, the first one's when the Idempotency-Key says so."""
        key = request.httprequest.headers.get("Idempotency-Key")
        if key is None:
            return answer()
        if not key or len(key) > LONGEST_KEY or not key.isascii() or not key.isprintable():
            message = f"An Idempotency-Key has 1 to {LONGEST_KEY} printable ASCII characters."
            raise ApiError(400, "malformed", message)
        calls = request.env["payment.request.api.call"]
        try:
            return calls._answer_once(key, get_digest(request.httprequest), answer)
        except IdempotencyConflict as error:
            raise ApiError(409, "idempotency_conflict", str(error)) from error

    def _refuse_method(self, allowed):
        message = f"This address takes {allowed} only."
        return ApiError(405, "method_not_allowed", message, headers=[("Allow", allowed)])

    def _answer(self, body, status=200):
        return request.make_json_response(body, API_HEADERS, status=status)
