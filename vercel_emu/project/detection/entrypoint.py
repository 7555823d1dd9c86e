"""Find the one app that a deployment would run, in the platform's order and with its messages.

`--app` > `[tool.vercel] entrypoint` > Django's manage.py or the 24 candidates > the legacy
`[project.scripts] app`. A setting that is there but wrong is an error and never falls through.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from vercel_emu.errors import EmuError
from vercel_emu.files.walking import Walk, is_environment
from vercel_emu.project.detection import django, entrypoint_errors
from vercel_emu.project.detection.sources import Sources
from vercel_emu.project.model import FOUND_BY_OPTION, DjangoSettings, Entrypoint
from vercel_emu.project.pyproject import invalid_entrypoint, read_pyproject

CANDIDATE_NAMES = ("app", "index", "server", "main", "wsgi", "asgi")
CANDIDATE_DIRS = ("", "src", "app", "api")

TOOL_VERCEL = "[tool.vercel] entrypoint"
SCRIPT = "[project.scripts] app"
EXPLICIT = frozenset({TOOL_VERCEL, SCRIPT, FOUND_BY_OPTION})
"""What `Entrypoint.found_by` is where a person named the app; else it was looked for."""

# Unanchored, as on the platform: text around the first `module:object` is not looked at.
_REFERENCE = re.compile(r"([A-Za-z_][\w.]*)\s*:\s*([A-Za-z_]\w*)", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What looking in the default places gave; `without_export` are candidates that exist."""

    entrypoint: Entrypoint | None = None
    django: DjangoSettings | None = None
    without_export: tuple[str, ...] = ()
    faulty: tuple[str, ...] = ()
    """Those of them that are no Python, but evidently mean to export an app."""


def candidates(directories: Iterable[str] = CANDIDATE_DIRS) -> list[str]:
    """The default places in the platform's order: folder by folder, name by name."""
    return [
        f"{directory}/{name}.py" if directory else f"{name}.py"
        for directory in directories
        for name in CANDIDATE_NAMES
    ]


def search_entrypoint(
    sources: Sources,
    framework: str | None,
    *,
    app: str | None = None,
    environ: Mapping[str, str] | None = None,
) -> Search:
    """The entrypoint, if there is one; a setting that is there but wrong is an `EmuError`."""
    if app is not None:
        return Search(entrypoint=_from_option(sources, app))
    root = sources.root
    facts = read_pyproject(root)
    if facts.entrypoint is not None:
        return Search(entrypoint=_from_tool_vercel(root, facts.entrypoint))
    found = _search_default_places(sources, framework, environ or {})
    if found.entrypoint is None and facts.app_script is not None:
        entrypoint = _from_script(root, facts.app_script)
        return Search(entrypoint=entrypoint, without_export=found.without_export)
    return found


def not_found(sources: Sources, framework: str | None, search: Search) -> EmuError:
    """Why nothing was found, in the platform's words, and what to do next."""
    root = sources.root
    potential = potential_entrypoints(sources)
    if search.without_export:
        # Late, as below: a start that goes on has no use for it.
        from vercel_emu.project.detection.apps.near_misses import reasons

        why = reasons(sources, search.without_export)
        return entrypoint_errors.without_export(framework, search.without_export, potential, why)
    script = read_pyproject(root).app_script
    if script is not None and (files := _script_files(script)):
        return entrypoint_errors.missing_script(framework, script, files, potential)
    if potential:
        return entrypoint_errors.elsewhere(framework, potential)
    from vercel_emu.project.detection.apps.near_misses import makers_elsewhere

    maker = makers_elsewhere(sources, python_files(root))
    return entrypoint_errors.nothing_found(framework, candidates(), maker)


def no_top_level(sources: Sources, file: str) -> EmuError:
    """Why a file that is named exports nothing, in the platform's words, and what to do next."""
    from vercel_emu.project.detection.apps.near_misses import reasons

    return entrypoint_errors.no_top_level(file, reasons(sources, [file]))


def potential_entrypoints(sources: Sources, limit: int = 10) -> list[Entrypoint]:
    """Files outside the default places that export an app, in path order."""
    found: list[Entrypoint] = []
    for file, variable in sources.exports(python_files(sources.root)).items():
        if variable is not None:
            found.append(entrypoint_at(file, variable, "search"))
            if len(found) == limit:
                break
    return found


def python_files(root: Path, limit: int = 5000, inside: Path | None = None) -> list[str]:
    """The project's own Python files, sorted, without environments and hidden folders.

    Raises:
        EmuError: `root` is a link out of the folder `inside`, and too much lies there.
    """
    found: list[str] = []
    walk = Walk(str(root), enters=_may_hold_sources, inside=str(inside or root))
    for folder in walk:
        found += [entry.path for entry in folder.files() if entry.name.endswith(".py")]
        if len(found) >= limit:
            break
    for link in walk.too_large:
        raise entrypoint_errors.too_large(root.name, link.real)
    return sorted(Path(path).relative_to(root).as_posix() for path in found)


def _may_hold_sources(folder: str) -> bool:
    path = Path(folder)
    if path.name.startswith(".") or path.name in {"node_modules", "__pycache__", "site-packages"}:
        return False
    return not is_environment(folder)


