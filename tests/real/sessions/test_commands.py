"""Commands that a person types in a terminal of 80 columns beside a running emulator."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.real.support import Emulation, emulation
from tests.real.terminal import terminal

APP = """
async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    headers = [(b"location", b"/there")] if scope["path"] == "/away" else []
    status = 307 if headers else 200
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"[NaN]"})
"""
FILES = {
    "app.py": APP,
    "pyproject.toml": '[project]\nname = "x"\nversion = "1"\n[tool.vercel-emu]\nlisten = 3123\n',
}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulation]:
    root = tmp_path_factory.mktemp("commands")
    with emulation(root, FILES, env="preview", visitor="Tokyo", app="app:app") as found:
        yield found


def typed(root: Path, *words: str, code: int = 0) -> list[str]:
    """What a person sees in 80 columns."""
    with terminal(*words, cwd=root, columns=80) as person:
        assert person.exit_code() == code, person.screen.text
        assert max(map(len, person.screen.lines)) <= 80
        return [line for line in person.screen.lines if line]


def test_the_environment_is_the_running_emulators(running: Emulation) -> None:
    seen = typed(running.root, "env")
    assert seen[0] == f"As the emulator at {running.url} gives them to its functions."
    values = {line.split()[0]: line.split()[1] for line in seen if len(line.split()) > 1}
    assert values["VERCEL_ENV"] == "preview"
    assert values["VERCEL_URL"] == running.url.removeprefix("http://")
    other = typed(running.root, "env", "--env", "production")
    assert not any("As the emulator" in line for line in other)
    assert any(line.split()[:2] == ["VERCEL_ENV", "production"] for line in other)


def test_a_visit_names_the_visitor_and_where_it_is_sent(running: Emulation) -> None:
    assert typed(running.root, "visit", "/away")[:3:2] == ["Tokyo", "location: /there"]
    seen = typed(running.root, "visit", "/", "-i", "--as", "Oslo")
    assert (seen[0], seen[-1]) == ("Oslo", "[NaN]")
    assert any(line.startswith("x-vercel-id: ") for line in seen)


def test_a_visit_as_json_is_json(running: Emulation) -> None:
    [visit] = json.loads("\n".join(typed(running.root, "visit", "/", "--json")))
    assert (visit["visitor"], visit["body"]) == ("Tokyo", "[NaN]")


def test_a_route_is_asked_for_as_the_visitor(running: Emulation) -> None:
    assert typed(running.root, "route", "/x")[-1] == "→ function app, which sees /x"


def test_tables_fit(running: Emulation) -> None:
    for words in (("limits",), ("places", "paris"), ("env", "--all")):
        assert len(typed(running.root, *words)) > 3
