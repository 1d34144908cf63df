"""`make bench`: what the addon costs, beside Odoo's own way to do the same, in one run."""
