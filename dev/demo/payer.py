"""The customer with the link: a browser without cookies, and a card."""

from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import requests

TIMEOUT = 60
# As a phone says it; the pay page does not count programs that look at links.
BROWSER = "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36"


class PayerStuck(Exception):
    """A page did not lead where it should; the message says which and why."""


class _Form(HTMLParser):
    """The first form of a page that posts: where to, its hidden fields, and its text."""

    def __init__(self):
        super().__init__()
        self.action = ""
        self.fields: dict[str, str] = {}

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag == "form" and given.get("method", "").lower() == "post" and not self.action:
            self.action = given.get("action", "")
        elif tag == "input" and given.get("type") == "hidden":
            self.fields[given.get("name", "")] = given.get("value", "")


class Payer:
    """Somebody who was sent `link`. Every request is a new visitor: nothing is remembered."""

    def __init__(self, link: str):
        self.link = link

    @property
    def base(self) -> str:
        parts = urlsplit(self.link)
        return f"{parts.scheme}://{parts.netloc}"

    def get(self, url: str, **options) -> requests.Response:
        return requests.get(url, headers={"User-Agent": BROWSER}, timeout=TIMEOUT, **options)

    def post(self, url: str, fields: dict) -> requests.Response:
        return requests.post(
            url,
            data=fields,
            headers={"User-Agent": BROWSER},
            timeout=TIMEOUT,
            allow_redirects=False,
        )

    def open_page(self) -> requests.Response:
        page = self.get(self.link)
        if page.status_code != 200:
            raise PayerStuck(f"the pay page answered {page.status_code}")
        return page

    def form(self, page: requests.Response | None = None) -> tuple[str, dict]:
        """Where the Pay button posts, and its hidden fields. Raises PayerStuck without a button."""
        page = page or self.open_page()
        form = _Form()
        form.feed(page.text)
        if not form.action:
            raise PayerStuck("the pay page has no Pay button")
        return urljoin(page.url, form.action), form.fields

    def press_pay(self) -> requests.Response:
        """The answer to the Pay button; a redirect, not followed."""
        return self.post(*self.form())

    def go_to_stripe(self) -> str:
        """Press Pay and return Stripe's address. Raises PayerStuck when it leads elsewhere."""
        answer = self.press_pay()
        where = answer.headers.get("Location", "")
        if answer.status_code != 303 or not where or where.startswith(("/", self.base)):
            raise PayerStuck(f"Pay led to {answer.status_code} {where or '(nowhere)'}")
        return where

    def pay_by_card(self, stripe_page: str) -> str:
        """Pay on the stand-in's hosted page and return where it sends the payer back to."""
        page = self.get(stripe_page)
        if page.status_code != 200:
            raise PayerStuck(f"Stripe's page answered {page.status_code}")
        answer = self.post(stripe_page, {"action": "card", "email": "payer@example.com"})
        if answer.status_code != 303:
            raise PayerStuck(f"Stripe's page answered {answer.status_code} to the card")
        return answer.headers["Location"]

    def follow(self, answer: requests.Response) -> requests.Response:
        """The page that an answer leads to."""
        return self.get(urljoin(answer.url, answer.headers["Location"]))

    def status(self) -> dict:
        """What the success page asks for."""
        return self.get(f"{self.link}/status").json()
