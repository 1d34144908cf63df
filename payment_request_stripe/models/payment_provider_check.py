# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from typing import NamedTuple

from odoo import models
from odoo.service.db import list_dbs
from odoo.tools import config

from ..gateways.errors import GatewayError


class Check(NamedTuple):
    """One line of the set-up assistant.

    :ivar state: ``ok``, ``note`` (worth knowing, nothing to mend) or ``trouble``
    :ivar sentence: what is so, or what is wrong and what to do
    """

    code: str
    state: str
    sentence: str


class PaymentProvider(models.Model):
    """What must be true before money is asked for, as sentences an administrator can act on."""

    _inherit = "payment.provider"

    def action_payment_request_check(self):
        """Open the set-up assistant, which checks everything here, at Stripe and at Twilio."""
        self.ensure_one()
        self.check_access("write")
        assistant = self.env["payment.request.setup"].create({"provider_id": self.id})
        assistant.action_look()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Set-up of Payment Links"),
            "res_model": assistant._name,
            "res_id": assistant.id,
            "views": [(False, "form")],
            "target": "new",
        }

    def _get_setup_checks(self):
        """Look at everything; changes nothing, and asks Stripe, Twilio and our own webhook.

        :return: a list of `Check`, in the order in which one sets it up
        """
        self.ensure_one()
        provider = self.sudo().with_company(self.company_id)
        provider.env["ir.cron"]._commit_progress()  # nothing is held while others are asked
        return [
            provider._check_setup_key(),
            *provider._check_setup_account(),
            provider._check_setup_journal(),
            provider._check_setup_clearing(),
            provider._check_setup_address(),
            provider._check_setup_dbfilter(),
            *provider._check_setup_webhook(),
            provider._check_setup_reachable(),
            provider._check_setup_workers(),
            provider._check_setup_mail(),
            provider._check_setup_twilio(),
        ]

    # === HERE === #

    def _check_setup_key(self):
        if self.state == "disabled":
            return Check(
                "key",
                "trouble",
                self.env._("The provider is switched off: choose Test Mode or Enabled."),
            )
        if not self.stripe_secret_key:
            sentence = self.env._("Enter the secret key of your Stripe account.")
            return Check("key", "trouble", sentence)
        if not self._is_stripe_key_of_mode():
            sentence = self.env._(
                "The secret key is of the other mode (test or live) than the provider."
            )
            return Check("key", "trouble", sentence)
        if self.state == "test":
            return Check("key", "ok", self.env._("A test key, in test mode: no money moves."))
        return Check("key", "ok", self.env._("A live key: money moves."))

    def _check_setup_journal(self):
        journal = self.journal_id
        if not journal:
            sentence = self.env._("Payments need a bank journal of their own.")
            return Check("journal", "trouble", sentence)
        return Check("journal", "ok", journal.display_name)

    def _check_setup_clearing(self):
        account = self._get_payment_request_method_line().payment_account_id
        if not account:
            sentence = self.env._(
                "The Stripe payment method has no outstanding account on which payments wait for "
                "their payout."
            )
            return Check("clearing", "trouble", sentence)
        if not (account.reconcile and account.account_type == "asset_current"):
            sentence = self.env._(
                "The clearing account %(account)s must be a reconcilable current asset, or "
                "payouts cannot be matched with their payments.",
                account=account.display_name,
            )
            return Check("clearing", "trouble", sentence)
        if not account.active:
            sentence = self.env._(
                "The clearing account %(account)s is archived, so no payment can be booked.",
                account=account.display_name,
            )
            return Check("clearing", "trouble", sentence)
        return Check("clearing", "ok", account.display_name)

    def _check_setup_address(self):
        base = self.get_base_url()
        if base.startswith("https://"):
            return Check("address", "ok", base)
        sentence = self.env._(
            "The address of this Odoo (web.base.url) is %(base)s: customers and Stripe need one "
            "that starts with https.",
            base=base,
        )
        return Check("address", "trouble" if self.state == "enabled" else "note", sentence)

    def _check_setup_dbfilter(self):
        """Several databases behind one address: without a filter, Stripe's events find none."""
        if config["dbfilter"] or config["db_name"] or len(list_dbs(force=True)) < 2:
            return Check("dbfilter", "ok", self.env._("Its address leads to this database."))
        sentence = self.env._(
            "This server has several databases and no dbfilter: Stripe's events do not arrive. "
            "Set dbfilter in Odoo's configuration file."
        )
        return Check("dbfilter", "trouble", sentence)

    def _check_setup_workers(self):
        off = self._get_payment_request_crons().filtered(lambda cron: not cron.active)
        if not off:
            return Check("workers", "ok", self.env._("All scheduled actions are on."))
        names = ", ".join(off.mapped("name"))
        return Check("workers", "trouble", self.env._("Switched off: %(names)s.", names=names))

    # === AT STRIPE === #

    def _check_setup_account(self):
        """Ask who the key belongs to, and whether its country and currency are the company's."""
        if self._check_setup_key().state == "trouble":
            return []
        try:
            account = self._get_stripe_gateway().retrieve_account()
        except GatewayError as error:
            sentence = self.env._("Stripe said: %(reason)s", reason=error.message)
            return [Check("account", "trouble", sentence)]
        if not account.charges_enabled:
            sentence = self.env._("Stripe does not let this account take payments yet.")
            return [Check("account", "trouble", sentence)]
        company = self.company_id
        known = {"country": account.country, "currency": account.currency}
        mine = {"country": company.country_id.code or "", "currency": company.currency_id.name}
        if known == mine:
            sentence = self.env._("In %(country)s, pays out in %(currency)s.", **known)
            return [Check("account", "ok", sentence)]
        sentence = self.env._(
            "The Stripe account is in %(country)s and pays out in %(currency)s, the company is in "
            "%(home)s and keeps its books in %(books)s: Stripe converts what it takes in other "
            "currencies, for a fee.",
            **known,
            home=mine["country"] or "?",
            books=mine["currency"],
        )
        return [Check("account", "note", sentence)]

    def _check_setup_webhook(self):
        if not self.payment_request_webhook_secret:
            sentence = self.env._("Stripe does not tell Odoo yet when a link is paid.")
            return [Check("webhook", "trouble", sentence)]
        if self._check_setup_key().state == "trouble":
            return []
        said = self._ask_stripe_health()
        troubles = [
            trouble
            for trouble, _fact in (
                self._get_endpoint_health(said),
                self._get_version_health(said),
            )
            if trouble
        ]
        if troubles:
            return [Check("webhook", "trouble", troubles[0])]
        if "count" not in said:
            return []  # the account's line says why
        sentence = self.env._("Stripe tells all that we handle.")
        return [Check("webhook", "ok", sentence)]
