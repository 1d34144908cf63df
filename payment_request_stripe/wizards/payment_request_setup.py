# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, fields, models
from odoo.fields import Command
from odoo.tools import LazyTranslate

_lt = LazyTranslate(__name__)

# What each line is about, and the word on its button; without one it cannot be mended from here.
LINES = {
    "key": (_lt("Secret key"), _lt("Enter It")),
    "account": (_lt("Stripe account"), _lt("Open Stripe")),
    "journal": (_lt("Journal"), _lt("Make It")),
    "clearing": (_lt("Clearing account"), _lt("Make It")),
    "address": (_lt("Address of this Odoo"), _lt("Open It")),
    "dbfilter": (_lt("Database"), None),
    "webhook": (_lt("Webhook at Stripe"), _lt("Create It")),
    "reachable": (_lt("Reached from Stripe"), _lt("Open It")),
    "heard": (_lt("Reached from Stripe"), None),
    "workers": (_lt("Scheduled actions"), _lt("Switch On")),
    "mail": (_lt("E-mail"), _lt("Open Servers")),
    "company": (_lt("E-mail"), _lt("Open Company")),
    "twilio": (_lt("SMS"), _lt("Open Settings")),
}


class PaymentRequestSetup(models.TransientModel):
    """The set-up assistant: what is well, what is not, and the button that mends it."""

    _name = "payment.request.setup"
    _description = "Set-up of Payment Links"
    _rec_name = "provider_id"

    provider_id = fields.Many2one("payment.provider", required=True, readonly=True)
    provider_state = fields.Selection(related="provider_id.state")
    line_ids = fields.One2many("payment.request.setup.line", "setup_id", readonly=True)
    is_ready = fields.Boolean(compute="_compute_is_ready")
    test_state = fields.Selection(
        selection=[("passed", "Passed"), ("failed", "Failed")], readonly=True
    )
    test_report = fields.Text(readonly=True)

    @api.depends("line_ids.state")
    def _compute_is_ready(self):
        for setup in self:
            setup.is_ready = "trouble" not in setup.line_ids.mapped("state")

    def action_look(self):
        """Look at everything again."""
        self.ensure_one()
        self.provider_id.check_access("write")
        checks = self.provider_id._get_setup_checks()
        self.line_ids = [
            Command.clear(),
            *(Command.create(check._asdict()) for check in checks),
        ]
        return self._show()

    def action_test(self):
        """Make a test payment and say step by step how it went.

        :raise UserError: outside of test mode
        """
        self.ensure_one()
        passed, steps = self.provider_id._make_setup_test_payment()
        self.write(
            {"test_state": "passed" if passed else "failed", "test_report": "\n".join(steps)}
        )
        return self._show()

    def _show(self):
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Set-up of Payment Links"),
            "res_model": self._name,
            "res_id": self.id,
            "views": [(False, "form")],
            "target": "new",
        }


class PaymentRequestSetupLine(models.TransientModel):
    """One thing that must be true, and whether it is."""

    _name = "payment.request.setup.line"
    _description = "Set-up of Payment Links: Condition"
    _order = "id"
    _rec_name = "code"

    setup_id = fields.Many2one("payment.request.setup", required=True, ondelete="cascade")
    code = fields.Char(required=True, readonly=True)
    title = fields.Char(compute="_compute_title")
    button = fields.Char(compute="_compute_title")
    state = fields.Selection(
        selection=[("ok", "Good"), ("note", "To Know"), ("trouble", "To Mend")],
        required=True,
        readonly=True,
    )
    sentence = fields.Char(readonly=True)

    @api.depends("code")
    @api.depends_context("lang")
    def _compute_title(self):
        for line in self:
            title, button = LINES[line.code]
            line.title = self.env._(title)
            line.button = button and self.env._(button)

    def action_mend(self):
        """Mend this line, then look again; or open where it is set."""
        self.ensure_one()
        setup = self.setup_id
        return setup.provider_id._mend_setup(self.code) or setup.action_look()
