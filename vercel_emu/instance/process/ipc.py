"""What a function instance tells the platform: the runtime's IPC messages, decoded.

One JSON object a message, UTF-8, ended by a NUL byte, one way only (`vc_init`). Messages
whose type starts with `emu-` come from our own `guest/boot.py` over the same socket.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from typing import Literal

import msgspec

from vercel_emu.instance.output.logs import PIECE_LINES, cut_note, pieces

LONGEST_MESSAGE = 4 * 1024 * 1024
"""Bytes of one message that are kept; of a longer log message the rest is counted."""
_TAIL = 256
"""Bytes that hold what comes after the text in a log message."""
_TEXT = b'"message": "'


class Context(msgspec.Struct, rename="camel"):
    """Which invocation a message belongs to; `"0"` outside of any."""

    invocation_id: str = "0"
    request_id: int = 0


class _ServerStarted(msgspec.Struct, rename="camel"):
    http_port: int
    init_duration: int = 0
    user_init_duration: int = 0


class ServerStarted(msgspec.Struct, tag="server-started"):
    payload: _ServerStarted


class _HandlerStarted(msgspec.Struct):
    context: Context


class HandlerStarted(msgspec.Struct, tag="handler-started"):
    payload: _HandlerStarted


class _End(msgspec.Struct):
    context: Context


class End(msgspec.Struct, tag="end"):
    payload: _End


class LogPayload(msgspec.Struct):
    """What was written; `message` is base64, unless it is a `piece` of a longer one."""

    context: Context
    message: str
    level: str = ""
    stream: str = ""
    piece: str | None = None

    def text(self) -> str:
        """The decoded message; undecodable bytes are replaced, never an error."""
        if self.piece is not None:
            return self.piece
        try:
            return base64.b64decode(self.message).decode("utf-8", "replace")
        except binascii.Error:
            return self.message


class Log(msgspec.Struct, tag="log"):
    payload: LogPayload


class Fetch(msgspec.Struct, rename="camel"):
    """An outgoing urllib3 request; `start` is epoch ms, `duration` ms."""

    host: str = ""
    pathname: str = ""
    search: str = ""
    method: str = ""
    status_code: int = 0
    start: int = 0
    duration: int = 0


class _Metric(msgspec.Struct):
    context: Context
    payload: Fetch


class Metric(msgspec.Struct, tag="metric"):
    payload: _Metric


class _UnrecoverableError(msgspec.Struct, rename="camel"):
    message: str
    exit_code: int = 1


class UnrecoverableError(msgspec.Struct, tag="unrecoverable-error"):
    payload: _UnrecoverableError


class _FunctionsAPI(msgspec.Struct):
    builtin: list[str]
    installed: str


class FunctionsAPI(msgspec.Struct, tag="emu-functions-api"):
    """The parts of `vercel.*` that user code has imported from the built-in API, and the version of
    the package that is installed and has none of them (empty: none is installed)."""

    payload: _FunctionsAPI


class _Standby(msgspec.Struct):
    modules: int
    duration_ms: int


class Standby(msgspec.Struct, tag="emu-standby"):
    payload: _Standby


class Prepared(msgspec.Struct, tag="emu-prepared"):
    """It waits for "go"."""


class _Debugger(msgspec.Struct):
    port: int


class Debugger(msgspec.Struct, tag="emu-debugger"):
    payload: _Debugger


class _Unfit(msgspec.Struct):
    module: str
    reached: str


class Unfit(msgspec.Struct, tag="emu-unfit"):
    payload: _Unfit


type ImportStep = str | list[str | list[str] | None]
"""A library module to import, or a change of the environment (see `guest/modules.py`)."""


class ModulesPayload(msgspec.Struct):
    steps: list[ImportStep]
    direct: list[str]
    files: list[str]


class Modules(msgspec.Struct, tag="emu-modules"):
    payload: ModulesPayload


class _OwnFile(msgspec.Struct):
    path: str
    stamp: tuple[int, ...] = ()


class OwnFile(msgspec.Struct, tag="emu-own-file"):
    """It is about to read and run this file of the user's; `stamp`: mtime in ns, size, inode."""

    payload: _OwnFile


class UsedPayload(msgspec.Struct):
    path: str
    where: str = ""
    listed: bool = False


class Used(msgspec.Struct, tag="emu-used"):
    """It is about to read this file, or to list this folder; told once."""

    payload: UsedPayload


