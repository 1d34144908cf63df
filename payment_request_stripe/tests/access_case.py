# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Who there is, what there is to touch, and what of it the code offers."""

import inspect

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.http import _generate_routing_rules
from odoo.tests import new_test_user
from odoo.tools import mute_logger

from .api_case import ApiCase

MODULE = "odoo.addons.payment_request_stripe."
# Modules whose pages ours extends, and ours.
EXTENDED = ["portal", "payment", "account", "account_payment", MODULE.split(".")[2]]
# What the matrix of the models covers.
CRUD = {"create", "default_get", "write", "unlink"}
PASSWORD = "a password of the tests"


class AccessCase(ApiCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.payer_contact = cls.env["res.partner"].create(
            {"name": "Paula of Petra's", "parent_id": cls.payer.id, "email": "paula@example.com"}
        )
        other_company, other_user = cls._make_other_company()
        cls.users = {
            "portal_own": cls._make_user("portal_own", "base.group_portal"),
            "portal_other": cls._make_user("portal_other", "base.group_portal"),
            "internal": cls._make_user("internal", "base.group_user"),
            "other_company": other_user,
            "reader": cls.readonly_user,
            "billing": cls.billing_user,
            "accountant": cls._make_user("accountant", "account.group_account_user"),
            "manager": cls._make_user("manager", "account.group_account_manager"),
            "system": cls._make_user("system", "base.group_system"),
        }
        cls.users["portal_own"].partner_id.parent_id = cls.payer
        for user in cls.users.values():
            user.password = PASSWORD
        cls.keys = {role: cls._make_key(user) for role, user in cls.users.items()}
        cls.other_company = other_company

    @classmethod
    def _make_user(cls, login, group):
        return new_test_user(
            cls.env,
            login=f"role_{login}",
            groups=group,
            company_id=cls.company.id,
            company_ids=[Command.set(cls.company.ids)],
        )

    def setUp(self):
        super().setUp()
        # One person after the other presses every button of one link, and guesses, in one minute.
        for limit in ("document", "payer", "unknown_page"):
            self.env["ir.config_parameter"].sudo().set_param(
                f"payment_request_stripe.rate_limit_{limit}", "0"
            )

    def _make_examples(self):
        """Return ``{model: a record}`` for every model of ours, all of the payer's request."""
        self._make_webhook()
        invoice = self._create_invoice(100)
        request = self._create_request(invoice, amounts=[60])
        self._click_pay(request)
        session = request.checkout_ids.stripe_checkout_session_ref
        self._receive(self.stripe.pay(session))
        self._ask(self._create_invoice(50), headers={"Idempotency_Key": "once"})
        credit = self._create_invoice(1, move_type="out_refund")
        action = self._create_invoice(30).with_user(self.billing_user).action_send_payment_link()
        self.request = request
        money_back = {"request_id": request.id, "payment_id": request.payment_ids.id, "amount": 5}
        share = Command.create({"line_id": request.line_ids.id, "amount": 5})
        # One that is over: the workers below would ask Stripe for another.
        self.env["payment.request.refund"].sudo().create(
            {**money_back, "state": "failed", "line_ids": [share]}
        )
        self.env["payment.request.dispute"].sudo().create(
            {**money_back, "stripe_dispute_ref": "du_of_the_matrix"}
        )
        self._make_batch(invoice)
        self._receive(self.stripe.pay_out())
        self._run_cron("ir_cron_poll_stripe")
        self._run_cron("ir_cron_process_events")
        self._make_reminder(invoice)
        item = credit.line_ids.filtered(lambda line: line.account_type == "asset_receivable")
        self.env["payment.request.credit"].sudo().create(
            {"request_id": request.id, "item_id": item.id, "amount": 1}
        )
        self._run_cron("ir_cron_check_health")
        line = Command.create({"code": "key", "state": "ok"})
        self.env["payment.request.setup"].sudo().create(
            {"provider_id": self.provider.id, "line_ids": [line]}
        )
        self.env["payment.request.delivery"].sudo().create(
            {"request_id": request.id, "channel": "sms", "recipient": "+14155550100"}
        )
        examples = {
            "account.move": invoice,
            "account.payment": request.payment_ids,
            "payment.provider": self.provider,
            "payment.request": request,
            "res.partner": self.payer,
            "payment.request.send.wizard": self.env[action["res_model"]].browse(action["res_id"]),
            "payment.request.refund.wizard": self._as_billing(
                "payment.request.refund.wizard"
            ).create({"request_id": request.id}),
            "payment.request.comparison": self._as_billing("payment.request.comparison").create(
                {"company_id": self.company.id}
            ),
        }
        self.env.flush_all()  # dialogs compute their lines
        for name in self._get_models():
            if name not in examples:
                examples[name] = self.env[name].sudo().search([], order="id desc", limit=1)
        return examples

    def _as_billing(self, model):
        return self.env[model].with_user(self.billing_user)

    def _make_batch(self, invoice):
        """Make a bulk send that left out one invoice."""
        line = {
            "move_id": invoice.id,
            "partner_id": self.payer.id,
            "currency_id": invoice.currency_id.id,
            "state": "skipped",
        }
        self.env["payment.request.batch"].sudo().create(
            {
                "company_id": self.company.id,
                "user_id": self.billing_user.id,
                "delivery_method": "email",
                "state": "done",
                "expires_at": "2099-01-01 00:00:00",
                "line_ids": [Command.create(line)],
            }
        )

    def _make_webhook(self):
        """Make an endpoint at which nobody listens."""
        webhook = self.env["payment.request.webhook"].sudo()
        webhook = webhook.create({"name": "Ours", "url": "https://receiver.example.com/events"})
        webhook.company_id = self.company
        webhook.action_make_secret()

    def _make_reminder(self, invoice):
        """Make a plan of the company, and a run in which one invoice was left out."""
        step = {"name": "Soon", "days": -3}
        plan = (
            self.env["payment.request.reminder.plan"]
            .sudo()
            .create(
                {"name": "Own", "company_id": self.company.id, "step_ids": [Command.create(step)]}
            )
        )
        self.company.sudo().payment_request_reminder_plan_id = plan
        run = (
            self.env["payment.request.reminder.run"]
            .sudo()
            .create({"company_id": self.company.id, "date": "2026-01-01", "state": "done"})
        )
        self.env["payment.request.reminder.line"].sudo().create(
            {
                "run_id": run.id,
                "company_id": self.company.id,
                "date": run.date,
                "move_id": invoice.id,
                "partner_id": self.payer.id,
                "currency_id": invoice.currency_id.id,
                "state": "skipped",
                "reason_code": "hold",
            }
        )

    # === WHAT THE CODE OFFERS === #

    def _get_models(self):
        """Return the names of the models that this addon brings."""
        return sorted(
            name
            for name, model in self.registry.items()
            if model._original_module == "payment_request_stripe" and not model._abstract
        )

    def _get_public_methods(self):
        """Return ``{(model, method)}`` of what this addon lets be called over RPC."""
        return {
            (name, method)
            for name, model in self.registry.items()
            for cls in model.mro()
            if cls.__module__.startswith(MODULE)
            for method, function in vars(cls).items()
            if inspect.isfunction(function)
            and not method.startswith("_")
            and not getattr(function, "_api_private", False)
            and method not in CRUD
        }

    def _get_routes(self):
        """Return ``{(HTTP method, rule): name of what answers}`` of the routes of this addon."""
        return {
            (method, url): endpoint.func.__name__
            for url, endpoint in _generate_routing_rules(EXTENDED, False)
            if endpoint.func.__module__.startswith(MODULE)
            for method in set(endpoint.routing.get("methods") or ["GET"]) - {"OPTIONS", "TRACE"}
        }

    # === TRYING === #

    def _try(self, operation, record, user):
        """Return whether `user` may do `operation` on `record`; nothing is kept."""
        record = record.with_user(user)
        attempts = {
            "read": lambda: record.read(["display_name"]),
            "write": lambda: record.write({}),
            "create": lambda: record.browse().create([{}]),
            "unlink": record.unlink,
        }
        with mute_logger("odoo.sql_db", "odoo.models", "odoo.models.unlink"):
            try:
                with self.env.cr.savepoint() as savepoint:
                    attempts[operation]()
                    savepoint.rollback()
            except AccessError:
                return False
            except Exception:  # noqa: BLE001 - allowed, though this attempt made no sense
                return True
            finally:
                self.env.invalidate_all(flush=False)
        return True
