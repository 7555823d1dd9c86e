"""`vercel-emu env`: the variables a function will see, and where each value came from."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import click

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
    come from [tool.vercel-emu] in pyproject.toml, as for `vercel-emu dev`.

    JSON: {"environment", "variables": [{"name", "value", "source", "secret"}],
    "warnings": [{"code", "message", "hint", "where": {"file", "key", "line"}}]}.
    """
    project = identify_project(directory)
    options = load_options(
        emu_table(project.root), {"env": mode, "region": region}, project.root / "pyproject.toml"
    )
    environment = _environment(project, options, env_file)
    chosen = [v for v in environment.variables if everything or not v.inherited]
    if output == "json":
        click.echo(as_json(environment, chosen, mode=options.env, show=show))
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


def as_json(environment: Environment, variables: list[EnvVar], *, mode: str, show: bool) -> str:
    """`{"environment", "variables": [{"name", "value", "source", "secret"}], "warnings"}`."""
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
    answer = {"environment": mode, "variables": rows, "warnings": warnings}
    return json.dumps(answer, indent=2)


def as_dotenv(variable: EnvVar, *, show: bool) -> str:
    """One assignment that python-dotenv reads back the same."""
    value = shown_value(variable, show=show)
    quoted = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"{variable.name}='{quoted}'\n"


def _print_table(variables: list[EnvVar], *, show: bool) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    # A pipe has no width: nothing is folded there, so that grep finds whole values.
    console = Console(width=None if sys.stdout.isatty() else 4096)
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("Name", no_wrap=True, overflow="fold")
    table.add_column("Value", overflow="fold")
    table.add_column("Source", style="dim", overflow="fold")
    for variable in variables:
        value = shown_value(variable, show=show)
        style = "dim" if value == MASK else ""
        table.add_row(variable.name, Text(value, style=style), Text(variable.source))
    console.print(table)
    if not show and any(variable.secret for variable in variables):
        click.secho("Secret values are masked; --show shows them.", dim=True, err=True)
