# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, fields, models

from ..exceptions import BookingRefused
from ..gateways.errors import GatewayError, MalformedPayload
from ..gateways.money import to_major
from ..gateways.payouts import COMPOSITION, Payout, movements_of, parse_movement, parse_payout

# How many payouts that differ are looked at again by the poll.
WATCHED = 60


class PaymentRequestPayout(models.Model):
    """Keeping what Stripe says of a payout, and proving that its parts sum up to it."""

    _inherit = "payment.request.payout"

    @api.model
    def _find_or_create(self, provider, payout: Payout):
        """Return the row of a payout.

        :raise BookingRefused: when Odoo does not know its currency
        """
        found = self.search(
            [("provider_id", "=", provider.id), ("stripe_payout_ref", "=", payout.ref)], limit=1
        )
        if found:
            return found
        currency = self.env["res.currency"].with_context(active_test=False)
        currency = currency.search([("name", "=", payout.currency)], limit=1)
        if not currency:
            raise BookingRefused(
                self.env._(
                    "Stripe paid out %(currency)s, which Odoo does not know.",
                    currency=payout.currency,
                )
            )
        return self.create(
            {
                "provider_id": provider.id,
                "company_id": provider.company_id.id,
                "currency_id": currency.id,
                "stripe_payout_ref": payout.ref,
                "status": payout.status,
            }
        )

    def _learn(self, payout: Payout):
        """Keep what Stripe says; a payout that failed does not arrive by an older event."""
        self.ensure_one()
        is_over = self.status in ("failed", "canceled")
        self.write(
            {
                "amount": float(to_major(payout.amount, payout.currency)),
                "arrives_on": payout.arrives_on,
                "status": self.status if is_over else payout.status,
                "failure_reason": payout.failure or self.failure_reason,
            }
        )

    # === ASKING === #

    def _want_lines(self):
        """Have the poll ask Stripe what these payouts consist of."""
        self.write({"lines_wanted": True})
        self.env["payment.request.event"]._ring_poll()

    @api.model
    def _poll(self, limit=50):
        """Ask Stripe what payouts consist of; the answers go into the inbox."""
        wanted = self.search(
            [("lines_wanted", "=", True)], order="asked_at nulls first, id", limit=limit
        )
        self.env["payment.request.event"]._poll_each(wanted, lambda payout: payout._try_asking())

    def _try_asking(self):
        try:
            self._ask()
        except GatewayError as error:
            self.result = self.env._("Stripe could not be asked: %(reason)s", reason=error.message)

    @api.model
    def _prove_differing(self):
        """Look again at the latest payouts that differ: the books may agree by now."""
        differing = self.search([("proof", "=", "different")], order="id desc", limit=WATCHED)
        differing._prove(again=True)

    def _ask(self):
        """Put what this payout consists of into the inbox, once Stripe knows it.

        :raise GatewayError: when Stripe cannot be asked
        """
        self.ensure_one()
        self.asked_at = fields.Datetime.now()
        self.env["ir.cron"]._commit_progress()
        payload = self.provider_id._get_stripe_gateway().retrieve_payout(self.stripe_payout_ref)
        if payload:
            self.env["payment.request.event"]._store(self.provider_id, payload)
            self.lines_wanted = False
        self.env["ir.cron"]._commit_progress()

    # === WHAT IT CONSISTS OF === #

    def _set_lines(self, rows):
        """Keep the movements that Stripe listed, and prove them.

        :param rows: movements as Stripe tells them, `source` expanded
        :raise MalformedPayload: when an amount is none, or one is of another currency
        """
        self.ensure_one()
        self.line_ids.unlink()
        values = [self._prepare_line(row) for row in rows]
        self.env["payment.request.payout.line"].create([one for one in values if one])
        self._prove()

    def _prepare_line(self, row):
        """Return the values of one line, or none for the payout's own movement."""
        movement = parse_movement(row)
        if movement.currency != self.currency_id.name:
            raise MalformedPayload("a movement in another currency than its payout")
        if movement.kind == "payout" and movement.source_ref == self.stripe_payout_ref:
            return None
        source = row["source"] if isinstance(row["source"], dict) else {}
        return {
            "payout_id": self.id,
            "kind": "other" if movement.kind == "payout" else movement.kind,
            "is_ours": bool(source) and self._is_ours(source),
            "amount": float(to_major(movement.amount, movement.currency)),
            "fee": float(to_major(movement.fee, movement.currency)),
            "net": float(to_major(movement.net, movement.currency)),
            "stripe_ref": movement.source_ref,
            "stripe_balance_ref": movement.ref,
            "movement": dict(row),
        }

    # === THE PROOF === #

    def _prove(self, again=False):
        """Say whether the parts sum up, and name what the books do not say as Stripe does.

        :param bool again: look only at the lines that differed
        """
        for payout in self:
            payout.line_ids.filtered(lambda line: not again or line.difference)._link()
            missing = payout._get_missing()
            named = [line.difference for line in payout.line_ids if line.difference]
            if missing:
                total = payout.currency_id.format(float(missing))
                named.insert(0, self.env._("Its parts and the payout differ by %(x)s.", x=total))
            payout.proof = "different" if named else "equal"
            payout.result = "\n".join(named) or payout._describe_parts()

    def _get_missing(self):
        """Return what the parts are short of the payout: Decimal, summed in minor units."""
        code = self.currency_id.name
        parts = (parse_movement(line.movement).net for line in self.line_ids)
        amount = self.env["payment.request.payout.line"]._to_minor(self.amount, self.currency_id)
        return to_major(abs(amount - sum(parts)), code)

    def _describe_parts(self):
        kinds = dict(self.line_ids._fields["kind"]._description_selection(self.env))
        counts = [
            f"{kinds[kind]}: {count}, {self.currency_id.format(net)}"
            for kind, count, net in self.env["payment.request.payout.line"]._read_group(
                [("payout_id", "=", self.id)], ["kind"], ["__count", "net:sum"]
            )
        ]
        return "\n".join([self.env._("Its parts sum up to it exactly."), *counts])


