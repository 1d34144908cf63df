"""Amounts as Odoo's JSON carries them, and as a person reads them."""

from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")


def exact(amount: float) -> Decimal:
    """The cents that a number in JSON stands for."""
    return Decimal(repr(amount)).quantize(CENT, ROUND_HALF_UP)


def shown(amount: Decimal) -> str:
    return f"${amount:,.2f}"
