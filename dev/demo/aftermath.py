"""After the money came: a refund, a lost dispute, a lost webhook, foreign money, the payout."""

from dev.standins.launcher import StandIns

from . import job, ledger, story
from .client import OdooClient
from .money import exact, shown
from .payer import Payer
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
    _lose_a_webhook(admin, anna, standins, narrator)
    _pay_in_euros(admin, anna, standins, narrator)
    _pay_out(anna, standins, narrator)


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


def _lose_a_webhook(admin, anna, standins, narrator) -> None:
    """Throw away the events of a payment: the comparison names it, and the poll heals it."""
    narrator.step("Another customer pays and closes the browser, and the webhook is thrown away.")
    lena = story.create_customer(admin, **story.LENA)
    invoices = story.create_invoices(admin, lena, story.LENAS_INVOICES)
    request, _dialog = job.send_link(anna, invoices)
    payer = Payer(request.link)
    payer.open_page()
    payer.go_to_stripe()
    session = anna.read("payment.request", request.id, "stripe_checkout_session_ref")
    standins.control("webhooks/pause")
    paid = standins.control(f"sessions/{session['stripe_checkout_session_ref']}/pay")
    standins.control("webhooks/resume", drop=True)
    said = _ask_comparison(anna)
    ledger.check(not said["is_equal"], "the comparison did not notice the lost webhook")
    ledger.check(paid["payment_intent"] in said["result"], said["result"])
    narrator.tell(*said["result"].splitlines())
    narrator.step("The poll asks Stripe, and the worker books what it hears.")
    admin.run_cron("payment_request_stripe.ir_cron_poll_stripe")
    until("The healing", lambda: not any(_get_owed(anna, invoices).values()))
    _compare(anna, narrator)


def _pay_in_euros(admin, anna, standins, narrator) -> None:
    """Stripe has no bank account in euros: what it makes of them lies on the clearing account."""
    narrator.step("Marie pays in euros, for which there is no bank account at Stripe.")
    standins.control("rates", currency="eur", rate=story.EURO_AT_STRIPE)
    marie = story.create_customer(admin, **story.MARIE)
    invoices = story.create_invoices(admin, marie, story.MARIES_INVOICES, story.create_euro(admin))
    request, _dialog = job.send_link(anna, invoices)
    payer = Payer(request.link)
    payer.open_page()
    payer.go_to_stripe()
    session = anna.read("payment.request", request.id, "stripe_checkout_session_ref")
    standins.control(f"sessions/{session['stripe_checkout_session_ref']}/pay")
    until("Marie's payment", lambda: not any(_get_owed(anna, invoices).values()))
    admin.run_cron("payment_request_stripe.ir_cron_poll_stripe")
    until("The exchange", lambda: _get_exchange(anna, request.id))
    payment = _get_exchange(anna, request.id)
    entry = anna.read("account.move", payment["stripe_exchange_move_id"][0], "ref", "line_ids")
    items = anna.call("account.move.line", "read", entry["line_ids"], ["account_id", "balance"])
    narrator.tell(
        f"Stripe made {shown(exact(payment['stripe_settled']))} of her {request.total:,.2f} euros:",
        *(f"{item['account_id'][1]:32}{shown(exact(item['balance'])):>12}" for item in items),
    )
    _compare(anna, narrator)


def _get_exchange(anna, request) -> dict | None:
    found = anna.find(
        "account.payment",
        [("payment_request_id", "=", request), ("stripe_exchange_move_id", "!=", False)],
        ["stripe_exchange_move_id", "stripe_settled"],
    )
    return found[0] if found else None


def _pay_out(anna, standins, narrator) -> None:
    narrator.step("Stripe pays out to the bank.")
    payout = standins.control("payouts")
    until(
        "The payout's proof",
        lambda: anna.find(
            "payment.request.payout",
            [("stripe_payout_ref", "=", payout["id"]), ("proof", "!=", "asked")],
            ["proof"],
        ),
    )
    (row,) = anna.find("payment.request.payout", [], ["amount", "proof", "result"])
    ledger.check(row["proof"] == "equal", row["result"])
    ledger.check(int(exact(row["amount"]) * 100) == payout["amount"], "another amount")
    narrator.tell(f"{payout['id']} of {shown(exact(row['amount']))}:", *row["result"].splitlines())


def _until_dispute(anna, request, state) -> None:
    until(
        f"The dispute's state {state}",
        lambda: anna.read("payment.request", request, "dispute_state")["dispute_state"] == state,
    )


def _get_owed(anna, invoices) -> dict:
    rows = anna.call("account.move", "read", invoices, ["amount_residual"])
    return {row["id"]: exact(row["amount_residual"]) for row in rows}


def _compare(anna, narrator) -> None:
    said = _ask_comparison(anna)
    ledger.check(said["is_equal"], said["result"])
    narrator.tell(f"Compared with Stripe: {said['result']}")


def _ask_comparison(anna) -> dict:
    comparison = anna.create("payment.request.comparison", {})
    comparison = comparison[0] if isinstance(comparison, list) else comparison
    anna.call("payment.request.comparison", "action_compare", [comparison])
    return anna.read("payment.request.comparison", comparison, "is_equal", "result")
