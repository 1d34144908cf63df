# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from datetime import timedelta
from unittest.mock import patch

from freezegun import freeze_time

from odoo import fields
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..models.payment_request_delivery import ABANDONED_AFTER, Outcome
from .delivery_case import DeliveryCase
from .mail_wire import mail_server

WORKER_LOGGER = "odoo.addons.payment_request_stripe.models.payment_request_delivery"
LOGGER = f"{WORKER_LOGGER}_outcome"


class OutcomeCase(DeliveryCase):
    def _refuse(self, table, event, condition, error, once=False):
        """Have PostgreSQL refuse what is written to a table, as another transaction can make it."""
        self.env.flush_all()
        self.env.cr.execute(
            f"""CREATE SEQUENCE refused_{table};
            CREATE FUNCTION refuse_{table}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                IF {condition} AND {"nextval('refused_" + table + "') = 1" if once else "TRUE"} THEN
                    RAISE EXCEPTION USING ERRCODE = '{error}';
                END IF;
                RETURN NEW;
            END $$;
            CREATE TRIGGER refuse BEFORE {event} ON {table}
                FOR EACH ROW EXECUTE FUNCTION refuse_{table}()"""
        )


@tagged("post_install", "-at_install")
class TestOutcomes(OutcomeCase):
    """What cannot be written of one message is no harm to the others, which are out already."""

    def _put_twin_while_asked(self, row):
        """Put the same message into the outbox while Twilio is asked, as a payer can."""
        ask, done = self.twilio.request, []

        def request(*args, **kwargs):
            if not done:
                done.append(True)
                self.env.cr.execute(
                    "INSERT INTO payment_request_delivery "
                    "(request_id, company_id, channel, recipient, state, uuid) "
                    "SELECT request_id, company_id, channel, recipient, 'queued', 'twin' "
                    "FROM payment_request_delivery WHERE id = %s",
                    [row.id],
                )
            return ask(*args, **kwargs)

        self.twilio.request = request

    def test_another_try_gives_way_to_the_same_message(self):
        row = self._ask().delivery_ids
        self._put_twin_while_asked(row)
        self.twilio.fail_next(status=503)
        self._drain()
        rows = row.request_id.delivery_ids.sorted("id")
        self.assertEqual(rows.mapped("state"), ["skipped", "sent"])
        self.assertIn("waits already", row.failure_reason)
        self.assertFalse(row.retry_at)
        self.assertEqual(len(self.twilio.messages), 1)
        self.assertFalse(row.request_id.activity_ids)

    @mute_logger("odoo.sql_db")
    def test_the_same_message_that_nobody_saw_coming(self):
        """Another transaction put it there; a new look shows it."""
        row = self._ask().delivery_ids
        self._refuse(
            "payment_request_delivery",
            "UPDATE",
            "NEW.state = 'queued' AND OLD.state = 'sending'",
            "unique_violation",
            once=True,
        )
        self.twilio.fail_next(status=503)
        self._drain()
        self.assertEqual((row.state, row.attempt_count), ("queued", 1))

    @mute_logger("odoo.sql_db")
    def test_one_that_cannot_be_written(self):
        broken, sound = (self._ask(to_phone=f"+1415555010{n}").delivery_ids for n in range(2))
        mail = self._ask("email").delivery_ids
        self._refuse(
            "payment_request_delivery",
            "UPDATE",
            f"NEW.id = {broken.id} AND NEW.state = 'sent'",
            "check_violation",
        )
        with mail_server(self.env) as server, self.assertLogs(LOGGER, "ERROR"):
            self._drain()
        self.assertEqual([row.state for row in (broken, sound, mail)], ["sending", "sent", "sent"])
        self.assertEqual((len(self.twilio.messages), len(server.mails)), (2, 1))
        self._drain()
        self.assertEqual(len(self.twilio.messages), 2)

    @mute_logger("odoo.sql_db")
    def test_a_channel_that_breaks_the_transaction(self):
        def send_pigeons(rows):
            rows.env.cr.execute("SELECT 1 / 0")

        channel = self.outbox._fields["channel"]
        self.patch(channel, "_selection", {"pigeon": "Pigeon", **channel._selection})
        outbox = type(self.outbox)
        self.enterContext(patch.object(outbox, "_send_pigeon", send_pigeons, create=True))
        pigeon = self._ask().delivery_ids
        pigeon.channel = "pigeon"
        sms = self._ask().delivery_ids
        with self.assertLogs(WORKER_LOGGER, "ERROR"):
            self._drain()
        self.assertEqual((pigeon.state, sms.state), ("unknown", "sent"))
        self.assertIn("Did", self._get_activities(pigeon.request_id))

    @mute_logger("odoo.sql_db")
    def test_stop_that_two_learn_at_once(self):
        """Twilio's answer and the customer's own STOP: the number stands on the list already."""
        row, other = (self._ask(to_phone=f"+1415555010{n}").delivery_ids for n in range(2))
        self._refuse("phone_blacklist", "INSERT", "TRUE", "unique_violation")
        self.twilio.opted_out.add(row.recipient)
        self._drain()
        self.assertEqual((row.state, other.state), ("failed", "sent"))
        self.assertIn("STOP", row.failure_reason)


