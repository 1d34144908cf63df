# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from datetime import timedelta

from lxml import html

from odoo import fields
from odoo.tests import tagged

from odoo.addons.payment_request_stripe.controllers import rate_limit

from .pay_page_case import PayPageCase


@tagged("post_install", "-at_install")
class TestPayerServices(PayPageCase):
    """A payer promises, asks and forwards, within limits; nobody else does it for them."""

    def setUp(self):
        super().setUp()
        self.company.write(
            {
                "payment_request_payer_promise": True,
                "payment_request_payer_question": True,
                "payment_request_payer_forward": True,
            }
        )
        self.today = fields.Date.today()
        rate_limit.limiter._counts.clear()

    def _proof(self, request=None):
        return html.fromstring(self._open(request=request).content).xpath(
            "//input[@name='proof']/@value"
        )[0]

    def _post(self, service, request=None, **form):
        if "proof" not in form:
            form["proof"] = self._proof(request)
        return self._open(f"/{service}", method="POST", request=request, data=form)

    def _notice(self, answer):
        self.assertEqual(answer.status_code, 303)
        return answer.headers["Location"].partition("notice=")[2]

    def test_off_by_default(self):
        fresh = self.env["res.company"].create({"name": "Fresh"})
        for name in ("choice", "amounts", "promise", "question", "forward", "statement"):
            self.assertFalse(fresh[f"payment_request_payer_{name}"], name)
        proof = self._proof()
        self.company.write(
            {
                "payment_request_payer_promise": False,
                "payment_request_payer_question": False,
                "payment_request_payer_forward": False,
            }
        )
        self.assertFalse(html.fromstring(self._open().content).xpath("//details"))
        self._post("question", proof=proof, text="Hello?")
        self._post("forward", proof=proof, email="ap@example.com")
        self._post("promise", proof=proof, date=self.today.isoformat())
        self.assertFalse(self.request.activity_ids)
        self.assertEqual(len(self.request.delivery_ids), 1)
        self.assertFalse(self.invoice.payment_request_promise_date)

    def test_forms_of_another_page_do_nothing(self):
        other = self._create_request(self._create_invoice(7))
        for proof in ("", "x", "é", self._proof(other)):
            answer = self._post("question", proof=proof, text="Hello?")
            self.assertEqual(self._notice(answer), "stale_form")
        self.assertFalse(self.request.activity_ids)

    def test_files_are_no_texts(self):
        proof = self._proof()
        for service in ("question", "forward", "promise"):
            files = {name: ("x.txt", b"x") for name in ("text", "email", "date", "note")}
            answer = self._open(f"/{service}", method="POST", data={"proof": proof}, files=files)
            self.assertEqual(answer.status_code, 422, service)
        answer = self._open("/question", method="POST", files={"proof": ("x.txt", b"x")})
        self.assertEqual(self._notice(answer), "stale_form")
        self.assertFalse(self.request.activity_ids)

    def test_looking_changes_nothing(self):
        self._open()
        before = self.request.read()
        for path in ("/promise", "/question", "/forward"):
            self.assertEqual(
                self._open(path, params={"text": "x", "email": "a@b.example"}).status_code, 303
            )
        self.assertEqual(self.request.read(), before)

    def test_a_promise_reaches_the_invoices_and_the_person_in_charge(self):
        day = self.today + timedelta(days=5)
        self.request.expires_at = fields.Datetime.now() + timedelta(days=1)
        answer = self._post("promise", date=day.isoformat(), note="After <b>payday</b>")
        self.assertEqual(self._notice(answer), "promise")
        self.assertEqual(self.invoice.payment_request_promise_date, day)
        self.assertEqual(self.other_invoice.payment_request_promise_date, day)
        self.assertGreater(self.request.expires_at.date(), day)
        activity = self.request.activity_ids
        self.assertEqual(activity.user_id, self.billing_user)
        self.assertIn("Petra Payer promises to pay", activity.summary)
        self.assertIn("&lt;b&gt;payday&lt;/b&gt;", activity.note)
        self.assertSaid(
            self._open("?notice=promise"), "We have noted your promise", "You have promised"
        )

    def test_a_promise_too_far_or_no_day_at_all(self):
        for text, sentence in (
            ((self.today + timedelta(days=15)).isoformat(), "Please choose a day from today to"),
            ((self.today - timedelta(days=1)).isoformat(), "Please choose a day from today to"),
            ("soon", "Please choose a day."),
            ("", "Please choose a day."),
        ):
            answer = self._post("promise", date=text)
            self.assertEqual(answer.status_code, 422, text)
            self.assertSaid(answer, sentence)
        self.assertFalse(self.invoice.payment_request_promise_date)
        self.assertFalse(self.request.activity_ids)

    def test_a_question_about_one_invoice(self):
        line = self.request.line_ids[1]
        text = "Why <script>alert(1)</script>?\nPlease call."
        self.assertEqual(self._notice(self._post("question", about=line.id, text=text)), "question")
        activity = self.request.activity_ids
        self.assertEqual(activity.user_id, self.billing_user)
        self.assertIn(f"Petra Payer about {self.other_invoice.name}", activity.summary)
        self.assertIn("&lt;script&gt;alert(1)&lt;/script&gt;", activity.note)
        self.assertIn("<br>", activity.note)
        # The same words again are a second question, not lost.
        self._post("question", about="0", text=text)
        self.assertEqual(len(self.request.activity_ids), 2)

    def test_questions_have_limits(self):
        for text, sentence in (("", "write your question"), ("x" * 1001, "at most 1000")):
            answer = self._post("question", text=text)
            self.assertEqual(answer.status_code, 422)
            self.assertSaid(answer, sentence)
        self.request.payer_question_count = 10
        answer = self._post("question", text="Once <i>more</i>")
        self.assertSaid(answer, "You have asked many questions already.")
        self.assertIn("Once &lt;i&gt;more&lt;/i&gt;", answer.text)
        self.assertFalse(self.request.activity_ids)
        proof = self._proof()
        answers = [self._post("question", proof=proof, text="x").status_code for _ in range(9)]
        self.assertEqual(answers[-1], 429)

    def test_forward_goes_through_the_outbox(self):
        answer = self._post("forward", email="AP@Big.example")
        self.assertEqual(self._notice(answer), "forward")
        row = self.request.delivery_ids.filtered("is_forwarded")
        self.assertEqual(
            (row.recipient, row.channel, row.state, row.is_automatic),
            ("ap@big.example", "email", "queued", True),
        )

    def test_forward_of_what_waits_for_another_try(self):
        mine = self.request.delivery_ids
        mine.write({"attempt_count": 1, "retry_at": fields.Datetime.now() + timedelta(hours=1)})
        answer = self._post("forward", email=mine.recipient)
        self.assertEqual(answer.status_code, 422)
        self.assertSaid(answer, "on its way to this address")
        self.assertEqual(self.request.delivery_ids, mine)
        mine.state = "sent"
        self.assertEqual(self._notice(self._post("forward", email=mine.recipient)), "forward")
        self.assertEqual(len(self.request.delivery_ids), 2)

    def test_forward_is_no_spam_relay(self):
        for text in (
            "",
            "nobody",
            "a@x.example, b@x.example",
            "a@x.example\nBcc: b@x.example",
            "x" * 300,
        ):
            answer = self._post("forward", email=text)
            self.assertEqual(answer.status_code, 422, text)
        rate_limit.limiter._counts.clear()
        proof = self._proof()
        for number in range(3):
            answer = self._post("forward", proof=proof, email=f"ap{number}@big.example")
            self.assertEqual(self._notice(answer), "forward")
        self.assertSaid(
            self._post("forward", proof=proof, email="ap0@big.example"),
            "on its way to this address",
        )
        self.assertSaid(
            self._post("forward", proof=proof, email="ap4@big.example"), "was forwarded 3 times"
        )
        self.assertEqual(len(self.request.delivery_ids.filtered("is_forwarded")), 3)

    def test_whoever_wants_no_messages_gets_none(self):
        self.env["mail.blacklist"]._add("ap@big.example")
        # What the page says does not tell who is on that list.
        self.assertEqual(self._notice(self._post("forward", email="ap@big.example")), "forward")
        self.assertEqual(self.request.delivery_ids.filtered("is_forwarded").state, "skipped")

    def test_documents_can_be_switched_off(self):
        line = self.request.line_ids[0]
        self.company.payment_request_payer_documents = False
        self.assertEqual(self._open(f"/invoice/{line.id}").status_code, 404)
        self.assertFalse(html.fromstring(self._open().content).xpath("//table//a"))

    def test_page_and_mail_have_one_readable_colour(self):
        self.company.email_secondary_color = "#ffdd00"
        colour = self.company._get_payment_request_colour()
        link = html.fromstring(self._open().content).xpath("//link[@rel='stylesheet']/@href")[1]
        self.assertIn(colour[1:], link)
        self.assertIn(f"--accent:{colour}", self.url_open(link).text)
        mail = self.env.ref("payment_request_stripe.mail_template_payment_request")
        body = mail._render_field("body_html", self.request.ids)[self.request.id]
        self.assertIn(f"background-color:{colour}", body.replace(" ", ""))
