# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from datetime import timedelta
from unittest.mock import patch

from freezegun import freeze_time

from odoo.tests import tagged
from odoo.tools import mute_logger

from ..models import payment_request_delivery_documents as documents
from .delivery_case import DeliveryCase
from .mail_wire import mail_server

MODELS = "odoo.addons.payment_request_stripe.models"
LOGGERS = (f"{MODELS}.payment_request_delivery_documents", f"{MODELS}.payment_request_delivery")
MAIL_LOGGERS = ("odoo.addons.mail.models.mail_mail", "odoo.addons.base.models.ir_mail_server")
MAIL_LOGGER = f"{MODELS}.payment_request_delivery_email"


@tagged("post_install", "-at_install")
class TestDocuments(DeliveryCase):
    """The link arrives, once, whatever becomes of the invoices attached to it."""

    def setUp(self):
        super().setUp()
        self.company.payment_request_attach_invoices = True

    def _ask_new(self, address, **options):
        partner = self.env["res.partner"].create({"name": address, "email": address})
        return self._ask("email", partner=partner, **options)

    def _deliver_queue(self):
        """Let our worker send, then Odoo's own queue; return the mail server."""
        with mail_server(self.env) as server:
            self._drain()
            self.env["mail.mail"].sudo().process_email_queue()
        return server

    def _get_files(self, server):
        return {
            recipients[0]: [part.get_filename() for part in mail.iter_attachments()]
            for recipients, mail in server.mails
        }

    def _get_notes(self, request):
        return "\n".join(request.message_ids.mapped("body"))

    def _break_report(self, condition):
        """Customise the report of invoices so that it breaks where `condition` holds for one."""
        self.env["ir.ui.view"].create(
            {
                "name": "A customised report",
                "type": "qweb",
                "mode": "extension",
                "inherit_id": self.env.ref("account.report_invoice_document").id,
                "arch": '<data><xpath expr="//t[@t-call]" position="before">'
                f'<t t-if="{condition}" t-out="1 / 0"/></xpath></data>',
            }
        )

    def test_each_invoice_is_attached(self):
        invoices = [self._create_invoice(100), self._create_invoice(20)]
        request = self._create_request(*invoices, delivery_method="email")
        files = self._get_files(self._deliver_queue())
        self.assertEqual(
            files,
            {
                "petra@example.com": [
                    move._get_invoice_proforma_pdf_report_filename() for move in invoices
                ]
            },
        )
        self.assertNotIn("without", self._get_notes(request))

    @mute_logger(*LOGGERS)
    def test_a_report_that_breaks_for_one_invoice(self):
        requests = [self._ask_new(f"{n}@example.com") for n in range(3)]
        broken = requests[1].line_ids.move_id
        self._break_report(f"o.id == {broken.id}")
        server = self._deliver_queue()
        files = self._get_files(server)
        self.assertEqual(len(server.mails), 3, "Odoo's queue sends none once more")
        self.assertEqual(
            [len(files[f"{n}@example.com"]) for n in range(3)],
            [1, 0, 1],
        )
        self.assertEqual({request.delivery_ids.state for request in requests}, {"sent"})
        self.assertIn(f"went out without {broken.name}.", self._get_notes(requests[1]))
        self.assertFalse(requests[1].activity_ids)

    @mute_logger(*LOGGERS)
    def test_a_server_that_makes_no_pdf(self):
        """Without wkhtmltopdf the link goes out all the same, to the address of the request."""
        request = self._ask("email", to_email="books@example.com")
        reports = type(self.env["ir.actions.report"])
        with (
            patch.object(reports, "get_wkhtmltopdf_state", lambda _self: "install"),
            mail_server(self.env) as server,
            self._as_in_production(self.outbox) as outbox,
        ):
            outbox.sudo().with_context(force_report_rendering=True)._cron_send()
        self.assertEqual(self._get_files(server), {"books@example.com": []})
        self.assertEqual(request.delivery_ids.state, "sent")
        self.assertIn("Wkhtmltopdf", self._get_notes(request))

    def test_a_step_of_the_worker_makes_few_documents(self):
        """So that Odoo does not kill it with all that it claimed."""
        requests = [self._ask_new(f"{n}@example.com") for n in range(5)]
        with patch.object(documents, "DOCUMENTS", 2):
            server = self._deliver_queue()
        self.assertEqual((len(server.mails), server.connections), (5, 3))
        self.assertTrue(all(self._get_files(server).values()))
        self.assertEqual({request.delivery_ids.state for request in requests}, {"sent"})

    def test_a_message_with_too_many_documents_goes_alone(self):
        invoices = [self._create_invoice(100) for _n in range(3)]
        many = self._create_request(*invoices, delivery_method="email")
        self._ask_new("0@example.com")
        with patch.object(documents, "DOCUMENTS", 2):
            server = self._deliver_queue()
        self.assertEqual(server.connections, 2)
        self.assertEqual(len(self._get_files(server)["petra@example.com"]), 3)
        self.assertEqual(many.delivery_ids.state, "sent")

    def test_documents_that_take_too_long_are_left_out(self):
        request = self._ask("email")
        with patch.object(documents, "SECONDS", -1):
            server = self._deliver_queue()
        self.assertEqual(self._get_files(server), {"petra@example.com": []})
        self.assertIn("took too long", self._get_notes(request))

    @mute_logger(*LOGGERS, *MAIL_LOGGERS)
    def test_what_is_missing_is_told_once_the_e_mail_is_out(self):
        request = self._ask("email")
        self._break_report("True")
        with mail_server(self.env) as server:
            server.refuse["petra@example.com"] = "451 4.7.1 greylisted"
            self._drain()
            self.assertEqual(request.delivery_ids.state, "queued")
            self.assertNotIn("went out without", self._get_notes(request))
            server.refuse.clear()
            with freeze_time(request.delivery_ids.retry_at + timedelta(seconds=1)):
                self._drain()
        self.assertEqual(request.delivery_ids.state, "sent")
        self.assertEqual(self._get_notes(request).count("went out without"), 1)

    @mute_logger(*LOGGERS, *MAIL_LOGGERS)
    def test_an_e_mail_that_never_went_out_went_out_without_nothing(self):
        request = self._ask("email")
        self._break_report("True")
        with mail_server(self.env) as server:
            server.refuse["petra@example.com"] = "550 5.1.1 no such user"
            self._drain()
        self.assertEqual(request.delivery_ids.state, "failed")
        self.assertNotIn("went out without", self._get_notes(request))

    @mute_logger(*LOGGERS, MAIL_LOGGER)
    def test_what_breaks_before_anything_was_sent_is_tried_again(self):
        """None of the e-mails stays behind for Odoo's own queue, with or without a template."""
        requests = [self._ask_new(f"{n}@example.com") for n in range(2)]
        attachments = type(self.env["ir.attachment"])
        with patch.object(attachments, "create", side_effect=OSError("the disk is full")):
            server = self._deliver_queue()
        self.assertFalse(server.mails)
        for request in requests:
            self.assertEqual(request.delivery_ids.state, "queued")
            self.assertFalse(request.activity_ids)
        retry_at = max(request.delivery_ids.retry_at for request in requests)
        with freeze_time(retry_at + timedelta(seconds=1)):
            server = self._deliver_queue()
        self.assertEqual(sorted(server.get_recipients()), ["0@example.com", "1@example.com"])
