# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Who may do what: a row for each model, each public method and each route of the addon."""

# Whose groups are said in access_case.py: an accountant and an accounting manager do what Invoicing
# does; the system administrator has no group of accounting.
BILLING, NOBODY = {"billing", "accountant", "manager"}, set()
READERS, MANAGER, SYSTEM = BILLING | {"reader"}, {"manager"}, {"system"}
# Dialogs are one's own, and the examples are the billing user's.
OWN = {"billing"}
DIALOG = (OWN, OWN, BILLING | {"other_company"}, OWN)
OPERATIONS = ("read", "write", "create", "unlink")
# model: who may read, write, create and unlink a record of this company; everybody else may not.
MODELS = {
    "payment.request": (READERS, BILLING, NOBODY, BILLING),
    "payment.request.api.call": (SYSTEM, NOBODY, NOBODY, NOBODY),
    "payment.request.batch": (READERS, NOBODY, NOBODY, NOBODY),
    "payment.request.batch.line": (READERS, NOBODY, NOBODY, NOBODY),
    "payment.request.checkout": (READERS, NOBODY, NOBODY, NOBODY),
    "payment.request.comparison": DIALOG,
    "payment.request.credit": (READERS, NOBODY, NOBODY, NOBODY),
    "payment.request.delivery": (READERS, NOBODY, NOBODY, NOBODY),
    "payment.request.dispute": (READERS, NOBODY, NOBODY, NOBODY),
    "payment.request.event": (READERS, NOBODY, NOBODY, NOBODY),
    "payment.request.health": (READERS | SYSTEM, SYSTEM, NOBODY, NOBODY),
    "payment.request.health.line": (READERS | SYSTEM, NOBODY, NOBODY, NOBODY),
    "payment.request.line": (READERS, NOBODY, NOBODY, NOBODY),
    "payment.request.payout": (READERS, NOBODY, NOBODY, NOBODY),
    "payment.request.payout.line": (READERS, NOBODY, NOBODY, NOBODY),
    "payment.request.refund": (READERS, NOBODY, NOBODY, NOBODY),
    "payment.request.refund.line": (READERS, NOBODY, NOBODY, NOBODY),
    "payment.request.refund.wizard": DIALOG,
    "payment.request.refund.wizard.line": DIALOG,
    "payment.request.reminder.line": (READERS, NOBODY, NOBODY, NOBODY),
    "payment.request.reminder.plan": (READERS, MANAGER, MANAGER, MANAGER),
    "payment.request.reminder.run": (READERS, NOBODY, NOBODY, NOBODY),
    "payment.request.reminder.step": (READERS, MANAGER, MANAGER, MANAGER),
    "payment.request.report": (READERS, NOBODY, NOBODY, NOBODY),
    "payment.request.send.wizard": DIALOG,
    "payment.request.send.wizard.credit": DIALOG,
    "payment.request.send.wizard.line": DIALOG,
    "payment.request.webhook": (READERS | SYSTEM, SYSTEM, SYSTEM, SYSTEM),
    "payment.request.webhook.event": (READERS | SYSTEM, NOBODY, NOBODY, NOBODY),
    # The example is somebody else's.
    "payment.request.setup": (NOBODY, NOBODY, SYSTEM, NOBODY),
    "payment.request.setup.line": (NOBODY, NOBODY, SYSTEM, NOBODY),
}
# method that can be called over RPC: who is not turned away.
METHODS = {
    ("account.move", "action_send_payment_link"): BILLING,
    ("account.move", "action_view_payment_requests"): READERS,
    ("account.move", "button_draft"): BILLING,
    ("account.move", "send_payment_links"): BILLING,
    ("account.payment", "action_cancel"): BILLING,
    ("account.payment", "action_payment_request_allocate"): BILLING,
    ("account.payment", "action_payment_request_keep"): BILLING,
    ("account.payment", "action_payment_request_refund"): BILLING,
    ("account.payment", "action_payment_request_refund_credit"): BILLING,
    ("account.payment", "action_post"): BILLING,
    ("payment.provider", "action_payment_request_check"): SYSTEM,
    ("payment.provider", "action_payment_request_check_health"): SYSTEM,
    ("payment.provider", "action_payment_request_create_webhook"): SYSTEM,
    ("payment.request", "action_cancel"): BILLING,
    ("payment.request", "action_refresh"): BILLING,
    ("payment.request", "action_refund"): BILLING,
    ("payment.request", "action_renew_link"): BILLING,
    ("payment.request", "action_resend"): BILLING,
    ("payment.request", "action_send"): BILLING,
    ("payment.request", "action_send_failed_again"): BILLING,
    # The invoice is not there for the other company's user: 422, and nothing of it is told.
    ("payment.request", "create_and_send"): BILLING | {"other_company"},
    ("payment.request.batch", "action_refresh"): READERS,
    ("payment.request.batch", "action_view_dropped"): READERS,
    ("payment.request.batch", "action_view_failed"): READERS,
    ("payment.request.batch", "action_view_requests"): READERS,
    ("payment.request.comparison", "action_compare"): OWN,
    ("payment.request.delivery", "action_send_again"): BILLING,
    ("payment.request.dispute", "action_download_evidence"): READERS,
    ("payment.request.event", "action_retry"): BILLING,
    ("payment.request.event", "action_settle"): BILLING,
    ("payment.request.payout", "action_check_again"): BILLING,
    ("payment.request.payout", "action_view_payments"): READERS,
    ("payment.request.health", "action_check"): BILLING,
    ("payment.request.refund.wizard", "action_refund"): OWN,
    ("payment.request.reminder.run", "action_view_lines"): READERS,
    ("payment.request.report", "action_open_request"): READERS,
    # Figures of the companies that one may see.
    ("payment.request.report", "get_dashboard"): READERS | {"other_company"},
    ("payment.request.send.wizard", "action_send"): OWN,
    ("payment.request.webhook", "action_make_secret"): SYSTEM,
    ("payment.request.webhook", "action_switch_on"): SYSTEM,
    ("payment.request.webhook", "action_view_events"): READERS | SYSTEM,
    ("payment.request.webhook.event", "action_replay"): BILLING,
    ("payment.request.setup", "action_look"): NOBODY,
    ("payment.request.setup", "action_test"): NOBODY,
    ("payment.request.setup.line", "action_mend"): NOBODY,
    # Customers may belong to several companies; the other one finds no invoice to ask for.
    ("res.partner", "action_send_payment_link"): BILLING | {"other_company"},
}
# field that tells a secret: who may read it; everybody else may not search or sort by it either.
SECRETS = {
    ("payment.provider", "payment_request_webhook_secret"): SYSTEM,
    ("payment.provider", "stripe_secret_key"): SYSTEM,
    ("payment.request.checkout", "parameters"): NOBODY,
    ("payment.request.checkout", "url"): NOBODY,
    ("payment.request.event", "payload"): NOBODY,
    ("payment.request.payout.line", "movement"): NOBODY,
    ("payment.request.webhook", "old_secret"): NOBODY,
    ("payment.request.webhook", "secret"): NOBODY,
    ("payment.request.webhook", "url"): SYSTEM,
}
# What the keys get; without a valid key it is 401, and a session does not stand in for one.
STRANGERS = {"internal": 403, "system": 403, "portal": 403, "other_company": 404}
API_READ = {**dict.fromkeys(READERS, 200), **STRANGERS}
API_ACT = {**API_READ, "reader": 403, **dict.fromkeys(BILLING, 409)}
API_CREATE = {**API_ACT, **dict.fromkeys(BILLING, 201), "other_company": 422}
OPEN = "token"  # whoever has the token, and nobody else; a login changes nothing
LOGIN = "login"  # whoever is logged in, for what is their own: see test_portal.py
ROUTES = {
    ("GET", "/pay/<string:token>"): OPEN,
    ("GET", "/pay/<string:token>/cancel"): OPEN,
    ("GET", "/pay/<string:token>/checkout"): OPEN,
    ("GET", "/pay/<string:token>/invoice/<int:line_id>"): OPEN,
    ("GET", "/pay/<string:token>/status"): OPEN,
    ("GET", "/pay/<string:token>/success"): OPEN,
    ("GET", "/pay/<string:token>/promise"): OPEN,
    ("GET", "/pay/<string:token>/question"): OPEN,
    ("GET", "/pay/<string:token>/forward"): OPEN,
    ("GET", "/pay/<string:token>/receipt"): OPEN,
    ("GET", "/pay/<string:token>/statement"): OPEN,
    ("POST", "/pay/<string:token>/checkout"): OPEN,
    ("GET", "/my/payments"): LOGIN,
    ("GET", "/my/payments/page/<int:page>"): LOGIN,
    ("GET", "/my/payments/history"): LOGIN,
    ("GET", "/my/payments/history/page/<int:page>"): LOGIN,
    ("POST", "/my/payments/pay"): LOGIN,
    ("GET", "/my/invoices/overdue"): 303,  # Odoo's own; who is logged in: test_portal_native.py
    ("POST", "/pay/<string:token>/promise"): OPEN,
    ("POST", "/pay/<string:token>/question"): OPEN,
    ("POST", "/pay/<string:token>/forward"): OPEN,
    ("GET", "/payment_request_stripe/colour/<string:colour>.css"): 200,
    ("POST", "/api/stripe/webhook"): 400,
    ("POST", "/api/stripe/webhook/<string:endpoint_token>"): 400,
    ("POST", "/payment_request/twilio/status/<string:uuid>"): 403,
    ("POST", "/payment_request/twilio/answer"): 403,
    ("GET", "/api/paylinks/openapi.json"): 200,
    ("GET", "/api/paylinks"): {**API_READ, "other_company": 200},
    ("POST", "/api/paylinks"): API_CREATE,
    ("GET", "/api/paylinks/metrics"): {**API_READ, "other_company": 200},
    ("GET", "/api/paylinks/<int:request_id>"): API_READ,
    ("POST", "/api/paylinks/<int:request_id>/cancel"): API_ACT,
    ("POST", "/api/paylinks/<int:request_id>/resend"): API_ACT,
}
