# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import os
import socket
import threading
from contextlib import contextmanager
from http.client import RemoteDisconnected
from unittest.mock import patch

import requests
from urllib3.exceptions import (
    ConnectTimeoutError,
    MaxRetryError,
    NewConnectionError,
    ProxyError,
)

from odoo.tests import BaseCase, tagged

from ..gateways.errors import OutcomeUnknown, Unavailable
from ..gateways.twilio_api import TwilioGateway
from .twilio_wire import GOOD_SENDER, patch_twilio_wire


@tagged("post_install", "-at_install")
class TestTwilioProxy(BaseCase):
    """Behind a proxy a text is tried again only when it surely did not reach Twilio."""

    def _send(self, **options):
        gateway = TwilioGateway("AC0", "token_of_the_account", **options)
        return gateway.send_sms("+14155550100", "Hello", sender=GOOD_SENDER)

    @contextmanager
    def _proxy(self, answer):
        """Make a proxy that reads one request, writes `answer` and hangs up."""
        asked = []

        def serve():
            connection, _address = server.accept()
            with connection:
                asked.append(connection.recv(65536))
                connection.sendall(answer)

        with socket.create_server(("127.0.0.1", 0)) as server:
            server.settimeout(10)
            thread = threading.Thread(target=serve, daemon=True)
            thread.start()
            with self._environment(server):
                yield asked
            thread.join()

    def _environment(self, server):
        host, port = server.getsockname()
        address = f"http://{host}:{port}"
        names = ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY")
        return patch.dict(os.environ, {**dict.fromkeys(names, address), "no_proxy": "none.invalid"})

    def test_a_proxy_that_nobody_runs(self):
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))  # taken, but nobody listens
            with self._environment(closed), self.assertRaises(Unavailable) as raised:
                self._send(api_base="http://127.0.0.1:9")
        self.assertIs(type(raised.exception), Unavailable)

    def test_a_proxy_that_refuses_to_connect_us(self):
        refusal = b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"
        with self._proxy(refusal) as asked, self.assertRaises(Unavailable) as raised:
            self._send(api_base="https://127.0.0.1:9")
        self.assertIs(type(raised.exception), Unavailable)
        self.assertTrue(asked[0].startswith(b"CONNECT "))

    def test_a_connection_through_a_proxy_that_breaks_before_the_answer(self):
        with self._proxy(b"") as asked, self.assertRaises(OutcomeUnknown):
            self._send(api_base="http://127.0.0.1:9")
        self.assertTrue(asked[0].startswith(b"POST "), "the text was handed over")

    def test_each_cause_that_urllib3_calls_a_trouble_of_the_proxy(self):
        """urllib3 1.26 calls it so too when the connection broke after the text was posted."""
        for cause, outcome in (
            (NewConnectionError(None, "Connection refused"), Unavailable),
            (ConnectTimeoutError("no answer to SYN"), Unavailable),
            (OSError("Tunnel connection failed: 403 Forbidden"), Unavailable),
            (RemoteDisconnected("Remote end closed connection without response"), OutcomeUnknown),
            (ConnectionResetError(104, "Connection reset by peer"), OutcomeUnknown),
            (TimeoutError("timed out"), OutcomeUnknown),
        ):
            reason = ProxyError("Cannot connect to proxy.", cause)
            for wrapped in (reason, MaxRetryError(None, "/Messages.json", reason)):
                with (
                    self.subTest(cause=cause, wrapped=wrapped),
                    patch_twilio_wire() as fake,
                    self.assertRaises(outcome) as raised,
                ):
                    fake.fail_next(trouble=requests.exceptions.ProxyError(wrapped))
                    self._send()
                self.assertIs(type(raised.exception), outcome)
