# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from lxml import html

from .common import PaymentRequestHttpCase

PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
    "Gecko) Version/18.0 Mobile/15E148 Safari/604.1"
)


class PayPageCase(PaymentRequestHttpCase):
    """A payer's browser: it keeps no cookie, and says that it is a phone."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.write({"name": "Hartmann & Söhne", "email": "office@hartmann.example"})
        cls.billing_user.partner_id.write(
            {"name": "Anna Bookkeeper", "email": "anna@hartmann.example", "phone": "+493055501"}
        )
        cls.invoice = cls._create_invoice(100)
        cls.other_invoice = cls._create_invoice(20.5)

    def setUp(self):
        super().setUp()
        self.request = self._create_request(self.invoice, self.other_invoice)

    def _open(self, path="", method="GET", request=None, agent=PHONE, **options):
        """Ask for a page of the link, without following redirects."""
        request = self.request if request is None else request
        token = request if isinstance(request, str) else request.access_token
        headers = {"User-Agent": agent, **options.pop("headers", {})}
        self.env.flush_all()
        answer = self.url_open(
            f"/pay/{token}{path}", method=method, headers=headers, allow_redirects=False, **options
        )
        self.env.invalidate_all()
        return answer

    def _text(self, answer):
        """Return what a reader of the page reads, in one line."""
        page = html.fromstring(answer.content)
        for hidden in page.xpath("//head | //script"):
            hidden.drop_tree()
        return " ".join(page.text_content().split())

    def _quote(self, request=None):
        page = html.fromstring(self._open(request=request).content)
        return page.xpath("//form//input[@name='quote']/@value")[0]

    def _press_pay(self, quote, request=None):
        return self._open("/checkout", method="POST", request=request, data={"quote": quote})

    def _session(self):
        """Open a checkout and return the ref of its session."""
        self.assertEqual(self._press_pay(self._quote()).status_code, 303)
        return self.request.stripe_checkout_session_ref

    def _deliver(self, event):
        """Let Stripe ring the bell with a signed event, and the worker answer it."""
        self.assertEqual(self._post_event(event).status_code, 200)
        self._run_cron("ir_cron_process_events")

    def assertSaid(self, answer, *sentences):
        text = self._text(answer)
        for sentence in sentences:
            self.assertIn(" ".join(sentence.split()), text)

    def assertHasPay(self, answer):
        self.assertTrue(html.fromstring(answer.content).xpath("//form[@method='post']//button"))

    def assertHasNoPay(self, answer):
        self.assertFalse(html.fromstring(answer.content).xpath("//form | //button"))
