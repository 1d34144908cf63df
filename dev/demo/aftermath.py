"""What happens after the money came: a refund made at Stripe, a dispute that is lost."""

from dev.standins.launcher import StandIns

from . import job, ledger
from .client import OdooClient
from .money import exact, shown
from .waiting import until

FEE_ACCOUNT = {"name": "Stripe fees", "code": "699099", "account_type": "expense"}


def run(
    admin: OdooClient, anna: OdooClient, standins: StandIns, invoices: list, narrator: job.Narrator
) -> None:
    """Refund the last of `invoices`, which one paid request asked for, and dispute the rest.

    :raise LedgerWrong: when another invoice than the refunded one is open again
    """
    lines = anna.find("payment.request.line", [("move_id", "in", invoices)], ["request_id"])
    request = lines[0]["request_id"][0]
    account = admin.create("account.account", FEE_ACCOUNT)
    company = admin.read("payment.request", request, "company_id")["company_id"][0]
    admin.write("res.company", company, {"payment_request_fee_account_id": account})
    _refund(anna, standins, request, invoices, narrator)
    _compare(anna, narrator)
    _dispute(anna, standins, request, invoices, narrator)
    _compare(anna, narrator)


def _refund(anna, standins, request, invoices, narrator) -> None:
    last = anna.read("account.move", invoices[-1], "name", "amount_total")
    amount = exact(last["amount_total"])
    narrator.step(f"Somebody refunds {shown(amount)} at Stripe's dashboard, and tells nobody.")
    intent = anna.read("payment.request", request, "stripe_payment_intent_ref")
    standins.control(
        "refunds",
        payment_intent=intent["stripe_payment_intent_ref"],
        amount=int(amount * 100),
    )
    until(
        "The refund",
        lambda: exact(anna.read("payment.request", request, "amount_refunded")["amount_refunded"]),
    )
    owed = _get_owed(anna, invoices)
    ledger.check(owed[invoices[-1]] == amount, f"{last['name']} owes {owed[invoices[-1]]}")
    ledger.check(not any(owed[one] for one in invoices[:-1]), "another invoice is open again")
    narrator.tell(f"{last['name']} is open again with {shown(amount)}; the others stay paid.")


def _dispute(anna, standins, request, invoices, narrator) -> None:
    narrator.step("The customer's bank disputes the rest of the payment.")
    intent = anna.read("payment.request", request, "stripe_payment_intent_ref")
    dispute = standins.control("disputes", payment_intent=intent["stripe_payment_intent_ref"])
    _until_dispute(anna, request, "open")
    until("The withdrawal", lambda: all(_get_owed(anna, invoices).values()))
    narrator.tell("Stripe took the money: all invoices are open again, and Anna has a deadline.")
    standins.control(f"disputes/{dispute['id']}/lost")
    _until_dispute(anna, request, "lost")
    narrator.tell("The dispute is lost; the invoices stay open.")


def _until_dispute(anna, request, state) -> None:
    until(
        f"The dispute's state {state}",
        lambda: anna.read("payment.request", request, "dispute_state")["dispute_state"] == state,
    )


def _get_owed(anna, invoices) -> dict:
    rows = anna.call("account.move", "read", invoices, ["amount_residual"])
    return {row["id"]: exact(row["amount_residual"]) for row in rows}


def _compare(anna, narrator) -> None:
    comparison = anna.create("payment.request.comparison", {})
    comparison = comparison[0] if isinstance(comparison, list) else comparison
    anna.call("payment.request.comparison", "action_compare", [comparison])
    said = anna.read("payment.request.comparison", comparison, "is_equal", "result")
    ledger.check(said["is_equal"], said["result"])
    narrator.tell(f"Compared with Stripe: {said['result']}")
