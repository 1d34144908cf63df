# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The door to the company's own programs: signed POSTs, to addresses that may be called."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import socket
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter

from .errors import Refused, Unavailable

TIMEOUT = 10  # seconds, for all of a call
SIGNATURE_HEADER = "Payment-Request-Signature"
USER_AGENT = "payment_request_stripe"
LONGEST_URL = 2000
# IPv6 addresses that lead to the IPv4 address in their last four bytes.
NAT64 = ipaddress.ip_network("64:ff9b::/96")
# All public IPv6 addresses are here. Python takes some others for public as well, of which the last
# bytes may lead into a private IPv4 network: ::/96, ::ffff:0:0:0/96, 64:ff9b:1::/48, fec0::/10.
GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")

# What the standard library says of lines that break, and of names that cannot be looked up.
ODD = (OSError, ValueError)

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def sign(body: bytes, secrets: Iterable[str], moment: int) -> str:
    """Return what proves who sent `body`: ``t=<Unix time>,v1=<hex>``, a ``v1`` per secret.

    Each is the HMAC-SHA256 of ``<t>.<body>``, as Stripe signs its own events.
    """
    signed = f"{moment}.".encode() + body
    proofs = [hmac.new(one.encode(), signed, hashlib.sha256).hexdigest() for one in secrets]
    return ",".join([f"t={moment}", *(f"v1={proof}" for proof in proofs)])


def parse_networks(text: str) -> list[Network]:
    """Return the networks of a list such as ``10.1.0.0/16, 192.168.1.7``.

    :raise ValueError: when one of them is none
    """
    words = text.replace(",", " ").split()
    return [ipaddress.ip_network(word, strict=False) for word in words]


def find_fault(url: str, *, allow_loopback: bool = False) -> str:
    """Return what is wrong with an address to call, or ``""``.

    One of ``malformed``, ``credentials``, ``not_https``. Plain http is for this very machine, and
    only where `allow_loopback`.
    """
    if len(url) > LONGEST_URL or not url.isascii() or not url.isprintable() or " " in url:
        return "malformed"
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname, parts.port
    except ValueError:
        return "malformed"
    if parts.scheme not in ("http", "https") or not host or parts.fragment:
        return "malformed"
    if parts.username is not None or parts.password is not None:
        return "credentials"
    if parts.scheme == "http" and not (allow_loopback and _is_loopback_name(host)):
        return "not_https"
    return ""


def _is_loopback_name(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def is_allowed(address: str, *, allow_loopback: bool, private: Sequence[Network] = ()) -> bool:
    """Tell whether a numeric address may be called: public ones, and what was allowed besides."""
    found = _unwrap(ipaddress.ip_address(address.partition("%")[0]))
    if found.is_loopback and allow_loopback:
        return True
    if any(found.version == network.version and found in network for network in private):
        return True
    if found.version == 6 and found not in GLOBAL_UNICAST:
        return False
    return found.is_global and not found.is_multicast


def _unwrap(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 address stands for, if it does."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


class WebhookSender:
    """Posts to one company's programs; used by one thread."""

    def __init__(self, *, allow_loopback: bool = False, private: Sequence[Network] = ()) -> None:
        """
        :param allow_loopback: this very machine may be called, without https
        :param private: networks that are not public and may be called all the same
        """
        self._allow_loopback = allow_loopback
        self._lines = _Lines(
            lambda one: is_allowed(one, allow_loopback=allow_loopback, private=private)
        )

    def post(self, url: str, body: bytes, signature: str) -> int:
        """Return the HTTP status that `url` answered; its words are not read.

        Redirects are not followed and proxies not used: the address that was checked is called.

        :raise Refused: it may not be called; ``code`` is that of `find_fault`, or
            ``forbidden_address``
        :raise Unavailable: no answer within the time; ``code`` is ``timeout``, ``tls`` or
            ``not_reached``
        """
        if fault := find_fault(url, allow_loopback=self._allow_loopback):
            raise Refused("This address may not be called.", code=fault)
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": USER_AGENT,
            SIGNATURE_HEADER: signature,
        }
        with requests.Session() as session, self._lines.limited(TIMEOUT) as is_late:
            session.trust_env = False
            for scheme in ("https://", "http://"):
                session.mount(scheme, _Adapter(self._lines))
            try:
                response = session.post(
                    url,
                    data=body,
                    headers=headers,
                    timeout=TIMEOUT,
                    allow_redirects=False,
                    stream=True,
                )
            except (requests.RequestException, urllib3.exceptions.HTTPError, *ODD) as error:
                raise _explain(error, is_late()) from error
            response.close()
            return response.status_code


def _explain(error: Exception, is_late: bool) -> Unavailable:
    if is_late or isinstance(error, requests.Timeout):
        return Unavailable(f"No answer within {TIMEOUT} s.", code="timeout")
    if isinstance(error, requests.exceptions.SSLError):
        return Unavailable("The certificate is not good.", code="tls")
    return Unavailable("It could not be reached.", code="not_reached")


class _Lines:
    """Opens connections to allowed addresses only, and hangs up when a call takes too long."""

    def __init__(self, is_allowed: Callable[[str], bool]) -> None:
        self._is_allowed = is_allowed
        self._open: list[socket.socket] = []

    def connect(self, host: str, port: int) -> socket.socket:
        """Resolve `host` once, and connect to what was checked: names may change their mind.

        :raise Refused: when the name leads to an address that may not be called
        """
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = [str(address[0]) for *_kind, address in found]
        if not addresses or not all(map(self._is_allowed, addresses)):
            raise Refused("This address may not be called.", code="forbidden_address")
        line = socket.create_connection((addresses[0], port), timeout=TIMEOUT)
        self._open.append(line.dup())
        return line

    @contextmanager
    def limited(self, seconds: float) -> Iterator[Callable[[], bool]]:
        """Inside the block, hang up after `seconds`, however slowly the other side talks on.

        Yields what tells whether that happened.
        """
        late = threading.Event()
        timer = threading.Timer(seconds, self._hang_up, [late])
        timer.daemon = True
        timer.start()
        try:
            yield late.is_set
        finally:
            timer.cancel()
            for line in self._open:
                line.close()
            self._open.clear()

    def _hang_up(self, late: threading.Event) -> None:
        late.set()
        for line in list(self._open):
            try:
                line.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue  # it is over already


class _Adapter(HTTPAdapter):
    """The transport of `requests`, over our lines."""

    def __init__(self, lines: _Lines) -> None:
        self._lines = lines
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        self.poolmanager = urllib3.PoolManager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _get_pools(self._lines)


def _get_pools(lines: _Lines) -> dict[str, type[urllib3.HTTPConnectionPool]]:
    """Return the pools of urllib3, with connections that are opened by `lines`."""

    class Connection(urllib3.connection.HTTPConnection):
        def _new_conn(self) -> socket.socket:
            return lines.connect(self.host, self.port)

    class SecureConnection(urllib3.connection.HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            return lines.connect(self.host, self.port)

    class Pool(urllib3.HTTPConnectionPool):
        ConnectionCls = Connection

    class SecurePool(urllib3.HTTPSConnectionPool):
        ConnectionCls = SecureConnection

    return {"http": Pool, "https": SecurePool}
