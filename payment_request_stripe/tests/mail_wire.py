# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A mail server on a free port of the loopback, to which Odoo really speaks SMTP.

with mail_server(self.env) as server:
    server.refuse["petra@example.com"] = "550 5.1.1 no such user"
    server.seconds = 2.5  # that it takes for each message
    ...
server.mails  # [(recipients, email.message.EmailMessage)]
"""

import asyncio
import email
import logging
import socket
from contextlib import contextmanager
from email import policy
from unittest.mock import patch

from aiosmtpd.controller import Controller

logging.getLogger("mail.log").setLevel(logging.WARNING)


class FakeMailServer:
    """aiosmtpd's handler: takes mail, refuses senders and recipients, or hangs up."""

    def __init__(self):
        self.mails = []
        self.refuse = {}
        self.hang_up_on = None
        self.seconds = 0
        self.connections = 0

    async def handle_EHLO(self, _server, session, _envelope, hostname, responses):
        self.connections += 1
        session.host_name = hostname
        return responses

    async def handle_MAIL(self, _server, _session, envelope, address, _options):
        if address in self.refuse:
            return self.refuse[address]
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server, _session, envelope, address, _options):
        if address == self.hang_up_on:
            server.transport.close()
            return "421 bye"
        if address in self.refuse:
            return self.refuse[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server, _session, envelope):
        await asyncio.sleep(self.seconds)
        message = email.message_from_bytes(envelope.content, policy=policy.default)
        self.mails.append((list(envelope.rcpt_tos), message))
        return "250 OK"

    def get_recipients(self):
        return [address for recipients, _message in self.mails for address in recipients]


def _find_free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def mail_server(env, start=True):
    """Make a running mail server the only one that Odoo knows.

    :param start: otherwise nothing answers at its port
    """
    server = FakeMailServer()
    port = _find_free_port()
    controller = Controller(server, hostname="127.0.0.1", port=port)
    if start:
        controller.start()
    servers = env["ir.mail_server"]
    servers.search([]).active = False
    servers.create({"name": "Fake", "smtp_host": "127.0.0.1", "smtp_port": port})
    try:
        # The only switch by which Odoo sends nothing in tests.
        with patch.object(type(servers), "_disable_send", lambda *_args: False):
            yield server
    finally:
        if start:
            controller.stop()
