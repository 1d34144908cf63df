# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, models
from odoo.tools import email_normalize

from ..gateways.money import AmountError, AmountTooLarge, AmountTooSmall, check_chargeable
from .payment_request_delivery import CHANNELS


class PaymentRequest(models.Model):
    """What keeps a group of invoices from being asked for together, in sentences."""

    _inherit = "payment.request"

    @api.model
    def _get_group_refusals(self, groups, amounts, options):
        """Return one detail per group that cannot be asked for or delivered, on its first invoice.

        ``is_whole`` says that it is not about that invoice alone. Takes what
        :meth:`_find_group_refusals` takes.
        """
        return [
            {"invoice_id": groups[key][:1].id, **refusal, "is_whole": True}
            for key, refusal in self._find_group_refusals(groups, amounts, options).items()
        ]

    @api.model
    def _find_group_refusals(self, groups, amounts, options):
        """Return ``{group: {"code", "message"}}`` of those that cannot be asked for or delivered.

        :param dict groups: ``{(commercial partner, company, currency): invoices}``
        :param dict amounts: ``{invoice id: Decimal in major units, or None for all}``
        """
        asked = self._get_asked(self.env["account.move"].union(*groups.values()), amounts, options)
        setup = {
            company: self._get_setup_refusal(company)
            for company in {company for _partner, company, _currency in groups}
        }
        contacts = {
            key: self._get_recipients(self._get_payer(moves, options), options)
            for key, moves in groups.items()
        }
        opted_out = self._get_opted_out(
            [
                address
                for contact in contacts.values()
                for address in self._get_addresses(contact, options)
            ]
        )
        refusals = {}
        for key, moves in groups.items():
            _partner, company, _currency = key
            refusal = (
                setup[company]
                or self._get_payer_refusal(moves, options)
                or self._get_contract_refusal(company, options)
                or self._get_credit_refusal(moves, options)
                or self._get_net_refusal(key, moves, asked, options)
                or self._get_delivery_refusal(moves, contacts[key], options)
                or self._get_opt_out_group_refusal(contacts[key], options, opted_out)
            )
            if refusal:
                refusals[key] = dict(zip(("code", "message"), refusal, strict=True))
        return refusals

    @api.model
    def _get_payer_refusal(self, moves, options):
        """Refuse a payer who is no contact of the invoices' customer."""
        if not options.get("partner_id"):
            return None
        partner = self.env["res.partner"].search([("id", "=", options["partner_id"])])
        if partner.commercial_partner_id == moves.commercial_partner_id and partner:
            return None
        return "other_customer", self.env._(
            "Contact %(id)s does not belong to the customer of these invoices, %(customer)s.",
            id=options["partner_id"],
            customer=moves.commercial_partner_id.display_name,
        )

    @api.model
    def _get_contract_refusal(self, company, options):
        """Refuse an analytic account that is not there or belongs to another company."""
        if not options.get("analytic_account_id"):
            return None
        found = self.env["account.analytic.account"].search_count(
            [
                ("id", "=", options["analytic_account_id"]),
                ("company_id", "in", (False, company.id)),
            ]
        )
        return not found and (
            "unknown_contract",
            self.env._("Contract %(id)s does not exist.", id=options["analytic_account_id"]),
        )

    @api.model
    def _get_setup_refusal(self, company):
        provider = self.env["payment.provider"]._get_payment_request_provider(company)
        message = provider._check_payment_request_setup()
        return message and ("stripe_not_set_up", message)

    @api.model
    def _get_total_refusal(self, total, currency):
        """Refuse what Stripe would not charge: `total` is Decimal, in major units."""
        try:
            check_chargeable(total, currency.name)
        except AmountTooSmall as error:
            return "amount_too_small", self.env._(
                "Stripe charges at least %(limit)s; %(total)s is asked.",
                limit=currency.format(float(error.limit)),
                total=currency.format(float(total)),
            )
        except AmountTooLarge as error:
            return "amount_too_large", self.env._(
                "Stripe charges at most %(limit)s at once; %(total)s is asked.",
                limit=currency.format(float(error.limit)),
                total=currency.format(float(total)),
            )
        except AmountError:
            return "amount_precision", self.env._(
                "Stripe cannot charge exactly %(total)s.", total=currency.format(float(total))
            )
        return None

    @api.model
    def _get_addresses(self, contact, options):
        """Return whom a request would go to: e-mails normalized, phones as E.164.

        :param dict contact: what :meth:`_get_recipients` returns
        """
        return [address for _channel, address in self._get_messages(contact, options)]

    @api.model
    def _get_messages(self, contact, options):
        """Return ``[(channel, recipient)]`` of what would go out; without a recipient, nothing."""
        channels = CHANNELS.get(options.get("delivery_method") or "email", ())
        recipients = [(channel, self._get_recipient(channel, contact)) for channel in channels]
        return [(channel, recipient) for channel, recipient in recipients if recipient]

    @api.model
    def _get_opt_out_group_refusal(self, contact, options, opted_out):
        """Refuse what nobody would get, because every recipient wants no more messages."""
        addresses = self._get_addresses(contact, options)
        if not addresses or any(address not in opted_out for address in addresses):
            return None
        return "opted_out", self.env._(
            "%(addresses)s wants no more messages from us. Choose another channel or recipient, "
            "or copy the link.",
            addresses=", ".join(addresses),
        )

    @api.model
    def _get_delivery_refusal(self, moves, contact, options):
        """Refuse a channel that has no usable recipient."""
        method = options.get("delivery_method") or "email"
        if method not in dict(self._fields["delivery_method"].selection):
            return "unknown_delivery_method", self.env._(
                "%(method)s is no way to deliver a payment link.", method=str(method)[:50]
            )
        partner, channels = self._get_payer(moves, options), CHANNELS.get(method, ())
        if "email" in channels or options.get("to_email"):
            if not contact["to_email"]:
                return "no_email", self.env._(
                    "%(customer)s has no e-mail address.", customer=partner.display_name
                )
            if not email_normalize(contact["to_email"]):
                return "invalid_email", self.env._(
                    "%(email)s is not an e-mail address.", email=contact["to_email"]
                )
        if "sms" in channels or options.get("to_phone"):
            if not contact["to_phone"]:
                return "no_phone", self.env._(
                    "%(customer)s has no phone number.", customer=partner.display_name
                )
            if not partner._phone_format(number=contact["to_phone"]):
                return "invalid_phone", self.env._(
                    "%(phone)s is not a phone number.", phone=contact["to_phone"]
                )
        for channel in channels:
            if not self._get_recipient(channel, contact):
                return "no_recipient", self.env._(
                    "%(customer)s has no address for %(channel)s.",
                    customer=partner.display_name,
                    channel=self._get_channel_name(channel),
                )
        return self._get_channel_refusal(moves.company_id, channels)

    @api.model
    def _get_channel_name(self, channel):
        field = self.env["payment.request.delivery"]._fields["channel"]
        return dict(field._description_selection(self.env))[channel]

    @api.model
    def _get_channel_refusal(self, company, channels):
        """Refuse channels that `company` has not set up."""
        if "sms" in channels and (trouble := company._get_sms_trouble()):
            return "sms_not_set_up", self.env._("No SMS can be sent. %(why)s", why=trouble)
        return None
