"""Objects as the pinned API version shows them: every nullable field present, ids expandable."""

import copy
import typing
from functools import lru_cache

import stripe
import stripe.checkout

from . import errors, store

API_VERSION = stripe.api_version
_CLASSES = {
    "account": stripe.Account,
    "balance_transaction": stripe.BalanceTransaction,
    "charge": stripe.Charge,
    "checkout.session": stripe.checkout.Session,
    "customer": stripe.Customer,
    "dispute": stripe.Dispute,
    "payment_intent": stripe.PaymentIntent,
    "payment_method": stripe.PaymentMethod,
    "payout": stripe.Payout,
    "price": stripe.Price,
    "product": stripe.Product,
    "refund": stripe.Refund,
    "webhook_endpoint": stripe.WebhookEndpoint,
    "item": stripe.LineItem,
}
_HIDDEN = frozenset({"deleted", "OBJECT_NAME", "secret"})
# Lists that are shown only when asked for.
_LISTS = {"line_items": "checkout.session", "refunds": "charge"}
_PREFIXES = sorted(((prefix, kind) for kind, (prefix, _n) in store.KINDS.items()), reverse=True)


@lru_cache(maxsize=64)
def _nullable(kind: str) -> tuple[str, ...]:
    notes = _CLASSES[kind].__annotations__
    return tuple(
        name
        for name, note in notes.items()
        if name not in _HIDDEN | set(_LISTS) and type(None) in typing.get_args(note)
    )


def blank(kind: str, created: int, **values) -> dict:
    """A new object of this kind: a fresh id, nulls where Stripe has nulls, then `values`."""
    return {
        "id": store.new_ref(kind),
        "object": kind,
        **dict.fromkeys(_nullable(kind)),
        "created": created,
        "livemode": False,
        **values,
    }


def show(world: store.World, value: dict, expand: list[str] = ()) -> dict:
    """A copy to send: without our own fields, with the asked ids turned into objects.

    Raises StripeError 400 for something that cannot be expanded.
    """
    shown = _public(value)
    for path in expand:
        _expand(world, value, shown, path.split("."), path)
    return shown


def _public(value):
    if isinstance(value, dict):
        return {key: _public(item) for key, item in value.items() if not key.startswith("_")}
    if isinstance(value, list):
        return [_public(item) for item in value]
    return copy.copy(value)


def _expand(world, source: dict, shown: dict, parts: list[str], path: str) -> None:
    name, rest = parts[0], parts[1:]
    if name == "data" and shown.get("object") == "list":
        for index, row in enumerate(source["data"]):
            _expand(world, row, shown["data"][index], rest, path)
        return
    if name in _LISTS and shown.get("object") == _LISTS[name]:
        shown[name] = show(world, _nested_list(world, source, name))
        return
    held = source.get(name)
    if name not in shown or not (held is None or isinstance(held, str)):
        raise errors.StripeError(400, f"This property cannot be expanded ({path}).", param="expand")
    if held is None:
        return
    found = world.get(_kind_of(held), held)
    if found is None:
        raise errors.StripeError(400, f"This property cannot be expanded ({path}).", param="expand")
    shown[name] = show(world, found)
    if rest:
        _expand(world, found, shown[name], rest, path)


def _kind_of(ref: str) -> str:
    return next((kind for prefix, kind in _PREFIXES if ref.startswith(prefix)), "account")


def _nested_list(world, source: dict, name: str) -> dict:
    if name == "line_items":
        url = f"/v1/checkout/sessions/{source['id']}/line_items"
        return store.list_page(source["_line_items"], {"limit": 100}, url)
    mine = [row for row in store.newest(world.tables["refund"]) if row["charge"] == source["id"]]
    return store.list_page(mine[:100], {"limit": 100}, f"/v1/charges/{source['id']}/refunds")
