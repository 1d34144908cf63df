"""Errors with Stripe's own shape."""


class StripeError(Exception):
    """An answer that is not 2xx.

    `saved` says whether an idempotency key keeps this answer: Stripe keeps what happened once the
    work had begun and forgets refusals of the parameters themselves.
    """

    def __init__(
        self,
        http_status: int,
        message: str,
        *,
        kind: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
        saved: bool = False,
        **extra,
    ):
        super().__init__(message)
        self.http_status = http_status
        self.message = message
        self.kind = kind
        self.code = code
        self.param = param
        self.saved = saved
        self.extra = extra

    def body(self, request_ref: str, dashboard: str) -> dict:
        """The JSON that Stripe sends, without the keys that say nothing."""
        error = {"message": self.message, "type": self.kind}
        if self.code:
            error["code"] = self.code
            error["doc_url"] = f"https://stripe.com/docs/error-codes/{self.code.replace('_', '-')}"
        if self.param:
            error["param"] = self.param
        error["request_log_url"] = f"{dashboard}/_dev/requests?request={request_ref}"
        error.update({key: value for key, value in self.extra.items() if value is not None})
        return {"error": error}


def missing(param: str) -> StripeError:
    return StripeError(
        400, f"Missing required param: {param}.", code="parameter_missing", param=param
    )


def unknown(params: list[str]) -> StripeError:
    names = ", ".join(params)
    word = "parameter" if len(params) == 1 else "parameters"
    return StripeError(
        400, f"Received unknown {word}: {names}", code="parameter_unknown", param=params[0]
    )


def invalid(message: str, param: str | None = None, code: str | None = None) -> StripeError:
    """A refusal of what the caller sent, found while doing the work."""
    return StripeError(400, message, code=code, param=param, saved=True)


def no_such(noun: str, ref: str, param: str = "id", http_status: int = 404) -> StripeError:
    return StripeError(
        http_status,
        f"No such {noun}: '{ref}'",
        code="resource_missing",
        param=param,
        saved=True,
    )


_BY_STATUS = {
    400: ("invalid_request_error", None, "The request was refused by the stand-in on request."),
    401: ("invalid_request_error", None, "Invalid API Key provided: sk_test_****************"),
    402: ("card_error", "card_declined", "Your card was declined."),
    403: (
        "invalid_request_error",
        "more_permissions_required",
        "The provided key does not have the required permissions for this endpoint.",
    ),
    409: ("api_error", "lock_timeout", "This object cannot be accessed right now."),
    429: ("invalid_request_error", "rate_limit", "Request rate limit exceeded."),
}


def by_status(http_status: int) -> StripeError:
    """The error Stripe would most likely send with this status; used by injected faults."""
    kind, code, message = _BY_STATUS.get(
        http_status, ("api_error", None, "An unknown error occurred. The stand-in was told to.")
    )
    return StripeError(http_status, message, kind=kind, code=code)
