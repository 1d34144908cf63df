# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import logging
import os
import threading
import time

import psycopg2

from odoo import models
from odoo.sql_db import connection_info_for
from odoo.tools import SQL

from odoo.addons.base.models.ir_cron import ODOO_NOTIFY_FUNCTION

_logger = logging.getLogger(__name__)

MOMENT = 0.05  # seconds


class Bell:
    """Calls Odoo's cron workers over a connection that is kept, as often as they can use it.

    The first call goes out at once; those within a moment after it are one call at its end. A call
    never goes out before what it was made for is committed, and is at most that moment late.
    """

    def __init__(self, moment=MOMENT):
        self._moment, self._lock = moment, threading.Lock()
        self._forget()

    def _forget(self):
        self._process, self._line = os.getpid(), None
        self._called_at, self._waiting = {}, set()

    def ring(self, database):
        """Call the workers of `database`.

        :raise psycopg2.Error: when they cannot be called this way
        """
        with self._lock:
            if self._process != os.getpid():  # a forked child must not use its parent's line
                self._forget()
            if database in self._waiting:
                return
            delay = self._called_at.get(database, -self._moment) + self._moment - time.monotonic()
            if delay <= 0:
                self._call(database)
                return
            self._waiting.add(database)
            timer = threading.Timer(delay, self._ring_late, [database])
            timer.daemon = True
            timer.start()

    def _ring_late(self, database):
        with self._lock:
            self._waiting.discard(database)
            try:
                self._call(database)
            except psycopg2.Error as error:  # they look by themselves, within a minute
                _logger.warning("the cron workers of %s were not called: %s", database, error)

    def _call(self, database):
        """Notify the workers; a kept line that has broken is made anew once."""
        self._called_at[database] = time.monotonic()
        try:
            self._notify(database)
        except psycopg2.Error:
            if not self._line:
                raise
            self._line = None
            self._notify(database)

    def _notify(self, database):
        if not self._line:
            _database, info = connection_info_for("postgres")
            line = psycopg2.connect(**info)
            line.autocommit = True
            self._line = line
        ring = SQL("SELECT %s('cron_trigger', %s)", SQL.identifier(ODOO_NOTIFY_FUNCTION), database)
        with self._line.cursor() as cursor:
            cursor.execute(ring.code, ring.params)


bell = Bell()


class IrCron(models.Model):
    _inherit = "ir.cron"

    def _wake_workers(self):
        """Tell the cron workers to look at their triggers now; for after the commit.

        Odoo's own way connects anew each time, which costs more than all the rest of answering
        an event. It is taken when ours fails.
        """
        try:
            bell.ring(self.env.cr.dbname)
        except psycopg2.Error:
            self._notifydb()
