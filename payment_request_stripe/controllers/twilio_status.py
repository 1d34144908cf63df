# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.http import Controller, request

from ..models.payment_request_sms_answer import ANSWER_PATH
from .vendor_route import vendor_route

NO_REPLY = '<?xml version="1.0" encoding="UTF-8"?><Response/>'  # TwiML


class TwilioStatus(Controller):
    """Twilio tells what became of an SMS, and what was answered to it."""

    @vendor_route("/payment_request/twilio/status/<string:uuid>")
    def receive(self, uuid, **_form):
        delivery = request.env["payment.request.delivery"]._find_by_uuid(uuid)
        if not delivery:
            return request.make_response("unknown", status=404)
        form = request.httprequest.form
        if not delivery._is_callback_genuine(form, request.httprequest.headers):
            return request.make_response("not accepted", status=403)
        delivery._apply_callback(form.to_dict())
        return request.make_response("", status=204)

    @vendor_route(ANSWER_PATH)
    def answer(self, **_form):
        deliveries, form = request.env["payment.request.delivery"], request.httprequest.form
        companies = deliveries._find_answered_companies(form, request.httprequest.headers)
        if not companies:
            return request.make_response("not accepted", status=403)
        deliveries._apply_answer(companies, form.to_dict())
        return request.make_response(NO_REPLY, headers=[("Content-Type", "text/xml")])
