"""The rows of the outbox and of many requests at once: e-mails, SMS, and their making."""

from . import native, ours
from .measure import Cost
from .rows import Check, Invoices, Row, Sizes
from .world import World


def many_requests(world: World, sizes: Sizes) -> list:
    """P8 and P6: three invoices of each of many customers, asked for in one call, then mailed."""
    few = Invoices(world).of_many
    wizard = _second(lambda: native.payment_links(world, few(sizes.native_batch)))
    own, ids = _created(world, sizes.batch, per_customer=3)
    made = _row_of_creation(wizard, own, sizes)
    return [_mails(world, sizes, ids), made]


def _created(world: World, count: int, per_customer: int, method: str = "email") -> tuple:
    with world.env() as env:
        partner_ids = world.partners(env, count)
        warm = world.invoices(env, 10)
        invoice_ids = world.invoices(env, count * per_customer, partner_ids)
    world.analyze()
    ours.create_requests(world, warm, method)
    return ours.create_requests(world, invoice_ids, method)


def _row_of_creation(wizard: Cost, own: Cost, sizes: Sizes) -> Row:
    checks = [
        Check("queries", own.queries, 5),
        Check("CPU ×", own.cpu / wizard.cpu, 0.35),
    ]
    job = f"creating {sizes.batch} requests from {3 * sizes.batch} invoices, each"
    return Row(
        "P8",
        job,
        f"payment.link.wizard: {wizard}",
        str(own),
        checks,
        {"native": wizard, "ours": own},
    )


def _mails(world: World, sizes: Sizes, request_ids: list) -> Row:
    few = Invoices(world).of_many
    send = _second(lambda: native.send_invoices(world, few(sizes.native_batch)))
    batch = _second(lambda: native.send_mail_batch(world, few(sizes.batch // 4)))
    own = ours.drain(world, request_ids)
    checks = [
        Check("queries", own.queries, 9),
        Check("CPU of the batch way ×", own.cpu / batch.cpu, 1.3),
        Check("CPU of account.move.send ×", own.cpu / send.cpu, 0.35),
    ]
    return Row(
        "P6",
        f"an e-mail request, rendered, sent, logged (batch of {sizes.batch})",
        f"account.move.send: {send} · send_mail_batch + send(): {batch}",
        str(own),
        checks,
        {"account_move_send": send, "batch": batch, "ours": own},
    )


def sms(world: World, sizes: Sizes) -> list:
    """P7: SMS to a Twilio that takes its time."""
    few = Invoices(world).of_many
    theirs = _second(lambda: native.send_sms(world, few(sizes.slow_sms)))
    _cost, ids = _created(world, sizes.batch, per_customer=1, method="sms")
    own = ours.drain(world, ids)
    rates = 1000 / theirs.wall, 1000 / own.wall
    checks = [
        Check("queries", own.queries, 4),
        Check("CPU ×", own.cpu / theirs.cpu, 0.5),
        Check("rate ×", rates[1] / rates[0], 5, least=True),
    ]
    return [
        Row(
            "P7",
            f"an SMS request, sent (batch of {sizes.batch}; Twilio answers after 150 ms)",
            f"_message_sms_with_template: {theirs}, {rates[0]:.1f}/s",
            f"{own}, {rates[1]:.1f}/s",
            checks,
            {"native": theirs, "ours": own},
        )
    ]


def _second(way) -> Cost:
    """The cost of doing it again: the first time fills Odoo's caches."""
    way()
    return way()
