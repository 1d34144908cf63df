# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from datetime import timedelta

from markupsafe import Markup

from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import LazyTranslate

_lt = LazyTranslate(__name__)

ASK_STRIPE_EVERY = timedelta(hours=1)
# When nobody has looked for so long, what was found then says nothing about now.
STALE_AFTER = timedelta(hours=1)
TITLES = {
    "key": _lt("Secret key"),
    "secret": _lt("Signing secret"),
    "endpoint": _lt("Webhook at Stripe"),
    "api_version": _lt("Version of Stripe's API"),
    "silence": _lt("Events from Stripe"),
    "failed": _lt("Events that could not be booked"),
    "waiting": _lt("Events that wait"),
    "messages": _lt("Messages that wait"),
    "switched_off": _lt("Scheduled actions"),
    "late": _lt("Last runs"),
    "failing": _lt("Failed runs"),
}
SHOWN_STATES = [
    ("none", "Not Looked at Yet"),
    ("ok", "All Is Well"),
    ("trouble", "Something Is Wrong"),
    ("stale", "Nobody Looks"),
]


class PaymentRequestHealth(models.Model):
    """How a Stripe provider is: looked at by a cron, told by one activity, kept for the panel."""

    _name = "payment.request.health"
    _description = "Payment Request Health"
    _inherit = ["mail.thread", "mail.activity.mixin"]

    provider_id = fields.Many2one(
        "payment.provider", required=True, readonly=True, ondelete="cascade"
    )
    # Accountants may not read providers.
    name = fields.Char(related="provider_id.name")
    company_id = fields.Many2one(related="provider_id.company_id", store=True, index=True)
    state = fields.Selection(
        selection=[("ok", "All Is Well"), ("trouble", "Something Is Wrong")],
        default="ok",
        required=True,
        readonly=True,
    )
    shown_state = fields.Selection(
        selection=SHOWN_STATES, string="Health", compute="_compute_shown_state"
    )
    checked_at = fields.Datetime(string="Looked At", readonly=True)
    asked_at = fields.Datetime(string="Stripe Asked At", readonly=True)
    stripe_says = fields.Json(
        readonly=True, groups="base.group_system", help="What Stripe said of the endpoint, kept."
    )
    user_id = fields.Many2one(
        "res.users",
        string="Who Is Told",
        domain="[('share', '=', False)]",
        default=lambda self: self.env.ref("base.user_admin"),
        help="Gets one activity when something is wrong; it goes away when all is well again.",
    )
    line_ids = fields.One2many("payment.request.health.line", "health_id", readonly=True)

    _provider_unique = models.UniqueIndex("(provider_id)", "A provider has one health.")

    def write(self, vals):
        if not self.env.su:
            mail_fields = {name for name in vals if self._fields[name]._module == "mail"}
            if set(vals) - {"user_id"} - mail_fields:
                raise AccessError(self.env._("The health of a provider is kept by the system."))
        return super().write(vals)

    @api.depends("state", "checked_at")
    def _compute_shown_state(self):
        stale = fields.Datetime.now() - STALE_AFTER
        for health in self:
            if not health.checked_at:
                health.shown_state = "none"
            else:
                health.shown_state = "stale" if health.checked_at < stale else health.state

    def _creation_message(self):
        return self.env._("The health of this provider is watched from now on.")

    # === LOOKING === #

    @api.model
    def _cron_check(self):
        """Look at every provider that is switched on."""
        providers = self.env["payment.provider"].search(
            [("code", "=", "stripe"), ("state", "!=", "disabled")]
        )
        self._forget_others(providers)
        self.env["ir.cron"]._commit_progress(remaining=len(providers))
        for provider in providers:
            self._get_of(provider)._check()
            if not self.env["ir.cron"]._commit_progress(1):
                return

    @api.model
    def _forget_others(self, providers):
        """A provider that is switched off is neither well nor ill: nobody has to do anything."""
        others = self.search([("provider_id", "not in", providers.ids)])
        others.activity_ids.unlink()
        others.line_ids.unlink()
        others.write({"state": "ok", "checked_at": False})

    @api.model
    def _get_of(self, provider):
        """Return the health of a provider, made when there is none yet."""
        return self.search([("provider_id", "=", provider.id)]) or self.create(
            {"provider_id": provider.id}
        )

    def action_check(self):
        """Look now, and ask Stripe."""
        self.check_access("read")
        self.env["payment.request"].check_access("write")
        for health in self.with_user(SUPERUSER_ID):
            health._check(ask_stripe=True)
        return True

    def _check(self, ask_stripe=False):
        """Look at everything and say what changed; Stripe is asked once an hour, or now.

        As long as it does not answer, it is asked with each look.
        """
        self.ensure_one()
        provider = self.provider_id.with_company(self.company_id)
        now = fields.Datetime.now()
        is_silent = "silent_since" in (self.stripe_says or {})
        is_due = not self.asked_at or self.asked_at <= now - ASK_STRIPE_EVERY
        if ask_stripe or is_silent or is_due:
            self.env["ir.cron"]._commit_progress()  # nothing is held while Stripe is asked
            said = provider._ask_stripe_health(self.stripe_says)
            self.write({"stripe_says": said, "asked_at": now})
        reader = self.with_context(lang=self._get_person_told().lang)
        self._keep(provider.with_env(reader.env)._get_health(self.stripe_says))

    def _keep(self, found):
        """Write down what was found, and tell a person when it is news.

        :param dict found: ``{code: (trouble, fact)}``: a sentence each; no trouble means green
        """
        self.ensure_one()
        now, lines = fields.Datetime.now(), set(self.line_ids.mapped("code"))
        self.env["payment.request.health.line"].create(
            [
                {"health_id": self.id, "code": code, "since": now}
                for code in found
                if code not in lines
            ]
        )
        for line in self.line_ids:
            trouble, fact = found.get(line.code, ("", ""))
            state = "trouble" if trouble else "ok"
            news = {"since": now} if state != line.state else {}
            line.write({"state": state, "sentence": trouble or fact, **news})
        troubles = [trouble for trouble, _fact in found.values() if trouble]
        self.write({"checked_at": now, "state": "trouble" if troubles else "ok"})
        self._tell(troubles)

    # === TELLING === #

    def _get_person_told(self):
        self.ensure_one()
        user = self.user_id
        return user if user.active and not user.share else self.env.ref("base.user_admin")

    def _tell(self, troubles):
        """Raise one activity, keep its words up to date, and take it back when all is well."""
        self.ensure_one()
        known, person = self.activity_ids, self._get_person_told()
        told = self.with_context(lang=person.lang)
        if known and not troubles:
            known.unlink()
            self._message_log(body=told.env._("All is well again."))
        elif troubles:
            note = Markup("<ul>%s</ul>") % Markup().join(
                Markup("<li>%s</li>") % trouble for trouble in troubles
            )
            if known:
                known[0].note = note
                return
            self._message_log(body=note)
            self.activity_schedule(
                "mail.mail_activity_data_warning",
                summary=told.env._("Payment links: something is wrong"),
                note=note,
                user_id=person.id,
            )


class PaymentRequestHealthLine(models.Model):
    """One thing that can be wrong, and whether it is."""

    _name = "payment.request.health.line"
    _description = "Payment Request Health Condition"
    _order = "state desc, id"
    _rec_name = "code"

    health_id = fields.Many2one(
        "payment.request.health", required=True, readonly=True, ondelete="cascade", index=True
    )
    provider_id = fields.Many2one(related="health_id.provider_id", store=True, index=True)
    company_id = fields.Many2one(related="health_id.company_id", store=True, index=True)
    code = fields.Char(required=True, readonly=True)
    title = fields.Char(compute="_compute_title")
    state = fields.Selection(
        selection=[("ok", "Good"), ("trouble", "Wrong")],
        required=True,
        readonly=True,
        default="ok",
    )
    sentence = fields.Char(string="What We Know", readonly=True)
    since = fields.Datetime(readonly=True)

    _code_once = models.UniqueIndex("(health_id, code)", "Each condition stands here once.")

    @api.depends("code")
    @api.depends_context("lang")
    def _compute_title(self):
        for line in self:
            line.title = self.env._(TITLES[line.code]) if line.code in TITLES else line.code
