"""What standbys of one function import ahead: learned from the instances that serve."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from vercel_emu.events import Emit, Notice
from vercel_emu.instance.instance import Instance
from vercel_emu.instance.learned_imports import LearnedImports
from vercel_emu.instance.process import ipc
from vercel_emu.instance.process.process import LaunchSpec
from vercel_emu.instance.startup import STANDBY_DELAY

LEARN_DELAY = 1.0
"""Seconds after a start when the instance is asked what it has imported."""


class StandbyLearning:
    """Asks instances that serve, remembers, and tells the `standbys` when there is more."""

    def __init__(
        self, spec: LaunchSpec, standbys: Callable[[], list[Instance]], emit: Emit
    ) -> None:
        self._learned = LearnedImports(spec.modules_file, spec.interpreter)
        # With a debugger its own modules would be among them.
        self._learns = not spec.debug
        self._standbys = standbys
        self._emit = emit

    @property
    def modules(self) -> int:
        """How many library modules a standby imports ahead, as far as is known."""
        return len(self._learned.modules)

    def serves(self, instance: Instance) -> None:
        """An instance takes requests: the steps it followed, if any, were right."""
        self._learned.followed()
        later = LEARN_DELAY if self._learned.modules else 0.0
        asyncio.get_running_loop().call_later(later, instance.process.ask_for_modules)

    def first_request_ended(self, instance: Instance) -> None:
        """Libraries import some of their parts only when they get their first request."""
        loop = asyncio.get_running_loop()
        loop.call_later(STANDBY_DELAY / 2, instance.process.ask_for_modules)

    def imported(self, found: ipc.ModulesPayload) -> None:
        """An instance tells what it has imported."""
        if self._learns and self._learned.learn(found.steps, found.direct, found.files):
            for one in self._standbys():
                one.process.preload_more()

    def unfit(self, module: str, reached: str) -> None:
        """A standby is not what an instance without preparations would be."""
        if module:
            self._learned.exclude(module)
            text = f"{module} is not imported ahead: it needs {reached}"
        else:
            self._learned.differed(reached)
            text = f"a fresh start instead of the standby: {reached} is not as it was"
        self._emit(Notice(level="debug", message=text))
