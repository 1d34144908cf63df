"""Products and prices, as far as line items need them."""

from stripe.params import (
    PriceCreateParams,
    PriceRetrieveParams,
    ProductCreateParams,
    ProductRetrieveParams,
)

from . import errors, money, shapes
from .api import Call, Route
from .store import World


def create_product(call: Call) -> dict:
    return _new_product(call.world, call.params)


def _new_product(world: World, params: dict, active: bool = True) -> dict:
    product = shapes.blank(
        "product",
        world.now(),
        active=active,
        name=params["name"],
        description=params.get("description"),
        images=params.get("images", []),
        marketing_features=[],
        metadata=params.get("metadata", {}),
        type="service",
        updated=world.now(),
    )
    return world.add("product", product)


def create_price(call: Call) -> dict:
    params = call.params
    if "product" not in params and "product_data" not in params:
        raise errors.missing("product")
    return _price(call.world, params, "", active=True)


def inline_price(world: World, data: dict, path: str) -> dict:
    """The price (and product) that a line item's `price_data` makes; both stay inactive."""
    return _price(world, data, path, active=False)


def _price(world: World, data: dict, path: str, active: bool) -> dict:
    def name(part: str) -> str:
        return f"{path}[{part}]" if path else part

    currency = data["currency"].lower()
    if len(currency) != 3 or not currency.isalpha():
        message = f"Invalid currency: {currency}."
        raise errors.StripeError(400, message, param=name("currency"))
    if ("product" in data) == ("product_data" in data):
        message = "You must specify either `product` or `product_data` when creating a price."
        raise errors.StripeError(400, message, param=path or "product")
    amount = _unit_amount(data, name)
    money.check_unit(amount, currency, name("unit_amount"))
    if "product" in data:
        product = world.find("product", data["product"], param=name("product"), http_status=400)
    else:
        product = _new_product(world, data["product_data"], active)
    price = shapes.blank(
        "price",
        world.now(),
        active=active,
        billing_scheme="per_unit",
        currency=currency,
        metadata=data.get("metadata", {}),
        product=product["id"],
        tax_behavior=data.get("tax_behavior", "unspecified"),
        type="one_time",
        unit_amount=amount,
        unit_amount_decimal=str(amount),
    )
    return world.add("price", price)


def _unit_amount(data: dict, name) -> int:
    if "unit_amount" in data:
        return data["unit_amount"]
    text = data.get("unit_amount_decimal")
    if text is None:
        raise errors.missing(name("unit_amount"))
    if not text.isdigit():
        message = "The stand-in takes whole minor units only."
        raise errors.StripeError(400, message, param=name("unit_amount_decimal"))
    return int(text)


def retrieve_product(call: Call) -> dict:
    return call.world.find("product", call.refs["ref"])


def retrieve_price(call: Call) -> dict:
    return call.world.find("price", call.refs["ref"])


ROUTES = (
    Route("POST", "/v1/products", create_product, ProductCreateParams),
    Route("GET", "/v1/products/{ref}", retrieve_product, ProductRetrieveParams),
    Route("POST", "/v1/prices", create_price, PriceCreateParams),
    Route("GET", "/v1/prices/{ref}", retrieve_price, PriceRetrieveParams),
)
