# Copyright 2026 payment_request_stripe contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.tests import TransactionCase, tagged

MODULE = "payment_request_stripe"


@tagged("post_install", "-at_install")
class TestLabels(TransactionCase):
    """Where two fields of a model share a label, nobody can tell them apart in a filter."""

    def test_no_two_fields_of_a_model_share_a_label(self):
        twins = []
        for name, model in self.registry.items():
            by_label = {}
            for field in model._fields.values():
                by_label.setdefault(field.string, []).append(field)
            twins += [
                f"{name}: {' and '.join(field.name for field in fields)} are called {label}"
                for label, fields in by_label.items()
                if len(fields) > 1
                and (
                    model._original_module == MODULE
                    or any(MODULE in field._modules for field in fields)
                )
            ]
        self.assertFalse(twins, "\n".join(twins))
