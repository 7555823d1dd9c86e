"""What must never be seen, judged from what apps saw and the emulator reported. Values only."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.fuzz.connections import FORGED, IN_TRAILER, App, Connection

HOST_DEPENDENT = {
    *("x-forwarded-host", "x-forwarded-port", "x-vercel-deployment-url", "forwarded"),
}
CHANGING = HOST_DEPENDENT | {
    *("x-vercel-id", "x-vercel-proxy-signature", "x-vercel-proxy-signature-ts"),
    *("x-vercel-internal-invocation-id", "x-vercel-internal-request-id"),
    "x-vercel-internal-deadline",
}
PLATFORM = re.compile(r"x-vercel-.*|x-now-.*|x-emu-.*|x-real-ip|x-forwarded-.*|forwarded")
_ID = re.compile(r"[a-z0-9]+::[a-z0-9]{5}-\d{13}-[0-9a-f]{12}")
_INVOCATION = re.compile(r"[a-z0-9]{5}-\d{13}-[0-9a-f]{12}")
_NODE = r'(?:[A-Za-z0-9.-]+|"[^"\\;]*")'
_QUOTED = r'(?:[!#$%&\'*+.^_`|~0-9A-Za-z-]+|"(?:[^"\\]|\\.)*")'
_FORWARDED = re.compile(
    rf"for=(?P<node>{_NODE});host={_QUOTED};proto=http;sig=0[A-Za-z0-9+/=]+;exp=\d+"
)
_TAG = re.compile(r"\b(\d+)-(\d+)-\d+\b")


@dataclass(frozen=True, slots=True)
class Fault:
    """`check` is foreign, forged, http, process or error; `index` is the connection's, if known."""

    check: str
    what: str
    index: int | None = None
    app: App | None = None

    @property
    def kind(self) -> str:
        """What faults have in common that have the same cause, as far as words can tell."""
        if self.check in ("foreign", "process"):
            return self.check
        words = re.sub(r"b?'[^']*'|\d+", "", self.what.partition(": ")[0])
        return f"{self.check}: {' '.join(words.split()[:7])}"

    def __str__(self) -> str:
        return f"[{self.check}] {self.what}"


type Seen = Mapping[str, Any]


class HeadChecks:
    """Judges each request head that reached an instance of one app."""

    def __init__(self, baseline: Seen) -> None:
        """`baseline` is a well-formed request's head: what the platform says of this client."""
        pairs = [(name, value) for name, value in baseline["headers"] if PLATFORM.fullmatch(name)]
        self._said = {name: value for name, value in pairs if name not in CHANGING}
        self._ids: set[str] = set()

    def faults(self, heads: Sequence[Seen], played: Mapping[int, Connection]) -> list[Fault]:
        found = []
        for head in heads:
            index = index_of(head)
            wrong = list(self._wrong(head, played.get(-1 if index is None else index)))
            if wrong:
                where = f"{head['kind']} {head['line'].rstrip()[:200]!r}"
                found.append(
                    Fault("forged", f"{wrong[0]}: {where}; {'; '.join(wrong[1:4])}", index)
                )
        return found

    def _wrong(self, head: Seen, connection: Connection | None) -> Iterable[str]:
        raw, pairs = head["kind"] == "raw", head["headers"]
        if raw and not head["line"].endswith(" HTTP/1.1\r\n"):
            yield "the instance read what is no request"
            return
        if pairs is None:
            yield "the instance got a head it can't read"
            return
        values: dict[str, list[str]] = {}
        for name, value in pairs:
            values.setdefault(name.replace("_", "-"), []).append(value)
        if raw:
            yield from self._invocation(values.get("x-vercel-internal-invocation-id", []))
        for name, given in values.items():
            if PLATFORM.fullmatch(name):
                yield from self._platform_value(name, given)
        yield from self._missing(values, raw=raw)
        yield from _own_value(values)
        if connection is not None:
            tags = values.get("x-fuzz", [])
            for request in connection.requests:
                if request.tag in tags and request.must_not_arrive:
                    yield f"it arrived although {request.must_not_arrive}"

    def _platform_value(self, name: str, given: list[str]) -> Iterable[str]:
        if len(given) != 1:
            yield f"{name!r} came {len(given)} times: {given!r}"
        elif name in self._said:
            if given[0] != self._said[name]:
                yield f"{name!r} is {given[0]!r}, not {self._said[name]!r}"
        elif name not in CHANGING:
            yield f"{name!r} is not the platform's: {given[0]!r}"
        elif FORGED in given[0] and name not in HOST_DEPENDENT:
            yield f"{name!r} is the client's: {given[0]!r}"

    def _missing(self, values: Mapping[str, list[str]], *, raw: bool) -> Iterable[str]:
        for name in self._said:
            if raw and name not in values:
                yield f"{name!r} is missing"
        ids = values.get("x-vercel-id", [""])
        if not _ID.fullmatch(ids[0]):
            yield f"x-vercel-id is {ids!r}"

    def _invocation(self, given: Sequence[str]) -> Iterable[str]:
        """Whether it is one that the edge has begun: the surest sign of a request of its own."""
        if len(given) != 1 or not _INVOCATION.fullmatch(given[0]):
            yield f"no request of the edge's, its invocation is {list(given)!r}"
        elif given[0] in self._ids:
            yield f"the invocation {given[0]!r} came twice"
        self._ids.update(given)


def _own_value(values: Mapping[str, list[str]]) -> Iterable[str]:
    host = values.get("host", [])
    if len(host) != 1 or values.get("x-forwarded-host", []) != host:
        yield f"host {host!r}, x-forwarded-host {values.get('x-forwarded-host')!r}"
    forwarded = values.get("forwarded", [""])[0]
    match, real = _FORWARDED.fullmatch(forwarded), values.get("x-real-ip", [""])[0]
    if match is None or match["node"].strip('"[]') != real:
        yield f"forwarded is {forwarded!r}"
    for name, given in values.items():
        if any(IN_TRAILER in value for value in given):
            yield f"a trailer became the header {name!r}"
        if any(mark in value for value in given for mark in "\r\n\0"):
            yield f"a line break or NUL in {name!r}: {given!r}"


def index_of(head: Seen) -> int | None:
    """Which connection a head came over, by the tag in its headers or target."""
    tags = [value for name, value in head["headers"] or () if name in ("x-fuzz", "x_fuzz")]
    match = _TAG.search(" ".join([*tags, head["line"]]))
    return int(match[2]) if match else None


def of_report(entry: Mapping[str, Any]) -> Fault | None:
    """What an entry of the emulator's log says of itself or of its processes."""
    event = entry["event"]
    if event == "Notice" and (entry["level"] == "error" or entry["code"] == "INTERNAL_ERROR"):
        return Fault("error", f"{entry['message']}\n{entry.get('hint') or ''}")
    if event in ("InstanceStarting", "InstanceReady", "InstanceFailed", "InstanceStopped"):
        return Fault("process", f"{event}: {dict(entry)!r}")
    return None


def of_stderr(text: str) -> Fault | None:
    """Whether the emulator wrote of a failure of its own."""
    marks = ("Traceback", "never retrieved", "was destroyed but it is pending", "Exception in")
    return Fault("error", text[-3000:]) if any(mark in text for mark in marks) else None
