"""Is the ledger right, to the cent? Read over RPC as the accountant sees it."""

from decimal import Decimal

from .client import OdooClient
from .money import exact, shown


class LedgerWrong(Exception):
    """The books do not say what they should; the message says where."""


def check(is_right: bool, sentence: str) -> None:
    if not is_right:
        raise LedgerWrong(sentence)


def check_paid(odoo: OdooClient, request: int, shares: dict, clearing_account: int) -> list[str]:
    """Compare the books with what was asked, and return what was found in plain sentences.

    :param shares: invoice id -> Decimal, the snapshot that was sent
    :raise LedgerWrong: at the first difference
    """
    total = sum(shares.values(), Decimal(0))
    payment = _the_payment(odoo, request, total)
    found = [f"One payment, {payment['name']}, of {shown(total)} was booked and posted."]
    found += _check_invoices(odoo, payment, shares)
    found.append(_check_clearing(odoo, payment, clearing_account, total))
    state = odoo.read("payment.request", request, "state", "amount_paid", "amount_residual")
    check(state["state"] == "completed", f"the request is {state['state']}, not completed")
    check(exact(state["amount_paid"]) == total, "the request does not say what was paid")
    check(exact(state["amount_residual"]) == 0, "the request still asks for money")
    return found


def _the_payment(odoo: OdooClient, request: int, total: Decimal) -> dict:
    payments = odoo.find(
        "account.payment",
        [("payment_request_id", "=", request)],
        ["name", "amount", "state", "move_id"],
    )
    check(len(payments) == 1, f"there are {len(payments)} payments, not one")
    payment = payments[0]
    check(exact(payment["amount"]) == total, f"{payment['name']} is not of {shown(total)}")
    check(payment["state"] in ("in_process", "paid"), f"{payment['name']} is {payment['state']}")
    return payment


def _check_invoices(odoo: OdooClient, payment: dict, shares: dict) -> list[str]:
    rows = odoo.call(
        "account.move", "read", list(shares), ["name", "amount_residual", "payment_state"]
    )
    reconciled = _reconciled(odoo, payment["move_id"][0])
    check(set(reconciled) == set(shares), "the payment is reconciled with other invoices")
    for row in rows:
        name, share = row["name"], shares[row["id"]]
        check(exact(row["amount_residual"]) == 0, f"{name} still owes {row['amount_residual']}")
        check(row["payment_state"] in ("paid", "in_payment"), f"{name} is {row['payment_state']}")
        check(
            reconciled[row["id"]] == share,
            f"{name} got {reconciled[row['id']]} instead of {share}",
        )
    return [f"{row['name']} is paid: it got exactly {shown(shares[row['id']])}." for row in rows]


def _reconciled(odoo: OdooClient, entry: int) -> dict:
    """Invoice id -> Decimal that the lines of `entry` were reconciled with it."""
    partials = odoo.find(
        "account.partial.reconcile",
        [("credit_move_id.move_id", "=", entry)],
        ["debit_move_id", "amount"],
    )
    lines = odoo.call(
        "account.move.line", "read", [row["debit_move_id"][0] for row in partials], ["move_id"]
    )
    invoice_of = {row["id"]: row["move_id"][0] for row in lines}
    total: dict = {}
    for row in partials:
        invoice = invoice_of[row["debit_move_id"][0]]
        total[invoice] = total.get(invoice, Decimal(0)) + exact(row["amount"])
    return total


def _check_clearing(odoo: OdooClient, payment: dict, account: int, total: Decimal) -> str:
    lines = odoo.find(
        "account.move.line",
        [("account_id", "=", account), ("parent_state", "=", "posted")],
        ["balance", "move_id"],
    )
    ours = sum((exact(line["balance"]) for line in lines if line["move_id"] == payment["move_id"]),
               Decimal(0))  # fmt: skip
    balance = sum((exact(line["balance"]) for line in lines), Decimal(0))
    check(ours == total, f"{shown(ours)} instead of {shown(total)} lie on the clearing account")
    return f"The account Stripe clearing holds {shown(balance)}, until Stripe's payout arrives."
