# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, fields, models
from odoo.fields import Domain


class PaymentRequest(models.Model):
    """Counters for an operator's monitoring: of the caller's companies, and nothing secret."""

    _inherit = "payment.request"

    @api.model
    def _get_metrics(self):
        """Return what a monitor looks at, shaped for JSON; ages are whole seconds or None.

        :raise AccessError: for who may not see payment requests
        """
        self.check_access("read")
        ours = Domain("company_id", "in", self.env.companies.ids)
        return {
            "inbox": self._get_inbox_metrics(ours),
            "outbox": self._get_outbox_metrics(ours),
            "requests": self._count_by_state(self, ours & Domain("is_setup_test", "=", False)),
            "refunds": self._count_by_state(self.env["payment.request.refund"], ours),
            "health": self._get_health_metrics(ours),
            "workers": self._get_worker_metrics(),
        }

    @api.model
    def _get_inbox_metrics(self, ours):
        events = self.env["payment.request.event"]
        counts = dict(
            events._read_group(
                ours & Domain("state", "in", ("received", "failed")), ["state"], ["__count"]
            )
        )
        oldest = events.search(ours & Domain("state", "=", "received"), order="id", limit=1)
        last = events.search(ours & Domain(events._get_told_domain()), order="id desc", limit=1)
        return {
            "waiting": counts.get("received", 0),
            "failed": counts.get("failed", 0),
            "oldestWaitingSeconds": self._get_age(oldest.create_date),
            "lastEventSeconds": self._get_age(last.create_date),
        }

    @api.model
    def _get_outbox_metrics(self, ours):
        deliveries = self.env["payment.request.delivery"]
        pending = ours & Domain(
            "state", "in", ("queued", "sending", "failed", "bounced", "unknown")
        )
        counts = dict(deliveries._read_group(pending, ["state"], ["__count"]))
        oldest = deliveries.search(ours & Domain(deliveries._get_due_domain()), order="id", limit=1)
        return {
            **{state: counts.get(state, 0) for state in ("queued", "sending")},
            **{state: counts.get(state, 0) for state in ("failed", "bounced", "unknown")},
            "oldestDueSeconds": self._get_age(oldest.create_date),
        }

    @api.model
    def _count_by_state(self, records, domain):
        """Return ``{state: count}`` with every state, so that a monitor's series never end."""
        counts = dict(records._read_group(domain, ["state"], ["__count"]))
        return {state: counts.get(state, 0) for state, _label in records._fields["state"].selection}

    @api.model
    def _get_health_metrics(self, ours):
        return [
            {
                "provider": health.provider_id.id,
                "state": health.state,
                "lookedAtSeconds": self._get_age(health.checked_at),
                "troubles": health.line_ids.filtered(lambda line: line.state == "trouble").mapped(
                    "code"
                ),
            }
            for health in self.env["payment.request.health"].search(ours, order="id")
        ]

    @api.model
    def _get_worker_metrics(self):
        """Return our scheduled actions, by the end of their external id."""
        crons = self.env["payment.provider"].sudo()._get_payment_request_crons()
        return [
            {
                "name": cron.get_external_id()[cron.id].rpartition(".ir_cron_")[2],
                "active": cron.active,
                "failures": cron.failure_count,
                "lastRunSeconds": self._get_age(cron.lastcall),
            }
            for cron in crons
        ]

    @api.model
    def _get_age(self, moment):
        return max(0, int((fields.Datetime.now() - moment).total_seconds())) if moment else None
