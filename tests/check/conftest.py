"""No test of this room asks a registry: an installer stands in that knows a few packages."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.check.helpers import ENVIRON, stand_in_uv


@pytest.fixture(scope="session")
def installer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a `uv` that resolves every manifest to the same packages."""
    folder = tmp_path_factory.mktemp("installer")
    return stand_in_uv(folder, "fastapi flask django starlette pydantic werkzeug requests urllib3")


@pytest.fixture(autouse=True)
def _no_registry(installer: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = f"{installer}:{os.environ['PATH']}"
    monkeypatch.setenv("PATH", path)
    monkeypatch.setitem(ENVIRON, "PATH", path)
