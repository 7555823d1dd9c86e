"""Match a file against a `functions` glob of vercel.json, in the dialect the platform uses.

Python's own `fnmatch` lets `*` cross folders and knows no `{a,b}`; `glob.translate` needs 3.13.
"""

from __future__ import annotations

import re
from functools import lru_cache

_UNCLEAR = re.compile(r"[!@+?*]\(|\{[^{}]*\.\.[^{}]*\}")


def matches(pattern: str, file: str) -> bool:
    """Whether `file` (posix, relative) is meant by `pattern`.

    Equality is asked first: `api/[id].py` is both a glob with a character class and the very
    name of a dynamic function, and the platform means the file.
    """
    if pattern == file:
        return True
    return any(_compile(alternative).fullmatch(file) for alternative in _alternatives(pattern))


def bundle_regex(pattern: str) -> str | None:
    """`includeFiles` and `excludeFiles` as a regex over a relative path; None: it isn't clear.

    They are globs of the same dialect, in which dots are not special. A pattern with a dialect of
    its own (`!(a)`, `{1..3}`) is left alone, as is one that the builder compares with no path.
    """
    if not pattern or pattern[0] in "!#/" or pattern.startswith("./") or _UNCLEAR.search(pattern):
        return None
    texts = [_regex(alternative, dots=True) for alternative in _alternatives(pattern)]
    try:
        re.compile("|".join(texts))
    except re.error:
        return None
    return f"(?:{'|'.join(texts)})$"


def _alternatives(pattern: str) -> list[str]:
    """`a{b,c}d` -> `abd`, `acd`; an unbalanced brace is an ordinary character."""
    start = pattern.find("{")
    if start < 0:
        return [pattern]
    depth, parts, begin = 0, [], start + 1
    for index in range(start, len(pattern)):
        char = pattern[index]
        if char == "{":
            depth += 1
        elif char == "," and depth == 1:
            parts.append(pattern[begin:index])
            begin = index + 1
        elif char == "}":
            depth -= 1
            if depth == 0:
                parts.append(pattern[begin:index])
                head, tail = pattern[:start], pattern[index + 1 :]
                return [text for part in parts for text in _alternatives(head + part + tail)]
    return [pattern]


@lru_cache(maxsize=256)
def _compile(pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(_regex(pattern.removeprefix("./")))
    except re.error:  # a reversed range, `[z-a]`: matches only itself
        return re.compile(re.escape(pattern))


def _regex(pattern: str, *, dots: bool = False) -> str:
    """Without `dots`, dot files and folders are matched by a literal dot only."""
    name = "[^/]+" if dots else "[^/.][^/]*"
    segments = pattern.split("/")
    regex = ""
    for index, segment in enumerate(segments):
        last = index == len(segments) - 1
        if segment == "**":
            regex += f"(?:{name}/)*" + (name if last else "")
        else:
            regex += _segment(segment, dots=dots) + ("" if last else "/")
    return regex


def _class_body(body: str) -> str:
    """The inside of `[...]` for `re`, which warns of what may become set operations one day."""
    body = re.sub(r"[\\\[&|~]", r"\\\g<0>", body)
    if body.startswith("--"):
        body = rf"\{body}"  # a range that begins at the hyphen
    return body.replace("--", r"-\-") if not body.startswith(r"\--") else body


def _segment(segment: str, *, dots: bool) -> str:
    regex = r"(?!\.)" if segment[:1] in {"*", "?", "["} and not dots else ""
    index = 0
    while index < len(segment):
        char = segment[index]
        close = segment.find("]", index + 2) if char == "[" else -1
        if char == "*":
            regex += "[^/]*"
        elif char == "?":
            regex += "[^/]"
        elif close > 0:
            body = segment[index + 1 : close]
            negated = body[:1] in {"!", "^"}
            regex += f"[^/{_class_body(body[1:])}]" if negated else f"[{_class_body(body)}]"
            index = close
        else:
            regex += re.escape(char)
        index += 1
    return regex
