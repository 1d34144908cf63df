"""The rows of the outbox and of many requests at once: e-mails, SMS, and their making."""

from . import native, ours
from .measure import Cost
from .rows import Check, Invoices, Row, Sizes
from .world import World


def many_requests(world: World, sizes: Sizes) -> list:
    """P8 and P6: three invoices of each of many customers, asked for in one call, then mailed."""
    few = Invoices(world).of_many
    invoice_ids = _invoices(world, sizes.batch, per_customer=3)
    wizard, (made, ids) = _between(
        lambda: native.payment_links(world, few(sizes.native_batch)),
        lambda: ours.create_requests(world, invoice_ids, "email"),
    )
    send, (batch, mailed) = _between(
        lambda: native.send_invoices(world, few(sizes.native_batch)),
        lambda: _between(
            lambda: native.send_mail_batch(world, few(sizes.batch // 4)),
            lambda: ours.drain(world, ids),
        ),
    )
    return [_mails(sizes, send, batch, made + mailed), _creation(sizes, wizard, made)]


def _creation(sizes: Sizes, wizard: Cost, own: Cost) -> Row:
    checks = [
        Check("queries", own.queries, 5),
        Check("CPU ×", own.cpu / wizard.cpu, 0.35),
    ]
    job = f"creating {sizes.batch} requests from {3 * sizes.batch} invoices, each"
    baseline = f"payment.link.wizard, one invoice: {wizard}"
    return Row("P8", job, baseline, str(own), checks, {"native": wizard, "ours": own})


def _mails(sizes: Sizes, send: Cost, batch: Cost, own: Cost) -> Row:
    checks = [
        Check("queries", own.queries, 9),
        Check("CPU of the batch way ×", own.cpu / batch.cpu, 1.3),
        Check("CPU of account.move.send ×", own.cpu / send.cpu, 0.35),
    ]
    return Row(
        "P6",
        f"an e-mail request, created, rendered, sent, logged (batch of {sizes.batch})",
        f"account.move.send: {send} · send_mail_batch + send(): {batch}",
        str(own),
        checks,
        {"account_move_send": send, "batch": batch, "ours": own},
    )


def sms(world: World, sizes: Sizes) -> list:
    """P7: SMS to a Twilio that takes its time."""
    few = Invoices(world).of_many
    invoice_ids = _invoices(world, sizes.batch, per_customer=1)

    def create_and_send() -> tuple:
        made, ids = ours.create_requests(world, invoice_ids, "sms")
        return made, ours.drain(world, ids)

    theirs, (made, sent) = _between(
        lambda: native.send_sms(world, few(sizes.slow_sms)), create_and_send
    )
    own = made + sent
    rates = 1000 / theirs.wall, 1000 / own.wall
    checks = [
        Check("queries", own.queries, 4),
        Check("CPU ×", own.cpu / theirs.cpu, 0.5),
        Check("rate ×", rates[1] / rates[0], 5, least=True),
    ]
    return [
        Row(
            "P7",
            f"an SMS request, created and sent (batch of {sizes.batch}; Twilio takes 150 ms)",
            f"_message_sms_with_template: {theirs}, {rates[0]:.1f}/s",
            f"{own}, {rates[1]:.1f}/s",
            checks,
            {"native": theirs, "ours": own},
        )
    ]


def bulk_memory(world: World, sizes: Sizes) -> list:
    """P13: a bulk send needs no more memory for more customers."""
    few, many = sizes.batch // 4, sizes.batch
    peaks = {
        (method, count): ours.bulk_send(world, _invoices(world, count, per_customer=3), method)
        for method in ("sms", "email")
        for count in (few, many)
    }
    checks = [
        Check(f"MB more, {method}", peaks[method, many] - peaks[method, few], 20)
        for method in ("sms", "email")
    ]

    def say(count: int) -> str:
        return ", ".join(
            f"{peaks[method, count]:+.1f} MB by {method}" for method in ("sms", "email")
        )

    job = f"memory of a bulk send to {many} customers with three invoices each"
    figures = {f"{method}, {count}": peak for (method, count), peak in peaks.items()}
    return [Row("P13", job, f"(ours to {few}: {say(few)})", say(many), checks, figures)]


def _invoices(world: World, customers: int, per_customer: int) -> list:
    """New invoices for so many customers, after our code has run once."""
    with world.env() as env:
        partner_ids = world.partners(env, customers)
        warm = world.invoices(env, 10)
        invoice_ids = world.invoices(env, customers * per_customer, partner_ids)
    world.analyze()
    ours.create_requests(world, warm, "link")
    return invoice_ids


def _between(theirs, mine) -> tuple:
    """The mean cost of `theirs` right before and right after `mine`, and what `mine` returned.

    What takes minutes cannot take turns, and a shared machine is not as fast all the time. The
    first time of `theirs` only fills Odoo's caches.
    """
    theirs()
    before = theirs()
    found = mine()
    return (before + theirs()).per(2), found
