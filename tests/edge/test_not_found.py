"""What a 404 tells of a project that has no app for every path."""

from __future__ import annotations

import pytest

from vercel_emu.edge.responses.explain import PATHS_SHOWN, not_found
from vercel_emu.edge.responses.failures import body
from vercel_emu.edge.responses.overlay import NO_OVERLAY
from vercel_emu.project.model import Entrypoint, Function, FunctionPath


def function(name: str, *, app: bool = False) -> Function:
    entrypoint = Entrypoint(file=f"{name}.py", module=name.replace("/", "."), variable="app")
    path = None if app else FunctionPath(regex=f"/{name}")
    return Function(name=name, entrypoint=entrypoint, path=path)


def test_the_functions_are_listed() -> None:
    found = not_found([function("api/a"), function("api/users/[id]")], "")
    assert (found.status, found.code) == (404, "NOT_FOUND")
    assert found.detail == "/api/a\n/api/users/[id]"


@pytest.mark.parametrize("functions", [[], [function("app", app=True)]], ids=["none", "app"])
def test_there_is_nothing_to_list(functions: list[Function]) -> None:
    assert (not_found(functions, "").explanation, not_found(functions, "").detail) == ("", "")
    assert not_found(functions, "Not built.").explanation == "Not built."


def test_of_many_some_are_listed() -> None:
    found = not_found([function(f"api/{n}") for n in range(PATHS_SHOWN + 3)], "")
    assert found.detail.splitlines()[-1] == "... and 3 more"
    assert len(found.detail.splitlines()) == PATHS_SHOWN + 1


def test_browsers_see_them_and_programs_get_the_platforms_words() -> None:
    found = not_found([function("api/<b>")], "")
    for accept, shown in (("text/html", True), ("application/json", False), ("*/*", False)):
        _, text = body(found, accept, "iad1::x", overlay=NO_OVERLAY)
        assert (b"/api/&lt;b&gt;" in text) is shown
