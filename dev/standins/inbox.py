"""One page with everything that arrived: mails, SMS, and the Stripe sessions they lead to."""

import base64
from datetime import datetime
from html import escape

from aiohttp import web

from . import disputes, mail, payments, refunds
from .errors import StripeError
from .hosted_page import TEMPLATES
from .store import World

SHOWN = 100
_LABELS = {
    "settle": "Bank pays",
    "fail": "Bank refuses",
    "refund": "Refund all",
    "dispute": "Dispute",
    "won": "Dispute won",
    "lost": "Dispute lost",
}
_MAIL_POLICY = (
    "sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox; default-src 'none'; "
    "style-src 'unsafe-inline'; font-src data:; "
    "img-src data: http://127.0.0.1:* http://localhost:*; frame-ancestors 'self'"
)
_PAGE_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'self'; connect-src 'self'; "
    "frame-src 'self'; img-src data:; form-action 'self'; base-uri 'none'"
)


class Inbox:
    """Routes of the inbox page and its JSON twin."""

    def __init__(self, world: World):
        self.world = world

    def add_to(self, app: web.Application) -> None:
        app.router.add_get("/", self.page)
        app.router.add_get("/inbox.js", self.script)
        app.router.add_get("/api/messages", self.api)
        app.router.add_get("/mail/{id}/html", self.mail_html)
        app.router.add_get("/mail/{id}/attachment/{number:[0-9]+}", self.attachment)
        app.router.add_post("/stop", self.stop_number)
        app.router.add_post("/sessions/{ref}", self.move_session)

    async def page(self, _request: web.Request) -> web.Response:
        messages = self.messages()
        rows = [("mail", row) for row in messages["mails"]]
        rows += [("sms", row) for row in messages["sms"]]
        rows.sort(key=lambda pair: pair[1]["at"], reverse=True)
        html = TEMPLATES.get_template("inbox.html").render(
            rows=rows[:SHOWN],
            sessions=messages["sessions"],
            stamp=self.stamp(),
            stopped=sorted(self.world.stopped_numbers),
            labels=_LABELS,
        )
        return web.Response(
            text=html,
            content_type="text/html",
            headers={"Content-Security-Policy": _PAGE_POLICY, "Cache-Control": "no-store"},
        )

    async def script(self, _request: web.Request) -> web.Response:
        source = TEMPLATES.get_template("inbox.js").render()
        return web.Response(text=source, content_type="text/javascript")

    async def api(self, request: web.Request) -> web.Response:
        if request.query.get("stamp"):
            return web.json_response({"stamp": self.stamp()})
        return web.json_response(self.messages())

    def stamp(self) -> str:
        """Changes whenever the page would."""
        world = self.world
        last = [world.mails[-1]["id"]] if world.mails else []
        states = [row["status"] for row in list(world.sms)[-SHOWN:]]
        opened = [(row["status"], *next_moves(world, row)) for row in self._sessions()]
        return str(hash((len(world.mails), len(world.sms), *last, *states, *opened)))

    def messages(self) -> dict:
        """`mails`, `sms` and `sessions`, newest first."""
        return {
            "mails": [self._mail(row) for row in reversed(self.world.mails)],
            "sms": [_sms(row) for row in reversed(self.world.sms)],
            "sessions": [
                {
                    "id": row["id"],
                    "url": row["url"],
                    "status": row["status"],
                    "payment_status": row["payment_status"],
                    "amount_total": row["amount_total"],
                    "currency": row["currency"],
                    "description": row["_intent_data"].get("description"),
                    "moves": next_moves(self.world, row),
                }
                for row in self._sessions()
            ],
        }

    def _sessions(self) -> list[dict]:
        return list(self.world.tables["checkout.session"].values())[: -SHOWN - 1 : -1]

    def _mail(self, row: dict) -> dict:
        shown = {key: value for key, value in row.items() if not key.startswith("_")}
        shown["attachments"] = [
            {
                "name": part["name"],
                "type": part["type"],
                "size": part["size"],
                "url": f"{self.world.inbox_url}/mail/{row['id']}/attachment/{number}",
            }
            for number, part in enumerate(row["_attachments"])
        ]
        return {**shown, "time": _clock(row["at"])}

    def _find(self, request: web.Request) -> dict:
        for row in self.world.mails:
            if row["id"] == request.match_info["id"]:
                return row
        raise web.HTTPNotFound

    async def mail_html(self, request: web.Request) -> web.Response:
        row = self._find(request)
        body = row["html"] or f"<pre style='white-space:pre-wrap'>{escape(row['text'])}</pre>"
        page = f"<!doctype html><meta charset='utf-8'><base target='_blank'>{body}"
        return web.Response(
            text=page, content_type="text/html", headers={"Content-Security-Policy": _MAIL_POLICY}
        )

    async def attachment(self, request: web.Request) -> web.Response:
        parts, number = self._find(request)["_attachments"], int(request.match_info["number"])
        if number >= len(parts):
            raise web.HTTPNotFound
        name = "".join(char for char in parts[number]["name"] if char.isalnum() or char in "._- ")
        return web.Response(
            body=base64.b64decode(parts[number]["base64"]),
            content_type="application/octet-stream",
            headers={
                "Content-Disposition": f'attachment; filename="{name}"',
                "X-Content-Type-Options": "nosniff",
            },
        )

    async def stop_number(self, request: web.Request) -> web.Response:
        """`answer=STOP` or `START` from a phone number."""
        form = await request.post()
        set_stopped(self.world, str(form.get("number", "")), form.get("answer") != "START")
        raise web.HTTPSeeOther("/")

    async def move_session(self, request: web.Request) -> web.Response:
        """What a bank or a person at the dashboard does: see `next_moves`."""
        form = await request.post()
        session = self.world.get("checkout.session", request.match_info["ref"])
        if not session:
            raise web.HTTPNotFound
        try:
            _move(self.world, session, str(form.get("action", "")))
        except StripeError as error:
            raise web.HTTPConflict(text=error.message) from None
        raise web.HTTPSeeOther("/")


