"""Many rows from one, in SQL: three thousand posted invoices in a second."""

from odoo.tools import SQL


def invoices(env, source, partner_ids: list) -> list:
    """Copy the posted invoice `source` once for each of `partner_ids`; return the new ids.

    The copies have their own number and customer, the same lines, taxes and amounts.
    """
    env.flush_all()
    cr = env.cr
    cr.execute("SELECT COALESCE(MAX(sequence_number), 0) FROM account_move")
    first = cr.fetchone()[0] + 1
    ids = _new_ids(cr, "account_move", len(partner_ids))
    cr.execute(
        """
        CREATE TEMP TABLE bench_move ON COMMIT DROP AS
        SELECT copy.id, copy.partner, %(first)s + copy.number::int - 1 AS number
        FROM unnest(%(ids)s, %(partners)s) WITH ORDINALITY AS copy (id, partner, number)
        """,
        {"first": first, "ids": ids, "partners": partner_ids},
    )
    # As Odoo numbers: five places or more. (`lpad` alone would cut the sixth.)
    number = "copy.number::text"
    name = f"source.sequence_prefix || lpad({number}, greatest(5, length({number})), '0')"
    partner_of = dict.fromkeys(("partner_id", "commercial_partner_id"), "copy.partner")
    copy(
        cr,
        "account_move",
        source.ids,
        "bench_move",
        {
            **partner_of,
            "id": "copy.id",
            "name": name,
            "payment_reference": name,
            "sequence_number": "copy.number",
            "partner_shipping_id": "copy.partner",
            # Posting an invoice gives it none; its first link does.
            "access_token": "NULL",
        },
    )
    cr.execute(
        """
        CREATE TEMP TABLE bench_line ON COMMIT DROP AS
        SELECT line.id AS source, nextval('account_move_line_id_seq')::int AS id, move.id AS move,
            move.partner, move.number
        FROM bench_move move CROSS JOIN account_move_line line
        WHERE line.move_id = %s
        """,
        [source.id],
    )
    on_line = {
        "id": "copy.id",
        "move_id": "copy.move",
        "move_name": "COALESCE(source.move_name, '')",
        "partner_id": "copy.partner",
    }
    copy(cr, "account_move_line", source.line_ids.ids, "bench_line", on_line, "copy.source")
    cr.execute(
        """
        UPDATE account_move_line SET move_name = move.name
        FROM account_move move, bench_move copy
        WHERE move.id = account_move_line.move_id AND move.id = copy.id
        """
    )
    cr.execute(
        """
        INSERT INTO account_move_line_account_tax_rel (account_move_line_id, account_tax_id)
        SELECT copy.id, tax.account_tax_id
        FROM bench_line copy
        JOIN account_move_line_account_tax_rel tax ON tax.account_move_line_id = copy.source
        """
    )
    cr.execute("DROP TABLE bench_line, bench_move")
    env.invalidate_all()
    return ids


def transactions(env, source, invoice_ids: list) -> list:
    """Copy the draft transaction `source` once for each invoice; return the new references."""
    env.flush_all()
    cr = env.cr
    ids = _new_ids(cr, "payment_transaction", len(invoice_ids))
    cr.execute(
        "CREATE TEMP TABLE bench_tx ON COMMIT DROP AS "
        "SELECT * FROM unnest(%s, %s) AS copy (id, invoice)",
        [ids, invoice_ids],
    )
    reference = "source.reference || '-' || copy.id"
    overrides = {"id": "copy.id", "reference": reference}
    copy(cr, "payment_transaction", source.ids, "bench_tx", overrides)
    cr.execute(
        "INSERT INTO account_invoice_transaction_rel (transaction_id, invoice_id) "
        "SELECT id, invoice FROM bench_tx"
    )
    cr.execute("DROP TABLE bench_tx")
    env.invalidate_all()
    return [f"{source.reference}-{one}" for one in ids]


def _new_ids(cr, table: str, count: int) -> list:
    cr.execute(SQL("SELECT nextval(%s)::int FROM generate_series(1, %s)", f"{table}_id_seq", count))
    return [row[0] for row in cr.fetchall()]


def copy(cr, table: str, source_ids: list, copies: str, overrides: dict, join: str = "") -> None:
    """Insert every pair of a source row and a row of `copies`, with `overrides` as columns."""
    cr.execute(
        """
        SELECT column_name FROM information_schema.columns
        WHERE table_name = %s AND table_schema = current_schema AND is_generated = 'NEVER'
        """,
        [table],
    )
    columns = [row[0] for row in cr.fetchall()]
    targets = ", ".join(f'"{column}"' for column in columns)
    values = ", ".join(overrides.get(column, f'source."{column}"') for column in columns)
    condition = f"AND source.id = {join}" if join else ""
    cr.execute(
        f"INSERT INTO {table} ({targets}) SELECT {values} FROM {table} source, {copies} copy "
        f"WHERE source.id = ANY(%s) {condition}",
        [source_ids],
    )
