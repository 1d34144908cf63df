# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A program of the company: it takes outgoing events on the loopback, or does not."""

import json
import socketserver
import threading
import time
from http.server import BaseHTTPRequestHandler

from ..gateways.webhook_out import SIGNATURE_HEADER


class Receiver(socketserver.ThreadingTCPServer):
    """Keeps what was posted in `posts`, as ``(body, signature header)``, and answers `status`.

    With `drip`, the answer comes a byte each tenth of a second, for so many seconds.
    """

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, status=200, drip=0):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.status, self.drip, self.posts = status, drip, []

    def __enter__(self):
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()
        return super().__enter__()

    def __exit__(self, *error):
        self.shutdown()
        return super().__exit__(*error)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}/events"

    @property
    def events(self):
        return [json.loads(body) for body, _signature in self.posts]


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.posts.append((body, self.headers[SIGNATURE_HEADER]))
        self.close_connection = True
        if self.server.drip:
            self._drip()
            return
        self.send_response(self.server.status)
        if self.server.status == 302:
            self.send_header("Location", self.server.url)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _drip(self):
        until = time.monotonic() + self.server.drip
        while time.monotonic() < until:
            try:
                self.wfile.write(b"H")
            except OSError:
                return
            time.sleep(0.1)

    def log_message(self, *_words):
        """What was posted is looked at by the test."""
