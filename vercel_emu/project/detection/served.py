"""Whether a project without any function has something for its visitors."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from vercel_emu.files.walking import Walk, is_environment
from vercel_emu.project.detection.builds import static_builds, static_sources
from vercel_emu.project.detection.frontends import DEFAULT_OUTPUT
from vercel_emu.project.model import Frontend
from vercel_emu.project.vercel_json.model import VercelConfig

_NO_PAGES = (".py", ".toml", ".lock", ".md", ".txt", ".json", ".yaml", ".yml")
"""What lies in every folder of code, so that it is no reason to serve the folder."""


def serves_pages(root: Path, config: VercelConfig) -> bool:
    """Whether there are files that were evidently made for visitors."""
    folder = root / (config.output_directory or DEFAULT_OUTPUT)
    return next(_files(folder), None) is not None or next(root.glob("*.html"), None) is not None


def serves_something(root: Path, config: VercelConfig, frontend: Frontend | None) -> bool:
    """Whether any request could end in something else than 404."""
    if config.redirects or config.rewrites or config.routes:
        return True
    if config.builds:
        return bool(static_sources(config.builds) or static_builds(config.builds))
    if frontend is not None:
        output = root / frontend.output
        return not frontend.is_served_by_itself or next(_files(output), None) is not None
    return serves_pages(root, config) or any(map(_may_be_a_page, _files(root)))


def _files(folder: Path) -> Iterator[os.DirEntry[str]]:
    for inside in Walk(str(folder), enters=_may_hold_files):
        yield from (entry for entry in inside.files() if not entry.name.startswith("."))


def _may_be_a_page(entry: os.DirEntry[str]) -> bool:
    return not entry.name.lower().endswith(_NO_PAGES)


def _may_hold_files(folder: str) -> bool:
    name = Path(folder).name
    return name[0] not in "._" and name != "node_modules" and not is_environment(folder)
