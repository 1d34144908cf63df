# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A quarter of payers, and what the reminder plan says of them, told a second time.

The rules stand here in plain Python, written from the manual and not from the code: what the
addon does in its SQL and its workers is compared with this.
"""

import random
from dataclasses import dataclass, field
from datetime import date, timedelta

START = date(2026, 1, 1)
LAST = date(2026, 3, 31)
CUSTOMERS, INVOICES = 500, 3000
INTERVAL, MOST = 3, 3


@dataclass
class Invoice:
    """One invoice and what its customer and its accountant will do about it."""

    number: int
    due: date
    paid_on: date | None
    at_noon: bool  # after the day's run, before its messages go out
    part_on: date | None
    held: tuple  # (first day, last day) or none
    promise: tuple  # (the day it is made, the day it is for) or none
    step: int | None = None
    count: int = 0

    def is_paid(self, day, noon=False):
        if not self.paid_on:
            return False
        return self.paid_on < day or (self.paid_on == day and (noon or not self.at_noon))

    def is_held(self, day):
        return bool(self.held) and self.held[0] <= day <= self.held[1]

    def is_promised(self, day):
        return bool(self.promise) and self.promise[0] <= day <= self.promise[1]


@dataclass
class Customer:
    """One customer.

    :ivar steps: the days of the customer's plan
    """

    number: int
    steps: tuple
    has_contact: bool
    is_held: bool
    opts_out_on: date | None
    invoices: list = field(default_factory=list)
    last_message: date | None = None
    link: set = field(default_factory=set)


def imagine(seed, plans):
    """Return customers with their invoices: the same for the same seed.

    :param plans: the days of the steps of each plan, of which customers have one
    """
    dice = random.Random(seed)
    customers = [
        Customer(
            number,
            plans[number % len(plans)],
            has_contact=dice.random() > 0.04,
            is_held=dice.random() < 0.04,
            opts_out_on=_some_day(dice) if dice.random() < 0.05 else None,
        )
        for number in range(CUSTOMERS)
    ]
    for number in range(INVOICES):
        customer = customers[number] if number < CUSTOMERS else dice.choice(customers)
        customer.invoices.append(_imagine_invoice(dice, number))
    return customers


def _some_day(dice):
    return START + timedelta(days=dice.randrange((LAST - START).days))


def _imagine_invoice(dice, number):
    due = START + timedelta(days=dice.randrange(-15, 95))
    delay = dice.choice((-10, -5, -4, -3, -2, 0, 1, 2, 3, 4, 5, 8, 10, 12, 20, 25, None))
    paid_on = due + timedelta(days=delay) if delay is not None else None
    if paid_on and paid_on < START:
        paid_on = START + timedelta(days=dice.randrange(30))
    held, promise, part_on = (), (), None
    if dice.random() < 0.06:
        first = due + timedelta(days=dice.randrange(-5, 10))
        held = (first, first + timedelta(days=dice.randrange(12)))
    if dice.random() < 0.08:
        made = max(due + timedelta(days=dice.randrange(-3, 8)), START)
        promise = (made, made + timedelta(days=dice.randrange(10)))
    if dice.random() < 0.05:
        part_on = max(due + timedelta(days=dice.randrange(-5, 10)), START)
    return Invoice(number, due, paid_on, dice.random() < 0.3, part_on, held, promise)


def foresee(customer, day):
    """Return ``{invoice number: (state, reason)}`` of the log of `day`, and live through it."""
    steps = {one.number: _find_step(customer, one, day) for one in customer.invoices}
    reasons = {one.number: _find_reason(customer, one, day) for one in customer.invoices}
    opened = [one for one in customer.invoices if not one.is_paid(day)]
    said = {
        one.number: ("skipped", reasons[one.number])
        for one in opened
        if steps[one.number] is not None and reasons[one.number]
    }
    due = [one for one in opened if steps[one.number] is not None and not reasons[one.number]]
    if not due:
        return said
    along = [
        one
        for one in opened
        if steps[one.number] is None and not reasons[one.number] and one.due < day
    ]
    obstacle = _find_obstacle(customer, opened, day)
    if obstacle:
        return said | {one.number: ("skipped", obstacle) for one in due + along}
    said |= {one.number: ("along", False) for one in along}
    asked = {one.number for one in due + along}
    customer.link = asked | (customer.link & {one.number for one in opened})
    unpaid = [one for one in due if not one.is_paid(day, noon=True)]
    said |= {one.number: ("skipped", "paid") for one in due}
    if unpaid:
        customer.last_message = day
    for one in unpaid:
        one.step, one.count = steps[one.number], one.count + 1
    return said | {one.number: ("sent", False) for one in unpaid}


def _find_step(customer, invoice, day):
    late = (day - invoice.due).days
    come = [
        step
        for step in customer.steps
        if step <= late
        and (step >= 0 or late <= 0)
        and (invoice.step is None or step > invoice.step)
    ]
    return max(come, default=None)


def _find_reason(customer, invoice, day):
    if invoice.is_promised(day):
        return "promise"
    if invoice.is_held(day):
        return "hold"
    if customer.is_held:
        return "customer_hold"
    if invoice.count >= MOST:
        return "maximum"
    if customer.last_message and (day - customer.last_message).days < INTERVAL:
        return "recent"
    return None


def _find_obstacle(customer, opened, day):
    """Return why the customer as a whole cannot be written to, or none."""
    for one in opened:
        if one.number in customer.link and _find_reason(customer, one, day) == "hold":
            return "linked"
    if not customer.has_contact:
        return "no_contact"
    if customer.opts_out_on and customer.opts_out_on <= day:
        return "opted_out"
    return None
