"""A link by SMS: it arrives, its delivery is told, and the customer's STOP is honoured."""

from dev.standins.launcher import StandIns

from . import job, ledger
from .client import OdooClient, OdooRefused
from .waiting import until


def run(
    admin: OdooClient, anna: OdooClient, standins: StandIns, invoices: list, narrator: job.Narrator
) -> None:
    """Ask for `invoices`, of one customer with a phone, by SMS; then the customer answers STOP.

    :raise LedgerWrong: when something reaches the customer after the STOP
    """
    request, dialog = job.send_link(anna, invoices, delivery_method="sms")
    number = dialog["to_phone"]
    narrator.step("The next customer has no e-mail address: Anna sends the link by SMS.")
    narrator.tell(f"The dialog shows its length while she types: {dialog['sms_size']}.")
    text = until("The SMS", lambda: _texts_to(standins, number))[0]
    ledger.check(request.link in text["links"], "the SMS does not carry the link")
    narrator.tell(f"It arrives at {number}: {text['body']}")
    _until_state(anna, request, "delivered")
    narrator.tell("Twilio's signed callback says so, and the request shows it as delivered.")
    _stop(anna, standins, request, number, narrator)
    blocked = admin.search("phone.blacklist", [("number", "=", number)])
    ledger.check(bool(blocked), f"{number} is not on Odoo's phone blacklist")


def _stop(anna, standins, request, number, narrator) -> None:
    narrator.step("The customer answers STOP. Anna does not know yet and presses Resend.")
    standins.control("sms/stop", number=number)
    anna.call("payment.request", "action_resend", [request.id])
    narrator.tell(_until_state(anna, request, "failed"))
    narrator.tell(f"{number} is on Odoo's phone blacklist. Anna presses Resend again:")
    try:
        anna.call("payment.request", "action_resend", [request.id])
    except OdooRefused as refusal:
        narrator.tell(f"Odoo refuses: {refusal}")
    else:
        raise ledger.LedgerWrong("a message was queued for somebody who answered STOP")
    ledger.check(len(_texts_to(standins, number)) == 1, "an SMS was sent after the STOP")


def _texts_to(standins, number) -> list:
    return [text for text in standins.messages()["sms"] if text["to"] == number]


def _until_state(anna, request, state) -> str:
    """Wait until the newest message of `request` is in `state`; return what is said of it."""

    def look():
        rows = anna.find(
            "payment.request.delivery",
            [("request_id", "=", request.id)],
            ["state", "failure_reason"],
            order="id desc",
            limit=1,
        )
        return rows[0] if rows and rows[0]["state"] == state else None

    return until(f"A message that is {state}", look)["failure_reason"] or ""
