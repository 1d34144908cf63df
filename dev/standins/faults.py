"""Trouble on demand: slow, lost, cut off or failing answers of the Stripe stand-in."""

import asyncio
import itertools
import re

from aiohttp import web

from .store import World

ACTIONS = ("delay", "hang", "close", "status")
MAX_FAULTS = 100
MAX_SECONDS = 300
_numbers = itertools.count(1)


def add(world: World, wanted: dict) -> dict:
    """Arm a fault.

    `method` (any), `path` (a regular expression, searched in the path), `action` (delay: answer
    after `seconds`; hang: never answer, close after `seconds`; close: cut the connection; status:
    answer `status`), `times` (1), `skip` (let so many matching requests pass first), `process`
    (do the work first; default yes, and no for `status`). Raises ValueError on nonsense.
    """
    action = wanted.get("action")
    if action not in ACTIONS:
        raise ValueError(f"action must be one of {', '.join(ACTIONS)}")
    if len(world.faults) >= MAX_FAULTS:
        raise ValueError("too many faults are armed; POST /_dev/faults/clear first")
    fault = {
        "id": f"fault_{next(_numbers)}",
        "method": wanted.get("method"),
        "path": wanted.get("path", ""),
        "action": action,
        "times": int(wanted.get("times", 1)),
        "skip": int(wanted.get("skip", 0)),
        "seconds": min(float(wanted.get("seconds", 60 if action == "hang" else 0)), MAX_SECONDS),
        "status": int(wanted.get("status", 500)),
        "process": bool(wanted.get("process", action != "status")),
    }
    re.compile(fault["path"])
    world.faults.append(fault)
    return fault


def take(world: World, method: str, path: str) -> dict | None:
    """The first armed fault for this request; it has one time less afterwards."""
    for fault in world.faults:
        if fault["method"] not in (None, method) or not re.search(fault["path"], path):
            continue
        if fault["skip"] > 0:
            fault["skip"] -= 1
            continue
        fault["times"] -= 1
        if fault["times"] <= 0:
            world.faults.remove(fault)
        return {**fault, "paused": False}
    return None


async def pause(fault: dict) -> None:
    """Wait the fault's seconds, once for each request it hits."""
    if not fault["paused"]:
        fault["paused"] = True
        await asyncio.sleep(fault["seconds"])


async def disturb(request: web.Request, fault: dict) -> web.StreamResponse | None:
    """Lose the answer; None when it may still be sent."""
    if fault["action"] in ("delay", "hang"):
        await pause(fault)
    if fault["action"] not in ("hang", "close"):
        return None
    if request.transport:
        request.transport.abort()
    return web.Response(status=500)
