# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import json
from datetime import timedelta

from odoo import api, fields, models

from ..exceptions import IdempotencyConflict

KEPT_FOR = timedelta(days=30)
LONGEST_KEY = 255


class PaymentRequestApiCall(models.Model):
    """What a call of the REST interface with an Idempotency-Key was answered."""

    _name = "payment.request.api.call"
    _inherit = ["payment.request.record"]
    _description = "Payment Request API Call"
    _order = "id desc"
    _rec_name = "idempotency_key"

    user_id = fields.Many2one("res.users", required=True, readonly=True, ondelete="cascade")
    idempotency_key = fields.Char(required=True, readonly=True, size=LONGEST_KEY)
    body_digest = fields.Char(required=True, readonly=True, groups="base.group_system")
    status = fields.Integer(readonly=True)
    # As text, so that it is said again in the same order, to the letter.
    answer = fields.Text(readonly=True, groups="base.group_system")

    _once_per_user = models.UniqueIndex(
        "(user_id, idempotency_key)", "An Idempotency-Key of a user stands for one call."
    )

    @api.model
    def _answer_once(self, key, digest, answer):
        """Return what the first call with this key was answered, calling `answer` if it is that.

        A twin that runs at the same time waits here for the first one; what the first one wrote
        and this answer are committed together or not at all.

        :param str key: what the caller sent as Idempotency-Key
        :param str digest: of all that the caller asks for
        :param answer: called without arguments, returns ``(status, body)``
        :return: ``(status, body)``
        :raise IdempotencyConflict: when the key was used for another call
        """
        self.env.cr.execute(
            """
            INSERT INTO payment_request_api_call (
                user_id, idempotency_key, body_digest, create_uid, write_uid,
                create_date, write_date
            )
            VALUES (%(user)s, %(key)s, %(digest)s, %(user)s, %(user)s,
                now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC')
            ON CONFLICT (user_id, idempotency_key) DO NOTHING
            RETURNING id
            """,
            {"user": self.env.uid, "key": key, "digest": digest},
            log_exceptions=False,  # a twin was faster: Odoo runs this one again, so no error
        )
        if inserted := self.env.cr.fetchone():
            status, body = answer()
            self.sudo().browse(inserted[0]).write({"status": status, "answer": json.dumps(body)})
            return status, body
        call = self.sudo().search(
            [("user_id", "=", self.env.uid), ("idempotency_key", "=", key)], limit=1
        )
        if call.body_digest != digest:
            raise IdempotencyConflict(self.env._("This Idempotency-Key was used for another call."))
        return call.status, json.loads(call.answer)

    @api.autovacuum
    def _gc_calls(self):
        """Forget what no client will send again."""
        self.sudo().search([("create_date", "<", fields.Datetime.now() - KEPT_FOR)]).unlink()
