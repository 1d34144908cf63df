"""Full tables, by SQL: a million requests and millions of events beside the few that are used."""

from odoo.tools import SQL

from . import clone

# Of 20 requests one is still asking; the others have had their time.
STATES = "CASE WHEN mod(copy.number, 20) = 0 THEN 'sent' ELSE 'completed' END"
# So many requests ask for one invoice, over the years.
PER_INVOICE = 10


def requests(env, source, count: int, invoice_ids: list) -> None:
    """Copy the request `source` and its line `count` times, asking for `invoice_ids` in turn."""
    env.flush_all()
    cr = env.cr
    cr.execute(
        """
        CREATE TEMP TABLE bench_request ON COMMIT DROP AS
        SELECT nextval('payment_request_id_seq')::int AS id, number,
            (%s::int[])[1 + number %% %s] AS move
        FROM generate_series(1, %s) AS number
        """,
        [invoice_ids, len(invoice_ids), count],
    )
    is_paid = "mod(copy.number, 20) > 0"
    paid = "CASE WHEN {} THEN {} ELSE {} END".format
    on_request = {
        "id": "copy.id",
        "name": "'FILL/' || copy.id",
        "access_token": "md5('fill' || copy.id)",
        "state": STATES,
        "amount_paid": paid(is_paid, "source.amount_total", "0"),
        "amount_residual": paid(is_paid, "0", "source.amount_total"),
        "expires_at": "source.expires_at + copy.number * interval '1 second'",
    }
    clone.copy(cr, "payment_request", source.ids, "bench_request", on_request)
    on_line = {
        "id": "nextval('payment_request_line_id_seq')::int",
        "request_id": "copy.id",
        "move_id": "copy.move",
        "amount_paid": paid(is_paid, "source.amount", "0"),
        "amount_due": paid(is_paid, "0", "source.amount"),
    }
    clone.copy(cr, "payment_request_line", source.line_ids.ids, "bench_request", on_line)
    cr.execute("DROP TABLE bench_request")
    env.invalidate_all()


def events(env, source, count: int) -> None:
    """Copy the inbox's event `source` `count` times, as done."""
    env.flush_all()
    numbers = SQL(
        "CREATE TEMP TABLE bench_event ON COMMIT DROP AS "
        "SELECT nextval('payment_request_event_id_seq')::int AS id FROM generate_series(1, %s)",
        count,
    )
    env.cr.execute(numbers)
    on_event = {
        "id": "copy.id",
        "event_ref": "'evt_fill_' || copy.id",
        "state": "'done'",
        "payload": "'{}'::jsonb",
    }
    clone.copy(env.cr, "payment_request_event", source.ids, "bench_event", on_event)
    env.cr.execute("DROP TABLE bench_event")
    env.invalidate_all()
