"""Waiting for what other processes do, with an end."""

import time
from collections.abc import Callable

PATIENCE = 60.0  # seconds
STEP = 0.1


class TooLate(Exception):
    """What was waited for did not happen; the message says what it was."""


def until(what: str, find: Callable, patience: float = PATIENCE, step: float = STEP):
    """Return the first true answer of `find`. Raises TooLate after `patience` seconds."""
    deadline = time.monotonic() + patience
    while not (found := find()):
        if time.monotonic() > deadline:
            raise TooLate(f"{what} did not happen within {patience:.0f} seconds")
        time.sleep(step)
    return found
