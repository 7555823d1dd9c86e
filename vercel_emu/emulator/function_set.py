"""The functions of a running project: which there are, how each is started, what a change does."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from vercel_emu.emulator.project import RunningProject
from vercel_emu.emulator.upkeep import idle_timeout
from vercel_emu.instance.instance import Change
from vercel_emu.instance.pool import FunctionPool, PoolSettings
from vercel_emu.instance.process.process import LaunchSpec
from vercel_emu.platform.limits import FILE_DESCRIPTORS
from vercel_emu.project.bundle import left_out
from vercel_emu.project.model import Function
from vercel_emu.watching.meaning import Meaning

if TYPE_CHECKING:
    from vercel_emu.instance.process.early import EarlyProcess


class FunctionSet:
    """Makes and ends the pools of a project.

    `socket_dir` holds the instances' sockets; `early` becomes the first instance, if it fits.
    """

    def __init__(
        self, project: RunningProject, socket_dir: Path, early: EarlyProcess | None = None
    ) -> None:
        self._project = project
        self._pools = project.pools
        self._socket_dir = socket_dir
        self._early = early

    def add_all(self, environment: Mapping[str, str]) -> None:
        """Have every function of the project."""
        for function in self._project.project.functions:
            self.add(function, environment)

    async def launched(self) -> None:
        """Wait until the processes that are being started exist; end one that nothing needs."""
        for pool in self._pools.values():
            await pool.launched()
        early, self._early = self._early, None
        if early is not None:
            await early.discard()

    def adopt(self, environment: Mapping[str, str], change: Change, found: Meaning) -> bool:
        """Follow the project as it is now; whether any function came, went or was restarted."""
        functions = {one.name: one for one in self._project.project.functions}
        restarted = False
        for name in self._pools.keys() - functions.keys():
            limit = self._project.options.drain_limit
            self._project.run(self._pools.pop(name).close(limit), f"end of {name}")
            restarted = True
        for name, function in functions.items():
            if name not in self._pools:
                self.add(function, environment)
                restarted = True
                continue
            pool, spec = self._pools[name], self._launch_spec(function, environment)
            pool.settings = self._settings(function)
            if spec != pool.spec or pool.depends_on(found.code, found.appeared):
                pool.change(change, spec=spec)
                restarted = True
        return restarted

    def add(self, function: Function, environment: Mapping[str, str]) -> None:
        """Have one more function. An app starts now, a file of `api/` with its first request."""
        project = self._project
        pool = self._pools[function.name] = FunctionPool(
            function.name,
            self._launch_spec(function, environment),
            self._settings(function),
            socket_dir=self._socket_dir,
            emit=project.emit,
            gate=project.gate,
            own_writes=project.own_writes,
        )
        pool.on_import = project.imported
        if project.debugger is not None:
            pool.on_serve = project.debugger.instance_replaced
        if function.path is None:
            early, self._early = self._early, None
            pool.start(early)

    async def close(self, drain: float) -> None:
        """End every function; running requests get `drain` seconds."""
        await asyncio.gather(*(pool.close(drain) for pool in self._pools.values()))

    def _settings(self, function: Function) -> PoolSettings:
        options = self._project.options
        return PoolSettings(
            size=options.instances,
            standby=options.standby and options.reload and function.path is None,
            startup_timeout=options.startup_timeout,
            drain_limit=options.drain_limit,
            stream_grace=options.stream_grace,
            idle_timeout=idle_timeout(function, options),
        )

    def _launch_spec(self, function: Function, environment: Mapping[str, str]) -> LaunchSpec:
        project = self._project
        prepared, options = project.prepared, project.options
        folder = project.emu_folder.path
        return LaunchSpec(
            interpreter=prepared.interpreter.path,
            root=prepared.project.root,
            entrypoint=function.entrypoint,
            environment=environment,
            modules_file=folder / "modules" / f"{function.name.replace('/', '~')}.json",
            bytecode_dir=folder / "bytecode",
            debug=options.debugpy is not None,
            official_cache_client=options.official_cache_client,
            strict_fs=options.strict_fs,
            left_out=left_out(prepared.project, prepared.config, function),
            report_files=options.reload,
            alone=function.path is None,
            control=project.control_access,
            fd_limit=FILE_DESCRIPTORS if options.limits else None,
        )
