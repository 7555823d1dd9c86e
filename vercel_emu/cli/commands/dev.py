"""`vercel-emu dev`: run the project in this folder as Vercel would."""

from __future__ import annotations

import contextlib
import gc
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from vercel_emu.cli.dependencies import ready_interpreter
from vercel_emu.cli.option_flags import GroupedCommand, with_options
from vercel_emu.console import Colors, JsonConsole, LineWriter, PrettyConsole, wants_color
from vercel_emu.errors import EmuError
from vercel_emu.events import Emit, EventBus, Notice
from vercel_emu.instance.output.readable import ReadableLog
from vercel_emu.options import Options, load_options
from vercel_emu.project.pyproject import emu_table

if TYPE_CHECKING:
    from vercel_emu.emulator.prepare import Prepared
    from vercel_emu.emulator.project import RunningProject
    from vercel_emu.instance.process.early import EarlyProcess
    from vercel_emu.project.python.interpreter import Interpreter


@click.command(cls=GroupedCommand)
@click.argument("directory", default=".", type=click.Path(exists=True, path_type=Path))
@with_options()
def dev(directory: Path, **given: Any) -> None:
    """Run the project in DIRECTORY (default: here) as Vercel would.

    \b
    vercel-emu dev                                 the project in this folder
    vercel-emu dev --visitor Tokyo --open          as somebody else, in the browser
    vercel-emu dev --env production --region fra1  with those system variables
    vercel-emu dev --app api.main:app              this app, not the one that is found
    vercel-emu dev --listen 0.0.0.0:8000           also for other machines
    vercel-emu dev --cdn-cache --crons=60x         CDN cache; an hour of crons in a minute

    Options may stand in pyproject.toml, without the dashes before them:

    \b
    [tool.vercel-emu]
    listen = 8000
    visitor = "Tokyo"
    """
    if sys.platform == "win32":
        raise EmuError(
            "UNSUPPORTED_PLATFORM",
            "Vercel's Python runtime needs unix sockets, which it can't use on Windows.",
            "Run vercel-emu inside WSL: https://learn.microsoft.com/windows/wsl/install",
        )
    gc.disable()  # a start makes no garbage worth looking for, and looking takes 20 ms
    if not directory.is_dir():
        raise _no_folder(directory)
    root = directory.resolve()
    options = load_options(emu_table(root), given, root / "pyproject.toml")
    bus = EventBus()
    writer = LineWriter(sys.stdout)
    bus.subscribe(_console(writer, options))
    try:
        # Asks and installs where it must, so before there is anything that must be stopped.
        interpreter = ready_interpreter(root, options)
        _run(root, options, interpreter, bus, writer, _option_reader(root, given))
    finally:
        writer.flush()


_PROJECT_FILES = ("vercel.json", "pyproject.toml", "requirements.txt", "Pipfile", ".git")


def _no_folder(file: Path) -> EmuError:
    """Somebody has written `vercel-emu dev app.py`, as `uvicorn` and `flask` have it."""
    above = (file.parent, *file.parent.parents)
    roots = (one for one in above if any((one / name).exists() for name in _PROJECT_FILES))
    folder = next(roots, file.parent)
    hint = f"Give the project's folder: vercel-emu dev {folder}"
    if file.suffix == ".py":
        from vercel_emu.project.detection.sources import Sources

        module = ".".join(file.relative_to(folder).with_suffix("").parts)
        app = f"{module}:{Sources(folder).export(file.relative_to(folder).as_posix()) or 'app'}"
        hint += f"\nIf another app is found there than this file's, add --app {app}"
    return EmuError("NO_SUCH_FOLDER", f"{file} is a file, and a project is a folder.", hint)


def _console(writer: LineWriter, options: Options) -> Emit:
    if options.log_format == "json":
        return JsonConsole(writer)
    colors = Colors.ansi() if wants_color(sys.stdout, dict(os.environ)) else Colors()
    console = PrettyConsole(writer, colors, quiet=options.quiet, verbose=options.verbose)
    if options.instances > 1:
        console.show_instances()
    return console if options.verbose else ReadableLog(console)


def _option_reader(root: Path, given: dict[str, Any]) -> Callable[[], Options]:
    """Reads the options again; those of the command line stay the stronger ones."""
    file = root / "pyproject.toml"
    return lambda: load_options(emu_table(root), given, file)


def _run(
    root: Path,
    options: Options,
    interpreter: Interpreter,
    bus: EventBus,
    writer: LineWriter,
    read_options: Callable[[], Options],
) -> None:
    import uvloop

    async def serve() -> None:
        from vercel_emu.instance.process.early import early_process

        async with early_process(interpreter.path, root, os.environ) as early:
            # The rest of our own code is imported while that process comes up.
            from vercel_emu.emulator.prepare import prepare

            prepared = prepare(root, options, interpreter, os.environ)
            await _serve(prepared, bus, writer, read_options, early)

    uvloop.run(serve())


async def _serve(
    prepared: Prepared,
    bus: EventBus,
    writer: LineWriter,
    read_options: Callable[[], Options],
    early: EarlyProcess | None,
) -> None:
    from vercel_emu.cli.signals import stop_requested
    from vercel_emu.emulator.start import running

    with stop_requested() as stop:
        async with running(prepared, bus, read_options, early=early) as project:
            # What exists now stays until the end: the collector need never look at it.
            gc.freeze()
            gc.enable()
            from vercel_emu.cli.terminal.dev_keys import keys_in_terminal, make_keys

            keys = make_keys(project, writer, stop)
            stop.instead = keys.leave_question
            # The JSON log is for programs: nothing that a key says may stand in it.
            with keys_in_terminal(keys, project.options.log_format == "pretty") as listening:
                _greet(project, writer)
                if listening:
                    writer.add("press h for the keys\n")
                await stop.wait()
            if project.options.log_format == "pretty" and not project.options.quiet:
                writer.add("stopping ...")
                writer.flush()


def _greet(project: RunningProject, writer: LineWriter) -> None:
    if project.options.log_format == "json":
        message = f"listening on {project.url}"
        project.emit(Notice(level="info", code="LISTENING", message=message, url=project.url))
    else:
        from vercel_emu.cli.terminal.banner import banner

        writer.flush()
        with contextlib.suppress(OSError):  # the terminal may be gone already
            banner(project)
    if project.options.open:
        from vercel_emu.cli.terminal.dev_keys import show_in_browser

        project.run(show_in_browser(project), "open the browser")
