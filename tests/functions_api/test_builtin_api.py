"""Which parts the built-in API serves, for every state of the app's environment."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.checkout import GUEST
from vercel_emu.guest.builtin_api import installed_version

API = str(GUEST / "functions_api")
HOOK = GUEST / "site_hook"
ALL = ["vercel.functions", "vercel.env", "vercel.headers", "vercel.cache"]


def site_with(folder: Path, *files: str) -> str:
    for name in files:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("OFFICIAL = True\n")
    return str(folder)


@pytest.mark.parametrize(
    ("files", "served"),
    [
        ([], ALL),
        (["vercel/blob/__init__.py"], ALL),
        (["vercel/headers.py", "vercel/cache/__init__.py"], ["vercel.functions", "vercel.env"]),
        (["vercel/headers/__init__.py"], ["vercel.functions", "vercel.env", "vercel.cache"]),
        (
            [
                "vercel/env.py",
                "vercel/functions/__init__.py",
                "vercel/headers/__init__.py",
                "vercel/cache/__init__.py",
            ],
            [],
        ),
        (["vercel/__init__.py"], []),
        (["vercel.py"], []),
    ],
    ids=["nothing", "other-parts", "oldest", "headers-alone", "complete", "regular", "own-module"],
)
def test_an_official_part_wins_whole(tmp_path: Path, files: list[str], served: list[str]) -> None:
    assert run(site_with(tmp_path, *files), ALL)["ours"] == served


@pytest.mark.parametrize(
    ("imported", "expected"),
    [
        (["json"], []),
        (["vercel.cache"], ["vercel.cache"]),
        # It imports the others for itself.
        (["vercel.functions"], ["vercel.functions"]),
        (["vercel.headers", "vercel.functions"], ["vercel.headers", "vercel.functions"]),
        (["vercel.functions.aio"], ["vercel.functions"]),
        (["vercel.nothing"], []),
    ],
)
def test_only_what_the_app_imports_is_told(
    tmp_path: Path, imported: list[str], expected: list[str]
) -> None:
    assert run(site_with(tmp_path, "vercel/blob/__init__.py"), imported)["told"] == expected


def run(site: str, imported: list[str]) -> dict[str, list[str]]:
    """Import modules where `site` has packages: which parts are ours, which were told as such."""
    script = f"""
import sys, importlib.util, json
sys.path[:0] = [{str(GUEST)!r}, {site!r}]
import builtin_api
told = []
builtin_api.activate({API!r}, lambda name: name in told or told.append(name))
ours = []
for name in {imported!r}:
    try:
        spec = importlib.util.find_spec(name)
        if spec is not None and (spec.origin or "").startswith({API!r}):
            ours.append(name)
        importlib.import_module(name)
    except ImportError:
        pass
print(json.dumps({{"told": told, "ours": ours}}))
"""
    command = [sys.executable, "-I", "-S", "-c", script]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, list[str]] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize(
    ("names", "version"),
    [
        (["vercel-0.3.2.dist-info"], "0.3.2"),
        (["vercel_cache-1.0.dist-info", "vercel-1.2.3.dist-info"], "1.2.3"),
        (["vercel_cache-1.0.dist-info"], ""),
        ([], ""),
    ],
)
def test_the_version_that_is_installed(tmp_path: Path, names: list[str], version: str) -> None:
    site = tmp_path / "site-packages"
    for name in names:
        (site / name).mkdir(parents=True)
    assert installed_version([str(tmp_path), "", str(site), "/nowhere/site-packages"]) == version


def test_it_is_appended_last_and_only_once_and_nothing_is_imported(tmp_path: Path) -> None:
    site = site_with(tmp_path, "vercel/env.py")
    script = f"""
import sys
sys.path[:0] = [{str(GUEST)!r}, {site!r}]
import builtin_api
builtin_api.activate({API!r})
builtin_api.activate({API!r})
assert sys.path[-1] == {API!r} and sys.path.count({API!r}) == 1
assert "vercel" not in sys.modules
import vercel.env, vercel.headers
assert vercel.env.OFFICIAL and not hasattr(vercel.headers, "OFFICIAL")
"""
    subprocess.run([sys.executable, "-I", "-S", "-c", script], check=True)


def test_importing_the_api_stays_light() -> None:
    """It is imported at every start and reload: nothing of HTTP, TLS or event loops with it."""
    script = f"""
import sys
sys.path.append({API!r})
import vercel.functions, vercel.cache.context, vercel.cache.cache_build
heavy = {{"asyncio", "ssl", "http.client", "email", "concurrent.futures"}} & set(sys.modules)
assert not heavy, heavy
assert not [name for name in sys.modules if name.startswith("vercel_emu")]
"""
    subprocess.run([sys.executable, "-I", "-S", "-c", script], check=True)


def test_the_hook_for_commands_gives_them_the_api_and_hides_nothing(tmp_path: Path) -> None:
    hidden = tmp_path / "sitecustomize.py"
    hidden.write_text("import sys; sys.hidden_hook_ran = True\n")
    official = site_with(tmp_path / "site", "vercel/another.py")
    script = f"""
import sys
assert sys.hidden_hook_ran
assert sys.modules["sitecustomize"].__file__ == {str(hidden)!r}
assert sys.path[-1] == {API!r} and {str(HOOK)!r} not in sys.path
import vercel.another, vercel.functions
assert vercel.another.OFFICIAL
"""
    path = os.pathsep.join([str(HOOK), str(tmp_path), official])
    for command in ([sys.executable, "-c", script], [sys.executable, "-S", "-c", "pass"]):
        subprocess.run(command, check=True, env={"PYTHONPATH": path})


def test_the_hook_alone_is_silent() -> None:
    script = "import vercel.functions; print(vercel.functions.__name__)"
    done = subprocess.run(
        [sys.executable, "-c", script],
        check=True,
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(HOOK)},
    )
    assert (done.stdout, done.stderr) == ("vercel.functions\n", "")
