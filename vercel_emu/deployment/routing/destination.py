"""Turns a `destination` into a template with `$1` and `$name`, and a template into a URL.

The platform compiles `:slug` of a rewrite or redirect into `$1` when it builds, and fills in what
the request matched when it routes. Two effects of its compilation are easy to miss and kept here: a
rewrite whose destination uses none of the named parameters gets all of them in its query, and a
query is decoded and encoded again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, unquote_plus

from vercel_emu.deployment.routing.patterns import (
    UNNAMED,
    PatternError,
    compile_template,
    parameter_names,
)

_URL = re.compile(
    r"(?:(?P<scheme>[A-Za-z][A-Za-z0-9.+-]*:)//(?P<host>[^/?#]*?)(?P<port>:\d+)?(?=[/?#]|\Z))?"
    r"(?P<path>[^?#]*)(?:\?(?P<query>[^#]*))?(?:#(?P<hash>.*))?",
    re.DOTALL,
)
_REFERENCE = re.compile(r"\$([1-9][0-9]*|[A-Za-z_][A-Za-z0-9_]*)")
_ESCAPED_COLON = "__ESC_COLON_"
_UNSAFE = re.compile(r"[\x00-\x20\"'<>\\^`{|}\x7f]")
_NOT_ASCII = re.compile(r"[^\x00-\x7f]+")
_ANY_CONTROL = re.compile(r"[\x00-\x20\x7f]")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class UrlParts:
    """A URL or an absolute path in pieces; `port` has its colon."""

    scheme: str
    host: str
    port: str
    path: str
    query: str | None
    hash: str | None


def split_url(url: str) -> UrlParts:
    found = _URL.fullmatch(url)
    if found is None:  # pragma: no cover - the expression matches every string
        return UrlParts("", "", "", url, None, None)
    scheme, host = found["scheme"] or "", found["host"] or ""
    port = found["port"] or ""
    return UrlParts(scheme, host, port, found["path"], found["query"], found["hash"])


def is_external(destination: str) -> bool:
    """Whether a destination leaves the deployment."""
    return destination[:7].lower() == "http://" or destination[:8].lower() == "https://"


def compile_destination(
    destination: str,
    segments: tuple[str, ...],
    conditions: tuple[str, ...],
    *,
    is_redirect: bool,
) -> str:
    """The template of a `destination`.

    `segments` are the groups of the source; `conditions` the names that `has` captures, which win
    over those of the source.
    """
    named = [name for name in segments if name != UNNAMED]
    if is_redirect and not conditions and not (named and ":" in destination):
        return destination
    values = references(segments, conditions)
    escaped = destination
    for name in values:
        escaped = escaped.replace(f":{name}", f"{_ESCAPED_COLON}{name}")
    parts = split_url(_percent_encoded(escaped.strip()))
    host, path = _lower_case_host(parts.host), _unescaped(parts.path)
    fragment = _unescaped(parts.hash or "")
    if parts.host and not path.startswith("/"):
        path = f"/{path}"
    query = _parse_query(parts.query or "")
    for options in query.values():
        options[:] = [fill_parameters(_unescaped(option), values) for option in options]
    used = parameter_names(path, fragment, host)
    if not is_redirect and not used & values.keys():
        for name, reference in values.items():
            if name != UNNAMED:
                query.setdefault(name, [reference])
    path = fill_parameters(path, values).replace("#", "%23").replace("?", "%3F")
    if parts.host and path and not path.startswith("/"):
        path = f"/{path}"
    origin = ""
    if parts.host:
        origin = f"{parts.scheme.lower()}//{fill_parameters(host, values)}{parts.port}"
    fragment = "#" + fill_parameters(fragment, values) if fragment else ""
    return origin + path + _format_query(query) + fragment


def references(segments: tuple[str, ...], conditions: tuple[str, ...]) -> dict[str, str]:
    """How a template refers to each parameter: `{"slug": "$1", "tenant": "$tenant"}`."""
    values = {name: f"${index}" for index, name in enumerate(segments, 1)}
    return values | {name: f"${name}" for name in conditions}


def fill_parameters(text: str, values: Mapping[str, str]) -> str:
    """Replace the parameters of a template; what isn't one stays as it is written."""
    if not text:
        return text
    try:
        return compile_template(text, dict(values))
    except PatternError:
        return fill_known_parameters(text, values)


