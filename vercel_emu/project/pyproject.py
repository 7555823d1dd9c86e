"""pyproject.toml, as far as project detection reads it, checked once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from vercel_emu.errors import EmuError, Where, toml_line
from vercel_emu.files.parsing import parse_toml
from vercel_emu.files.reading import next_step, read_text

ENTRYPOINT_SETTING = Where("pyproject.toml", "[tool.vercel] entrypoint")


@dataclass(frozen=True, slots=True, kw_only=True)
class PyprojectFacts:
    """What pyproject.toml says about the entrypoint; None where it says nothing."""

    entrypoint: str | None = None
    app_script: str | None = None


def read_pyproject(root: Path) -> PyprojectFacts:
    """Read `[tool.vercel] entrypoint` and the legacy `[project.scripts] app`."""
    table = load_toml(root / "pyproject.toml")
    vercel = _table(_table(table, "tool"), "vercel")
    entrypoint = vercel.get("entrypoint")
    if entrypoint is not None and not isinstance(entrypoint, str):
        raise invalid_entrypoint(entrypoint)
    script = _table(_table(table, "project"), "scripts").get("app")
    return PyprojectFacts(
        entrypoint=entrypoint, app_script=script if isinstance(script, str) else None
    )


def read_vercel_script(root: Path) -> str | None:
    """The build command of `[tool.vercel.scripts]`: the first that the platform looks for."""
    tool = _table(_table(load_toml(root / "pyproject.toml"), "tool"), "vercel")
    scripts = _table(tool, "scripts")
    found = (scripts.get(name) for name in ("vercel-build", "now-build", "build"))
    return next((command for command in found if isinstance(command, str) and command), None)


def load_toml(file: Path) -> dict[str, object]:
    """The file as a dictionary; empty if there is none. Broken TOML names line and column."""
    try:
        return parse_toml(read_text(file))
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return {}
    except OSError as error:
        raise EmuError(
            "PYPROJECT_UNREADABLE",
            f"{file.name} could not be read: {error.strerror}.",
            next_step(error, f"Check the permissions of {file}."),
            where=Where(file.name),
        ) from None
    except ValueError as error:
        raise EmuError(
            "PYPROJECT_INVALID",
            f"{file.name} is not valid TOML: {error}.",
            f"Correct {file}; a deployment would stop at it too.",
            where=Where(file.name, line=toml_line(error)),
        ) from None


def emu_table(root: Path) -> dict[str, object]:
    """`[tool.vercel-emu]` of the project's pyproject.toml; empty where there is none."""
    tool = load_toml(root / "pyproject.toml").get("tool")
    table = tool.get("vercel-emu") if isinstance(tool, dict) else None
    return table if isinstance(table, dict) else {}


def invalid_entrypoint(value: object) -> EmuError:
    return EmuError(
        "PYTHON_INVALID_ENTRYPOINT",
        '"tool.vercel.entrypoint" in "pyproject.toml" must be a string in "module:object" '
        'format (e.g. "main:app").',
        f"It is {value!r} now.",
        where=ENTRYPOINT_SETTING,
    )


def _table(parent: dict[str, object], key: str) -> dict[str, object]:
    value = parent.get(key)
    return value if isinstance(value, dict) else {}
