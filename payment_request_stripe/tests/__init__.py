# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from . import (
    test_booking,
    test_checkout,
    test_create,
    test_delivery,
    test_gateway_checkout,
    test_gateway_errors,
    test_gateway_events,
    test_gateway_money,
    test_gateway_stripe,
    test_gateway_twilio,
    test_gateway_webhook,
    test_gateway_wire,
    test_pay_flow,
    test_pay_pages,
    test_tours,
    test_webhook,
)
