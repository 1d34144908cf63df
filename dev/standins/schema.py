"""Checks parameters against the types of the installed Stripe SDK.

The SDK's TypedDicts are generated from Stripe's own specification of the pinned API version, so
a parameter that Stripe removed is unknown here too, and a new one needs no work.
"""

import re
import sys
import types
import typing
from decimal import Decimal, InvalidOperation
from functools import lru_cache

from stripe._request_options import RequestOptions
from stripe._stripe_context import StripeContext

from . import errors

MAX_TEXT = 5000
METADATA_KEYS, METADATA_KEY, METADATA_VALUE = 50, 40, 500
REMOVED = {"payment_method_types": "2026-09-30"}
_OPTIONS = frozenset(RequestOptions.__annotations__)
_INTEGER = re.compile(r"^-?\d{1,18}$")
_UNIONS = (typing.Union, types.UnionType)


def check(params: dict, shape: type | None, api_version: str) -> dict:
    """Typed copy of decoded form parameters (ints, bools, nested).

    Raises StripeError 400 as Stripe does: parameter_unknown, parameter_missing,
    parameter_invalid_integer, parameter_invalid_empty, or an invalid choice.
    """
    allowed = {name for name, since in REMOVED.items() if api_version < since}
    kept = {name: value for name, value in params.items() if name in allowed}
    rest = {name: value for name, value in params.items() if name not in allowed}
    return {**kept, **_object(rest, shape, "", top=True)}


@lru_cache(maxsize=512)
def _fields(shape: type) -> dict:
    """Parameter name to annotation, request options left out."""
    own = {}
    for base in reversed(shape.__mro__ if hasattr(shape, "__mro__") else (shape,)):
        own.update(getattr(base, "__annotations__", {}))
    return {name: note for name, note in own.items() if name not in _OPTIONS}


@lru_cache(maxsize=4096)
def _evaluate(text: str, module: str):
    names = {**vars(typing), **vars(sys.modules[module]), "StripeContext": StripeContext}
    # The text comes from the SDK installed beside us, never from a request.
    return eval(text, names)  # noqa: S307  # pylint: disable=eval-used


def _resolve(note, module: str):
    """Annotation without NotRequired and forward references."""
    while True:
        if isinstance(note, typing.ForwardRef):
            note = _evaluate(note.__forward_arg__, module)
        elif isinstance(note, str):
            note = _evaluate(note, module)
        elif getattr(typing.get_origin(note), "_name", None) in ("NotRequired", "Required"):
            note = typing.get_args(note)[0]
        else:
            return note


def _object(value, shape: type | None, path: str, top: bool = False) -> dict:
    if not isinstance(value, dict):
        raise errors.StripeError(400, "Invalid object", param=path)
    fields = _fields(shape) if shape else {}
    strange = [_join(path, name) for name in value if name not in fields]
    if strange:
        raise errors.unknown(strange)
    required = getattr(shape, "__required_keys__", frozenset()) if shape else frozenset()
    for name in sorted(required & set(fields)):
        if name not in value:
            raise errors.missing(_join(path, name))
    module = shape.__module__ if shape else __name__
    return {
        name: _coerce(item, fields[name], module, _join(path, name)) for name, item in value.items()
    }


def _join(path: str, name: str) -> str:
    return f"{path}[{name}]" if path else name


def _coerce(value, note, module: str, path: str):
    note = _resolve(note, module)
    origin = typing.get_origin(note)
    if path.rpartition("[")[2].rstrip("]") == "metadata":
        return _metadata(value, path)
    if origin in _UNIONS:
        return _union(value, [_resolve(arg, module) for arg in typing.get_args(note)], module, path)
    if origin is typing.Literal:
        return _choice(value, typing.get_args(note), path)
    if origin is list:
        if not isinstance(value, list):
            raise errors.StripeError(400, "Invalid array", param=path)
        inner = typing.get_args(note)[0]
        return [
            _coerce(item, inner, module, f"{path}[{index}]") for index, item in enumerate(value)
        ]
    if origin is dict:
        if not isinstance(value, dict):
            raise errors.StripeError(400, "Invalid object", param=path)
        return value
    if typing.is_typeddict(note) or hasattr(note, "__required_keys__"):
        return _object(value, note, path)
    return _scalar(value, note, path)


def _union(value, options: list, module: str, path: str):
    """Open enums are `Literal[…] | str` in the SDK; Stripe itself is closed."""
    literals = [
        item
        for opt in options
        if typing.get_origin(opt) is typing.Literal
        for item in typing.get_args(opt)
    ]
    if isinstance(value, str) and value in literals:
        return value
    choices = [item for item in literals if item != ""]
    others = [opt for opt in options if typing.get_origin(opt) is not typing.Literal]
    if choices and isinstance(value, str):
        return _choice(value, choices, path)
    wanted = [opt for opt in others if _is_container(opt) != isinstance(value, str)]
    return _coerce(value, (wanted or others)[0], module, path)


def _is_container(note) -> bool:
    return typing.get_origin(note) in (list, dict) or hasattr(note, "__required_keys__")


def _choice(value, choices, path: str) -> str:
    if value not in choices:
        listed = ", ".join(str(item) for item in choices)
        raise errors.StripeError(400, f"Invalid {path}: must be one of {listed}", param=path)
    return value


def _metadata(value, path: str):
    """Stripe's limits: 50 keys of 40 characters, values of 500."""
    if value == "":
        return ""
    if not isinstance(value, dict):
        raise errors.StripeError(400, "Invalid hash", param=path)
    if len(value) > METADATA_KEYS:
        raise errors.StripeError(400, f"Metadata can have up to {METADATA_KEYS} keys", param=path)
    for key, text in value.items():
        if len(key) > METADATA_KEY:
            message = f"Metadata keys can be up to {METADATA_KEY} characters. Key name: {key}"
            raise errors.StripeError(400, message, param=path)
        if not isinstance(text, str) or len(text) > METADATA_VALUE:
            message = f"Metadata values can have up to {METADATA_VALUE} characters. Key: {key}"
            raise errors.StripeError(400, message, param=f"{path}[{key}]")
    return dict(value)


def _scalar(value, note, path: str):
    if not isinstance(value, str):
        raise errors.StripeError(400, "Invalid string", param=path)
    if value == "":
        raise errors.StripeError(
            400,
            f"You passed an empty string for '{path}'. We assume empty values are an attempt to "
            f"unset a parameter; however '{path}' cannot be unset.",
            code="parameter_invalid_empty",
            param=path,
        )
    if note is int:
        return _integer(value, path)
    if note is bool:
        if value not in ("true", "false"):
            raise errors.StripeError(400, f"Invalid boolean: {value}", param=path)
        return value == "true"
    if note is Decimal:
        return _decimal(value, path)
    if len(value) > MAX_TEXT:
        message = f"Invalid string: {value[:10]}…; must be at most {MAX_TEXT} characters"
        raise errors.StripeError(400, message, param=path)
    return value


def _integer(value: str, path: str) -> int:
    if not _INTEGER.match(value):
        raise errors.StripeError(
            400, f"Invalid integer: {value}", code="parameter_invalid_integer", param=path
        )
    return int(value)


def _decimal(value: str, path: str) -> str:
    try:
        Decimal(value)
        return value
    except InvalidOperation:
        raise errors.StripeError(400, f"Invalid decimal: {value}", param=path) from None
