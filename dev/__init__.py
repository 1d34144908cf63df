"""Everything a developer or a newcomer runs. Nothing here is loaded by Odoo."""
