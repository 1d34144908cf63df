"""Start the stand-ins from a script or a test, on free ports, and stop them afterwards."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

ROOT = Path(__file__).resolve().parents[2]
START_TIMEOUT = 30.0
STOP_TIMEOUT = 10.0
_READS = ("health", "sessions", "events", "requests", "messages", "faults")


class ControlError(Exception):
    """`/_dev/…` said no; the message is its sentence."""


class StandIns:
    """`with StandIns() as s: s.stripe_url, s.twilio_url, s.inbox_url, s.smtp_port, s.control(…)`.

    `options` are command line options without dashes: `StandIns(settle_after=5)`; a list repeats
    the option. With `state_dir` the next run goes on where this one stopped; without it nothing
    is kept. The stand-ins also stop when the process that started them is gone.
    """

    def __init__(self, state_dir: Path | str | None = None, **options):
        self._temporary = tempfile.TemporaryDirectory() if state_dir is None else None
        self.state_dir = Path(self._temporary.name if self._temporary else state_dir).resolve()
        self._options = options
        self._process: subprocess.Popen | None = None
        self.stripe_url = self.twilio_url = self.inbox_url = ""
        self.smtp_port = 0

    def __enter__(self) -> "StandIns":
        self.start()
        return self

    def __exit__(self, *_error) -> None:
        self.stop()

    def start(self) -> None:
        """Start and wait until everything listens. Raises RuntimeError with the log if it fails."""
        self.state_dir.mkdir(parents=True, exist_ok=True)
        told = self.state_dir / "standins.json"
        told.unlink(missing_ok=True)
        with self._log().open("wb") as log:
            self._process = subprocess.Popen(
                self._command(), cwd=ROOT, stdout=log, stderr=subprocess.STDOUT
            )
        deadline = time.monotonic() + START_TIMEOUT
        while not told.exists():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise RuntimeError("The stand-ins did not start:\n" + self._log().read_text())
            time.sleep(0.02)
        where = json.loads(told.read_text(encoding="utf-8"))
        self.stripe_url, self.twilio_url = where["stripe_url"], where["twilio_url"]
        self.inbox_url, self.smtp_port = where["inbox_url"], where["smtp_port"]

    def _log(self) -> Path:
        return self.state_dir / "standins.log"

    def _command(self) -> list[str]:
        command = [sys.executable, "-m", "dev.standins", "--watch-parent"]
        command += ["--state-dir", str(self.state_dir), *(["--fresh"] if self._temporary else [])]
        for name, value in self._options.items():
            for one in value if isinstance(value, list | tuple) else [value]:
                flag = f"--{name.replace('_', '-')}"
                command += [flag] if one is True else [flag, str(one)]
        return command

    def stop(self) -> None:
        """Stop; asks first, ends it after ten seconds."""
        process, self._process = self._process, None
        if process and process.poll() is None:
            process.terminate()
            try:
                process.wait(STOP_TIMEOUT)
            except subprocess.TimeoutExpired:
                os.kill(process.pid, signal.SIGKILL)
                process.wait()
        if self._temporary:
            self._temporary.cleanup()

    def control(self, action: str, /, **body) -> dict:
        """`control("sessions/cs_…/pay")`, `control("events")`: the answer of `/_dev/<action>`.

        Raises ControlError with a sentence when it is refused.
        """
        is_read = action.partition("?")[0] in _READS and not body
        request = Request(
            f"{self.stripe_url}/_dev/{action}",
            data=None if is_read else json.dumps(body).encode(),
            method="GET" if is_read else "POST",
            headers={"Content-Type": "application/json"},
        )
        try:
            with urlopen(request, timeout=60) as answer:
                return json.load(answer)
        except HTTPError as error:
            raise ControlError(json.load(error).get("error", str(error))) from None

    def messages(self) -> dict:
        """Mails, SMS and sessions, newest first."""
        return self.control("messages")
