"""From a folder and options to everything a start needs, without starting anything.

`dev` and `run` share it, so that both see the same project, interpreter and variables.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from vercel_emu.deployment.config import load_vercel_config
from vercel_emu.errors import EmuError, Where
from vercel_emu.options import Options
from vercel_emu.project.load import identify_project, load_project
from vercel_emu.project.model import Project
from vercel_emu.project.pyproject import emu_table
from vercel_emu.project.python.interpreter import Interpreter
from vercel_emu.project.variables.env_files import EnvFiles, read_env_files
from vercel_emu.project.variables.environment import (
    Environment,
    build_environment,
)
from vercel_emu.project.variables.git import GitFacts, read_git_facts
from vercel_emu.project.vercel_json.model import VercelConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A project that is ready to run."""

    options: Options
    project: Project
    config: VercelConfig
    interpreter: Interpreter
    git: GitFacts
    env_files: EnvFiles
    environ: Mapping[str, str]
    named_visitors: Mapping[str, object]
    """The tables `[tool.vercel-emu.visitors.NAME]`."""
    geoip_db: Path | None
    """The database of `--geoip-db`, which is there and can be read."""

    def environment(self, url: str, extra: Mapping[str, str] | None = None) -> Environment:
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
            config_env=self.config.env,
            interpreter=self.interpreter.path,
        )


def prepare(
    folder: Path, options: Options, interpreter: Interpreter, environ: Mapping[str, str]
) -> Prepared:
    """Read the project in `folder` as a deployment would.

    Raises:
        EmuError: the project can't be run, with the platform's code and what to do.
    """
    identified = identify_project(folder)
    config = load_vercel_config(identified.root)
    prepared = Prepared(
        options=options,
        project=identified,
        config=config,
        interpreter=interpreter,
        git=read_git_facts(identified.root, environ),
        env_files=_env_files(identified, options, environ),
        environ=environ,
        named_visitors=_named_visitors(identified.root),
        geoip_db=_geoip_db(identified, options),
    )
    # Django's settings may have to be executed to find the app, with the variables it will see.
    variables = prepared.environment("localhost").as_dict()
    project = load_project(
        folder,
        config,
        app=options.app,
        interpreter=interpreter.path,
        environ=variables,
    )
    return replace(prepared, project=project)


def _named_visitors(root: Path) -> Mapping[str, object]:
    visitors = emu_table(root).get("visitors", {})
    if not isinstance(visitors, dict):
        raise EmuError(
            "INVALID_VISITOR",
            f"pyproject.toml: [tool.vercel-emu] visitors must be tables, not {visitors!r}.",
            "Write [tool.vercel-emu.visitors.NAME] and its fields below it.",
            where=Where("pyproject.toml", "[tool.vercel-emu] visitors"),
        )
    return visitors


def _env_files(project: Project, options: Options, environ: Mapping[str, str]) -> EnvFiles:
    extra = () if options.env_file is None else (from_here(project, options.env_file),)
    return read_env_files(project.root, extra, environ=environ, link_root=project.link_root)


def _geoip_db(project: Project, options: Options) -> Path | None:
    if options.geoip_db is None:
        return None
    from vercel_emu.visitors.geoip import open_database

    file = from_here(project, options.geoip_db)
    open_database(file)
    return file


def from_here(project: Project, file: Path) -> Path:
    """From pyproject.toml a path is relative to the project, from the command line to the shell."""
    return file if file.exists() or file.is_absolute() else project.root / file
