# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from itertools import chain, permutations, product

from odoo.tests import HttpCase, tagged

from ..exceptions import PaymentRequestRefused
from ..models.payment_request_delivery import TRANSITIONS
from .delivery_case import TOKEN, DeliveryCase
from .twilio_wire import sign_form

# Every word that Twilio has for a message on its way.
WORDS = ("accepted", "queued", "sending", "sent", "delivered", "undelivered", "failed")
FINAL = {"delivered": "delivered", "undelivered": "failed", "failed": "failed"}
# code: what its sentence has to say.
CALLBACK_CODES = {
    "30003": "out of reach",
    "30004": "blocked",
    "30005": "does not exist",
    "30006": "landline",
    "30007": "blocked",
    "30002": "account",
    "30032": "sender",
    "30034": "sender",
    "30008": "no known reason",
    "30001": "again later",
    "30022": "again later",
    "30023": "again later",
    "21610": "STOP",
    "39999": "no known reason",
}
CREATION_CODES = {
    "21211": "Correct the number",
    "21265": "Correct the number",
    "21614": "Correct the number",
    "21635": "Correct the number",
    "21610": "STOP",
    "21408": "country",
    "21612": "country",
    "21212": "sender",
    "21606": "sender",
    "21608": "on trial",
    "21659": "sender",
    "21660": "sender",
    "21701": "sender",
    "21703": "sender",
    "21705": "sender",
    "21602": "template",
    "21603": "template",
    "21617": "template",
    "20003": "token",
    "21999": "Something went wrong.",
}


