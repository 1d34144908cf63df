# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The only conversion between major and minor units: Decimal in, int out, never a float sum.

*Minor units* are Stripe's: what its API takes and tells as ``amount``. They mostly follow ISO
4217, with exceptions that stand in the tables below (docs.stripe.com/currencies).
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation, localcontext

ZERO_DECIMAL = frozenset(
    "BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF".split(),
)
THREE_DECIMAL = frozenset("BHD JOD KWD OMR TND".split())
# Without decimals in life, but Stripe still takes them with two, which must be zero.
WHOLE_UNITS_IN_TWO_DECIMALS = frozenset({"ISK", "UGX"})

# Stripe takes at most eight digits, whatever the currency.
MAXIMUM = 99_999_999

# What Stripe charges at least, in minor units. For other currencies the minimum depends on the
# account's settlement currency and the rate of the day: only Stripe can tell.
MINIMUMS = {
    "AED": 200,
    "AUD": 50,
    "BGN": 100,
    "BRL": 50,
    "CAD": 50,
    "CHF": 50,
    "CZK": 1500,
    "DKK": 250,
    "EUR": 50,
    "GBP": 30,
    "HKD": 400,
    "HUF": 17500,
    "INR": 50,
    "JPY": 50,
    "MXN": 1000,
    "MYR": 200,
    "NOK": 300,
    "NZD": 50,
    "PLN": 200,
    "RON": 200,
    "SEK": 300,
    "SGD": 50,
    "THB": 1000,
    "USD": 50,
}


class AmountError(ValueError):
    """An amount that Stripe cannot take as it is."""


class AmountOutOfBounds(AmountError):
    """:ivar limit: the bound that is broken, in major units"""

    def __init__(self, message: str, limit: Decimal) -> None:
        super().__init__(message)
        self.limit = limit


class AmountTooSmall(AmountOutOfBounds):
    """Less than Stripe charges in this currency."""


class AmountTooLarge(AmountOutOfBounds):
    """More than Stripe charges at once in this currency."""


def to_decimal(value: float | int | str | Decimal, digits: int) -> Decimal:
    """Return the amount that `value` stands for, with `digits` decimals: the ORM's border.

    A float is read as the shortest number that denotes it, which is the amount that was rounded
    into it, and then rounded half up.

    :raise AmountError: when it is no finite number
    """
    if isinstance(value, bool):
        raise AmountError(f"{value} is not an amount")
    try:
        number = value if isinstance(value, Decimal) else Decimal(str(value))
        if not number.is_finite():
            raise AmountError(f"{value!r} is not an amount")
        with localcontext() as context:
            context.prec = 60
            # The sum turns a negative zero into zero.
            return number.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP) + Decimal(0)
    except InvalidOperation as error:
        raise AmountError(f"{value!r} is not an amount") from error


def decimal_places(currency: str) -> int:
    """Return how many decimals Stripe's minor unit of `currency` has: 0, 2 or 3."""
    code = currency.upper()
    if code in ZERO_DECIMAL:
        return 0
    return 3 if code in THREE_DECIMAL else 2


def step(currency: str) -> int:
    """Return the number of minor units of which Stripe takes only multiples."""
    code = currency.upper()
    if code in THREE_DECIMAL:
        return 10  # card networks know two decimals only: the last digit must be 0
    return 100 if code in WHOLE_UNITS_IN_TWO_DECIMALS else 1


def to_minor(amount: Decimal, currency: str, charged: bool = True) -> int:
    """Return `amount` (major units) in minor units, exactly.

    :param charged: Stripe is to take it; otherwise it only explains what Stripe takes, and need
        not be a multiple of Stripe's step
    :raise AmountError: when Stripe has no such amount in this currency
    """
    if not isinstance(amount, Decimal):
        raise TypeError(f"amounts are Decimal, not {type(amount).__name__}")
    if not amount.is_finite() or amount.adjusted() > 20:
        raise AmountError(f"{amount} is not an amount")
    with localcontext() as context:
        context.prec = 60
        minor = amount.scaleb(decimal_places(currency))
        if minor % (step(currency) if charged else 1):
            raise AmountError(f"{amount} {currency.upper()} cannot be charged exactly")
        return int(minor)


def chargeable(amount: Decimal, currency: str) -> Decimal:
    """Return the most that Stripe can charge of `amount`, both in major units.

    In most currencies that is all of it; where Stripe counts coarser than the books, the rest of
    less than one of Stripe's steps stays.
    """
    coin = Decimal(step(currency)).scaleb(-decimal_places(currency))
    return amount - amount % coin


def to_major(minor: int, currency: str) -> Decimal:
    """Return `minor` units in major units, exactly."""
    if isinstance(minor, bool) or not isinstance(minor, int):
        raise TypeError(f"minor units are int, not {type(minor).__name__}")
    with localcontext() as context:
        context.prec = 60
        return Decimal(minor).scaleb(-decimal_places(currency))


def minimum(currency: str) -> int:
    """Return the least that Stripe charges in `currency`, in minor units, as far as we know."""
    return MINIMUMS.get(currency.upper(), step(currency))


def maximum(currency: str) -> int:
    """Return the most that Stripe charges at once in `currency`, in minor units."""
    return MAXIMUM - MAXIMUM % step(currency)


def check_chargeable(amount: Decimal, currency: str) -> int:
    """Return `amount` (major units) in minor units if Stripe would charge it.

    :raise AmountTooSmall: below Stripe's minimum; ``.limit`` is that, in major units
    :raise AmountTooLarge: above its maximum; ``.limit`` is that, in major units
    :raise AmountError: when it does not round-trip through the currency's units
    """
    minor = to_minor(amount, currency)
    if minor < minimum(currency):
        raise AmountTooSmall(
            f"{amount} {currency} is too small", to_major(minimum(currency), currency)
        )
    if minor > MAXIMUM:
        raise AmountTooLarge(
            f"{amount} {currency} is too large", to_major(maximum(currency), currency)
        )
    return minor
