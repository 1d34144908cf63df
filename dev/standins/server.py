"""Puts the stand-ins together in one process and stops them cleanly."""

import asyncio
import contextlib
import json
import logging
import os
import signal

from aiohttp import web

from . import (
    api,
    catalog,
    checkout,
    customers,
    direct_payments,
    disputes,
    events,
    payment_pages,
    payments,
    payouts,
    refunds,
    webhooks,
)
from .control import Control
from .courier import Courier
from .hosted_page import HostedPage
from .inbox import Inbox
from .mail import MailSink
from .settings import HOST, Settings
from .store import World
from .twilio import Twilio

_logger = logging.getLogger(__name__)
MAX_BODY = 1024 * 1024
TICK = 0.5
SAVE_EVERY = 10.0
_ROUTES = (
    *checkout.ROUTES,
    *customers.ROUTES,
    *payments.ROUTES,
    *direct_payments.ROUTES,
    *payouts.ROUTES,
    *refunds.ROUTES,
    *disputes.ROUTES,
    *events.ROUTES,
    *webhooks.ROUTES,
    *catalog.ROUTES,
    *payment_pages.ROUTES,
)
_NAMES = frozenset({HOST, "localhost"})


@web.middleware
async def _loopback_names_only(request: web.Request, handler):
    """A page elsewhere must not reach us through a name that resolves to this machine."""
    if request.host.partition(":")[0] not in _NAMES:
        raise web.HTTPMisdirectedRequest(text="The stand-ins answer on 127.0.0.1 only.")
    return await handler(request)


class StandIns:
    """One run: `start`, then `stop`."""

    def __init__(self, settings: Settings):
        self.settings = settings
        self.world = World(settings)
        self.twilio = Twilio(self.world)
        self._runners: list[web.AppRunner] = []
        self._smtp: asyncio.Server | None = None
        self._clock: asyncio.Task | None = None
        self.urls: dict[str, str | int] = {}

    async def start(self) -> None:
        """Listen on every port and tell where, in `standins.json` of the state folder."""
        world, settings = self.world, self.settings
        settings.state_dir.mkdir(parents=True, exist_ok=True)
        world.load()
        webhooks.add_configured_endpoints(world)
        world.courier = Courier(world)
        await world.courier.start()
        await self.twilio.start()
        inbox = Inbox(world)
        stripe_parts = (HostedPage(world), Control(world, inbox), _StripeApi(world))
        world.stripe_url = await self._listen(settings.stripe_port, *stripe_parts)
        world.twilio_url = await self._listen(settings.twilio_port, self.twilio)
        world.inbox_url = await self._listen(settings.inbox_port, inbox)
        smtp_port = await self._listen_smtp()
        self._clock = asyncio.create_task(self._tick())
        self.urls = {
            "pid": os.getpid(),
            "stripe_url": world.stripe_url,
            "twilio_url": world.twilio_url,
            "inbox_url": world.inbox_url,
            "smtp_port": smtp_port,
        }
        draft = settings.state_dir / "standins.new"
        draft.write_text(json.dumps(self.urls, indent=2), encoding="utf-8")
        draft.replace(settings.state_dir / "standins.json")

    async def _listen(self, port: int, *parts) -> str:
        app = web.Application(client_max_size=MAX_BODY, middlewares=[_loopback_names_only])
        for part in parts:
            part.add_to(app)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=2)
        await runner.setup()
        self._runners.append(runner)
        site = web.TCPSite(runner, HOST, port)
        await site.start()
        return f"http://{HOST}:{runner.addresses[0][1]}"

    async def _listen_smtp(self) -> int:
        sink = MailSink(self.world)
        loop = asyncio.get_running_loop()
        self._smtp = await loop.create_server(sink.server, HOST, self.settings.smtp_port)
        return self._smtp.sockets[0].getsockname()[1]

    async def _tick(self) -> None:
        """Expiry, settlement, and now and then the state on disk."""
        waited = 0.0
        while True:
            await asyncio.sleep(TICK)
            waited += TICK
            try:
                checkout.expire_due(self.world)
                payments.settle_due(self.world)
                if waited >= SAVE_EVERY and self.world.dirty:
                    waited = 0.0
                    self.world.save()
            except Exception:
                _logger.exception("The clock of the stand-ins stumbled")

    async def stop(self) -> None:
        if self._clock:
            self._clock.cancel()
        for task in list(self.world.tasks):
            task.cancel()
        if self._smtp:
            self._smtp.close()
        for runner in self._runners:
            await runner.cleanup()
        await self.twilio.stop()
        if self.world.courier:
            await self.world.courier.stop()
        self.world.save()
        (self.settings.state_dir / "standins.json").unlink(missing_ok=True)


class _StripeApi:
    def __init__(self, world: World):
        self.world = world

    def add_to(self, app: web.Application) -> None:
        api.add_routes(app, self.world, _ROUTES)


async def _until(stopped: asyncio.Event, parent: int | None) -> None:
    while not stopped.is_set() and parent in (None, os.getppid()):
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(stopped.wait(), TICK)


async def serve(settings: Settings) -> None:
    """Run until SIGTERM or SIGINT, or until our starter is gone when we watch it."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    standins = StandIns(settings)
    try:
        await standins.start()
        for name, where in standins.urls.items():
            print(f"{name:>11}  {where}", flush=True)
        await _until(stopped, os.getppid() if settings.watch_parent else None)
    finally:
        await standins.stop()
