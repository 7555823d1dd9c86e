"""`vercel-emu play FILE.toml`: play a scenario of visitors and check what they saw."""

from __future__ import annotations

import os
from collections.abc import Coroutine, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
from msgspec import structs

from vercel_emu.cli.commands.play.performing import STOPPED, Venue, Wishes, perform
from vercel_emu.cli.option_flags import with_options
from vercel_emu.control.registry import RunningEmulator, running_emulators
from vercel_emu.emulator.prepare import Prepared, prepare
from vercel_emu.errors import EmuError, Where
from vercel_emu.files.reading import read_text
from vercel_emu.options import Mode, Options, load_options
from vercel_emu.project.load import identify_project
from vercel_emu.project.pyproject import emu_table
from vercel_emu.scenarios.play import cast
from vercel_emu.scenarios.scenario import read_scenario


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.argument(
    "directory", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path)
)
@click.option("--url", metavar="URL", help="Play at this address; nothing is started.")
@click.option(
    "--junit", type=click.Path(dir_okay=False, path_type=Path), help="Write JUnit XML to this file."
)
@click.option("--json", "json_", is_flag=True, help="Print the report as JSON.")
@click.option("--watch", is_flag=True, help="Play again after each reload.")
@click.option("--quiet", is_flag=True, help="Only failures and the result.")
@click.option("--verbose", is_flag=True, help="Also the log of the project, as it comes.")
@with_options("env", "python")
def play(
    file: Path,
    directory: Path | None,
    url: str | None,
    junit: Path | None,
    json_: bool,
    watch: bool,
    quiet: bool,
    verbose: bool,
    env: Mode | None,
    python: Path | None,
) -> None:
    """Play the scenario FILE and check what its visitors saw.

    With DIRECTORY the project there is started for it, with an empty runtime cache of its own, and
    stopped afterwards. With --url it is played at that address. With neither it is played at the
    emulator that runs for the project in this folder; if none does, the project is started.

    Of the project's own output those lines are shown that belong to a failed request. Ctrl+C stops
    the scenario; what came until then is reported.

    The exit code is 0 if every expectation was met, 1 if one was not, 2 for wrong arguments, and
    130 if the scenario was stopped with Ctrl+C.

    JSON: {"name", "file", "url", "seed", "seconds", "complete", "requests", "failed", "steps",
    "countries", "failures"}; a line of steps and countries is {"name", "requests", "failed",
    "p50_ms", "p95_ms", "slowest_ms", "edge_regions"}, a failure {"step", "number", "visitor",
    "method", "path", "status", "duration_ms", "problems": [{"what", "expected", "came"}], "curl",
    "logs"}.
    """
    if url is not None and directory is not None:
        raise click.UsageError("Give either --url or a DIRECTORY.")
    if quiet and verbose:
        raise click.UsageError("Give either --quiet or --verbose.")
    source = _read(file)
    scenario = read_scenario(source, file.name)
    root = _project_root(directory, needed=url is None)
    known, geoip_db, default = _visitors_of(root)
    if not scenario.visitor and default:
        scenario = structs.replace(scenario, visitor=default)
    players = cast(scenario, file.name, known=known, geoip_db=geoip_db, source=source)
    venue: Venue | None = None if directory or root is None else _find(root, url)
    given = {"env": env, "python": python}
    running_url = venue.url if isinstance(venue, RunningEmulator) else url
    if any(given.values()) and running_url:
        raise click.UsageError(
            f"--env and --python are for a project that play starts, and {running_url} "
            "runs already. Give the project's DIRECTORY."
        )
    if venue is None:
        venue = url or _prepared(root or Path(), given, watch=watch)
    wishes = Wishes(junit=junit, json=json_, watch=watch, quiet=quiet, verbose=verbose)
    try:
        code = _run(perform(scenario, players, file.name, venue, wishes))
    except KeyboardInterrupt:
        code = STOPPED
    if code:
        raise click.exceptions.Exit(code)


def _read(file: Path) -> str:
    try:
        return read_text(file)
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise EmuError(
            "NO_SCENARIO",
            f"{file} can't be read: {why}.",
            "Give the TOML file of a scenario; each template has a scenario.toml.",
            where=Where(str(file)),
        ) from None


def _project_root(directory: Path | None, *, needed: bool) -> Path | None:
    try:
        return identify_project(directory or Path()).root
    except EmuError:
        if needed:
            raise
        return None


def _find(root: Path, url: str | None) -> RunningEmulator | None:
    """The project's running emulator, where it is the one at `url`."""
    emulators = running_emulators(root)
    return next((one for one in emulators if url is None or one.url == url.rstrip("/")), None)


def _visitors_of(root: Path | None) -> tuple[Mapping[str, object], Path | None, str]:
    """The project's own visitors, its database of addresses, and who asks by default."""
    table = emu_table(root) if root is not None else {}
    named, geoip_db, visitor = (table.get(key) for key in ("visitors", "geoip-db", "visitor"))
    path = root / geoip_db if root is not None and isinstance(geoip_db, str) else None
    default = visitor if isinstance(visitor, str) else ""
    return named if isinstance(named, dict) else {}, path, default


def _prepared(root: Path, given: Mapping[str, object], *, watch: bool) -> Prepared:
    """The project, with what its `vercel-emu dev` would install asked for or installed."""
    from vercel_emu.cli.dependencies import ready_interpreter

    options = _options(root, given, watch=watch)
    return prepare(root, options, ready_interpreter(root, options), os.environ)


def _run(play: Coroutine[Any, Any, int]) -> int:
    import uvloop

    return uvloop.run(play)


def _options(root: Path, given: Mapping[str, object], *, watch: bool) -> Options:
    options = load_options(emu_table(root), given, root / "pyproject.toml")
    return replace(
        options,
        listen="localhost:0",
        cache="memory",
        overrides=True,
        reload=watch,
        standby=watch,
        open=False,
    )
