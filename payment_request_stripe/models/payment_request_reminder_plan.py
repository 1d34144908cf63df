# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from datetime import timedelta

from odoo import api, fields, models

BILLING = "account.group_account_invoice,account.group_account_readonly"


class PaymentRequestReminderPlan(models.Model):
    """When a customer is reminded of an invoice, how, and in which words."""

    _name = "payment.request.reminder.plan"
    _description = "Payment Reminder Plan"
    _order = "name, id"

    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        comodel_name="res.company", index=True, help="Empty: every company may use it."
    )
    step_ids = fields.One2many(
        comodel_name="payment.request.reminder.step", inverse_name="plan_id", copy=True
    )


class PaymentRequestReminderStep(models.Model):
    _name = "payment.request.reminder.step"
    _description = "Payment Reminder Step"
    _order = "plan_id, days, id"

    plan_id = fields.Many2one(
        comodel_name="payment.request.reminder.plan", required=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="plan_id.company_id", store=True, index=True)
    name = fields.Char(required=True, translate=True)
    days = fields.Integer(
        string="Days After Due Date",
        required=True,
        help="Below zero: so many days before the due date.",
    )
    delivery_method = fields.Selection(
        selection=[("email", "E-mail"), ("sms", "SMS"), ("email_sms", "E-mail and SMS")],
        string="Send By",
        required=True,
        default="email",
    )
    mail_template_id = fields.Many2one(
        comodel_name="mail.template",
        string="E-mail Template",
        domain=[("model", "=", "payment.request")],
        ondelete="set null",
        help="Empty: the e-mail that carries every payment link.",
    )
    sms_template_id = fields.Many2one(
        comodel_name="sms.template",
        string="SMS Template",
        domain=[("model", "=", "payment.request")],
        ondelete="set null",
        help="Empty: the SMS that carries every payment link.",
    )
    attach_statement = fields.Boolean(
        help="Attach the list of all that the customer owes to the e-mail."
    )

    _days_once = models.UniqueIndex(
        "(plan_id, days)", "A plan has at most one step on a day; change the other one."
    )
    _days_in_reach = models.Constraint(
        "CHECK (days BETWEEN -365 AND 3650)",
        "A step lies between a year before and ten years after the due date.",
    )

    @api.depends("days")
    def _compute_display_name(self):
        for step in self:
            step.display_name = self.env._(
                "%(name)s (day %(days)+d)", name=step.name or "", days=step.days
            )


class ResCompany(models.Model):
    _inherit = "res.company"

    payment_request_reminder_plan_id = fields.Many2one(
        comodel_name="payment.request.reminder.plan",
        string="Payment Reminder Plan",
        domain="[('company_id', 'in', (False, id))]",
        ondelete="restrict",
        help="How customers without a plan of their own are reminded. Empty: not at all.",
    )
    payment_request_reminder_max = fields.Integer(
        string="Reminders at Most",
        default=5,
        help="A customer is reminded of one invoice at most so often.",
    )
    payment_request_reminder_interval = fields.Integer(
        string="Days Between Reminders",
        default=3,
        help="After any message about payment links, a customer gets the next reminder so many "
        "days later at the earliest.",
    )

    _payment_request_reminder_limits = models.Constraint(
        "CHECK (payment_request_reminder_max > 0 AND payment_request_reminder_interval > 0)",
        "The number of reminders and the days between them must be above zero.",
    )

    def _get_reminder_interval_start(self, today):
        """Return the moment (UTC, naive) since when no message may have gone to a customer."""
        self.ensure_one()
        days = self.payment_request_reminder_interval - 1
        return self._get_payment_request_midnight(today - timedelta(days=days))


class ResPartner(models.Model):
    _inherit = "res.partner"

    payment_request_reminder_plan_id = fields.Many2one(
        comodel_name="payment.request.reminder.plan",
        string="Payment Reminder Plan",
        company_dependent=True,
        copy=False,
        groups=BILLING,
        help="Instead of the company's plan; it holds for all contacts of this customer.",
    )
    payment_request_hold = fields.Boolean(
        string="No Payment Reminders",
        company_dependent=True,
        copy=False,
        groups=BILLING,
        help="This customer is never reminded by the system.",
    )

    @api.model
    def _commercial_fields(self):
        return [
            *super()._commercial_fields(),
            "payment_request_hold",
            "payment_request_reminder_plan_id",
        ]


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    payment_request_reminder_plan_id = fields.Many2one(
        related="company_id.payment_request_reminder_plan_id", readonly=False
    )
    payment_request_reminder_max = fields.Integer(
        related="company_id.payment_request_reminder_max", readonly=False
    )
    payment_request_reminder_interval = fields.Integer(
        related="company_id.payment_request_reminder_interval", readonly=False
    )
