"""Random use of the stores that need no server, against the dictionary model."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.runtime_cache.machine import SETTINGS, StoreMachine
from tests.runtime_cache.stores import Place


class FileMachine(StoreMachine):
    def __init__(self) -> None:
        self.folder = tempfile.TemporaryDirectory(prefix="vemu")
        self.place = Place("file", Path(self.folder.name))
        super().__init__()

    def teardown(self) -> None:
        super().teardown()
        self.folder.cleanup()


class MemoryMachine(StoreMachine):
    def __init__(self) -> None:
        self.place = Place("memory", Path())
        super().__init__()


TestFileModel = FileMachine.TestCase
TestFileModel.settings = SETTINGS
TestMemoryModel = MemoryMachine.TestCase
TestMemoryModel.settings = SETTINGS
