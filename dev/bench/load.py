"""Eight clients at once against a real server: how fast it answers, and what that costs."""

import selectors
import socket
import statistics
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from dev.setup.odoo_server import OdooServer

from . import events, measure
from .world import World

CLIENTS = 8


@dataclass
class Load:
    """One run: answers per second, latencies in ms, and processor time in ms per request."""

    rate: float = 0
    latencies: list = field(default_factory=list)
    statuses: Counter = field(default_factory=Counter)
    odoo: float = 0
    postgres: float = 0

    @property
    def cpu(self) -> float:
        return self.odoo + self.postgres

    @property
    def p99(self) -> float:
        ordered = sorted(self.latencies)
        return ordered[min(int(len(ordered) * 0.99), len(ordered) - 1)]


def post(path: str, content: bytes) -> bytes:
    """A whole HTTP request that carries a signed event."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"Stripe-Signature: {events.signature(content)}\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content


class Watch:
    """The processor time of one Odoo server and of its connections to PostgreSQL."""

    def __init__(self, world: World, server: OdooServer):
        self.world, self.server = world, server

    def _processes(self) -> list:
        return measure.processes_of_session(self.server.process.pid)

    def odoo(self) -> dict:
        return measure.cpu_seconds(self._processes())

    def megabytes(self) -> dict:
        return measure.resident_megabytes(self._processes())

    def postgres(self) -> dict:
        """Those of this server only, which Odoo's connections name; nothing when PostgreSQL runs
        elsewhere: its time is not counted then, for anybody."""
        with self.world.env() as env:
            env.cr.execute(
                "SELECT pid FROM pg_stat_activity WHERE application_name = ANY(%s)",
                [[f"odoo-{pid}" for pid in self._processes()]],
            )
            backends = [pid for (pid,) in env.cr.fetchall()]
        # Less than a tick in a short run; a backend has one thread.
        return {pid: time / 1e9 for pid, time in measure.cpu_nanoseconds(backends).items()}

    def run(self, requests: Iterable) -> Load:
        requests = list(requests)
        odoo, postgres = self.odoo(), self.postgres()
        load = hammer(self.server.port, requests)
        load.odoo = measure.growth(odoo, self.odoo()) * 1000 / len(requests)
        load.postgres = measure.growth(postgres, self.postgres()) * 1000 / len(requests)
        return load


def together(loads: list) -> Load:
    """Several runs as one: medians, and all latencies."""
    return Load(
        rate=statistics.median(load.rate for load in loads),
        latencies=[latency for load in loads for latency in load.latencies],
        statuses=sum((load.statuses for load in loads), Counter()),
        odoo=statistics.median(load.odoo for load in loads),
        postgres=statistics.median(load.postgres for load in loads),
    )


def ratio(loads: list, others: list, figure: str) -> float:
    """The median of one figure's ratio, run by run: neighbours disturb both sides of a pair."""
    return statistics.median(
        getattr(load, figure) / getattr(other, figure)
        for load, other in zip(loads, others, strict=True)
    )


def hammer(port: int, requests: list, clients: int = CLIENTS) -> Load:
    """Send `requests`, `clients` at a time, each on a connection of its own.

    A connection is closed as soon as the answer is whole: who waits for the server to close it
    measures the 10 ms for which werkzeug keeps it open.
    """
    load, selector, waiting = Load(), selectors.DefaultSelector(), iter(requests)
    started = time.perf_counter()
    for _client in range(clients):
        _begin(port, selector, waiting)
    while selector.get_map():
        ready = selector.select(60)
        if not ready:
            raise TimeoutError("The server has not answered for a minute.")
        for key, _events in ready:
            exchange = key.data
            if not exchange.advance():
                continue
            selector.unregister(key.fileobj)
            exchange.socket.close()
            load.latencies.append((time.perf_counter() - exchange.started) * 1000)
            load.statuses[exchange.status] += 1
            _begin(port, selector, waiting)
    load.rate = len(requests) / (time.perf_counter() - started)
    return load


def _begin(port: int, selector, waiting) -> None:
    content = next(waiting, None)
    if content is not None:
        exchange = Exchange(port, content)
        selector.register(exchange.socket, selectors.EVENT_READ, exchange)


class Exchange:
    """One request and the answer as far as it has come."""

    def __init__(self, port: int, content: bytes):
        self.started = time.perf_counter()
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self.socket.sendall(content)
        self.socket.setblocking(False)
        self.received = b""
        self.status = 0

    def advance(self) -> bool:
        """Take what has arrived; return whether the answer is whole."""
        chunk = self.socket.recv(65536)
        self.received += chunk
        head, end, body = self.received.partition(b"\r\n\r\n")
        if not chunk:
            self.status = self.status or 0
            return True
        if not end:
            return False
        self.status = int(head.split(b" ", 2)[1])
        length = 0
        for line in head.split(b"\r\n")[1:]:
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        return len(body) >= length
