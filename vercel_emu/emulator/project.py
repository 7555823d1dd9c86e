"""A running project: what its parts share, and what may be asked of it or changed in it.

`start.py` builds and wires the parts; `reloading.py` has them follow a save.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from vercel_emu.control.recorder import Recorder
from vercel_emu.edge.page_reload import PageReload
from vercel_emu.emu_folder import EmuFolder
from vercel_emu.emulator.prepare import Prepared
from vercel_emu.errors import ProjectWarning
from vercel_emu.events import Emit, EventBus, Notice, notice_of
from vercel_emu.instance.gate import Gate
from vercel_emu.instance.own_writes import OwnWrites
from vercel_emu.instance.pool import FunctionPool
from vercel_emu.options import Options
from vercel_emu.project.model import Project
from vercel_emu.tasks import TaskSet
from vercel_emu.visitors.directory import VisitorDirectory
from vercel_emu.visitors.visitor import NEW_YORK, Visitor

if TYPE_CHECKING:
    from ssl import SSLContext

    from vercel_emu.cdn_cache.gate import CdnGate
    from vercel_emu.deployment.deploy import Deployment
    from vercel_emu.edge.app import Edge
    from vercel_emu.instance.debug_port import DebugPort
    from vercel_emu.project.variables.environment import Environment
    from vercel_emu.runtime_cache import Scope, Store


class RunningProject:
    """A started emulator: its addresses, its parts and its current deployment."""

    store: Store
    """The runtime cache, and below the project's own scope in it."""
    cache_scope: Scope

    def __init__(self, prepared: Prepared, bus: EventBus, emu_folder: EmuFolder) -> None:
        self.prepared = prepared
        self.emu_folder = emu_folder
        self.bus = bus
        self.emit: Emit = bus.emit
        self.token = secrets.token_urlsafe(24)
        self.url = ""
        self.network_url: str | None = None
        """Where other machines reach it, if they do."""
        self.tls: SSLContext | None = None
        self.trust: dict[str, str] = {}
        """Variables that have the functions trust the certificate."""
        self.control_url = ""
        self.moved_from: int | None = None
        """The default port, where it was busy."""
        self.pools: dict[str, FunctionPool] = {}
        self.visitors = VisitorDirectory(
            overrides=self.options.overrides,
            named=prepared.named_visitors,
            geoip_db=prepared.geoip_db,
            emit=self.emit,
        )
        self.set_visitor(None)
        self.recorder = Recorder()
        bus.subscribe(self.recorder)
        self.gate = Gate()
        self.own_writes = OwnWrites()
        self.imports: dict[str, tuple[int, ...]] = {}
        """The user's files that instances have imported, each with its state before that."""
        self.on_import: Callable[[str, tuple[int, ...]], None] = lambda *_: None
        self.pages = PageReload()
        bus.subscribe(self.pages)
        self.deployment: Deployment | None = None
        self.edge: Edge | None = None
        self.cdn: CdnGate | None = None
        self.debugger: DebugPort | None = None
        self.tasks = TaskSet("emulator")
        self.reload: Callable[[], None] = lambda: None
        """Starts every instance anew, from scratch."""
        self.on_adopted: Callable[[], None] = lambda: None
        """Called when the project was read anew, and is now this."""
        self._warned: tuple[ProjectWarning, ...] = ()
        self._noticed: list[Notice] = []

    @property
    def options(self) -> Options:
        """The options as they are now; pyproject.toml may change some."""
        return self.prepared.options

    @property
    def project(self) -> Project:
        """What would be deployed, as it was read last."""
        return self.prepared.project

    @property
    def cache(self) -> str:
        """The runtime cache that is used: the option's, where the project can keep a file."""
        return self.emu_folder.cache(self.options.cache)

    @property
    def host(self) -> str:
        """Host and port of the URL, as `VERCEL_URL` has them."""
        return self.url.partition("://")[2]

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

    def imported(self, path: str, stamp: tuple[int, ...]) -> None:
        """An instance is about to read and run this file."""
        if path not in self.imports:
            self.imports[path] = stamp
            self.on_import(path, stamp)

    def run(self, work: Coroutine[Any, Any, None], name: str) -> None:
        """Do something beside everything else, until it is done or the emulator stops."""
        self.tasks.start(work, name)

    def publish(self, deployment: Deployment) -> None:
        """Serve by these rules and files from now on, and say what is new about them."""
        known, self._noticed = self._noticed, deployment.notices()
        self.deployment = deployment
        if self.edge is not None:
            self.edge.deployment = self.as_served(deployment)
        for notice in self._noticed:
            if notice not in known:
                self.emit(notice)

    def refuse_all(self, reason: str | None) -> None:
        """Answer every request with an error that says why; None: no longer."""
        if self.edge is not None:
            self.edge.refuse_all(reason)

    def as_served(self, deployment: Deployment) -> Deployment:
        """The same for the edge: nobody runs out of time while a debugger is attached."""
        if self.debugger is None:
            return deployment
        from vercel_emu.instance.debug_port import Durations

        return replace(deployment, durations=Durations(deployment.durations, self.debugger))

    def public_folders(self) -> tuple[str, ...]:
        """Folders (relative, ending in a slash) that hold public files and nothing else."""
        return self.deployment.public_folders if self.deployment is not None else ("public/",)

    def environment(self) -> dict[str, str]:
        """The variables of the functions, new warnings emitted."""
        built = self.described_environment()
        for warning in built.warnings:
            if warning not in self._warned:
                self.emit(notice_of(warning, "warn"))
        self._warned = built.warnings
        return built.as_dict()

    def described_environment(self) -> Environment:
        """The variables of the functions, each with where it came from, without a word."""
        return self.prepared.environment(self.host, self.trust)

    def variables(self) -> dict[str, str]:
        """The variables of the functions, without a word."""
        return self.prepared.environment(self.host).as_dict()

    @property
    def control_access(self) -> dict[str, str]:
        """How a function's instance reaches the control API."""
        return {"url": self.control_url, "authorization": f"Bearer {self.token}"}

    @property
    def cache_headers(self) -> str:
        """The headers that open the runtime cache, as a JSON object."""
        return json.dumps({"authorization": f"Bearer {self.token}"})
