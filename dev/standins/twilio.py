"""Twilio's Messages API: creation with Twilio's errors, statuses, signed status callbacks.

Any number but the documented wrong ones is one of the account's; so is any messaging service whose
SID looks like one.
"""

import asyncio
import base64
import binascii
import hashlib
import hmac
import re
import secrets
import string
import time
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import format_datetime

import aiohttp
from aiohttp import web

from . import faults
from .courier import is_loopback
from .store import World
from .twilio_errors import BY_HTTP, FROM_ERRORS, TO_ERRORS, TwilioError

_E164 = re.compile(r"^\+[1-9]\d{6,14}$")
_SERVICE = re.compile(r"^MG[0-9a-f]{32}$")
GOOD_NUMBER = "+15005550006"
MAX_BODY = 1600
CALLBACK_TIMEOUT = 10
# "+15005530003" and its like: our own numbers whose callback reports that error.
_FAILING = re.compile(r"^\+150055(3000[3-8])$")
_GSM = frozenset(
    string.ascii_letters + string.digits + " !\"#%&'()*+,-./:;<=>?@_$\n\r"
    "£¥èéùìòÇØøÅåΔΦΓΛΩΠΨΣΘΞÆæßÉ¤¡ÄÖÑÜ§¿äöñüà"
)
_GSM_TWICE = frozenset("^{}\\[~]|€")


@dataclass(frozen=True)
class _Order:
    """What a caller wants sent, as it came."""

    to: str
    sender: str
    service: str
    body: str
    callback: str


def signature(token: str, url: str, form: dict[str, str]) -> str:
    """The `X-Twilio-Signature` of a form posted to `url`."""
    text = url + "".join(key + form[key] for key in sorted(form))
    return base64.b64encode(hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()).decode()


