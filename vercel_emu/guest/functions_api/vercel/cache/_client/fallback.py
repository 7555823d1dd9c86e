"""A cache endpoint elsewhere or behind TLS: one `http.client` connection a request.

Only where the official package is absent; with it, its own client does this.
"""

from __future__ import annotations

from .address import Endpoint
from .exchange import TIMEOUT_SECONDS
from .wire import Response


def exchange_elsewhere(
    endpoint: Endpoint, method: str, target: str, headers: dict[str, str], body: bytes | None
) -> Response:
    """Send one request over HTTP or HTTPS; blocks (event loops run it in a thread)."""
    # Imported late: http.client and ssl cost more than everything else here together.
    import http.client

    kind = http.client.HTTPSConnection if endpoint.secure else http.client.HTTPConnection
    connection = kind(endpoint.host, endpoint.port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request(method, target, body=body, headers=headers)
        answer = connection.getresponse()
        fields = {name.lower(): value for name, value in answer.getheaders()}
        return Response(answer.status, answer.reason, fields, answer.read(), reusable=False)
    finally:
        connection.close()
