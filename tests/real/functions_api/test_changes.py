"""The official package comes and goes in the app's environment while the emulator runs."""

from __future__ import annotations

import shutil
import venv
from pathlib import Path

from tests.real.support import emulation
from vercel_emu import events

APP = """
import vercel.functions

async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    served_by = vercel.functions.__file__.encode()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": served_by})
"""


def install(site: Path) -> None:
    """As an installer leaves it: a part of the namespace package, and its metadata."""
    (site / "vercel" / "functions").mkdir(parents=True)
    (site / "vercel" / "functions" / "__init__.py").write_text("")
    (site / "vercel-9.0.dist-info").mkdir()


def uninstall(site: Path) -> None:
    shutil.rmtree(site / "vercel")
    (site / "vercel-9.0.dist-info").rmdir()


def test_it_changes_over_with_the_next_reload_and_says_so(tmp_path: Path) -> None:
    folder = tmp_path / "env"
    venv.create(folder, with_pip=False, symlinks=True)
    (site,) = (folder / "lib").glob("python3*/site-packages")
    install(site)
    python = folder / "bin" / "python"
    project = emulation(
        tmp_path / "p", {"app.py": APP}, reload=True, standby=True, app="app:app", python=python
    )
    with project as emulator:
        assert emulator.get("/").text.startswith(str(site))

        uninstall(site)
        emulator.events.wait(events.Reloaded)
        assert "functions_api" in emulator.get("/").text

        install(site)
        emulator.events.wait(events.Reloaded, count=2)
        assert emulator.get("/").text.startswith(str(site))

        told = emulator.events.all(events.FunctionsAPI)
        assert ["vercel.functions" in one.builtin for one in told] == [True, False]
