# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import socket
import time
from unittest.mock import patch

import stripe

from odoo.tests import BaseCase, tagged

from ..gateways import webhook_out
from ..gateways.errors import Refused, Unavailable
from ..gateways.webhook_out import WebhookSender, find_fault, is_allowed, parse_networks, sign
from .webhook_receiver import Receiver

PRIVATE = (
    "127.0.0.1",
    "10.0.0.8",
    "172.16.3.4",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",
    "224.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "fe80::1%eth0",
    "fd00::1",
    "ff02::1",
    "::ffff:10.0.0.8",
    "64:ff9b::a00:8",
    "2002:a00:8::1",
    "::10.0.0.8",
    "::127.0.0.1",
    "::ffff:0:10.0.0.8",
    "64:ff9b:1::a00:8",
    "fec0::8",
)


@tagged("post_install", "-at_install")
class TestWebhookOut(BaseCase):
    def test_another_library_believes_the_signature(self):
        body = b'{"id": "evt_1"}'
        header = sign(body, ["new", "old"], int(time.time()))
        for secret in ("new", "old"):
            self.assertTrue(
                stripe.WebhookSignature.verify_header(body.decode(), header, secret, tolerance=60)
            )
        with self.assertRaises(stripe.SignatureVerificationError):
            stripe.WebhookSignature.verify_header(body.decode(), header, "wrong", tolerance=60)

    def test_addresses_that_may_be_entered(self):
        for url, fault in (
            ("https://receiver.example.com/events?x=1", ""),
            ("https://receiver.example.com:8443", ""),
            ("http://receiver.example.com/events", "not_https"),
            ("http://127.0.0.1/", "not_https"),
            ("https://user:word@receiver.example.com/", "credentials"),
            ("https://@receiver.example.com/", "credentials"),
            ("ftp://receiver.example.com/", "malformed"),
            ("file:///etc/passwd", "malformed"),
            ("https://", "malformed"),
            ("https://receiver.example.com:port/", "malformed"),
            ("https://receiver.example.com/\r\nHost: other", "malformed"),
            ("https://receiver.example.com/#part", "malformed"),
            ("https://[::1", "malformed"),
            ("receiver.example.com", "malformed"),
            ("https://receiver.example.com/" + "x" * 2000, "malformed"),
        ):
            with self.subTest(url=url[:50]):
                self.assertEqual(find_fault(url), fault)
        for url in ("http://127.0.0.1:8080/", "http://localhost/", "http://[::1]/"):
            self.assertEqual(find_fault(url, allow_loopback=True), "")
        self.assertEqual(find_fault("http://10.0.0.8/", allow_loopback=True), "not_https")

    def test_private_addresses_are_refused_unless_named(self):
        for address in PRIVATE:
            with self.subTest(address=address):
                self.assertFalse(is_allowed(address, allow_loopback=False))
        for address in ("93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946"):
            self.assertTrue(is_allowed(address, allow_loopback=False))
        ours = parse_networks("10.0.0.0/24, fd00::/8")
        self.assertTrue(is_allowed("10.0.0.8", allow_loopback=False, private=ours))
        self.assertTrue(is_allowed("fd00::1", allow_loopback=False, private=ours))
        self.assertFalse(is_allowed("10.0.1.8", allow_loopback=False, private=ours))
        self.assertTrue(is_allowed("127.0.0.1", allow_loopback=True))
        self.assertRaises(ValueError, parse_networks, "our office")

    def test_a_name_that_leads_inside_is_not_called(self):
        asked = []

        def resolve(host, port, **_options):
            asked.append(host)
            public = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.216.34", port))
            inside = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.0.0.8", port))
            return [public, inside]

        with (
            patch.object(webhook_out.socket, "getaddrinfo", resolve),
            patch.object(webhook_out.socket, "create_connection") as connect,
            self.assertRaises(Refused) as caught,
        ):
            WebhookSender().post("https://localhost/", b"{}", "t=1")
        self.assertEqual((caught.exception.code, asked), ("forbidden_address", ["localhost"]))
        connect.assert_not_called()

    def test_what_is_answered(self):
        for status in (200, 204, 302, 404, 500):
            with Receiver(status) as receiver:
                sender = WebhookSender(allow_loopback=True)
                self.assertEqual(sender.post(receiver.url, b"{}", "t=1,v1=2"), status)
                self.assertEqual(receiver.posts, [(b"{}", "t=1,v1=2")])  # no redirect followed

    def test_nobody_listens(self):
        with Receiver() as receiver:
            url = receiver.url
        with self.assertRaises(Unavailable) as caught:
            WebhookSender(allow_loopback=True).post(url, b"{}", "t=1")
        self.assertEqual(caught.exception.code, "not_reached")

    def test_a_slow_talker_is_hung_up_on(self):
        with (
            patch.object(webhook_out, "TIMEOUT", 1),
            Receiver(drip=30) as receiver,
            self.assertRaises(Unavailable) as caught,
        ):
            WebhookSender(allow_loopback=True).post(receiver.url, b"{}", "t=1")
        self.assertEqual(caught.exception.code, "timeout")

    def test_plain_http_is_no_https(self):
        with Receiver() as receiver, self.assertRaises(Unavailable) as caught:
            url = receiver.url.replace("http:", "https:")
            WebhookSender(allow_loopback=True).post(url, b"{}", "t=1")
        self.assertEqual(caught.exception.code, "tls")
