# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from decimal import ROUND_HALF_UP, Decimal

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged
from odoo.tools import float_round

from ..gateways import money
from ..gateways.money import (
    MAXIMUM,
    AmountError,
    AmountTooLarge,
    AmountTooSmall,
    check_chargeable,
    decimal_places,
    to_decimal,
    to_major,
    to_minor,
)

CURRENCIES = sorted(
    money.ZERO_DECIMAL
    | money.THREE_DECIMAL
    | money.WHOLE_UNITS_IN_TWO_DECIMALS
    | set(money.MINIMUMS)
    | {"TWD", "ZAR", "COP"}
)
property_test = settings(max_examples=300, deadline=None, database=None)


@tagged("post_install", "-at_install")
class TestGatewayMoney(BaseCase):
    def test_minor_units_follow_stripe_and_not_iso(self):
        for currency, amount, minor in (
            ("EUR", "120.50", 12050),
            ("usd", "0.5", 50),
            ("JPY", "500", 500),
            ("KWD", "5.120", 5120),
            ("ISK", "5", 500),
            ("UGX", "1000", 100000),
            ("HUF", "10.45", 1045),
            ("TWD", "800.45", 80045),
            ("MGA", "7", 7),
        ):
            with self.subTest(currency=currency):
                self.assertEqual(to_minor(Decimal(amount), currency), minor)
                self.assertEqual(to_major(minor, currency), Decimal(amount))

    def test_an_amount_that_does_not_fit_the_unit_is_refused(self):
        for currency, amount in (
            ("EUR", "0.005"),
            ("JPY", "10.5"),
            ("KWD", "5.124"),
            ("KWD", "5.1205"),
            ("ISK", "5.10"),
            ("UGX", "1.5"),
            ("MGA", "10.50"),
            ("EUR", "NaN"),
            ("EUR", "Infinity"),
            ("EUR", "1E+40"),
        ):
            with self.subTest(currency=currency, amount=amount), self.assertRaises(AmountError):
                to_minor(Decimal(amount), currency)

    def test_floats_never_become_minor_units(self):
        for amount in (1.0, 1, "1", None):
            with self.subTest(amount=amount), self.assertRaises(TypeError):
                to_minor(amount, "EUR")
        for minor in (1.0, True, "1", Decimal(1), None):
            with self.subTest(minor=minor), self.assertRaises(TypeError):
                to_major(minor, "EUR")

    def test_the_bounds_tell_themselves_in_major_units(self):
        with self.assertRaises(AmountTooSmall) as too_small:
            check_chargeable(Decimal("0.49"), "EUR")
        self.assertEqual(too_small.exception.limit, Decimal("0.50"))
        with self.assertRaises(AmountTooLarge) as too_large:
            check_chargeable(Decimal("1000000.00"), "EUR")
        self.assertEqual(too_large.exception.limit, Decimal("999999.99"))
        with self.assertRaises(AmountTooLarge) as too_large:
            check_chargeable(Decimal("100000"), "KWD")
        self.assertEqual(too_large.exception.limit, Decimal("99999.990"))
        for amount in ("0", "-5"):
            with self.subTest(amount=amount), self.assertRaises(AmountTooSmall):
                check_chargeable(Decimal(amount), "XAF")

    def test_every_minimum_and_maximum_can_be_charged(self):
        for currency in CURRENCIES:
            for minor in (money.minimum(currency), money.maximum(currency)):
                with self.subTest(currency=currency, minor=minor):
                    self.assertEqual(check_chargeable(to_major(minor, currency), currency), minor)

    def test_what_is_no_number_is_no_amount(self):
        for value in (float("nan"), float("inf"), "", "12,5", True, False, None):
            with self.subTest(value=value), self.assertRaises(AmountError):
                to_decimal(value, 2)

    def test_floats_are_read_as_the_number_they_show(self):
        for value, digits, text in (
            (0.1 + 0.2, 2, "0.30"),
            (1.005, 2, "1.01"),  # in binary it is a little less than that
            (2.675, 2, "2.68"),
            (-1.005, 2, "-1.01"),
            (-0.0, 2, "0.00"),
            (1e16, 2, "10000000000000000.00"),
            (7, 3, "7.000"),
            ("12.3", 2, "12.30"),
            (Decimal("2.5"), 0, "3"),
        ):
            with self.subTest(value=value):
                self.assertEqual(str(to_decimal(value, digits)), text)

    @property_test
    @given(st.sampled_from(CURRENCIES), st.integers(1, MAXIMUM))
    def test_round_trip(self, currency, number):
        minor = number - number % money.step(currency)
        major = to_major(minor, currency)
        self.assertEqual(to_minor(major, currency), minor)
        self.assertLessEqual(-major.as_tuple().exponent, decimal_places(currency))

    @property_test
    @given(st.sampled_from(CURRENCIES), st.integers(1, MAXIMUM))
    def test_an_amount_is_exact_or_refused(self, currency, number):
        """No amount is ever charged as another one, however many decimals it has."""
        amount = Decimal(number).scaleb(-4)
        try:
            minor = to_minor(amount, currency)
        except AmountError:
            scaled = amount.scaleb(decimal_places(currency))
            self.assertTrue(scaled % money.step(currency))
        else:
            self.assertEqual(to_major(minor, currency), amount)

    @property_test
    @given(st.integers(-(10**14), 10**14), st.integers(0, 3))
    def test_a_float_that_holds_an_amount_gives_it_back(self, number, digits):
        amount = Decimal(number).scaleb(-digits)
        self.assertEqual(to_decimal(float(amount), digits), amount)

    @property_test
    @given(st.floats(-1e9, 1e9), st.integers(0, 3))
    def test_what_odoo_rounded_is_taken_exactly(self, value, digits):
        rounded = float_round(value, precision_digits=digits)
        taken = to_decimal(rounded, digits)
        self.assertEqual(float(taken), rounded)
        self.assertEqual(taken, Decimal(repr(rounded)).quantize(taken, ROUND_HALF_UP))

    @property_test
    @given(st.lists(st.integers(1, 10**7), min_size=1, max_size=50), st.sampled_from(CURRENCIES))
    def test_parts_sum_to_the_whole(self, numbers, currency):
        parts = [number * money.step(currency) for number in numbers]
        assume(sum(parts) <= MAXIMUM)
        whole = sum((to_major(part, currency) for part in parts), Decimal(0))
        self.assertEqual(to_minor(whole, currency), sum(parts))
