# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, fields, models
from odoo.exceptions import UserError

from ..models.payment_request_delivery import CHANNELS

# So many customers are asked at once; for more, a worker makes their requests.
BACKGROUND_ABOVE = 50


class PaymentRequestSendWizard(models.TransientModel):
    """The Send Payment Link dialog: choose amounts, recipient and words, and see the message."""

    _name = "payment.request.send.wizard"
    _description = "Send Payment Link"

    line_ids = fields.One2many(
        comodel_name="payment.request.send.wizard.line",
        inverse_name="wizard_id",
        string="Invoices",
    )
    partner_id = fields.Many2one(
        comodel_name="res.partner", string="Customer", compute="_compute_groups"
    )
    request_count = fields.Integer(compute="_compute_groups", string="Links")
    total = fields.Char(compute="_compute_groups")
    summary = fields.Html(compute="_compute_groups", sanitize=False)
    has_refusals = fields.Boolean(compute="_compute_groups")
    problems = fields.Text(compute="_compute_groups")
    skipped = fields.Text(readonly=True)
    left_out = fields.Text(compute="_compute_groups")
    outlook = fields.Char(compute="_compute_groups")
    delivery_method = fields.Selection(
        selection=lambda self: self._get_delivery_methods(),
        string="Send By",
        required=True,
        default="email",
    )
    to_email = fields.Char(string="E-mail")
    to_phone = fields.Char(string="Phone")
    uses_email = fields.Boolean(compute="_compute_uses")
    uses_phone = fields.Boolean(compute="_compute_uses")
    message = fields.Text()
    expires_at = fields.Datetime(string="Link Works Until", required=True)

    @api.model
    def _get_delivery_methods(self):
        return self.env["payment.request"]._fields["delivery_method"].selection

    def _get_channels(self):
        return CHANNELS.get(self.delivery_method, ())

    # === OPENING === #

    @api.model
    def _open_for_moves(self, moves):
        """Return the action that opens the dialog on those of `moves` that can be asked for.

        When none can, but links ask for them already, it opens those.

        :raise UserError: with a sentence per invoice, when there is nothing to open
        """
        self.check_access("create")
        refusals = self._get_opening_refusals(moves)
        sendable = moves.filtered(lambda move: move.id not in refusals).sorted(
            lambda move: (move.commercial_partner_id.id, move.invoice_date_due, move.id)
        )
        sentences = list(dict.fromkeys(refusals[move.id]["message"] for move in moves - sendable))
        if not sendable:
            asked = moves.filtered(lambda move: refusals[move.id]["code"] == "already_requested")
            if requests := asked._get_asking_payment_requests():
                return self._open_asking(requests, sentences)
            raise UserError(
                "\n".join(sentences) or self.env._("There is no unpaid invoice to ask for.")
            )
        wizard = self.create(self._prepare_wizard(sendable, sentences))
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Send Payment Link"),
            "res_model": self._name,
            "res_id": wizard.id,
            "views": [(False, "form")],
            "target": "new",
            "context": {"dialog_size": "extra-large"},
        }

    @api.model
    def _get_opening_refusals(self, moves):
        """Return ``{invoice id: {"code", "message"}}`` of those that cannot stand in the dialog."""
        refusals = moves._get_payment_request_refusals()
        for company in moves.company_id:
            if not (setup := self.env["payment.request"]._get_setup_refusal(company)):
                continue
            for move in moves.filtered(lambda one, company=company: one.company_id == company):
                refusals.setdefault(move.id, dict(zip(("code", "message"), setup, strict=True)))
        return refusals

    @api.model
    def _prepare_wizard(self, moves, skipped):
        requests = self.env["payment.request"]
        available = moves._get_payment_request_available()
        contact = {}
        if len(requests._group_moves(moves)) == 1:
            contact = requests._get_recipients(requests._get_payer(moves), {})
        return {
            "delivery_method": "link" if contact and not contact["to_email"] else "email",
            **contact,
            "expires_at": requests._get_default_expiry(moves.company_id[:1]),
            "skipped": "\n".join(skipped),
            "line_ids": [
                fields.Command.create(
                    {
                        "move_id": move.id,
                        "available": float(available[move.id]),
                        "amount": float(available[move.id]),
                    }
                )
                for move in moves
            ],
            "credit_ids": self._prepare_wizard_credits(moves)
            if len(requests._group_moves(moves)) <= BACKGROUND_ABOVE
            else [],
        }

    # === COMPUTE METHODS === #

    @api.depends("delivery_method")
    def _compute_uses(self):
        requests = self.env["payment.request"]
        for wizard in self:
            wizard.uses_email, wizard.uses_phone = requests._get_uses(wizard.delivery_method)

    @api.onchange("to_phone")
    def _onchange_to_phone(self):
        """Show the number as it will be stored: E.164."""
        if self.to_phone:
            self.to_phone = self.partner_id._phone_format(number=self.to_phone) or self.to_phone

    @api.depends(
        "credit_ids.amount",
        "credit_ids.is_deducted",
        "line_ids.amount",
        "line_ids.instalment_line_id",
        "line_ids.move_id",
        "delivery_method",
        "to_email",
        "to_phone",
        "expires_at",
    )
    def _compute_groups(self):
        for wizard in self:
            groups = self.env["payment.request"]._group_moves(wizard.line_ids.move_id)
            amounts = wizard.line_ids._get_amounts()
            left_out = wizard._get_left_out(groups)
            rows = [
                wizard._prepare_summary_row(key, moves, amounts, left_out.get(key, ""))
                for key, moves in groups.items()
            ]
            wizard.request_count = len(groups)
            wizard.partner_id = rows[0]["partner"] if len(rows) == 1 else False
            wizard.has_refusals = any(wizard.line_ids.mapped("refusal"))
            wizard.total = wizard._get_total([row for row in rows if not row["reason"]])
            wizard.left_out = "\n".join(dict.fromkeys(left_out.values()))
            wizard.outlook = wizard._describe_outlook(rows)
            sent = {key: moves for key, moves in groups.items() if key not in left_out}
            wizard.problems = "\n".join(wizard._get_problems(sent))
            wizard.summary = wizard._render_summary(rows)

    def _get_left_out(self, groups):
        """Return ``{group: sentence}`` of the customers that will be left out, of several.

        When nobody would be left, nobody is left out: the sentences are problems then.
        """
        if len(groups) < 2:
            return {}
        refusals = self.env["payment.request"]._find_group_refusals(
            groups, self.line_ids._get_amounts(), self._get_inner_options()
        )
        left_out = {key: refusal["message"] for key, refusal in refusals.items()}
        return left_out if len(left_out) < len(groups) else {}

    def _get_problems(self, groups):
        """Return the sentences that would keep these groups from being sent."""
        if not groups:
            return [self.env._("Choose at least one invoice.")]
        requests = self.env["payment.request"]
        amounts = self.line_ids._get_amounts()
        refused = set(self.line_ids.filtered("refusal").move_id.ids)
        sound = {key: moves for key, moves in groups.items() if not refused & set(moves.ids)}
        details = requests._get_group_refusals(sound, amounts, self._get_inner_options())
        sentences = [detail["message"] for detail in details]
        try:
            requests._parse_expiry(self._get_options(), self.env.company)
        except UserError as error:
            sentences.append(str(error))
        return list(dict.fromkeys(sentences))

    # === ACTION METHODS === #

    def action_send(self):
        """Make the payment requests, send them, and say so; for many customers in the background.

        Of several customers, those that cannot be asked are left out, as the dialog has shown.

        :raise PaymentRequestRefused: with a sentence per invoice; nothing was created
        """
        self.ensure_one()
        groups = self.env["payment.request"]._group_moves(self.line_ids.move_id)
        if self._is_for_the_background(len(groups)):
            return self.env["payment.request.batch"]._start(
                self.line_ids._get_amounts(), self._get_inner_options()
            )
        left_out = self._get_left_out(groups)
        skipped = {move.id for key in left_out for move in groups[key]}
        instalments = self.line_ids._get_instalments()
        allocations = [
            {
                "invoice_id": move_id,
                "amount": amount,
                "instalment_line_id": instalments.get(move_id),
            }
            for move_id, amount in self.line_ids._get_amounts().items()
            if move_id not in skipped
        ]
        requests = self.env["payment.request"]._create_grouped(allocations, **self._get_options())
        if len(requests) == 1:
            return self._notify_one(requests)
        return self._notify_several(requests)

    @api.model
    def _is_for_the_background(self, customers):
        return customers > BACKGROUND_ABOVE

    def _get_options(self):
        options = {
            "delivery_method": self.delivery_method,
            "message": self.message,
            "expires_at": self.expires_at,
        }
        if self.request_count == 1:
            if self.uses_email:
                options["to_email"] = self.to_email
            if self.uses_phone:
                options["to_phone"] = self.to_phone
        return options
