"""The addon goes while there are payments and open links, and comes back. Nothing may follow it."""

from dev.demo.client import OdooClient

from .world import World

ADDON = "payment_request_stripe"
# Where something of ours could be left: model, domain.
TRACES = (
    ("ir.model", [("model", "like", "payment.request")]),
    ("ir.model.fields", [("name", "like", "payment_request")]),
    ("ir.model.data", [("module", "=", ADDON)]),
    ("ir.sequence", [("code", "=", "payment.request")]),
    ("mail.activity", [("res_model", "like", "payment.request")]),
    ("mail.message", [("model", "like", "payment.request")]),
    ("ir.attachment", [("res_model", "like", "payment.request")]),
)


def uninstalled_with_payments_and_links(world: World) -> None:
    """The addon is uninstalled with payments and open links in it, and installed again"""
    paid, waiting = world.new_request(invoices=2), world.new_request(invoices=1)
    world.standins.control(f"sessions/{world.open_checkout(paid)}/pay")
    world.hold_paid_once(paid)
    world.open_checkout(waiting)
    payments, invoices = world.payments(paid), [*paid.shares, *waiting.shares]
    before = _books(world.admin, payments, invoices)
    admin = _change(world, "button_immediate_uninstall", "uninstalled")
    world.hold(_books(admin, payments, invoices) == before, "payments and invoices are unchanged")
    left = {model: admin.call(model, "search_count", domain) for model, domain in TRACES}
    world.hold(not any(left.values()), "nothing of it is left behind" + _only(left))
    admin.call("account.move", "get_views", [[False, "list"], [False, "form"]])
    world.hold(True, "invoices open as before")
    admin = _change(world, "button_immediate_install", "installed")
    world.hold(_books(admin, payments, invoices) == before, "the books are unchanged still")


def _change(world: World, button: str, state: str) -> OdooClient:
    """Press `button` of the addon, as an administrator does under Apps."""
    found = world.admin.search("ir.module.module", [("name", "=", ADDON)])
    world.admin.call("ir.module.module", button, found)
    admin = OdooClient(world.odoo.url, world.admin.database, "admin", "admin")
    became = admin.read("ir.module.module", found[0], "state")["state"]
    world.hold(became == state, f"the addon is {state}")
    return admin


def _books(admin: OdooClient, payments: list, invoices: list) -> tuple:
    return (
        admin.call("account.payment", "read", payments, ["name", "amount", "state"]),
        admin.call("account.move", "read", invoices, ["amount_residual", "payment_state"]),
    )


def _only(left: dict) -> str:
    found = {model: count for model, count in left.items() if count}
    return f": {found}" if found else ""


SCENARIOS = (uninstalled_with_payments_and_links,)