@tagged("post_install", "-at_install")
class TestWhatFollows(OutcomeCase):
    """What did not arrive is followed up once, also when the worker dies in between."""

    def setUp(self):
        super().setUp()
        self.company.payment_request_cascade = True
        self.row = self._ask("email").delivery_ids
        self.request = self.row.request_id

    def _die_after(self, outcome):
        """Leave what a worker leaves that is killed once it has written an outcome."""
        self.row.write({"state": "sending", "attempt_count": 1})
        self.row._apply_outcomes({self.row: outcome})

    def _drain_after(self, delta):
        with freeze_time(fields.Datetime.now() + delta):
            self._drain()

    def _get_rows(self):
        rows = self.request.delivery_ids.sorted("id")
        return [(row.channel, row.state) for row in rows]

    def test_the_next_channel_after_the_worker_died(self):
        self._die_after(Outcome("failed", "petra@example.com does not exist."))
        self._drain()
        self.assertEqual(self._get_rows(), [("email", "failed")], "it may still be at work")
        self._drain_after(ABANDONED_AFTER + timedelta(minutes=1))
        self.assertEqual(self._get_rows(), [("email", "failed"), ("sms", "sent")])
        self._drain_after(2 * ABANDONED_AFTER)
        self.assertEqual(len(self.twilio.messages), 1)
        self.assertFalse(self.request.activity_ids)

    def test_a_person_is_told_after_the_worker_died(self):
        self._die_after(Outcome("unknown", "The server stopped while sending."))
        self._drain_after(ABANDONED_AFTER + timedelta(minutes=1))
        self.assertIn("Did", self._get_activities(self.request))
        self.request.activity_ids.unlink()
        self._drain_after(2 * ABANDONED_AFTER)
        self.assertFalse(self.request.activity_ids)

    def test_what_arrived_meanwhile_needs_no_more(self):
        self._die_after(Outcome("unknown", "The server stopped while sending."))
        self.row._apply_outcomes({self.row: Outcome("delivered")})
        self._drain_after(ABANDONED_AFTER + timedelta(minutes=1))
        self.assertFalse(self.request.activity_ids)

    def test_what_a_worker_or_a_report_followed_up_is_done(self):
        self.company.payment_request_cascade = False
        with mail_server(self.env):
            self._drain()
        self.request._message_receive_bounce("petra@example.com", self.payer)
        self.twilio.fail_next(status=400, code=30003)
        failed = self._send()
        for request in (self.request, failed.request_id):
            self.assertEqual(len(request.activity_ids), 1)
            request.activity_ids.unlink()
        self._drain_after(2 * ABANDONED_AFTER)
        self.assertFalse((self.request | failed.request_id).activity_ids)

    @mute_logger("odoo.sql_db")
    def test_what_could_not_follow_is_done_later_and_keeps_nobody_back(self):
        self._refuse(
            "payment_request_delivery",
            "UPDATE",
            "OLD.follow_up_at IS NOT NULL AND NEW.follow_up_at IS NULL",
            "check_violation",
            once=True,
        )
        self.row.write({"state": "skipped"})
        self.twilio.fail_next(status=400, code=30003)
        sms, mail = self._ask().delivery_ids, self._ask("email").delivery_ids
        with mail_server(self.env), self.assertLogs(LOGGER, "ERROR"):
            self._drain()
        self.assertEqual((sms.state, mail.state), ("failed", "sent"))
        self.assertFalse(sms.request_id.activity_ids)
        self._drain_after(ABANDONED_AFTER + timedelta(minutes=1))
        self.assertIn("did not reach", self._get_activities(sms.request_id))
