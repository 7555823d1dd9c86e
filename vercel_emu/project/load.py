"""A folder in, the `Project` that a deployment would make of it out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from vercel_emu.errors import EmuError, ProjectWarning, Where
from vercel_emu.project.detection import functions as api
from vercel_emu.project.detection.builds import built_functions, names_functions
from vercel_emu.project.detection.django import find_manage, read_settings
from vercel_emu.project.detection.entrypoint import (
    EXPLICIT,
    Search,
    not_found,
    search_entrypoint,
)
from vercel_emu.project.detection.frameworks import (
    PYTHON_PRESETS,
    detect_framework,
)
from vercel_emu.project.detection.frontends import BuildSettings, find_frontend
from vercel_emu.project.detection.served import serves_pages, serves_something
from vercel_emu.project.detection.sources import Sources
from vercel_emu.project.link import Link, deployed_folder, read_link
from vercel_emu.project.model import (
    DjangoSettings,
    Entrypoint,
    Frontend,
    Function,
    FunctionSettings,
    NotEmulated,
    Project,
    Unset,
)
from vercel_emu.project.vercel_json.model import VercelConfig

NOTHING_FOUND = "ENTRYPOINT_NOT_FOUND"
"""How the platform's codes for a project without an app end, whatever the framework."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The functions of a folder, and what a person should know about how they were found."""

    functions: tuple[Function, ...] = ()
    django: DjangoSettings | None = None
    warnings: tuple[ProjectWarning, ...] = ()


def identify_project(folder: Path) -> Project:
    """Whose project this is, without looking for its functions (so it can't fail on those)."""
    folder = folder.resolve()
    if not folder.is_dir():
        raise EmuError(
            "PROJECT_NOT_FOUND",
            f"{folder} is not a folder.",
            "Give the folder of the project you deploy.",
        )
    link = read_link(folder)
    root = deployed_folder(folder, link)
    return Project(
        root=root,
        name=link.name or root.name or "project",
        project_id=link.project_id,
        org_id=link.org_id,
        link_root=folder,
    )


def load_project(
    root: Path,
    config: VercelConfig,
    *,
    app: str | None = None,
    interpreter: Path | None = None,
    environ: Mapping[str, str],
) -> Project:
    """What a deployment of `root` would run.

    The framework of `config` wins over the linked project's, and that over detection. `environ`
    is what the app will see: it is used only if Django's settings have to be executed, under
    `interpreter`.

    Raises:
        EmuError: a deployment would find nothing to run, or several things.
    """
    project, origin = _with_framework(identify_project(root), config)
    chosen = project.framework
    sources = Sources(project.root, interpreter)
    settings = config.function_settings
    try:
        found = _find(sources, project, config, origin, app, environ)
    except EmuError as error:
        # Services have their apps in folders of their own: nothing need be in the root.
        if not config.services or app is not None or not error.code.endswith(NOTHING_FOUND):
            raise
        found = Found()
    if chosen in PYTHON_PRESETS and all(one.path is not None for one in found.functions):
        # The functions are those of the preset "Other", so what is published is that as well.
        project = replace(project, frontend=_frontend(project, config, None))
    missing, told = _missing_parts(project.root, config, chosen, found.functions)
    return replace(
        project,
        functions=api.apply_settings(found.functions, settings),
        django=found.django,
        not_emulated=missing,
        warnings=(
            *found.warnings,
            *told,
            *_setting_warnings(found.functions, settings),
        ),
    )


def _missing_parts(
    root: Path, config: VercelConfig, framework: str | None, functions: tuple[Function, ...]
) -> tuple[tuple[NotEmulated, ...], tuple[ProjectWarning, ...]]:
    """What of the project is not emulated, and what a start says of it."""
    if not config.services and framework != "nextjs":
        return (), ()
    # Late: most projects have no such part.
    from vercel_emu.project.not_emulated import missing_parts, warning_of

    found = tuple(missing_parts(root, config, framework, functions))
    return found, tuple(map(warning_of, found))


def _find(
    sources: Sources,
    project: Project,
    config: VercelConfig,
    origin: str,
    app: str | None,
    environ: Mapping[str, str],
) -> Found:
    """The functions of a deployment; `origin` says the framework (empty: it was detected)."""
    framework = project.framework
    if app is None and names_functions(config.builds):
        return _load_builds(sources, config, environ)
    if app is not None or (framework in PYTHON_PRESETS and framework != "fasthtml"):
        found = _load_app(sources, framework, app, environ)
        return _or_functions(sources, found, framework, origin, config)
    if framework == "fasthtml":
        return _load_fasthtml(sources, environ)
    return _load_other(sources, project, origin, config)


def with_framework(project: Project, config: VercelConfig) -> Project:
    """The same with its framework and front end, which can be told without its functions."""
    return _with_framework(project, config)[0]


def _with_framework(project: Project, config: VercelConfig) -> tuple[Project, str]:
    """The project, and where its framework comes from (empty: detected)."""
    link = read_link(project.link_root or project.root)
    framework, origin = _choose_framework(project.root, config.framework, link)
    frontend = _frontend(project, config, framework)
    return replace(project, framework=framework, frontend=frontend), origin


