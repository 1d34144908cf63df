# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from unittest.mock import patch

from odoo.tests import tagged
from odoo.tools import mute_logger

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
