"""Events: made whenever something happens, read by `GET /v1/events`."""

from stripe.params import EventListParams, EventRetrieveParams

from . import shapes, store
from .api import Call, Route


def new_event(world, kind: str, subject: dict, cause: dict | None, previous: dict) -> dict:
    """The event object; `previous` are the attributes an update changed."""
    data = {"object": shapes.show(world, subject)}
    if previous:
        data["previous_attributes"] = previous
    return {
        "id": store.new_ref("event"),
        "object": "event",
        "api_version": shapes.API_VERSION,
        "created": world.now(),
        "data": data,
        "livemode": False,
        "pending_webhooks": 0,
        "request": cause or {"id": None, "idempotency_key": None},
        "type": kind,
        "_deliveries": {},
    }


def list_events(call: Call) -> dict:
    wanted = set(call.params.get("types", []))
    if "type" in call.params:
        wanted.add(call.params["type"])
    success = call.params.get("delivery_success")
    rows = [
        event
        for event in store.newest(call.world.tables["event"])
        if (not wanted or any(_matches(event["type"], pattern) for pattern in wanted))
        and (success is None or is_delivered(event) == success)
        and store.created_within(event, call.params)
    ]
    return store.list_page(rows, call.params, "/v1/events")


def _matches(kind: str, pattern: str) -> bool:
    """`charge.*` is allowed, as it is at Stripe."""
    return kind == pattern or (pattern.endswith(".*") and kind.startswith(pattern[:-1]))


def is_delivered(event: dict) -> bool:
    """Did every endpoint that wanted it take it?"""
    return all(row["state"] == "delivered" for row in event["_deliveries"].values())


def retrieve_event(call: Call) -> dict:
    return call.world.find("event", call.refs["ref"])


ROUTES = (
    Route("GET", "/v1/events", list_events, EventListParams),
    Route("GET", "/v1/events/{ref}", retrieve_event, EventRetrieveParams),
)
