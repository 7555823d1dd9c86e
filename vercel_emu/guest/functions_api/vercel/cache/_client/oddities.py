"""What a cache drops without a word, or stores otherwise than it was meant, in words.

The SDK swallows such a `set`; what it does stays as it is. The clients call their `_observe` after
every `set`, with what was given and with the response, or with what was raised.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

OBSERVED = "x-vercel-emu-observed"
"""Request header: an observer tells of what is refused, so that the emulator's cache need not."""
REFUSAL = "x-vercel-emu-refusal"
"""Response header to that: a code, a blank, the reason."""

_OPTIONS = ("ttl", "tags", "name")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_SHOWN_TAGS = 6


class Oddity(NamedTuple):
    """`reason` completes "It was not stored: ..." or "It was stored, but ...":"""

    code: str
    reason: str
    stored: bool


def oddities(value: object, options: Any, outcome: Any) -> Iterator[Oddity]:
    """What a person should know of a `set` with this outcome; mostly nothing."""
    if isinstance(outcome, Exception):
        if not isinstance(outcome, OSError):  # that is the connection, not what was given
            yield Oddity("CACHE_NOT_STORED", _why_not_sent(value, options, outcome), stored=False)
    elif outcome.status != 200:
        code, _, reason = outcome.headers.get(REFUSAL, "").partition(" ")
        if code:
            yield Oddity(code, reason, stored=False)
    else:
        for reason in _changes(value, options):
            yield Oddity("CACHE_CHANGED", reason, stored=True)


def _changes(value: object, options: Any) -> Iterator[str]:
    """The first key of a dict stands for all: looking at each would cost what storing does."""
    if isinstance(value, dict) and value and not isinstance(key := next(iter(value)), str):
        yield f"JSON has text keys only: {key!r} comes back as {_json_key(key)!r}"
    if not options:
        return
    for name in options:
        if name not in _OPTIONS:
            known = ", ".join(_OPTIONS)
            yield f"the option {name!r} is unknown and was ignored (there are {known})"
    ttl, tags = options.get("ttl"), options.get("tags")
    if isinstance(ttl, str) and not ttl.strip().lstrip("+").isdecimal():
        yield f"the ttl {ttl!r} means one year"
    if isinstance(tags, str):
        if len(tags) > 1:
            yield (
                f"`tags` is the text {tags!r} and not a list, which makes the tags {_split(tags)}"
            )
    elif isinstance(tags, list | tuple | set | frozenset):
        yield from _changed_tags(tags)


def _changed_tags(tags: Any) -> Iterator[str]:
    for tag in tags:
        if "," in tag:
            yield f"a comma separates tags: {tag!r} makes the tags {_split([tag])}"
        elif not tag:
            yield "an empty tag is dropped"
        elif tag != tag.strip():
            yield f"blanks around a tag are dropped: {tag!r} is stored as {tag.strip()!r}"


def _split(tags: Any) -> str:
    """The tags that the cache makes of them."""
    parts = (part.strip() for part in ",".join(tags).split(","))
    found = list(dict.fromkeys(part for part in parts if part))
    more = f" and {len(found) - _SHOWN_TAGS} more" if len(found) > _SHOWN_TAGS else ""
    return ", ".join(found[:_SHOWN_TAGS]) + more


def _json_key(key: Any) -> str:
    return str(next(iter(json.loads(json.dumps({key: 0})))))


def _why_not_sent(value: object, options: Any, error: Exception) -> str:
    """In the order in which the request is made."""
    if options and not hasattr(options, "get"):
        return f"its options are a {type(options).__name__}, not a dict"
    given: Mapping[str, Any] = options or {}
    return (
        _why_no_tags(given.get("tags"))
        or _why_no_json(value)
        or _why_no_header("name", given.get("name"))
        or _why_no_headers(given.get("tags"))
        or f"{type(error).__name__}: {error}"
    )


def _why_no_tags(tags: Any) -> str:
    """Why they can't be joined; empty if they can."""
    if not tags or isinstance(tags, str):
        return ""
    try:
        wrong = next((tag for tag in tags if not isinstance(tag, str)), None)
    except TypeError:
        return f"its tags are {_a(tags)}, not a list of texts"
    return "" if wrong is None else f"its tag {wrong!r} is {_a(wrong)}, not a text"


def _why_no_json(value: object) -> str:
    try:
        json.dumps(value).encode()
    except Exception as error:
        return f"its value is no JSON ({error})"
    return ""


def _why_no_headers(tags: Any) -> str:
    return next((why for tag in tags or () if (why := _why_no_header("tag", tag))), "")


def _why_no_header(what: str, text: Any) -> str:
    """Why a name or tag can't be sent, for it is sent in an HTTP header; empty if it can."""
    if not text:
        return ""
    if not isinstance(text, str):
        return "" if isinstance(text, bytes) else f"its {what} {text!r} is {_a(text)}, not a text"
    if not text.isascii():
        return f"its {what} {text!r} is not ASCII"
    if _CONTROL.search(text):
        return f"its {what} {text!r} has a line break or another control character"
    return f"its {what} {text!r} begins or ends with a blank" if text != text.strip() else ""


def _a(value: object) -> str:
    name = type(value).__name__
    return f"an {name}" if name[0] in "aeiou" else f"a {name}"