class WrotePayload(msgspec.Struct):
    path: str
    how: Literal["open", "gone", "made", "folder", "database"]
    stamp: tuple[int, ...] = ()


class Wrote(msgspec.Struct, tag="emu-wrote"):
    """It is about to write this file (see `guest/file_system/writes.py`); told each time."""

    payload: WrotePayload


class _FsWrite(msgspec.Struct):
    path: str
    where: str
    refused: bool = False


class FsWrite(msgspec.Struct, tag="emu-fs-write"):
    payload: _FsWrite


class LeftOutReadPayload(msgspec.Struct):
    what: str
    path: str
    where: str
    why: str
    refused: bool = False


class LeftOutRead(msgspec.Struct, tag="emu-left-out"):
    """It reads a file of the project that it does not have in a deployment."""

    payload: LeftOutReadPayload


class CacheSetPayload(msgspec.Struct):
    """`key` is what the app gave, `stored_key` what became of it."""

    key: str
    stored_key: str
    name: str
    place: str
    code: str
    reason: str
    stored: bool


class CacheSet(msgspec.Struct, tag="emu-cache-set"):
    """The runtime cache has dropped an item, or stored it otherwise than it looks."""

    payload: CacheSetPayload


class _CacheOutside(msgspec.Struct):
    where: str


class CacheOutside(msgspec.Struct, tag="emu-cache-outside"):
    """The runtime cache was used outside of a request, at `where` (`file:line`, or empty)."""

    payload: _CacheOutside


class _SelfCall(msgspec.Struct):
    port: int
    invocation: str


class SelfCall(msgspec.Struct, tag="emu-self-call"):
    payload: _SelfCall


type RuntimeMessage = (
    ServerStarted
    | HandlerStarted
    | End
    | Log
    | Metric
    | UnrecoverableError
    | FunctionsAPI
    | Standby
    | Prepared
    | Debugger
    | Unfit
    | Modules
    | OwnFile
    | Used
    | Wrote
    | FsWrite
    | LeftOutRead
    | CacheSet
    | CacheOutside
    | SelfCall
)

_decoder: msgspec.json.Decoder[RuntimeMessage] = msgspec.json.Decoder(RuntimeMessage.__value__)


class MessageReader:
    """Splits a byte stream into messages; types it doesn't know are skipped, as are broken ones.

    It takes time in proportion to what comes, and holds `LONGEST_MESSAGE` at most.
    """

    def __init__(self) -> None:
        self._head = bytearray()
        self._tail = b""
        self._length = 0

    def feed(self, data: bytes) -> Iterator[RuntimeMessage]:
        """Yield every message that `data` completes; what a long text was, in pieces."""
        *ends, rest = data.split(b"\0")
        for end in ends:
            frame, left_out = self._completed(end)
            try:
                message = _decoder.decode(frame)
            except (msgspec.DecodeError, UnicodeDecodeError):
                continue
            if isinstance(message, Log):
                yield from _in_pieces(message.payload, left_out)
            elif not left_out:
                yield message
        self._add(rest)

    def _add(self, part: bytes) -> None:
        room = max(0, LONGEST_MESSAGE - len(self._head))
        self._head += part[:room]
        if len(part) > room:
            self._tail = (self._tail + part[room:])[-_TAIL:]
        self._length += len(part)

    def _completed(self, end: bytes) -> tuple[bytes, int]:
        """The message that ends with `end`, and how many bytes of it are missing."""
        if not self._length and len(end) <= LONGEST_MESSAGE:
            return end, 0
        self._add(end)
        head, tail, length = bytes(self._head), self._tail, self._length
        self._head, self._tail, self._length = bytearray(), b"", 0
        if length == len(head) + len(tail):
            return head + tail, 0
        return _mended(head, tail), length - len(head) - len(tail)


def _mended(head: bytes, tail: bytes) -> bytes:
    """A message whose text lacks its end: base64 up to where it was cut, then what follows it."""
    text = head.find(_TEXT) + len(_TEXT)
    whole = text + (len(head) - text) // 4 * 4
    return head[:whole] + tail[max(0, tail.find(b'"')) :]


def _in_pieces(log: LogPayload, left_out: int) -> Iterator[Log]:
    if not left_out and len(log.message) <= PIECE_LINES:
        yield Log(log)
        return
    text = log.text()
    if left_out:
        text = text.rstrip("\n") + cut_note(left_out * 3 // 4, "bytes") + "\n"
    for piece in pieces(text):
        yield Log(LogPayload(log.context, "", log.level, log.stream, piece))