def fill_known_parameters(text: str, values: Mapping[str, str]) -> str:
    """Replace `:name` (and `:name*`, `:name?`, `:name+`) of known names; all else is literal."""
    if not values or ":" not in text:
        return text
    names = "|".join(sorted(map(re.escape, values), key=len, reverse=True))
    return re.sub(rf":({names})(?!\w)[*?+]?", lambda found: values[found[1]], text)


def _lower_case_host(host: str) -> str:
    """Host names in lower case, the parameters in them as they are written."""
    head, *parameters = host.split(_ESCAPED_COLON)
    return ":".join([head.lower(), *parameters])


def _unescaped(text: str) -> str:
    return text.replace(_ESCAPED_COLON, ":")


def ascii_url(url: str) -> str:
    """A URL from vercel.json, which may hold any text, as it can be sent."""
    return _NOT_ASCII.sub(lambda found: quote(found[0], errors="replace"), url)


def sendable_url(url: str) -> str:
    """A filled URL without control characters; a request may have brought some."""
    return _ANY_CONTROL.sub(lambda found: f"%{ord(found[0]):02X}", url)


def _percent_encoded(url: str) -> str:
    path, mark, query = url.partition("?")
    url = path.replace("\\", "/") + mark + query
    return _UNSAFE.sub(lambda found: quote(found[0], safe=""), url)


def _parse_query(text: str) -> dict[str, list[str]]:
    query: dict[str, list[str]] = {}
    for pair in filter(None, text.split("&")):
        key, _, value = pair.partition("=")
        query.setdefault(unquote_plus(key), []).append(unquote_plus(value))
    return query


def _format_query(query: Mapping[str, list[str]]) -> str:
    pairs = [
        f"{quote(key, safe="!~*'()$")}={quote(value, safe="!~*'()$")}"
        for key, values in query.items()
        for value in values
    ]
    return "?" + "&".join(pairs) if pairs else ""


# -- filling in what a request matched -----------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Captured:
    """What a rule captured: `path` as it was sent, `conditions` decoded (from `has`)."""

    path: Mapping[str, str]
    conditions: Mapping[str, str]

    def as_mapping(self) -> dict[str, str]:
        """All captures but the whole match, for people."""
        return {k: v for k, v in {**self.path, **self.conditions}.items() if k != "0"}


def fill_url(template: str, captured: Captured) -> str:
    """Fill a destination. A captured value can't add a parameter, a fragment or a line break."""
    if "$" not in template:
        return template
    path, mark, query = template.partition("?")
    filled = _REFERENCE.sub(lambda found: _url_value(found, captured, in_query=False), path)
    if mark:
        filled += mark + _REFERENCE.sub(lambda f: _url_value(f, captured, in_query=True), query)
    return filled


def fill_header(template: str, captured: Captured) -> str:
    """Fill a header's name or value."""
    if "$" not in template:
        return template
    return _CONTROL.sub("", _REFERENCE.sub(lambda found: _value(found, captured)[0], template))


def _url_value(found: re.Match[str], captured: Captured, *, in_query: bool) -> str:
    value, is_decoded, rest = _lookup(found[1], captured)
    if is_decoded:
        safe = "/:@!$'()*,;~" if in_query else "/:@!$'()*,;=&+~"
        return quote(value, safe=safe, errors="surrogateescape") + rest
    if in_query:
        value = value.replace("&", "%26").replace("#", "%23").replace("+", "%2B")
    return value + rest


def _value(found: re.Match[str], captured: Captured) -> tuple[str, bool]:
    value, is_decoded, rest = _lookup(found[1], captured)
    if is_decoded:
        value = value.encode("utf-8", "surrogateescape").decode("latin-1")
    return value + rest, is_decoded


def _lookup(name: str, captured: Captured) -> tuple[str, bool, str]:
    """The value of the longest capture that `name` starts with, and what follows in `name`.

    A reference to nothing is empty, as is a group that took no part in the match.
    """
    for end in range(len(name), 0, -1):
        key = name[:end]
        if key in captured.conditions:
            return captured.conditions[key], True, name[end:]
        if key in captured.path:
            return captured.path[key], False, name[end:]
    return "", False, ""
