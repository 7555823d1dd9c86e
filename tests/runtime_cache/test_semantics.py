"""The semantics in the stores that need no server."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.runtime_cache.semantics import StoreSemantics
from tests.runtime_cache.stores import Place


class TestFile(StoreSemantics):
    @pytest.fixture
    def place(self, tmp_path: Path) -> Place:
        return Place("file", tmp_path)


class TestMemory(StoreSemantics):
    @pytest.fixture
    def place(self, tmp_path: Path) -> Place:
        return Place("memory", tmp_path)
