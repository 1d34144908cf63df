"""Odoo's own ways: payment links, transactions, its webhook, its mails and SMS."""

import io

from . import clone, events
from .measure import Cost, measured
from .world import ADMIN, World

WEBHOOK = "/payment/stripe/webhook"


def transaction(world: World, env, invoice_ids: list):
    """A transaction as the portal makes one, before Stripe has answered."""
    invoices = env["account.move"].browse(invoice_ids)
    return env["payment.transaction"].create(
        {
            "provider_id": world.provider(env).id,
            "payment_method_id": env.ref("payment.payment_method_card").id,
            "amount": sum(invoices.mapped("amount_residual")),
            "currency_id": invoices.currency_id.id,
            "partner_id": invoices.partner_id[:1].id,
            "operation": "online_direct",
            "reference": events.ref("tx"),
            "invoice_ids": [(6, 0, invoice_ids)],
        }
    )


def draft_references(world: World, count: int) -> list:
    """References of `count` transactions that wait for their webhook."""
    with world.env() as env:
        first = transaction(world, env, world.invoices(env, 1))
        return clone.transactions(env, first, world.invoices(env, count))


def settle(world: World, invoice_ids: list, per_transaction: int) -> Cost:
    """Pay `invoice_ids` by webhook and post-processing, in transactions of so many invoices."""
    total = Cost()
    for start in range(0, len(invoice_ids), per_transaction):
        part = invoice_ids[start : start + per_transaction]
        with world.env() as env:
            tx = transaction(world, env, part)
            content = events.intent_succeeded(tx.reference, round(tx.amount * 100))
            ref = tx.id
        with measured() as cost:
            world.post(WEBHOOK, content)
            with world.env() as env:
                env["payment.transaction"]._cron_post_process()
        total += cost
        with world.env() as env:
            assert env["payment.transaction"].browse(ref).payment_id.state == "paid"
    return total


def portal_page(world: World, invoice_id: int) -> Cost:
    with world.env() as env:
        invoice = env["account.move"].browse(invoice_id)
        url = invoice.get_portal_url()
    with measured() as cost:
        page = world.get(url)
    assert "115.00" in page
    return cost


def payment_links(world: World, invoice_ids: list) -> Cost:
    """The link of each invoice, as the form's Generate Payment Link makes it."""
    with measured() as cost:
        for invoice_id in invoice_ids:
            with world.env(ADMIN) as env:
                wizard = env["payment.link.wizard"].with_context(
                    active_model="account.move", active_id=invoice_id
                )
                assert wizard.create({}).link
    return cost.per(len(invoice_ids))


def send_invoices(world: World, invoice_ids: list) -> Cost:
    """`account.move.send` by e-mail, without what wkhtmltopdf costs."""
    pdf = _empty_pdf()
    with world.env(ADMIN) as env:
        reports = type(env["ir.actions.report"])
        # Odoo cuts the PDF of several invoices at its bookmarks, which an empty one has not.
        env["ir.config_parameter"].set_param("account.pdf_generation_batch", "0")
    original = reports._run_wkhtmltopdf, reports.get_wkhtmltopdf_state
    reports._run_wkhtmltopdf = lambda self, *args, **options: pdf
    reports.get_wkhtmltopdf_state = lambda self: "ok"
    try:
        with measured() as cost:
            with world.env(ADMIN) as env:
                env["account.move.send"]._generate_and_send_invoices(
                    env["account.move"].browse(invoice_ids), sending_methods=["email"]
                )
    finally:
        reports._run_wkhtmltopdf, reports.get_wkhtmltopdf_state = original
    with world.env() as env:
        moves = env["account.move"].browse(invoice_ids)
        assert all(moves.mapped("is_move_sent"))
    return cost.per(len(invoice_ids))


def send_mail_batch(world: World, invoice_ids: list) -> Cost:
    """Odoo's cheapest: render all, then send all; no chatter, no document."""
    with world.env(ADMIN) as env:
        template = env.ref("account.email_template_edi_invoice")
        template.write({"auto_delete": False, "report_template_ids": [(5,)]})
    with measured() as cost:
        with world.env(ADMIN) as env:
            mails = env.ref("account.email_template_edi_invoice").send_mail_batch(
                invoice_ids, email_layout_xmlid="mail.mail_notification_light"
            )
            env.cr.commit()
            mails.send()
            states = set(mails.mapped("state"))
    assert states == {"sent"}, states
    return cost.per(len(invoice_ids))


def send_sms(world: World, invoice_ids: list) -> Cost:
    """One SMS per invoice, logged in its chatter, handed to Twilio one after the other."""
    text = (
        "{{ object.company_id.name }}: please pay {{ object.amount_residual }} here: "
        "{{ object.get_portal_url() }}"
    )
    with measured() as cost:
        with world.env(ADMIN) as env:
            for invoice in env["account.move"].browse(invoice_ids):
                invoice._message_sms_with_template(
                    template_fallback=text,
                    partner_ids=invoice.partner_id.ids,
                    put_in_queue=True,
                )
            env.cr.commit()
            waiting = env["sms.sms"].search([("state", "=", "outgoing")])
            assert len(waiting) == len(invoice_ids), len(waiting)
            waiting.send(raise_exception=True)
    with world.env() as env:
        assert not env["sms.sms"].search_count([("state", "in", ("outgoing", "error"))])
    return cost.per(len(invoice_ids))


def _empty_pdf() -> bytes:
    from pypdf import PdfWriter

    writer, content = PdfWriter(), io.BytesIO()
    writer.add_blank_page(width=595, height=842)
    writer.write(content)
    return content.getvalue()
