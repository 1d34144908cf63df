"""`make demo`: the main job, end to end, printed step by step; then a place to click through.

`--once` stops after the job; the exit code is 0 only if the ledger is right.
"""

import argparse
import contextlib
import os
import re
import signal
import sys
import threading
from dataclasses import dataclass

from dev.demo import aftermath, job, story, texts
from dev.demo.client import OdooClient, OdooRefused
from dev.demo.ledger import LedgerWrong
from dev.demo.payer import PayerStuck
from dev.demo.waiting import TooLate
from dev.setup import console, databases, machine, odoo_server
from dev.standins.launcher import StandIns

STAND_IN_KEY = "sk_test_standin"
ADMIN = ("admin", "admin")
FAILURES = (LedgerWrong, TooLate, PayerStuck, OdooRefused)


@dataclass(frozen=True)
class RealStripe:
    """What the environment says when Stripe itself shall be used."""

    key: str
    webhook_secret: str


def main(arguments: list) -> int:
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--once", action="store_true", help="stop after the job")
    once = parser.parse_args(arguments).once
    real = _real_stripe(once)
    signal.signal(signal.SIGTERM, _interrupt)
    with console.exclusive():
        prepared = machine.prepare()
    try:
        with contextlib.ExitStack() as stack:
            return _run(stack, prepared, once, real)
    except KeyboardInterrupt:
        print("Stopped; the demo database is gone, and the next `make demo` starts afresh.")
        return 130 if once else 0


def _interrupt(*_signal) -> None:
    raise KeyboardInterrupt


def _real_stripe(once: bool) -> RealStripe | None:
    """Read STRIPE_SECRET_KEY. Raises SetupError for a live key and with `--once`."""
    key = os.environ.get("STRIPE_SECRET_KEY", "").strip()
    if not key:
        return None
    if not re.match(r"^(sk|rk)_test_\w+$", key):
        raise console.SetupError(
            "STRIPE_SECRET_KEY is not a test key. The demo takes only keys that start with "
            "sk_test_ or rk_test_; unset it to use the stand-in."
        )
    if once:
        raise console.SetupError(
            "DEMO=once runs without a person, and at Stripe itself a person must pay. "
            "Unset STRIPE_SECRET_KEY to use the stand-in, or leave out DEMO=once."
        )
    return RealStripe(key, os.environ.get("STRIPE_WEBHOOK_SECRET", "").strip())


def _run(stack: contextlib.ExitStack, prepared, once: bool, real: RealStripe | None) -> int:
    database = stack.enter_context(databases.copy(prepared, "demo"))
    standins = stack.enter_context(StandIns(fresh=True, merchant=story.COMPANY["name"]))
    # Threads, not worker processes: those would need a proxy for the browser's websocket.
    smtp = ("127.0.0.1", standins.smtp_port)
    with console.progress("starting Odoo"):
        odoo = stack.enter_context(
            odoo_server.running(prepared, database, workers=0, cron_threads=2, smtp=smtp)
        )
    narrator = job.Narrator()
    try:
        admin = OdooClient(odoo.url, database, *ADMIN)
        company = _set_up(admin, standins, real, narrator)
        anna = OdooClient(
            odoo.url, database, story.ACCOUNTANT["login"], story.ACCOUNTANT["password"]
        )
        customer = story.create_customer(admin, **story.NADIA)
        invoices = story.create_invoices(admin, customer, story.NADIAS_INVOICES)
        job.run(anna, standins, company, invoices, narrator, pays_by_hand=bool(real))
        ida = story.create_customer(admin, **story.IDA)
        texts.run(
            admin, anna, standins, story.create_invoices(admin, ida, story.IDAS_INVOICES), narrator
        )
        if not real:
            aftermath.run(admin, anna, standins, invoices, narrator)
        print(f"\nDone in {narrator.seconds():.0f} seconds: the ledger is right.", flush=True)
        if once:
            return 0
        _leave_open(admin, anna, standins, odoo, real)
    except FAILURES as error:
        print(f"\nThe demo failed: {error}.\nOdoo's log: {odoo.log}", file=sys.stderr)
        return 1
    return 0


def _set_up(admin: OdooClient, standins: StandIns, real: RealStripe | None, narrator):
    narrator.step(f"{story.COMPANY['name']} connects Odoo to Stripe, in test mode.")
    if not real:
        keys = story.StripeKeys(STAND_IN_KEY, standins.stripe_url, standins.twilio_url)
    else:
        keys = story.StripeKeys(real.key, "", standins.twilio_url)
    company = story.set_up(admin, keys)
    narrator.tell("A bank journal Stripe, whose payments wait on the account Stripe clearing.")
    if not real:
        admin.call("payment.provider", "action_payment_request_create_webhook", [company.provider])
        narrator.tell("The webhook is created at Stripe, and its signing secret is kept.")
    elif real.webhook_secret:
        _listen(admin, company, real, narrator)
    else:
        narrator.tell(
            "No STRIPE_WEBHOOK_SECRET: the payment is noticed when the customer returns, or by "
            "the poll. For webhooks, set it to what `stripe listen --print-secret` prints."
        )
    return company


def _listen(admin: OdooClient, company: story.Company, real: RealStripe, narrator) -> None:
    values = {"payment_request_webhook_secret": real.webhook_secret}
    admin.write("payment.provider", company.provider, values)
    narrator.tell(
        "Let Stripe's events in, in another terminal:",
        f"stripe listen --forward-to {admin.url}/api/stripe/webhook",
    )


def _leave_open(admin: OdooClient, anna: OdooClient, standins: StandIns, odoo, real) -> None:
    """Make the lists look alive, send one more request, and keep everything running."""
    tom = story.create_customer(admin, **story.TOM)
    request, _dialog = job.send_link(anna, story.create_invoices(admin, tom, story.TOMS_INVOICES))
    story.create_others(admin)
    login = f"{story.ACCOUNTANT['login']} / {story.ACCOUNTANT['password']}"
    stripe = f"{standins.stripe_url}/v1   (stand-in; its payments stand on the inbox page)"
    print(f"\nEverything keeps running. {request.name} waits to be paid: try it yourself.")
    for name, where in (
        ("Odoo", f"{odoo.url}/odoo"),
        ("log in as", f"{login} (accountant) or {' / '.join(ADMIN)} (administrator)"),
        ("Payment link", request.link),
        ("Inbox", f"{standins.inbox_url}   (e-mails and SMS that customers got)"),
        ("Stripe", "https://dashboard.stripe.com/test/payments" if real else stripe),
        ("Odoo's log", odoo.log),
    ):
        print(f"    {name:14}{where}")
    print("Ctrl-C ends it all.", flush=True)
    threading.Thread(target=anna.warm_up, daemon=True).start()
    try:
        job.sleep_until_interrupted()
    finally:
        print("\nStopping …", flush=True)
