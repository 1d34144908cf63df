# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import logging
import secrets
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, ValidationError
from odoo.fields import Domain
from odoo.tools import ormcache

from ..gateways.webhook_out import WebhookSender, find_fault, parse_networks

_logger = logging.getLogger(__name__)

PRIVATE_NETWORKS = "payment_request_stripe.webhook_private_networks"
EVENT_TYPES = [
    ("sent", "Sent"),
    ("opened", "Opened"),
    ("processing", "Processing"),
    ("part_paid", "Part Paid"),
    ("completed", "Completed"),
    ("failed", "Failed"),
    ("expired", "Expired"),
    ("cancelled", "Cancelled"),
    ("refunded", "Refunded"),
    ("disputed", "Disputed"),
]
# What decides who is told of what.
LISTENING = {"active", "company_id", "secret", *(f"on_{kind}" for kind, _label in EVENT_TYPES)}
# For how long the secret before the last one signs as well, so that receivers can change in peace.
OLD_SECRET_SIGNS = timedelta(hours=24)
# An endpoint that took nothing for so long is left alone until a person switches it on again.
PAUSE_AFTER = timedelta(days=3)


class PaymentRequestWebhook(models.Model):
    """A program of the company that is told what becomes of payment requests."""

    _name = "payment.request.webhook"
    _description = "Payment Request Endpoint"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "name, id"

    name = fields.Char(required=True)
    active = fields.Boolean(default=True, tracking=True)
    company_id = fields.Many2one(
        comodel_name="res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
    )
    url = fields.Char(
        string="Address",
        required=True,
        groups="base.group_system",
        help="Where events are posted to; https only.",
    )
    on_sent = fields.Boolean("Sent", default=True)
    on_opened = fields.Boolean("Opened", default=True)
    on_processing = fields.Boolean("Processing", default=True)
    on_part_paid = fields.Boolean("Part Paid", default=True)
    on_completed = fields.Boolean("Completed", default=True)
    on_failed = fields.Boolean("Failed", default=True)
    on_expired = fields.Boolean("Expired", default=True)
    on_cancelled = fields.Boolean("Cancelled", default=True)
    on_refunded = fields.Boolean("Refunded", default=True)
    on_disputed = fields.Boolean("Disputed", default=True)
    # Nobody reads it again: it is shown once, to the administrator who had it made.
    secret = fields.Char(readonly=True, copy=False, groups=fields.NO_ACCESS)
    old_secret = fields.Char(readonly=True, copy=False, groups=fields.NO_ACCESS)
    secret_made_at = fields.Datetime(string="Secret Made On", readonly=True, copy=False)
    failing_since = fields.Datetime(readonly=True, copy=False)
    # Since when we do not call it, though what happens is kept for it. What a person switches off
    # (`active`) hears of nothing that happens meanwhile.
    paused_since = fields.Datetime(readonly=True, copy=False)
    event_ids = fields.One2many("payment.request.webhook.event", "webhook_id", readonly=True)
    event_count = fields.Integer(compute="_compute_event_count")

    # === COMPUTE METHODS === #

    @api.depends("event_ids")
    def _compute_event_count(self):
        counts = dict(
            self.env["payment.request.webhook.event"]._read_group(
                [("webhook_id", "in", self.ids)], ["webhook_id"], ["__count"]
            )
        )
        for webhook in self:
            webhook.event_count = counts.get(webhook, 0)

    # === CONSTRAINT METHODS === #

    @api.constrains("url", "company_id")
    def _check_url(self):
        sentences = {
            "malformed": self.env._("This is no web address."),
            "credentials": self.env._("The address may not contain a user name or password."),
            "not_https": self.env._("The address must begin with https://."),
        }
        for webhook in self.sudo():
            fault = find_fault(webhook.url, allow_loopback=webhook._is_test_mode())
            if fault:
                raise ValidationError(sentences[fault])

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        webhooks = super().create(vals_list)
        self.env.registry.clear_cache()
        return webhooks

    def write(self, vals):
        result = super().write(vals)
        if vals.keys() & LISTENING:
            self.env.registry.clear_cache()
        if vals.get("active"):
            self._take_up_again()
        return result

    def unlink(self):
        self.env.registry.clear_cache()
        return super().unlink()

    # === ACTION METHODS === #

    def action_make_secret(self):
        """Make the secret that signs what this endpoint is sent, and show it, once.

        The one before it signs as well for a day.

        :raise AccessError: for anybody but a system administrator
        """
        self.ensure_one()
        self.check_access("write")
        if not self.env.user.has_group("base.group_system"):
            raise AccessError(self.env._("Signing secrets are for system administrators."))
        secret = f"prsec_{secrets.token_urlsafe(32)}"
        webhook = self.sudo()
        webhook.write(
            {
                "old_secret": webhook.secret,
                "secret": secret,
                "secret_made_at": fields.Datetime.now(),
            }
        )
        webhook._message_log(body=self.env._("A new signing secret was made."))
        return {
            "type": "ir.actions.client",
            "tag": "payment_request_stripe.secret_ready",
            "params": {
                "message": self.env._("The signing secret, shown this once:"),
                "secret": secret,
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    def action_switch_on(self):
        """Call these endpoints again, first with all that was kept for them."""
        self.check_access("write")
        self.write({"active": True})
        return True

    def action_view_events(self):
        """Return the list of what this endpoint was sent."""
        self.ensure_one()
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "payment_request_stripe.action_payment_request_webhook_event"
        )
        return {**action, "domain": [("webhook_id", "=", self.id)], "context": {}}

    # === BUSINESS METHODS === #

    @api.model
    @ormcache("company_id")
    def _get_listeners(self, company_id):
        """Return ``{event type: ids of the endpoints that want it}`` of a company.

        Those that we paused are among them: what happens is kept until they are mended.
        Asked whenever something happens to a request, so it costs no query once known.
        """
        webhooks = self.sudo().search(
            [("company_id", "=", company_id), ("secret", "!=", False)], order="id"
        )
        return {kind: tuple(webhooks.filtered(f"on_{kind}").ids) for kind, _label in EVENT_TYPES}

    def _is_test_mode(self):
        """Tell whether the company only plays: then programs of this very machine may be told."""
        self.ensure_one()
        provider = (
            self.env["payment.provider"].sudo()._get_payment_request_provider(self.company_id)
        )
        return bool(provider) and provider._is_payment_request_test_mode()

    def _get_secrets(self):
        """Return the secrets that sign now, the newest first."""
        self.ensure_one()
        webhook = self.sudo()
        young = fields.Datetime.now() - OLD_SECRET_SIGNS
        both = webhook.old_secret and webhook.secret_made_at > young
        return [webhook.secret, webhook.old_secret] if both else [webhook.secret]

    def _get_sender(self):
        """Return what posts to this endpoint, and to nothing that it may not call."""
        self.ensure_one()
        text = self.env["ir.config_parameter"].sudo().get_param(PRIVATE_NETWORKS) or ""
        try:
            private = parse_networks(text)
        except ValueError:
            _logger.warning("%s names no networks: it is ignored", PRIVATE_NETWORKS)
            private = []
        return WebhookSender(allow_loopback=self._is_test_mode(), private=private)

    def _note_success(self):
        self.filtered("failing_since").failing_since = False

    def _is_off(self):
        self.ensure_one()
        return not self.active or bool(self.paused_since)

    def _take_up_again(self):
        """Forget the trouble, and let what waited, or was given up meanwhile, go out now."""
        events = self.env["payment.request.webhook.event"].sudo()
        waiting = events.browse()
        for webhook in self.sudo():
            waits = Domain("state", "=", "queued") & Domain("retry_at", "!=", False)
            if webhook.failing_since:
                waits |= Domain("state", "=", "failed") & Domain(
                    "claimed_at", ">=", webhook.failing_since
                )
            waiting |= events.search(Domain("webhook_id", "=", webhook.id) & waits)
        self.sudo().write({"failing_since": False, "paused_since": False})
        waiting.write({"state": "queued", "retry_at": False, "attempt_count": 0})
        events._ring()

    def _note_failure(self, reason):
        """Remember since when nothing was taken; after days, pause and tell somebody."""
        self.ensure_one()
        now = fields.Datetime.now()
        if not self.failing_since:
            self.failing_since = now
        elif not self._is_off() and self.failing_since < now - PAUSE_AFTER:
            self.paused_since = now
            self.activity_schedule(
                "mail.mail_activity_data_todo",
                summary=self.env._("Endpoint switched off: %(name)s", name=self.name),
                note=self.env._(
                    "It took no event for days. %(reason)s Mend it, then switch it on again: what "
                    "happens until then is kept for it and goes out then.",
                    reason=reason,
                ),
                user_id=self._get_keeper().id,
            )

    def _get_keeper(self):
        """Return the administrator who hears of trouble: who made the endpoint, if still here."""
        self.ensure_one()
        maker = self.create_uid
        return maker if maker.active and maker.id > 1 else self.env.ref("base.user_admin")
