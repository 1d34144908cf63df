# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A payer at a real browser: real keys, and Stripe's page in place of the Internet."""

import contextlib
import json
import time

from odoo.tests.common import ChromeBrowser

KEYS = {
    "Tab": {"code": "Tab", "windowsVirtualKeyCode": 9},
    "Enter": {"code": "Enter", "windowsVirtualKeyCode": 13, "text": "\r"},
    " ": {"code": "Space", "windowsVirtualKeyCode": 32, "text": " "},
    **{
        digit: {"code": f"Digit{digit}", "windowsVirtualKeyCode": ord(digit), "text": digit}
        for digit in "0123456789"
    },
}
SHIFT = "Shift+"
# Odoo's pages go on fetching after they are loaded, and log an error when that is cut off: wait for
# the translations, our own total, the chatter, and half a second in which nothing more came.
PORTAL_IS_READY = """
(() => {
    const l10n = odoo.loader?.modules.get("@web/core/l10n/translation");
    const total = document.querySelector(".o_payment_request_total");
    const chatter = document.querySelector(".o_portal_chatter");
    const shadow = document.querySelector("#chatterRoot")?.shadowRoot;
    const count = performance.getEntriesByType("resource").length;
    if (window.lastFetched?.count !== count) {
        window.lastFetched = {count, at: Date.now()};
    }
    return (
        Boolean(l10n?.translatedTerms[l10n.translationLoaded]) &&
        (!total || total.innerText !== "") &&
        (!chatter || Boolean(shadow?.querySelector(".o-mail-Thread"))) &&
        Date.now() - window.lastFetched.at > 500
    );
})()
"""
STRIPE_PAGE = """<!DOCTYPE html>
<html lang="en"><head><title>Checkout</title></head><body>
<h1>Stripe's page</h1>
<form action="https://checkout.stripe.com/confirm/{ref}"><button>Pay now</button></form>
</body></html>
"""


class PayerBrowser:
    """Drives one page. The server answers it only inside `open`, `press` and `wait_for`."""

    def __init__(self, test_case):
        self.test_case = test_case
        self.chrome = ChromeBrowser(test_case)
        test_case.addCleanup(self.chrome.stop)

    @contextlib.contextmanager
    def _listening(self):
        self.test_case.env.flush_all()
        self.test_case.env.cr.clear()
        with self.test_case.allow_requests(browser=self.chrome):
            yield
            self.test_case._wait_remaining_requests()

    def open(self, path):
        with self._listening():
            self.chrome.navigate_to(self.test_case.base_url() + path, wait_stop=True)

    def open_portal(self, path):
        """Open a page of Odoo's portal, and wait until its scripts have nothing more to fetch."""
        with self._listening():
            self.chrome.navigate_to(self.test_case.base_url() + path, wait_stop=True)
            self._wait_until(PORTAL_IS_READY, f"{path} did not get ready")

    def press(self, key, wait_for=None):
        """Press a key as a person does, with Shift+ before it or without, and wait for what comes.

        :param str wait_for: words that the page shows then
        """
        name = key.removeprefix(SHIFT)
        params = {"key": name, "modifiers": 8 if key != name else 0, **KEYS[name]}
        with self._listening():
            for kind in ("keyDown", "keyUp"):
                self.chrome._websocket_request(
                    "Input.dispatchKeyEvent", params={"type": kind, **params}
                )
            if wait_for:
                self._wait_for(wait_for)

    def tab_to(self, selector, at_most=60, back=False):
        """Press Tab, or Shift+Tab to go back, until what `selector` names has the focus."""
        here = f"document.activeElement.matches({json.dumps(selector)})"
        for _step in range(at_most):
            self.press("Shift+Tab" if back else "Tab")
            if self.evaluate(here):
                return
        raise AssertionError(f"the keyboard does not reach {selector}")

    def fill_in(self, text):
        """Write into the field that has the focus."""
        self.chrome._websocket_request("Input.insertText", params={"text": text})

    def enter_date(self, day):
        """Type a date into the field that has the focus, in the order of the browser's language."""
        parts = self.evaluate(
            "new Intl.DateTimeFormat().formatToParts().map(part => part.type)"
            ".filter(type => type !== 'literal')"
        )
        written = {"day": f"{day:%d}", "month": f"{day:%m}", "year": f"{day:%Y}"}
        for digit in "".join(written[part] for part in parts):
            self.press(digit)

    def submit(self, field, shows, ready="true"):
        """Send the form of a field as it is, without the browser's own checks.

        :param str field: a CSS selector
        :param str shows: of what the answer shows
        :param str ready: JavaScript that tells whether nothing more is to come
        """
        with self._listening():
            self.evaluate(f"document.querySelector({json.dumps(field)}).form.submit()")
            shown = f"!!document.querySelector({json.dumps(shows)})"
            self._wait_until(f"{shown} && {ready}", f"{shows} did not appear")

    def wait_for(self, text):
        with self._listening():
            self._wait_for(text)

    def disable_javascript(self):
        self.chrome._websocket_request(
            "Emulation.setScriptExecutionDisabled", params={"value": True}
        )

    def evaluate(self, expression, is_promise=False):
        """Return the value of a JavaScript expression, or what its promise becomes."""
        params = {"expression": expression, "returnByValue": True, "awaitPromise": is_promise}
        answer = self.chrome._websocket_request("Runtime.evaluate", params=params, timeout=60)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def _wait_for(self, text):
        shown = f"!!document.body && document.body.innerText.includes({json.dumps(text)})"
        self._wait_until(shown, f"{text!r} did not appear")

    def _wait_until(self, condition, complaint, timeout=30):
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            # Between two pages there is no page to ask.
            with contextlib.suppress(AssertionError):
                if self.evaluate(f"document.readyState === 'complete' && {condition}"):
                    return
            time.sleep(0.1)
        self.chrome.take_screenshot().result(10)
        raise AssertionError(f"{complaint}; there is: {self._read()!r}")

    def _read(self):
        return self.evaluate("location.href + ' ' + document.body.innerText")


class StripePageMixin:
    """Gives the browser Stripe's page: what is confirmed there is paid at the fake Stripe."""

    def fetch_proxy(self, url):
        *_rest, action, ref = url.partition("?")[0].split("/")
        if not url.startswith("https://checkout.stripe.com/"):
            return super().fetch_proxy(url)
        if action == "confirm":
            self.paid_events.append(self.stripe.pay(ref))
            location = self.stripe.sessions[ref]["success_url"]
            answer = self.make_fetch_proxy_response("", code=303)
            answer["responseHeaders"].append({"name": "Location", "value": location})
            return answer
        answer = self.make_fetch_proxy_response(STRIPE_PAGE.format(ref=ref))
        answer["responseHeaders"].append({"name": "Content-Type", "value": "text/html"})
        return answer

    def setUp(self):
        super().setUp()
        self.paid_events = []