@tagged("post_install", "-at_install")
class TestTwilioReports(DeliveryCase):
    """What Twilio tells, at creation and later, whatever the order."""

    def _report(self, delivery, word, code=None):
        message = {"account_sid": "AC0", "sid": "SM1", "from": "+1", "to": delivery.recipient}
        delivery._apply_callback(self.twilio.callback(message, word, code))

    def test_every_order_ends_the_same(self):
        """Permutations of every set of reports that has a final one, repeated or not."""
        row = self._send()
        for final in ("delivered", "undelivered"):
            for words in permutations(("accepted", "queued", "sending", "sent", final)):
                for state in ("sending", "sent", "unknown", "queued"):
                    row.write({"state": state})
                    for word in chain(words, words[:2]):
                        self._report(row, word, "30008" if word == "undelivered" else None)
                    self.assertEqual(row.state, FINAL[final], (state, words))

    def test_table_has_no_way_back(self):
        """From no state can a report lead back to itself over others."""
        reports = {"sent", "failed", "delivered", "bounced"}
        reached = {
            source: {target for target in reports if source in TRANSITIONS[target]}
            for source in reports
        }
        for start in reports:
            seen, left = set(), set(reached[start])
            while left:
                state = left.pop()
                seen.add(state)
                left |= reached[state] - seen
            self.assertNotIn(start, seen)

    def test_report_before_the_answer_is_recorded(self):
        """Twilio's first callback can be faster than our own bookkeeping."""
        row = self._ask().delivery_ids
        row.write({"state": "sending", "attempt_count": 1})
        self._report(row, "delivered")
        outcome = row._get_sms_outcome(self._report_of_creation())
        self.env.flush_all()
        with self.enter_registry_test_mode(), self.registry.cursor() as cr:
            mine = row.with_env(self.env(cr=cr))
            mine._record({mine: outcome})
        self.env.invalidate_all()
        self.assertEqual((row.state, row.vendor_ref), ("delivered", "SM1"))

    def _report_of_creation(self):
        gateway = self.company._get_twilio_gateway()
        return gateway.send_sms("+14155550199", "text", sender="+15005550006")

    def test_report_on_what_waits_for_another_try(self):
        """A 503 that was sent after all: the report keeps it from being sent twice."""
        self.twilio.fail_next(status=503)
        row = self._send()
        self._report(row, "sent")
        row.retry_at = False
        self._drain()
        self.assertEqual((row.state, len(self.twilio.messages)), ("sent", 0))

    def test_each_creation_code_has_its_sentence(self):
        for code, words in CREATION_CODES.items():
            with self.subTest(code=code):
                self.twilio.fail_next(status=401 if code == "20003" else 400, code=int(code))
                row = self._send(to_phone=f"+1415556{int(code) % 10000:04d}")
                self.assertEqual(row.state, "failed")
                self.assertIn(words, row.failure_reason)
                self.assertIn(words, self._get_activities(row.request_id))

    def test_our_own_trouble_is_one_task(self):
        """A number that was given back or an account that is closed fails a thousand messages."""
        for status, code in (
            (400, 21606),
            (400, 21608),
            (400, 21659),
            (400, 21703),
            (400, 21602),
            (400, 21603),
            (400, 21617),
            (401, 20003),
            (403, 20005),
        ):
            with self.subTest(code=code):
                self.twilio.fail_next(status=status, code=code, times=3)
                rows = [self._ask(to_phone=f"+1415555{1000 + n}").delivery_ids for n in range(3)]
                self._drain()
                self.assertEqual({row.state for row in rows}, {"failed"})
                tasks = [task for row in rows for task in row.request_id.activity_ids]
                self.assertEqual(len(tasks), 1)
                self.assertIn("Messages fail", tasks[0].summary)

    def test_a_country_that_is_not_enabled_is_one_task(self):
        """A thousand numbers in France are one box to tick at Twilio; so are those in Italy."""
        for code in (21408, 21612):
            with self.subTest(code=code):
                self.twilio.fail_next(status=400, code=code, times=5)
                numbers = [f"+3361234567{n}" for n in range(3)] + ["+393123456780", "+88213300655"]
                rows = [self._ask(to_phone=number).delivery_ids for number in numbers]
                self._drain()
                tasks = [task for row in rows for task in row.request_id.activity_ids]
                self.assertEqual(len(tasks), 3)
                for task, country in zip(tasks, ("France", "Italy", "+882"), strict=True):
                    self.assertIn(f"country: {country}.", task.summary)
                    self.assertIn("Send Again What Failed", task.note)
                self.assertIn("country: France.", rows[2].failure_reason)

    def test_a_refusal_that_we_do_not_know_is_told_in_the_words_of_twilio(self):
        """It may well be our account: only what names the number is about the number."""
        words = "The account has no money left."
        self.twilio.fail_next(status=400, code=21999, message=words, times=3)
        rows = [self._ask(to_phone=f"+1415555{1000 + n}").delivery_ids for n in range(3)]
        self._drain()
        for row in rows:
            self.assertIn(words, row.failure_reason)
            self.assertIn("21999", row.failure_reason)
            self.assertFalse(row.recipient_trouble, "it keeps no reminder back")
        (task,) = [task for row in rows for task in row.request_id.activity_ids]
        self.assertIn(words, task.summary)
        number = rows[0].recipient
        self.twilio.fail_next(status=400, code=21999, message=f"{number} is odd.")
        row = self._send(to_phone=number)
        self.assertIn(f"did not reach {number}", row.request_id.activity_ids.summary)

    def test_our_own_trouble_that_is_reported_later_is_one_task(self):
        rows = [self._send(to_phone=f"+1415555{1000 + n}") for n in range(3)]
        for row in rows:
            self._report(row, "undelivered", "30034")
        self.assertEqual(sum(len(row.request_id.activity_ids) for row in rows), 1)

    def test_numbers_that_twilio_keeps_for_tests(self):
        for number, code in {
            "+15005550001": "21211",
            "+15005550002": "21612",
            "+15005550003": "21408",
            "+15005550004": "21610",
            "+15005550009": "21614",
        }.items():
            with self.subTest(number=number):
                row = self._ask().delivery_ids
                row.recipient = number
                self._drain()
                self.assertEqual(row.state, "failed")
                self.assertIn(code, row.failure_reason)

    def test_stop_is_honoured(self):
        """STOP is learnt from a refusal or a report, shows on the request, and holds."""
        self.twilio.opted_out.add("+14155550100")
        row = self._send()
        self.assertEqual(row.state, "failed")
        blocked = self.env["phone.blacklist"].search([("number", "=", "+14155550100")])
        self.assertTrue(blocked)
        self.assertIn("STOP", self._get_activities(row.request_id))
        with self.assertRaisesRegex(PaymentRequestRefused, "wants no more"):
            self._ask()
        attempts = self.twilio.attempts
        self._drain()
        self.assertEqual(self.twilio.attempts, attempts)