class PaymentRequestEvent(models.Model):
    _inherit = "payment.request.event"

    def _apply(self):
        """Take what is about a payout; it belongs to the account, not to a checkout."""
        if not self.event_type.startswith("payout."):
            return super()._apply()
        handler = self._get_handler(self.event_type)
        if self.event_type != COMPOSITION and not handler:
            return "ignored", self.env._("Nothing is to be done for this type of event.")
        if not self.provider_id._is_payment_request_event_ours(self.payload.get("livemode")):
            return "ignored", self.env._("The event's mode (test or live) is not the provider's.")
        try:
            obj = self.payload["data"]["object"]
            payout = parse_payout(obj)
        except (MalformedPayload, KeyError, TypeError, AttributeError) as error:
            return "ignored", str(error)
        return "done", (handler or self._on_composition)(payout, obj)

    def _on_payout(self, payout: Payout, obj):
        """A payout was paid or failed: what it consists of is asked for."""
        row = self.env["payment.request.payout"]._find_or_create(self.provider_id, payout)
        row._learn(payout)
        if not row.line_ids and row.proof == "asked":
            row._want_lines()
        return ""

    def _on_composition(self, payout: Payout, obj):
        """Stripe was asked what a payout consists of."""
        row = self.env["payment.request.payout"]._find_or_create(self.provider_id, payout)
        row._learn(payout)
        row.lines_wanted = False
        if payout.is_automatic:
            row._set_lines(movements_of(obj))
        else:
            row.proof = "unknown"
            row.result = self.env._(
                "This payout was made by hand: Stripe does not say what it consists of."
            )
        return ""

    @api.model
    def _is_ours(self, provider, payload):
        is_payout = str(payload.get("type")).startswith("payout.")
        return is_payout or super()._is_ours(provider, payload)
