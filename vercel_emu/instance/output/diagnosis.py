"""Why a function can't start, where what it says doesn't tell and its source does.

Read only once a start has failed, or has taken long: an ordinary start pays nothing for it.
"""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from vercel_emu.instance.output.tracebacks import CodeError, Location
from vercel_emu.project.model import Entrypoint

if TYPE_CHECKING:
    from vercel_emu.project.detection.apps.followed import Followed

_INTERFACE = "Could not determine the application interface"
_MISSING = "missing variable "
_NO_TEXT = ("null bytes", "codec can't decode", "(unicode error)", "encoding problem")
_SERVING = re.compile(
    r"/(werkzeug/serving|uvicorn/(main|server)|waitress/server|hypercorn/\w+/run|gradio/blocks"
    r"|aiohttp/web|tornado/platform/asyncio|socketserver|wsgiref/simple_server)\.py\"?, line \d+"
)
_LACKS = re.compile(r"No module named '(vercel\.(?:functions|env|headers|cache))'")
_MOST_FILES = 40
"""Files of the app that are read for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """The code of a function: what is started, and by which interpreter."""

    root: Path
    entrypoint: Entrypoint
    interpreter: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """What is wrong in one sentence, and what to do; the error as it is shown with it."""

    message: str
    hint: str
    error: CodeError


def diagnose(code: Code, error: CodeError, *, timed_out: bool) -> Diagnosis | None:
    """More than a failed start says of itself; None where it says all there is to say, or where
    the source can't be read now (no descriptor is left).
    """
    with contextlib.suppress(OSError, ImportError):
        return _diagnosed(code, error, timed_out=timed_out)
    return None


def server_at_import(code: Code) -> Diagnosis | None:
    """The call that never returns, if an import of the app surely makes one."""
    with contextlib.suppress(OSError, ImportError):
        return _server_at_import(code)
    return None


def _diagnosed(code: Code, error: CodeError, *, timed_out: bool) -> Diagnosis | None:
    summary = error.summary
    if summary.startswith(_INTERFACE):
        return _unfit(code, error)
    if summary.startswith(_MISSING):
        return _missing(code, error)
    if "websockets.legacy" in summary:
        return _old_websockets(code, error)
    if module := _LACKS.search(summary):
        return _old_vercel(code, error, module[1])
    if any(words in summary for words in _NO_TEXT):
        return _no_text(code, error)
    if timed_out:
        return _server_at_import(code) or _seen_serving(error)
    found = _server_at_import(code)
    # An error of another line came before it.
    return found if found and error.location in (None, found.error.location) else None


def _server_at_import(code: Code) -> Diagnosis | None:
    from vercel_emu.project.detection.apps.servers import servers_at_import

    for server in servers_at_import(_followed(code)):
        location = Location(server.where.file, server.where.line or 1)
        shown = f'  File "{location.file}", line {location.line}\n    {server.written}(...)'
        message = f"{server.where}: {server.text}"
        found = CodeError(summary=message, traceback=shown, location=location)
        return Diagnosis(message=message, hint=server.hint, error=found)
    return None


def _seen_serving(error: CodeError) -> Diagnosis | None:
    """Where it hung is a server's loop."""
    if error.location is None or not _SERVING.search(error.traceback):
        return None
    place = f"{error.location.file}:{error.location.line}"
    return Diagnosis(
        message=f"{place}: this runs a server and never returns, so the import never ends",
        hint='Put it under `if __name__ == "__main__":`. A deployment would time out here.',
        error=error,
    )


def _unfit(code: Code, error: CodeError) -> Diagnosis | None:
    from vercel_emu.project.detection.apps.unfit import unfit_app

    found = unfit_app(_followed(code), code.entrypoint)
    if found is None:
        return None
    location = Location(found.where.file, found.where.line or 1)
    shown = CodeError(summary=error.summary, traceback=error.traceback, location=location)
    return Diagnosis(message=error.summary, hint=str(found), error=shown)


def _missing(code: Code, error: CodeError) -> Diagnosis | None:
    from vercel_emu.project.detection.apps.near_misses import reasons
    from vercel_emu.project.detection.sources import Sources

    for reason in reasons(Sources(code.root, code.interpreter), [code.entrypoint.file]):
        return Diagnosis(message=error.summary, hint=str(reason), error=error)
    return None


def _old_vercel(code: Code, error: CodeError, module: str) -> Diagnosis | None:
    """The emulator serves this module itself, unless a `vercel` stands before it."""
    version = _installed(code, "vercel")
    if not version:
        return None
    hint = f"The installed `vercel` {version} has no `{module}`: ask for a newer one in your "
    return Diagnosis(message=error.summary, hint=f"{hint}requirements.", error=error)


def _old_websockets(code: Code, error: CodeError) -> Diagnosis:
    version = _installed(code, "websockets")
    message = f"websockets {version}".strip() + " has no `websockets.legacy`, which Vercel's "
    message += "runtime needs wherever `websockets` is installed"
    hint = "Ask for `websockets>=9` in your requirements."
    shown = CodeError(summary=error.summary, traceback=error.summary)
    return Diagnosis(message=message, hint=hint, error=shown)


def _no_text(code: Code, error: CodeError) -> Diagnosis | None:
    """The file that is no text: Python names none."""
    for file, facts in _followed(code).files.items():
        if facts.fault is not None:
            location = Location(file, facts.fault.line or 1)
            message = f"SyntaxError: {file}: {facts.fault.reason}"
            shown = CodeError(summary=message, traceback=error.traceback, location=location)
            return Diagnosis(message=message, hint="", error=shown)
    return None


def _followed(code: Code) -> Followed:
    from vercel_emu.project.detection.apps.followed import follow
    from vercel_emu.project.detection.sources import Sources

    sources = Sources(code.root, code.interpreter)
    entrypoint = code.entrypoint
    return follow(sources, [entrypoint.file], [entrypoint.base_dir], most=_MOST_FILES)


def _installed(code: Code, name: str) -> str:
    """The version of a package in the app's environment; empty where it is not found."""
    pattern = f"lib*/python3.*/site-packages/{name}-*.dist-info"
    found = (one.name for one in code.interpreter.parent.parent.glob(pattern))
    return next((one.removeprefix(f"{name}-").removesuffix(".dist-info") for one in found), "")
