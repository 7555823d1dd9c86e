"""Which Python a deployment would take, and whether the project fits it."""

from __future__ import annotations

from collections.abc import Iterator

from vercel_emu.check.model import Checked, Finding
from vercel_emu.errors import EmuError
from vercel_emu.project.python.choice import (
    PINNED,
    VERSIONS,
    Wanted,
    deployment_python,
    fitting,
    unread_version,
    wanted_versions,
)
from vercel_emu.project.python.manifest import PIPFILE_LOCK

_HINT = f"A deployment has {', '.join(VERSIONS)}; the default is {VERSIONS[0]}."


def python_of_deployment(checked: Checked) -> str:
    """The version a deployment runs; the default where a file that says it can't be read."""
    return deployment_python(_wanted(checked))


def version_faults(checked: Checked) -> Iterator[Finding]:
    """Versions that a deployment doesn't have, or that contradict each other."""
    wanted = _wanted(checked)
    for one in wanted:
        fits = fitting(one.text)
        if fits is None:
            yield Finding(
                severity="error",
                code="PYTHON_VERSION_INVALID",
                message=f'"{one.text}" is no Python version',
                where=one.where,
                hint=_HINT,
            )
        elif not fits:
            yield _unavailable(one)
    chosen = deployment_python(wanted)
    for one in wanted[1:]:
        fits = fitting(one.text)
        if fits and chosen not in fits:
            asking = one.where.key or "this file"
            yield Finding(
                severity="error",
                code="PYTHON_VERSION_CONFLICT",
                message=f"a deployment runs Python {chosen}, but {asking} asks for {one.text}",
                where=one.where,
                hint=f"{wanted[0].source} decides, with {wanted[0].text}.",
            )
    yield from _unread(checked, chosen)


def _wanted(checked: Checked) -> list[Wanted]:
    try:
        return wanted_versions(checked.root, checked.manifests)
    except EmuError:  # a manifest that can't be read is a finding of its own
        return []


def _unavailable(wanted: Wanted) -> Finding:
    """A build only warns, but its installer refuses a Python that `requires-python` excludes."""
    replaced = wanted.where.file.endswith((PINNED, PIPFILE_LOCK))
    then = "" if replaced else ", which the installation then refuses"
    return Finding(
        severity="warning" if replaced else "error",
        code="PYTHON_VERSION_UNAVAILABLE",
        message=f"a deployment has no Python {wanted.text}: it warns and uses {VERSIONS[0]}{then}",
        where=wanted.where,
        hint=_HINT,
    )


def _unread(checked: Checked, chosen: str) -> Iterator[Finding]:
    try:
        unread = unread_version(checked.root, checked.manifests)
    except EmuError:
        return
    if unread is not None and chosen not in (fitting(unread.text) or ()):
        yield Finding(
            severity="warning",
            code="PYTHON_VERSION_NOT_READ",
            message=f"a deployment reads the Python version of a Pipfile.lock alone: it uses "
            f"{chosen}, not {unread.text}",
            where=unread.where,
            hint=f"Make a Pipfile.lock with `pipenv lock`, or write the version to {PINNED}.",
        )