def _frontend(project: Project, config: VercelConfig, framework: str | None) -> Frontend | None:
    """What is built beside the functions; legacy `builds` say it themselves."""
    if config.builds:
        return None
    top = project.link_root or project.root
    link = read_link(top)
    command, output = config.build_command, config.output_directory
    settings = BuildSettings(
        build_command=link.build_command if command is None else command,
        output_directory=link.output_directory if output is None else output,
    )
    return find_frontend(project.root, framework, settings, top)


def _choose_framework(
    root: Path, configured: str | Unset | None, link: Link
) -> tuple[str | None, str]:
    """The preset, and where it comes from (empty: detected)."""
    if not isinstance(configured, Unset):
        return configured, "vercel.json"
    if not isinstance(link.framework, Unset):
        return link.framework, ".vercel/project.json"
    return detect_framework(root), ""


def _load_builds(sources: Sources, config: VercelConfig, environ: Mapping[str, str]) -> Found:
    """What the legacy `builds` name, and Django's settings where that is a Django project."""
    root = sources.root
    functions = built_functions(sources, config.builds)
    if not functions and not serves_something(root, config, None):
        raise not_found(sources, None, search_entrypoint(sources, None))
    base = find_manage(root) if functions else None
    if base is None:
        return Found(functions=functions)
    try:
        django = read_settings(root, base, interpreter=sources.python, environ=environ)
    except EmuError:
        django = None  # the functions are known without; what is wrong shows when they start
    return Found(functions=functions, django=django)


def _load_app(
    sources: Sources,
    framework: str | None,
    app: str | None,
    environ: Mapping[str, str],
) -> Found:
    """One app that receives everything, or else the functions of `api/`."""
    search = search_entrypoint(sources, framework, app=app, environ=environ)
    entrypoint = search.entrypoint
    if entrypoint is None:
        # Most deployments of such folders have the preset "Other", where these are functions.
        return _functions_instead(sources, framework, search)
    warnings = _passed_over(sources, search)
    if entrypoint.file.startswith("api/") and entrypoint.found_by == "default place":
        if entrypoint.variable.lower() == "handler":
            # A file function's shape, found by its place only. As the one app of a preset it would
            # take every path; deployed projects of this shape serve each file as its function.
            return Found(functions=api.find_functions(sources))
        files = [file for file in api.function_candidates(sources.root) if file != entrypoint.file]
        others = [file for file, variable in sources.exports(files).items() if variable]
        warnings += (_not_separate(framework, entrypoint, others),) if others else ()
    return Found(functions=(_app(entrypoint),), django=search.django, warnings=warnings)


def _passed_over(sources: Sources, search: Search) -> tuple[ProjectWarning, ...]:
    """Files that come first and would be the app, were they Python: a deployment goes on, too."""
    entrypoint = search.entrypoint
    if entrypoint is None or entrypoint.fault is not None:
        return ()
    warnings = []
    for file in search.faulty:
        fault = sources.fault(file)
        where = Where(file, line=fault.line if fault else None)
        text = f"{where}: {fault.reason if fault else 'it is no Python'}. So the app is "
        text += f"{entrypoint.file}, as it would be in a deployment."
        warnings.append(ProjectWarning("ENTRYPOINT_PASSED_OVER", text, where=where))
    return tuple(warnings)


def _or_functions(
    sources: Sources, found: Found, framework: str | None, origin: str, config: VercelConfig
) -> Found:
    """The app that was found, or the functions of `api/` that rewrites mean instead."""
    app = found.functions[0]
    if app.path is not None or not config.destinations:
        return found
    # Late: an app of a preset needs no rewrites.
    from vercel_emu.project.detection.old_rewrites import meant_by_rewrites

    by = app.entrypoint.found_by
    said_by = origin or (by if by in EXPLICIT else "")
    meant = meant_by_rewrites(sources, config, app.entrypoint, framework=framework, said_by=said_by)
    if meant is None:
        return found
    if meant.functions:
        return Found(functions=meant.functions, warnings=(meant.warning,))
    return replace(found, warnings=(*found.warnings, meant.warning))


def _functions_instead(sources: Sources, framework: str | None, search: Search) -> Found:
    functions = api.find_functions(sources)
    if not functions:
        raise not_found(sources, framework, search)
    return Found(functions=functions)


def _load_fasthtml(sources: Sources, environ: Mapping[str, str]) -> Found:
    """An old-style preset: its app does not stop the files in `api/` from being functions."""
    functions = api.find_functions(sources)
    search = search_entrypoint(sources, "fasthtml", environ=environ)
    if search.entrypoint is None:
        return _functions_instead(sources, "fasthtml", search)
    own = (
        f for f in functions if search.entrypoint and f.entrypoint.file != search.entrypoint.file
    )
    return Found(functions=(*own, _app(search.entrypoint)))


