"""The main job, step by step through the real surfaces; each step says what it did."""

import threading
import time
from dataclasses import dataclass
from decimal import Decimal

from dev.standins.launcher import StandIns

from . import ledger, story
from .client import OdooClient
from .money import exact, shown
from .payer import Payer
from .waiting import TooLate, until


class Narrator:
    """Prints numbered sentences, with what belongs to each indented below it."""

    def __init__(self):
        self._count = 0
        self._started = time.monotonic()

    def step(self, sentence: str) -> None:
        self._count += 1
        print(f"\n{self._count:>2}. {sentence}", flush=True)

    def tell(self, *sentences: str) -> None:
        for sentence in sentences:
            print(f"    {sentence}", flush=True)

    def seconds(self) -> float:
        return time.monotonic() - self._started


@dataclass
class Request:
    """A payment request as it was sent: `shares` is invoice id -> Decimal."""

    id: int
    name: str
    link: str
    shares: dict

    @property
    def total(self) -> Decimal:
        return sum(self.shares.values(), Decimal(0))


def send_link(anna: OdooClient, invoices: list, **choices: str) -> tuple[Request, dict]:
    """Use the Send Payment Link dialog on `invoices`; return the request and what it showed.

    :param choices: what is filled in: ``message``, ``delivery_method``, …
    """
    action = anna.call("account.move", "action_send_payment_link", invoices)
    wizard = action["res_id"]
    if choices:
        anna.write(action["res_model"], wizard, choices)
    lines = anna.find(
        "payment.request.send.wizard.line",
        [("wizard_id", "=", wizard)],
        ["move_id", "amount"],
    )
    shown_values = anna.read(
        action["res_model"], wizard, "to_email", "to_phone", "total", "preview_subject", "sms_size"
    )
    answer = anna.call(action["res_model"], "action_send", [wizard])
    request = anna.find(
        "payment.request", [("id", "=", answer["params"]["request_id"])], ["name", "pay_url"]
    )[0]
    shares = {line["move_id"][0]: exact(line["amount"]) for line in lines}
    return Request(request["id"], request["name"], request["pay_url"], shares), shown_values


def mail_with_link(standins: StandIns, link: str) -> dict | None:
    for mail in standins.messages()["mails"]:
        if link in mail["links"]:
            return mail
    return None


def run(
    anna: OdooClient,
    standins: StandIns,
    company: story.Company,
    invoices: list,
    narrator: Narrator,
    pays_by_hand: bool = False,
) -> None:
    """Walk the whole job on `invoices`.

    :param pays_by_hand: a person pays at Stripe itself; wait for that instead of paying
    :raise LedgerWrong: when the books are not right at the end
    :raise TooLate, PayerStuck, OdooRefused: when a step does not work
    """
    request = _send(anna, invoices, narrator)
    payer = Payer(_read_mail(standins, request, narrator))
    if pays_by_hand:
        narrator.step(f"Now pay: open {payer.link} and use Stripe's test card 4242 4242 4242 4242.")
        _wait_until_paid(payer, patience=24 * 3600, step=2)
    else:
        _pay(payer, request, narrator)
        narrator.step("Stripe's signed webhook arrives at Odoo, and the worker books the payment.")
        seconds = _wait_until_paid(payer)
        narrator.tell(f"{seconds:.1f} seconds later the payer's page says that it is paid.")
    narrator.step("The ledger, to the cent:")
    narrator.tell(*ledger.check_paid(anna, request.id, request.shares, company.clearing_account))


def _send(anna: OdooClient, invoices: list, narrator: Narrator) -> Request:
    rows = anna.call("account.move", "read", invoices, ["name", "amount_residual", "partner_id"])
    customer = rows[0]["partner_id"][1]
    narrator.step(f"Anna selects {customer}'s three unpaid invoices and presses Send Payment Link.")
    narrator.tell(*(f"{row['name']}  {shown(exact(row['amount_residual'])):>10}" for row in rows))
    request, dialog = send_link(
        anna, invoices, message="Thank you for settling these before the end of the month."
    )
    narrator.tell(f"The dialog shows {dialog['total']} in all, by e-mail to {dialog['to_email']}.")
    narrator.tell(f"Payment request {request.name} of {shown(request.total)} is made and sent.")
    return request


def _read_mail(standins: StandIns, request: Request, narrator: Narrator) -> str:
    mail = until(
        f"The e-mail of {request.name}",
        lambda: mail_with_link(standins, request.link),
    )
    narrator.step(f"The e-mail arrives at {mail['recipients'][0]}.")
    link = next(link for link in mail["links"] if link == request.link)
    narrator.tell(f"Subject: {mail['subject']}", f"Its link:  {link}")
    return link


def _pay(payer: Payer, request: Request, narrator: Narrator) -> None:
    narrator.step("The customer opens the link. No account, no cookie, nothing is charged yet.")
    page = payer.open_page()
    if shown(request.total) not in page.text.replace("\xa0", ""):
        raise ledger.LedgerWrong(f"the pay page does not show {shown(request.total)}")
    narrator.tell(f"The page asks for {shown(request.total)}.")
    stripe_page = payer.go_to_stripe()
    narrator.step("The customer presses Pay and lands on Stripe's own page.")
    narrator.tell(stripe_page)
    back = payer.pay_by_card(stripe_page)
    narrator.step("The card is charged, and Stripe leads back.")
    answer = payer.get(back)
    if answer.status_code != 200:
        raise TooLate(f"The page after the payment answered {answer.status_code}, so its success")
    narrator.tell(f"{back.partition('?')[0]} says thank you.")


def _wait_until_paid(payer: Payer, patience: float = 60, step: float = 0.2) -> float:
    """Poll as the success page does; return the seconds it took."""
    started = time.monotonic()
    until("The payment", lambda: payer.status()["state"] == "completed", patience, step)
    return time.monotonic() - started


def sleep_until_interrupted() -> None:
    threading.Event().wait()
