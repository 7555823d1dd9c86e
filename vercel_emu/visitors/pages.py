"""`/_emu/visitor/Tokyo`: a browser tab becomes a visitor, by a cookie that the edge reads.

`/_emu/visitor/` shows who the tab is and offers others, `/_emu/visitor/reset` forgets the cookie.
`?to=/path` goes there at once. A client that accepts JSON gets the visitor as JSON. Where a page of
another origin sends a browser here, nothing is set: the person is shown a link and asked.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from html import escape
from typing import Any
from urllib.parse import parse_qs, quote, urlencode

from starlette.types import Receive, Send

from vercel_emu.errors import EmuError
from vercel_emu.platform import own_paths
from vercel_emu.visitors.choose import visitor_cookie
from vercel_emu.visitors.directory import VisitorDirectory
from vercel_emu.visitors.visitor import Visitor

SUGGESTED = ("Tokyo", "São Paulo", "Nairobi", "Berlin", "Sydney", "San Francisco", "none")

_STYLE = """
:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:40rem;
margin:8vh auto;padding:0 1.5rem}h1{font-size:1.4rem}th{text-align:left;font-weight:400;
opacity:.65;padding-right:1.5rem}nav a{display:inline-block;margin-right:.8rem}
input,button{font:inherit;padding:.2rem .5rem}
"""

_PROTECTION = (
    (
        b"content-security-policy",
        b"default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src 'self'; \
connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
"""No page shows these in a frame; no script but ours runs in them."""


class VisitorPages:
    """The ASGI handler of everything below `own_paths.VISITOR`, for one emulator's visitors."""

    def __init__(self, visitors: VisitorDirectory) -> None:
        self._visitors = visitors

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        wants_json = b"application/json" in _header(scope, b"accept")
        try:
            status, cookie, document = self._answer(scope)
        except EmuError as error:
            status, cookie = 400, None
            document = _Document({"error": error.as_dict()}, _problem(error))
        headers: list[tuple[bytes, bytes]] = [(b"cache-control", b"no-store")]
        if cookie is not None:
            headers.append((b"set-cookie", cookie.encode("latin-1")))
        target = _target(scope)
        if cookie is not None and target is not None:
            status = 303
            headers.append((b"location", target.encode("latin-1", "replace")))
        await _send(send, status, headers, document, wants_json=wants_json)

    def _answer(self, scope: Any) -> tuple[int, str | None, _Document]:
        """Status, cookie to set, and what to show."""
        if not self._visitors.overrides:
            raise EmuError(
                "OVERRIDES_OFF",
                "This emulator was started with --no-overrides: requests can't choose a visitor.",
                "Use `vercel-emu visitor set` where it runs.",
            )
        who = _asked_for(scope)
        if who and _from_elsewhere(scope):
            return 403, None, _confirmation(who, _query(scope, "to"))
        if who == "reset":
            return 200, visitor_cookie(""), self._document(self._visitors.current, "You are again")
        if who:
            visitor = self._visitors.resolve(who)
            return 200, visitor_cookie(who), self._document(visitor, "This browser is now")
        return 200, None, self._document(self._visitors.choose(scope["headers"]), "You are")

    def _document(self, visitor: Visitor, heading: str) -> _Document:
        shown = {
            name: value for name, value in asdict(visitor).items() if value and name != "label"
        }
        rows = "".join(
            f"<tr><th>{escape(name.replace('_', ' '))}<td>{escape(str(value))}"
            for name, value in shown.items()
        )
        links = "".join(
            f'<a href="{own_paths.VISITOR}/{quote(name, safe="")}">{escape(name)}</a>'
            for name in (*self._visitors.named, *SUGGESTED)
        )
        page = (
            f"<h1>{escape(heading)} {escape(visitor.label)}</h1><table>{rows}</table>"
            f'<p><a href="/">Go to the app</a></p>'
            f'<form action="{own_paths.VISITOR}/">'
            f'<input name="who" placeholder="A place, an IP, none" '
            f'aria-label="visitor" autofocus> <button>Travel</button></form>'
            f'<nav><p>{links}<a href="{own_paths.VISITOR}/reset">reset</a></p></nav>'
        )
        return _Document(asdict(visitor), page)


class _Document:
    """One answer, for programs and for people."""

    def __init__(self, data: dict[str, Any], page: str) -> None:
        self.data = data
        self.page = page


def _from_elsewhere(scope: Any) -> bool:
    """Whether a page of another origin had the browser ask: by a link, an image, a frame...

    Browsers say so themselves, or at least where they come from. Another port is another origin.
    """
    if site := _header(scope, b"sec-fetch-site"):
        return site not in (b"same-origin", b"none")
    came_from = _header(scope, b"origin") or _header(scope, b"referer")
    if not came_from:
        return False
    host = came_from.partition(b"://")[2].partition(b"/")[0]
    return host != _header(scope, b"host")


def _confirmation(who: str, to: str) -> _Document:
    message = f"A page of another site wants this browser to become {who!r}."
    shape = {"code": "FROM_ANOTHER_SITE", "message": message, "hint": "Ask from this site."}
    query = f"?{urlencode({'to': to})}" if to else ""
    link = f"{own_paths.VISITOR}/{quote(who, safe='')}{query}"
    page = f'<h1>{escape(message)}</h1><p><a href="{escape(link)}">Yes, do that</a></p>'
    return _Document({"error": shape}, page)


def _asked_for(scope: Any) -> str:
    name: str = scope["path"].removeprefix(own_paths.VISITOR).strip("/")
    return name or _query(scope, "who").strip()


def _target(scope: Any) -> str | None:
    """Where `?to=` leads: within this site only."""
    to = _query(scope, "to")
    inside = to.startswith("/") and not to.startswith(("//", "/\\")) and to.isprintable()
    return quote(to, safe="/?&=%:@!$'()*+,;~#") if inside else None


def _query(scope: Any, name: str) -> str:
    values = parse_qs(scope["query_string"].decode("utf-8", "replace")).get(name)
    return values[0] if values else ""


def _header(scope: Any, name: bytes) -> bytes:
    return next((value for key, value in scope["headers"] if key == name), b"")


def _problem(error: EmuError) -> str:
    hint = f"<p>{escape(error.hint)}</p>" if error.hint else ""
    again = f'<p><a href="{own_paths.VISITOR}/reset">Start anew</a></p>'
    return f"<h1>{escape(error.message)}</h1>{hint}{again}"


async def _send(
    send: Send,
    status: int,
    headers: list[tuple[bytes, bytes]],
    document: _Document,
    *,
    wants_json: bool,
) -> None:
    if wants_json:
        kind, text = b"application/json", json.dumps(document.data, ensure_ascii=False)
    else:
        kind = b"text/html; charset=utf-8"
        text = (
            '<!doctype html><html lang="en"><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width,initial-scale=1">'
            f"{own_paths.ICON}<title>Visitor</title><style>{_STYLE}</style>"
            f"<body>{document.page}</body></html>"
        )
    body = text.encode()
    head = [*headers, *_PROTECTION, (b"content-type", kind), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": head})
    await send({"type": "http.response.body", "body": body})
