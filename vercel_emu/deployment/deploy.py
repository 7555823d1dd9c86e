"""What a running emulator derives from the project's files, and replaces as one when they change.

A deployment is built once and never changes; here a save makes the next one. Everything is worked
out before anything is replaced, so a project that can't be deployed leaves the last one serving.
`vercel-emu route` and the edge use the same value, so they can't disagree.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from vercel_emu.deployment.public_files import Mount, PublicFiles, public_files
from vercel_emu.deployment.routing import RoutingTable, compile_routing
from vercel_emu.events import Notice, notice_of
from vercel_emu.options import Options
from vercel_emu.project.model import Function, Project
from vercel_emu.project.vercel_json.model import VercelConfig

_SHOWN = 5


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

    @property
    def functions(self) -> dict[str, Function]:
        """The functions by name."""
        return {function.name: function for function in self.project.functions}

    @property
    def public_folders(self) -> tuple[str, ...]:
        """Folders (relative, ending in a slash) whose files no function is made of."""
        root = self.project.root
        folders = [_output_folder(self.config), *(mount.folder for mount in self.mounts)]
        inside = [root / folder for folder in folders if (root / folder).is_relative_to(root)]
        return tuple(f"{one.relative_to(root).as_posix()}/" for one in inside if one != root)

    def published_anew(self, mounts: Sequence[Mount] | None = None) -> Deployment:
        """The same with the public files that there are now, and perhaps other `mounts`."""
        chosen = self.mounts if mounts is None else tuple(mounts)
        files = _public_files(self.project, self.config, chosen)
        return replace(self, files=files, mounts=chosen)

    def notices(self) -> list[Notice]:
        """What a person should know of this deployment before its visitors do."""
        warnings = (*self.project.warnings, *self.config.warnings)
        found = [notice_of(warning, "warn") for warning in warnings]
        publishes_root = any(mount.folder == self.project.root for mount in self.files.mounts)
        sources = self.files.exposed_sources() if publishes_root else []
        if sources and not self.config.builds:
            found.append(_exposed(sources))
        return found


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
        routing=compile_routing(config, project.functions),
        files=_public_files(project, config, tuple(mounts)),
        durations={one.name: limit or one.max_duration for one in project.functions},
        mounts=tuple(mounts),
    )


def _public_files(project: Project, config: VercelConfig, mounts: tuple[Mount, ...]) -> PublicFiles:
    has_app = any(function.path is None for function in project.functions)
    return public_files(project.root, config, has_app=has_app, more=mounts)


def _output_folder(config: VercelConfig) -> Path:
    return Path(config.output_directory or "public")


def _exposed(sources: Sequence[str]) -> Notice:
    more = f" and {len(sources) - _SHOWN} more" if len(sources) > _SHOWN else ""
    return Notice(
        level="warn",
        code="SOURCES_ARE_PUBLIC",
        message=f"Anyone can download {', '.join(sources[:_SHOWN])}{more}: without a public/ "
        "folder a deployment of api/ functions publishes every other file.",
        hint="Put what is meant for visitors into public/, or list the rest in .vercelignore.",
    )
