"""`vercel-emu build-static`: make the static files that a deployment's build would make."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import click

from vercel_emu.cli.dependencies import ready_interpreter
from vercel_emu.cli.option_flags import with_options
from vercel_emu.emulator.prepare import prepare
from vercel_emu.emulator.static_building import made, planned_steps, run_build
from vercel_emu.options import load_options
from vercel_emu.project.load import identify_project
from vercel_emu.project.pyproject import emu_table


@click.command("build-static")
@click.argument(
    "directory", default=".", type=click.Path(exists=True, file_okay=False, path_type=Path)
)
@with_options("env", "python", "env_file", "install")
def build_static(directory: Path, **given: Any) -> None:
    """Run the build of the static files of the project in DIRECTORY (default: here).

    That is the script of `@vercel/static-build`, the build command of the front end (its packages
    are installed where they are missing), `buildCommand`, or `[tool.vercel.scripts]`. It sees the
    functions' variables, and the app's environment comes first on its PATH. A running emulator
    serves what is made at once.
    """
    root = identify_project(directory).root
    options = load_options(emu_table(root), given, root / "pyproject.toml")
    prepared = prepare(directory, options, ready_interpreter(root, options), os.environ)
    steps = planned_steps(prepared)
    asyncio.run(run_build(prepared, steps, click.echo))
    for step in steps:
        if (folder := made(step)) is not None:
            click.echo(f"{folder.relative_to(root)}/ is made.")
