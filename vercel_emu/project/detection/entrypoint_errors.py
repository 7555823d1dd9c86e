"""The platform's codes and messages for "no app found", each with what to do next."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from vercel_emu.errors import EmuError, Where
from vercel_emu.project.detection.frameworks import DISPLAY_NAMES
from vercel_emu.project.model import DjangoSettings, Entrypoint
from vercel_emu.project.pyproject import ENTRYPOINT_SETTING

if TYPE_CHECKING:
    from vercel_emu.project.detection.apps.near_misses import Reason

_NAMED_AT_MOST = 3

_WANTED = {
    "fastapi": 'define a top-level "app" FastAPI instance',
    "flask": 'define a top-level "app" Flask instance',
    "fasthtml": 'define a top-level "app" FastHTML instance',
    "django": 'define a top-level "application" ASGI or WSGI instance',
}
_WANTED_PLAIN = 'export a top-level "app", "application", or "handler" variable'

_TOP_LEVEL = (
    "Only top-level statements count: not `import app`, not code inside `if`, `try` or a function."
)
_EXPLICIT = "Name the app explicitly: `vercel-emu dev --app module:variable`"


def without_export(
    framework: str | None,
    files: Sequence[str],
    potential: Sequence[Entrypoint],
    reasons: Sequence[Reason],
) -> EmuError:
    """Files at the default places exist, but none exports an app."""
    wanted = _WANTED.get(framework or "", _WANTED_PLAIN)
    if len(files) == 1:
        message = f"Found {files[0]} but it does not {wanted}."
    else:
        message = f"Found {', '.join(files[:_NAMED_AT_MOST])} but none {wanted}."
    hint = "\n".join(map(str, reasons)) or _TOP_LEVEL
    if potential:
        hint += "\nPotential entrypoints elsewhere:\n" + _listing(potential)
    where = reasons[0].where if reasons else Where(files[0])
    return EmuError(_code(framework), message, hint, where=where)


def missing_script(
    framework: str | None, script: str, files: Sequence[str], potential: Sequence[Entrypoint]
) -> EmuError:
    hint = "Correct the script, or set it as [tool.vercel] entrypoint."
    if potential:
        hint += "\nPotential entrypoints:\n" + _listing(potential)
    return EmuError(
        _code(framework),
        f'pyproject.toml [project.scripts] defines app = "{script}" but '
        f"{' or '.join(files)} was not found.",
        hint,
        where=Where("pyproject.toml", "[project.scripts] app"),
    )


def elsewhere(framework: str | None, potential: Sequence[Entrypoint]) -> EmuError:
    """Nothing at the default places, but other files export something."""
    lines = "\n".join(f"  {entry.file} (variable: {entry.variable})" for entry in potential)
    return EmuError(
        _code(framework),
        f"No {_display(framework)} entrypoint found in default locations, but found potential "
        f"entrypoints:\n{lines}\n\n{_suggestion(potential[0])}",
        f"To try it without that: `vercel-emu dev --app {_reference(potential[0])}`",
        where=Where(potential[0].file),
    )


def nothing_found(
    framework: str | None, places: Sequence[str], maker: Reason | None = None
) -> EmuError:
    """No file is an app; `maker` is one that makes one, elsewhere."""
    where = maker.where if maker else None
    if framework is None:
        return EmuError(
            "PYTHON_ENTRYPOINT_NOT_FOUND",
            "No Python entrypoint could be detected. Please specify an entrypoint file.",
            str(maker)
            if maker
            else f"Run the command in your project's folder. {_EXPLICIT}, or start from a template "
            "with `vercel-emu init`.",
            where=where,
        )
    return EmuError(
        _code(framework),
        f'No {_display(framework)} entrypoint found. Set "tool.vercel.entrypoint" in '
        f"pyproject.toml or define an entrypoint in one of: {', '.join(places)}.",
        str(maker) if maker else f"{_EXPLICIT}.",
        where=where,
    )


def build_missing(file: str, there: Sequence[str], where: Where) -> EmuError:
    """`builds` of vercel.json name a file that is not among those that are `there`."""
    name = PurePosixPath(file).name
    alike = [one for one in there if PurePosixPath(one).name == name] or list(there)
    named = ", ".join(alike[:_NAMED_AT_MOST]) or "no Python file at all"
    return EmuError(
        "PYTHON_ENTRYPOINT_NOT_FOUND",
        f'Configured Python entrypoint "{file}" was not found.',
        f"{where.key} in {where.file} names it, relative to the root. The project has {named}.",
        where=where,
    )


def configured_missing(app: str, files: Sequence[str]) -> EmuError:
    """The command line names an app that is not there."""
    return EmuError(
        "PYTHON_ENTRYPOINT_NOT_FOUND",
        f'Configured Python entrypoint "{app}" was not found.',
        f"Looked for {' and '.join(files)} in the project. Use module:variable (main:app).",
    )


def too_large(name: str, target: str) -> EmuError:
    return EmuError(
        "FOLDER_TOO_LARGE",
        f"{name} leads to {target}, out of the project, and too much lies there to look for "
        "functions in it.",
        f"Remove the link, or let {name} be a folder.",
    )


def no_top_level(file: str, reasons: Sequence[Reason]) -> EmuError:
    """A file is named that exports no app."""
    hint = "\n".join(map(str, reasons)) or f"{_TOP_LEVEL} It may have another name: "
    hint += "" if reasons else f"then say so with `--app {file}:NAME`."
    return EmuError(
        "PYTHON_ENTRYPOINT_NOT_FOUND",
        f'Could not find a top-level "app", "application", or "handler" in "{file}".',
        hint,
        where=reasons[0].where if reasons else Where(file),
    )


def tool_vercel_missing(value: str, files: Sequence[str]) -> EmuError:
    return EmuError(
        "PYTHON_ENTRYPOINT_NOT_FOUND",
        f'"tool.vercel.entrypoint" in "pyproject.toml" is "{value}" but no matching module file '
        'was found. Use "module:object" format (e.g. "main:app") and ensure the module file '
        "exists, or remove the setting to use automatic entrypoint detection.",
        f"Looked for {' and '.join(files)}.",
        where=ENTRYPOINT_SETTING,
    )


def django_unresolved(base: str, settings: DjangoSettings) -> EmuError:
    return EmuError(
        "DJANGO_ENTRYPOINT_NOT_FOUND",
        f'Found Django manage.py in "{base or "."}" but could not resolve the application '
        "entrypoint. Ensure WSGI_APPLICATION or ASGI_APPLICATION is set in your Django settings.",
        f"The settings module is {settings.settings_module}; a value looks like "
        '"mysite.wsgi.application".',
        where=Where(f"{base}/manage.py" if base else "manage.py"),
    )


def _code(framework: str | None) -> str:
    return f"{(framework or 'python').upper()}_ENTRYPOINT_NOT_FOUND"


def _display(framework: str | None) -> str:
    return DISPLAY_NAMES.get(framework or "python", framework or "python")


def _reference(entry: Entrypoint) -> str:
    return f"{entry.module}:{entry.variable}"


def _suggestion(entry: Entrypoint) -> str:
    return f'Add this to your pyproject.toml:\n\n[tool.vercel]\nentrypoint = "{_reference(entry)}"'


def _listing(potential: Sequence[Entrypoint]) -> str:
    lines = "\n".join(f"  {entry.file} (variable: {entry.variable})" for entry in potential)
    return f"{lines}\n{_suggestion(potential[0])}"
