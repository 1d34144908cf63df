"""Odoo in this process on a database of its own: a company, its Stripe, customers, invoices."""

import contextlib
import os
from collections.abc import Iterator

from dev.setup import console, machine

from . import clone, events
from .wire import Wire

ADMIN = 2
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
PHONE = "+1415555%04d"


class World:
    """One database, Odoo's WSGI application on it, and cursors."""

    def __init__(self, prepared: machine.Machine, name: str, wire: Wire):
        self.machine, self.name, self.wire = prepared, name, wire
        self.log = machine.LOGS / f"bench-{os.getpid()}.log"
        _configure(prepared, name, wire, self.log)
        from werkzeug.test import Client

        from odoo import http
        from odoo.modules.registry import Registry

        self.registry = Registry(name)
        self.browser = Client(http.root)
        self._redirect_twilio()
        with self.env() as env:
            self._set_up(env)

    @contextlib.contextmanager
    def env(self, user: int = 1) -> Iterator:
        """An environment of its own cursor, committed at the end of the block."""
        from odoo import api

        with self.registry.cursor() as cr:
            yield api.Environment(cr, user, {})

    def post(self, path: str, content: bytes) -> None:
        """Post a signed event through the whole WSGI application."""
        headers = {"Stripe-Signature": events.signature(content)}
        answer = self.browser.post(
            path, data=content, headers=headers, content_type="application/json"
        )
        if answer.status_code != 200:
            raise console.SetupError(f"{path} answered {answer.status}: {answer.text[:300]}")

    def get(self, path: str) -> str:
        answer = self.browser.get(path, headers={"User-Agent": BROWSER})
        if answer.status_code != 200:
            raise console.SetupError(f"{path} answered {answer.status}")
        return answer.text

    # === RECORDS === #

    def provider(self, env):
        return env.ref("payment.payment_provider_stripe")

    def partners(self, env, count: int) -> list:
        """The ids of `count` new customers with an address and a mobile number."""
        return (
            env["res.partner"]
            .create(
                [
                    {
                        "name": f"Customer {number}",
                        "email": f"customer{number}@example.com",
                        "phone": PHONE % (number % 10000),
                        "country_id": env.ref("base.us").id,
                        "lang": "en_US",
                        # As anybody's who was invoiced before.
                        "customer_rank": 1,
                    }
                    for number in range(count)
                ]
            )
            .ids
        )

    def invoices(self, env, count: int, partner_ids: list | None = None) -> list:
        """The ids of `count` posted invoices of 115.00 (100.00 and a tax of 15 %).

        They go round the `partner_ids`; without, each has a customer of its own.
        """
        partner_ids = partner_ids or self.partners(env, count)
        wanted = [partner_ids[number % len(partner_ids)] for number in range(count)]
        return clone.invoices(env, env["account.move"].browse(self._invoice_id), wanted)

    def analyze(self) -> None:
        """Let PostgreSQL know how many rows there are now; both sides profit."""
        with self.env() as env:
            env.cr.execute("ANALYZE")

    # === SETTING UP === #

    def _set_up(self, env) -> None:
        company = env.company
        company.partner_id.write({"email": "books@example.com", "tz": "UTC"})
        company.write({"alias_domain_id": False})
        self._set_up_stripe(env)
        company.write(
            {
                "sms_provider": "twilio",
                "sms_twilio_account_sid": "AC" + "0" * 32,
                "sms_twilio_auth_token": "token of the bench",
                "sms_twilio_number_ids": [
                    (0, 0, {"number": "+14155550000", "country_id": env.ref("base.us").id})
                ],
            }
        )
        parameters = env["ir.config_parameter"]
        parameters.set_param("payment_request_stripe.twilio_api_base", self.wire.twilio_base)
        parameters.set_param("account_payment.enable_portal_payment", "True")
        env["ir.cron"].search([]).write({"active": False})
        env["ir.cron"].search([]).flush_recordset()
        domain = [("type_tax_use", "=", "sale"), ("amount", "=", 15)]
        tax = env["account.tax"].search(domain, limit=1)
        line = {"name": "Rent", "price_unit": 100.0, "tax_ids": [(6, 0, tax.ids)]}
        invoice = env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": self.partners(env, 1)[0],
                "invoice_date": "2026-01-01",
                "invoice_payment_term_id": False,
                "invoice_line_ids": [(0, 0, line)],
            }
        )
        invoice.action_post()
        assert tax and invoice.amount_residual == 115.0, invoice.amount_residual
        self._invoice_id = invoice.id

    def _set_up_stripe(self, env) -> None:
        clearing = env["account.account"].create(
            {
                "name": "Stripe clearing",
                "code": "101499",
                "account_type": "asset_current",
                "reconcile": True,
            }
        )
        journal = env["account.journal"].create({"name": "Stripe", "code": "STRP", "type": "bank"})
        provider = self.provider(env)
        provider.write(
            {
                "state": "test",
                "stripe_publishable_key": "pk_test_bench",
                "stripe_secret_key": "sk_test_bench",
                "stripe_webhook_secret": events.SECRET,
                "payment_request_webhook_secret": events.SECRET,
                "journal_id": journal.id,
            }
        )
        env.ref("payment.payment_method_card").active = True
        provider._get_payment_request_method_line().payment_account_id = clearing
        self.webhook = f"/api/stripe/webhook/{provider.payment_request_endpoint_token}"

    def _redirect_twilio(self) -> None:
        """Lead what goes to Twilio to the wire; `sms_twilio` has its address written in."""
        from requests.adapters import HTTPAdapter

        send, base = HTTPAdapter.send, self.wire.twilio_base

        def redirected(adapter, request, *args, **options):
            request.url = request.url.replace("https://api.twilio.com", base)
            return send(adapter, request, *args, **options)

        HTTPAdapter.send = redirected


def _configure(prepared: machine.Machine, name: str, wire: Wire, log) -> None:
    from odoo.tools import config

    os.environ.update(prepared.environment)
    options = {
        "-c": machine.CONFIG,
        "-d": name,
        "--smtp": "127.0.0.1",
        "--smtp-port": wire.smtp_port,
        "--logfile": log,
        "--max-cron-threads": 0,
    }
    flat = [str(part) for pair in options.items() for part in pair]
    config.parse_config(flat, setup_logging=True)
