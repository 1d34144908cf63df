# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.http import Controller, request, route

from ..models.payment_request_sms_answer import ANSWER_PATH

NO_REPLY = '<?xml version="1.0" encoding="UTF-8"?><Response/>'  # TwiML


class TwilioStatus(Controller):
    """Twilio tells what became of an SMS, and what was answered to it."""

    @route(
        "/payment_request/twilio/status/<string:uuid>",
        type="http",
        auth="none",
        methods=["POST"],
        csrf=False,
        save_session=False,
        readonly=False,
    )
    def receive(self, uuid, **_form):
        delivery = request.env["payment.request.delivery"]._find_by_uuid(uuid)
        if not delivery:
            return request.make_response("unknown", status=404)
        form = request.httprequest.form
        if not delivery._is_callback_genuine(form, request.httprequest.headers):
            return request.make_response("not accepted", status=403)
        delivery._apply_callback(form.to_dict())
        return request.make_response("", status=204)

    @route(
        ANSWER_PATH,
        type="http",
        auth="none",
        methods=["POST"],
        csrf=False,
        save_session=False,
        readonly=False,
    )
    def answer(self, **_form):
        deliveries, form = request.env["payment.request.delivery"], request.httprequest.form
        companies = deliveries._find_answered_companies(form, request.httprequest.headers)
        if not companies:
            return request.make_response("not accepted", status=403)
        deliveries._apply_answer(companies, form.to_dict())
        return request.make_response(NO_REPLY, headers=[("Content-Type", "text/xml")])
