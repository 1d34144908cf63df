"""Customers: create, read, change, delete, list."""

from stripe.params import (
    CustomerCreateParams,
    CustomerDeleteParams,
    CustomerListParams,
    CustomerRetrieveParams,
    CustomerUpdateParams,
)

from . import errors, shapes, store
from .api import Call, Route
from .checkout import check_email

_COPIED = ("address", "description", "email", "name", "phone", "preferred_locales", "shipping")


def create_customer(call: Call) -> dict:
    check_email(call.params.get("email"), "email")
    world = call.world
    customer = shapes.blank(
        "customer",
        world.now(),
        balance=0,
        delinquent=False,
        invoice_settings={
            "custom_fields": None,
            "default_payment_method": None,
            "footer": None,
            "rendering_options": None,
        },
        metadata=call.params.get("metadata") or {},
        tax_exempt=call.params.get("tax_exempt", "none"),
        **{name: call.params.get(name) for name in _COPIED},
    )
    customer["preferred_locales"] = customer["preferred_locales"] or []
    world.add("customer", customer)
    world.emit("customer.created", customer, call.cause)
    return customer


def retrieve_customer(call: Call) -> dict:
    """A deleted customer is answered with `deleted: true`, as Stripe does."""
    return call.world.find("customer", call.refs["ref"])


def _alive(call: Call) -> dict:
    customer = retrieve_customer(call)
    if customer.get("deleted"):
        raise errors.no_such("customer", customer["id"])
    return customer


def update_customer(call: Call) -> dict:
    customer = _alive(call)
    check_email(call.params.get("email"), "email")
    for name in _COPIED:
        if name in call.params:
            customer[name] = call.params[name] or None
    metadata = call.params.get("metadata")
    if metadata == "":
        customer["metadata"] = {}
    elif metadata:
        merged = customer["metadata"] | metadata
        customer["metadata"] = {key: text for key, text in merged.items() if text}
    call.world.emit("customer.updated", customer, call.cause)
    return customer


def delete_customer(call: Call) -> dict:
    return delete(call.world, _alive(call), call.cause)


def delete(world: store.World, customer: dict, cause: dict | None = None) -> dict:
    """Delete as the API or the dashboard does; what is left says only that it was there."""
    world.emit("customer.deleted", customer, cause)
    gone = {"id": customer["id"], "object": "customer", "deleted": True}
    world.tables["customer"][customer["id"]] = gone
    world.dirty = True
    return gone


def list_customers(call: Call) -> dict:
    rows = [
        customer
        for customer in store.newest(call.world.tables["customer"])
        if not customer.get("deleted")
        and call.params.get("email") in (None, customer["email"])
        and store.created_within(customer, call.params)
    ]
    return store.list_page(rows, call.params, "/v1/customers")


ROUTES = (
    Route("POST", "/v1/customers", create_customer, CustomerCreateParams),
    Route("GET", "/v1/customers", list_customers, CustomerListParams),
    Route("GET", "/v1/customers/{ref}", retrieve_customer, CustomerRetrieveParams),
    Route("POST", "/v1/customers/{ref}", update_customer, CustomerUpdateParams),
    Route("DELETE", "/v1/customers/{ref}", delete_customer, CustomerDeleteParams),
)
