"""Starts everything that a running project consists of, and stops it in reverse order.

The order is for speed: a function's process takes as long to come up as the servers' libraries take
to be imported, so it is launched before they are (`serve.py` is imported late).
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING

from vercel_emu.control.registry import RunningEmulator, announced
from vercel_emu.emu_folder import emu_folder
from vercel_emu.emulator.addresses import open_addresses
from vercel_emu.emulator.function_set import FunctionSet
from vercel_emu.emulator.prepare import Prepared
from vercel_emu.emulator.project import RunningProject
from vercel_emu.events import EventBus, Notice
from vercel_emu.instance.process.socket_folder import socket_folder
from vercel_emu.options import Options
from vercel_emu.transport.serving import bind_loopback

if TYPE_CHECKING:
    from vercel_emu.emulator.django_static import DjangoPublisher
    from vercel_emu.instance.process.early import EarlyProcess

SHUTDOWN_DRAIN = 0.8
"""Seconds that running requests get when the emulator is told to stop."""


@contextlib.asynccontextmanager
async def running(
    prepared: Prepared,
    bus: EventBus,
    read_options: Callable[[], Options] | None = None,
    *,
    announce: bool = True,
    early: EarlyProcess | None = None,
) -> AsyncIterator[RunningProject]:
    """Run a prepared project for the length of the `async with` block.

    `read_options` reads the options again when pyproject.toml has changed. `announce` False: the
    other commands don't find this emulator, for one that tests or a scenario started. `early` is
    a process that was started ahead, for the first function.

    Raises:
        EmuError: a port is taken, the cache file can't be opened...
    """
    async with contextlib.AsyncExitStack() as stack:
        folder = stack.enter_context(emu_folder(prepared.project.root))
        project = RunningProject(prepared, bus, folder)
        listeners = open_addresses(project, stack)
        control_listener = bind_loopback()
        stack.callback(control_listener.close)
        project.control_url = f"http://127.0.0.1:{control_listener.getsockname()[1]}"
        await _start_debug_port(project, stack)
        functions = FunctionSet(project, stack.enter_context(socket_folder(os.environ)), early)

        async def close_functions() -> None:
            project.gate.open()
            await functions.close(SHUTDOWN_DRAIN)

        stack.push_async_callback(project.tasks.cancel)
        stack.push_async_callback(close_functions)
        django = await _find_django_files(project)
        functions.add_all(project.environment())
        await functions.launched()

        from vercel_emu.emulator import serve

        await serve.start_reloader(project, stack, functions, django, read_options)
        await serve.start_control(project, stack, control_listener)
        await serve.start_edge(project, stack, listeners, django, close_functions)
        serve.start_upkeep(project)
        if announce:
            stack.enter_context(announced(project.project.root, _state(project)))
        yield project


async def _start_debug_port(project: RunningProject, stack: contextlib.AsyncExitStack) -> None:
    if project.options.debugpy is None:
        return
    from vercel_emu.instance.debug_port import DebugPort

    async def find() -> int:
        pool = next(iter(project.pools.values()), None)
        if pool is None:
            raise ConnectionError("there is no function to debug")
        return await pool.debug_port()

    project.debugger = DebugPort(project.options.debugpy, find)
    stack.push_async_callback(project.debugger.close)
    await project.debugger.start()
    port = project.debugger.port
    message = f"debugpy listens on 127.0.0.1:{port}"
    hint = f'VS Code: "request": "attach", "connect": {{"port": {port}}}; '
    hint += "it reattaches after a reload."
    project.emit(Notice(level="info", code="DEBUGGER", message=message, hint=hint))


async def _find_django_files(project: RunningProject) -> DjangoPublisher | None:
    if project.project.django is None:
        return None
    from vercel_emu.emulator.django_static import DjangoPublisher

    publisher = DjangoPublisher(project)
    await publisher.start()
    return publisher


def _state(project: RunningProject) -> RunningEmulator:
    options = project.options
    return RunningEmulator(
        pid=os.getpid(),
        url=project.url,
        control_url=project.control_url,
        token=project.token,
        project=project.cache_scope.project,
        environment=options.env,
        region=options.region,
        cache=project.cache,
        started_at=time.time(),
    )
