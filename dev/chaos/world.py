"""One company under fire: a real Odoo server with workers, the Stripe stand-in, and people."""

import contextlib
import itertools
import json
import re
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import requests
import stripe

from dev.demo import job, ledger, story
from dev.demo.client import OdooClient
from dev.demo.payer import Payer
from dev.demo.waiting import until
from dev.setup import odoo_server
from dev.standins.launcher import StandIns

BACKOFF = "0.5,0.5,1,1,2,2,4,4,8,8"  # seconds between the tries of a webhook
WORKERS = {"workers": 2, "cron_threads": 2}
TROUBLE = re.compile(r" (ERROR|CRITICAL) |^Traceback")


class Broken(Exception):
    """Something does not hold; the message says what."""


class World:
    """Shared by all scenarios; each makes invoices and requests of its own."""

    def __init__(self, machine, database: str, standins: StandIns):
        self._machine = machine
        self._database = database
        self._amounts = itertools.count(10_001)  # cents; every invoice has an amount of its own
        self.standins = standins
        self.odoo = self._start()
        self.admin = OdooClient(self.odoo.url, database, "admin", "admin")
        keys = story.StripeKeys("sk_test_chaos", standins.stripe_url, standins.twilio_url)
        self.company = story.set_up(self.admin, keys)
        provider = self.company.provider
        self.admin.call("payment.provider", "action_payment_request_create_webhook", [provider])
        read = self.admin.read(
            "payment.provider",
            provider,
            "payment_request_webhook_url",
            "payment_request_webhook_secret",
        )
        self.webhook_url = read["payment_request_webhook_url"]
        self.webhook_secret = read["payment_request_webhook_secret"]
        self.anna = OdooClient(
            self.odoo.url, database, story.ACCOUNTANT["login"], story.ACCOUNTANT["password"]
        )
        self.customer = story.create_customer(self.admin, **story.NADIA)
        self.nadia = self._let_into_the_portal(self.customer)

    def _let_into_the_portal(self, customer: int) -> OdooClient:
        login = {"login": "nadia", "password": "nadia of the portal"}
        group = self.admin.ref("base.group_portal")
        values = {"partner_id": customer, "group_ids": [(6, 0, [group])], **login}
        self.admin.create("res.users", values, no_reset_password=True)
        return OdooClient(self.odoo.url, self._database, **login)

    # === The server ===

    def _start(self, **settings) -> odoo_server.OdooServer:
        smtp = ("127.0.0.1", self.standins.smtp_port)
        return odoo_server.start(self._machine, self._database, smtp=smtp, **WORKERS, **settings)

    def kill(self) -> None:
        """A power cut: SIGKILL to the master and all its workers."""
        self.odoo.kill()

    def start_again(self) -> None:
        self.odoo = self._start(port=self.odoo.port, log=self.odoo.log)

    def stop(self) -> None:
        self.odoo.stop()

    @contextlib.contextmanager
    def clean_log(self, pattern: re.Pattern = TROUBLE) -> Iterator[None]:
        """Inside the block, the server's log may not get a line that matches `pattern`."""
        start = self.odoo.log.stat().st_size
        yield
        with self.odoo.log.open(errors="replace") as log:
            log.seek(start)
            found = [line.strip() for line in log if pattern.search(line)]
        self.hold(not found, "Odoo's log has no error" + (f": {found[0][:200]}" if found else ""))

    def calm(self) -> None:
        """After a scenario, whatever became of it: no faults, webhooks flow, Odoo runs."""
        self.standins.control("faults/clear")
        self.standins.control("webhooks/resume", drop=True)
        if self.odoo.process.poll() is not None:
            self.start_again()
        self.wait_for_worker()

    def tool(self, name: str) -> str:
        """A program of the virtual environment."""
        return str(self._machine.python.parent / name)

    # === What a scenario says ===

    def did(self, sentence: str) -> None:
        print(f"    {sentence}", flush=True)

    def hold(self, holds: bool, sentence: str) -> None:
        """Raise Broken unless it holds; say so if it does."""
        if not holds:
            raise Broken(sentence)
        print(f"      holds: {sentence}", flush=True)

    # === Asking for money ===

    def new_requests(self, count: int, invoices: int = 1) -> list[job.Request]:
        """Make `count` requests of `invoices` invoices each; nothing is mailed."""
        wanted = [self._invoice() for _ in range(count * invoices)]
        made = story.create_invoices(self.admin, self.customer, tuple(wanted))
        groups = [made[start : start + invoices] for start in range(0, len(made), invoices)]
        amounts = iter(Decimal(amount) for _purpose, amount, _days in wanted)
        return [self._request({invoice: next(amounts) for invoice in group}) for group in groups]

    def new_invoices(self, count: int) -> list[int]:
        """Post invoices that nobody asks for yet."""
        wanted = tuple(self._invoice() for _ in range(count))
        return story.create_invoices(self.admin, self.customer, wanted)

    def new_request(self, invoices: int = 2) -> job.Request:
        return self.new_requests(1, invoices)[0]

    def _invoice(self) -> tuple:
        return "Rent", str(Decimal(next(self._amounts)).scaleb(-2)), 10

    def _request(self, shares: dict) -> job.Request:
        allocations = [{"invoice_id": invoice} for invoice in shares]
        made = self.anna.call(
            "payment.request", "create_and_send", allocations, delivery_method="link"
        )
        request = made[0] if isinstance(made, list) else made
        row = self.anna.read("payment.request", request, "name", "pay_url")
        return job.Request(request, row["name"], row["pay_url"], shares)

    def open_checkout(self, request: job.Request) -> str:
        """Press Pay and return the ref of the session at Stripe."""
        return Payer(request.link).go_to_stripe().rpartition("/")[2]

    # === Stripe ===

    def sessions(self, request: job.Request) -> list[dict]:
        """All sessions that Stripe ever opened for this request, newest first."""
        rows = self.standins.control("sessions")["data"]
        return [row for row in rows if row["client_reference_id"] == request.name]

    @contextlib.contextmanager
    def no_webhooks(self) -> Iterator[None]:
        """Inside the block, and for what happens in it, no webhook arrives, ever."""
        self.standins.control("webhooks/pause")
        try:
            yield
        finally:
            self.standins.control("webhooks/resume", drop=True)

    def events_of(self, session: str) -> dict:
        """Type -> the newest event that Stripe made for this session and its payment."""
        rows = self.standins.control("events")["data"]
        intents = {row["data"]["object"].get("payment_intent") for row in rows
                   if row["data"]["object"]["id"] == session}  # fmt: skip
        wanted = {session, *intents} - {None}
        found: dict = {}
        for row in rows:
            if row["data"]["object"]["id"] in wanted:
                row.pop("deliveries")
                found.setdefault(row["type"], row)
        return found

    def post_event(self, event: dict, **options) -> int:
        return self.post_webhook(json.dumps(event).encode(), **options).status_code

    def post_webhook(self, body: bytes, secret: str = "", moment: float = 0) -> requests.Response:
        """Post a body with its signature."""
        headers = {"Stripe-Signature": self.signature(body, secret, moment)}
        return requests.post(self.webhook_url, data=body, headers=headers, timeout=60)

    def signature(self, body: bytes, secret: str = "", moment: float = 0) -> str:
        """What Stripe would sign `body` with at `moment` (Unix time; now)."""
        return stripe.WebhookSignature.generate_signature_header(
            body.decode(), secret or self.webhook_secret, timestamp=int(moment or time.time())
        )

    # === What became of it ===

    def wait_for_worker(self, patience: float = 180) -> None:
        """Until the inbox holds nothing that was not looked at."""
        until(
            "The worker's end",
            lambda: not self.admin.search("payment.request.event", [("state", "=", "received")]),
            patience,
        )

    def state(self, request: job.Request) -> str:
        return self.anna.read("payment.request", request.id, "state")["state"]

    def wait_for(self, request: job.Request, state: str, patience: float = 60) -> None:
        until(f"{request.name} {state}", lambda: self.state(request) == state, patience)

    def events(self, request: job.Request) -> list[dict]:
        fields = ["event_ref", "event_type", "state", "error"]
        return self.admin.find("payment.request.event", [("request_id", "=", request.id)], fields)

    def payments(self, request: job.Request) -> list:
        return self.anna.search("account.payment", [("payment_request_id", "=", request.id)])

    def hold_paid_once(self, request: job.Request) -> None:
        """One payment, every invoice paid with exactly its share, the money on clearing."""
        self.wait_for(request, "completed")
        self.wait_for_worker()
        try:
            ledger.check_paid(self.anna, request.id, request.shares, self.company.clearing_account)
        except ledger.LedgerWrong as error:
            raise Broken(f"{request.name}: {error}") from error
        self.hold(True, f"{request.name} is booked once, and its invoices are paid to the cent")

    def end_state(self, request: job.Request) -> tuple:
        """Everything that must not depend on how often and in what order events arrived."""
        row = self.anna.read(
            "payment.request", request.id, "state", "failure_reason", "amount_paid"
        )
        invoices = self.anna.call(
            "account.move", "read", list(request.shares), ["amount_residual", "payment_state"]
        )
        checkouts = self.admin.find(
            "payment.request.checkout", [("request_id", "=", request.id)], ["state"]
        )
        return (
            row["state"],
            bool(row["failure_reason"]),
            "all" if row["amount_paid"] == float(request.total) else row["amount_paid"],
            len(self.payments(request)),
            tuple(invoice["payment_state"] for invoice in invoices),
            tuple(checkout["state"] for checkout in checkouts),
        )


def at_once(jobs: list[Callable]) -> list:
    """Run all jobs in threads at the same time and return their results in order."""
    with ThreadPoolExecutor(len(jobs)) as pool:
        return [running.result() for running in [pool.submit(one) for one in jobs]]
