# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from datetime import datetime, time, timedelta

import pytz

from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    def _get_payment_request_day(self, moment=None):
        """Return the day of `moment` (UTC, naive; by default now) in the company's time zone."""
        zone = self._get_payment_request_zone()
        return pytz.utc.localize(moment or fields.Datetime.now()).astimezone(zone).date()

    def _get_payment_request_day_end(self, day):
        """Return the moment (UTC, naive) at which `day` ends in the company's time zone."""
        zone = self._get_payment_request_zone()
        midnight = datetime.combine(day + timedelta(days=1), time.min)
        return zone.localize(midnight).astimezone(pytz.utc).replace(tzinfo=None)

    def _get_payment_request_zone(self):
        self.ensure_one()
        return pytz.timezone(self.partner_id.tz or self.env.ref("base.user_admin").tz or "UTC")
