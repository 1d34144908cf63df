"""Balance transactions: each movement of the balance, in the currency in which it settles."""

from decimal import ROUND_HALF_UP, Decimal

from . import money, shapes
from .store import World

# The account's own currency, in which it has a bank account.
HOME = "usd"


def set_rate(world: World, currency: str, rate: str) -> None:
    """Settle `currency` at `rate` of the account's own from now on, for want of a bank account.

    Raises ValueError for what is no rate.
    """
    number = Decimal(rate) if rate.replace(".", "", 1).isdecimal() else Decimal(0)
    if currency == HOME or not number:
        raise ValueError(f"rate must say how much {HOME} one of another currency is")
    world.rates[currency] = str(number)
    world.dirty = True


def add_line(world: World, kind: str, source: str, amount: int, fee: int, currency: str) -> dict:
    """A movement: `amount` before and `amount - fee` after Stripe's fee, in minor units.

    What has no bank account is changed into the account's own currency.
    """
    rate = world.rates.get(currency)
    if rate:
        amount, fee = (_changed(value, currency, rate) for value in (amount, fee))
        currency = HOME
    details = {"amount": fee, "application": None, "currency": currency,
               "description": "Stripe processing fees", "type": "stripe_fee"}  # fmt: skip
    line = shapes.blank(
        "balance_transaction",
        world.now(),
        amount=amount,
        available_on=world.now() + 2 * 24 * 3600,
        currency=currency,
        exchange_rate=float(rate) if rate else None,
        fee=fee,
        fee_details=[details] if fee else [],
        net=amount - fee,
        reporting_category=kind,
        source=source,
        status="pending",
        type=kind,
    )
    del line["livemode"]
    return world.add("balance_transaction", line)


def _changed(amount: int, currency: str, rate: str) -> int:
    unit = Decimal(10) ** (money.places(HOME) - money.places(currency))
    return int((amount * unit * Decimal(rate)).quantize(Decimal(1), ROUND_HALF_UP))
