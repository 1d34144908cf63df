# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import secrets
import select
import time

import psycopg2

from odoo.sql_db import connection_info_for, db_connect
from odoo.tests import TransactionCase, tagged

from odoo.addons.payment_request_stripe.models.ir_cron import Bell


@tagged("post_install", "-at_install")
class TestBell(TransactionCase):
    """The cron workers are called after an event, but not a thousand times a second."""

    def setUp(self):
        super().setUp()
        _database, info = connection_info_for("postgres")
        self.ear = psycopg2.connect(**info)
        self.addCleanup(self.ear.close)
        self.ear.autocommit = True
        with self.ear.cursor() as cursor:
            cursor.execute("LISTEN cron_trigger")
        self.bell, self.name = Bell(moment=2), f"bell_{secrets.token_hex(8)}"
        self.worker = self.env.ref("payment_request_stripe.ir_cron_process_events")

    def _hear(self, database):
        """Wait for a call of the workers of `database`; return how many came until now."""
        while True:
            if not select.select([self.ear], [], [], 30)[0]:
                return 0
            self.ear.poll()
            heard = [notice.payload for notice in self.ear.notifies]
            self.ear.notifies.clear()
            if database in heard:
                return heard.count(database)

    def _triggers(self):
        """Return the ids of what other connections have committed for the worker."""
        with db_connect(self.env.cr.dbname).cursor() as cr:
            cr.execute("SELECT id FROM ir_cron_trigger WHERE cron_id = %s", [self.worker.id])
            return {trigger for (trigger,) in cr.fetchall()}

    def _forget_triggers(self, triggers):
        with db_connect(self.env.cr.dbname).cursor() as cr:
            cr.execute("DELETE FROM ir_cron_trigger WHERE id = ANY(%s)", [list(triggers)])

    def test_it_is_quiet_again_after_a_moment(self):
        bell = Bell(moment=0.05)
        self.assertTrue(bell.is_quiet(self.name))
        bell.ring(self.name)
        self.assertFalse(bell.is_quiet(self.name))
        self.assertTrue(bell.is_quiet(f"{self.name}_other"))
        time.sleep(0.1)
        self.assertTrue(bell.is_quiet(self.name))

    def test_all_of_a_moment_share_one_trigger_and_one_call(self):
        database, before = self.env.cr.dbname, self._triggers()
        self.bell.ring(database)
        self.assertEqual(self._hear(database), 1, "the first is heard at once")
        for _number in range(5):
            self.bell.ring_soon(database, self.worker.id)
        self.assertEqual(self._triggers(), before, "the others wait for the moment's end")
        self.assertEqual(self._hear(database), 1, "and are heard together")
        left = self._triggers() - before
        self.addCleanup(self._forget_triggers, left)
        self.assertEqual(len(left), 1)
        self.bell.ring_soon(database, self.worker.id)
        self.assertEqual(self._hear(database), 1, "whoever comes later is heard too")
        later = self._triggers() - before - left
        self.addCleanup(self._forget_triggers, later)
        self.assertEqual(len(later), 1)

    def test_another_action_has_a_trigger_of_its_own(self):
        other = self.env.ref("payment_request_stripe.ir_cron_poll_stripe")
        bell, database, before = Bell(moment=0), self.env.cr.dbname, self._triggers()
        bell.ring_soon(database, self.worker.id)
        bell.ring_soon(database, other.id)
        heard = self._hear(database)
        while heard < 2:
            heard += self._hear(database)
        self.addCleanup(self._forget_triggers, self._triggers() - before)
        with db_connect(database).cursor() as cr:
            cr.execute("DELETE FROM ir_cron_trigger WHERE cron_id = %s RETURNING id", [other.id])
            self.assertEqual(len(cr.fetchall()), 1)

    def test_a_broken_line_is_made_anew(self):
        self.bell.ring(self.name)
        self.assertEqual(self._hear(self.name), 1)
        self.bell._line.close()
        self.bell.ring(f"{self.name}_other")
        self.assertEqual(self._hear(f"{self.name}_other"), 1)
