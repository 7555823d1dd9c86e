"""`vercel-emu run -- COMMAND...`: any program, as one of the functions would see the world."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import signal
import socket
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from vercel_emu import tasks
from vercel_emu.cli.dependencies import ready_interpreter
from vercel_emu.cli.option_flags import with_options
from vercel_emu.console import printable_lines
from vercel_emu.control.registry import RunningEmulator, find_running
from vercel_emu.emu_folder import EmuFolder, emu_folder
from vercel_emu.emulator.prepare import Prepared, prepare
from vercel_emu.errors import EmuError
from vercel_emu.events import Event, Notice, notice_of
from vercel_emu.options import load_options
from vercel_emu.project.load import identify_project
from vercel_emu.project.pyproject import emu_table
from vercel_emu.transport.listen import expected_host

COMMAND_NOT_FOUND, COMMAND_NOT_EXECUTABLE = 127, 126  # what shells return
_FORWARDED = (
    signal.SIGINT,
    signal.SIGTERM,
    signal.SIGHUP,
    signal.SIGQUIT,
    signal.SIGUSR1,
    signal.SIGUSR2,
)


@click.command(context_settings={"allow_interspersed_args": False})
@click.argument("command", nargs=-1, required=True, metavar="-- COMMAND...")
@with_options("env", "region", "python", "env_file", "app", "install", "cache", "cache_size")
@click.option(
    "--project",
    "--dir",
    "directory",
    default=".",
    metavar="DIR",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The project's folder. The command itself starts in the current folder.",
)
def run(command: tuple[str, ...], directory: Path, **given: Any) -> None:
    """Run a command with the functions' environment and runtime cache.

    The cache is that of the project's running emulator, else it is opened for the command. The
    exit code is the command's.
    """
    root = identify_project(directory).root
    running = _same_emulator(find_running(root), given)
    if running is not None:
        given |= {"env": running.environment, "region": running.region}
    options = load_options(emu_table(root), given, root / "pyproject.toml")
    prepared = prepare(directory, options, ready_interpreter(root, options), os.environ)
    code = asyncio.run(_run(command, prepared, running))
    raise click.exceptions.Exit(code)


def _same_emulator(
    running: RunningEmulator | None, given: Mapping[str, Any]
) -> RunningEmulator | None:
    """The running emulator, unless the options ask for another cache than it has."""
    if running is None or given["cache_size"] is not None:
        return None
    actual = {"env": running.environment, "region": running.region, "cache": running.cache}
    fits = all(given[name] in (None, value) for name, value in actual.items())
    return running if fits else None


async def _run(
    command: tuple[str, ...], prepared: Prepared, running: RunningEmulator | None
) -> int:
    if running is not None:
        url = running.url.partition("://")[2]
        extra = cache_variables(running.control_url, running.token)
        return await _execute(command, _variables(prepared, url, extra))
    url = expected_host(prepared.options.listen)
    with emu_folder(prepared.project.root) as folder:
        if warning := folder.warning(prepared.options.cache):
            _tell(warning)
        async with own_cache(prepared, folder) as extra:
            return await _execute(command, _variables(prepared, url, extra))


def _variables(prepared: Prepared, url: str, extra: Mapping[str, str]) -> dict[str, str]:
    environment = prepared.environment(url, extra)
    for warning in environment.warnings:
        _tell(notice_of(warning, "warn"))
    return environment.as_dict()


def cache_variables(control_url: str, token: str) -> dict[str, str]:
    """How code outside of a request reaches the runtime cache."""
    return {
        "RUNTIME_CACHE_ENDPOINT": f"{control_url}/v1/suspense-cache/",
        "RUNTIME_CACHE_HEADERS": json.dumps({"authorization": f"Bearer {token}"}),
    }


@contextlib.asynccontextmanager
async def own_cache(prepared: Prepared, folder: EmuFolder) -> AsyncIterator[dict[str, str]]:
    """The project's cache behind a listener of our own; the variables that lead to it."""
    from vercel_emu.runtime_cache import open_store
    from vercel_emu.runtime_cache.http_api import RuntimeCacheAPI
    from vercel_emu.runtime_cache.identity import cache_scope
    from vercel_emu.transport.server import make_server, serve, wait_started

    options, project = prepared.options, prepared.project
    store = open_store(
        folder.cache(options.cache),
        path=folder.cache_file,
        max_bytes=options.cache_size * 1024 * 1024,
        emit=_tell,
    )
    token = secrets.token_urlsafe(24)
    await store.check()
    scope = cache_scope(project, options)
    api = RuntimeCacheAPI(store, scope, token, _tell, options.tag_propagation)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        api.port = listener.getsockname()[1]
        server = make_server(api)
        serving = tasks.start(serve(server, [listener]), "cache server")
        try:
            await wait_started(server, serving)
            yield cache_variables(f"http://127.0.0.1:{api.port}", token)
        finally:
            server.should_exit = True
            server.force_exit = True  # the command has ended: nobody is left to answer
            await serving
            await store.close()


async def _execute(command: tuple[str, ...], variables: Mapping[str, str]) -> int:
    """Run the command to its end, with our input and output; its exit code as a shell gives it."""
    try:
        process = await asyncio.create_subprocess_exec(*command, env=variables)
    except FileNotFoundError:
        return _cannot_run(COMMAND_NOT_FOUND, f"The command {command[0]!r} was not found.")
    except OSError as error:
        reason = f"The command {command[0]!r} can't be run: {error.strerror}."
        return _cannot_run(COMMAND_NOT_EXECUTABLE, reason)
    with _forwarding(process):
        code = await process.wait()
    return code if code >= 0 else 128 - code


def _cannot_run(code: int, message: str) -> int:
    from vercel_emu.cli import print_error

    hint = "Check its spelling; programs of the project's Python environment are found as well."
    print_error(EmuError("COMMAND_NOT_RUN", message, hint))
    return code


@contextlib.contextmanager
def _forwarding(process: asyncio.subprocess.Process) -> Iterator[None]:
    """Pass signals on to the command. What a terminal sends has reached it already."""
    loop = asyncio.get_running_loop()
    terminals = {signal.SIGINT, signal.SIGQUIT} if _at_terminal() else set()

    def forward(number: signal.Signals) -> None:
        if number not in terminals:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(number)

    for number in _FORWARDED:
        loop.add_signal_handler(number, forward, number)
    try:
        yield
    finally:
        for number in _FORWARDED:
            loop.remove_signal_handler(number)


def _at_terminal() -> bool:
    """Whether Ctrl+C reaches this process from a terminal, and so the command too."""
    try:
        return os.tcgetpgrp(sys.stdin.fileno()) == os.getpgrp()
    except (OSError, ValueError):
        return False


def _tell(event: Event) -> None:
    """Warnings go to standard error: standard output is the command's."""
    if isinstance(event, Notice) and event.level in ("warn", "error", "fatal"):
        click.secho(f"{event.level}: ", fg="yellow", err=True, nl=False)
        click.echo(printable_lines(event.message), err=True)
        if event.hint:
            click.secho(printable_lines(event.hint), dim=True, err=True)
