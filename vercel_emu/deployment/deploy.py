"""What a running emulator derives from the project's files, and replaces as one when they change.

A deployment is built once and never changes; here a save makes the next one. Everything is worked
out before anything is replaced, so a project that can't be deployed leaves the last one serving.
`vercel-emu route` and the edge use the same value, so they can't disagree.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from vercel_emu.deployment.exposure import exposed_sources, exposure_text
from vercel_emu.deployment.public_files import (
    Mount,
    PublicFiles,
    built_mounts,
    public_files,
)
from vercel_emu.deployment.routing import RoutingTable, compile_routing
from vercel_emu.deployment.unbuilt import unbuilt
from vercel_emu.events import Notice, notice_of
from vercel_emu.options import Options
from vercel_emu.project.detection.frontends import DEFAULT_OUTPUT
from vercel_emu.project.model import Function, Project
from vercel_emu.project.vercel_json.model import VercelConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """One state of a project, as the edge serves it."""

    project: Project
    config: VercelConfig
    routing: RoutingTable
    files: PublicFiles
    durations: Mapping[str, float]
    mounts: tuple[Mount, ...] = ()
    """Public folders beside the project's own, such as a framework's static files."""
    unbuilt: tuple[Notice, ...] = ()
    """What was not built when the project was read; a build that runs empties its folder first."""

    @property
    def functions(self) -> dict[str, Function]:
        """The functions by name."""
        return {function.name: function for function in self.project.functions}

    @property
    def public_folders(self) -> tuple[str, ...]:
        """Folders (relative, ending in a slash) whose files no function is made of."""
        beside = tuple(mount.folder for mount in self.mounts)
        return published_folders(self.project, self.config, beside)

    @property
    def missing(self) -> str:
        """What a path that leads nowhere here may have been meant for, in sentences."""
        return " ".join(f"{one.what} {one.instead}" for one in self.project.not_emulated)

    def published_anew(self, mounts: Sequence[Mount] | None = None) -> Deployment:
        """The same with the public files that there are now, and perhaps other `mounts`."""
        chosen = self.mounts if mounts is None else tuple(mounts)
        files = _public_files(self.project, self.config, chosen)
        return replace(self, files=files, mounts=chosen)

    def notices(self) -> list[Notice]:
        """What a person should know of this deployment before its visitors do."""
        warnings = (*self.project.warnings, *self.config.warnings)
        found = [notice_of(warning, "warn") for warning in warnings]
        if sources := self.exposed_sources():
            text, hint = exposure_text(sources)
            found.append(Notice(level="warn", code="SOURCES_ARE_PUBLIC", message=text, hint=hint))
        return [*found, *self.unbuilt]

    def exposed_sources(self) -> list[str]:
        """URL paths of source code that any visitor can download."""
        if self.config.builds or all(one.folder != self.project.root for one in self.files.mounts):
            return []
        return exposed_sources(self.files, self.routing)


def deploy(
    project: Project, config: VercelConfig, options: Options, mounts: Sequence[Mount] = ()
) -> Deployment:
    """Work out what a deployment of `project` serves.

    Raises:
        EmuError: vercel.json has a rule that a deployment would refuse.
    """
    limit = options.max_duration
    return Deployment(
        project=project,
        config=config,
        routing=compile_routing(config, project.functions, project.frontend),
        files=_public_files(project, config, tuple(mounts)),
        durations={one.name: limit or one.max_duration for one in project.functions},
        mounts=tuple(mounts),
        unbuilt=tuple(unbuilt(project, config)),
    )


def published_folders(
    project: Project, config: VercelConfig, beside: Sequence[Path] = ()
) -> tuple[str, ...]:
    """Folders below the root (relative, ending in a slash) that hold public files alone.

    `beside` are further folders, of which those in the project count.
    """
    root = project.root
    folders = [root / (config.output_directory or DEFAULT_OUTPUT), *beside]
    if config.builds:
        folders += [mount.folder for mount in built_mounts(root, config)]
    elif project.frontend is not None:
        folders.append(root / project.frontend.output)
    inside = dict.fromkeys(one for one in folders if one.is_relative_to(root) and one != root)
    return tuple(f"{one.relative_to(root).as_posix()}/" for one in inside)


def _public_files(project: Project, config: VercelConfig, mounts: tuple[Mount, ...]) -> PublicFiles:
    has_app = any(function.path is None for function in project.functions)
    frontend = project.frontend
    return public_files(project.root, config, has_app=has_app, frontend=frontend, more=mounts)
