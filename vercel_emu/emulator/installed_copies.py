"""Packages whose sources a person edits beside the app, while the app runs an installed copy."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from vercel_emu.events import Notice
from vercel_emu.project.python.placed import Placed, placed_packages


class InstalledCopies:
    """The packages of an environment that came from folders of this machine."""

    def __init__(self, root: Path, site_packages: Iterable[Path]) -> None:
        self._root = root
        self._copies: list[tuple[Path, Placed]] = []
        self._editable: list[Path] = []
        for one in placed_packages(site_packages):
            if one.folder is None or root.is_relative_to(one.folder):
                continue  # the project itself runs from its folder
            if one.editable:
                self._editable.append(one.folder)
            else:
                self._copies.append((one.folder, one))

    def followed(self) -> tuple[Path, ...]:
        """Folders outside of the project whose packages run from their sources."""
        return tuple(one for one in self._editable if not one.is_relative_to(self._root))

    def sources(self, files: Iterable[str]) -> dict[str, Placed]:
        """Of these files (relative to the project) the sources of a package that runs as a copy."""
        if not self._copies:
            return {}
        python = (file for file in files if file.endswith(".py"))
        found = ((file, self._copied(self._root / file)) for file in python)
        return {file: copy for file, copy in found if copy is not None}

    def notice(self, sources: dict[str, Placed]) -> Notice:
        """What to say of a save that changes nothing."""
        copy = next(iter(sources.values()))
        files = ", ".join(sources)
        message = f"{files} changed, but the app runs the copy of `{copy.name}` that is installed."
        return Notice(
            level="warn",
            code="INSTALLED_COPY_RUNS",
            message=message,
            hint=f"Have it follow its sources: `-e {self._shown(copy)}` in the requirements "
            "(`editable = true` in [tool.uv.sources]), installed anew.",
        )

    def _copied(self, file: Path) -> Placed | None:
        real = file.resolve()
        found = (one for folder, one in self._copies if real.is_relative_to(folder))
        return next(found, None)

    def _shown(self, copy: Placed) -> str:
        folder = copy.folder or self._root
        inside = folder.is_relative_to(self._root)
        return f"./{folder.relative_to(self._root)}" if inside else str(folder)