def _load_other(sources: Sources, project: Project, origin: str, config: VercelConfig) -> Found:
    """Preset "Other", or a JavaScript one: only files in `api/` are Python functions."""
    root, framework, frontend = project.root, project.framework, project.frontend
    functions = api.find_functions(sources)
    warnings: list[ProjectWarning] = []
    others = api.other_functions(sources.root)
    if others:
        text = f"Only Python functions run here; a deployment also has {_list(others)}."
        warnings.append(ProjectWarning("OTHER_LANGUAGES", text, where=Where(others[0])))
    if framework is not None:
        if frontend is not None and frontend.is_served_by_itself:
            text = (
                f'The framework is "{framework}": its own pages are not served here, only the '
                "Python functions of api/ and static files."
            )
            place = _framework_in(origin)
            warnings.append(ProjectWarning("FRAMEWORK_NOT_SERVED", text, where=place))
        # An app at one of the default places was meant to run, and is not: that is said.
        if not functions and (
            not serves_something(root, config, frontend)
            or search_entrypoint(sources, None).entrypoint is not None
        ):
            raise _nothing_to_run(framework, origin)
        return Found(functions=functions, warnings=tuple(warnings))
    files = [*(function.entrypoint.file for function in functions), *others]
    for pattern in api.unused_patterns(files, config.function_settings):
        raise api.unused_function(pattern)
    if functions or others:
        return Found(functions=functions, warnings=tuple(warnings))
    return _load_without_preset(sources, origin, config, frontend)


def _load_without_preset(
    sources: Sources, origin: str, config: VercelConfig, frontend: Frontend | None
) -> Found:
    """No preset and nothing in `api/`: a deployment would have static files only."""
    root = sources.root
    search = search_entrypoint(sources, None)
    if search.entrypoint is not None and search.entrypoint.fault and serves_pages(root, config):
        return Found()  # pages beside something that is no Python
    if origin and search.entrypoint is not None:
        raise EmuError(
            "PYTHON_ENTRYPOINT_NOT_FOUND",
            f'The framework is "Other" (null in {origin}), so a deployment would not run '
            f"{search.entrypoint.file} as an app.",
            'Set "framework" in vercel.json to the one you use ("fastapi", "flask", "django", '
            f'"python"), or try it with `--app {search.entrypoint.module}:'
            f"{search.entrypoint.variable}`.",
            where=_framework_in(origin),
        )
    if search.entrypoint is not None:
        explicit = search.entrypoint.found_by != "default place"
        warning = ProjectWarning(
            "ENTRYPOINT_NOT_DETECTED",
            f"Running {search.entrypoint.file}, but a deployment would not find it: add a "
            "requirements.txt or pyproject.toml that names your framework.",
            where=Where(search.entrypoint.file),
        )
        return Found(functions=(_app(search.entrypoint),), warnings=() if explicit else (warning,))
    has_python = search.without_export or api.function_candidates(root)
    if serves_pages(root, config) or (frontend is not None and frontend.command):
        return Found()
    # Code that was meant as an app is told, whatever else lies beside it.
    if not has_python and serves_something(root, config, frontend):
        return Found()
    raise not_found(sources, None, search)


def _nothing_to_run(framework: str, origin: str) -> EmuError:
    return EmuError(
        "PYTHON_ENTRYPOINT_NOT_FOUND",
        "No Python entrypoint could be detected. Please specify an entrypoint file.",
        f'The framework is "{framework}" ({origin or "found in package.json"}), where only files '
        "in api/ are Python functions, and none of them exports a top-level app, application or "
        "handler. For a Python app beside it give its folder, or `--app module:variable`.",
        where=_framework_in(origin),
    )


def _app(entrypoint: Entrypoint) -> Function:
    return Function(name="app", entrypoint=entrypoint)


def _setting_warnings(
    functions: tuple[Function, ...], settings: Mapping[str, FunctionSettings]
) -> tuple[ProjectWarning, ...]:
    """Settings that change nothing here (the platform raises only for "Other", see above)."""
    files = [function.entrypoint.file for function in functions]
    return tuple(
        ProjectWarning(
            "UNUSED_FUNCTION_PATTERN",
            f'vercel.json: the pattern "{pattern}" in `functions` matches no Python function; '
            f"there {'is' if len(files) == 1 else 'are'} {_list(files) or 'none'}.",
            where=Where("vercel.json", f"functions['{pattern}']"),
        )
        for pattern in api.unused_patterns(files, settings)
    )


def _framework_in(origin: str) -> Where:
    """The setting that chose the framework, or the file that it was detected by."""
    if not origin:
        return Where("package.json")
    return Where(origin, "framework" if origin == "vercel.json" else "settings.framework")


def _not_separate(
    framework: str | None, entrypoint: Entrypoint, others: list[str]
) -> ProjectWarning:
    text = (
        f'With the framework "{framework}", {entrypoint.file} receives every request; '
        f"{_list(others)} {'is' if len(others) == 1 else 'are'} not separate functions. "
        'For file functions set "framework": null in vercel.json.'
    )
    return ProjectWarning("NOT_SEPARATE_FUNCTIONS", text, where=Where(entrypoint.file))


def _list(files: list[str], at_most: int = 5) -> str:
    more = f" and {len(files) - at_most} more" if len(files) > at_most else ""
    return ", ".join(files[:at_most]) + more
