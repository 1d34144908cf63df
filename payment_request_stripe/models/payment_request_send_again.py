# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import models
from odoo.exceptions import UserError

from .payment_request_follow_up import NEXT_CHANNEL

# So many refusals are told one by one.
TOLD = 5


class PaymentRequest(models.Model):
    """Sending again what failed, of many requests: what went out does not go out twice."""

    _inherit = "payment.request"

    # === ACTION METHODS === #

    def action_send_failed_again(self):
        """Send again the last message of each channel that failed, and nothing else.

        One that cannot be sent keeps none of the others back.

        :return: a notification that says how many go out, and which ones do not and why
        """
        self.check_access("write")
        count, refused = 0, []
        for row in self._get_last_failed():
            request = row.request_id
            try:
                with self.env.cr.savepoint():
                    recipient = request._get_recipient(row.channel, request) or row.recipient
                    row._send_again(recipient)
                count += 1
            except UserError as error:
                reason = str(error)
                if request.name not in reason:
                    reason = self.env._("%(name)s: %(reason)s", name=request.name, reason=reason)
                refused.append(reason)
        return self._notify_sent_again(count, refused)

    # === BUSINESS METHODS === #

    def _get_last_failed(self):
        """Return the failed messages after which no other was sent or waits on their channel.

        What the payer forwards is theirs to repeat; what came back, or may have arrived, is a
        person's to decide one by one. Where the next channel was tried because the recipient could
        not be reached by the first, only that one counts.
        """
        last = {}
        for row in self.delivery_ids.sorted("id"):
            if row.state != "skipped" and not row.is_forwarded:
                last[row.request_id, row.channel] = row
        failed = self.delivery_ids.browse()
        for (request, channel), row in last.items():
            following = last.get((request, NEXT_CHANNEL.get(channel)))
            if row.state == "failed" and not (
                following and following.is_automatic and not row._is_our_trouble()
            ):
                failed |= row
        return failed

    def _notify_sent_again(self, count, refused):
        sentences = []
        if count:
            sentences.append(self.env._("Messages that go out again: %(count)s.", count=count))
        elif not refused:
            sentences.append(
                self.env._("The last messages of these payment requests did not fail.")
            )
        if refused:
            sentences.append(
                self.env._("Messages that cannot go out again: %(count)s.", count=len(refused))
            )
            sentences += refused[:TOLD]
        if len(refused) > TOLD:
            sentences.append(self.env._("And %(count)s more.", count=len(refused) - TOLD))
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "warning" if refused else "success" if count else "info",
                "sticky": bool(refused),
                "message": " ".join(sentences),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }
