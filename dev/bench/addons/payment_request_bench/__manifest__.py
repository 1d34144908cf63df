{
    "name": "Payment Request Bench",
    "summary": "An empty route, as the floor that webhooks are measured against",
    "version": "19.0.1.0.0",
    "author": "payment_request_stripe contributors",
    "license": "LGPL-3",
    "depends": ["web"],
    "installable": True,
}
