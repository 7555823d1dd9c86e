"""Makes a connection that fails smaller, as long as it still fails."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace

from tests.fuzz.connections import Connection, End, Request

MOST_TRIES = 40
_KEPT = (b"host:", b"x-fuzz:", b"content-length:", b"transfer-encoding:")
"""Without these it would be another request."""


async def shrink(
    connection: Connection, fails: Callable[[Connection], Awaitable[bool]]
) -> Connection:
    """The smallest that was found within a fixed number of tries."""
    tries = 0
    smaller = True
    while smaller:
        smaller = False
        for candidate in simpler(connection):
            tries += 1
            if tries > MOST_TRIES:
                return connection
            if await fails(candidate):
                connection, smaller = candidate, True
                break
    return connection


def simpler(connection: Connection) -> Iterator[Connection]:
    """Each a little less than `connection`, the largest steps first."""
    requests = connection.requests
    if connection.end is End.REFUSED:
        return  # what is odd about it is its size
    for number in range(len(requests)):
        if len(requests) > 1:
            yield replace(connection, requests=requests[:number] + requests[number + 1 :])
    if connection.cuts:
        yield replace(connection, cuts=())
    if connection.length is not None:
        yield replace(connection, length=None)
    if connection.end is not End.WAIT:
        yield replace(connection, end=End.WAIT)
    for number, request in enumerate(requests):
        for less in _simpler_request(request):
            yield replace(connection, requests=(*requests[:number], less, *requests[number + 1 :]))


def _simpler_request(request: Request) -> Iterator[Request]:
    if request.after:
        yield replace(request, after=b"")
    for number, line in enumerate(request.headers):
        if not line.lower().startswith(_KEPT):
            rest = (*request.headers[:number], *request.headers[number + 1 :])
            yield replace(request, headers=rest, mutations=(*request.mutations, "less"))
