"""What keeps the functions from starting: no Python, no app, a server of its own, old packages.

Only what the source surely says is told, and only of files that an import of the app imports.
"""

from __future__ import annotations

from collections.abc import Iterator

from packaging.requirements import Requirement
from packaging.version import InvalidVersion, Version

from vercel_emu.check.model import Checked, Finding
from vercel_emu.errors import Where
from vercel_emu.project.detection.apps.followed import Followed, follow
from vercel_emu.project.detection.apps.known import is_asgi
from vercel_emu.project.detection.apps.servers import servers_at_import
from vercel_emu.project.detection.apps.unfit import unfit_app

_NEEDS_WEBSOCKETS = Version("9.0")
_WEBSOCKETS = ("9.1", "10.4", "12.0", "13.1", "15.0.1", "16.0", "17.4", "20.0")
"""One of each time: whether a range allows any that is new enough."""


def start_faults(checked: Checked) -> Iterator[Finding]:
    """Why a function of the project can't start in a deployment."""
    functions = checked.project.functions
    if not functions:
        return
    starts = [one.entrypoint.file for one in functions]
    base_dirs = [one.entrypoint.base_dir for one in functions]
    followed = follow(checked.sources, starts, base_dirs)
    yield from _no_python(followed)
    for function in functions:
        fault = function.entrypoint.fault
        if fault is not None and fault.file:
            yield _error("SYNTAX_ERROR", fault.reason, Where(fault.file, line=fault.line), "")
        reason = unfit_app(followed, function.entrypoint)
        if reason is not None:
            yield _error("APP_NOT_SUPPORTED", reason.text, reason.where, reason.hint)
    for server in servers_at_import(followed):
        yield _error("SERVER_AT_IMPORT", server.text, server.where, server.hint)
    if any(_is_asgi(followed, one.entrypoint.file, one.entrypoint.variable) for one in functions):
        yield from _old_websockets(checked)


def _no_python(followed: Followed) -> Iterator[Finding]:
    for file, facts in followed.files.items():
        if facts.fault is not None and file in followed.surely:
            fault = facts.fault
            hint = f"The line is: {text}" if (text := fault.text.strip()) else ""
            where = Where(file, line=fault.line)
            yield _error("SYNTAX_ERROR", fault.reason, where, hint)


def _is_asgi(followed: Followed, file: str, variable: str) -> bool:
    binding = followed.binding(file, variable)
    return binding is not None and is_asgi(followed.meaning(binding.stands_for, file))


def _old_websockets(checked: Checked) -> Iterator[Finding]:
    """A version that the runtime's ASGI server can't use, and takes wherever it is installed."""
    for requirement in checked.declared.requirements if checked.declared else ():
        if requirement.name.lower() == "websockets" and not _allows_new(requirement):
            manifest = checked.manifest.file.name if checked.manifest else "requirements.txt"
            yield _error(
                "WEBSOCKETS_TOO_OLD",
                f"`{requirement}` is too old for Vercel's runtime: every request would fail",
                Where(manifest),
                "Its ASGI server uses `websockets` wherever that is installed: ask for "
                "`websockets>=9`.",
            )
            return
    version = _installed_websockets(checked)
    if version is not None and version < _NEEDS_WEBSOCKETS:
        yield Finding(
            severity="warning",
            code="WEBSOCKETS_TOO_OLD",
            message=f"websockets {version} is installed, which is too old for Vercel's runtime: "
            "where a deployment has it too, every request fails",
            hint="Add `websockets>=9` to the requirements.",
        )


def _allows_new(requirement: Requirement) -> bool:
    return any(requirement.specifier.contains(version) for version in _WEBSOCKETS)


def _installed_websockets(checked: Checked) -> Version | None:
    folders = checked.interpreter.site_packages if checked.interpreter else ()
    for folder in folders:
        for found in folder.glob("websockets-*.dist-info"):
            try:
                return Version(found.name.removeprefix("websockets-").removesuffix(".dist-info"))
            except InvalidVersion:
                return None
    return None


def _error(code: str, message: str, where: Where, hint: str) -> Finding:
    return Finding(severity="error", code=code, message=message, where=where, hint=hint)
