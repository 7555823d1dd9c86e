"""Installs what an app declares: into a new `.venv`, or with consent into its environment.

Only the dependencies, never the project itself: a flat layout can't be built, and isn't in a
deployment. While a new environment is being made a marker file stands in it, locked by the process
that makes it, so that an interrupted one is never taken as good and two starts don't mix.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from vercel_emu.errors import EmuError
from vercel_emu.project.python.choice import choose_python
from vercel_emu.project.python.commands import Command, into_existing, into_new
from vercel_emu.project.python.dependencies import (
    Action,
    Plan,
    missing_dependencies,
)
from vercel_emu.project.python.environment import (
    INCOMPLETE,
    PythonEnvironment,
    executables,
)
from vercel_emu.project.python.interpreter import Interpreter, find_interpreter
from vercel_emu.project.python.manifest import Manifest

type OnOutput = Callable[[str], None]

# Variables that would send an installer to another environment or project than the one meant.
_STEERING = (
    "VIRTUAL_ENV",
    "CONDA_PREFIX",
    "PYTHONHOME",
    "PYTHONPATH",
    "PIP_USER",
    "PIP_TARGET",
    "PIP_PREFIX",
    "UV_PROJECT",
    "UV_PROJECT_ENVIRONMENT",
    "UV_PYTHON",
    "__PYVENV_LAUNCHER__",
)


def install_dependencies(
    root: Path, plan: Plan, on_output: OnOutput, *, environ: Mapping[str, str] | None = None
) -> Interpreter:
    """Carry out a plan to CREATE or INSTALL; `on_output` gets every line as it comes.

    Returns the interpreter to run the app with.

    Raises:
        EmuError: an installer failed; its own output is in the message. A new environment is
            removed again, also when this is interrupted.
    """
    root = root.absolute()
    manifest = plan.dependencies.manifest
    if manifest is None or plan.action not in (Action.CREATE, Action.INSTALL):
        return plan.interpreter
    variables = clean_environ(os.environ if environ is None else environ)
    uv = working_uv(root, variables)
    if plan.action is Action.CREATE:
        interpreter = _create(root, manifest, plan.environment, uv, on_output, variables)
    else:
        interpreter = plan.interpreter
        own = PythonEnvironment(
            interpreter.path,
            interpreter.version,
            interpreter.prefix,
            interpreter.site_packages,
            interpreter.virtual,
        )
        _run_all(root, into_existing(manifest, uv, own), on_output, variables)
    for missing in missing_dependencies(root, interpreter).missing:
        on_output(f"warning: {missing} is still not installed{_lock_advice(manifest)}.")
    return interpreter


def _create(
    root: Path,
    manifest: Manifest,
    environment: Path,
    uv: Path | None,
    on_output: OnOutput,
    variables: Mapping[str, str],
) -> Interpreter:
    choice = choose_python(root, variables)
    for warning in choice.warnings:
        on_output(f"warning: {warning.message}")
    with _new_environment(environment):
        steps = into_new(root, manifest, environment, uv, choice.python)
        _run_all(root, steps, on_output, variables)
    return find_interpreter(root, environ=variables)


def _lock_advice(manifest: Manifest) -> str:
    return ": bring uv.lock up to date with `uv lock`" if manifest.lock_folder else ""


def clean_environ(environ: Mapping[str, str]) -> dict[str, str]:
    """The person's variables without those that name another environment or project."""
    kept = {key: value for key, value in environ.items() if key not in _STEERING}
    return {**kept, "UV_PYTHON_DOWNLOADS": "never", "PYTHONUNBUFFERED": "1"}


def working_uv(root: Path, environ: Mapping[str, str]) -> Path | None:
    """The first `uv` on PATH that starts in `root`: a version manager's shim may fail there."""
    for file in executables("uv", environ):
        with suppress(OSError, subprocess.SubprocessError):
            subprocess.run(
                [file, "--version"],
                cwd=root,
                env=environ,
                check=True,
                capture_output=True,
                timeout=10,
            )
            return file
    return None


@contextmanager
def _new_environment(folder: Path) -> Iterator[None]:
    """Make room for an environment; on any way out but success nothing of it is left."""
    marker = folder / INCOMPLETE
    if folder.exists() and not marker.exists() and any(folder.iterdir()):
        raise EmuError(
            "ENVIRONMENT_IN_THE_WAY",
            f"`{folder}` exists, but is no virtual environment.",
            "Move it away and start again, or give the app's interpreter with --python.",
        )
    folder.mkdir(parents=True, exist_ok=True)
    with marker.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise EmuError(
                "INSTALL_IN_PROGRESS",
                f"Another vercel-emu is installing into `{folder}` right now.",
                "Wait until it is done and start again.",
            ) from None
        try:
            _empty(folder)
            yield
            _ignore_in_git(folder)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        marker.unlink(missing_ok=True)


def _empty(folder: Path) -> None:
    """What an interrupted install left; the marker stays until the end."""
    for entry in list(folder.iterdir()):
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        elif entry.name != INCOMPLETE:
            entry.unlink()


def _ignore_in_git(folder: Path) -> None:
    ignore = folder / ".gitignore"
    if not ignore.exists():
        ignore.write_text("*\n", encoding="utf-8")


def _run_all(
    root: Path, steps: list[Command], on_output: OnOutput, environ: Mapping[str, str]
) -> None:
    with tempfile.TemporaryDirectory(prefix="vercel-emu-") as folder:
        for number, step in enumerate(steps):
            argv = step.argv
            if step.requirements:
                file = Path(folder, f"requirements-{number}.txt")
                file.write_text("\n".join(step.requirements) + "\n", encoding="utf-8")
                argv = (*argv, "-r", str(file))
            _run(argv, root, on_output, {**environ, **dict(step.environ)})


def _run(
    argv: tuple[str, ...], root: Path, on_output: OnOutput, environ: Mapping[str, str]
) -> None:
    lines: list[str] = []
    # A session of its own: Ctrl+C reaches this process alone, which then ends the installer.
    with subprocess.Popen(
        argv,
        cwd=root,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        try:
            for raw in process.stdout:
                line = raw.rstrip()
                lines.append(line)
                if line:
                    on_output(line)
            code = process.wait()
        except BaseException:
            _end(process)
            raise
    if code != 0:
        raise _failed(argv, code, lines)


def _end(process: subprocess.Popen[str]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def _failed(argv: tuple[str, ...], code: int, lines: list[str]) -> EmuError:
    command = " ".join([Path(argv[0]).name, *argv[1:]])
    output = "\n".join(f"  {line}" for line in lines[-60:])
    return EmuError(
        "INSTALL_FAILED",
        f"The dependencies could not be installed: `{command}` ended with exit code {code}."
        + (f" It said:\n{output}" if output else ""),
        "Correct what it names and start again; or install by hand and start with --no-install.",
    )
