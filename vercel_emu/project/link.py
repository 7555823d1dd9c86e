"""`.vercel/`: which project on the platform this folder belongs to, and its settings there."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from vercel_emu.errors import EmuError, Where
from vercel_emu.files.parsing import parse_json
from vercel_emu.files.reading import read_text
from vercel_emu.project.model import UNSET, Unset

_FILE = ".vercel/project.json"
_ROOT_DIRECTORY = "settings.rootDirectory"


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """`.vercel/project.json`. Where there is none: no ids, and nothing set."""

    project_id: str | None = None
    org_id: str | None = None
    name: str | None = None
    framework: str | Unset | None = UNSET
    root_directory: str | None = None
    output_directory: str | None = None
    build_command: str | None = None


def read_link(folder: Path) -> Link:
    """Read `.vercel/project.json` in `folder`; a wrong one is an error that names the key."""
    file = folder / ".vercel" / "project.json"
    try:
        data = parse_json(read_text(file))
    except (FileNotFoundError, NotADirectoryError):
        return Link()
    except OSError as error:
        raise _invalid(f"can't be read: {error.strerror}") from None
    except ValueError as error:
        line = error.lineno if isinstance(error, json.JSONDecodeError) else None
        raise _invalid(f"can't be read: {error}", line=line) from None
    if not isinstance(data, dict):
        raise _invalid("must hold a JSON object")
    settings = data.get("settings") or {}
    if not isinstance(settings, dict):
        raise _invalid("`settings` must be an object", "settings")
    framework = _text(settings, "framework", "settings.") if "framework" in settings else UNSET
    return Link(
        project_id=_text(data, "projectId"),
        org_id=_text(data, "orgId"),
        name=_text(data, "projectName"),
        framework=framework,
        root_directory=_text(settings, "rootDirectory", "settings."),
        output_directory=_text(settings, "outputDirectory", "settings."),
        build_command=_text(settings, "buildCommand", "settings."),
    )


def deployed_folder(folder: Path, link: Link) -> Path:
    """The folder that is deployed: `folder`, or its root directory as the settings say."""
    if link.root_directory is None or link.root_directory.strip("/") in {"", "."}:
        return folder
    if "\0" in link.root_directory:
        raise _invalid("`settings.rootDirectory` holds a NUL character")
    target = (folder / link.root_directory.strip("/")).resolve()
    if not target.is_relative_to(folder.resolve()):
        what = f"`{_ROOT_DIRECTORY}` leaves the project: {link.root_directory!r}"
        raise _invalid(what, _ROOT_DIRECTORY)
    if not target.is_dir():
        what = f"`{_ROOT_DIRECTORY}` is {link.root_directory!r}, which is no folder"
        raise _invalid(what, _ROOT_DIRECTORY)
    return target


def _text(data: dict[str, object], key: str, prefix: str = "") -> str | None:
    value = data.get(key)
    if value is None or isinstance(value, str):
        return value or None
    key = f"{prefix}{key}"
    raise _invalid(f"`{key}` must be a string or null, not {json.dumps(value)}", key)


def _invalid(what: str, key: str | None = None, line: int | None = None) -> EmuError:
    return EmuError(
        "PROJECT_SETTINGS_INVALID",
        f"{_FILE}: {what}.",
        "Correct the file, or remove it: `vercel link` writes it anew.",
        where=Where(_FILE, key, line),
    )
