from odoo.http import Controller, request, route


class Floor(Controller):
    """What any answer of Odoo costs: a route that does nothing."""

    @route(
        "/bench/floor", type="http", auth="none", methods=["POST"], csrf=False, save_session=False
    )
    def floor(self):
        return request.make_response("", status=200)
