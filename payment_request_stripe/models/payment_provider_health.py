# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from datetime import timedelta

from odoo import fields, models
from odoo.tools import format_datetime

from ..gateways.errors import GatewayError, Unavailable
from ..gateways.stripe_api import API_VERSION
from .payment_request_health import SHOWN_STATES
from .payment_request_pay import PAID_EVENTS

# An event or a message waits for seconds; a scheduled action starts a minute late at most.
WAITS_TOO_LONG = timedelta(minutes=30)
LATE_AFTER = timedelta(hours=1)
# Stripe's own trouble passes by itself.
SILENT_TOO_LONG = timedelta(minutes=30)
# Technical trouble that is gone at the second or third try needs nobody.
TRIES_BY_ITSELF = 3
# A run that failed is tried again; one that fails so often in a row fails for a reason.
FAILS_TOO_OFTEN = 3
# What was learned only by asking, so long after the webhook should have told it.
SILENCE_AFTER = timedelta(minutes=10)
SILENCE_WITHIN = timedelta(days=1)


class PaymentProvider(models.Model):
    """What can be wrong with a provider while it runs, each as a sentence with what to do."""

    _inherit = "payment.provider"

    payment_request_health_ids = fields.One2many("payment.request.health", "provider_id")
    payment_request_health_line_ids = fields.One2many("payment.request.health.line", "provider_id")
    payment_request_health_state = fields.Selection(
        selection=SHOWN_STATES,
        compute="_compute_payment_request_health_state",
    )

    def _compute_payment_request_health_state(self):
        for provider in self:
            health = provider.payment_request_health_ids
            provider.payment_request_health_state = health.shown_state or "none"

    def action_payment_request_check_health(self):
        """Look at this provider now, and ask Stripe."""
        self.ensure_one()
        self.check_access("write")
        self.env["payment.request.health"].sudo()._get_of(self)._check(ask_stripe=True)
        return True

    # === WHAT STRIPE SAYS === #

    def _ask_stripe_health(self, known=None):
        """Ask Stripe about the key and the endpoint; a dict for keeping.

        :param dict known: what Stripe said last: it stands while Stripe does not answer
        """
        self.ensure_one()
        provider = self.sudo()
        if provider._check_payment_request_setup():
            return {}
        try:
            endpoints = provider._get_stripe_gateway().list_webhook_endpoints()
        except Unavailable:
            silent_since = fields.Datetime.to_string(fields.Datetime.now())
            return {"silent_since": silent_since, **(known or {})}
        except GatewayError as error:
            return {"key": error.message}
        ours = [one for one in endpoints if one.url == provider.payment_request_webhook_url]
        live = [one for one in ours if one.status == "enabled"]
        handled = set(self.env["payment.request.event"]._handled_event_types())
        complete = [one for one in live if handled <= {*one.event_types}]
        return {
            "count": len(ours),
            "enabled": len(live),
            "complete": len(complete),
            "versions": sorted({one.api_version or "" for one in live}),
        }

    # === THE CONDITIONS === #

    def _get_health(self, stripe_says):
        """Return ``{code: (trouble, fact)}``; see `payment.request.health`.

        :param dict stripe_says: what `_ask_stripe_health` returned last
        """
        self.ensure_one()
        provider, said = self.sudo(), stripe_says or {}
        return {
            "key": provider._get_key_health(said),
            "secret": provider._get_secret_health(),
            "endpoint": provider._get_endpoint_health(said),
            "api_version": provider._get_version_health(said),
            "silence": provider._get_silence_health(),
            "failed": provider._get_failed_health(),
            "waiting": provider._get_waiting_health(),
            "messages": provider._get_messages_health(),
            "switched_off": provider._get_switched_off_health(),
            "late": provider._get_late_health(),
            "failing": provider._get_failing_health(),
        }

    def _get_key_health(self, said):
        trouble = self._check_payment_request_setup()
        if not trouble and said.get("key"):
            trouble = self.env._("Stripe said: %(reason)s", reason=said["key"])
        since = fields.Datetime.to_datetime(said.get("silent_since"))
        if not trouble and since and since <= fields.Datetime.now() - SILENT_TOO_LONG:
            trouble = self.env._(
                "Stripe does not answer since %(moment)s: check that this server can reach "
                "api.stripe.com.",
                moment=self._tell_moment(since),
            )
        live = self.state == "enabled"
        fact = self.env._("A live key.") if live else self.env._("A test key: no money moves.")
        return trouble, fact

    def _get_secret_health(self):
        if self.payment_request_webhook_secret:
            return "", self.env._("Stripe's events are checked with it.")
        return self.env._(
            "There is no signing secret, so no event of Stripe is believed: create the webhook."
        ), ""

    def _get_endpoint_health(self, said):
        if "count" not in said:
            return "", self.env._("Stripe has not said yet.")
        trouble = ""
        if not said["count"]:
            trouble = self.env._("Stripe has no webhook to this Odoo: press Create Webhook.")
        elif not said["enabled"]:
            trouble = self.env._(
                "The webhook is switched off at Stripe: switch it on in Stripe's dashboard."
            )
        elif not said["complete"]:
            trouble = self.env._("The webhook does not send all events: create it again.")
        if "silent_since" in said:
            return trouble, self.env._("Stripe does not answer just now; it is asked again.")
        return trouble, self.env._("It is on and sends all events.")

    def _get_version_health(self, said):
        others = [version for version in said.get("versions", ()) if version != API_VERSION]
        trouble = others and self.env._(
            "The webhook speaks version %(other)s, and we read %(ours)s: create it again.",
            other=others[0] or self.env._("of the account"),
            ours=API_VERSION,
        )
        return trouble or "", API_VERSION

    def _get_silence_health(self):
        """Payments that were noticed only by asking mean that events do not arrive."""
        events, now = self.env["payment.request.event"], fields.Datetime.now()
        last = events.search(
            [("provider_id", "=", self.id), *events._get_told_domain()], order="id desc", limit=1
        )
        asked = events.search_count(
            [
                ("provider_id", "=", self.id),
                ("event_ref", "=like", "sync:%"),
                ("event_type", "in", PAID_EVENTS),
                ("state", "=", "done"),
                ("create_date", ">=", now - SILENCE_WITHIN),
                ("create_date", "<", now - SILENCE_AFTER),
            ]
        )
        silent = asked and not (last and last.create_date >= now - SILENCE_WITHIN)
        trouble = silent and self.env._(
            "Stripe's events do not arrive: the last payments were noticed only by asking. Check "
            "that the webhook's address can be reached from outside."
        )
        fact = (
            self.env._(
                "The last one came on %(moment)s.", moment=self._tell_moment(last.create_date)
            )
            if last
            else self.env._("None has come yet.")
        )
        return trouble or "", fact

    def _get_failed_health(self):
        """What a machine may still mend by itself is no trouble yet."""
        count = self.env["payment.request.event"].search_count(
            [
                ("provider_id", "=", self.id),
                ("state", "=", "failed"),
                ("is_repetition", "=", False),
                "|",
                ("retry_at", "=", False),
                "|",
                ("failure_kind", "!=", "technical"),
                ("attempt_count", ">=", TRIES_BY_ITSELF),
            ]
        )
        trouble = count and self.env._(
            "Waiting for a person: %(count)s. Open Money Not Booked Yet, read why, and retry or "
            "settle.",
            count=count,
        )
        return trouble or "", self.env._("None.")

    def _get_waiting_health(self):
        oldest = self.env["payment.request.event"].search(
            [("provider_id", "=", self.id), ("state", "=", "received")], order="id", limit=1
        )
        late = oldest and oldest.create_date < fields.Datetime.now() - WAITS_TOO_LONG
        trouble = late and self.env._(
            "An event waits since %(moment)s: the scheduled action that books does not get to it.",
            moment=self._tell_moment(oldest.create_date),
        )
        return trouble or "", self.env._("None waits for long.")

    def _get_messages_health(self):
        deliveries = self.env["payment.request.delivery"]
        late = fields.Datetime.now() - WAITS_TOO_LONG
        count = deliveries.search_count(
            [
                *deliveries._get_due_domain(),
                ("company_id", "=", self.company_id.id),
                ("create_date", "<", late),
                "|",
                ("retry_at", "=", False),
                ("retry_at", "<", late),
            ]
        )
        trouble = count and self.env._(
            "Waiting to be sent: %(count)s. The scheduled action that sends them does not get to "
            "them.",
            count=count,
        )
        return trouble or "", self.env._("None waits for long.")

    def _get_switched_off_health(self):
        off = self._get_payment_request_crons().filtered(lambda cron: not cron.active)
        trouble = off and self.env._(
            "Switched off: %(names)s. Switch them on under Scheduled Actions.",
            names=", ".join(off.mapped("name")),
        )
        return trouble or "", self.env._("All are on.")

    def _get_late_health(self):
        crons = self._get_payment_request_crons().filtered("active")
        due = fields.Datetime.now() - LATE_AFTER
        late = crons.filtered(lambda cron: cron.nextcall < due)
        trouble = late and self.env._(
            "Not run when they were due: %(names)s. Check that the server runs scheduled actions.",
            names=", ".join(late.mapped("name")),
        )
        runs = "\n".join(
            f"{self._tell_moment(cron.lastcall)}: {cron.name.rpartition(': ')[2]}"
            for cron in crons.filtered("lastcall")
        )
        return trouble or "", runs or self.env._("None has run yet.")

    def _get_failing_health(self):
        """Odoo counts a run that failed as a run, and sets the next one: only its counter tells."""
        crons = self._get_payment_request_crons()
        failing = crons.filtered(lambda cron: cron.failure_count >= FAILS_TOO_OFTEN)
        trouble = failing and self.env._(
            "Failed each time lately: %(names)s. Read why in the server's log, mend it, and press "
            "Run Manually under Scheduled Actions.",
            names=", ".join(failing.mapped("name")),
        )
        return trouble or "", self.env._("None fails.")

    def _get_payment_request_crons(self):
        """Return the scheduled actions of this addon, those that are switched off included."""
        rows = self.env["ir.model.data"].search(
            [("module", "=", "payment_request_stripe"), ("model", "=", "ir.cron")]
        )
        crons = self.env["ir.cron"].with_context(active_test=False)
        return crons.search([("id", "in", rows.mapped("res_id"))], order="id")

    def _tell_moment(self, moment):
        person = self.env["payment.request.health"]._get_of(self)._get_person_told()
        return format_datetime(self.env, moment, tz=person.tz or "UTC", dt_format="short")
