"""What a function instance tells the platform: the runtime's IPC messages, decoded.

One JSON object a message, UTF-8, ended by a NUL byte, one way only (`vc_init`). Messages
whose type starts with `emu-` come from our own `guest/boot.py` over the same socket.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator

import msgspec


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
    """What was written; `message` is base64."""

    context: Context
    message: str
    level: str = ""
    stream: str = ""

    def text(self) -> str:
        """The decoded message; undecodable bytes are replaced, never an error."""
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


class _Booted(msgspec.Struct):
    pid: int
    builtin_api: list[str] = []


class Booted(msgspec.Struct, tag="emu-booted"):
    payload: _Booted


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


class OwnFile(msgspec.Struct, tag="emu-own-file"):
    """It is about to run this file of the user's."""

    payload: _OwnFile


class _FsWrite(msgspec.Struct):
    path: str
    where: str
    refused: bool = False


class FsWrite(msgspec.Struct, tag="emu-fs-write"):
    payload: _FsWrite


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
    | Booted
    | Standby
    | Prepared
    | Debugger
    | Unfit
    | Modules
    | OwnFile
    | FsWrite
    | SelfCall
)

_decoder: msgspec.json.Decoder[RuntimeMessage] = msgspec.json.Decoder(RuntimeMessage.__value__)


class MessageReader:
    """Splits a byte stream into messages; types it doesn't know are skipped, as are broken ones."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> Iterator[RuntimeMessage]:
        """Yield every message that `data` completes."""
        *frames, self._rest = (self._rest + data).split(b"\0")
        for frame in frames:
            try:
                yield _decoder.decode(frame)
            except (msgspec.DecodeError, UnicodeDecodeError):
                continue
