"""Carries events to webhook endpoints: signed, again and again until they answer 2xx."""

import asyncio
import hashlib
import hmac
import json
import logging
import time
from urllib.parse import urlsplit

import aiohttp

from . import shapes
from .store import World

_logger = logging.getLogger(__name__)
AT_ONCE = 40
MAX_WAITING = 20_000
MAX_KEPT_TRIES = 20
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def is_loopback(url: str) -> bool:
    """The stand-ins call nobody outside this machine."""
    return urlsplit(url).hostname in LOOPBACK


def signature(secret: str, body: bytes, moment: int) -> str:
    """The `Stripe-Signature` header of a body sent at `moment` (Unix time of the real clock)."""
    signed = f"{moment}.".encode() + body
    digest = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    return f"t={moment},v1={digest}"


class Courier:
    """One for each run. `paused` keeps deliveries back, so that only a poll can learn."""

    def __init__(self, world: World):
        self.world = world
        self.paused = False
        self.held: list[tuple[dict, dict]] = []
        self._session: aiohttp.ClientSession | None = None
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._running: set[asyncio.Task] = set()

    async def start(self) -> None:
        self._session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=self.world.settings.webhook_timeout),
            connector=aiohttp.TCPConnector(limit=AT_ONCE * 2),
            cookie_jar=aiohttp.DummyCookieJar(),
        )

    async def stop(self) -> None:
        self.reset()
        if self._session:
            await self._session.close()

    def reset(self) -> None:
        """Give up whatever is under way."""
        self.paused = False
        self.held.clear()
        for task in self._running:
            task.cancel()

    def submit(self, event: dict) -> None:
        """Send the event to every enabled endpoint that asked for its type."""
        for endpoint in self.world.tables["webhook_endpoint"].values():
            wanted = endpoint["enabled_events"]
            if endpoint["status"] == "enabled" and ("*" in wanted or event["type"] in wanted):
                event["_deliveries"][endpoint["id"]] = {"state": "pending", "tries": []}
                self._enqueue(event, endpoint)
        _count(event)

    def _enqueue(self, event: dict, endpoint: dict) -> None:
        if self.paused or len(self._running) >= MAX_WAITING:
            self.held.append((event, endpoint))
            del self.held[:-MAX_WAITING]
            return
        task = asyncio.get_running_loop().create_task(self._deliver(event, endpoint))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    def pause(self) -> None:
        self.paused = True

    def resume(self, *, drop: bool = False) -> int:
        """Send what was kept back, or mark it lost. Returns how many deliveries that were."""
        self.paused = False
        held, self.held = self.held, []
        for event, endpoint in held:
            if drop:
                event["_deliveries"][endpoint["id"]]["state"] = "failed"
            else:
                self._enqueue(event, endpoint)
        return len(held)

    async def _deliver(self, event: dict, endpoint: dict) -> None:
        """Try until it is taken, as often as the back-off has waits."""
        for wait in (*self.world.settings.webhook_backoff, None):
            if self.paused:
                self.held.append((event, endpoint))
                return
            if await self.send(event, endpoint) or wait is None:
                break
            if endpoint["id"] not in self.world.tables["webhook_endpoint"]:
                break
            await asyncio.sleep(wait)
        row = event["_deliveries"][endpoint["id"]]
        if row["state"] == "pending":
            row["state"] = "failed"
            _count(event)
            _logger.warning("Gave up %s (%s) for %s", event["id"], event["type"], endpoint["url"])

    async def send(self, event: dict, endpoint: dict) -> int | None:
        """One try. Returns the HTTP status when it is 2xx, else None; every try is noted."""
        async with self._slots:
            status, note = await self._post(event, endpoint)
        row = event["_deliveries"].setdefault(endpoint["id"], {"state": "pending", "tries": []})
        row["tries"].append({"at": round(time.time(), 3), "http_status": status, "note": note})
        del row["tries"][:-MAX_KEPT_TRIES]
        taken = status is not None and 200 <= status < 300
        if taken:
            row["state"] = "delivered"
        _count(event)
        self.world.dirty = True
        return status if taken else None

    async def _post(self, event: dict, endpoint: dict) -> tuple[int | None, str]:
        if not is_loopback(endpoint["url"]):
            return None, "not sent: the stand-in calls the loopback only"
        shown = shapes.show(self.world, event)
        shown["api_version"] = endpoint["api_version"] or shown["api_version"]
        body = json.dumps(shown, indent=2, ensure_ascii=False).encode()
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Stripe-Signature": signature(endpoint["_secret"], body, int(time.time())),
            "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
        }
        try:
            async with self._session.post(
                endpoint["url"], data=body, headers=headers, allow_redirects=False
            ) as answer:
                text = await answer.content.read(300)
                return answer.status, text.decode("utf-8", "replace")
        except (aiohttp.ClientError, asyncio.TimeoutError, OSError) as error:
            return None, f"{type(error).__name__}: {error}"

    async def resend(self, event: dict, times: int) -> list[int | None]:
        """The same event, `times` times at once, to each of its endpoints."""
        endpoints = [
            endpoint
            for endpoint in self.world.tables["webhook_endpoint"].values()
            if "*" in endpoint["enabled_events"] or event["type"] in endpoint["enabled_events"]
        ]
        sends = [self.send(event, endpoint) for endpoint in endpoints for _ in range(times)]
        return list(await asyncio.gather(*sends))


def _count(event: dict) -> None:
    rows = event["_deliveries"].values()
    event["pending_webhooks"] = sum(1 for row in rows if row["state"] != "delivered")
