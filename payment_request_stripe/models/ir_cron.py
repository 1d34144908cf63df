# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import os
import threading

import psycopg2

from odoo import models
from odoo.sql_db import connection_info_for
from odoo.tools import SQL

from odoo.addons.base.models.ir_cron import ODOO_NOTIFY_FUNCTION

# The line to where the cron workers listen, by process: a forked child must not use its parent's.
_lines = {}
_lock = threading.Lock()


class IrCron(models.Model):
    _inherit = "ir.cron"

    def _wake_workers(self):
        """Tell the cron workers to look at their triggers now, over a connection that is kept.

        Odoo's own way connects anew each time, which costs more than all the rest of answering
        an event. It is taken when the kept connection fails.
        """
        try:
            with _lock:
                self._notify(os.getpid())
        except psycopg2.Error:
            with _lock:
                _lines.pop(os.getpid(), None)
            self._notifydb()

    def _notify(self, process):
        if process not in _lines:
            _lines.clear()
            _database, info = connection_info_for("postgres")
            _lines[process] = psycopg2.connect(**info)
            _lines[process].autocommit = True
        ring = SQL(
            "SELECT %s('cron_trigger', %s)",
            SQL.identifier(ODOO_NOTIFY_FUNCTION),
            self.env.cr.dbname,
        )
        with _lines[process].cursor() as cursor:
            cursor.execute(ring.code, ring.params)
