"""Builds that a deployment runs and whose output is not there yet: they are told, not run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from vercel_emu.events import Notice
from vercel_emu.project.detection.builds import static_builds
from vercel_emu.project.model import Project
from vercel_emu.project.vercel_json.model import VercelConfig

_HINT = "Press b to run it here, or run `vercel-emu build-static`: what it makes is served at once."


def unbuilt(project: Project, config: VercelConfig) -> list[Notice]:
    """One line for each output that is missing, with the command that makes it."""
    return [*_frontend(project), *_static_builds(project, config)]


def _frontend(project: Project) -> Iterator[Notice]:
    frontend = project.frontend
    if frontend is None or frontend.is_served_by_itself or frontend.command is None:
        return
    if not _has_entry(project.root / frontend.output):
        name = f" ({frontend.framework})" if frontend.framework else ""
        message = f"The front end{name} is not built: `{frontend.command}` makes {frontend.output}/"
        yield Notice(
            level="warn",
            code="FRONTEND_NOT_BUILT",
            message=f"{message}, which a deployment publishes.",
            hint=_HINT,
        )


def _static_builds(project: Project, config: VercelConfig) -> Iterator[Notice]:
    for build in static_builds(config.builds):
        folder = build.output(project.root)
        if _has_entry(folder) or not folder.is_relative_to(project.root):
            continue
        also = " Django's static files are served from their sources." if project.django else ""
        yield Notice(
            level="info" if project.django else "warn",
            code="STATIC_NOT_BUILT",
            message=f"{build.source} (@vercel/static-build) has not made "
            f"{folder.relative_to(project.root)}/, which a deployment publishes.{also}",
            hint=_HINT,
        )


def _has_entry(folder: Path) -> bool:
    try:
        return next(folder.iterdir(), None) is not None
    except OSError:
        return False
