"""The page where a payer pays, declines or waits for the bank: `/c/pay/<session>`."""

from pathlib import Path

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, select_autoescape

from . import money, payments
from .errors import StripeError
from .store import World

TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).with_name("templates")),
    autoescape=select_autoescape(),
    trim_blocks=True,
    lstrip_blocks=True,
)
TEMPLATES.filters["money"] = money.text
_HEADERS = {
    "Cache-Control": "no-store",
    # Stripe's page cannot be framed either.
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; "
    "img-src data:; frame-ancestors 'none'",
}
_ENDED = {
    "complete": ("This payment is done", "You can close this page."),
    "expired": (
        "This page has expired",
        "Go back to the link you were sent; it opens a fresh page.",
    ),
}


class HostedPage:
    """GET shows; POST `action` is one of card, decline, decline_generic, bank, cancel."""

    def __init__(self, world: World):
        self.world = world

    def add_to(self, app: web.Application) -> None:
        app.router.add_get("/c/pay/{ref}", self.show)
        app.router.add_post("/c/pay/{ref}", self.act)
        app.router.add_get("/receipts/{ref}", self.receipt)

    async def show(self, request: web.Request) -> web.Response:
        session = self.world.get("checkout.session", request.match_info["ref"])
        return self._page(session) if session else _ended("expired", 404)

    def _page(self, session: dict, message: str = "", status: int = 200) -> web.Response:
        if session["status"] != "open":
            return _ended(session["status"], back=_return_url(session))
        details = session["customer_details"] or {}
        html = TEMPLATES.get_template("hosted_page.html").render(
            session=session,
            lines=session["_line_items"],
            merchant=self.world.settings.merchant,
            description=session["_intent_data"].get("description"),
            email=details.get("email") or "",
            is_email_fixed=bool(details.get("email")),
            bank="US bank account" if session["currency"] == "usd" else "SEPA direct debit",
            message=message,
        )
        return web.Response(text=html, content_type="text/html", status=status, headers=_HEADERS)

    async def act(self, request: web.Request) -> web.Response:
        session = self.world.get("checkout.session", request.match_info["ref"])
        if not session:
            return _ended("expired", 404)
        form = await request.post()
        email = str(form.get("email", "")).strip()[:200] or None
        try:
            message = self._apply(session, str(form.get("action", "")), email)
        except StripeError:
            return self._page(session)
        if message is None:
            raise web.HTTPSeeOther(_return_url(session), headers={"Cache-Control": "no-store"})
        return self._page(session, message, status=402)

    def _apply(self, session: dict, action: str, email: str | None) -> str | None:
        """None when the payer leaves the page, else the sentence to show on it."""
        if action == "card":
            payments.pay(self.world, session, email)
        elif action == "bank":
            payments.start_debit(self.world, session, email)
        elif action == "decline":
            return payments.decline(self.world, session, "insufficient_funds", email)
        elif action == "decline_generic":
            return payments.decline(self.world, session, "generic_decline", email)
        elif action != "cancel":
            return "Please choose how to pay."
        return None

    async def receipt(self, request: web.Request) -> web.Response:
        charge = self.world.get("charge", request.match_info["ref"])
        if not charge:
            raise web.HTTPNotFound
        html = TEMPLATES.get_template("receipt.html").render(
            charge=charge, merchant=self.world.settings.merchant
        )
        return web.Response(text=html, content_type="text/html", headers=_HEADERS)


def _return_url(session: dict) -> str:
    """Where the payer goes: success once complete, else cancel."""
    if session["status"] == "complete":
        return session["success_url"].replace("{CHECKOUT_SESSION_ID}", session["id"])
    return session["cancel_url"] or session["success_url"]


def _ended(state: str, status: int = 200, back: str = "") -> web.Response:
    title, text = _ENDED[state]
    html = TEMPLATES.get_template("ended.html").render(title=title, text=text, back=back)
    return web.Response(text=html, content_type="text/html", status=status, headers=_HEADERS)
