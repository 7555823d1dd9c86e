"""Query strings in their raw form: what no rule touches stays as the client sent it."""

from __future__ import annotations

from urllib.parse import unquote_to_bytes


def decode_component(text: str) -> str:
    """A raw key or value as text; bytes that aren't UTF-8 survive as surrogates."""
    raw = unquote_to_bytes(text.replace("+", " ").encode("latin-1", "replace"))
    return raw.decode("utf-8", "surrogateescape")


def pairs(query: str) -> list[tuple[str, str]]:
    """`(decoded key, raw pair)` of each parameter, in order."""
    return [(decode_component(pair.partition("=")[0]), pair) for pair in query.split("&") if pair]


def last_value(query: str, key: str) -> str | None:
    """The decoded value of a parameter, the last one if it is repeated."""
    found = None
    for name, pair in pairs(query):
        if name == key:
            found = decode_component(pair.partition("=")[2])
    return found


def merge_queries(destination: str, request: str) -> str:
    """The query of a destination with that of the request, which wins where both name a key."""
    if not destination:
        return request
    if not request:
        return destination
    theirs = pairs(request)
    names = {name for name, _ in theirs}
    merged: list[str] = []
    for name, pair in pairs(destination):
        if name not in names:
            merged.append(pair)
    return "&".join([*merged, *(pair for _, pair in theirs)])


def with_query(url: str, query: str) -> str:
    """`url` with `query` merged into its own; a fragment stays at the end."""
    if not query:
        return url
    rest, mark, fragment = url.partition("#")
    base, _, own = rest.partition("?")
    return f"{base}?{merge_queries(own, query)}{mark}{fragment}"
