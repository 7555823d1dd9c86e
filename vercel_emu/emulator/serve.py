"""Builds what serves a running project: the reloader, both listeners, and the work beside them."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

from starlette.types import ASGIApp

from vercel_emu.control.app import ControlApp
from vercel_emu.deployment.deploy import deploy
from vercel_emu.edge.admission import EdgeSettings
from vercel_emu.edge.app import build_edge
from vercel_emu.edge.page_reload import LiveReload
from vercel_emu.edge.request_headers import CacheAccess
from vercel_emu.edge.responses.overlay import Overlay, editor_url
from vercel_emu.emulator.function_set import FunctionSet
from vercel_emu.emulator.memory_watch import MemoryWatch
from vercel_emu.emulator.project import RunningProject
from vercel_emu.emulator.reloading import Reloader
from vercel_emu.emulator.upkeep import Upkeep
from vercel_emu.options import Options
from vercel_emu.platform import own_paths
from vercel_emu.platform.limits import Limits
from vercel_emu.runtime_cache import open_store
from vercel_emu.runtime_cache.http_api import RuntimeCacheAPI
from vercel_emu.runtime_cache.identity import cache_scope, is_shared
from vercel_emu.transport.server import make_server
from vercel_emu.transport.serving import serve_on
from vercel_emu.visitors.pages import VisitorPages

if TYPE_CHECKING:
    from vercel_emu.crons.jobs import CronJob
    from vercel_emu.emulator.django_static import DjangoPublisher


async def start_reloader(
    project: RunningProject,
    stack: contextlib.AsyncExitStack,
    functions: FunctionSet,
    django: DjangoPublisher | None,
    read_options: Callable[[], Options] | None,
) -> None:
    """Watch from before any user code is read: that needs a "go" from here."""
    reloader = Reloader(project, functions, django, read_options)
    project.reload = reloader.reload_now
    await reloader.start(stack)


async def start_control(
    project: RunningProject, stack: contextlib.AsyncExitStack, listener: socket.socket
) -> None:
    """Open the runtime cache and the listener of the SDK and of the other commands."""
    options, found = project.options, project.project
    if warning := project.emu_folder.warning(options.cache):
        project.emit(warning)
    project.store = open_store(
        project.cache,
        path=project.emu_folder.cache_file,
        max_bytes=options.cache_size * 1024 * 1024,
        emit=project.emit,
    )
    stack.push_async_callback(project.store.close)
    if is_shared(project.cache):
        project.cache_scope = await asyncio.to_thread(cache_scope, found, options)
        project.run(project.store.check(), "cache check")
    else:
        project.cache_scope = cache_scope(found, options)
    cache = RuntimeCacheAPI(
        project.store, project.cache_scope, project.token, project.emit, options.tag_propagation
    )
    cache.port = port = listener.getsockname()[1]

    def make_api() -> ASGIApp:
        # Late: few runs are ever asked.
        from vercel_emu.control.api import control_api

        return control_api(project)

    app = ControlApp(cache, make_api, project.token, port)
    await serve_on(stack, make_server(app), [listener])


async def start_edge(
    project: RunningProject,
    stack: contextlib.AsyncExitStack,
    listeners: Sequence[socket.socket],
    django: DjangoPublisher | None,
    close_functions: Callable[[], Awaitable[None]],
) -> None:
    """Deploy the project and serve it; `close_functions` ends the requests that run at the end."""
    options, prepared = project.options, project.prepared
    mounts = django.mounts() if django is not None else ()
    deployment = deploy(prepared.project, prepared.config, options, mounts)
    project.publish(deployment)
    if options.cdn_cache:
        from vercel_emu.cdn_cache.gate import CdnGate

        project.cdn = CdnGate(project.emit)
        project.bus.subscribe(project.cdn.on_event)
        stack.push_async_callback(project.cdn.close)
    edge = build_edge(
        _edge_settings(project),
        project.as_served(deployment),
        project.pools,
        project.emit,
        cdn=project.cdn,
        reserved={
            own_paths.WAIT: project.pages.wait,
            own_paths.LIVE_SCRIPT: project.pages.script,
            own_paths.VISITOR: VisitorPages(project.visitors),
        },
    )
    project.edge = edge
    project.bus.subscribe(edge.on_event)
    app = project.gate.before(edge)
    if django is not None:
        app = django.before(app)
    if options.live_reload:
        app = LiveReload(app)
    server = make_server(app, ws=edge.websocket, refuse=edge.refuse_malformed, tls=project.tls)
    await serve_on(stack, server, listeners, close_functions)


def start_upkeep(project: RunningProject) -> None:
    """What goes on beside the requests: the functions' memory, and cron jobs if wanted."""
    options = project.options

    def memory_of(name: str) -> int | None:
        return next((one.memory_mb for one in project.project.functions if one.name == name), None)

    upkeep = Upkeep(project.pools, standby=options.standby and options.reload)
    project.run(upkeep.run(), "upkeep")
    watch = MemoryWatch(project.pools, memory_of, project.emit, strict=options.strict_memory)
    project.run(watch.run(), "memory watch")
    if options.crons:
        _start_crons(project, options.crons)


def _start_crons(project: RunningProject, speed: str) -> None:
    from vercel_emu.crons.call import SECRET
    from vercel_emu.crons.jobs import configured_jobs
    from vercel_emu.crons.scheduler import CronScheduler
    from vercel_emu.options import parse_speed

    def jobs() -> list[CronJob]:
        config = project.prepared.config
        return configured_jobs(config.crons, config.file_name)

    scheduler = CronScheduler(
        jobs,
        lambda: project.variables().get(SECRET, ""),
        project.url,
        project.emit,
        speed=parse_speed(speed),
        proof=project.token,
    )
    project.on_adopted = scheduler.changed
    project.run(scheduler.run(), "cron jobs")


def _edge_settings(project: RunningProject) -> EdgeSettings:
    options = project.options
    return EdgeSettings(
        visitors=project.visitors,
        function_region=options.region,
        preview=options.env == "preview",
        limits=Limits() if options.limits else Limits.lifted(),
        cache=CacheAccess(
            host=project.control_url.removeprefix("http://"),
            basepath="",
            headers=project.cache_headers,
        ),
        overlay=Overlay(
            on=options.overlay,
            editor=editor_url(options.editor, project.prepared.environ),
            root=str(project.prepared.project.root),
        ),
        cron_proof=project.token,
    )
