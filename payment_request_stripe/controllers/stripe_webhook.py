# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import logging

from werkzeug.exceptions import RequestEntityTooLarge

from odoo.http import Controller, request

from ..gateways.errors import MalformedPayload, Misconfigured, SignatureError
from .vendor_route import vendor_route

_logger = logging.getLogger(__name__)

LARGEST_BODY = 1024 * 1024


class StripeWebhook(Controller):
    """The doorbell: verify the signature, keep the event once, ring the worker, answer."""

    @vendor_route(["/api/stripe/webhook", "/api/stripe/webhook/<string:endpoint_token>"])
    def receive(self, endpoint_token=None, **_form):
        body = self._read_body()
        if body is None:
            return request.make_response("too large", status=413)
        signature = request.httprequest.headers.get("Stripe-Signature", "")
        try:
            provider, payload = request.env["payment.provider"]._open_payment_request_event(
                endpoint_token, body, signature
            )
        except Misconfigured:
            _logger.warning("a provider has no signing secret: an event was refused")
            return request.make_response("no signing secret", status=503)
        except (SignatureError, MalformedPayload) as error:
            _logger.info("an event was refused: %s", error)
            return request.make_response("not accepted", status=400)
        if not provider:
            return request.make_response("unknown endpoint", status=404)
        request.env["payment.request.event"]._store(provider, payload)
        return request.make_response("", status=200)

    @staticmethod
    def _read_body():
        """Return the body, or none when it is larger than any event of Stripe."""
        http_request = request.httprequest
        if (http_request.content_length or 0) > LARGEST_BODY:
            return None
        try:
            body = http_request.get_data()
        except RequestEntityTooLarge:
            return None
        return body if len(body) <= LARGEST_BODY else None
