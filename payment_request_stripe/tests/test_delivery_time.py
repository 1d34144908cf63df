# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from contextlib import contextmanager
from unittest.mock import patch

from psycopg2 import OperationalError

from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.base.models import ir_cron

from ..models import payment_request_delivery as room
from ..models import payment_request_delivery_email as email_room
from .delivery_case import DeliveryCase
from .mail_wire import mail_server


@tagged("post_install", "-at_install")
class TestTime(DeliveryCase):
    """A mail server that takes seconds for each message, and Odoo, which kills who is too slow."""

    def _ask_new(self, count, **values):
        """Ask as many customers by e-mail.

        :param values: of their invoices
        """
        partners = self.env["res.partner"].create(
            [{"name": f"Payer {n}", "email": f"{n}@example.com"} for n in range(count)]
        )
        invoices = [self._create_invoice(partner=partner, **values) for partner in partners]
        requests = [self._create_request(one, delivery_method="email") for one in invoices]
        return requests[0].union(*requests)

    @contextmanager
    def _short_time(self, step=room.SECONDS, **seconds):
        """Let the worker's minutes be moments."""
        with (
            patch.object(ir_cron, "MIN_TIME_PER_JOB", 0.3),
            patch.object(room, "SECONDS", step),
            patch.multiple(email_room, **seconds),
        ):
            yield

    def _get_sent(self, requests):
        """Return the requests whose e-mail stands in their chatter."""
        return requests.message_ids.filtered(
            lambda one: one.message_type == "email_outgoing"
        ).mapped("res_id")

    def test_what_is_not_begun_in_time_waits_as_before(self):
        requests = self._ask_new(7)
        rows = requests.delivery_ids.sorted("id")
        with mail_server(self.env) as server:
            server.seconds = 0.4
            with self._short_time(0.8, LEAST=0.5):
                self._drain()
            sent = rows.filtered(lambda row: row.state == "sent")
            self.assertTrue(sent)
            self.assertEqual(len(server.mails), len(sent))
            left = rows - sent
            self.assertEqual(set(left.mapped("state")), {"queued"})
            self.assertEqual(set(left.mapped("attempt_count")), {0}, "it was no attempt")
            self.assertFalse(any(row.retry_at or row.failure_reason for row in left))
            self.assertEqual(sorted(self._get_sent(requests)), sorted(sent.request_id.ids))
            self.env["mail.mail"].sudo().process_email_queue()
            server.seconds = 0
            self._drain()
        self.assertEqual(set(rows.mapped("state")), {"sent"})
        self.assertEqual(sorted(server.get_recipients()), sorted(rows.mapped("recipient")))
        self.assertEqual(sorted(self._get_sent(requests)), requests.ids)

    def test_is_one_for_the_e_mails_of_all_companies(self):
        journal = self._set_up_another_company()["default_journal_sale"]
        allowed = (self.company | journal.company_id).ids
        self.requests = self.requests.with_context(allowed_company_ids=allowed)
        ours, theirs = self._ask_new(2), self._ask_new(4, journal_id=journal.id)
        self.assertEqual(theirs.company_id, journal.company_id)
        with mail_server(self.env) as server:
            server.seconds = 0.4
            with self._short_time(1, LEAST=0):
                self._drain()
            sent = theirs.delivery_ids.filtered(lambda row: row.state == "sent")
            self.assertLess(len(sent), 3, "two of ours have taken most of the second")
            left = theirs.delivery_ids - sent
            self.assertEqual(set(left.mapped("state")), {"queued"})
            server.seconds = 0
            self._drain()
        self.assertEqual(set((ours | theirs).delivery_ids.mapped("state")), {"sent"})
        self.assertEqual(len(server.mails), 6)

    def test_is_one_for_all_channels(self):
        emails = self._ask_new(1)
        sms = self._ask("sms").delivery_ids
        with mail_server(self.env) as server:
            server.seconds = 0.4
            with self._short_time(0.2, LEAST=0):
                self._drain()
            self.assertEqual((emails.delivery_ids.state, len(server.mails)), ("sent", 1))
            self.assertEqual((sms.state, sms.attempt_count), ("queued", 0), "it was not begun")
            self.assertFalse(sms.retry_at or sms.failure_reason)
            self._drain()
        self.assertEqual((sms.state, len(self.twilio.messages)), ("sent", 1))

    def test_a_server_that_is_slow_to_answer_gets_one_at_least(self):
        requests = self._ask_new(2)
        with mail_server(self.env) as server:
            server.seconds = 0.4
            for count in (1, 2):
                with self._short_time(0, LEAST=0):
                    self._drain()
                self.assertEqual(len(server.mails), count)
        self.assertEqual(set(requests.delivery_ids.mapped("state")), {"sent"})

    def test_an_address_that_is_corrected_before_its_turn(self):
        _first, second = self._ask_new(2)
        mails = self.env.registry["mail.mail"]
        postprocess, seen = mails._postprocess_sent_message, []

        def correct(mail, *args, **kwargs):
            if not seen:
                self.env.invalidate_all()
                seen.append(second.delivery_ids.state)
                second.with_user(self.billing_user).to_email = "new@example.com"
                self.env.flush_all()
            return postprocess(mail, *args, **kwargs)

        with mail_server(self.env) as server:
            server.seconds = 0.4
            with (
                self._short_time(0, LEAST=0),
                patch.object(mails, "_postprocess_sent_message", correct),
            ):
                self._drain()
            self.assertEqual((seen, len(server.mails)), (["sending"], 1))
            self._drain()
        self.assertEqual(server.get_recipients(), ["0@example.com", "new@example.com"])

    @mute_logger(
        "odoo.addons.mail.models.mail_mail",
        "odoo.addons.payment_request_stripe.models.payment_request_delivery_email",
    )
    def test_what_was_handed_over_is_known_before_the_next_goes_out(self):
        requests = self._ask_new(4)
        mails = self.env.registry["mail.mail"]
        postprocess = mails._postprocess_sent_message

        def break_at_third(mail, *args, **kwargs):
            if mail.state == "sent" and mail.email_to == "2@example.com":
                raise OperationalError("the connection to the database is lost")
            return postprocess(mail, *args, **kwargs)

        with mail_server(self.env) as server, self._short_time(SLICE=0):
            with patch.object(mails, "_postprocess_sent_message", break_at_third):
                self._drain()
        self.assertEqual(len(server.mails), 3)
        states = [request.delivery_ids.state for request in requests]
        self.assertEqual(states, ["sent", "sent", "unknown", "unknown"])
