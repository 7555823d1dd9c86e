"""Runs the commands that make a deployment's static files, in the app's environment."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shlex
import shutil
import signal
import tempfile
from asyncio.subprocess import DEVNULL, PIPE, STDOUT, Process
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from vercel_emu.deployment.building import BuildStep, build_steps
from vercel_emu.emulator.prepare import Prepared
from vercel_emu.errors import EmuError
from vercel_emu.project.python.interpreter import Interpreter

_PYTHONS = [f"{name}3.{minor}" for name in ("python", "pip") for minor in range(6, 20)]
"""Versions that scripts name although only one Python has the app's packages."""

type Show = Callable[[str], None]


def planned_steps(prepared: Prepared) -> list[BuildStep]:
    """What there is to run.

    Raises:
        EmuError: nothing, or it doesn't say how.
    """
    steps = build_steps(prepared.project, prepared.config)
    if not steps:
        raise EmuError(
            "NOTHING_TO_BUILD",
            "A deployment of this project makes no static files.",
            "It would with a `build` script in package.json, with `buildCommand` or `builds` of "
            "@vercel/static-build in vercel.json, or [tool.vercel.scripts] in pyproject.toml.",
        )
    return steps


async def run_build(
    prepared: Prepared, steps: Sequence[BuildStep], say: Show, show: Show | None = None
) -> None:
    """Run the steps one after the other; `say` gets each command before it starts.

    The output goes to `show` line by line, else where ours goes.

    Raises:
        EmuError: a step failed, or did not make what it should.
    """
    with _named_pythons(prepared.interpreter) as programs:
        environment = _environment(prepared, programs)
        for step in steps:
            say(f"$ {step.label}")
            code = await _run(step, environment, show)
            if code != 0:
                raise EmuError(
                    "BUILD_FAILED",
                    f"`{step.label}` ended with exit code {code}.",
                    "What it printed says why; a deployment would stop here too.",
                )
            if step.outputs and made(step) is None:
                output = step.outputs[0].relative_to(prepared.project.root)
                raise EmuError(
                    "STATIC_BUILD_NO_OUT_DIR",
                    f"`{step.label}` has ended, and there is no file in {output}/, which a "
                    "deployment publishes.",
                    "Correct `distDir` or `outputDirectory` in vercel.json, or the build.",
                )


def _environment(prepared: Prepared, programs: Path) -> dict[str, str]:
    """The functions' variables and those of `build.env`; programs of the app's environment first.

    pip refuses to install into a Python that is no environment of the project.
    """
    found = prepared.environment("localhost").as_dict() | dict(prepared.config.build_env)
    root, interpreter = prepared.project.root, prepared.interpreter
    folders = [str(root / "node_modules" / ".bin"), str(programs), str(interpreter.path.parent)]
    found["PATH"] = os.pathsep.join([*folders, found.get("PATH", os.defpath)])
    found["PIP_REQUIRE_VIRTUALENV"] = "1"
    if interpreter.virtual:
        found["VIRTUAL_ENV"] = str(interpreter.prefix)
    return found


@contextlib.contextmanager
def _named_pythons(interpreter: Interpreter) -> Iterator[Path]:
    """A folder where `python3.9`, `pip3.9` and the like are the app's own."""
    python = shlex.quote(str(interpreter.path))
    uv = shutil.which("uv")
    has_pip = any((site / "pip").is_dir() for site in interpreter.site_packages)
    pip = f"{python} -m pip" if has_pip or uv is None else f"{shlex.quote(uv)} pip"
    with tempfile.TemporaryDirectory(prefix="vercel-emu-build-") as name:
        folder = Path(name)
        for program in ("python", "python3", "pip", "pip3", *_PYTHONS):
            command = python if program.startswith("python") else pip
            file = folder / program
            file.write_text(f'#!/bin/sh\nexec {command} "$@"\n')
            file.chmod(0o700)
        yield folder


async def _run(step: BuildStep, environment: Mapping[str, str], show: Show | None) -> int:
    try:
        process = await _start(step, environment, PIPE if show is not None else None)
    except OSError as error:
        raise EmuError(
            "BUILD_FAILED",
            f"`{step.label}` can't be run: {error.strerror}: {step.argv[0]!r}.",
            "The first line of a script names the program that reads it.",
        ) from None
    try:
        if process.stdout is not None and show is not None:
            while line := await process.stdout.readline():
                show(line.decode("utf-8", "replace").rstrip())
        return await process.wait()
    finally:
        await _end(process, group=show is not None)


async def _start(step: BuildStep, environment: Mapping[str, str], output: int | None) -> Process:
    return await asyncio.create_subprocess_exec(
        *step.argv,
        env=dict(environment),
        cwd=step.folder,
        stdin=None if output is None else DEVNULL,
        stdout=output,
        stderr=None if output is None else STDOUT,
        start_new_session=output is not None,
    )


async def _end(process: Process, *, group: bool) -> None:
    """Nothing of a build goes on when whoever asked for it has left."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            if group:
                os.killpg(process.pid, signal.SIGKILL)
            else:
                process.terminate()
        await process.wait()


def made(step: BuildStep) -> Path | None:
    """The folder that holds what the step has made."""
    return next((one for one in step.outputs if one.is_dir() and any(one.iterdir())), None)