@tagged("post_install", "-at_install")
class TestTwilioCallback(DeliveryCase, HttpCase):
    def setUp(self):
        super().setUp()
        self.row = self._send()

    def _post(
        self, word, code=None, uuid=None, signature=None, url=None, token=TOKEN, headers=None
    ):
        uuid = uuid or self.row.uuid
        path = f"/payment_request/twilio/status/{uuid}"
        form = self.twilio.callback(self.twilio.messages[-1], word, code)
        public = (url or self.company.get_base_url()) + path
        if headers is None:
            headers = {"X-Twilio-Signature": signature or sign_form(public, form, token)}
        return self.url_open(path, data=form, headers=headers)

    def test_signed_for_the_public_address(self):
        answer = self._post("delivered")
        self.assertEqual((answer.status_code, answer.text), (204, ""))
        self.assertEqual(self.row.state, "delivered")

    def _report(self, *words):
        """Let Twilio tell these one after another; a repeated or late one is answered alike."""
        for word in words:
            self.assertEqual(self._post(word).status_code, 204, word)

    def test_every_pair_of_reports(self):
        rank = {"sent": 0, "failed": 1, "delivered": 2}
        for pair in product(WORDS, repeat=2):
            with self.subTest(pair=pair):
                self.row.state = "sent"
                self._report(*pair)
                best = max((FINAL.get(word, "sent") for word in pair), key=rank.get)
                self.assertEqual(self.row.state, best)

    def test_delivered_is_believed_over_failed_in_either_order(self):
        for words in permutations(("failed", "delivered", "sent", "undelivered")):
            with self.subTest(words=words):
                self.row.state = "sent"
                self._report(*words)
                self.assertEqual(self.row.state, "delivered")

    def test_each_callback_code_has_its_sentence(self):
        for code, words in CALLBACK_CODES.items():
            with self.subTest(code=code):
                self.row = self._send(to_phone=f"+1415555{len(self.twilio.messages):04d}")
                self.assertEqual(self._post("undelivered", code).status_code, 204)
                self.assertEqual(self.row.state, "failed")
                self.assertIn(words, self.row.failure_reason)
                self.assertIn(code, self.row.failure_reason)
                self.assertIn(words, self._get_activities(self.row.request_id))

    def test_stop_in_a_report(self):
        self.row = self._send(to_phone="+14155550133")
        self._post("failed", "21610")
        self.assertIn("+14155550133", self.env["phone.blacklist"].search([]).mapped("number"))

    def test_a_word_that_twilio_invents_changes_nothing(self):
        self._report("teleported", "")
        self.assertEqual(self.row.state, "sent")

    def test_the_question_whether_it_arrived_is_answered(self):
        self.twilio.fail_next(lose_answer=True)
        self.row = self._send(to_phone="+14155550134")
        self.assertEqual(self.row.state, "unknown")
        self.assertIn("Did", self._get_activities(self.row.request_id))
        self._post("delivered")
        self.assertEqual(self.row.state, "delivered")
        self.assertFalse(self.row.request_id.activity_ids)

    def test_behind_a_proxy(self):
        """The address that was signed is the public one, whatever the server listens on."""
        self.env["ir.config_parameter"].set_param("web.base.url", "https://pay.example.com")
        self.assertEqual(self._post("delivered", url="https://pay.example.com").status_code, 204)

    def test_unknown(self):
        for uuid in ("00000000-0000-4000-8000-000000000000", "x", "%00", "%27%20or%201"):
            with self.subTest(uuid=uuid):
                self.assertEqual(self._post("delivered", uuid=uuid).status_code, 404)

    def test_email_has_no_callback(self):
        row = self._ask("email").delivery_ids
        self.assertEqual(self._post("delivered", uuid=row.uuid).status_code, 404)

    def test_forged(self):
        """Missing, wrong, of another text, account, address or company: 403, nothing changed."""
        other = self._create_company(name="Other")
        self._set_up_twilio(other, "+15005550010")
        other.sms_twilio_auth_token = "token_of_another_company"
        for forged in (
            {"headers": {}},
            {"headers": {"X-Twilio-Signature": ""}},
            {"signature": "AAAA"},
            {"token": "wrong"},
            {"token": "token_of_another_company"},
            {"url": "https://evil.example.com"},
        ):
            with self.subTest(forged=forged):
                self.assertEqual(self._post("delivered", **forged).status_code, 403)
                self.assertEqual(self.row.state, "sent")

    def test_changed_after_signing(self):
        path = f"/payment_request/twilio/status/{self.row.uuid}"
        form = self.twilio.callback(self.twilio.messages[-1], "sent")
        signature = sign_form(self.company.get_base_url() + path, form, TOKEN)
        answer = self.url_open(
            path,
            data={**form, "MessageStatus": "delivered"},
            headers={"X-Twilio-Signature": signature},
        )
        self.assertEqual(answer.status_code, 403)
        self.assertEqual(self.row.state, "sent")

    def test_without_an_account(self):
        self.company.sms_twilio_auth_token = False
        self.assertEqual(self._post("delivered").status_code, 403)
        self.assertEqual(self.row.state, "sent")

    def test_get_is_no_report(self):
        path = f"/payment_request/twilio/status/{self.row.uuid}"
        self.assertIn(self.url_open(path).status_code, (404, 405))
