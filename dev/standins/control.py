"""`/_dev/…` on Stripe's port: what a demo, a test or a benchmark makes the stand-ins do.

Bodies and answers are JSON; `ref` is an id. Nonsense is answered with 400 and a sentence.

====================================== ======================================================
GET  health                            `{"ready": true}`
GET  sessions ?status=                 Checkout Sessions, newest first (at most 100)
POST sessions/<ref>/pay                a working card pays (`email`)
POST sessions/<ref>/decline            a card is refused (`reason`: insufficient_funds, …)
POST sessions/<ref>/debit              a bank debit starts: complete, unpaid, processing
POST sessions/<ref>/settle             the bank pays the debit
POST sessions/<ref>/fail               the bank refuses the debit
POST sessions/<ref>/expire             the session expires now
POST customers/<ref>/delete            the customer is deleted at the dashboard
POST refunds                           refund made at the dashboard: `session`, `payment_intent`
                                       or `charge`, `amount` (default: all that is left)
POST refunds/<ref>/succeeded, …/failed the bank answers; a succeeded refund may fail later
POST disputes                          opened: `session`, `payment_intent` or `charge`, `amount`,
                                       `reason`, `inquiry` (moves no money)
POST disputes/<ref>/<status>           next status: under_review, won, lost, needs_response
                                       (an inquiry escalates), warning_closed, …
POST rates                             `currency` has no bank account: it settles in dollars, at
                                       `rate` (text, dollars for one)
POST payouts                           the balance goes to the bank: `currency`, `manual`
POST payouts/<ref>/failed              the bank sends it back
GET  events ?type=                     events with their deliveries, newest first (at most 100)
POST events/<ref>/resend               `times` copies at once; answers their HTTP statuses
POST webhooks/pause                    nothing is delivered any more: only a poll can learn
POST webhooks/resume                   deliver what was kept back, or lose it (`drop`: true)
GET  faults                            what is armed
POST faults/clear                      disarm all
POST faults                            `action` delay | hang | close | status, `method`, `path`
                                       (regular expression), `times`, `skip`, `seconds`,
                                       `status`, `process` (see `faults.add`); also for Twilio
POST clock                             `advance` seconds: sessions expire, debits settle
GET  requests ?request=                what Stripe's API was asked, newest first
GET  messages                          the inbox page's JSON
POST sms/stop, sms/start               `number` answers STOP or START
POST sms/fail                          SMS to `number` end with `code` (30003 …; 0: not any more)
POST reset                             forget everything
====================================== ======================================================
"""

import json
from collections.abc import Callable

from aiohttp import web

from . import (
    balance,
    checkout,
    customers,
    disputes,
    faults,
    payments,
    payouts,
    refunds,
    shapes,
    store,
)
from .errors import StripeError
from .inbox import Inbox, set_stopped
from .store import World

MAX_COPIES = 200
MAX_ADVANCE = 400 * 24 * 3600
_SHOWN = 100


