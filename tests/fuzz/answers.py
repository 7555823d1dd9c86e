"""Reads what a client receives, strictly: every byte must be part of an HTTP/1.x response."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import h11

from tests.fuzz.connections import IN_TRAILER, PUBLIC_FILE, Request

_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")


@dataclass(slots=True)
class Answer:
    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes = b""

    def value(self, name: bytes) -> bytes:
        return b", ".join(value for given, value in self.headers if given == name)

    @property
    def closes(self) -> bool:
        return b"close" in self.value(b"connection").lower()


@dataclass(slots=True)
class Answers:
    """The responses on one connection, as far as they have come; `fault` says what is none."""

    requests: Sequence[Request]
    complete: list[Answer] = field(default_factory=list)
    fault: str = ""
    switched: bytes | None = None
    """What came after a 101."""
    _parser: h11.Connection | None = None
    _current: Answer | None = None
    _rest: bytes = b""
    _over: bool = False

    def feed(self, data: bytes) -> None:
        """Take what came; no bytes: the other side has closed."""
        if self.switched is not None:
            self.switched += data
            if b"HTTP/1." in self.switched:
                self.fault = f"an HTTP response after switching protocols: {self.switched[:200]!r}"
            return
        if self._over:
            self._after_the_last(data)
            return
        if self._parser is None and data:
            self._parser = self._expecting(len(self.complete))
        if self._parser is None or self.fault:
            return
        try:
            self._parser.receive_data(data)
            self._read(self._parser, data)
        except h11.RemoteProtocolError as error:
            # An answer that breaks off is how a failure shows; the parser says so at the end only.
            if data:
                self.fault = f"not HTTP: {error} in {data[:300]!r}"

    def end(self) -> None:
        """Nothing more is read: what is there must be responses, the last perhaps cut off."""
        if self._parser is None or self.fault or self._current is not None or self._over:
            return
        rest = self._parser.trailing_data[0]
        if self.switched is None and not rest.startswith(b"HTTP/1.1 "[: len(rest)]):
            self.fault = f"not HTTP at the end: {rest[:300]!r}"

    @property
    def closing(self) -> bool:
        """Whether the other side has said that it closes."""
        return self._over

    def _request(self, number: int) -> Request | None:
        return self.requests[number] if number < len(self.requests) else None

    def _expecting(self, number: int) -> h11.Connection:
        request = self._request(number)
        method = request.method if request and _TOKEN.fullmatch(request.method) else "GET"
        headers = [("host", "x")]
        if request and request.values(b"upgrade"):
            headers += [("upgrade", "any"), ("connection", "upgrade")]
        parser = h11.Connection(h11.CLIENT, max_incomplete_event_size=1 << 20)
        parser.send(h11.Request(method=method, target="/", headers=headers))
        parser.send(h11.EndOfMessage())
        return parser

    def _read(self, parser: h11.Connection, data: bytes) -> None:
        while not self.fault:
            event = parser.next_event()
            if event is h11.NEED_DATA or isinstance(event, h11.ConnectionClosed):
                return
            if event is h11.PAUSED:
                if parser.their_state is h11.SWITCHED_PROTOCOL:
                    self.switched = parser.trailing_data[0]
                return
            if isinstance(event, h11.InformationalResponse):
                if event.status_code == 101:
                    self.complete.append(Answer(101, list(event.headers)))
            elif isinstance(event, h11.Response):
                self._current = Answer(event.status_code, list(event.headers))
                self._check_head(self._current)
            elif isinstance(event, h11.Data):
                assert self._current is not None
                self._current.body += event.data
            elif isinstance(event, h11.EndOfMessage):
                parser = self._finish(parser, event)

    def _finish(self, parser: h11.Connection, end: h11.EndOfMessage) -> h11.Connection:
        answer = self._current
        assert answer is not None
        self._current = None
        if list(end.headers):
            self.fault = f"trailers came through: {list(end.headers)!r}"
        self.complete.append(answer)
        rest = parser.trailing_data[0]
        if (
            answer.closes
            or parser.their_state is h11.MUST_CLOSE
            or parser.their_state is h11.CLOSED
        ):
            self._over = True
            self._after_the_last(rest)
            return self._expecting(len(self.complete))
        self._parser = self._expecting(len(self.complete))
        if rest:
            self._parser.receive_data(rest)
        return self._parser

    def _after_the_last(self, data: bytes) -> None:
        request, last = self._request(len(self.complete) - 1), self.complete[-1]
        if request is not None and request.mutations and request.method == "HEAD":
            # Refused before it was clear that it is a HEAD: the body of that answer may come.
            length = last.value(b"content-length")
            if last.status >= 400 and length and len(self._rest) + len(data) <= int(length):
                self._rest += data
                return
        if data:
            self.fault = f"bytes after the last response: {data[:300]!r}"

    def _check_head(self, answer: Answer) -> None:
        lengths = [value for name, value in answer.headers if name == b"content-length"]
        codings = [value for name, value in answer.headers if name == b"transfer-encoding"]
        if len(lengths) + len(codings) > 1:
            self.fault = f"framed twice: {answer.headers!r}"
        if answer.status == 204 and (lengths or codings):
            self.fault = f"a 204 with a body's header: {answer.headers!r}"
        for name, value in answer.headers:
            if _CONTROL.search(value):
                self.fault = f"a control byte in {name!r}: {value!r}"
            if IN_TRAILER.encode() in value:
                self.fault = f"a trailer became the header {name!r}"
        ids = [value for name, value in answer.headers if name == b"x-vercel-id"]
        if len(ids) != 1:
            self.fault = f"{len(ids)} x-vercel-id headers: {answer.headers!r}"
        current = self._request(len(self.complete))
        echo = answer.value(b"x-echo").decode("latin-1")
        own = self.requests[0].tag.rpartition("-")[0]
        if echo not in ("", "-") and not echo.startswith(own + "-"):
            self.fault = f"an answer to somebody else: {echo!r}"
        elif current and not any(one.mutations for one in self.requests):
            from_app = PUBLIC_FILE.encode() not in current.line
            if echo != (current.tag if from_app else ""):
                self.fault = f"an answer to {echo!r}, not to {current.tag!r}: {answer!r}"
