# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import logging
import os
import threading
import time

import psycopg2

from odoo import api, models
from odoo.sql_db import connection_info_for, db_connect
from odoo.tools import SQL

from odoo.addons.base.models.ir_cron import ODOO_NOTIFY_FUNCTION

_logger = logging.getLogger(__name__)

MOMENT = 0.2  # seconds
TRIGGER = """
    INSERT INTO ir_cron_trigger (cron_id, call_at, create_date, write_date)
    SELECT %(cron)s, now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC'
"""


class Bell:
    """Calls Odoo's cron workers over a connection that is kept, as often as they can use it.

    Whoever finds it quiet leaves a trigger of his own with his work and has it rung at once. What
    comes within a moment after that shares one trigger and one call at the moment's end.
    """

    def __init__(self, moment=MOMENT):
        self._moment = moment
        self._forget()

    def _forget(self):
        self._process, self._line = os.getpid(), None
        self._rung_at, self._waiting = {}, set()  # by database; with the action
        self._lock, self._line_lock = threading.Lock(), threading.Lock()

    def _remember(self):
        if self._process != os.getpid():  # a forked child must not use its parent's line
            self._forget()

    def _get_delay(self, database):
        return self._rung_at.get(database, -self._moment) + self._moment - time.monotonic()

    def is_quiet(self, database):
        """Return whether the workers of `database` were not called within the last moment."""
        self._remember()
        return self._get_delay(database) <= 0

    def ring(self, database):
        """Call the workers of `database` at once: a trigger is there for them.

        :raise psycopg2.Error: when they cannot be called this way
        """
        self._remember()
        self._rung_at[database] = time.monotonic()
        with self._line_lock:
            try:
                self._notify(database)
            except psycopg2.Error:
                if not self._line:
                    raise
                self._line = None  # it has broken: once more over a new one
                self._notify(database)

    def ring_soon(self, database, cron_id):
        """Leave a trigger of `cron_id`, and call the workers, at the end of the moment.

        What this is rung for must be committed: whoever comes while a ring is waiting is served by
        it.
        """
        self._remember()
        with self._lock:
            if (database, cron_id) in self._waiting:
                return
            self._waiting.add((database, cron_id))
        delay = max(self._get_delay(database), 0)
        # Not a daemon: a server that stops in good order waits for it.
        threading.Timer(delay, self._ring_late, [database, cron_id]).start()

    def _ring_late(self, database, cron_id):
        with self._lock:
            self._waiting.discard((database, cron_id))
        try:
            with db_connect(database).cursor() as cr:
                cr.execute(TRIGGER, {"cron": cron_id})
            self.ring(database)
        except psycopg2.Error as error:  # the next regular run of the action finds the work
            _logger.warning("the cron workers of %s were not called: %s", database, error)

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

    @api.model
    def _is_quiet(self):
        """Return whether what is done now should leave a trigger of its own with its work."""
        return bell.is_quiet(self.env.cr.dbname)

    def _wake_workers(self):
        """Tell the cron workers to look at their triggers now; for after the commit.

        Odoo's own way connects anew each time, which costs more than all the rest of answering
        an event. It is taken when ours fails.
        """
        try:
            bell.ring(self.env.cr.dbname)
        except psycopg2.Error:
            self._notifydb()

    def _wake_workers_soon(self):
        """Trigger this action in a moment, together with all else that asks for it until then.

        For after the commit, for work that is found without a trigger too: by the action's next
        regular run, should this process be killed within the moment.
        """
        bell.ring_soon(self.env.cr.dbname, self.id)
