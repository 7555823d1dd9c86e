"""Who is asking: the request's own wish, or the emulator's current visitor.

Strongest first: the header `x-emu-visitor` and single fields (`x-emu-city: Kyoto`), then the cookie
`emu_visitor`, then the current visitor. Runs for every request, so it looks at each header once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from urllib.parse import quote, unquote_to_bytes

from vercel_emu.errors import EmuError
from vercel_emu.platform import header_names as names
from vercel_emu.visitors.visitor import Visitor

_PREFIX = names.EMU_PREFIX.encode()
_PREFIX_LENGTH = len(_PREFIX)
_VISITOR = names.EMU_VISITOR.removeprefix(names.EMU_PREFIX)
_COOKIE_NAME = names.EMU_VISITOR_COOKIE.encode()
_COOKIE_MARK = _COOKIE_NAME + b"="


def choose_visitor(
    headers: Iterable[tuple[bytes, bytes]],
    current: Visitor,
    resolve: Callable[[str], Visitor],
    *,
    overrides: bool = True,
    on_stale: Callable[[str, EmuError], None] = lambda cookie, error: None,
) -> Visitor:
    """The visitor of this request. Header names are lower case, as ASGI has them.

    A header that means nobody is an `EmuError`. A cookie that does is told to `on_stale` and
    counts no more: it stays in the browser while pyproject.toml goes on.
    """
    if not overrides:
        return current
    cookie: bytes | None = None
    wishes: dict[str, str] | None = None
    for name, value in headers:
        if name[:_PREFIX_LENGTH] == _PREFIX:
            if wishes is None:
                wishes = {}
            wishes[name[_PREFIX_LENGTH:].decode("latin-1")] = _decode(value)
        elif name == b"cookie" and _COOKIE_MARK in value:
            cookie = _cookie_value(value) or cookie
    if wishes is None and cookie is None:
        return current
    base = current
    if cookie is not None and (wishes is None or _VISITOR not in wishes):
        text = _decode(cookie)
        try:
            base = resolve(text)
        except EmuError as error:
            on_stale(text, error)
    return base if wishes is None else _granted(wishes, base, resolve)


def visitor_cookie(text: str) -> str:
    """The `set-cookie` value that makes a browser tab this visitor; empty text removes it."""
    age = "" if text else "; Max-Age=0"
    value = quote(text, safe="")
    return f"{names.EMU_VISITOR_COOKIE}={value}; Path=/; SameSite=Lax{age}"


def _granted(wishes: dict[str, str], base: Visitor, resolve: Callable[[str], Visitor]) -> Visitor:
    # Late: most requests have no wish, and starts are faster without its places.
    from vercel_emu.visitors.override import override_visitor

    wanted = wishes.pop(_VISITOR, None)
    if wanted is not None:
        base = resolve(wanted)
    return override_visitor(base, wishes, where=names.EMU_PREFIX)


def _cookie_value(header: bytes) -> bytes | None:
    for pair in header.split(b";"):
        name, _, value = pair.strip().partition(b"=")
        if name == _COOKIE_NAME and value:
            return value.strip(b'"')
    return None


def _decode(value: bytes) -> str:
    """A header value as text: UTF-8, percent-encoded UTF-8, or Latin-1 as a last resort."""
    raw = unquote_to_bytes(value) if b"%" in value else value
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")
