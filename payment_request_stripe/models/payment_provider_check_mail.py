# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import smtplib

from odoo import models
from odoo.exceptions import UserError
from odoo.tools import config

from ..gateways.reach import answers
from .payment_provider_check import Check


class PaymentProvider(models.Model):
    """The assistant's line about e-mail: a server that takes our mail, and an address to use."""

    _inherit = "payment.provider"

    def _check_setup_mail(self):
        servers = self.env["ir.mail_server"].search_count([])
        if not servers and config["smtp_server"] in (None, False, "", "localhost"):
            sentence = self.env._("There is no server for outgoing e-mail.")
            return Check("mail", "trouble", sentence)
        if not self.company_id.email:
            sentence = self.env._("The company has no e-mail address to write from.")
            return Check("company", "trouble", sentence)
        if trouble := self._find_mail_trouble():
            return Check("mail", "trouble", trouble)
        return Check(
            "mail", "ok", self.env._("E-mails come from %(email)s.", email=self.company_id.email)
        )

    def _find_mail_trouble(self):
        """Connect as if to send the company's mail, without sending; return what is wrong, or none.

        Odoo's own test asks as the user who looks, whose address the server may refuse rightly.
        """
        servers = self.env["ir.mail_server"]
        server, sender = servers._find_mail_server(self.company_id.email)
        server = server or servers
        is_ours = server and server.smtp_authentication != "cli"
        host = server.smtp_host if is_ours else config["smtp_server"]
        port = server.smtp_port if is_ours else config["smtp_port"]
        is_tls = bool(is_ours) and server.smtp_encryption in ("ssl", "ssl_strict")
        if not answers(host, port, greets=not is_tls):
            return self.env._("No mail server answers at %(host)s:%(port)s.", host=host, port=port)
        try:
            connection = servers._connect__(mail_server_id=server.id, smtp_from=sender)
            if not connection:
                return ""  # Odoo sends nothing here
            with connection:
                code, said = connection.mail(sender)
        except smtplib.SMTPResponseException as error:
            code, said = error.smtp_code, error.smtp_error
        except (UserError, smtplib.SMTPException, OSError) as error:
            code, said = 0, str(error)
        if code == 250:
            return ""
        said = said.decode(errors="replace") if isinstance(said, bytes) else said
        reason = f"{code} {said}" if code else said
        return self.env._("The mail server said: %(reason)s", reason=reason)
