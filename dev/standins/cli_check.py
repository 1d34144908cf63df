"""`make standin-check`: Stripe's own command line tool drives our Stripe stand-in.

It is an independent client: what it can complete was not shaped by our own expectations. Exits 0
only when the tool succeeded, a session is paid, and a webhook with a good signature said so.
"""

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import stripe

from .launcher import ROOT, StandIns

CLI_VERSION = "1.52.0"
EVENT = "checkout.session.completed"
KEY = "sk_test_standinCheck1234567890"
SECRET = "whsec_standin_check"
_NPM = ROOT / ".dev" / "npm"
_HOME = ROOT / ".dev" / "stripe-cli"
INSTALL_TIMEOUT, TRIGGER_TIMEOUT, WEBHOOK_TIMEOUT = 300, 90, 15


class CheckFailed(Exception):
    """A sentence that says what went wrong."""


class Receiver(ThreadingHTTPServer):
    """Keeps what is posted to it: `deliveries` is a list of (body, signature header)."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.deliveries: list[tuple[bytes, str]] = []
        self.statuses: list[int] = []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/webhook"

    def wait_for(self, kind: str, timeout: float) -> tuple[bytes, str]:
        """The first delivery of an event of this type; raises CheckFailed after `timeout`."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            for body, header in list(self.deliveries):
                if json.loads(body)["type"] == kind:
                    return body, header
            time.sleep(0.05)
        raise CheckFailed(f"No webhook of type {kind} arrived within {timeout} s.")


class _Handler(BaseHTTPRequestHandler):
    """Answers 200, or the next status of `server.statuses`."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.deliveries.append((body, self.headers.get("Stripe-Signature", "")))
        self.send_response(self.server.statuses.pop(0) if self.server.statuses else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_words) -> None:
        """The check prints its own steps."""


def install() -> Path:
    """Stripe's tool in `.dev/npm`, in the pinned version; npm checks what it downloads."""
    tool = _NPM / "node_modules" / ".bin" / "stripe"
    manifest = _NPM / "node_modules" / "@stripe" / "cli" / "package.json"
    if tool.exists() and json.loads(manifest.read_text())["version"] == CLI_VERSION:
        return tool
    if not shutil.which("npm"):
        raise CheckFailed("npm is missing: install Node.js (apt-get install nodejs npm).")
    _NPM.mkdir(parents=True, exist_ok=True)
    command = ["npm", "install", "--prefix", str(_NPM), "--no-save", "--no-package-lock"]
    command += ["--no-audit", "--no-fund", "--ignore-scripts", f"@stripe/cli@{CLI_VERSION}"]
    done = _run(command, INSTALL_TIMEOUT, dict(os.environ))
    if done.returncode or not tool.exists():
        raise CheckFailed(f"npm could not install @stripe/cli {CLI_VERSION}:\n{done.stdout}")
    return tool


def _run(command: list[str], timeout: float, env: dict) -> subprocess.CompletedProcess:
    try:
        return subprocess.run(
            command,
            env=env,
            timeout=timeout,
            check=False,
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
    except subprocess.TimeoutExpired:
        raise CheckFailed(f"{Path(command[0]).name} did not end within {timeout} s.") from None


def trigger(tool: Path, stripe_url: str) -> str:
    """`stripe trigger`; its configuration stays in `.dev`, telemetry is off."""
    _HOME.mkdir(parents=True, exist_ok=True)
    home = str(_HOME)
    env = {
        "PATH": os.environ.get("PATH", ""),
        "HOME": home,
        "XDG_CONFIG_HOME": home,
        "XDG_CACHE_HOME": home,
        "STRIPE_CLI_TELEMETRY_OPTOUT": "1",
        "NO_COLOR": "1",
    }
    command = [str(tool), "trigger", EVENT, "--api-base", stripe_url, "--api-key", KEY]
    done = _run(command, TRIGGER_TIMEOUT, env)
    if done.returncode:
        raise CheckFailed(f"stripe trigger ended with {done.returncode}:\n{done.stdout}")
    return done.stdout


def verify(standins: StandIns, receiver: Receiver) -> stripe.Event:
    """The session is paid and the signed webhook is about it."""
    sessions = standins.control("sessions?status=complete")["data"]
    if len(sessions) != 1 or sessions[0]["payment_status"] != "paid":
        raise CheckFailed(f"One paid session was expected; the stand-in has {sessions}.")
    body, header = receiver.wait_for(EVENT, WEBHOOK_TIMEOUT)
    try:
        event = stripe.Webhook.construct_event(body, header, SECRET)
    except stripe.SignatureVerificationError as error:
        raise CheckFailed(f"The webhook's signature is not good: {error}") from None
    if event["data"]["object"]["id"] != sessions[0]["id"]:
        raise CheckFailed("The webhook is about another session.")
    return event


def _step(text: str) -> None:
    print(f"  {text}", flush=True)


def main(_arguments: list[str] | None = None) -> int:
    print(f"Stripe's command line tool {CLI_VERSION} against the stand-in")
    try:
        tool = install()
        _step(f"installed in {_NPM.relative_to(ROOT)}")
        receiver = Receiver()
        with StandIns(webhook_url=receiver.url, webhook_secret=SECRET) as standins:
            _step(f"stand-in at {standins.stripe_url}, webhooks to {receiver.url}")
            for line in trigger(tool, standins.stripe_url).splitlines():
                if line.startswith(("Running fixture", "Trigger")):
                    _step(f"  {line}")
            event = verify(standins, receiver)
            session = event["data"]["object"]
            _step(f"session {session['id'][:20]}… is {session['status']} and paid")
            _step(f"webhook {event['id']} ({event['type']}) has a good signature")
    except (CheckFailed, RuntimeError) as problem:
        print(f"FAILED: {problem}", file=sys.stderr)
        return 1
    print("Stripe's tool and the stand-in understand each other.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
