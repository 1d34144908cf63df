"""The demo company: who they are, what they are owed, and how Stripe is set up for them."""

from dataclasses import dataclass
from datetime import date, timedelta

from .client import OdooClient

COMPANY = {
    "name": "Harbour Lane Homes",
    "street": "12 Harbour Lane",
    "city": "Portland",
    "zip": "97209",
    "phone": "+1 503 555 0100",
    "email": "office@harbourlane.example",
}
ACCOUNTANT = {
    "name": "Anna Weber",
    "login": "anna",
    "password": "anna",
    "email": "anna@harbourlane.example",
}
NADIA = {
    "name": "Nadia Okafor",
    "email": "nadia@tenants.example",
    "phone": "+1 415 555 0110",
    "street": "Flat 4, 20 Mill Street",
    "city": "Portland",
}
# The three invoices of the main job: what for, amount, due in so many days.
NADIAS_INVOICES = (
    ("Rent, last month", "1250.00", -21),
    ("Rent, this month", "1250.00", 9),
    ("Heating and water", "184.37", 9),
)
TOM = {"name": "Tom Lindqvist", "email": "tom@tenants.example", "phone": "+1 415 555 0111"}
TOMS_INVOICES = (("Rent, this month", "980.00", 5), ("Parking space", "75.50", 5))
IDA = {"name": "Ida Marsh", "phone": "+1 415 555 0112"}
IDAS_INVOICES = (("Garage, this month", "95.00", 3),)
LENA = {"name": "Lena Brandt", "email": "lena@tenants.example", "phone": "+1 415 555 0113"}
LENAS_INVOICES = (("Rent, this month", "1040.00", 5), ("Storage room", "64.25", 5))
MARIE = {"name": "Marie Leclerc", "email": "marie@tenants.example", "phone": "+33 1 99 00 12 34"}
MARIES_INVOICES = (("Holiday flat, one week", "640.00", 5),)
# What one euro is in dollars: in Odoo, and where Stripe changes it.
EURO_IN_ODOO, EURO_AT_STRIPE = 1.08, "1.06"
# These only make the lists look like a company's.
OTHERS = (
    ("Mill Street Bakery", "bakery@tenants.example", (("Shop rent", "2140.00", -3),)),
    ("Priya Raman", "priya@tenants.example", (("Rent, this month", "1120.00", 12),)),
    (
        "Studio Falk",
        "studio@tenants.example",
        (("Studio rent", "860.00", 12), ("Keys", "39.90", 2)),
    ),
)
TWILIO_ACCOUNT = "AC" + "0123456789abcdef" * 2
TWILIO_SENDER = "+15005550006"


@dataclass(frozen=True)
class StripeKeys:
    """`api_base` and `twilio_base` are the stand-ins' addresses; empty: Stripe itself."""

    secret: str
    api_base: str = ""
    twilio_base: str = ""


@dataclass(frozen=True)
class Company:
    """What the set-up made, by id."""

    provider: int
    clearing_account: int


def set_up(admin: OdooClient, keys: StripeKeys, accountant: dict = ACCOUNTANT) -> Company:
    """Do what an administrator does once. The database is a fresh copy of the template."""
    _set_parameters(admin, keys)
    _name_company(admin)
    _set_up_twilio(admin)
    clearing = _create_clearing_account(admin)
    provider = _set_up_stripe(admin, keys, clearing)
    _create_accountant(admin, accountant)
    return Company(provider, clearing)


def _set_parameters(admin: OdooClient, keys: StripeKeys) -> None:
    parameters = {
        "web.base.url": admin.url,
        "web.base.url.freeze": "True",
        "payment_request_stripe.stripe_api_base": keys.api_base,
        "payment_request_stripe.twilio_api_base": keys.twilio_base,
    }
    for name, value in parameters.items():
        admin.call("ir.config_parameter", "set_param", name, value)


def _name_company(admin: OdooClient) -> None:
    state = admin.find(
        "res.country.state", [("code", "=", "OR"), ("country_id.code", "=", "US")], []
    )
    country = admin.search("res.country", [("code", "=", "US")])[0]
    address = {"country_id": country, "state_id": state[0]["id"] if state else False}
    admin.write("res.company", 1, {**COMPANY, **address})
    admin.write("res.users", admin.user, {"tz": "America/Los_Angeles"})


def _set_up_twilio(admin: OdooClient) -> None:
    number = {
        "number": TWILIO_SENDER,
        "country_id": admin.search("res.country", [("code", "=", "US")])[0],
    }
    admin.write(
        "res.company",
        1,
        {
            "sms_provider": "twilio",
            "sms_twilio_account_sid": TWILIO_ACCOUNT,
            "sms_twilio_auth_token": "token-of-the-stand-in",
            "sms_twilio_number_ids": [(0, 0, number)],
        },
    )


def _create_clearing_account(admin: OdooClient) -> int:
    values = {
        "name": "Stripe clearing",
        "code": "101450",
        "account_type": "asset_current",
        "reconcile": True,
    }
    return admin.create("account.account", values)


def _set_up_stripe(admin: OdooClient, keys: StripeKeys, clearing: int) -> int:
    journal = admin.create("account.journal", {"name": "Stripe", "code": "STRP", "type": "bank"})
    provider = admin.search("payment.provider", [("code", "=", "stripe")], limit=1)[0]
    admin.write(
        "payment.provider",
        provider,
        {
            "stripe_publishable_key": "pk_test_demo",
            "stripe_secret_key": keys.secret,
            "state": "test",
            "journal_id": journal,
        },
    )
    lines = admin.search(
        "account.payment.method.line",
        [("payment_provider_id", "=", provider), ("payment_type", "=", "inbound")],
    )
    admin.write("account.payment.method.line", lines, {"payment_account_id": clearing})
    return provider


def _create_accountant(admin: OdooClient, accountant: dict) -> None:
    groups = [admin.ref("base.group_user"), admin.ref("account.group_account_invoice")]
    admin.create(
        "res.users",
        {**accountant, "group_ids": [(6, 0, groups)], "tz": "America/Los_Angeles"},
        no_reset_password=True,  # no invitation by e-mail
    )


def create_customer(admin: OdooClient, **values) -> int:
    return admin.create("res.partner", values)


def create_euro(admin: OdooClient) -> int:
    """Have Odoo use the euro, one of which is `EURO_IN_ODOO` dollars."""
    euro = admin.ref("base.EUR")
    admin.write("res.currency", euro, {"active": True})
    rate = {"currency_id": euro, "name": "2026-01-01", "inverse_company_rate": EURO_IN_ODOO}
    admin.create("res.currency.rate", rate)
    return euro


def create_invoices(
    admin: OdooClient, customer: int, wanted: tuple, currency: int | None = None
) -> list:
    """Post an invoice for each (what for, amount, due in days); return their ids in this order."""
    today = date.today()
    money = {"currency_id": currency} if currency else {}
    invoices = admin.create(
        "account.move",
        [
            {
                **money,
                "move_type": "out_invoice",
                "partner_id": customer,
                "invoice_date": str(today + timedelta(days=min(days, 0) - 10)),
                "invoice_date_due": str(today + timedelta(days=days)),
                "invoice_payment_term_id": False,
                "invoice_line_ids": [
                    (0, 0, {"name": purpose, "price_unit": float(amount), "tax_ids": []})
                ],
            }
            for purpose, amount, days in wanted
        ],
    )
    admin.call("account.move", "action_post", invoices)
    return invoices


def create_others(admin: OdooClient) -> None:
    for name, email, invoices in OTHERS:
        create_invoices(admin, create_customer(admin, name=name, email=email), invoices)
