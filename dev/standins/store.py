"""Everything the stand-ins remember: objects as Stripe would show them, in bounded tables.

Keys that begin with an underscore are ours and are never shown.
"""

import asyncio
import json
import logging
import secrets
import string
import time
from collections import deque
from pathlib import Path

from . import errors
from .settings import Settings

_logger = logging.getLogger(__name__)
_ALPHABET = (string.ascii_letters + string.digits).encode()
_LETTERS = bytes(_ALPHABET[number % len(_ALPHABET)] for number in range(256))
MAX_OBJECTS = 20_000
MAX_REQUESTS = 1_000
PAGE, MAX_PAGE = 10, 100
# kind: (prefix of the id, random characters)
KINDS = {
    "account": ("acct_", 16),
    "checkout.session": ("cs_test_a1", 56),
    "customer": ("cus_", 14),
    "payment_intent": ("pi_3", 23),
    "charge": ("ch_3", 23),
    "payment_method": ("pm_1", 23),
    "balance_transaction": ("txn_3", 23),
    "refund": ("re_3", 23),
    "dispute": ("du_1", 23),
    "payout": ("po_1", 23),
    "event": ("evt_1", 23),
    "webhook_endpoint": ("we_1", 23),
    "product": ("prod_", 14),
    "price": ("price_1", 23),
    "item": ("li_1", 23),
}


def new_ref(kind: str) -> str:
    prefix, length = KINDS[kind]
    return prefix + secrets.token_bytes(length).translate(_LETTERS).decode()


class World:
    """The state of one Stripe test account, one Twilio account and one mail sink."""

    def __init__(self, settings: Settings):
        self.settings = settings
        self.clock_offset = 0
        self.tables: dict[str, dict[str, dict]] = {kind: {} for kind in KINDS}
        self.open_sessions: set[str] = set()
        self.requests: deque[dict] = deque(maxlen=MAX_REQUESTS)
        self.answers: dict[str, dict] = {}
        self.faults: list[dict] = []
        self.mails: deque[dict] = deque(maxlen=500)
        self.sms: deque[dict] = deque(maxlen=500)
        self.stopped_numbers: set[str] = set()
        self.sms_failures: dict[str, int] = {}
        # What one of a currency without a bank account is in the account's own, as a decimal.
        self.rates: dict[str, str] = {}
        self.stripe_url = self.twilio_url = self.inbox_url = ""
        self.courier = None
        self.dirty = False
        self.tasks: set[asyncio.Task] = set()

    def now(self) -> int:
        """Unix time of this world; `/_dev/clock` moves it forward."""
        return int(time.time()) + self.clock_offset

    def add(self, kind: str, values: dict) -> dict:
        """Remember a new object; the oldest of its kind goes when there are too many."""
        table = self.tables[kind]
        table[values["id"]] = values
        if len(table) > MAX_OBJECTS:
            table.pop(next(iter(table)))
        self.dirty = True
        return values

    def find(self, kind: str, ref: str, noun: str | None = None, **where) -> dict:
        """The object, or StripeError resource_missing (404 unless `http_status` says otherwise)."""
        found = self.tables[kind].get(ref)
        if found is None:
            raise errors.no_such(noun or kind.replace("_", " "), ref, **where)
        self.dirty = True
        return found

    def get(self, kind: str, ref: str | None) -> dict | None:
        return self.tables[kind].get(ref) if ref else None

    def emit(self, kind: str, subject: dict, cause: dict | None = None, **previous) -> dict:
        """Record an event about `subject` as it is now and hand it to the webhook courier."""
        from .events import new_event

        event = self.add("event", new_event(self, kind, subject, cause, previous))
        if self.courier:
            self.courier.submit(event)
        return event

    def spawn(self, coroutine) -> asyncio.Task:
        """Run something beside the request that caused it; stopped with the server."""
        task = asyncio.get_running_loop().create_task(coroutine)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return task

    def reset(self) -> None:
        """Forget everything but the endpoints given on the command line."""
        from .webhooks import add_configured_endpoints

        for container in (*self.tables.values(), self.open_sessions, self.requests, self.answers):
            container.clear()
        for container in (self.faults, self.mails, self.sms, self.stopped_numbers):
            container.clear()
        self.sms_failures.clear()
        self.rates.clear()
        self.clock_offset = 0
        if self.courier:
            self.courier.reset()
        add_configured_endpoints(self)
        self.dirty = True

    # Keeping it over a restart

    def _file(self) -> Path:
        return self.settings.state_dir / "state.json"

    def save(self) -> None:
        """Write the objects, whole or not at all; nothing when the run keeps nothing."""
        self.dirty = False
        if not self.settings.keep_state:
            return
        state = {
            "clock_offset": self.clock_offset,
            "rates": self.rates,
            "tables": self.tables,
            "answers": {key: row for key, row in self.answers.items() if not row["running"]},
            "mails": list(self.mails),
            "sms": list(self.sms),
            "stopped_numbers": sorted(self.stopped_numbers),
        }
        draft = self._file().with_suffix(".new")
        draft.write_text(json.dumps(state), encoding="utf-8")
        draft.replace(self._file())

    def load(self) -> None:
        """Take up what an earlier run kept; a broken file is set aside with a warning."""
        if not self.settings.keep_state or not self._file().exists():
            return
        try:
            state = json.loads(self._file().read_text(encoding="utf-8"))
            for kind, rows in state["tables"].items():
                self.tables[kind].update(rows)
            self.clock_offset = state["clock_offset"]
            self.rates.update(state.get("rates", {}))
            self.answers.update(state["answers"])
            self.mails.extend(state["mails"])
            self.sms.extend(state["sms"])
            self.stopped_numbers.update(state["stopped_numbers"])
        except (ValueError, KeyError, TypeError) as error:
            self._file().replace(self._file().with_suffix(".broken"))
            _logger.warning("The kept state could not be read and was set aside: %s", error)
        self.open_sessions.update(
            ref
            for ref, session in self.tables["checkout.session"].items()
            if session["status"] == "open"
        )


def list_page(rows: list[dict], params: dict, url: str) -> dict:
    """Stripe's list object, newest first, with limit / starting_after / ending_before."""
    limit = params.get("limit", PAGE)
    if not 1 <= limit <= MAX_PAGE:
        raise errors.StripeError(
            400,
            f"Invalid integer: limit must be between 1 and {MAX_PAGE}",
            code="parameter_invalid_integer",
            param="limit",
        )
    refs = [row["id"] for row in rows]
    for name in ("starting_after", "ending_before"):
        if name in params and params[name] not in refs:
            raise errors.no_such("object", params[name], param=name, http_status=400)
    if "starting_after" in params:
        rows = rows[refs.index(params["starting_after"]) + 1 :]
        page = rows[:limit]
    elif "ending_before" in params:
        rows = rows[: refs.index(params["ending_before"])]
        page = rows[-limit:]
    else:
        page = rows[:limit]
    return {"object": "list", "data": page, "has_more": len(rows) > len(page), "url": url}


def created_within(row: dict, params: dict) -> bool:
    """Does `created` fit the filter (a number, or gt / gte / lt / lte)?"""
    wanted = params.get("created")
    if wanted is None:
        return True
    if isinstance(wanted, int):
        return row["created"] == wanted
    moment = row["created"]
    return (
        moment > wanted.get("gt", -1)
        and moment >= wanted.get("gte", 0)
        and moment < wanted.get("lt", moment + 1)
        and moment <= wanted.get("lte", moment)
    )


def newest(table: dict[str, dict]) -> list[dict]:
    return list(reversed(table.values()))