def _move(world: World, session: dict, action: str) -> None:
    if action in ("settle", "fail"):
        payments.settle(world, session, succeeded=action == "settle")
        return
    intent = world.find("payment_intent", session["payment_intent"] or "(none)")
    charge = world.find("charge", refunds.paid_charge(intent))
    if action == "refund":
        refunds.make(world, charge, None)
    elif action == "dispute":
        disputes.open_dispute(world, charge)
    elif action in ("won", "lost"):
        disputes.advance(world, disputes.latest(world, charge), action)


def next_moves(world: World, session: dict) -> list[str]:
    """The buttons that make sense for a session now."""
    intent = world.get("payment_intent", session["payment_intent"])
    if not intent or session["status"] != "complete":
        return []
    if intent["status"] == "processing":
        return ["settle", "fail"]
    charge = world.get("charge", intent["latest_charge"])
    if not charge or charge["status"] != "succeeded" or charge["refunded"]:
        return []
    if charge.get("_charged_back"):
        is_open = disputes.latest(world, charge)["status"] not in disputes.CLOSED
        return ["won", "lost"] if is_open else []
    return ["refund"] if charge["disputed"] else ["refund", "dispute"]


def set_stopped(world: World, number: str, is_stopped: bool) -> None:
    """A person answers STOP (further SMS to the number get error 21610) or START."""
    if number and is_stopped:
        world.stopped_numbers.add(number[:20])
    else:
        world.stopped_numbers.discard(number)
    world.dirty = True


def _sms(row: dict) -> dict:
    return {
        "id": row["sid"],
        "at": row["_at"],
        "time": _clock(row["_at"]),
        "to": row["to"],
        "from": row["from"] or row["messaging_service_sid"],
        "body": row["body"],
        "status": row["status"],
        "error_code": row["error_code"],
        "segments": int(row["num_segments"]),
        "links": mail.links("", row["body"]),
        "callbacks": row.get("_callbacks", []),
    }


def _clock(moment: float) -> str:
    return datetime.fromtimestamp(moment).astimezone().strftime("%H:%M:%S")
