"""The order of the rooms: imports go down, nothing goes round, decisions touch no I/O."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.boundaries import (
    against_the_order,
    between_rooms,
    circles,
    import_graph,
    imported_names,
)
from tests.checkout import ROOT

PACKAGE = ROOT / "vercel_emu"
ORDER = (
    # The ground: what every room may know.
    *("errors", "events", "tasks", "files", "emu_folder", "platform", "options", "console"),
    # What a deployment is and who asks.
    *("guest", "transport", "project", "visitors", "deployment"),
    # What runs.
    *("instance", "runtime_cache", "cdn_cache", "watching", "edge", "crons", "scenarios"),
    # What knows a running emulator, or a whole project.
    *("control", "check", "emulator"),
    # The doors people come in by.
    *("functions", "testing", "", "pytest_plugin", "cli", "__main__"),
)
LOOSE = {"__init__", "__main__", "console", "emu_folder", "errors", "events", "options"} | {
    *("pytest_plugin", "tasks")
}
MOST_FILES = 15
DECISIONS = (
    *("deployment/routing/decide.py", "deployment/routing/compile.py"),
    *("deployment/routing/conditions.py", "deployment/routing/destination.py"),
    *("cdn_cache/policy.py", "runtime_cache/policy.py", "instance/lifecycle.py"),
    *("watching/meaning.py", "platform/limits.py", "platform/cron.py", "visitors/choose.py"),
    *("edge/responses/failures.py", "edge/responses/error_page.py", "edge/request.py"),
    "project/vercel_json/faults.py",
)
"""Modules that decide with values alone."""
IO_MODULES = {"asyncio", "os", "pathlib", "random", "socket", "subprocess", "sqlite3", "time"} | {
    *("httptools", "threading", "uvicorn", "watchfiles")
}


@pytest.fixture(scope="module")
def graph() -> dict[str, frozenset[str]]:
    found = import_graph(PACKAGE)
    # A mirror of the official `vercel.*`, which imports itself by that name.
    return {name: to for name, to in found.items() if not name.startswith("guest.functions_api")}


def test_imports_go_down(graph: dict[str, frozenset[str]]) -> None:
    assert against_the_order(graph, ORDER) == []


def test_nothing_goes_round(graph: dict[str, frozenset[str]]) -> None:
    assert circles(graph) == []
    assert circles(between_rooms(graph)) == []


def test_the_guest_stands_alone(graph: dict[str, frozenset[str]]) -> None:
    for module, targets in graph.items():
        if module.startswith("guest"):
            assert all(target.startswith("guest") for target in targets), module


def test_no_module_stands_loose() -> None:
    assert {file.stem for file in PACKAGE.glob("*.py")} <= LOOSE
    rooms = {folder.name for folder in PACKAGE.iterdir() if (folder / "__init__.py").exists()}
    assert rooms <= set(ORDER)


@pytest.mark.parametrize("top", [PACKAGE, ROOT / "tests"], ids=["vercel_emu", "tests"])
def test_no_folder_is_a_heap(top: Path) -> None:
    for folder in (top, *(one for one in top.rglob("*") if one.is_dir())):
        assert len(list(folder.glob("*.py"))) <= MOST_FILES, folder.relative_to(ROOT)


def test_every_room_says_what_it_is_for() -> None:
    for file in PACKAGE.rglob("__init__.py"):
        if "functions_api" not in file.parts:
            assert file.read_text().startswith('"""'), file.relative_to(ROOT)


@pytest.mark.parametrize("module", DECISIONS)
def test_decisions_touch_no_io(module: str) -> None:
    assert imported_names(PACKAGE / module).isdisjoint(IO_MODULES)


# That these find what they are there to find ---------------------------------------------------


def planted(folder: Path, **files: str) -> dict[str, frozenset[str]]:
    """The graph of a package `house` with these modules (`room__module`)."""
    for name, text in files.items():
        file = folder / "house" / f"{name.replace('__', '/')}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        for parent in (file.parent, folder / "house"):
            (parent / "__init__.py").touch()
        file.write_text(text)
    return import_graph(folder / "house")


@pytest.mark.parametrize(
    "wrong",
    [
        "from house.upper.one import name",
        "from house.upper import one",
        "import house.upper.one",
        "from ..upper import one",
        "def late():\n    from house.upper.one import name",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from house.upper import one",
        "try:\n    import house.upper.one as other\nexcept ImportError:\n    pass",
    ],
)
def test_an_import_from_above_is_found(tmp_path: Path, wrong: str) -> None:
    graph = planted(tmp_path, lower__two=wrong, upper__one="name = 1")
    found = against_the_order(graph, ("lower", "upper", ""))
    assert found == ["lower.two imports upper.one: upper/ is above lower/"]


def test_imports_downwards_are_fine(tmp_path: Path) -> None:
    graph = planted(tmp_path, lower__two="", upper__one="from house.lower import two\nimport os")
    assert graph["upper.one"] == {"lower.two"}
    assert against_the_order(graph, ("lower", "upper", "")) == []
    assert circles(graph) == []


def test_a_circle_of_files_is_found(tmp_path: Path) -> None:
    graph = planted(
        tmp_path,
        room__a="from house.room import b",
        room__b="def late():\n    from house.room.c import name",
        room__c="from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import house.room.a",
        room__d="from house.room import a",
    )
    assert circles(graph) == [["room.a", "room.b", "room.c"]]


def test_a_circle_of_rooms_is_found(tmp_path: Path) -> None:
    graph = planted(
        tmp_path,
        east__a="from house.west import b",
        west__b="",
        west__c="from house.east import d",
        east__d="",
    )
    assert circles(graph) == []
    assert circles(between_rooms(graph)) == [["east", "west"]]


def test_io_in_a_decision_is_found(tmp_path: Path) -> None:
    file = tmp_path / "decide.py"
    file.write_text("import re\nfrom os.path import join\nimport asyncio.events\n")
    assert imported_names(file) == {"re", "os", "asyncio"}
