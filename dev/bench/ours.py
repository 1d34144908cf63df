"""The addon's ways, measured as far as `native` measures Odoo's."""

from datetime import datetime, timedelta
from decimal import Decimal

from . import events
from .measure import Cost, measured, peak_memory
from .world import ADMIN, World


def request(world: World, invoice_ids: list, **options) -> int:
    """The id of a sent request for `invoice_ids`; of every second one 40 % when there are many."""
    allocations = [
        {"invoice_id": invoice_id, **({"amount": "46.00"} if number % 2 else {})}
        for number, invoice_id in enumerate(invoice_ids)
    ]
    with world.env(ADMIN) as env:
        options = {"delivery_method": "link", **options}
        return env["payment.request"].create_and_send(allocations, **options).id


def paid_event(world: World, request_id: int) -> bytes:
    """Stripe's word that the request was paid, after its checkout was opened."""
    from odoo.addons.payment_request_stripe.gateways.events import parse_session

    with world.env() as env:
        record = env["payment.request"].browse(request_id)
        quote = record._get_quote()
        checkout = env["payment.request.checkout"]._intend(record, quote)
        session = events.session(events.ref("cs_test"), quote["total"], checkout.idempotency_key)
        opened = {**session, "status": "open", "payment_status": "unpaid", "payment_intent": None}
        checkout._record_session(parse_session({**opened, "url": "https://checkout.stripe.com/x"}))
        return events.body("checkout.session.completed", session)


def settle(world: World, invoice_ids: list) -> Cost:
    """Pay `invoice_ids` by one request: the webhook's answer and the worker's booking."""
    request_id = request(world, invoice_ids)
    content = paid_event(world, request_id)
    with measured() as cost:
        world.post(world.webhook, content)
        with world.env() as env:
            env["payment.request.event"]._cron_process()
    with world.env() as env:
        record = env["payment.request"].browse(request_id)
        assert record.state == "completed", (record.state, record.event_ids.mapped("error"))
        for number, invoice_id in enumerate(invoice_ids):
            left = env["account.move"].browse(invoice_id).amount_residual
            assert left == (69.0 if number % 2 else 0.0), left
    return cost


def pay_page(world: World, invoice_ids: list) -> Cost:
    """The first opening of a link, which is also noted."""
    request_id = request(world, invoice_ids)
    with world.env() as env:
        token = env["payment.request"].browse(request_id).access_token
    with measured() as cost:
        page = world.get(f"/pay/{token}")
    assert 'name="quote"' in page
    return cost


def create_requests(world: World, invoice_ids: list, method: str = "email") -> tuple:
    """Ask for `invoice_ids` in one call; return the cost per request and the requests' ids."""
    with measured() as cost:
        with world.env(ADMIN) as env:
            moves = env["account.move"].browse(invoice_ids)
            ids = moves.send_payment_links(delivery_method=method).ids
    return cost.per(len(ids)), ids


def drain(world: World, request_ids: list) -> Cost:
    """Let the worker send what is queued; the cost per message."""
    with measured() as cost:
        with world.env() as env:
            env["payment.request.delivery"]._cron_send()
    with world.env() as env:
        found = env["payment.request.delivery"].search([("request_id", "in", request_ids)])
        states = set(found.mapped("state"))
        assert states == {"sent"}, (states, found[:1].failure_reason)
    return cost.per(len(request_ids))


def bulk_send(world: World, invoice_ids: list, method: str) -> float:
    """The MB that the worker needs at its peak to make the links of a bulk send, and send them."""
    expires_at = datetime.now() + timedelta(days=30)
    options = {"delivery_method": method, "message": False, "expires_at": expires_at}
    with world.env(ADMIN) as env:
        amounts = dict.fromkeys(invoice_ids, Decimal("115.00"))
        env["payment.request.batch"]._start(amounts, options)
    with world.env() as env, peak_memory() as peak:
        env["payment.request.delivery"]._cron_send()
    with world.env() as env:
        batch = env["payment.request.batch"].search([], order="id desc", limit=1)
        states = set(batch.line_ids.request_id.delivery_ids.mapped("state"))
        assert (batch.state, states) == ("done", {"sent"}), (batch.state, states)
    return peak[0]
