# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from datetime import datetime, time, timedelta, timezone

from odoo import fields, models

from ..gateways.clock import find_zone


class ResCompany(models.Model):
    """What day it is where the company is; moments are UTC, naive."""

    _inherit = "res.company"

    def _get_payment_request_zone(self):
        self.ensure_one()
        return find_zone(self.partner_id.tz or self.env.ref("base.user_admin").tz or "UTC")

    def _get_payment_request_day(self, moment):
        """Return the day of `moment`."""
        zone = self._get_payment_request_zone()
        return moment.replace(tzinfo=timezone.utc).astimezone(zone).date()

    def _get_payment_request_today(self):
        """Return the date of today."""
        return self._get_payment_request_day(fields.Datetime.now())

    def _get_payment_request_midnight(self, day):
        """Return when `day` begins."""
        begins = datetime.combine(day, time(), tzinfo=self._get_payment_request_zone())
        return begins.astimezone(timezone.utc).replace(tzinfo=None)

    def _get_payment_request_day_end(self, day):
        """Return when `day` is over."""
        return self._get_payment_request_midnight(day + timedelta(days=1))
