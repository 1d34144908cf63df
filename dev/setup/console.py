"""What a person sees while the set-up runs, and how a step is remembered as done."""

import contextlib
import fcntl
import hashlib
import subprocess
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STATE = ROOT / ".dev"


class SetupError(Exception):
    """Something is missing; the message is a sentence that says what to do."""


def say(text: str) -> None:
    """To standard error: what a command answers on standard output stays clean."""
    print(f"  {text}", file=sys.stderr, flush=True)


@contextlib.contextmanager
def exclusive():
    """Let one set-up work in this checkout at a time; a second one waits and says so."""
    STATE.mkdir(exist_ok=True)
    with (STATE / "lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another command is setting up this checkout; waiting for it …")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def progress(title: str):
    """Print `title`, then how long it has been taking every five seconds, then `done`."""
    finished = threading.Event()
    started = time.monotonic()

    def tick() -> None:
        while not finished.wait(5):
            say(f"  … {title}: {time.monotonic() - started:.0f} s")

    say(f"{title} …")
    ticker = threading.Thread(target=tick, daemon=True)
    ticker.start()
    try:
        yield
    finally:
        finished.set()
        ticker.join()
    say(f"{title}: done in {time.monotonic() - started:.1f} s")


def run(command: list, hint: str = "", stdin_text: str = "", **kwargs) -> str:
    """Run `command` and return what it printed; SetupError with its last lines if it fails."""
    try:
        done = subprocess.run(
            [str(part) for part in command],
            input=stdin_text,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            **kwargs,
        )
    except FileNotFoundError as error:
        raise SetupError(f"The program {command[0]} is missing. {hint}".strip()) from error
    if done.returncode:
        tail = "\n    ".join(done.stdout.strip().splitlines()[-15:])
        shown = " ".join(str(part) for part in command[:4])
        raise SetupError(f"`{shown} …` failed. {hint}\n    {tail}".rstrip())
    return done.stdout


def digest(*parts: object) -> str:
    """A short fingerprint of texts and of the contents of files."""
    total = hashlib.sha256()
    for part in parts:
        total.update(part.read_bytes() if isinstance(part, Path) else str(part).encode())
        total.update(b"\0")
    return total.hexdigest()[:16]


def is_done(step: str, fingerprint: str) -> bool:
    stamp = STATE / "stamps" / step
    return stamp.exists() and stamp.read_text() == fingerprint


def mark_done(step: str, fingerprint: str) -> None:
    stamp = STATE / "stamps" / step
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text(fingerprint)


def fail(error: Exception) -> int:
    print(f"\nSet-up stopped: {error}\n", file=sys.stderr, flush=True)
    return 1
