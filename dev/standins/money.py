"""What Stripe knows about currencies. All amounts are whole minor units."""

from . import errors

MAXIMUM = 99_999_999
ZERO_DECIMAL = frozenset("bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf".split())
THREE_DECIMAL = frozenset("bhd jod kwd omr tnd".split())
WHOLE_UNITS_ONLY = frozenset({"isk", "ugx"})
MINIMUM = {
    "usd": 50, "aed": 200, "aud": 50, "bgn": 100, "brl": 50, "cad": 50, "chf": 50, "czk": 1500,
    "dkk": 250, "eur": 50, "gbp": 30, "hkd": 400, "huf": 17500, "inr": 50, "jpy": 50, "mxn": 1000,
    "myr": 200, "nok": 300, "nzd": 50, "pln": 200, "ron": 200, "sek": 300, "sgd": 50, "thb": 1000,
}  # fmt: skip
SYMBOLS = {"usd": "$", "eur": "€", "gbp": "£", "jpy": "¥", "cad": "CA$", "aud": "A$", "inr": "₹"}


def places(currency: str) -> int:
    """Decimals of the minor unit as Stripe counts them."""
    if currency in ZERO_DECIMAL:
        return 0
    return 3 if currency in THREE_DECIMAL else 2


def text(amount: int, currency: str) -> str:
    """`€1,234.50`, or `1,234.50 CZK` where the symbol is less known."""
    digits = places(currency)
    sign = "-" if amount < 0 else ""
    whole, fraction = divmod(abs(amount), 10**digits)
    number = f"{whole:,}" + (f".{fraction:0{digits}d}" if digits else "")
    symbol = SYMBOLS.get(currency)
    return f"{sign}{symbol}{number}" if symbol else f"{sign}{number} {currency.upper()}"


def check_unit(amount: int, currency: str, param: str) -> None:
    """Amounts that Stripe cannot charge at all in this currency; raises StripeError 400."""
    if amount < 0:
        raise errors.StripeError(
            400,
            "This value must be greater than or equal to 0.",
            code="parameter_invalid_integer",
            param=param,
        )
    step = 10 if currency in THREE_DECIMAL else 100 if currency in WHOLE_UNITS_ONLY else 1
    if amount % step:
        message = f"Invalid amount: {currency.upper()} amounts must be divisible by {step}."
        raise errors.StripeError(400, message, param=param)


def check_total(amount: int, currency: str) -> None:
    """Stripe's least and greatest charge; raises StripeError 400."""
    if amount > MAXIMUM:
        raise errors.invalid(
            "The Checkout Session's total amount due must be no more than "
            f"{text(MAXIMUM, currency)} {currency}",
            code="amount_too_large",
        )
    least = MINIMUM.get(currency, 1)
    if amount < least:
        raise errors.invalid(
            "The Checkout Session's total amount due must add up to at least "
            f"{text(least, currency)} {currency}",
            code="amount_too_small",
        )


def fee(amount: int) -> int:
    """2.9 % + 30 minor units, rounded half up, never more than the charge."""
    return min(amount, (amount * 29 + 500) // 1000 + 30)
