"""How every `/v1` request is taken: key, parameters, idempotency, faults, answer, log."""

import base64
import binascii
import logging
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from aiohttp import web

from . import errors, faults, forms, idempotency, schema, shapes
from .errors import StripeError
from .store import World

_logger = logging.getLogger(__name__)
_TEST_KEY = re.compile(r"^(sk|rk)_test_\w+$")
_LIVE_KEY = re.compile(r"^(sk|rk)_live_")
_SENSITIVE = re.compile(r"secret|card|token|routing|account_number", re.IGNORECASE)


@dataclass
class Call:
    """One checked request, as a handler sees it. `params` are typed, `refs` come from the path."""

    world: World
    refs: dict
    params: dict = field(default_factory=dict)
    request_ref: str = ""
    idempotency_key: str | None = None
    origin: str = ""

    @property
    def cause(self) -> dict:
        """What an event's `request` says."""
        return {"id": self.request_ref, "idempotency_key": self.idempotency_key}


@dataclass(frozen=True)
class Route:
    """`shape` is the SDK's parameter type; None means that any parameter is unknown."""

    method: str
    path: str
    handler: Callable[[Call], dict]
    shape: type | None = None
    unchecked: bool = False


def add_routes(app: web.Application, world: World, routes: tuple[Route, ...]) -> None:
    for route in routes:
        app.router.add_route(route.method, route.path, _Endpoint(world, route).answer)
    app.router.add_route("*", "/v1/{rest:.*}", _Endpoint(world, None).answer)


class _Endpoint:
    """Serves one route; keeps nothing between requests."""

    def __init__(self, world: World, route: Route | None):
        self.world = world
        self.route = route

    async def answer(self, request: web.Request) -> web.StreamResponse:
        call = Call(
            self.world,
            dict(request.match_info),
            request_ref="req_" + secrets.token_hex(7),
            idempotency_key=request.headers.get("Idempotency-Key"),
            origin=f"{request.scheme}://{request.host}",
        )
        started = time.monotonic()
        headers: dict[str, str] = {}
        fault = faults.take(self.world, request.method, request.path)
        try:
            status, body = await self._guarded(request, call, fault, headers)
        except StripeError as error:
            status, body = error.http_status, error.body(call.request_ref, call.origin)
        except web.HTTPException:
            raise
        except Exception:
            _logger.exception("The stand-in broke on %s %s", request.method, request.path)
            status, body = 500, errors.by_status(500).body(call.request_ref, call.origin)
        self._log(request, call, status, body, started, fault)
        if fault:
            early = await faults.disturb(request, fault)
            if early:
                return early
            if fault["action"] == "status" and fault["process"]:
                error = errors.by_status(fault["status"])
                status, body = error.http_status, error.body(call.request_ref, call.origin)
        return web.json_response(body, status=status, headers=self._headers(request, call, headers))

    def _headers(self, request, call, extra: dict) -> dict:
        headers = {
            "Request-Id": call.request_ref,
            "Stripe-Version": request.headers.get("Stripe-Version", shapes.API_VERSION),
            **extra,
        }
        if call.idempotency_key:
            headers["Idempotency-Key"] = call.idempotency_key
        return headers

    async def _guarded(self, request, call, fault, headers) -> tuple[int, dict]:
        """Everything that may end the request before its work begins."""
        _check_key(request)
        if self.route is None:
            raise StripeError(404, f"Unrecognized request URL ({request.method}: {request.path}).")
        text = request.query_string if request.method == "GET" else await request.text()
        if request.method != "GET" and "json" in request.headers.get("Content-Type", ""):
            raise StripeError(400, "Invalid request: send application/x-www-form-urlencoded.")
        raw = forms.decode(text)
        if fault and not fault["process"]:
            raise errors.by_status(fault["status"])
        key = call.idempotency_key if request.method == "POST" else None
        if not key:
            return 200, self._work(request, call, raw)
        kept = idempotency.begin(self.world, key, request.method, request.path, raw)
        if kept:
            headers.update({"Idempotent-Replayed": "true", "Original-Request": kept["request"]})
            return kept["http_status"], kept["body"]
        return await self._once(request, call, raw, key, fault)

    async def _once(self, request, call, raw: dict, key: str, fault) -> tuple[int, dict]:
        """Do the work of a fresh idempotency key and keep what came of it."""
        try:
            status, body = 200, self._work(request, call, raw)
        except StripeError as error:
            if not error.saved:
                idempotency.release(self.world, key)
                raise
            status, body = error.http_status, error.body(call.request_ref, call.origin)
        except Exception:
            idempotency.release(self.world, key)
            raise
        if fault and fault["action"] == "delay":
            await faults.pause(fault)
        idempotency.finish(self.world, key, status, body, call.request_ref)
        return status, body

    def _work(self, request, call: Call, raw: dict) -> dict:
        version = request.headers.get("Stripe-Version", shapes.API_VERSION)
        if self.route.unchecked:
            call.params = raw
        else:
            call.params = schema.check(raw, self.route.shape, version)
        expand = call.params.pop("expand", [])
        return shapes.show(self.world, self.route.handler(call), expand)

    def _log(self, request, call, status, body, started, fault) -> None:
        self.world.requests.append(
            {
                "request": call.request_ref,
                "at": round(time.time(), 3),
                "method": request.method,
                "path": request.path_qs,
                "params": _masked(call.params),
                "idempotency_key": call.idempotency_key,
                "version": request.headers.get("Stripe-Version"),
                "http_status": status,
                "error": body.get("error", {}).get("message") if status >= 400 else None,
                "object": body.get("id"),
                "ms": round((time.monotonic() - started) * 1000, 1),
                "fault": fault["id"] if fault else None,
            }
        )


def _masked(value):
    if isinstance(value, dict):
        return {
            key: "***" if _SENSITIVE.search(key) else _masked(item) for key, item in value.items()
        }
    return [_masked(item) for item in value] if isinstance(value, list) else value


def _check_key(request: web.Request) -> None:
    """Test keys only, as bearer or as the user name of basic authentication (else 401)."""
    key = _given_key(request.headers.get("Authorization", ""))
    if not key:
        raise StripeError(
            401,
            "You did not provide an API key. You need to provide your API key in the "
            "Authorization header, using Bearer auth (e.g. 'Authorization: Bearer KEY').",
        )
    if _LIVE_KEY.match(key):
        raise StripeError(401, "This is a stand-in: live keys are refused here.")
    if not _TEST_KEY.match(key):
        raise StripeError(401, f"Invalid API Key provided: {key[:8]}{'*' * 12}")


def _given_key(header: str) -> str:
    scheme, _space, rest = header.partition(" ")
    if scheme.lower() == "bearer":
        return rest.strip()
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(rest, validate=True).decode().partition(":")[0]
    except (binascii.Error, UnicodeDecodeError):
        return ""
