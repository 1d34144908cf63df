# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import models
from odoo.exceptions import UserError

STRIPE_DASHBOARD = "https://dashboard.stripe.com/settings/account"


class PaymentProvider(models.Model):
    """Mending what the set-up assistant found: make it, or open where it is set."""

    _inherit = "payment.provider"

    def _mend_setup(self, code):
        """Mend one line of the assistant.

        :param str code: of a `Check`
        :return: an action to follow, or none when it is mended
        :raise UserError: when it cannot be mended from here
        """
        self.ensure_one()
        self.check_access("write")
        mends = {
            "key": lambda: self._open_setup_record(self),
            "account": lambda: {"type": "ir.actions.act_url", "url": STRIPE_DASHBOARD},
            "journal": self._make_setup_journal,
            "clearing": self._make_setup_clearing,
            "address": self._open_setup_base_url,
            "reachable": self._open_setup_base_url,
            "webhook": self._make_setup_webhook,
            "workers": self._switch_setup_workers_on,
            "mail": lambda: self.env["ir.actions.act_window"]._for_xml_id(
                "base.action_ir_mail_server_list"
            ),
            "company": lambda: self._open_setup_record(self.company_id),
            "twilio": lambda: self.env["ir.actions.act_window"]._for_xml_id(
                "base_setup.action_general_configuration"
            ),
        }
        if code not in mends:
            raise UserError(self.env._("This can only be mended on the server."))
        return mends[code]()

    def _open_setup_record(self, record):
        return {
            "type": "ir.actions.act_window",
            "res_model": record._name,
            "res_id": record.id,
            "views": [(False, "form")],
        }

    def _open_setup_base_url(self):
        parameter = self.env["ir.config_parameter"].search([("key", "=", "web.base.url")], limit=1)
        return self._open_setup_record(parameter)

    def _make_setup_webhook(self):
        self.action_payment_request_create_webhook()

    def _switch_setup_workers_on(self):
        self.sudo()._get_payment_request_crons().write({"active": True})

    def _make_setup_journal(self):
        """Give the provider a bank journal of its own, with its clearing account."""
        provider = self.sudo().with_company(self.company_id)
        if not provider.journal_id:
            provider.journal_id = (
                self.env["account.journal"]
                .sudo()
                .create(
                    {
                        "name": self.env._("Stripe"),
                        "code": self._find_setup_journal_code(),
                        "type": "bank",
                        "company_id": self.company_id.id,
                    }
                )
            )
        if not provider._get_payment_request_method_line().payment_account_id:
            self._make_setup_clearing()

    def _find_setup_journal_code(self):
        """Return a short code that no journal of the company has, archived ones included."""
        journals = self.env["account.journal"].sudo().with_context(active_test=False)
        known = set(journals.search([("company_id", "=", self.company_id.id)]).mapped("code"))
        return next(
            code
            for code in ("STRP", *(f"STR{number}" for number in range(1, 100)))
            if code not in known
        )

    def _make_setup_clearing(self):
        """Make a reconcilable current asset, and have Stripe's payments wait on it."""
        provider = self.sudo().with_company(self.company_id)
        if not provider.journal_id:
            return self._make_setup_journal()
        method_line = provider._get_payment_request_method_line()
        known = method_line.payment_account_id
        if known.reconcile and known.account_type == "asset_current":
            known.active = True  # it was archived, and payments wait on it
            return None
        accounts = self.env["account.account"].sudo().with_company(self.company_id)
        like = self.company_id.transfer_account_id.code or "101400"
        account = accounts.create(
            {
                "name": self.env._("Stripe clearing"),
                "code": accounts._search_new_account_code(like),
                "account_type": "asset_current",
                "reconcile": True,
            }
        )
        method_line.payment_account_id = account
        return None
