"""`vercel-emu env`: the variables a function will see, and where each value came from."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, cast

import click

from vercel_emu.cli.printing import echo_json
from vercel_emu.control.client import ask
from vercel_emu.control.registry import RunningEmulator, find_running
from vercel_emu.errors import ProjectWarning, Where
from vercel_emu.options import Options, load_options
from vercel_emu.project.load import identify_project
from vercel_emu.project.model import Project
from vercel_emu.project.pyproject import emu_table
from vercel_emu.project.variables.env_files import read_env_files
from vercel_emu.project.variables.environment import (
    Environment,
    EnvVar,
    Mode,
    build_environment,
)
from vercel_emu.project.variables.git import read_git_facts
from vercel_emu.transport.listen import expected_host

MASK = "********"


@click.command()
@click.argument(
    "directory", metavar="[DIR]", default=".", type=click.Path(file_okay=False, path_type=Path)
)
@click.option(
    "--format",
    "output",
    type=click.Choice(["table", "json", "dotenv"]),
    default="table",
    show_default=True,
    help="Table for people, JSON for scripts, dotenv to write a file.",
)
@click.option(
    "--env",
    "mode",
    type=click.Choice(["development", "preview", "production"]),
    help="The environment to emulate [default: development]; the env files are the same for all.",
)
@click.option("--region", metavar="CODE", help="The functions' region. [default: iad1]")
@click.option(
    "--env-file",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="Read this file after .env and .env.local.",
)
@click.option("--show", is_flag=True, help="Show secret values; every format masks them else.")
@click.option("--all", "everything", is_flag=True, help="Also what is inherited from the shell.")
def env(
    directory: Path,
    output: str,
    mode: Mode | None,
    region: str | None,
    env_file: Path | None,
    show: bool,
    everything: bool,
) -> None:
    """Show the environment variables a function will see.

    Values from env files are secrets: they are masked unless --show is given. What the functions
    merely inherit from your shell is left out unless --all is given. Options that are not given
    come from [tool.vercel-emu] in pyproject.toml, as for `vercel-emu dev`. Where an emulator runs
    for the project, its own are shown, unless the options ask for others.

    JSON: {"environment", "url", "variables": [{"name", "value", "source", "secret"}], "warnings":
    [{"code", "message", "hint", "where": {"file", "key", "line"}}]}; `url` is the running
    emulator's, else null.
    """
    project = identify_project(directory)
    running = _fitting(find_running(project.root), mode, region, env_file)
    url = None if running is None else running.url
    if running is not None:
        environment = running_environment(running)
        mode = cast(Mode, running.environment)
        told = f"As the emulator at {running.url} gives them to its functions."
        click.secho(told, dim=True, err=True)
    else:
        given = {"env": mode, "region": region}
        table, file = emu_table(project.root), project.root / "pyproject.toml"
        options = load_options(table, given, file)
        mode = options.env
        environment = _environment(project, options, env_file)
    chosen = [v for v in environment.variables if everything or not v.inherited]
    if output == "json":
        echo_json(as_json(environment, chosen, mode=mode, url=url, show=show))
        return
    if output == "dotenv":
        click.echo("".join(as_dotenv(variable, show=show) for variable in chosen), nl=False)
    else:
        _print_table(chosen, show=show)
    for warning in environment.warnings:
        click.secho("warning: ", fg="yellow", err=True, nl=False)
        click.echo(warning.message, err=True)
        if warning.hint:
            click.secho(f"  {warning.hint}", dim=True, err=True)


def _fitting(
    running: RunningEmulator | None, mode: str | None, region: str | None, env_file: Path | None
) -> RunningEmulator | None:
    """The running emulator, unless the options ask for something else than it has."""
    if running is None or env_file is not None:
        return None
    fits = mode in (None, running.environment) and region in (None, running.region)
    return running if fits else None


def running_environment(emulator: RunningEmulator) -> Environment:
    """The variables that a running emulator gives to its functions."""
    told = ask(emulator, "GET", "/environment")
    warnings = tuple(_warning(one) for one in told["warnings"])
    return Environment(tuple(EnvVar(**one) for one in told["variables"]), warnings)


def _warning(told: dict[str, Any]) -> ProjectWarning:
    where = told["where"]
    place = None if where is None else Where(**where)
    return ProjectWarning(told["code"], told["message"], told["hint"], where=place)


def _environment(project: Project, options: Options, env_file: Path | None) -> Environment:
    files = []
    if env_file is not None:
        files = [env_file]
    elif options.env_file is not None:
        files = [project.root / options.env_file]
    return build_environment(
        project,
        read_git_facts(project.root),
        mode=options.env,
        region=options.region,
        url=expected_host(options.listen),
        environ=os.environ,
        env_files=read_env_files(
            project.root, files, environ=os.environ, link_root=project.link_root
        ),
    )


def shown_value(variable: EnvVar, *, show: bool) -> str:
    """The value, or a mask of fixed length, so that not even the secret's length is told."""
    if variable.secret and variable.value and not show:
        return MASK
    # A shell can hold bytes that are no UTF-8, which no terminal encoding takes.
    return variable.value.encode("utf-8", "replace").decode("utf-8")


def as_json(
    environment: Environment, variables: list[EnvVar], *, mode: str, url: str | None, show: bool
) -> dict[str, Any]:
    """The shape that the command's help describes."""
    rows: list[dict[str, Any]] = [
        {
            "name": variable.name,
            "value": shown_value(variable, show=show),
            "source": variable.source,
            "secret": variable.secret,
        }
        for variable in variables
    ]
    warnings = [warning.as_dict() for warning in environment.warnings]
    return {"environment": mode, "url": url, "variables": rows, "warnings": warnings}


def as_dotenv(variable: EnvVar, *, show: bool) -> str:
    """One assignment that python-dotenv reads back the same."""
    value = shown_value(variable, show=show)
    quoted = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"{variable.name}='{quoted}'\n"


def _print_table(variables: list[EnvVar], *, show: bool) -> None:
    from rich.text import Text

    from vercel_emu.cli.terminal.tables import Cell, Column, print_table

    rows: list[tuple[Cell, ...]] = []
    for variable in variables:
        value = shown_value(variable, show=show)
        shown = Text(MASK, style="dim") if value == MASK else value
        rows.append((variable.name, shown, variable.source))
    print_table([Column("Name"), Column("Value"), Column("Source", dim=True)], rows)
    if not show and any(variable.secret for variable in variables):
        click.secho("Secret values are masked; --show shows them.", dim=True, err=True)
