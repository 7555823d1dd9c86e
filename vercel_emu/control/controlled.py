"""What the control API knows of a running emulator, whoever built it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from vercel_emu.cdn_cache.gate import CdnGate
    from vercel_emu.control.recorder import Recorder
    from vercel_emu.events import EventBus
    from vercel_emu.instance.pool import FunctionPool
    from vercel_emu.options import Options
    from vercel_emu.project.model import Project
    from vercel_emu.project.variables.environment import Environment
    from vercel_emu.runtime_cache import Scope, Store
    from vercel_emu.visitors.directory import VisitorDirectory
    from vercel_emu.visitors.visitor import Visitor


class ControlledProject(Protocol):
    """The names of a running project that requests to the control API may use."""

    url: str
    bus: EventBus
    recorder: Recorder
    visitors: VisitorDirectory
    store: Store
    cache_scope: Scope
    cdn: CdnGate | None
    reload: Callable[[], None]

    @property
    def pools(self) -> Mapping[str, FunctionPool]: ...

    @property
    def options(self) -> Options: ...

    @property
    def project(self) -> Project: ...

    @property
    def visitor(self) -> Visitor: ...

    def described_environment(self) -> Environment: ...

    def set_visitor(self, text: str | None) -> None: ...
