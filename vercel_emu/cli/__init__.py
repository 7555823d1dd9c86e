"""The command line: one file per command, imported only when that command runs.

In come arguments. Out go text or JSON and an exit code; this is the only room that prints or
exits, and where an `EmuError` becomes a message. What a command decides is in the room it
concerns.

Start with the table `COMMANDS` below and `commands/dev.py`. `option_flags.py` makes click options
from the one table in `options.py`; `printing.py` prints JSON; `dependencies.py` asks before it
installs; `signals.py` ends the emulator in order and undoes what is
half-made; `streams.py` keeps what is printed from failing;
`folder_option.py` names a command's project, `templates_dir.py` the place of the starter projects;
`completing.py` answers the shell at Tab.
"""

from __future__ import annotations

import difflib
import importlib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vercel_emu.cli import streams
from vercel_emu.console import printable_lines
from vercel_emu.errors import EmuError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

WIDEST_HELP = 140
"""Help is as wide as the terminal, up to where lines become hard to read."""

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
    "completion": ("completion", "completion", "Print what completes commands in your shell."),
}
_ALSO_CALLED = {"start": "dev", "serve": "dev", "up": "dev", "new": "init", "where": "places"}
"""Words that other tools have for a command."""


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

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does; a word that is no command gets the one that was meant."""
        word = args[0]
        if word not in COMMANDS and not word.startswith("-") and not ctx.resilient_parsing:
            ctx.fail(_no_command(word))
        return super().resolve_command(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Click would import every command to ask whether it is hidden."""
        from click.shell_completion import CompletionItem

        names = [name for name in COMMANDS if name.startswith(incomplete)]
        items = [CompletionItem(name, help=COMMANDS[name][2]) for name in names]
        return items or click.Command.shell_complete(self, ctx, incomplete)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, _, text) in COMMANDS.items()])


def _no_command(word: str) -> str:
    path = Path(word)
    if path.suffix == ".py" or path.is_dir():
        return f"No such command {word!r}. Did you mean `vercel-emu dev {word}`?"
    close = [_ALSO_CALLED.get(word, ""), *difflib.get_close_matches(word, COMMANDS, n=1)]
    meant = next(filter(None, close), "")
    return f"No such command {word!r}." + (f" Did you mean {meant!r}?" if meant else "")


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": WIDEST_HELP},
)
@click.version_option(package_name="vercel-emu", prog_name="vercel-emu")
def cli() -> None:
    """A local emulator of the Vercel Python functions platform."""


def main() -> None:
    """Console entry point: run a command; an `EmuError` becomes a message and exit code 1."""
    with streams.sturdy_streams():
        if "_VERCEL_EMU_COMPLETE" in os.environ:
            from vercel_emu.cli import completing

            completing.use_these_shells()
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
