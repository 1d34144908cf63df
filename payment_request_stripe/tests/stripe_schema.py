# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Check a request to Stripe against the parameter types of the installed SDK.

The SDK does not check at run time, and a fake that accepts anything would let a misspelt parameter
reach production. What arrives here was form-encoded: numbers and flags are texts again, and are
judged by their spelling (``12.0`` is no integer, ``True`` no flag).
"""

import re
import sys
import types
import typing
from decimal import Decimal
from urllib.parse import parse_qsl

import typing_extensions
from stripe import params as stripe_params
from stripe._request_options import RequestOptions
from stripe.params import checkout as checkout_params

# Routes of the API: the type of their parameters.
ROUTES = (
    ("POST", "/v1/checkout/sessions", checkout_params.SessionCreateParams),
    ("GET", "/v1/checkout/sessions", checkout_params.SessionListParams),
    ("GET", "/v1/checkout/sessions/{id}", checkout_params.SessionRetrieveParams),
    ("POST", "/v1/checkout/sessions/{id}/expire", checkout_params.SessionExpireParams),
    ("POST", "/v1/customers", stripe_params.CustomerCreateParams),
    ("GET", "/v1/customers/{id}", stripe_params.CustomerRetrieveParams),
    ("POST", "/v1/payment_intents", stripe_params.PaymentIntentCreateParams),
    ("GET", "/v1/payment_intents/{id}", stripe_params.PaymentIntentRetrieveParams),
    ("POST", "/v1/webhook_endpoints", stripe_params.WebhookEndpointCreateParams),
    ("GET", "/v1/webhook_endpoints", stripe_params.WebhookEndpointListParams),
    ("POST", "/v1/refunds", stripe_params.RefundCreateParams),
    ("GET", "/v1/refunds", stripe_params.RefundListParams),
    ("GET", "/v1/refunds/{id}", stripe_params.RefundRetrieveParams),
    ("GET", "/v1/events", stripe_params.EventListParams),
    ("GET", "/v1/balance_transactions", stripe_params.BalanceTransactionListParams),
    ("GET", "/v1/payouts/{id}", stripe_params.PayoutRetrieveParams),
    ("GET", "/v1/account", stripe_params.AccountRetrieveCurrentParams),
)

# Limits that the types do not tell: of the whole request, wherever the name occurs.
TEXT_LIMITS = {
    "client_reference_id": 200,
    "name": 250,
    "description": 1000,
    "success_url": 5000,
    "cancel_url": 5000,
    "url": 5000,
    "email": 512,
    "customer_email": 800,
}
MAX_AMOUNT = 99_999_999
MAX_LINES = 100


def find_route(method, path):
    """Return ``(route, type of its parameters)``; fail for a call that Stripe does not have."""
    for verb, route, params_type in ROUTES:
        pattern = re.sub(r"\{id\}", r"[^/]+", route)
        if verb == method and re.fullmatch(pattern, path):
            return route, params_type
    raise AssertionError(f"The fake Stripe does not know {method} {path}")


def decode_form(encoded):
    """Return form-encoded text as nested dicts: ``a[b][0]=1`` is ``{"a": {"b": {"0": "1"}}}``."""
    decoded = {}
    for name, value in parse_qsl(
        encoded or "", keep_blank_values=True, strict_parsing=bool(encoded)
    ):
        parts = re.findall(r"[^\[\]]+", name)
        target = decoded
        for part in parts[:-1]:
            target = target.setdefault(part, {})
            assert isinstance(target, dict), f"{name}: both a value and a group"
        assert parts[-1] not in target, f"{name} is sent twice"
        target[parts[-1]] = value
    return decoded


def check_request(method, path, params):
    """Return `params` with lists, numbers and flags as such.

    :raise AssertionError: for a name, type or value that the SDK does not declare, or a limit
    """
    _, params_type = find_route(method, path)
    checked = _check_typed_dict(params, params_type, f"{method} {path}")
    _check_limits(checked, "")
    assert len(checked.get("line_items", ())) <= MAX_LINES, "more than 100 line items"
    return checked


# === TYPES === #


def _check_typed_dict(value, params_type, where):
    assert isinstance(value, dict), f"{where}: {value!r} is no group"
    namespace = vars(sys.modules[params_type.__module__])
    options = RequestOptions.__annotations__
    known = {
        name: annotation
        for name, annotation in params_type.__annotations__.items()
        if name not in options
    }
    unknown = set(value) - set(known)
    assert not unknown, f"{where}: Stripe has no {sorted(unknown)}"
    missing = (set(params_type.__required_keys__) & set(known)) - set(value)
    assert not missing, f"{where}: {sorted(missing)} missing"
    return {
        name: _check(item, known[name], namespace, f"{where}.{name}")
        for name, item in value.items()
    }


def _check(value, annotation, namespace, where):
    declared = _resolve(annotation, namespace)
    origin, args = typing.get_origin(declared), typing.get_args(declared)
    if origin in (typing.Union, types.UnionType):
        return _check_union(value, args, namespace, where)
    if origin is list:
        return _check_list(value, args[0], namespace, where)
    if origin is dict:
        assert isinstance(value, dict), f"{where}: {value!r} is no group"
        return {name: _check(item, args[1], namespace, where) for name, item in value.items()}
    if origin in (typing.Literal, typing_extensions.Literal):
        assert value in args, f"{where}: {value!r} is none of {args}"
        return value
    if typing_extensions.is_typeddict(declared):
        return _check_typed_dict(value, declared, where)
    return _check_scalar(value, declared, where)


def _resolve(annotation, namespace):
    if isinstance(annotation, typing.ForwardRef):
        annotation = annotation.__forward_arg__
    if isinstance(annotation, str):
        annotation = eval(annotation, namespace)  # noqa: S307 - the SDK's own annotations
    if typing.get_origin(annotation) in (typing_extensions.NotRequired, typing_extensions.Required):
        return _resolve(typing.get_args(annotation)[0], namespace)
    return annotation


def _check_union(value, alternatives, namespace, where):
    literals = {
        literal
        for alternative in alternatives
        if typing.get_origin(alternative) in (typing.Literal, typing_extensions.Literal)
        for literal in typing.get_args(alternative)
    }
    if literals - {""} and isinstance(value, str):
        # The SDK adds `str` for values of later versions; ours are of this one.
        assert value in literals, f"{where}: {value!r} is none of {sorted(literals)}"
        return value
    reasons = []
    for alternative in alternatives:
        try:
            return _check(value, alternative, namespace, where)
        except AssertionError as error:
            reasons.append(str(error))
    raise AssertionError("; ".join(reasons))


def _check_list(value, item_type, namespace, where):
    assert isinstance(value, dict), f"{where}: {value!r} is no list"
    indexes = [str(index) for index in range(len(value))]
    assert list(value) == indexes, f"{where}: {sorted(value)} is no list"
    return [_check(value[index], item_type, namespace, f"{where}[{index}]") for index in indexes]


def _check_scalar(value, declared, where):
    assert isinstance(value, str), f"{where}: {value!r} is a group, not {declared}"
    if declared is str:
        return value
    if declared is bool:
        assert value in ("true", "false"), f"{where}: {value!r} is no flag"
        return value == "true"
    if declared is int:
        assert re.fullmatch(r"-?\d+", value), f"{where}: {value!r} is no integer"
        return int(value)
    if declared in (float, Decimal):
        assert re.fullmatch(r"-?\d+(\.\d+)?", value), f"{where}: {value!r} is no number"
        return Decimal(value)
    raise AssertionError(f"{where}: {declared} cannot be sent in a form")


# === LIMITS === #


def _check_limits(value, name):
    if isinstance(value, list):
        for item in value:
            _check_limits(item, name)
    elif name == "metadata":
        _check_metadata(value)
    elif isinstance(value, dict):
        for key, item in value.items():
            _check_limits(item, key)
    elif isinstance(value, str):
        limit = TEXT_LIMITS.get(name)
        assert limit is None or len(value) <= limit, f"{name} is longer than {limit}"
        assert value, f"{name} is empty: Stripe refuses that"
    elif name == "unit_amount":
        assert 0 <= value <= MAX_AMOUNT, f"{name} {value} is out of bounds"


def _check_metadata(metadata):
    if not metadata:
        return
    assert len(metadata) <= 50, "more than 50 metadata keys"
    for key, value in metadata.items():
        assert len(key) <= 40, f"metadata key {key} is longer than 40"
        assert "[" not in key and "]" not in key, f"metadata key {key} has brackets"
        assert len(value) <= 500, f"metadata value of {key} is longer than 500"
