# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import json
import time

from odoo.tests import BaseCase, tagged

from ..gateways.errors import MalformedPayload, Misconfigured, SignatureError
from ..gateways.stripe_api import verify_webhook
from .stripe_wire import sign

SECRET = "whsec_right"
EVENT = {"id": "evt_1", "object": "event", "type": "checkout.session.completed"}


@tagged("post_install", "-at_install")
class TestGatewayWebhook(BaseCase):
    def _verify(self, content=EVENT, signed_with=SECRET, secrets=(SECRET,), timestamp=None):
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        return verify_webhook(body, sign(body, signed_with, timestamp), secrets)

    def test_a_signed_event_is_returned_as_it_is(self):
        self.assertEqual(self._verify(), EVENT)

    def test_any_of_several_secrets_will_do(self):
        self.assertEqual(self._verify(secrets=["whsec_new", "", SECRET]), EVENT)
        self.assertEqual(self._verify(secrets=[f" {SECRET}\n"]), EVENT)
        with self.assertRaises(SignatureError):
            self._verify(secrets=["whsec_new", "whsec_other"])

    def test_any_of_several_signatures_will_do(self):
        body = json.dumps(EVENT).encode()
        now = int(time.time())
        forged = sign(body, "whsec_old", now)
        header = f"{forged},{sign(body, SECRET, now).partition(',')[2]}"
        self.assertEqual(verify_webhook(body, header, [SECRET]), EVENT)

    def test_without_a_secret_nothing_is_accepted(self):
        for secrets in ([], [""], ["  ", None]):
            for signed_with in ("", SECRET):
                with self.subTest(secrets=secrets), self.assertRaises(Misconfigured):
                    self._verify(signed_with=signed_with, secrets=secrets)

    def test_forged(self):
        body = json.dumps(EVENT).encode()
        header = sign(body, SECRET)
        for changed_body, changed_header in (
            (body + b" ", header),
            (body, sign(body, "whsec_wrong")),
            (body, sign(body, "")),
            (body, header.replace("v1=", "v0=")),
            (body, header[:-1]),
            (body, header.partition(",")[2]),
            (body, header.partition(",")[0]),
            (body, "t=now,v1=abc"),
            (body, "t"),
            (body, ",,,"),
            (body, header + "é"),
            (body, f"t={'9' * 5000},v1=abc"),
            (body, ""),
            (body, None),
        ):
            with self.subTest(header=changed_header), self.assertRaises(SignatureError):
                verify_webhook(changed_body, changed_header, [SECRET])

    def test_five_minutes_either_way(self):
        now = int(time.time())
        for seconds in (-290, 0, 290):
            with self.subTest(seconds=seconds):
                self.assertEqual(self._verify(timestamp=now + seconds), EVENT)
        for seconds in (-310, 310, 10**6, -(10**6)):
            with self.subTest(seconds=seconds), self.assertRaises(SignatureError):
                self._verify(timestamp=now + seconds)

    def test_signed_and_yet_no_event(self):
        for content in (
            b"",
            b"no JSON",
            b"[" * 100_000,
            [],
            "evt_1",
            None,
            7,
            {},
            {"id": "evt_1"},
            {"type": "checkout.session.completed"},
            {"id": 7, "type": "checkout.session.completed"},
            {"id": "evt_1", "type": ""},
            {**EVENT, "object": "v2.core.event"},
        ):
            with self.subTest(content=content), self.assertRaises(MalformedPayload):
                self._verify(content)

    def test_a_body_that_is_no_text(self):
        with self.assertRaises(MalformedPayload):
            verify_webhook(b"\xff\xfe", sign(json.dumps(EVENT), SECRET), [SECRET])
