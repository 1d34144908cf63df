"""What one run of the stand-ins is told on its command line."""

import argparse
from dataclasses import dataclass
from pathlib import Path

HOST = "127.0.0.1"
WEBHOOK_BACKOFF = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0, 60.0, 60.0, 60.0)


@dataclass(frozen=True)
class Settings:
    """Ports (0: any free one), folders and speeds. Times are in seconds."""

    state_dir: Path
    stripe_port: int = 0
    twilio_port: int = 0
    smtp_port: int = 0
    inbox_port: int = 0
    webhooks: tuple[tuple[str, str], ...] = ()
    webhook_backoff: tuple[float, ...] = WEBHOOK_BACKOFF
    webhook_timeout: float = 10.0
    settle_after: float | None = None
    sms_step: float = 0.3
    keep_state: bool = True
    watch_parent: bool = False
    merchant: str = "Demo company"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m dev.standins", description=__doc__)
    for name, meaning in (
        ("stripe", "Stripe's API, its hosted page and /_dev"),
        ("twilio", "Twilio's Messages API"),
        ("smtp", "the mail sink"),
        ("inbox", "the page that shows mails and SMS"),
    ):
        parser.add_argument(f"--{name}-port", type=int, default=0, help=f"{meaning} (0: any free)")
    parser.add_argument("--state-dir", type=Path, required=True, help="where state is kept")
    parser.add_argument(
        "--webhook-url", action="append", default=[], help="endpoint that gets all events; repeats"
    )
    parser.add_argument(
        "--webhook-secret", action="append", default=[], help="its whsec_… secret; repeats"
    )
    parser.add_argument(
        "--webhook-backoff",
        default=",".join(str(wait) for wait in WEBHOOK_BACKOFF),
        help="seconds between tries of a webhook, comma-separated",
    )
    parser.add_argument("--webhook-timeout", type=float, default=10.0)
    parser.add_argument(
        "--settle-after", type=float, help="seconds until a bank debit settles by itself"
    )
    parser.add_argument("--sms-step", type=float, default=0.3, help="seconds between SMS statuses")
    parser.add_argument("--merchant", default="Demo company", help="name on the hosted page")
    parser.add_argument(
        "--watch-parent", action="store_true", help="stop when the process that started us ends"
    )
    parser.add_argument("--fresh", action="store_true", help="start empty and keep nothing")
    return parser


def parse_arguments(arguments: list[str] | None = None) -> Settings:
    """Settings from the command line; exits with a sentence when it makes no sense."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if len(options.webhook_url) != len(options.webhook_secret):
        parser.error("give one --webhook-secret for each --webhook-url")
    return Settings(
        state_dir=options.state_dir,
        stripe_port=options.stripe_port,
        twilio_port=options.twilio_port,
        smtp_port=options.smtp_port,
        inbox_port=options.inbox_port,
        webhooks=tuple(zip(options.webhook_url, options.webhook_secret, strict=True)),
        webhook_backoff=tuple(float(wait) for wait in options.webhook_backoff.split(",") if wait),
        webhook_timeout=options.webhook_timeout,
        settle_after=options.settle_after,
        sms_step=options.sms_step,
        keep_state=not options.fresh,
        watch_parent=options.watch_parent,
        merchant=options.merchant,
    )
