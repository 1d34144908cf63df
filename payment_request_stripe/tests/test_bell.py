# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import secrets
import select

import psycopg2

from odoo.sql_db import connection_info_for
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

    def test_calls_within_a_moment_are_one_at_its_end(self):
        for _number in range(5):
            self.bell.ring(self.name)
        self.assertEqual(self._hear(self.name), 1, "the first is heard at once")
        self.assertEqual(self._hear(self.name), 1, "the others are heard together")
        self.bell.ring(self.name)
        self.assertEqual(self._hear(self.name), 1, "whoever comes later is heard too")

    def test_another_database_does_not_wait(self):
        self.bell.ring(self.name)
        self.bell.ring(f"{self.name}_other")
        self.assertEqual(self._hear(f"{self.name}_other"), 1)

    def test_a_broken_line_is_made_anew(self):
        self.bell.ring(self.name)
        self.assertEqual(self._hear(self.name), 1)
        self.bell._line.close()
        self.bell.ring(f"{self.name}_other")
        self.assertEqual(self._hear(f"{self.name}_other"), 1)
