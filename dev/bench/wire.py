"""The network of the bench, in a process of its own: a mail sink and a Twilio that is slow.

`python -m dev.bench.wire SMTP_PORT HTTP_PORT DELAY` serves until it is ended.
"""

import asyncio
import contextlib
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass

from aiohttp import web
from aiosmtpd.smtp import SMTP

from dev.setup import odoo_server
from dev.setup.console import ROOT, SetupError


@dataclass(frozen=True)
class Wire:
    smtp_port: int
    twilio_port: int

    @property
    def twilio_base(self) -> str:
        return f"http://127.0.0.1:{self.twilio_port}"


@contextlib.contextmanager
def running(delay: float) -> Iterator[Wire]:
    """The wire for the time of the block; Twilio answers after `delay` seconds."""
    wire = Wire(odoo_server.free_port(), odoo_server.free_port())
    command = [sys.executable, "-m", __spec__.name, wire.smtp_port, wire.twilio_port, delay]
    process = subprocess.Popen([str(part) for part in command], cwd=ROOT)
    try:
        for port in (wire.smtp_port, wire.twilio_port):
            _wait(port)
        yield wire
    finally:
        process.terminate()
        process.wait()


def _wait(port: int) -> None:
    for _attempt in range(200):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise SetupError("The bench's mail sink did not start.")


class Discard:
    async def handle_DATA(self, _server, _session, _envelope) -> str:
        return "250 Taken"


async def serve(smtp_port: int, http_port: int, delay: float) -> None:
    async def message(request: web.Request) -> web.Response:
        form = await request.post()
        await asyncio.sleep(delay)
        answer = {
            "sid": "SM" + secrets.token_hex(16),
            "status": "queued",
            "to": form.get("To"),
            "body": form.get("Body"),
            "error_code": None,
        }
        return web.json_response(answer, status=201)

    app = web.Application()
    app.router.add_post("/2010-04-01/Accounts/{account}/Messages.json", message)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", http_port).start()
    loop = asyncio.get_running_loop()
    await loop.create_server(lambda: SMTP(Discard()), "127.0.0.1", smtp_port)
    await asyncio.Event().wait()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])))
