"""Parts of a deployment that are missing here, each with the command that works instead.

Two of them make a project look broken: rewrites to its Python functions that a JavaScript
framework's own configuration holds, and services.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from vercel_emu.errors import ProjectWarning, Where
from vercel_emu.files.reading import read_text
from vercel_emu.project.detection.frameworks import PYTHON_PRESETS, detect_framework
from vercel_emu.project.model import Function, NotEmulated
from vercel_emu.project.vercel_json.model import Service, VercelConfig

_NEXT_CONFIGS = tuple(f"next.config.{suffix}" for suffix in ("js", "mjs", "ts", "mts", "cjs"))
_COMMENTS = re.compile(r"/\*.*?\*/|(?m:^[ \t]*//[^\n]*)", re.DOTALL)
_REWRITES = re.compile(r"\brewrites\b")
_TO_API = re.compile(r"""["'`](?:https?://[^/"'`]+)?/api\b""")
_LOCAL_PORT = re.compile(r"https?://(?:localhost|127\.0\.0\.1|0\.0\.0\.0):(\d+)")
_MANIFESTS = ("requirements.txt", "pyproject.toml", "Pipfile")
_REFERENCE = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*", re.ASCII)
_SHOWN = 5


def missing_parts(
    root: Path, config: VercelConfig, framework: str | None, functions: Sequence[Function]
) -> Iterator[NotEmulated]:
    """What of the project in `root` is not emulated and may be asked for."""
    is_app = any(function.path is None for function in functions)
    if framework == "nextjs" and not is_app and (rewrites := _next_rewrites(root, functions)):
        yield rewrites
    if config.services:
        yield _services(root, config)


def warning_of(part: NotEmulated) -> ProjectWarning:
    """What a start says of it."""
    is_one = part.where.key is None
    code = "FRAMEWORK_REWRITES_NOT_APPLIED" if is_one else "SERVICES_NOT_EMULATED"
    return ProjectWarning(code, part.what, part.instead, part.where)


# -- Next.js ---------------------------------------------------------------------------------------


def _next_rewrites(root: Path, functions: Sequence[Function]) -> NotEmulated | None:
    """The rewrites to `/api` in next.config.js: it is a program, and is not run here."""
    name = next((name for name in _NEXT_CONFIGS if (root / name).is_file()), None)
    if name is None:
        return None
    try:
        text = read_text(root / name, errors="replace")
    except OSError:
        return None
    code = _COMMENTS.sub(lambda found: "\n" * found[0].count("\n"), text)
    found = _REWRITES.search(code)
    if found is None or not _TO_API.search(code, found.start()):
        return None
    where = Where(name, line=code.count("\n", 0, found.start()) + 1)
    part = f"rewrites of {name}"
    what = f"The {part} are not applied here."
    app = _app_of(functions)
    if app is None:
        instead = 'Write those that lead to Python functions as "rewrites" into vercel.json.'
        return NotEmulated(part=part, what=what, instead=instead, where=where)
    port = _LOCAL_PORT.search(code, found.start())
    command = f"vercel-emu dev --app {app}" + (f" --listen {port[1]}" if port else "")
    beside = " beside `next dev`, which rewrites to it" if port else ""
    instead = f"Run `{command}`{beside}: that app then gets every request, with its own path."
    return NotEmulated(part=part, what=what, instead=instead, where=where, commands=(command,))


def _app_of(functions: Sequence[Function]) -> str | None:
    """The function that a rewrite to `/api` means, as `--app` takes it; None: it isn't clear."""
    index = (one for one in functions if one.name == "api/index")
    function = next(index, functions[0] if len(functions) == 1 else None)
    if function is None or (function.path is not None and function.path.is_dynamic):
        return None
    return f"{function.entrypoint.module}:{function.entrypoint.variable}"


# -- services --------------------------------------------------------------------------------------


def _services(root: Path, config: VercelConfig) -> NotEmulated:
    services = config.services
    commands = tuple(_command(root, one) for one in services if _is_python(root, one))
    key = services[0].key.partition(".")[0]
    names = ", ".join(one.name for one in services[:_SHOWN])
    names += " and others" if len(services) > _SHOWN else ""
    are = "services are" if len(services) > 1 else "service is"
    file = config.file_name or "vercel.json"
    what = f"The {are} not emulated: `{key}` of {file} declares {names}."
    instead = "None of them is Python: run their own development servers."
    if commands:
        shown = ", ".join(f"`{one}`" for one in commands)
        instead = f"Run each Python service by itself: {shown}."
        if len(commands) == 1:
            instead = f"Run the Python service by itself: {shown}."
    return NotEmulated(
        part=f"{key} {names}",
        what=what,
        instead=instead,
        where=Where(file, key),
        commands=commands,
    )


def _is_python(root: Path, service: Service) -> bool:
    if service.runtime or service.framework:
        return service.runtime == "python" or service.framework in PYTHON_PRESETS
    if service.entrypoint:
        is_file = service.entrypoint.endswith((".py", "pyproject.toml"))
        return is_file or _REFERENCE.fullmatch(service.entrypoint) is not None
    return detect_framework(root / service.folder) in PYTHON_PRESETS


def _command(root: Path, service: Service) -> str:
    """Runs the service's app in the folder of its manifest, as the platform does."""
    folder = PurePosixPath(service.folder)
    app = "" if service.entrypoint.endswith("pyproject.toml") else service.entrypoint
    if app and "/" in app:
        file = folder / app
        if not (root / file).is_file() and (root / app).is_file():
            file = PurePosixPath(app)
        if folder == PurePosixPath() and _has_manifest(root / file.parent):
            folder = file.parent
        app = file.relative_to(folder).as_posix() if file.is_relative_to(folder) else str(file)
    words = ["vercel-emu", "dev"]
    words += [str(folder)] if folder != PurePosixPath() else []
    words += ["--app", app] if app else []
    return shlex.join(words)


def _has_manifest(folder: Path) -> bool:
    return any((folder / name).is_file() for name in _MANIFESTS)