def entrypoint_at(file: str, variable: str, found_by: str, base_dir: str = "") -> Entrypoint:
    return Entrypoint(file, module_name(file), variable, found_by, base_dir)


def meant_entrypoint(sources: Sources, file: str, found_by: str) -> Entrypoint | None:
    """The app that a file exports, or evidently means to export where it is no Python."""
    variable = sources.meant(file)
    if variable is None:
        return None
    return replace(entrypoint_at(file, variable, found_by), fault=sources.fault(file))


def module_name(file: str) -> str:
    """`src/pkg/__init__.py` -> `src.pkg`."""
    path = PurePosixPath(file).with_suffix("")
    parts = path.parts[:-1] if path.name == "__init__" and len(path.parts) > 1 else path.parts
    return ".".join(parts)


def _search_default_places(
    sources: Sources, framework: str | None, environ: Mapping[str, str]
) -> Search:
    root = sources.root
    if framework == "django":
        base = django.find_manage(root)
        if base is not None:
            return _from_django(sources, base, environ)
        return _first_export(sources, candidates(["", *django.subfolders(root)]))
    if framework == "fasthtml":
        # An old-style preset: it names main.py, so that file is asked first.
        return _first_export(sources, list(dict.fromkeys(["main.py", *candidates()])))
    return _first_export(sources, candidates())


def _first_export(sources: Sources, files: list[str]) -> Search:
    skipped: list[str] = []
    entrypoint: Entrypoint | None = None
    for file in files:
        if not (sources.root / file).is_file():
            continue
        variable = sources.export(file)
        if variable is not None:
            entrypoint = entrypoint_at(file, variable, "default place")
            break
        skipped.append(file)
    faulty = [file for file in skipped if sources.meant(file)]
    if entrypoint is None and faulty:
        # A deployment has no app then; here its error is shown until it is put right.
        entrypoint = meant_entrypoint(sources, faulty[0], "default place")
    return Search(entrypoint=entrypoint, without_export=tuple(skipped), faulty=tuple(faulty))


def _from_django(sources: Sources, base: str, environ: Mapping[str, str]) -> Search:
    try:
        settings = django.read_settings(
            sources.root, base, interpreter=sources.python, environ=environ
        )
    except EmuError as error:
        broken = django.broken_entrypoint(sources.root, base, error)
        if broken is None:
            raise
        file, variable, fault = broken
        found = entrypoint_at(file, variable, "default place", base)
        return Search(entrypoint=replace(found, fault=fault))
    # ASGI is preferred where both are set, as on the platform.
    dotted = settings.asgi_application or settings.wsgi_application
    module, _, variable = (dotted or "").rpartition(".")
    if not module:
        raise entrypoint_errors.django_unresolved(base, settings)
    file = module.replace(".", "/") + ".py"
    if base:
        file = f"{base}/{file}"
    which = "ASGI_APPLICATION" if settings.asgi_application else "WSGI_APPLICATION"
    found_by = f"{which} of {settings.settings_module}"
    return Search(entrypoint=entrypoint_at(file, variable, found_by, base), django=settings)


def _from_tool_vercel(root: Path, value: str) -> Entrypoint:
    reference = _REFERENCE.search(value)
    if reference is None:
        raise invalid_entrypoint(value)
    module, variable = reference.groups()
    for file in module_files(module):
        if (root / file).is_file():
            return entrypoint_at(file, variable, TOOL_VERCEL)
    raise entrypoint_errors.tool_vercel_missing(value, module_files(module))


def _from_script(root: Path, value: str) -> Entrypoint | None:
    reference = _REFERENCE.search(value)
    for file in _script_files(value):
        if reference is not None and (root / file).is_file():
            return entrypoint_at(file, reference[2], SCRIPT)
    return None


def _script_files(value: str) -> list[str]:
    reference = _REFERENCE.search(value)
    return module_files(reference[1]) if reference else []


def _from_option(sources: Sources, app: str) -> Entrypoint:
    """`--app`: `module:variable`, `folder/file.py:variable`, or either without the variable."""
    place, _, variable = (part.strip() for part in app.partition(":"))
    by_path = place.endswith(".py") or "/" in place
    files = [place.removesuffix(".py") + ".py"] if by_path else module_files(place)
    file = next((file for file in files if _is_inside(sources.root, file)), None)
    if not place or file is None:
        raise entrypoint_errors.configured_missing(app, files)
    file = PurePosixPath(file).as_posix()
    if not variable:
        found = meant_entrypoint(sources, file, FOUND_BY_OPTION)
        if found is None:
            raise no_top_level(sources, file)
        return found
    if not variable.isidentifier():
        raise entrypoint_errors.configured_missing(app, files)
    return entrypoint_at(file, variable, FOUND_BY_OPTION)


def _is_inside(root: Path, file: str) -> bool:
    path = PurePosixPath(file)
    return not path.is_absolute() and ".." not in path.parts and (root / path).is_file()


def module_files(module: str) -> list[str]:
    base = module.replace(".", "/")
    return [f"{base}.py", f"{base}/__init__.py"]