class Control:
    """Serves the table above."""

    def __init__(self, world: World, inbox: Inbox):
        self.world = world
        self.inbox = inbox

    def add_to(self, app: web.Application) -> None:
        router = app.router
        router.add_get("/_dev/health", self._plain(lambda body: {"ready": True}))
        for name in ("sessions", "events", "requests", "faults"):
            router.add_get(f"/_dev/{name}", getattr(self, f"list_{name}"))
        router.add_get("/_dev/messages", self._plain(lambda body: self.inbox.messages()))
        router.add_post("/_dev/events/{ref}/resend", self.resend)
        for path, action in (
            ("sessions/{ref}/{verb}", self.session),
            ("customers/{ref}/delete", self.delete_customer),
            ("refunds", self.refund),
            ("refunds/{ref}/{outcome}", self.refund_outcome),
            ("disputes", self.dispute),
            ("disputes/{ref}/{status}", self.dispute_status),
            ("rates", self.rate),
            ("payouts", self.payout),
            ("payouts/{ref}/failed", self.payout_failed),
            ("webhooks/pause", self.pause),
            ("webhooks/resume", self.resume),
            ("faults", self.fault),
            ("faults/clear", self.clear_faults),
            ("clock", self.clock),
            ("sms/{verb}", self.sms),
            ("reset", self.reset),
        ):
            router.add_post(f"/_dev/{path}", self._plain(action))

    def _plain(self, action: Callable[..., dict]):
        """A route that reads JSON, calls `action(body, **path)` and answers JSON."""

        async def answer(request: web.Request) -> web.Response:
            try:
                return web.json_response(action(await _body(request), **request.match_info))
            except StripeError as error:
                return _refusal(error.message, error.http_status)
            except (ValueError, TypeError, KeyError) as error:
                return _refusal(str(error), 400)

        return answer

    def _show(self, row: dict) -> dict:
        return shapes.show(self.world, row)

    def session(self, body: dict, ref: str, verb: str) -> dict:
        world = self.world
        session = checkout.find_session(world, ref)
        email = body.get("email")
        if verb == "pay":
            payments.pay(world, session, email)
        elif verb == "decline":
            payments.decline(world, session, body.get("reason", "insufficient_funds"), email)
        elif verb == "debit":
            payments.start_debit(world, session, email)
        elif verb in ("settle", "fail"):
            payments.settle(world, session, succeeded=verb == "settle")
        elif verb == "expire" and session["status"] == "open":
            checkout.expire(world, session)
        else:
            raise ValueError(f"A session that is {session['status']} cannot {verb}.")
        return self._show(session)

    def delete_customer(self, _body: dict, ref: str) -> dict:
        return customers.delete(self.world, self.world.find("customer", ref))

    def _charge(self, body: dict) -> dict:
        """By `charge`, `payment_intent` or `session`."""
        world = self.world
        if "session" in body:
            ref = checkout.find_session(world, body["session"])["payment_intent"]
            body = {"payment_intent": ref or "(no payment yet)"}
        if "payment_intent" in body:
            intent = world.find("payment_intent", body["payment_intent"])
            return world.find("charge", refunds.paid_charge(intent))
        return world.find("charge", body.get("charge", ""))

    def refund(self, body: dict) -> dict:
        charge = self._charge(body)
        made = refunds.make(
            self.world,
            charge,
            _whole(body, "amount"),
            reason=body.get("reason"),
            metadata=body.get("metadata"),
        )
        return self._show(made)

    def refund_outcome(self, _body: dict, ref: str, outcome: str) -> dict:
        return self._show(refunds.finish(self.world, self.world.find("refund", ref), outcome))

    def dispute(self, body: dict) -> dict:
        opened = disputes.open_dispute(
            self.world,
            self._charge(body),
            amount=_whole(body, "amount"),
            reason=body.get("reason", "fraudulent"),
            inquiry=bool(body.get("inquiry")),
        )
        return self._show(opened)

    def dispute_status(self, _body: dict, ref: str, status: str) -> dict:
        return self._show(disputes.advance(self.world, self.world.find("dispute", ref), status))

    def rate(self, body: dict) -> dict:
        balance.set_rate(self.world, str(body["currency"]).lower(), str(body["rate"]))
        return {"rates": self.world.rates}

    def payout(self, body: dict) -> dict:
        made = payouts.pay_out(
            self.world, body.get("currency", ""), automatic=not body.get("manual")
        )
        return self._show(made)

    def payout_failed(self, _body: dict, ref: str) -> dict:
        return self._show(payouts.fail(self.world, self.world.find("payout", ref)))

    def pause(self, _body: dict) -> dict:
        self.world.courier.pause()
        return {"paused": True}

    def resume(self, body: dict) -> dict:
        count = self.world.courier.resume(drop=bool(body.get("drop")))
        return {"paused": False, "deliveries": count}

    def fault(self, body: dict) -> dict:
        return faults.add(self.world, body)

    def clear_faults(self, _body: dict) -> dict:
        self.world.faults.clear()
        return {"faults": 0}

    def clock(self, body: dict) -> dict:
        step = _whole(body, "advance") or 0
        if not 0 <= step <= MAX_ADVANCE:
            raise ValueError("advance must be a number of seconds, forward, up to 400 days")
        self.world.clock_offset += step
        checkout.expire_due(self.world)
        payments.settle_due(self.world)
        return {"now": self.world.now(), "offset": self.world.clock_offset}

    def sms(self, body: dict, verb: str) -> dict:
        number = str(body["number"])
        if verb == "fail":
            self.world.sms_failures[number] = int(body.get("code", 30003))
        elif verb in ("stop", "start"):
            set_stopped(self.world, number, verb == "stop")
        else:
            raise ValueError("only stop, start and fail are known")
        return {"number": number, "stopped": number in self.world.stopped_numbers}

    def reset(self, _body: dict) -> dict:
        self.world.reset()
        return {"reset": True}

    async def resend(self, request: web.Request) -> web.Response:
        event = self.world.get("event", request.match_info["ref"])
        if event is None:
            return _refusal("No such event.", 404)
        times = (await _body(request)).get("times", 1)
        if not isinstance(times, int) or not 1 <= times <= MAX_COPIES:
            return _refusal(f"times must be between 1 and {MAX_COPIES}", 400)
        return web.json_response({"statuses": await self.world.courier.resend(event, times)})

    async def list_sessions(self, request: web.Request) -> web.Response:
        wanted = request.query.get("status")
        rows = store.newest(self.world.tables["checkout.session"])
        rows = [self._show(row) for row in rows if wanted in (None, row["status"])][:_SHOWN]
        return web.json_response({"data": rows})

    async def list_events(self, request: web.Request) -> web.Response:
        wanted = request.query.get("type")
        rows = store.newest(self.world.tables["event"])
        rows = [row for row in rows if wanted in (None, row["type"])][:_SHOWN]
        shown = [{**self._show(row), "deliveries": row["_deliveries"]} for row in rows]
        return web.json_response({"data": shown})

    async def list_requests(self, request: web.Request) -> web.Response:
        wanted = request.query.get("request")
        rows = [row for row in reversed(self.world.requests) if wanted in (None, row["request"])]
        return web.json_response({"data": rows})

    async def list_faults(self, _request: web.Request) -> web.Response:
        return web.json_response({"data": self.world.faults})


async def _body(request: web.Request) -> dict:
    text = await request.text()
    try:
        body = json.loads(text or "{}")
    except json.JSONDecodeError:
        raise ValueError("the body must be JSON") from None
    if not isinstance(body, dict):
        raise ValueError("the body must be a JSON object")
    return body


def _whole(body: dict, name: str) -> int | None:
    value = body.get(name)
    if value is not None and (not isinstance(value, int) or isinstance(value, bool)):
        raise ValueError(f"{name} must be a whole number")
    return value


def _refusal(message: str, http_status: int) -> web.Response:
    return web.json_response({"error": message}, status=http_status)
