"""What a request to the control API asks: its body and its numbers, each within bounds."""

from __future__ import annotations

import msgspec
from starlette.requests import ClientDisconnect, Request

from vercel_emu.errors import EmuError

MOST_BYTES = 16 * 1024 * 1024
"""A body at most: several times what the largest item of the runtime cache takes."""


class BodyTooLargeError(EmuError):
    """Answered with 413."""

    def __init__(self) -> None:
        super().__init__(
            "REQUEST_TOO_LARGE",
            f"The request's body is over {MOST_BYTES // 1024 // 1024} MB.",
            "Send it in parts.",
        )


async def asked[T](request: Request, kind: type[T], empty: bytes = b"") -> T:
    """The JSON body as a value of `kind`; `empty` stands for an empty one.

    Raises:
        EmuError: it is none, or too large.
    """
    body = await _body(request)
    try:
        return msgspec.json.decode(body or empty, type=kind)
    except (ValueError, RecursionError) as error:
        raise _wrong(request, error) from None


def asked_in_query[T](request: Request, kind: type[T]) -> T:
    """The query string as a value of `kind`.

    Raises:
        EmuError: it is none.
    """
    try:
        return msgspec.convert(dict(request.query_params), kind, strict=False)
    except msgspec.ValidationError as error:
        raise _wrong(request, error) from None


def status_of(error: EmuError) -> int:
    """The status that a request gets which could not be granted."""
    return 413 if isinstance(error, BodyTooLargeError) else 400


def _wrong(request: Request, error: Exception) -> EmuError:
    name = request.url.path.rpartition("/")[2]
    return EmuError("INVALID_REQUEST", f"{name}: {error}.")


async def _body(request: Request) -> bytes:
    """The body; one that is too large is read to its end, so that its sender hears of it."""
    chunks: list[bytes] = []
    size = 0
    try:
        async for chunk in request.stream():
            size += len(chunk)
            if size <= MOST_BYTES:
                chunks.append(chunk)
            else:
                chunks.clear()
    except ClientDisconnect:
        raise EmuError("INVALID_REQUEST", "The request's body broke off.") from None
    if size > MOST_BYTES:
        raise BodyTooLargeError
    return b"".join(chunks)
