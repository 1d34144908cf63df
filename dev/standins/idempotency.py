"""`Idempotency-Key`: the same request is answered once, whatever the network does."""

import hashlib
import json
import time
from collections.abc import Mapping

from .errors import StripeError
from .store import World

MAX_KEYS = 20_000
KEY_LENGTH = 255
LIFE = 24 * 3600


def begin(world: World, key: str, method: str, path: str, params: Mapping) -> dict | None:
    """The kept answer to replay, or None after noting that this key is at work.

    Raises StripeError: 400 when the key was used for something else, 409 while it is at work.
    """
    if len(key) > KEY_LENGTH:
        raise StripeError(400, f"Idempotency keys can be up to {KEY_LENGTH} characters long.")
    mark = _fingerprint(method, path, params)
    row = world.answers.get(key)
    if row and time.time() - row["at"] > LIFE:
        row = None
    if row is None:
        world.answers[key] = {"mark": mark, "running": True, "at": time.time()}
        if len(world.answers) > MAX_KEYS:
            world.answers.pop(next(iter(world.answers)))
        return None
    if row["mark"] != mark:
        raise StripeError(
            400,
            "Keys for idempotent requests can only be used with the same endpoint and parameters "
            f"they were first used with. Try using a key other than '{key}' if you meant to "
            "execute a different request.",
            kind="idempotency_error",
        )
    if row["running"]:
        raise StripeError(
            409,
            "There is currently another in-progress request using this Idempotency-Key (that "
            "probably means you submitted twice, and the other request is still going through): "
            f"{key}. Please try again later.",
            kind="idempotency_error",
            code="idempotency_key_in_use",
        )
    return row


def finish(world: World, key: str, http_status: int, body: dict, request_ref: str) -> None:
    """Keep the answer of the work that `begin` allowed."""
    row = world.answers.get(key)
    if row:
        row.update(running=False, http_status=http_status, body=body, request=request_ref)


def release(world: World, key: str) -> None:
    """Free the key: its request was refused before any work began."""
    world.answers.pop(key, None)


def _fingerprint(method: str, path: str, params: Mapping) -> str:
    text = json.dumps([method, path, params], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
