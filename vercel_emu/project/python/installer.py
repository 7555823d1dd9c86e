"""Installs what an app declares: into a new `.venv`, or with consent into its environment.

While a new environment is being made a marker file stands in it, locked by the process that makes
it, so that an interrupted one is never taken as good and two starts don't mix. In an environment
that was made here, packages whose sources lie beside the project run from these sources.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from vercel_emu.errors import EmuError
from vercel_emu.project.python.choice import choose_python
from vercel_emu.project.python.commands import (
    Command,
    install_editable,
    install_into,
    make_environment,
)
from vercel_emu.project.python.dependencies import (
    Action,
    Plan,
    find_dependencies,
    manifest_names,
)
from vercel_emu.project.python.environment import (
    INCOMPLETE,
    MADE_HERE,
    PythonEnvironment,
    executables,
    read_environment,
)
from vercel_emu.project.python.interpreter import Interpreter, find_interpreter
from vercel_emu.project.python.manifest import UV_LOCK, Manifests
from vercel_emu.project.python.placed import placed_packages


@dataclass(frozen=True, slots=True)
class Listener:
    """Who hears of an install: of every line of the installers, and of what stops nothing."""

    line: Callable[[str], None]
    warning: Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Installation:
    """The interpreter to run the app with, and how many packages came into its environment."""

    interpreter: Interpreter
    packages: int


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
    root: Path, plan: Plan, listener: Listener, *, environ: Mapping[str, str] | None = None
) -> Installation:
    """Carry out a plan to CREATE or INSTALL.

    Raises:
        EmuError: an installer failed; its own output is in the message. A new environment is
            removed again, also when this is interrupted.
    """
    root = root.absolute()
    variables = clean_environ(os.environ if environ is None else environ)
    work = _Work(
        root, plan.dependencies.manifests, working_uv(root, variables), listener, variables
    )
    if plan.action is Action.CREATE or plan.interpreter is None:
        interpreter, before = _create(work, plan.environment), frozenset({"pip"})
    else:
        interpreter, before = plan.interpreter, _package_names(plan.interpreter.site_packages)
        work.install(_environment_of(interpreter))
    manifests = work.manifests
    for missing in find_dependencies(root, manifests, interpreter).missing:
        listener.warning(f"{missing} is still not installed{_lock_advice(manifests)}.")
    added = _package_names(interpreter.site_packages) - before
    return Installation(interpreter, len(added))


@dataclass(frozen=True, slots=True)
class _Work:
    """What one install has to do with, and doing its steps."""

    root: Path
    manifests: Manifests
    uv: Path | None
    listener: Listener
    variables: Mapping[str, str]

    def install(self, environment: PythonEnvironment) -> None:
        self.run(install_into(self.manifests.found, self.uv, environment))
        if (environment.prefix / MADE_HERE).exists():
            copied = [
                one.folder
                for one in placed_packages(environment.site_packages)
                if one.folder is not None and not one.editable and one.folder.is_dir()
            ]
            if copied:
                self.run([install_editable(copied, self.uv, environment)])

    def run(self, steps: Sequence[Command]) -> None:
        with tempfile.TemporaryDirectory(prefix="vercel-emu-") as folder:
            for number, step in enumerate(steps):
                argv = step.argv
                if step.requirements:
                    file = Path(folder, f"requirements-{number}.txt")
                    file.write_text("\n".join(step.requirements) + "\n", encoding="utf-8")
                    argv = (*argv, "-r", str(file))
                environ = {**self.variables, **dict(step.environ)}
                code, lines = _run(argv, self.root, self.listener.line, environ)
                if code != 0 and not step.failure:
                    raise _failed(argv, code, lines, self.manifests, self.root)
                if code != 0:
                    self.listener.warning(f"{step.failure}: {_reason(lines)}")


def _create(work: _Work, environment: Path) -> Interpreter:
    choice = choose_python(work.root, work.manifests, work.variables)
    for warning in choice.warnings:
        work.listener.warning(warning.message)
    with _new_environment(environment):
        work.run([make_environment(work.root, environment, work.uv, choice.python)])
        (environment / MADE_HERE).touch()
        work.install(read_environment(environment))
    interpreter = find_interpreter(work.root, environ=work.variables)
    if interpreter is None:
        raise EmuError(
            "ENVIRONMENT_NOT_FOUND",
            f"The environment that was made in `{environment}` is gone.",
            "Start again.",
        )
    return interpreter


def _environment_of(interpreter: Interpreter) -> PythonEnvironment:
    return PythonEnvironment(
        interpreter.path,
        interpreter.version,
        interpreter.prefix,
        interpreter.site_packages,
        interpreter.virtual,
    )


def _package_names(sites: Sequence[Path]) -> frozenset[str]:
    """The installed packages, without their versions."""
    infos = (info.name for site in sites for info in site.glob("*.dist-info"))
    return frozenset(name.partition("-")[0].lower() for name in infos)


def _reason(lines: Sequence[str]) -> str:
    """The line of an installer's output that says most, as far as one can tell."""
    told = [line.strip() for line in lines if line.strip()]
    errors = [line for line in told if "error:" in line.lower()]
    return [*told, *errors][-1] if told else "it says nothing"


def _lock_advice(manifests: Manifests) -> str:
    locks = {one.lock.name for one in manifests.found if one.lock is not None}
    if UV_LOCK in locks:
        return ": bring uv.lock up to date with `uv lock`"
    return ": make pylock.toml anew" if locks else ""


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
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = marker.open("w")
    except OSError as error:
        raise EmuError(
            "ENVIRONMENT_NOT_WRITABLE",
            f"The project has no environment, and `{folder}` can't be made: {error.strerror}.",
            "Give the app's interpreter with --python, or start with --no-install.",
        ) from None
    with lock:
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
            # The marker goes last: whoever interrupts this, too, leaves nothing that looks whole.
            with suppress(OSError):
                _empty(folder)
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


def _run(
    argv: tuple[str, ...], root: Path, on_line: Callable[[str], None], environ: Mapping[str, str]
) -> tuple[int, list[str]]:
    """Run a command to its end; its exit code, and the lines that it printed."""
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
                    on_line(line)
            code = process.wait()
        except BaseException:
            _end(process)
            raise
    return code, lines


def _end(process: subprocess.Popen[str]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def _failed(
    argv: tuple[str, ...], code: int, lines: list[str], manifests: Manifests, root: Path
) -> EmuError:
    command = " ".join([Path(argv[0]).name, *argv[1:]])
    output = "\n".join(f"  {line}" for line in lines[-60:])
    hint = "Correct what it names and start again; or install by hand and start with --no-install."
    if len(manifests.found) > 1:
        hint += (
            f" In a deployment each function has the packages of its own manifest; here those of "
            f"{manifest_names(manifests, root)} share one environment. Where they can't be "
            "together, run one function alone: `--app FILE`."
        )
    return EmuError(
        "INSTALL_FAILED",
        f"The dependencies could not be installed: `{command}` ended with exit code {code}."
        + (f" It said:\n{output}" if output else ""),
        hint,
    )
