# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.http import route


def vendor_route(paths):
    """A route that a vendor's server posts to: its signature, checked inside, is the login."""
    return route(
        paths,
        type="http",
        auth="none",
        methods=["POST"],
        csrf=False,
        save_session=False,
        readonly=False,
    )
