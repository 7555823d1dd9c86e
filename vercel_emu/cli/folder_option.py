"""The option that names the project of a command that talks to its running emulator."""

from __future__ import annotations

from pathlib import Path

import click

project_option = click.option(
    "--project",
    "folder",
    default=".",
    metavar="DIR",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The project's folder. [default: here]",
)

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