class Twilio:
    """Messages of any account whose credentials look like Twilio's; the token signs callbacks."""

    def __init__(self, world: World):
        self.world = world
        self._http: aiohttp.ClientSession | None = None

    def add_to(self, app: web.Application) -> None:
        base = "/2010-04-01/Accounts/{account}/Messages"
        app.router.add_post(base + ".json", self._guard(self.create))
        app.router.add_get(base + ".json", self._guard(self.list))
        app.router.add_get(base + "/{sid}.json", self._guard(self.retrieve))
        app.router.add_get("/2010-04-01/Accounts/{account}.json", self._guard(self.account))
        numbers = "/2010-04-01/Accounts/{account}/IncomingPhoneNumbers.json"
        app.router.add_get(numbers, self._guard(self.numbers))
        app.router.add_get("/v1/Services/{sid}", self._guard(self.service))
        app.router.add_route("*", "/{rest:.*}", self._guard(self.nothing))

    async def start(self) -> None:
        self._http = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=CALLBACK_TIMEOUT),
            cookie_jar=aiohttp.DummyCookieJar(),
        )

    async def stop(self) -> None:
        if self._http:
            await self._http.close()

    def _guard(self, handler):
        async def answer(request: web.Request) -> web.StreamResponse:
            fault = faults.take(self.world, request.method, request.path)
            try:
                if fault and not fault["process"]:
                    raise TwilioError(BY_HTTP.get(fault["status"], 20500))
                account, token = _credentials(request)
                status, body = await handler(request, account, token)
            except TwilioError as error:
                status, body = error.http_status, error.body()
            early = await faults.disturb(request, fault) if fault else None
            return early or web.json_response(body, status=status)

        return answer

    async def account(self, request: web.Request, account: str, token: str) -> tuple[int, dict]:
        name = "The stand-in's account"
        return 200, {"sid": account, "friendly_name": name, "status": "active", "type": "Full"}

    async def numbers(self, request: web.Request, account: str, _token: str) -> tuple[int, dict]:
        wanted = request.query.get("PhoneNumber", GOOD_NUMBER)
        known = _E164.match(wanted) and wanted not in FROM_ERRORS
        able = {"voice": True, "sms": True, "mms": True, "fax": False}
        row = {"account_sid": account, "phone_number": wanted, "capabilities": able}
        return 200, {
            "incoming_phone_numbers": [row] if known else [],
            "page": 0,
            "page_size": 50,
            "uri": request.path_qs,
            "next_page_uri": None,
        }

    async def service(self, request: web.Request, account: str, _token: str) -> tuple[int, dict]:
        sid = request.match_info["sid"]
        if not _SERVICE.match(sid):
            raise TwilioError(20404)
        return 200, {"sid": sid, "account_sid": account, "friendly_name": "The stand-in's service"}

    async def create(self, request: web.Request, account: str, token: str) -> tuple[int, dict]:
        form = await request.post()
        order = _Order(
            to=str(form.get("To", "")),
            sender=str(form.get("From", "")),
            service=str(form.get("MessagingServiceSid", "")),
            body=str(form.get("Body", "")),
            callback=str(form.get("StatusCallback", "")),
        )
        self._check(order)
        message = self._message(account, order)
        self.world.sms.append(message)
        self.world.dirty = True
        self.world.spawn(self._travel(message, order.callback, token))
        return 201, _shown(message)

    def _check(self, order: _Order) -> None:
        words = {"to": order.to, "sender": order.sender, "callback": order.callback}
        code = self._refusal(order)
        if code:
            raise TwilioError(code, **words)

    def _refusal(self, order: _Order) -> int | None:
        rules = (
            (not order.to, 21604),
            (not (order.sender or order.service), 21603),
            (not order.body, 21602),
            (len(order.body) > MAX_BODY, 21617),
            (order.to in TO_ERRORS, TO_ERRORS.get(order.to)),
            (order.sender in FROM_ERRORS, FROM_ERRORS.get(order.sender)),
            (not _E164.match(order.to), 21211),
            (order.to == order.sender, 21266),
            (order.to in self.world.stopped_numbers, 21610),
            (
                bool(order.callback) and not order.callback.startswith(("http://", "https://")),
                21609,
            ),
        )
        return next((code for is_so, code in rules if is_so), None)

    def _message(self, account: str, order: _Order) -> dict:
        sid = "SM" + secrets.token_hex(16)
        path = f"/2010-04-01/Accounts/{account}/Messages/{sid}"
        now = time.time()
        return {
            "account_sid": account,
            "api_version": "2010-04-01",
            "body": order.body,
            "date_created": _date(now),
            "date_sent": None,
            "date_updated": _date(now),
            "direction": "outbound-api",
            "error_code": None,
            "error_message": None,
            "from": order.sender or None,
            "messaging_service_sid": order.service or None,
            "num_media": "0",
            "num_segments": str(_segments(order.body)),
            "price": None,
            "price_unit": "USD",
            "sid": sid,
            "status": "accepted" if order.service else "queued",
            "subresource_uris": {"media": f"{path}/Media.json"},
            "to": order.to,
            "uri": f"{path}.json",
            "_at": now,
        }

    async def _travel(self, message: dict, callback: str, token: str) -> None:
        """The statuses after the first one, each told to the callback."""
        match = _FAILING.match(message["to"])
        code = self.world.sms_failures.get(message["to"]) or (int(match.group(1)) if match else 0)
        last = ("failed" if code == 30008 else "undelivered") if code else "delivered"
        first = ("queued",) if message["status"] == "accepted" else ()
        for status in (*first, "sent", last):
            await asyncio.sleep(self.world.settings.sms_step)
            message.update(status=status, date_updated=_date(time.time()))
            message["date_sent"] = message["date_sent"] or _date(time.time())
            if status == last and code:
                message.update(error_code=code, error_message=None)
            self.world.dirty = True
            if callback:
                await self._tell(message, callback, token)

    async def _tell(self, message: dict, callback: str, token: str) -> None:
        """One signed callback; Twilio does not repeat one that was answered with an error."""
        form = {
            "AccountSid": message["account_sid"],
            "ApiVersion": message["api_version"],
            "From": message["from"] or "",
            "MessageSid": message["sid"],
            "MessageStatus": message["status"],
            "SmsSid": message["sid"],
            "SmsStatus": message["status"],
            "To": message["to"],
        }
        if message["messaging_service_sid"]:
            form["MessagingServiceSid"] = message["messaging_service_sid"]
        if message["error_code"]:
            form["ErrorCode"] = str(message["error_code"])
        note: dict = {"status": message["status"], "http_status": None}
        message.setdefault("_callbacks", []).append(note)
        if not is_loopback(callback):
            return
        headers = {"X-Twilio-Signature": signature(token, callback, form)}
        try:
            async with self._http.post(callback, data=form, headers=headers) as answer:
                note["http_status"] = answer.status
        except (aiohttp.ClientError, asyncio.TimeoutError, OSError) as error:
            note["error"] = type(error).__name__

    async def retrieve(self, request: web.Request, account: str, _token: str) -> tuple[int, dict]:
        sid = request.match_info["sid"]
        for message in self.world.sms:
            if message["sid"] == sid and message["account_sid"] == account:
                return 200, _shown(message)
        raise TwilioError(20404)

    async def list(self, request: web.Request, account: str, _token: str) -> tuple[int, dict]:
        rows = [
            _shown(message)
            for message in reversed(self.world.sms)
            if message["account_sid"] == account
            and request.query.get("To") in (None, message["to"])
        ]
        return 200, {
            "messages": rows,
            "page": 0,
            "page_size": len(rows),
            "uri": request.path_qs,
            "next_page_uri": None,
        }

    async def nothing(self, _request: web.Request, _account: str, _token: str) -> tuple[int, dict]:
        raise TwilioError(20404)


def _credentials(request: web.Request) -> tuple[str, str]:
    """Account and token of basic authentication; the account must be the path's (else 20003)."""
    scheme, _space, rest = request.headers.get("Authorization", "").partition(" ")
    try:
        text = base64.b64decode(rest, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        text = ""
    account, _colon, token = text.partition(":")
    wanted = request.match_info.get("account", account)
    if scheme.lower() != "basic" or not token or not account.startswith("AC") or account != wanted:
        raise TwilioError(20003)
    return account, token


def _shown(message: dict) -> dict:
    return {key: value for key, value in message.items() if not key.startswith("_")}


def _date(moment: float) -> str:
    return format_datetime(datetime.fromtimestamp(moment, timezone.utc))


def _segments(body: str) -> int:
    """160 characters of the GSM alphabet or 70 of anything else; a little less when there are
    more. Characters of the alphabet's extension count twice."""
    if set(body) <= _GSM | _GSM_TWICE:
        length = len(body) + sum(1 for char in body if char in _GSM_TWICE)
        alone, joined = 160, 153
    else:
        length = len(body.encode("utf-16-le")) // 2
        alone, joined = 70, 67
    return 1 if length <= alone else -(-length // joined)
