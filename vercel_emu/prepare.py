"""From a folder and options to everything a start needs, without starting anything.

`dev`, `run` and `env` share it, so that all three see the same project, interpreter and variables.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from vercel_emu.errors import EmuError
from vercel_emu.options import Options
from vercel_emu.project.env_files import EnvFiles, read_env_files
from vercel_emu.project.environment import Environment, build_environment
from vercel_emu.project.git import GitFacts, read_git_facts
from vercel_emu.project.interpreter import Interpreter
from vercel_emu.project.load import load_project
from vercel_emu.project.model import Project


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A project that is ready to run."""

    options: Options
    project: Project
    interpreter: Interpreter
    git: GitFacts
    env_files: EnvFiles
    environ: Mapping[str, str]

    def environment(self, url: str, extra: Mapping[str, str]) -> Environment:
        """What the functions see, once the address `url` (host:port) is known."""
        return build_environment(
            self.project,
            self.git,
            mode=self.options.env,
            region=self.options.region,
            url=url,
            environ=self.environ,
            env_files=self.env_files,
            extra=extra,
            interpreter=self.interpreter.path,
        )


def prepare(
    root: Path, options: Options, interpreter: Interpreter, environ: Mapping[str, str]
) -> Prepared:
    """Read the project as a deployment would.

    Raises:
        EmuError: the project can't be run, with the platform's code and what to do.
    """
    project = load_project(root, app=options.app, interpreter=interpreter.path, environ=environ)
    extra = (options.env_file,) if options.env_file else ()
    return Prepared(
        options=options,
        project=project,
        interpreter=interpreter,
        git=read_git_facts(project.root),
        env_files=read_env_files(project.root, extra, environ=environ),
        environ=environ,
    )


def runtime_dir() -> Path:
    """The folder that holds the `vercel_runtime` package the functions will run in."""
    spec = importlib.util.find_spec("vercel_runtime")
    if spec is None or spec.origin is None:
        raise EmuError(
            "RUNTIME_NOT_FOUND",
            "The package vercel-runtime is not installed beside vercel-emu.",
            "Reinstall vercel-emu: it brings vercel-runtime along.",
        )
    return Path(spec.origin).parent.parent
