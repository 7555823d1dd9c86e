"""Failures of a function, with what the person at the terminal and in the browser needs to know."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from vercel_emu.edge.failure import Failure
from vercel_emu.instance.invocations import Invocation
from vercel_emu.instance.output.readable import folded
from vercel_emu.instance.output.tracebacks import TRACEBACK, Location, read_traceback
from vercel_emu.instance.pool import CannotStart, Instance
from vercel_emu.project.model import Function

PATHS_SHOWN = 20


def cannot_start(error: CannotStart) -> Failure:
    """The function's code could not be started."""
    failure = error.failure
    return Failure(
        code="FUNCTION_INVOCATION_FAILED",
        explanation=_sentences(f"The function could not start: {failure.message}", failure.hint),
        detail=failure.error.traceback,
        location=_where(failure.error.location),
        caused_by=failure.files,
    )


def crashed(instance: Instance, invocation: Invocation, reason: str) -> Failure:
    """The function ended or hung up without a response."""
    text = "\n".join(instance.said_since(invocation.started))
    found = read_traceback(text, instance.root) if text else None
    if instance.process.exited.is_set():
        explanation = "The function's process ended while it handled this request."
    else:
        explanation = f"The function gave no response: {reason}."
    return Failure(
        code="FUNCTION_INVOCATION_FAILED",
        explanation=explanation,
        detail=found.traceback if found else "",
        location=_where(found.location) if found else "",
    )


def raised(text: str, root: Path) -> Failure:
    """The app raised an exception and answered by itself."""
    # What a logger says before it tells nothing more.
    before = text[: text.find(TRACEBACK)].rpartition("\n")[0]
    found = read_traceback(text.removeprefix(before), root)
    return Failure(
        code="FUNCTION_INVOCATION_FAILED",
        explanation=f"{found.summary}. A deployment's visitors see the app's own bare answer.",
        detail=folded(found.traceback),
        location=_where(found.location),
    )


def not_found(functions: Iterable[Function], missing: str) -> Failure:
    """Nothing has the path; where there is no app that answers every path, what there is.

    `missing` says what a front end's own build would publish, where there is one.
    """
    functions = tuple(functions)
    listed = [f"/{function.name}" for function in functions if function.path is not None]
    if not listed or len(listed) < len(functions):
        return Failure(code="NOT_FOUND", explanation=missing)
    more = len(listed) - PATHS_SHOWN
    lines = [*listed[:PATHS_SHOWN], *([f"... and {more} more"] if more > 0 else [])]
    return Failure(
        code="NOT_FOUND",
        explanation=f"{missing} " * bool(missing)
        + "Neither a public file nor a function has this path. The functions are:",
        detail="\n".join(lines),
    )


def timed_out(seconds: float) -> Failure:
    return Failure(
        code="FUNCTION_INVOCATION_TIMEOUT",
        explanation=f"The function did not answer within its maxDuration of {seconds:g} s.",
    )


def payload_too_large(limit: int | None) -> Failure:
    return Failure(
        code="FUNCTION_PAYLOAD_TOO_LARGE",
        explanation=f"A request body may have {limit or 0:,} bytes; `--no-limits` lifts this.",
    )


def infinite_loop(limit: int | None) -> Failure:
    return Failure(
        code="INFINITE_LOOP_DETECTED",
        explanation=f"The deployment calls itself, {limit} requests deep; `--no-limits` lifts it.",
    )


def response_too_large(length: int, limit: int) -> Failure:
    return Failure(
        code="FUNCTION_RESPONSE_PAYLOAD_TOO_LARGE",
        explanation=f"The response has {length:,} bytes; a function may send {limit:,} "
        "unless it streams them (no content-length). `--no-limits` lifts this.",
    )


def _sentences(text: str, hint: str) -> str:
    if not hint:
        return text
    return f"{text.rstrip('.')}. {hint}"


def _where(location: Location | None) -> str:
    return f"{location.file}:{location.line}" if location else ""
