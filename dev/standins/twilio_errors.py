"""Twilio's refusals: which test number gets which, with Twilio's numbers and words."""

TO_ERRORS = {
    "+15005550001": 21211,
    "+15005550002": 21612,
    "+15005550003": 21408,
    "+15005550004": 21610,
    "+15005550009": 21614,
}
FROM_ERRORS = {"+15005550001": 21212, "+15005550007": 21606, "+15005550008": 21611}
MESSAGES = {
    20003: "Authenticate",
    20404: "The requested resource was not found",
    20429: "Too Many Requests",
    20500: "Internal Server Error",
    21211: "Invalid 'To' Phone Number: {to}",
    21212: "Invalid 'From' Number: {sender}",
    21266: "'To' and 'From' number cannot be the same: {to}",
    21408: "Permission to send an SMS has not been enabled for the region indicated by the 'To' "
    "number: {to}",
    21602: "Message body is required.",
    21603: "A 'From' phone number is required.",
    21604: "A 'To' phone number is required.",
    21606: "The 'From' phone number {sender} is not a valid, SMS-capable inbound phone number or "
    "short code for your account.",
    21609: "The 'StatusCallback' URL {callback} is not a valid URL.",
    21610: "Attempt to send to unsubscribed recipient",
    21611: "This 'From' number has exceeded the maximum number of queued messages: {sender}",
    21612: "The 'To' phone number: {to}, is not currently reachable using the 'From' phone number: "
    "{sender} via SMS.",
    21614: "'To' number: {to}, is not a valid mobile number",
    21617: "The concatenated message body exceeds the 1600 character limit.",
}
_HTTP = {20003: 401, 20404: 404, 20429: 429, 20500: 500}
BY_HTTP = {401: 20003, 404: 20404, 429: 20429}


class TwilioError(Exception):
    def __init__(self, code: int, **words: str):
        super().__init__(MESSAGES[code].format(**{"to": "", "sender": "", "callback": "", **words}))
        self.code = code
        self.http_status = _HTTP.get(code, 400)

    def body(self) -> dict:
        """The JSON that Twilio sends."""
        return {
            "code": self.code,
            "message": str(self),
            "more_info": f"https://www.twilio.com/docs/errors/{self.code}",
            "status": self.http_status,
        }
