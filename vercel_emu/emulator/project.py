"""Builds every part, wires, starts, stops. The one module that knows them all, and dull."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import shutil
import socket
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vercel_emu.control.recorder import Recorder
from vercel_emu.control.registry import RunningEmulator, announced, prepare_folder
from vercel_emu.edge.page_reload import SCRIPT_PATH, WAIT_PATH, LiveReload, PageReload
from vercel_emu.emulator.function_set import FunctionSet
from vercel_emu.emulator.prepare import Prepared
from vercel_emu.emulator.upkeep import Upkeep
from vercel_emu.errors import ProjectWarning
from vercel_emu.events import Emit, EventBus, Notice, notice_of
from vercel_emu.instance.gate import Gate
from vercel_emu.instance.instance import Change
from vercel_emu.instance.pool import FunctionPool
from vercel_emu.options import Options, parse_listen
from vercel_emu.transport.serving import bind_loopback, serve_on
from vercel_emu.visitors.directory import VisitorDirectory
from vercel_emu.visitors.visitor import NEW_YORK, Visitor
from vercel_emu.watching.meaning import Meaning

if TYPE_CHECKING:
    from vercel_emu.cdn_cache.gate import CdnGate
    from vercel_emu.crons.jobs import CronJob
    from vercel_emu.crons.scheduler import CronScheduler
    from vercel_emu.deployment.deploy import Deployment
    from vercel_emu.edge.app import Edge
    from vercel_emu.emulator.django_static import DjangoPublisher
    from vercel_emu.emulator.reloading import Reloader
    from vercel_emu.instance.debug_port import DebugPort
    from vercel_emu.instance.process.early import EarlyProcess

SHUTDOWN_DRAIN = 0.8
"""Seconds that running requests get when the emulator is told to stop."""


class RunningProject:
    """A started emulator: its addresses and parts."""

    def __init__(
        self,
        prepared: Prepared,
        bus: EventBus,
        read_options: Callable[[], Options] | None = None,
        *,
        announce: bool = True,
        early: EarlyProcess | None = None,
    ) -> None:
        self.prepared = prepared
        self.early = early
        self._announce = announce
        self.options: Options = prepared.options
        self.bus = bus
        self.emit: Emit = bus.emit
        self.token = secrets.token_urlsafe(24)
        self.url = ""
        self.control_url = ""
        self.moved_from: int | None = None
        self.pools: dict[str, FunctionPool] = {}
        self.visitors = VisitorDirectory(
            overrides=self.options.overrides,
            named=prepared.named_visitors,
            geoip_db=self.options.geoip_db,
        )
        self.set_visitor(None)
        self.recorder = Recorder()
        bus.subscribe(self.recorder)
        self.gate = Gate()
        self.pages = PageReload()
        bus.subscribe(self.pages)
        self.reloader: Reloader
        self._read_options = read_options
        self.deployment: Deployment | None = None
        self.django: DjangoPublisher | None = None
        self.edge: Edge | None = None
        self.cdn: CdnGate | None = None
        self.crons: CronScheduler | None = None
        self.debugger: DebugPort | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._warned: tuple[ProjectWarning, ...] = ()
        self._functions: FunctionSet
        self._emu_dir = Path()

    @property
    def visitor(self) -> Visitor:
        """Who asks where a request does not say."""
        return self.visitors.current

    def set_visitor(self, text: str | None) -> None:
        """Change the current visitor; None brings back the one the emulator was started with.

        Raises:
            EmuError: the text means nobody.
        """
        wanted = text if text is not None else self.options.visitor
        self.visitors.current = NEW_YORK if wanted is None else self.visitors.resolve(wanted)

    def reload(self) -> None:
        """Start every instance anew, from scratch."""
        self.reloader.reload_now()

    def adopt(
        self, prepared: Prepared, deployment: Deployment, change: Change, found: Meaning
    ) -> bool:
        """Go on with the project as it is now; whether any function had to be restarted."""
        self.prepared, self.options = prepared, prepared.options
        restarted = self._functions.adopt(self.environment(), change, found)
        self.publish(deployment)
        if self.crons is not None:
            self.crons.changed()
        return restarted

    def publish(self, deployment: Deployment) -> None:
        """Serve by these rules and files from now on, and say what is new about them."""
        known = self.deployment.notices() if self.deployment is not None else []
        self.deployment = deployment
        if self.edge is not None:
            settings = self.edge.settings
            settings.routing, settings.files = deployment.routing, deployment.files
            settings.durations = self._durations(deployment)
        for notice in deployment.notices():
            if notice not in known:
                self.emit(notice)

    def _durations(self, deployment: Deployment) -> Mapping[str, float]:
        if self.debugger is None:
            return deployment.durations
        from vercel_emu.instance.debug_port import Durations

        return Durations(deployment.durations, self.debugger)

    def public_folders(self) -> tuple[str, ...]:
        """Folders (relative, ending in a slash) that hold public files and nothing else."""
        return self.deployment.public_folders if self.deployment is not None else ("public/",)

    def run(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something beside everything else, until it is done or the emulator stops."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # Start -------------------------------------------------------------------------------------

    async def start(self, stack: contextlib.AsyncExitStack) -> None:
        """Start everything; what `stack` holds undoes it in reverse order."""
        root = self.prepared.project.root
        self._emu_dir = prepare_folder(root)
        socket_dir = Path(tempfile.mkdtemp(prefix="vercel-emu-"))
        stack.callback(shutil.rmtree, socket_dir, ignore_errors=True)
        self._functions = FunctionSet(self, self._emu_dir, socket_dir)

        listener = self._bind(stack)
        control = bind_loopback()
        stack.callback(control.close)
        self.control_url = f"http://127.0.0.1:{control.getsockname()[1]}"

        # The child starts before the servers' libraries are even imported: both take their time.
        await self._start_debug_port(stack)
        stack.push_async_callback(self._end_tasks)
        stack.push_async_callback(self._close_pools)
        if self.prepared.project.django is not None:
            from vercel_emu.emulator.django_static import DjangoPublisher

            self.django = DjangoPublisher(self)
            await self.django.start(self._emu_dir)
        environment = self.environment()
        for function in self.prepared.project.functions:
            self._functions.add(function, environment)
        for pool in self.pools.values():
            await pool.launched()
        await self._start_reloader(stack)
        await self._start_control(stack, control)
        await self._start_edge(stack, listener)
        self._start_watching()
        if self._announce:
            stack.enter_context(announced(root, self._state()))

    async def _start_reloader(self, stack: contextlib.AsyncExitStack) -> None:
        """Watch from before any user code is read: that needs a "go" from here."""
        from vercel_emu.emulator.reloading import Reloader

        self.reloader = Reloader(self, self._read_options)
        await self.reloader.start(stack)

    def _bind(self, stack: contextlib.ExitStack | contextlib.AsyncExitStack) -> socket.socket:
        from vercel_emu.transport.listen import DEFAULT_PORT, bind

        host, port = parse_listen(self.options.listen)
        listener = bind(host, port)
        stack.callback(listener.close)
        actual = listener.getsockname()[1]
        if port is None and actual != DEFAULT_PORT:
            self.moved_from = DEFAULT_PORT
        shown = "localhost" if host in ("127.0.0.1", "0.0.0.0", "::", "::1") else host
        self.url = f"http://{shown}:{actual}"
        return listener

    async def _start_debug_port(self, stack: contextlib.AsyncExitStack) -> None:
        from vercel_emu.instance.debug_port import DebugPort

        if self.options.debugpy is None:
            return

        async def find() -> int:
            return await next(iter(self.pools.values())).debug_port()

        self.debugger = DebugPort(self.options.debugpy, find)
        stack.push_async_callback(self.debugger.close)
        await self.debugger.start()
        port = self.debugger.port
        message = f"debugpy listens on 127.0.0.1:{port}"
        hint = f'VS Code: "request": "attach", "connect": {{"port": {port}}}; '
        hint += "it reattaches after a reload."
        self.emit(Notice(level="info", code="DEBUGGER", message=message, hint=hint))

    def environment(self) -> dict[str, str]:
        """The variables of the functions, new warnings emitted."""
        built = self.prepared.environment(self.url.removeprefix("http://"), self.cache_variables())
        for warning in built.warnings:
            if warning not in self._warned:
                self.emit(notice_of(warning, "warn"))
        self._warned = built.warnings
        return built.as_dict()

    def cache_variables(self) -> dict[str, str]:
        """How code outside of a request reaches the runtime cache (`vercel.cache`)."""
        return {
            "RUNTIME_CACHE_ENDPOINT": f"{self.control_url}/v1/suspense-cache/",
            "RUNTIME_CACHE_HEADERS": json.dumps({"authorization": f"Bearer {self.token}"}),
        }

    async def _start_control(
        self, stack: contextlib.AsyncExitStack, listener: socket.socket
    ) -> None:
        from vercel_emu.control.app import ControlApp
        from vercel_emu.runtime_cache import Scope, open_store
        from vercel_emu.runtime_cache.http_api import RuntimeCacheAPI
        from vercel_emu.transport.server import make_server

        options, project = self.options, self.prepared.project
        store = open_store(
            options.cache,
            path=self._emu_dir / "cache.sqlite3",
            max_bytes=options.cache_size * 1024 * 1024,
            emit=self.emit,
        )
        stack.push_async_callback(store.close)
        self.store = store
        self.cache_scope = Scope(project.project_id or project.name, options.env, options.region)
        cache = RuntimeCacheAPI(
            store, self.cache_scope, self.token, self.emit, options.tag_propagation
        )
        cache.port = listener.getsockname()[1]

        def make_api() -> Any:
            from vercel_emu.control.api import control_api

            return control_api(self)

        app = ControlApp(cache, make_api, self.token)
        await serve_on(stack, make_server(app), listener)

    async def _start_edge(self, stack: contextlib.AsyncExitStack, listener: socket.socket) -> None:
        from vercel_emu.cdn_cache.gate import CdnGate
        from vercel_emu.deployment.deploy import deploy
        from vercel_emu.edge.app import Edge, EdgeSettings
        from vercel_emu.edge.request_headers import CacheAccess
        from vercel_emu.platform.limits import Limits
        from vercel_emu.transport.server import make_server
        from vercel_emu.visitors.pages import PATH as VISITOR_PATH
        from vercel_emu.visitors.pages import VisitorPages

        options, prepared = self.options, self.prepared
        mounts = self.django.mounts() if self.django is not None else ()
        deployment = deploy(prepared.project, prepared.config, options, mounts)
        self.publish(deployment)
        if options.cdn_cache:
            self.cdn = CdnGate(self.emit)
            self.bus.subscribe(self.cdn.on_event)
            stack.push_async_callback(self.cdn.close)
        settings = EdgeSettings(
            visitors=self.visitors,
            routing=deployment.routing,
            files=deployment.files,
            durations=self._durations(deployment),
            function_region=options.region,
            preview=options.env == "preview",
            limits=Limits() if options.limits else Limits.lifted(),
            cache=CacheAccess(
                host=self.control_url.removeprefix("http://"),
                basepath="",
                headers=json.dumps({"authorization": f"Bearer {self.token}"}),
            ),
            overlay=options.overlay,
            cron_proof=self.token,
        )
        self.edge = Edge(settings, self.pools, self.emit)
        self.edge.cdn = self.cdn
        self.bus.subscribe(self.edge.loops.on_event)
        self.edge.reserved[WAIT_PATH] = self.pages.wait
        self.edge.reserved[SCRIPT_PATH] = self.pages.script
        self.edge.reserved[VISITOR_PATH] = VisitorPages(self.visitors)
        app = self.gate.before(self.edge)
        if options.live_reload:
            app = LiveReload(app)
        server = make_server(app, ws=self.edge.websocket, refuse=self.edge.refuse_malformed)
        await serve_on(stack, server, listener, self._close_pools)

    def _start_watching(self) -> None:
        """What goes on beside the requests: the functions' memory, and cron jobs if wanted."""
        from vercel_emu.emulator.memory_watch import MemoryWatch

        def memory_of(name: str) -> int | None:
            functions = self.prepared.project.functions
            return next((one.memory_mb for one in functions if one.name == name), None)

        self.run(Upkeep(self.pools, standby=self.options.standby and self.options.reload).run())
        strict = self.options.strict_memory
        self.run(MemoryWatch(self.pools, memory_of, self.emit, strict=strict).run())
        if self.options.crons:
            from vercel_emu.crons.call import SECRET
            from vercel_emu.crons.scheduler import CronScheduler, parse_speed

            self.crons = CronScheduler(
                self._cron_jobs,
                lambda: self.variables().get(SECRET, ""),
                self.url,
                self.emit,
                speed=parse_speed(self.options.crons),
                proof=self.token,
            )
            self.run(self.crons.run())

    def variables(self) -> dict[str, str]:
        """The variables of the functions, without a word."""
        return self.prepared.environment(self.url.removeprefix("http://"), {}).as_dict()

    def _cron_jobs(self) -> list[CronJob]:
        from vercel_emu.crons.jobs import configured_jobs

        return configured_jobs(self.prepared.config.crons, self.prepared.config.file_name)

    def _state(self) -> RunningEmulator:
        return RunningEmulator(
            pid=os.getpid(),
            url=self.url,
            control_url=self.control_url,
            token=self.token,
            project=self.cache_scope.project,
            environment=self.options.env,
            region=self.options.region,
            cache=self.options.cache,
            started_at=time.time(),
        )

    # Stop --------------------------------------------------------------------------------------

    async def _end_tasks(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _close_pools(self) -> None:
        self.gate.open()
        await self._functions.close(SHUTDOWN_DRAIN)


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
    project = RunningProject(prepared, bus, read_options, announce=announce, early=early)
    async with contextlib.AsyncExitStack() as stack:
        await project.start(stack)
        yield project
