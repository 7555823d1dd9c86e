"""Write a small project into a temporary folder, and look for its entrypoint."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from vercel_emu.project.detection.entrypoint import not_found, search_entrypoint
from vercel_emu.project.detection.sources import Sources
from vercel_emu.project.model import Entrypoint


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return root


def find_entrypoint(
    root: Path,
    framework: str | None,
    *,
    app: str | None = None,
    interpreter: Path | None = None,
    environ: Mapping[str, str] | None = None,
) -> Entrypoint:
    """The entrypoint, or an `EmuError` with the platform's code and message."""
    sources = Sources(root, interpreter)
    search = search_entrypoint(sources, framework, app=app, environ=environ)
    if search.entrypoint is None:
        raise not_found(sources, framework, search)
    return search.entrypoint
