"""Stripe's form encoding: `line_items[0][price_data][currency]=eur` to nested dicts and lists."""

import re
from urllib.parse import parse_qsl

from .errors import StripeError

MAX_FIELDS = 5000
MAX_DEPTH = 8
_KEY = re.compile(r"^([^\[\]]+)((?:\[[^\[\]]*\])*)$")
_PART = re.compile(r"\[([^\[\]]*)\]")


def decode(text: str) -> dict:
    """Nested dicts and lists of strings from a query string or a form body.

    Raises StripeError (400) on keys that are not bracket notation or on too many of them.
    """
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=MAX_FIELDS, errors="strict")
    except ValueError as error:
        raise StripeError(400, f"Invalid request body: {error}") from error
    tree: dict = {}
    for key, value in pairs:
        _insert(tree, _split(key), value, key)
    return _arrays(tree)


def _split(key: str) -> list[str]:
    match = _KEY.match(key)
    parts = [match.group(1), *_PART.findall(match.group(2))] if match else []
    if not parts or len(parts) > MAX_DEPTH:
        raise StripeError(400, f"Invalid parameter name: {key}", param=key)
    return parts


def _insert(tree: dict, parts: list[str], value: str, key: str) -> None:
    """Put one value where its brackets say; `[]` takes the next free number."""
    node = tree
    for part in parts[:-1]:
        node = node.setdefault(part if part else str(len(node)), {})
        if not isinstance(node, dict):
            raise StripeError(400, f"Invalid parameter: {key} is given twice.", param=key)
    last = parts[-1] if parts[-1] else str(len(node))
    node[last] = value


def _arrays(node, name: str = ""):
    """Dicts whose keys are all numbers are lists, except metadata, which is always a hash."""
    if not isinstance(node, dict):
        return node
    if node and name != "metadata" and all(key.isdigit() for key in node):
        return [_arrays(node[key]) for key in sorted(node, key=int)]
    return {key: _arrays(value, key) for key, value in node.items()}
