"""Find a Django project's application through manage.py, as a deployment's build does.

The build executes manage.py and reads the settings it chose. That costs about 0.3 s, on every
start; so where `django_source` can prove from the source what executing would give, it is read
from there, and executed otherwise.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

from vercel_emu import guest
from vercel_emu.errors import EmuError, Where
from vercel_emu.files.reading import SOURCE_BYTES, read_text
from vercel_emu.guest.analysis.facts import Fault
from vercel_emu.project.detection.django_source import read_from_source
from vercel_emu.project.detection.frameworks import is_django_manage
from vercel_emu.project.model import DjangoSettings

_SCRIPT = guest.FOLDER / "scripts" / "django_settings.py"
SETTINGS_NOT_READ = "DJANGO_SETTINGS_NOT_READ"
"""The code where only executing could tell, and there is no interpreter to execute with."""
_TIMEOUT_SECONDS = 60
_CHOSEN = re.compile(r"""DJANGO_SETTINGS_MODULE["']\s*,\s*["']([\w.]+)["']""")
_SYNTAX_ERROR = re.compile(
    r'File "(?P<file>[^"]+)", line (?P<line>\d+)\n(?:    .*\n)*'
    r"(?P<reason>(?:Syntax|Indentation|Tab)Error: .*)\Z"
)
_OUTPUT_LINES = 30


def find_manage(root: Path) -> str | None:
    """The folder of manage.py relative to the root (`""` is the root itself), if there is one."""
    places = ("", *subfolders(root))
    return next((place for place in places if is_django_manage(root / place / "manage.py")), None)


def subfolders(root: Path) -> list[str]:
    """The immediate, non-hidden subfolders, sorted."""
    try:
        return sorted(
            entry.name
            for entry in root.iterdir()
            if not entry.name.startswith(".") and entry.is_dir()
        )
    except OSError:
        return []


def read_settings(
    root: Path,
    base: str,
    *,
    interpreter: Path | None = None,
    environ: Mapping[str, str] | None = None,
) -> DjangoSettings:
    """The settings that manage.py in folder `base` chooses, under the app's interpreter.

    `environ` is the environment the app will have; without it a child sees an empty one.

    Raises:
        EmuError: they can't be read; `SETTINGS_NOT_READ` where that takes an interpreter.
    """
    variables = dict(environ or {})
    try:
        settings = read_from_source(root, base, chosen=variables.get("DJANGO_SETTINGS_MODULE"))
    except RecursionError:  # an expression of a thousand operators
        settings = None
    if settings is not None:
        return settings
    if interpreter is None:
        raise _not_executed(base)
    return _execute(root, base, interpreter, variables)


def broken_entrypoint(root: Path, base: str, error: EmuError) -> tuple[str, str, Fault] | None:
    """Where settings are no Python: the module that will say so when it is served, and the fault.

    That is the wsgi.py or asgi.py beside the settings; its file, its variable. None: there is none,
    or something else is wrong.
    """
    found = _SYNTAX_ERROR.search(error.message)
    chosen = _CHOSEN.search(_text(root / base / "manage.py"))
    if found is None or chosen is None:
        return None
    broken = Path(os.path.relpath(found["file"], root.resolve())).as_posix()
    fault = Fault(found["reason"], int(found["line"]), file=broken)
    *packages, _ = chosen[1].split(".")
    for count in range(len(packages), 0, -1):
        for name in ("wsgi.py", "asgi.py"):
            file = Path(base, *packages[:count], name)
            if (root / file).is_file():
                return file.as_posix(), "application", fault
    return None


def _text(file: Path) -> str:
    try:
        return read_text(file, SOURCE_BYTES, errors="replace")
    except OSError:
        return ""


def _execute(root: Path, base: str, interpreter: Path, environ: dict[str, str]) -> DjangoSettings:
    folder = (root / base).resolve()
    command = [str(interpreter), "-P", "-B", str(_SCRIPT), str(folder)]
    try:
        done = subprocess.run(
            command,
            env=environ,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_TIMEOUT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise _failed(base, f"It did not end within {_TIMEOUT_SECONDS} s.") from None
    except OSError as error:
        raise _failed(base, f"{interpreter} could not be started: {error.strerror}.") from None
    output = (done.stderr).decode("utf-8", "replace").rstrip()
    try:
        answer = json.loads(done.stdout)
    except ValueError:
        raise _failed(base, output or f"It ended with exit code {done.returncode}.") from None
    static_root = answer["STATIC_ROOT"]
    return DjangoSettings(
        base_dir=base,
        settings_module=answer["module"],
        asgi_application=answer["ASGI_APPLICATION"],
        wsgi_application=answer["WSGI_APPLICATION"],
        static_url=answer["STATIC_URL"],
        static_root=str(folder / static_root) if static_root else None,
        executed=True,
    )


def _not_executed(base: str) -> EmuError:
    manage = f"{base}/manage.py" if base else "manage.py"
    return EmuError(
        SETTINGS_NOT_READ,
        f"{manage} must be executed to find the application, and the project has no environment "
        "with Django yet.",
        "Start `vercel-emu dev` once: it makes one.",
        where=Where(manage),
    )


def _failed(base: str, output: str) -> EmuError:
    shown = "\n".join(output.splitlines()[-_OUTPUT_LINES:])
    if "No module named 'django'" in output:
        hint = "Django is not installed in the app's interpreter: install the requirements."
    else:
        hint = "Run `python manage.py check` in that folder to see the same error."
    manage = f"{base}/manage.py" if base else "manage.py"
    return EmuError(
        "DJANGO_SETTINGS_FAILED",
        f"Failed to read Django application settings from {manage}:\n{shown}",
        hint,
        where=Where(manage),
    )
