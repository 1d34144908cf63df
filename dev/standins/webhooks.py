"""Webhook endpoints: made by the API or on the command line, each with its own secret."""

import secrets
from urllib.parse import urlsplit

from stripe.params import (
    WebhookEndpointCreateParams,
    WebhookEndpointDeleteParams,
    WebhookEndpointListParams,
    WebhookEndpointRetrieveParams,
    WebhookEndpointUpdateParams,
)

from . import errors, shapes, store
from .api import Call, Route
from .store import World

MAX_ENDPOINTS = 16


def add_configured_endpoints(world: World) -> None:
    """The endpoints of the command line get every event; running again updates the secret."""
    for url, secret in world.settings.webhooks:
        known = [row for row in world.tables["webhook_endpoint"].values() if row["url"] == url]
        if known:
            known[0]["_secret"] = secret
        else:
            _add(world, url, ["*"], secret=secret, description="From the command line")


def create_endpoint(call: Call) -> dict:
    params, world = call.params, call.world
    _check_url(params["url"])
    if not params["enabled_events"]:
        raise errors.missing("enabled_events")
    if len(world.tables["webhook_endpoint"]) >= MAX_ENDPOINTS:
        raise errors.invalid(
            f"You have reached the maximum of {MAX_ENDPOINTS} test webhook endpoints."
        )
    endpoint = _add(
        world,
        params["url"],
        params["enabled_events"],
        secret="whsec_" + secrets.token_urlsafe(24),
        description=params.get("description") or None,
        api_version=params.get("api_version"),
        metadata=params.get("metadata") or {},
    )
    # Stripe tells the secret once, in the answer to creation.
    return {**endpoint, "secret": endpoint["_secret"]}


def _check_url(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise errors.StripeError(
            400,
            "Invalid URL: An explicit scheme (such as https) must be provided.",
            code="url_invalid",
            param="url",
        )


def _add(world: World, url: str, enabled_events: list[str], *, secret: str, **values) -> dict:
    endpoint = shapes.blank(
        "webhook_endpoint",
        world.now(),
        enabled_events=enabled_events,
        status="enabled",
        url=url,
        _secret=secret,
        **{"metadata": {}, **values},
    )
    return world.add("webhook_endpoint", endpoint)


def _endpoint(call: Call) -> dict:
    return call.world.find("webhook_endpoint", call.refs["ref"], "webhook endpoint")


def list_endpoints(call: Call) -> dict:
    rows = store.newest(call.world.tables["webhook_endpoint"])
    return store.list_page(rows, call.params, "/v1/webhook_endpoints")


def update_endpoint(call: Call) -> dict:
    endpoint, params = _endpoint(call), call.params
    if "url" in params:
        _check_url(params["url"])
    for name in ("url", "enabled_events", "description"):
        if name in params:
            endpoint[name] = params[name]
    if isinstance(params.get("metadata"), dict):
        endpoint["metadata"].update(params["metadata"])
    if "disabled" in params:
        endpoint["status"] = "disabled" if params["disabled"] else "enabled"
    return endpoint


def delete_endpoint(call: Call) -> dict:
    endpoint = _endpoint(call)
    del call.world.tables["webhook_endpoint"][endpoint["id"]]
    return {"id": endpoint["id"], "object": "webhook_endpoint", "deleted": True}


_URL = "/v1/webhook_endpoints"
ROUTES = (
    Route("POST", _URL, create_endpoint, WebhookEndpointCreateParams),
    Route("GET", _URL, list_endpoints, WebhookEndpointListParams),
    Route("GET", _URL + "/{ref}", _endpoint, WebhookEndpointRetrieveParams),
    Route("POST", _URL + "/{ref}", update_endpoint, WebhookEndpointUpdateParams),
    Route("DELETE", _URL + "/{ref}", delete_endpoint, WebhookEndpointDeleteParams),
)
