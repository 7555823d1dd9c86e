"""The command line: one file per command, imported only when that command runs.

In come arguments. Out go text or JSON and an exit code; this is the only room that prints or
exits, and where an `EmuError` becomes a message. What a command decides is in the room it
concerns.

Start with the table `COMMANDS` below and `commands/dev.py`. `option_flags.py` makes click options
from the one table in `options.py`; `dependencies.py` asks before it installs; `signals.py` ends
the emulator in order and undoes what is half-made; `streams.py` keeps what is printed from
failing; `folder_option.py` names a command's project, `templates_dir.py` the place of the starter
projects.
"""

from __future__ import annotations

import importlib
import sys

import click

from vercel_emu.cli import streams
from vercel_emu.console import printable_lines
from vercel_emu.errors import EmuError

# name -> (module in `commands/`, attribute, one-line help for `vercel-emu --help`)
COMMANDS: dict[str, tuple[str, str, str]] = {
    "dev": ("dev", "dev", "Run the project in this folder as Vercel would."),
    "init": ("init", "init", "Start a new project from a template."),
    "env": ("env", "env", "Show the environment variables a function will see."),
    "run": (
        "run",
        "run",
        "Run a script with the functions' environment and runtime cache.",
    ),
    "cache": ("cache", "cache", "Look into and change the runtime cache."),
    "visitor": ("visitor", "visitor", "Show or change the running emulator's visitor."),
    "visit": ("visit", "visit", "Send one request as several visitors, side by side."),
    "places": ("places", "places", "Search the places a visitor can come from."),
    "play": ("play", "play", "Play a scenario of visitors and check what they saw."),
    "route": ("route", "route", "Explain which rule and function a request would reach."),
    "cron": ("cron", "cron", "List the project's cron jobs, or run one."),
    "cdn": ("cdn", "cdn", "Look into and purge the CDN cache."),
    "build-static": (
        "build_static",
        "build_static",
        "Make the static files that a deployment's build makes.",
    ),
    "limits": ("limits", "limits", "List the platform's limits and what happens here."),
    "check": ("check", "check", "Report what would differ or fail in a deployment."),
}


class LazyGroup(click.Group):
    """Lists every command without importing it, so that `dev` starts fast."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, attribute, _ = COMMANDS[cmd_name]
        command: click.Command = getattr(
            importlib.import_module(f"vercel_emu.cli.commands.{module}"), attribute
        )
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, _, text) in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="vercel-emu", prog_name="vercel-emu")
def cli() -> None:
    """A local emulator of the Vercel Python functions platform."""


def main() -> None:
    """Console entry point: run a command; an `EmuError` becomes a message and exit code 1."""
    with streams.sturdy_streams():
        try:
            cli(standalone_mode=True)
        except EmuError as error:
            print_error(error)
            sys.exit(1)


def print_error(error: EmuError) -> None:
    """Print what is wrong and what to do next to standard error."""
    click.secho(f"{error.code}: ", fg="red", bold=True, err=True, nl=False)
    click.echo(printable_lines(error.message), err=True)
    if error.hint:
        click.secho(printable_lines(error.hint), dim=True, err=True)
