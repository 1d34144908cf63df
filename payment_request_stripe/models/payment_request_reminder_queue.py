# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import fields, models


class PaymentRequestReminderRun(models.Model):
    """Putting the messages of a run into the outbox, and noting them everywhere."""

    _inherit = "payment.request.reminder.run"

    def _queue_reminders(self, links, groups):
        """Queue one message per link and channel, and note them everywhere.

        :param dict links: ``{key: request or none}``
        :param dict groups: ``{key: lines}``, reminded of by the link
        """
        by_step, reminded, prepared = {}, {}, {}
        requests = self.env["payment.request"].union(*(one for one in links.values() if one))
        bounced = requests._get_bounced_contacts()
        for key, group in groups.items():
            request, left = links[key], group._still_due()
            if request and left:
                step = left._get_step()
                prepared[request] = left, step, request._prepare_reminder(step, bounced)
        opted_out = requests._get_opted_out(
            [
                address
                for _group, _step, options in prepared.values()
                for address in (options["to_email"], options["to_phone"])
                if address
            ]
        )
        for request, (left, step, options) in prepared.items():
            messages, refusal = request._get_reminder_messages(options, opted_out, bounced)
            if refusal:
                left._refuse(refusal)
                request.filtered(lambda one: one.state == "draft").unlink()
                continue
            request._extend_by(left)
            if left := left._still_due():
                by_step.setdefault(step, []).extend(messages)
                reminded[request] = left, step
        for step, messages in by_step.items():
            requests._queue_messages(
                messages, automatic=True, reminder_run_id=self.id, reminder_step_id=step.id
            )
        self._note_reminders(reminded)

    def _note_reminders(self, reminded):
        """Count the reminders and log them on the links and their invoices.

        :param dict reminded: ``{request: (lines, step)}``
        """
        now, said, told = fields.Datetime.now(), {}, {}
        requests = self.env["payment.request"].union(*reminded)
        for request, (group, step) in reminded.items():
            request._prolong()
            group.request_id = request
            due = group.filtered(lambda line: line.state == "due")
            due.state = "sent"
            said[request.id] = self.env._("Reminder: %(step)s.", step=step.name)
            # It may still wait for the morning, and be stopped until then.
            body = self.env._(
                "%(step)s is on its way with %(name)s.", name=request.name, step=step.name
            )
            told.update(dict.fromkeys(due.move_id.ids, body))
        requests._transition("sent")
        for count, same in requests.grouped("reminder_count").items():
            same.write({"sent_at": now, "reminder_count": count + 1})
        requests._message_log_batch(said)
        self.env["account.move"].browse(told)._message_log_batch(told)
