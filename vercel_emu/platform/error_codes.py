"""The platform's error codes, each with its status and message (vercel.com/docs/errors)."""

from __future__ import annotations

_NOT_FOUND = "The page could not be found"
_SERVER_ERROR = "A server error has occurred"
_DEPLOYMENT_ERROR = "An error occurred with your deployment"
_BAD_GATEWAY = "An error occurred with this application."

# code -> (status, the platform's message)
CODES: dict[str, tuple[int, str]] = {
    "BAD_REQUEST": (400, "Bad request"),
    "INVALID_VISITOR": (400, "Bad request"),
    "MALFORMED_REQUEST_HEADER": (400, "Bad request"),
    "UNAUTHORIZED": (401, "Unauthorized"),
    "PAYMENT_REQUIRED": (402, "Payment required"),
    "FORBIDDEN": (403, "You don't have the required permissions"),
    "NOT_FOUND": (404, _NOT_FOUND),
    "INVALID_REQUEST_METHOD": (405, "Method not allowed"),
    "NOT_ALLOWED": (405, "Method not allowed"),
    "GONE": (410, "The deployment has been removed"),
    "PAYLOAD_TOO_LARGE": (413, "Request Entity Too Large"),
    "RATE_LIMITED": (429, "Rate limited"),
    "NOT_IMPLEMENTED": (501, "Not implemented"),
    "BAD_GATEWAY": (502, _BAD_GATEWAY),
    "SERVICE_UNAVAILABLE": (503, "The deployment is currently unavailable"),
    "GATEWAY_TIMEOUT": (504, _DEPLOYMENT_ERROR),
    "INFINITE_LOOP": (508, "Infinite loop detected"),
    "UNKNOWN_ERROR": (500, "Error occurred"),
    "FUNCTION_PAYLOAD_TOO_LARGE": (413, "Request Entity Too Large"),
    "URL_TOO_LONG": (414, "Request-URI Too Large"),
    "REQUEST_HEADER_TOO_LARGE": (431, "Request Header Fields Too Large"),
    "FUNCTION_INVOCATION_FAILED": (500, _SERVER_ERROR),
    "FUNCTION_RESPONSE_PAYLOAD_TOO_LARGE": (500, _SERVER_ERROR),
    "INTERNAL_SERVER_ERROR": (500, _SERVER_ERROR),
    "DNS_HOSTNAME_EMPTY": (502, _BAD_GATEWAY),
    "DNS_HOSTNAME_NOT_FOUND": (502, _BAD_GATEWAY),
    "DNS_HOSTNAME_RESOLVE_FAILED": (502, _BAD_GATEWAY),
    "NO_RESPONSE_FROM_FUNCTION": (502, _BAD_GATEWAY),
    "ROUTER_CANNOT_MATCH": (502, _BAD_GATEWAY),
    "ROUTER_EXTERNAL_TARGET_CONNECTION_ERROR": (502, _BAD_GATEWAY),
    "ROUTER_EXTERNAL_TARGET_ERROR": (502, _BAD_GATEWAY),
    "FUNCTION_THROTTLED": (503, "The deployment is currently unavailable"),
    "FUNCTION_INVOCATION_TIMEOUT": (504, _DEPLOYMENT_ERROR),
    "INFINITE_LOOP_DETECTED": (508, "Infinite loop detected"),
}
