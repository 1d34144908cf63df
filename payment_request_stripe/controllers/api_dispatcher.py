# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The manners of `/api/paylinks`: whatever happens, the answer is JSON in the documented shape."""

import json
import re

from psycopg2.errors import DeadlockDetected, LockNotAvailable, SerializationFailure
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from odoo import http
from odoo.exceptions import (
    AccessDenied,
    AccessError,
    ConcurrencyError,
    LockError,
    MissingError,
    UserError,
)

from .rate_limit import get_caller, get_seconds_to_wait

LARGEST_BODY = 1024 * 1024
API_HEADERS = [("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff")]
# Odoo has run the call again several times before one of these gets here.
BUSY = (ConcurrencyError, LockError, SerializationFailure, DeadlockDetected, LockNotAvailable)
BEARER = re.compile(r"bearer\s+(\S+)\s*", re.IGNORECASE)


class ApiError(HTTPException):
    """An answer that is no success.

    :param int status: of HTTP
    :param str code: for programs
    :param str message: for people
    :param details: dicts of ``invoiceId`` or ``field``, ``code``, ``message``
    :param headers: more headers of the answer, as pairs
    """

    def __init__(self, status, code, message, details=(), headers=()):
        super().__init__(message)
        self.code = status
        self.body = {"error": {"code": code, "message": message, "details": list(details)}}
        self.headers = headers

    def get_response(self, environ=None, scope=None):
        headers = [*API_HEADERS, *self.headers]
        if self.code == 401:
            headers.append(("WWW-Authenticate", 'Bearer realm="paylinks"'))
        content_type = "application/json; charset=utf-8"
        return Response(json.dumps(self.body), self.code, headers, content_type=content_type)


class PaylinksDispatcher(http.Dispatcher):
    """Authenticate by the bearer key alone, run the route, and turn every error into data."""

    routing_type = "paylinks"

    @classmethod
    def is_compatible_with(cls, request):
        return True

    def dispatch(self, endpoint, args):
        # What stands behind the question mark is read by the controller: as text, and only there.
        self.request.params = args
        if endpoint.routing["bearer"]:
            self._authenticate()
        return self.request.registry["ir.http"]._dispatch(endpoint)

    def _authenticate(self):
        """Become the user of the API key; a session's cookie does not stand in for it."""
        request = self.request
        given = BEARER.fullmatch(request.httprequest.headers.get("Authorization", ""))
        keys = request.env["res.users.apikeys"]
        uid = given and keys._check_credentials(scope="rpc", key=given.group(1))
        if not uid:
            check_rate("api_refused", get_caller(request.httprequest.remote_addr))
            raise ApiError(401, "unauthorized", "Send a valid API key as a bearer token.")
        check_rate("api", uid)
        request.update_env(user=uid)
        user = request.env.user
        others = (user.company_ids - user.company_id).ids
        request.update_env(
            context={
                **user.context_get(),
                "allowed_company_ids": [user.company_id.id, *others],
            }
        )

    def handle_error(self, exc):
        return describe_error(exc)


def api_route(*paths, **options):
    """A route that takes a bearer key and no cookie, and answers JSON only."""
    return http.route(
        list(paths),
        **{
            "type": PaylinksDispatcher.routing_type,
            "auth": "none",
            "bearer": True,
            "csrf": False,
            "save_session": False,
            "readonly": False,
            "max_content_length": LARGEST_BODY,
            **options,
        },
    )


def check_rate(name, caller):
    """Count a call.

    :raise ApiError: when there were too many within this minute
    """
    if wait := get_seconds_to_wait(name, caller):
        headers = [("Retry-After", str(wait))]
        raise ApiError(429, "too_many_requests", f"Try again in {wait} s.", headers=headers)


def describe_error(error):
    """Return the :class:`ApiError` that says to a program what went wrong, and no more."""
    if isinstance(error, ApiError):
        return error
    if isinstance(error, HTTPException) and error.code:
        code = error.name.lower().replace(" ", "_")
        return ApiError(error.code, code, error.description or error.name)
    for kind, status, code, message in (
        (AccessDenied, 401, "unauthorized", "Send a valid API key as a bearer token."),
        (MissingError, 404, "not_found", "There is no such record."),
        (AccessError, 403, "forbidden", "This user may not do that."),
        (BUSY, 409, "busy", "Somebody else is changing the same records. Try again."),
    ):
        if isinstance(error, kind):
            return ApiError(status, code, message)
    if isinstance(error, UserError):
        return ApiError(422, "refused", str(error))
    return ApiError(500, "internal", "Something went wrong on our side.")
